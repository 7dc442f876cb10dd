"""What a procedural object is: a labelled shape, and all that placing hands on it needs."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.objects.procedural.solids import ConvexPiece, Solid
from semgrasp.objects.procedural.surfaces import Surface
from semgrasp.types import ObjectShape

SiteKind = Literal["wrap", "bar", "hook", "rim", "pinch", "trigger", "head"]

_Triple = tuple[float | int, float | int, float | int]


@dataclass(frozen=True, eq=False)
class GraspSite:
    """A place where people hold the object, in the object frame.

    The kind says how the numbers are meant:

    - wrap: a power grasp around a cylinder; the palm comes from `front`, or from any direction
      perpendicular to the axis where the cylinder is round.
    - bar: a power grasp around a thin handle; `axis` points where the index finger belongs.
    - hook: fingers through a handle; `centre` lies in the bar, `front` points away from the body,
      `half_length` is half the inner height.
    - rim: a ring seen from above; `centre` and `radius` are the ring's, `axis` is up.
    - pinch: thumb against fingers; `axis` runs along the thing, `radius` is half its thickness.
    - trigger: the hand around the neck with the index finger on the trigger, which faces `front`;
      `centre` lies on the neck's axis below the trigger, where the middle of the palm rests.
    - head: the palm comes down along `axis`; `front` is the long direction of the head.
    """

    name: str
    part: str
    kind: SiteKind
    centre_object: Float[ndarray, "3"]
    axis_object: Float[ndarray, "3"]
    """Unit vector."""
    front_object: Float[ndarray, "3"]
    """Unit vector perpendicular to the axis."""
    radius: float
    """In [m]; see the kind."""
    half_length: float
    """How far along the axis, to each side, the centre of the hand may go, in [m]."""


def grasp_site(
    name: str,
    part: str,
    kind: SiteKind,
    centre: _Triple,
    axis: _Triple,
    front: _Triple,
    *,
    radius: float,
    half_length: float,
) -> GraspSite:
    """A site from directions of any length; the front is made perpendicular to the axis."""
    unit_axis = np.array(axis, dtype=np.float64) / np.linalg.norm(axis)
    across = np.array(front, dtype=np.float64)
    across = across - (across @ unit_axis) * unit_axis
    return GraspSite(
        name,
        part,
        kind,
        np.array(centre, dtype=np.float64),
        unit_axis,
        across / np.linalg.norm(across),
        float(radius),
        float(max(half_length, 0.002)),
    )


@dataclass(frozen=True, eq=False)
class Draft:
    """An object as its maker leaves it: complete, but not yet centred."""

    whole: Solid
    filled: Solid
    part_solids: dict[str, Solid]
    sites: tuple[GraspSite, ...]
    part_attributes: dict[str, tuple[str, ...]]
    convex_pieces: list[ConvexPiece]
    mass_kg: float
    edge: float = 0.009
    """Longest edge aimed at in [m]."""
    one_sided: dict[str, dict[str, Solid]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ProceduralObject:
    """A made-up object of a household category, everything in its object frame."""

    shape: ObjectShape
    """The mesh, with every face labelled."""
    sites: tuple[GraspSite, ...]
    """Where people hold it; the names are the same for all objects of a category."""
    part_attributes: dict[str, tuple[str, ...]]
    """What each part is for, in OakBase's phrases."""
    solids: dict[str, Surface]
    """A closed solid for each part."""
    filled: Surface
    """The object with its cavity filled; the object itself where there is none."""
    convex_pieces: tuple[ConvexPiece, ...]
    """Convex hulls that together cover the object."""
    mass_kg: float
    """Mass in [kg]."""
    one_sided: dict[str, dict[str, Surface]] = field(default_factory=dict)
    """For a part thinner than a distance grid can tell apart: the object with that part extended
    40 mm away from the "thumb" and away from the "fingers", so that each has one side to touch."""
