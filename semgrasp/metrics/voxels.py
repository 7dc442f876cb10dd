"""Objects as voxels, the ways published metrics make them, and which voxels a hand covers.

A lattice is asked for the winding number of a closed surface by rays: one along z through every
column of points, whose crossings are counted with the sign of the face. That is as exact as a
query per point and costs a thousandth of it.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

_MAX_PAIRS = 4_000_000
"""Candidate (triangle, column) pairs held in memory at once."""
_SHIFT = np.array([1.618033e-7, 1.133774e-7])
"""Columns stand this share of the pitch beside their place: none runs along an axis-parallel face
or through an edge that was modelled on a round number."""


class Lattice(NamedTuple):
    """Points origin + pitch * (i, j, k)."""

    origin: Float[ndarray, "3"]
    """First point in [m]."""
    pitch: float
    """Distance between neighbours in [m]."""
    size: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Voxels:
    """Voxels that belong to an object."""

    lattice: Lattice
    """Where the centres count as being."""
    is_filled: Bool[ndarray, "nx ny nz"]

    @property
    def element_volume(self) -> float:
        """Volume of one voxel in [m^3]."""
        return self.lattice.pitch**3

    def points(self) -> Float[ndarray, "n 3"]:
        """Centres of the filled voxels in [m]."""
        return self.lattice.origin + self.lattice.pitch * np.argwhere(self.is_filled)

    def count_inside(self, vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"]) -> int:
        """How many filled voxels have their centre inside a closed surface."""
        origin, pitch, size = self.lattice
        start = np.ceil((vertices.min(axis=0) - origin) / pitch).astype(int).clip(0, size)
        stop = (np.floor((vertices.max(axis=0) - origin) / pitch).astype(int) + 1).clip(start, size)
        if (stop <= start).any():
            return 0
        part = self.is_filled[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
        if not part.any():
            return 0
        x, y, z = (int(n) for n in stop - start)
        local = Lattice(origin + pitch * start, pitch, (x, y, z))
        return int((part & (winding_on_lattice(vertices, faces, local) > 0)).sum())


def surface_voxels(
    vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"], pitch: float
) -> Voxels:
    """Voxels of trimesh's `voxelized(pitch)`: cubes about whole multiples of the pitch.

    Faces are divided until no edge is longer than half the pitch; the cubes their corners round to
    are taken. The inside of the object stays empty.
    """
    return _of_grid(_voxelized(vertices, faces, pitch), pitch)


def filled_voxels(
    vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"], pitch: float
) -> Voxels:
    """Voxels of trimesh's `voxelized(pitch).fill()`: the surface's and what they shut in.

    They reach half a pitch beyond the surface on average, so volumes come out too large.
    """
    return _of_grid(_voxelized(vertices, faces, pitch).fill(), pitch)


def solid_voxels(
    vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"], resolution: int
) -> Voxels:
    """Voxels of `binvox -d resolution` as trimesh's reader places them.

    The cube starts at the lowest corner of the bounding box; its side is the longest side of the
    box. A voxel is filled where its centre (i + 1/2) side / resolution is inside. The reader then
    puts voxel i at i side / (resolution - 1) and gives it that pitch, so the solid is stretched:
    at 128, by up to half a voxel at either end, and volumes are 2.4 % too large. binvox itself
    decides by parity and z-buffers from its own rendering, so single voxels at the surface may
    differ from those here.
    """
    low = vertices.min(axis=0)
    side = float(np.ptp(vertices, axis=0).max())
    step = side / resolution
    lattice = Lattice(low + 0.5 * step, step, (resolution, resolution, resolution))
    is_filled = winding_on_lattice(vertices, faces, lattice) > 0
    return Voxels(Lattice(low, side / (resolution - 1), lattice.size), is_filled)


def winding_on_lattice(
    vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"], lattice: Lattice
) -> Int[ndarray, "nx ny nz"]:
    """How often a closed surface winds around each point: 1 inside, 0 outside, 2 in overlaps."""
    nx, ny, nz = lattice.size
    change = np.zeros((nx * ny, nz + 1), dtype=np.int32)
    # In units of the pitch, points are whole numbers.
    corners = (vertices - lattice.origin) / lattice.pitch
    corners[:, :2] -= _SHIFT
    low = np.ceil(corners[faces, :2].min(axis=1)).astype(np.int64).clip(0)
    high = np.floor(corners[faces, :2].max(axis=1)).astype(np.int64)
    high = np.minimum(high, [nx - 1, ny - 1])
    columns = (high - low + 1).clip(0)
    pairs = columns[:, 0] * columns[:, 1]
    (crossed,) = np.nonzero((pairs > 0) & (corners[faces, 2].min(axis=1) <= nz - 1))
    total = np.cumsum(pairs[crossed])
    for chunk in np.array_split(crossed, 1 + int(total[-1]) // _MAX_PAIRS if len(total) else 1):
        _cross(change, corners, faces[chunk], low[chunk], columns[chunk], (ny, nz))
    return np.cumsum(change[:, :nz], axis=1, dtype=np.int32).reshape(nx, ny, nz)


def _cross(
    change: ndarray,
    corners: ndarray,
    faces: ndarray,
    low: ndarray,
    columns: ndarray,
    size: tuple[int, int],
) -> None:
    """Add the crossings of all columns with some faces to `change`, in place."""
    ny, nz = size
    pairs = columns[:, 0] * columns[:, 1]
    face = np.repeat(np.arange(len(faces)), pairs)
    within = np.arange(len(face)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    x = low[face, 0] + within // columns[face, 1]
    y = low[face, 1] + within % columns[face, 1]

    # Each edge is judged from its lower vertex to its higher, so that the two faces beside it
    # agree to the last bit and no column slips between them or meets both.
    left = []
    for i in range(3):
        a, b = faces[:, i], faces[:, (i + 1) % 3]
        start, end = corners[np.minimum(a, b)], corners[np.maximum(a, b)]
        side = (end[face, 0] - start[face, 0]) * (y - start[face, 1]) - (
            end[face, 1] - start[face, 1]
        ) * (x - start[face, 0])
        left.append((side >= 0) ^ (a > b)[face])
    hit = (left[0] == left[1]) & (left[1] == left[2])
    face, x, y, faces_up = face[hit], x[hit], y[hit], left[0][hit]

    a, b, c = (corners[faces[face, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = a[:, 2] - (normal[:, 0] * (x - a[:, 0]) + normal[:, 1] * (y - a[:, 1])) / normal[:, 2]
    z = np.where(np.isfinite(z), z, a[:, 2])
    z = np.clip(z, np.minimum(np.minimum(a, b), c)[:, 2], np.maximum(np.maximum(a, b), c)[:, 2])
    first = np.clip(np.ceil(z), 0, nz).astype(np.int64)
    # Upwards through a face that looks down is into the solid.
    np.add.at(change, (x * ny + y, first), np.where(faces_up, -1, 1))


def _voxelized(vertices: ndarray, faces: ndarray, pitch: float) -> Any:
    import trimesh

    return trimesh.Trimesh(vertices, faces, process=False).voxelized(pitch)


def _of_grid(grid, pitch: float) -> Voxels:
    is_filled = np.asarray(grid.matrix)
    x, y, z = is_filled.shape
    origin = np.asarray(grid.transform)[:3, 3]
    return Voxels(Lattice(origin, pitch, (x, y, z)), is_filled)
