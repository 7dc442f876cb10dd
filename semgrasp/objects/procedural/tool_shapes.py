"""Shapes that hand tools share: thin sheets, closed rings, turned pins, and their convex pieces."""

import itertools

import numpy as np
from jaxtyping import Float
from manifold3d import CrossSection, FillRule, Manifold
from numpy import ndarray

from semgrasp.objects.procedural.solids import ConvexPiece, PartsAlong, Solid, hull
from semgrasp.objects.procedural.surfaces import Surface, revolve, subdivide, superellipse

_Rings = Float[ndarray, "n points 3"]


def sheet_rings(
    x: Float[ndarray, " n"],
    half_width: Float[ndarray, " n"],
    z: Float[ndarray, " n"],
    dish: Float[ndarray, " n"],
    thickness: Float[ndarray, " n"],
    columns: int,
) -> _Rings:
    """Rings of a thin sheet along x, `dish` lower in its middle than at its borders.

    The first `columns` points of a ring run over the upper side, the rest back underneath.
    """
    across = np.cos(np.linspace(0.0, np.pi, columns))
    rings = np.empty((len(x), 2 * columns, 3))
    rings[..., 0] = x[:, None]
    rings[:, :columns, 1] = half_width[:, None] * across
    middle = z[:, None] - dish[:, None] * (1.0 - across**2)
    # The border is thinner than the middle.
    half = 0.5 * thickness[:, None] * (0.6 + 0.4 * np.sqrt(1.0 - across**2))
    rings[:, :columns, 2] = middle + half
    rings[:, columns:, 1] = rings[:, :columns, 1][:, ::-1]
    rings[:, columns:, 2] = (middle - half)[:, ::-1]
    return rings


def sheet_pieces(part: str, rings: _Rings, lengthwise: int, across: int) -> list[ConvexPiece]:
    """Convex pieces of a sheet: so many along it, times so many from border to border."""
    columns = rings.shape[1] // 2
    along = np.linspace(0, len(rings) - 1, lengthwise + 1).round().astype(int)
    beside = np.linspace(0, columns - 1, across + 1).round().astype(int)
    pieces = []
    for i, j in itertools.pairwise(along):
        for k, m in itertools.pairwise(beside):
            under = rings[i : j + 1, 2 * columns - 1 - m : 2 * columns - k]
            pieces.append(hull(part, np.concatenate([rings[i : j + 1, k : m + 1], under], axis=1)))
    return pieces


