"""One piece of an assembly, in a frame of its own, with all that travels when it is placed."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.objects.procedural.procedural_object import GraspSite
from semgrasp.objects.procedural.solids import ConvexPiece, Solid


@dataclass(frozen=True, eq=False)
class Component:
    """One piece of an assembly: mostly one part, a shell may have a rim as well."""

    outer: Solid
    """The piece with its cavity filled."""
    parts: dict[str, Solid]
    pieces: tuple[ConvexPiece, ...]
    sites: tuple[GraspSite, ...]
    attributes: dict[str, tuple[str, ...]]
    length: float
    """Where the next piece of a chain starts, along +z."""
    cavity: Solid | None = None
    """What is cut out of everything in the end."""

    def placed(
        self,
        R_assembly_own: Float[ndarray, "3 3"] | None = None,
        t_assembly_own: tuple[float | int, float | int, float | int] = (0.0, 0.0, 0.0),
    ) -> "Component":
        """The component turned and then moved."""
        rotation = np.eye(3) if R_assembly_own is None else R_assembly_own
        shift = np.asarray(t_assembly_own, dtype=np.float64)
        matrix = np.concatenate([rotation, shift[:, None]], axis=1)

        def moved(solid: Solid) -> Solid:
            return Solid(solid.manifold.transform(matrix), solid.parts)

        return replace(
            self,
            outer=moved(self.outer),
            parts={name: moved(solid) for name, solid in self.parts.items()},
            pieces=tuple((part, points @ rotation.T + shift) for part, points in self.pieces),
            sites=tuple(
                replace(
                    site,
                    centre_object=rotation @ site.centre_object + shift,
                    axis_object=rotation @ site.axis_object,
                    front_object=rotation @ site.front_object,
                )
                for site in self.sites
            ),
            cavity=None if self.cavity is None else moved(self.cavity),
        )

    def renamed(self, old: str, new: str) -> "Component":
        """The component with one of its parts under another name."""
        if old not in self.parts:
            return self

        def word(name: str) -> str:
            return new if name == old else name

        def relabelled(solid: Solid) -> Solid:
            return Solid(solid.manifold, {k: word(name) for k, name in solid.parts.items()})

        return replace(
            self,
            outer=relabelled(self.outer),
            parts={word(name): relabelled(solid) for name, solid in self.parts.items()},
            pieces=tuple((word(part), points) for part, points in self.pieces),
            sites=tuple(
                replace(site, part=new, name=site.name.replace(site_name(old), site_name(new), 1))
                if site.part == old
                else site
                for site in self.sites
            ),
            attributes={word(name): phrases for name, phrases in self.attributes.items()},
            cavity=None if self.cavity is None else relabelled(self.cavity),
        )


def turn(axis: str, degrees: float | int) -> Float[ndarray, "3 3"]:
    """Rotation about a coordinate axis."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def single(
    name: str,
    solid: Solid,
    pieces: list[ConvexPiece],
    sites: list[GraspSite],
    attributes: tuple[str, ...],
    length: float,
) -> Component:
    """A component of one part."""
    return Component(solid, {name: solid}, tuple(pieces), tuple(sites), {name: attributes}, length)


def site_name(name: str, way: str = "") -> str:
    """Name of a site: the part's, and how it is held where there are several ways."""
    return "_".join([*name.split(), *way.split()])
