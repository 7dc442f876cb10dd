"""Shapes that devices share: rounded slabs, bent tubes, and drafts put together from chunks."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.objects.procedural.procedural_object import Draft, GraspSite, SiteKind, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, PartsAlong, Solid, hulls_along
from semgrasp.objects.procedural.surfaces import loft, subdivide, superellipse
from semgrasp.objects.procedural.tool_shapes import without_voids

_Triple = tuple[float | int, float | int, float | int]

_TRIANGLES_AIMED_AT = 3400
_MOST_TRIANGLES = 8500
_FINEST, _COARSEST = 0.0011, 0.0090


class Chunk(NamedTuple):
    """A piece of a part, and how many slabs across an axis cover it tightly.

    What no slabs cover tightly, a ring for example, brings its own convex pieces.
    """

    solid: Solid
    axis: int = 0
    slabs: int = 1
    pieces: list[ConvexPiece] | None = None


class Place(NamedTuple):
    """A grasp site before its radius is measured; the fields are those of `GraspSite`."""

    name: str
    part: str
    kind: SiteKind
    centre: _Triple
    axis: _Triple
    front: _Triple
    half_length: float


def assembled(
    parts: dict[str, list[Chunk]],
    places: list[Place],
    attributes: dict[str, tuple[str, ...]],
    *,
    density: float,
    one_sided: dict[str, dict[str, Solid]] | None = None,
) -> Draft:
    """The draft of an object whose parts overlap where they join.

    Args:
        density: Mean density of the solid in [kg/m^3].
    """
    whole = without_voids(united([chunk.solid for chunks in parts.values() for chunk in chunks]))
    area = whole.manifold.surface_area()
    edge = float(np.clip(np.sqrt(area / (0.30 * _TRIANGLES_AIMED_AT)), _FINEST, _COARSEST))
    while whole.refined(edge).manifold.num_tri() > _MOST_TRIANGLES and edge < 0.016:
        edge *= 1.2
    solids = {
        part: united([chunk.solid for chunk in chunks]).refined(min(edge, 0.006))
        for part, chunks in parts.items()
    }
    pieces = list[ConvexPiece]()
    for part, chunks in parts.items():
        for chunk in chunks:
            if chunk.pieces is not None:
                pieces += chunk.pieces
                continue
            along = chunk.solid.surface()[0][:, chunk.axis]
            cuts = np.linspace(along.min() - 1e-5, along.max() + 1e-5, chunk.slabs + 1)
            pieces += hulls_along(part, chunk.solid, chunk.axis, cuts)
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=solids,
        sites=tuple(_measured(place, solids[place.part]) for place in places),
        part_attributes={part: attributes[part] for part in parts},
        convex_pieces=pieces,
        mass_kg=float(density * whole.manifold.volume()),
        edge=edge,
        one_sided=one_sided or {},
    )


def united(solids: list[Solid]) -> Solid:
    """All solids as one."""
    total = solids[0]
    for solid in solids[1:]:
        total = total + solid
    return total


def placed(
    solid: Solid, *, turn: _Triple = (0.0, 0.0, 0.0), shift: _Triple = (0.0, 0.0, 0.0)
) -> Solid:
    """The solid turned about x, then y, then z by angles in degrees, and moved."""
    turned = solid.manifold.rotate((float(turn[0]), float(turn[1]), float(turn[2])))
    moved = turned.translate((float(shift[0]), float(shift[1]), float(shift[2])))
    return Solid(moved, solid.parts)


def rounded_rectangle(
    half_x: float, half_y: float, corner: float, spacing: float = 0.006
) -> Float[ndarray, "n 2"]:
    """Counter-clockwise outline with round corners."""
    corner = min(corner, 0.999 * half_x, 0.999 * half_y)
    steps = max(3, round(1.6 * corner / spacing) + 1)
    angle = np.linspace(0.0, 0.5 * np.pi, steps)
    arcs = []
    for k, (sx, sy) in enumerate([(1, 1), (-1, 1), (-1, -1), (1, -1)]):
        middle = np.array([sx * (half_x - corner), sy * (half_y - corner)])
        turned = angle + 0.5 * np.pi * k
        arcs.append(middle + corner * np.stack([np.cos(turned), np.sin(turned)], axis=1))
    corners = np.concatenate(arcs)
    return subdivide(np.concatenate([corners, corners[:1]]), spacing)[:-1]


def oval(
    half_x: float, half_y: float, exponent: float = 2.0, spacing: float = 0.006
) -> Float[ndarray, "n 2"]:
    """Counter-clockwise superellipse."""
    count = max(16, 4 * round((half_x + half_y) / spacing * 0.8))
    return superellipse(exponent, count) * [half_x, half_y]


def slab(
    part: str | PartsAlong,
    outline_xy: Float[ndarray, "n 2"],
    low: float,
    high: float,
    rounding: float = 0.0,
    *,
    spacing: float = 0.006,
) -> Solid:
    """A plate between two heights whose upper and lower edges are rounded.

    The outline is counter-clockwise, convex or nearly so, and bends less than the rounding.
    """
    rounding = min(rounding, 0.49 * (high - low))
    tangent = np.roll(outline_xy, -1, axis=0) - np.roll(outline_xy, 1, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    inwards = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    if rounding > 0.0:
        angle = np.linspace(0.0, 0.5 * np.pi, 4 if rounding > 0.0015 else 3)
        quarter = rounding * np.stack([1.0 - np.sin(angle), 1.0 - np.cos(angle)], axis=1)
        inset_z = np.concatenate(
            [quarter + [0.0, low], (quarter * [1.0, -1.0] + [0.0, high])[::-1]]
        )
    else:
        inset_z = np.array([[0.0, low], [0.0, high]])
    inset_z = subdivide(inset_z, spacing)
    rings = np.empty((len(inset_z), len(outline_xy), 3))
    rings[..., :2] = outline_xy + inset_z[:, :1, None] * inwards
    rings[..., 2] = inset_z[:, 1:]
    return Solid.of(loft(rings), part)


def block(part: str, low: _Triple, high: _Triple) -> Solid:
    """A sharp box between two corners."""
    size = np.subtract(high, low)
    square = np.array([[0.0, 0.0], [size[0], 0.0], [size[0], size[1]], [0.0, size[1]]])
    return placed(slab(part, subdivide_loop(square, 0.006), 0.0, float(size[2])), shift=low)


def subdivide_loop(outline: Float[ndarray, "n 2"], spacing: float) -> Float[ndarray, "m 2"]:
    """A closed polygon with its long sides split."""
    return subdivide(np.concatenate([outline, outline[:1]]), spacing)[:-1]


def tube(
    part: str,
    path: Float[ndarray, "n 3"],
    half_side: Float[ndarray, " n"],
    half_up: Float[ndarray, " n"],
    *,
    up: _Triple = (0, 0, 1),
    exponent: float = 2.0,
    points: int = 14,
) -> Solid:
    """A superellipse carried along any path that never runs along `up`."""
    tangent = np.gradient(path, axis=0)
    side = np.cross(np.array(up, dtype=np.float64), tangent)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    over = np.cross(tangent, side)
    over /= np.linalg.norm(over, axis=1, keepdims=True)
    section = superellipse(exponent, points)
    rings = (
        path[:, None]
        + (half_side[:, None] * section[:, 0])[..., None] * side[:, None]
        + (half_up[:, None] * section[:, 1])[..., None] * over[:, None]
    )
    return Solid.of(loft(rings), part)


def domed(length: int) -> Float[ndarray, " n"]:
    """Factors that round both ends of a tube."""
    along = np.linspace(-1.0, 1.0, length)
    return np.sqrt(1.0 - 0.96 * np.abs(along) ** 6)


def _measured(place: Place, solid: Solid) -> GraspSite:
    """The site with the radius that the solid has there."""
    site = grasp_site(*place[:6], radius=0.0, half_length=place.half_length)
    vertices, faces = solid.surface()
    offset = np.concatenate([vertices, vertices[faces].mean(axis=1)]) - site.centre_object
    along, ahead = offset @ site.axis_object, offset @ site.front_object
    aside = offset @ np.cross(site.axis_object, site.front_object)
    near = np.abs(along) < max(site.half_length, 0.008)
    if place.kind in ("wrap", "rim"):
        radius = np.hypot(ahead, aside)[near].mean()
    elif place.kind == "hook":
        radius = np.linalg.norm(offset, axis=1).min()
    else:
        radius = np.abs(aside[near & (np.abs(ahead) < 0.006) & (np.abs(aside) < 0.05)]).max()
    return grasp_site(*place[:6], radius=float(radius), half_length=place.half_length)