def ring_rings(
    path_xz: Float[ndarray, "n 2"],
    half_thickness: Float[ndarray, " n"],
    half_width: Float[ndarray, " n"],
    *,
    exponent: float = 2.0,
    points: int = 12,
) -> _Rings:
    """Rings across a closed path in the x-z plane; the last point is not the first again."""
    tangent = np.roll(path_xz, -1, axis=0) - np.roll(path_xz, 1, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    section = superellipse(exponent, points)
    in_plane = (half_thickness[:, None] * section[:, 0])[..., None] * normal[:, None]
    rings = np.empty((len(path_xz), points, 3))
    rings[..., [0, 2]] = path_xz[:, None] + in_plane
    rings[..., 1] = half_width[:, None] * section[:, 1]
    return rings


def closed_loft(rings: _Rings) -> Surface:
    """Join rings in order and the last to the first; the triangles face outwards."""
    count, points = rings.shape[:2]
    a = np.arange(count * points).reshape(count, points)
    b, c = np.roll(a, -1, axis=1), np.roll(a, -1, axis=0)
    d = np.roll(c, -1, axis=1)
    faces = np.concatenate([np.stack([a, b, d], -1), np.stack([a, d, c], -1)]).reshape(-1, 3)
    vertices = rings.reshape(-1, 3)
    p, q, r = (vertices[faces[:, k]] for k in range(3))
    outwards = float((p * np.cross(q, r)).sum()) > 0.0
    return (vertices, faces) if outwards else (vertices, faces[:, ::-1].copy())


def ring_pieces(part: str, rings: _Rings, count: int) -> list[ConvexPiece]:
    """Convex pieces of a closed ring."""
    ends = np.linspace(0, len(rings), count + 1).round().astype(int)
    around = np.concatenate([rings, rings[:1]])
    return [hull(part, around[i : j + 1]) for i, j in itertools.pairwise(ends)]


def pin(
    part: str | PartsAlong,
    profile_rz: Float[ndarray, "n 2"],
    direction: str,
    centre: tuple[float, float, float],
    spacing: float = 0.005,
) -> Solid:
    """A turned pin whose axis runs along "x" or "y" through the centre.

    The profile gives (radius, distance from the centre along the axis), in rising order.
    """
    solid = Solid.of(revolve(profile_rz, spacing), part)
    turn = (0.0, 90.0, 0.0) if direction == "x" else (-90.0, 0.0, 0.0)
    return Solid(solid.manifold.rotate(turn).translate(centre), solid.parts)


def plate(
    section: CrossSection, from_z: float, to_z: float, part: str | PartsAlong, edge: float
) -> Solid:
    """A flat plate with an outline in the x-y plane."""
    layers = max(0, round((to_z - from_z) / edge) - 1)
    raised = section.extrude(to_z - from_z, layers).translate((0.0, 0.0, from_z))
    return Solid.of(Solid(raised, {}).surface(), part)


def outline(points_xy: Float[ndarray, "n 2"], edge: float = 0.007) -> CrossSection:
    """A filled polygon in the x-y plane, its long sides divided."""
    closed = subdivide(np.concatenate([points_xy, points_xy[:1]]), edge)
    return CrossSection([closed[:-1].tolist()], FillRule.NonZero)


def sector_pieces(
    part: str, solid: Solid, centre_xy: tuple[float, float], count: int, reach: float = 0.1
) -> list[ConvexPiece]:
    """Convex hulls of the sectors of a plate around a vertical axis."""
    pieces = []
    turns = np.linspace(0.0, 2.0 * np.pi, count + 1)
    for start, end in itertools.pairwise(turns):
        turn = np.array([start, end])
        arc = np.array(centre_xy) + reach * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        corners = np.concatenate([[centre_xy], arc])
        wedge = (
            CrossSection([corners.tolist()], FillRule.NonZero).extrude(0.4).translate((0, 0, -0.2))
        )
        for piece in (solid.manifold ^ wedge).decompose():
            pieces.append(hull(part, corners_of(piece)))
    return pieces


def corners_of(manifold: Manifold) -> Float[ndarray, "n 3"]:
    """The vertices of a manifold."""
    return np.asarray(manifold.to_mesh64().vert_properties)[:, :3]


def without_voids(solid: Solid) -> Solid:
    """The solid without the tiny bubbles that remain where united surfaces nearly coincide."""
    # Simplified as the finished object will be, which may seal one more bubble; read back from
    # its mesh, which is what takes apart folds without volume.
    manifold = solid.manifold
    for _ in range(2):
        manifold = Manifold(manifold.simplify(1e-4).to_mesh64())
        manifold = max(manifold.decompose(), key=lambda body: body.volume())
    return Solid(manifold, solid.parts)


def turned_solid(solid: Solid, angle: float, *, mirrored: bool = False) -> Solid:
    """The solid turned in the x-z plane from +x towards +z by [rad]; mirrored first in y and z."""
    c, s = np.cos(angle), np.sin(angle)
    sign = -1.0 if mirrored else 1.0
    matrix = np.array([[c, 0.0, -sign * s, 0.0], [0.0, sign, 0.0, 0.0], [s, 0.0, sign * c, 0.0]])
    return Solid(solid.manifold.transform(matrix), solid.parts)


def turned_points(
    points: Float[ndarray, "... 3"], angle: float, *, mirrored: bool = False
) -> Float[ndarray, "... 3"]:
    """Points moved as `turned_solid` moves a solid."""
    c, s = np.cos(angle), np.sin(angle)
    sign = -1.0 if mirrored else 1.0
    return points @ np.array([[c, 0.0, -sign * s], [0.0, sign, 0.0], [s, 0.0, sign * c]]).T
