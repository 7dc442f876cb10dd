"""A solid cut by planes into nearly convex parts: exact geometry, no voxels.

Where V-HACD fills voxels, and makes many pieces of a box, the parts here are exact boolean pieces
of the solid: they cover it without overlap, and what their hulls add to it is known and bounded.
The part whose hull adds most is cut next, across one of its principal axes, by the plane that
leaves the least to add (a greedy form of CoACD, Wei et al., SIGGRAPH 2022). A box stays one piece;
a mug takes all that are allowed.
"""

import heapq
import itertools
from typing import NamedTuple

import manifold3d
import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.simulation.decomposition_settings import Decomposition

_CUTS = (0.5, 0.25, 0.75)
"""Where planes are tried, as shares of a part's extent; the likeliest first spares the others."""
_MIN_EXTENT = 0.004
"""A part is not cut across an extent below this, in [m]."""
_SIMPLIFICATION = 0.0005
"""How far the surface may move in [m] to save triangles before cutting."""


def cut_into_pieces(
    vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"], decomposition: Decomposition
) -> list[Float[ndarray, "_ 3"]]:
    """Corners in [m] of the hulls of the parts.

    Raises:
        InputError: The surface is not a closed manifold that faces outward.
    """
    solid = manifold3d.Manifold(
        manifold3d.Mesh64(
            np.ascontiguousarray(vertices, dtype=np.float64),
            np.ascontiguousarray(faces, dtype=np.uint64),
        )
    )
    if solid.status() != manifold3d.Error.NoError or not solid.volume() > 0.0:
        raise InputError(
            f"This surface cannot be cut into convex pieces ({solid.status().name}, "
            f"{solid.volume() * 1e6:.3g} cm^3): every edge must lie between exactly two triangles, "
            "facing outward. Rebuild it, for example with ManifoldPlus, or pass convex pieces."
        )
    allowed = decomposition.thickening * solid.surface_area()
    solid = solid.simplify(_SIMPLIFICATION)

    order = itertools.count()  # Breaks ties, as parts do not compare.
    queue: list[tuple[float, int, _Part]] = []
    finished: list[_Part] = []
    for part in map(_Part.of_solid, solid.decompose()):
        heapq.heappush(queue, (-part.surplus, next(order), part))
    while queue and len(queue) + len(finished) < decomposition.max_pieces:
        if -sum(negative for negative, _, _ in queue) <= allowed:
            break
        _, _, part = heapq.heappop(queue)
        halves = _halved(part.solid)
        if not halves:
            finished.append(part)
        for half in map(_Part.of_solid, halves):
            heapq.heappush(queue, (-half.surplus, next(order), half))
    parts = finished + [part for _, _, part in queue]
    return [_corners(part.hull) for part in parts]


class _Part(NamedTuple):
    solid: manifold3d.Manifold
    hull: manifold3d.Manifold
    surplus: float
    """Volume in [m^3] that the hull adds."""

    @classmethod
    def of_solid(cls, solid: manifold3d.Manifold) -> "_Part":
        hull = solid.hull()
        return cls(solid, hull, hull.volume() - solid.volume())


def _halved(part: manifold3d.Manifold) -> list[manifold3d.Manifold]:
    """The parts left by the best plane; empty where the part is too small to cut.

    All planes are judged from the triangles alone: cutting for real costs ten times as much.
    """
    vertices, faces = _mesh(part)
    normals = _normals(vertices, faces)
    axes = _principal_axes(vertices[faces], normals)
    along = vertices @ axes.T
    low, extent = along.min(axis=0), np.ptp(along, axis=0)
    (long,) = np.nonzero(extent >= _MIN_EXTENT)
    axis, share = np.tile(long, len(_CUTS)), np.repeat(_CUTS, len(long))
    offset = low[axis] + share * extent[axis]
    height = along.T[axis] - offset[:, None]
    below = _volumes_below(vertices[faces[:, 0]], faces, normals, axes[axis], offset, height)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = edges[edges[:, 0] < edges[:, 1]]
    best, least, whole = None, np.inf, part.volume()
    # A part of a part has a hull within its hull: what hulls add on either side of an axis' middle
    # they add at least on the longer side of its other planes.
    in_middle = np.zeros((len(axes), 2))
    for plane, volume in enumerate(below):
        volumes = (volume, whole - volume)
        longer = int(share[plane] < 0.5)
        if 2.0 * in_middle[axis[plane], longer] >= least:
            continue
        added = [0.0, 0.0]
        for side in (longer, 1 - longer):
            hull = _hull(vertices, edges, height[plane], is_above=bool(side))
            added[side] = hull.volume() - volumes[side]
            if 2.0 * added[side] >= least:
                break
        else:
            # The sum alone shaves slivers off a shell; the maximum cuts it in the middle.
            if max(added) + sum(added) < least:
                best, least = plane, max(added) + sum(added)
        if share[plane] == 0.5:
            in_middle[axis[plane]] = added
    if best is None:
        return []
    halves = part.split_by_plane(axes[axis[best]].tolist(), float(offset[best]))
    if any(half.is_empty() for half in halves):
        return []
    return [piece for half in halves for piece in half.decompose()]


