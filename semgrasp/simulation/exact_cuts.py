"""A solid cut by planes into nearly convex parts: exact geometry, no voxels.

Where V-HACD fills voxels, and makes many pieces of a box, the parts here are exact boolean pieces
of the solid: they cover it without overlap, and what their hulls add to it is known and bounded.
The part whose hull adds most is cut next, across one of its principal axes, by the plane that
leaves the least to add (a greedy form of CoACD, Wei et al., SIGGRAPH 2022). A box stays one piece;
a mug takes all that are allowed.
"""

import heapq
import itertools

import manifold3d
import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.simulation.decomposition_settings import Decomposition

_CUTS = (0.25, 0.5, 0.75)
"""Where planes are tried, as shares of a part's extent."""
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
    queue: list[tuple[float, int, manifold3d.Manifold]] = []
    finished: list[manifold3d.Manifold] = []
    for part in solid.decompose():
        heapq.heappush(queue, (-_surplus(part), next(order), part))
    while queue and len(queue) + len(finished) < decomposition.max_pieces:
        if -sum(negative for negative, _, _ in queue) <= allowed:
            break
        _, _, part = heapq.heappop(queue)
        halves = _halved(part)
        if not halves:
            finished.append(part)
        for half in halves:
            heapq.heappush(queue, (-_surplus(half), next(order), half))
    parts = finished + [part for _, _, part in queue]
    return [_corners(part.hull()) for part in parts]


def _surplus(part: manifold3d.Manifold) -> float:
    """Volume in [m^3] that the hull adds."""
    return part.hull().volume() - part.volume()


def _halved(part: manifold3d.Manifold) -> list[manifold3d.Manifold]:
    """The parts left by the best plane; empty where the part is too small to cut."""
    corners = _corners(part.hull())
    best, least = [], np.inf
    for axis in _principal_axes(part):
        along = corners @ axis
        low, extent = along.min(), np.ptp(along)
        if extent < _MIN_EXTENT:
            continue
        for share in _CUTS:
            halves = part.split_by_plane(axis.tolist(), float(low + share * extent))
            if any(half.is_empty() for half in halves):
                continue
            surplus = [_surplus(half) for half in halves]
            # The sum alone shaves slivers off a shell; the maximum cuts it in the middle.
            if max(surplus) + sum(surplus) < least:
                best, least = halves, max(surplus) + sum(surplus)
    return [piece for half in best for piece in half.decompose()]


def _corners(solid: manifold3d.Manifold) -> Float[ndarray, "n 3"]:
    # A copy: a view would keep the library's mesh alive.
    return np.array(solid.to_mesh64().vert_properties, dtype=np.float64)[:, :3]


def _principal_axes(part: manifold3d.Manifold) -> Float[ndarray, "3 3"]:
    """Rows: directions of the surface's spread, longest first."""
    mesh = part.to_mesh64()
    corners = np.asarray(mesh.vert_properties)[:, :3][np.asarray(mesh.tri_verts, dtype=np.int64)]
    areas = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    centres = corners.mean(axis=1)
    centred = centres - np.average(centres, axis=0, weights=areas)
    return np.linalg.eigh((centred * areas[:, None]).T @ centred)[1].T[::-1]
