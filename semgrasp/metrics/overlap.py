"""Solids whose surface runs through itself, made into plain ones.

The volume of such a surface counts what lies inside twice, twice; just under the surface the
winding number (Jacobson et al., SIGGRAPH 2013) is 2 there, and 0 in a piece that is inside out,
instead of 1. Pieces that overlap are united; one piece that overlaps itself is refused where the
surface itself is needed, and measured on a lattice where its volume will do.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.metrics.voxels import Lattice, winding_on_lattice

if TYPE_CHECKING:
    from manifold3d import Manifold

_TOLERATED = 0.001
"""Share of the surface that may run through itself unsaid: specks of scans..."""
_REFUSED = 0.05
"""...and the share from which on it is refused; the thin walls of simplified scans reach 3 %."""
_FINE_PITCH = 0.0005
"""Lattice in [m] on which what fingers cover twice is measured..."""
_MAX_FINE_POINTS = 6e6
"""...or coarser, so that it has at most this many points."""
_LOOKED_AT = 400
"""Faces, the largest ones, that tell whether the solid shared with a hand overlaps itself."""
_QUICK_ORDER, _QUICK_ACCURACY = 1, 1.3
"""Of the winding numbers that tell; even with 1.0, on 14,000 faces of real grasps, 0.14 off at
most."""
_DENSE_BELOW = 800
"""Other surfaces of fewer faces are looked at in four places per face, larger ones in one..."""
_MAX_FACES = 3000
"""...and, where they are of one piece, in no more than twice this many faces, spread evenly."""


class _Fault(NamedTuple):
    twice: float
    """Share of the surface that lies inside the solid."""
    inside_out: float
    """Share of the surface with the outside behind it."""

    @property
    def is_plain(self) -> bool:
        return self.twice <= _TOLERATED and self.inside_out <= _TOLERATED


def to_manifold(vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"]):
    """A mesh as a solid of the manifold3d library, in double precision."""
    import manifold3d

    return manifold3d.Manifold(
        manifold3d.Mesh64(
            vert_properties=np.ascontiguousarray(vertices, dtype=np.float64),
            tri_verts=np.ascontiguousarray(faces, dtype=np.uint64),
        )
    )


def to_mesh(solid: "Manifold") -> tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]]:
    """Vertices in [m] and faces of a solid."""
    mesh = solid.to_mesh64()
    return np.array(mesh.vert_properties)[:, :3], np.array(mesh.tri_verts, dtype=np.int64)


def without_overlap(solid: "Manifold", *, what: str) -> "tuple[Manifold, tuple[str, ...]]":
    """The solid with every point inside once, and a sentence for each repair.

    Args:
        what: Name of the solid in messages.

    Raises:
        InputError: The surface runs through itself in a way that cannot be resolved.
    """
    import manifold3d

    pieces = solid.decompose()
    repairs: list[str] = []
    fault = _fault(solid, is_one_piece=len(pieces) == 1)
    if fault.inside_out > _TOLERATED and len(pieces) > 1:
        pieces = [_turned(piece) if _is_stray(piece, solid) else piece for piece in pieces]
        solid = manifold3d.Manifold.compose(pieces)
        fault = _fault(solid)
        repairs.append(f"Pieces of the {what} that were inside out were turned.")
    if len(pieces) > 1 and all(piece.volume() > 0 for piece in pieces):
        # Always, since crossed bars have no vertex inside one another.
        given = solid.volume()
        solid = manifold3d.Manifold.batch_boolean(pieces, manifold3d.OpType.Add)
        if solid.volume() < given * (1 - 1e-9):
            repairs.append(f"Overlapping pieces of the {what} were united.")
            fault = _fault(solid)
    worst = max(fault)
    if worst > _REFUSED:
        raise InputError(
            f"The surface of the {what} runs through itself, so that its inside is not defined "
            f"({worst:.0%} of it). Rebuild it as one plain surface, for example with ManifoldPlus "
            "or by voxel remeshing."
        )
    if not fault.is_plain:
        repairs.append(
            f"{worst:.1%} of the surface of the {what} runs through itself, as thin walls do; "
            "depths and volumes there are approximate."
        )
    return solid, tuple(repairs)


def shared_volume(first: "Manifold", second: "Manifold", *, is_one_piece: bool = False) -> float:
    """Volume in [m^3] that two solids share, of which the first may run through itself.

    Exact where it does not do so inside the second, or only by pieces that overlap. What one piece
    covers twice (a hand's fingers grow from one palm), the intersection counts twice: the excess is
    measured on a lattice of half a millimetre and taken off.

    Args:
        first: A solid, of any number of pieces unless `is_one_piece`.
        second: A plain solid.
        is_one_piece: Whether the first is known to be one surface, whatever its pieces here.
    """
    import manifold3d

    pieces = [] if is_one_piece else first.decompose()
    if len(pieces) > 1 and all(piece.volume() > 0 for piece in pieces):
        first = manifold3d.Manifold.batch_boolean(pieces, manifold3d.OpType.Add)
    shared = first ^ second
    if shared.is_empty():
        return 0.0
    volume = float(shared.volume())
    if _fault(shared, quick=True).is_plain:
        return volume
    low, high = np.array(shared.bounding_box()).reshape(2, 3)
    pitch = max(_FINE_PITCH, float(((high - low).prod() / _MAX_FINE_POINTS) ** (1 / 3)))
    x, y, z = (int(n) for n in np.ceil((high - low) / pitch))
    # At the centres of cells, so that the sum over cells is an unbiased integral.
    lattice = Lattice(low + 0.5 * pitch, pitch, (x, y, z))
    winding = winding_on_lattice(*to_mesh(shared), lattice)
    return volume - float((winding - (winding > 0)).sum()) * pitch**3


def _fault(solid: "Manifold", *, quick: bool = False, is_one_piece: bool = False) -> _Fault:
    """What is wrong just under the surface; quick looks at the largest faces only."""
    import igl

    vertices, faces = to_mesh(solid)
    if len(faces) == 0:
        return _Fault(0.0, 0.0)
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normals, axis=1)
    depth = 1e-6 * float(np.ptp(vertices, axis=0).max())
    if quick and len(faces) > _LOOKED_AT:
        largest = np.argpartition(area, -_LOOKED_AT)[-_LOOKED_AT:]
        corners, normals, area = corners[largest], normals[largest], area[largest]
    elif is_one_piece and len(faces) >= 2 * _MAX_FACES:
        spread = slice(None, None, len(faces) // _MAX_FACES)
        corners, normals, area = corners[spread], normals[spread], area[spread]
    places = np.full((1, 3), 1 / 3)
    if not quick and len(faces) < _DENSE_BELOW:
        places = np.concatenate([places, 0.05 + 0.85 * np.eye(3)])
    below = depth * normals / np.maximum(area, 1e-300)[:, None]
    points = np.einsum("pc,fcx->pfx", places, corners) - below
    points = points.reshape(-1, 3)
    if quick:
        # Near enough to tell whole numbers apart, in half of the time.
        hierarchy = igl.FastWindingNumberBVH()
        hierarchy.init(vertices, faces, _QUICK_ORDER)
        winding = hierarchy.winding_number(points, _QUICK_ACCURACY)
    else:
        winding = igl.fast_winding_number(vertices, faces, points)
    winding = np.asarray(winding).reshape(len(places), -1)
    total = len(places) * max(area.sum(), 1e-300)
    return _Fault(
        float((area * (winding > 1.5)).sum() / total),
        float((area * (winding < 0.5)).sum() / total),
    )


def _is_stray(piece: "Manifold", whole: "Manifold") -> bool:
    """Whether a piece is inside out by mistake; around a cavity of the whole it is so rightly."""
    import igl

    if piece.volume() > 0:
        return False
    # At its own vertices an inside-out piece takes a share of a turn away, a cavity leaves one.
    winding = igl.fast_winding_number(*to_mesh(whole), to_mesh(piece)[0])
    return float(np.median(np.asarray(winding))) < 0


def _turned(piece: "Manifold") -> "Manifold":
    vertices, faces = to_mesh(piece)
    return to_manifold(vertices, faces[:, ::-1])