def _volumes_below(
    corners: Float[ndarray, "F 3"],
    faces: Int[ndarray, "F 3"],
    normals: Float[ndarray, "F 3"],
    directions: Float[ndarray, "planes 3"],
    offset: Float[ndarray, " planes"],
    height: Float[ndarray, "planes V"],
) -> Float[ndarray, " planes"]:
    """Volume in [m^3] of a solid below each of some planes, on which heights are zero.

    The sum of the signed tetrahedra that span the surface below from a point of the plane: seen
    from there the cut itself spans nothing.

    Args:
        corners: The first corner of each face.
        normals: Of the faces, twice as long as their areas.
    """
    spanned = (corners * normals).sum(axis=1) - offset[:, None] * (directions @ normals.T)
    first, second, third = np.moveaxis(np.sort(height[:, faces], axis=-1), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        tip = first**2 / ((second - first) * (third - first))
        rest = 1.0 - third**2 / ((third - first) * (third - second))
    share = np.where(second >= 0.0, tip, rest)
    share = np.where(first >= 0.0, 0.0, np.where(third <= 0.0, 1.0, share))
    return (share * spanned).sum(axis=1) / 6.0


def _hull(
    vertices: Float[ndarray, "V 3"],
    edges: Int[ndarray, "E 2"],
    height: Float[ndarray, " V"],
    *,
    is_above: bool,
) -> manifold3d.Manifold:
    """The hull of what lies below a plane, or above it."""
    is_below = height < 0.0
    crossing = edges[is_below[edges[:, 0]] != is_below[edges[:, 1]]]
    start, end = height[crossing].T
    reached = (start / (start - end))[:, None]
    cut = vertices[crossing[:, 0]] * (1.0 - reached) + vertices[crossing[:, 1]] * reached
    side = vertices[~is_below if is_above else is_below]
    return manifold3d.Manifold.hull_points(np.concatenate([side, cut]))


def _corners(solid: manifold3d.Manifold) -> Float[ndarray, "n 3"]:
    # A copy: a view would keep the library's mesh alive.
    return np.array(solid.to_mesh64().vert_properties, dtype=np.float64)[:, :3]


def _mesh(solid: manifold3d.Manifold) -> tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]]:
    mesh = solid.to_mesh64()
    vertices = np.array(mesh.vert_properties, dtype=np.float64)[:, :3]
    return vertices, np.array(mesh.tri_verts, dtype=np.int64)


def _normals(vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"]) -> Float[ndarray, "F 3"]:
    """Normals of triangles, twice as long as their areas."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    (x, y, z), (u, v, w) = (b - a).T, (c - a).T
    # Written out: numpy's cross product takes five times as long.
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], axis=1)


def _principal_axes(
    triangles: Float[ndarray, "F 3 3"], normals: Float[ndarray, "F 3"]
) -> Float[ndarray, "3 3"]:
    """Rows: directions of the surface's spread, longest first."""
    areas = np.linalg.norm(normals, axis=1)
    centres = triangles.mean(axis=1)
    centred = centres - areas @ centres / areas.sum()
    return np.linalg.eigh((centred * areas[:, None]).T @ centred)[1].T[::-1]
