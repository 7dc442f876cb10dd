"""The volume that a hand and an object share: exact, or the way published scripts estimate it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.metrics.closing import check_hands, check_mesh, closed_faces
from semgrasp.metrics.cropping import cropped, is_one_piece
from semgrasp.metrics.overlap import shared_volume, to_manifold
from semgrasp.metrics.solid import SolidObject, as_solid
from semgrasp.metrics.voxels import Lattice, winding_on_lattice
from semgrasp.types import ObjectShape

_MAX_LATTICE = 50_000_000
"""Points of a lattice; more than this is a mistake in the pitch."""


@dataclass(frozen=True, kw_only=True)
class VolumeRule:
    """How the shared volume is computed."""

    kind: Literal[
        "exact", "surface_voxels", "filled_voxels", "solid_voxels", "lattice", "convex_hull"
    ] = "exact"
    """Exactly by the intersection of the two meshes ("exact", or "convex_hull" with the object's
    hull), or by counting what is inside the hand of the object's surface voxels, filled surface
    voxels or solid voxels, or of a lattice inside both."""
    pitch: float | None = None
    """Distance between voxels in [m], for surface_voxels, filled_voxels and lattice."""
    resolution: int | None = None
    """Voxels along the object's longest side, for solid_voxels."""
    source: str = ""
    """Paper or script that computes it so."""

    def __post_init__(self) -> None:
        needs_pitch = self.kind in ("surface_voxels", "filled_voxels", "lattice")
        if needs_pitch != (self.pitch is not None):
            need = "needs a" if needs_pitch else "has no"
            raise InputError(f"A volume rule of kind {self.kind!r} {need} pitch.")
        if self.pitch is not None and not 1e-5 <= self.pitch <= 0.1:
            raise InputError(f"pitch must be 0.00001 to 0.1 m, got {self.pitch}.")
        needs_resolution = self.kind == "solid_voxels"
        if needs_resolution != (self.resolution is not None):
            need = "needs a" if needs_resolution else "has no"
            raise InputError(f"A volume rule of kind {self.kind!r} {need} resolution.")
        if self.resolution is not None and not 2 <= self.resolution <= 512:
            raise InputError(f"resolution must be 2 to 512, got {self.resolution}.")


EXACT = VolumeRule(source="intersection of the two solids by manifold3d")
GRASPTTA_VOLUME = VolumeRule(
    kind="surface_voxels",
    pitch=0.005,
    source="GraspTTA (Jiang et al., ICCV 2021): only the shell of the object counts",
)
OAKINK_VOLUME = VolumeRule(
    kind="solid_voxels",
    resolution=128,
    source="OakInk-Grasp-Generation: binvox -d 128 read by trimesh, 2.4 % too large",
)
HALO_VOLUME = VolumeRule(
    kind="lattice", pitch=0.001, source="HALO (Karunratanakul et al., 3DV 2021), as in the paper"
)
HALO_CODE_VOLUME = VolumeRule(kind="lattice", pitch=0.005, source="HALO, the default of its code")
DVQVAE_VOLUME = VolumeRule(
    kind="convex_hull", source="D-VQVAE (Zhao et al., ECCV 2024): the object's convex hull"
)


def intersection_volume(
    hand: tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]],
    shape: ObjectShape | SolidObject,
    *,
    rule: VolumeRule = EXACT,
) -> float:
    """Volume in [m^3] shared by a closed hand mesh and a closed object.

    Exact up to rounding under `EXACT`; where fingers run through one another, their common part
    counts once. The other rules count points, so they depend on how the object lies in its frame:
    filled voxels, solid voxels and lattices stay within sqrt(3) * pitch * (area of the shared
    region) of the exact volume, surface voxels are no estimate of a volume at all. One voxel is the
    least they tell from zero: 0.125 cm^3 at 5 mm. A point inside two fingers is inside the hand
    here; the scripts' ray parity calls it outside.

    Args:
        hand: Vertices in [m] in the object frame, and faces; see `closed_hand` for MANO's wrist.
        shape: The object; prepare it as a `SolidObject` where many hands are measured.

    Raises:
        InputError: One of the two does not enclose a volume.
    """
    solid = as_solid(shape)
    vertices, faces = _checked_hand(*hand)
    low = np.maximum(vertices.min(axis=0), solid.bounds[0])
    high = np.minimum(vertices.max(axis=0), solid.bounds[1])
    if rule.kind in ("exact", "convex_hull"):
        if (low >= high).any():
            return 0.0
        other = solid.hull if rule.kind == "convex_hull" else solid.manifold
        if not is_one_piece(faces):
            return shared_volume(_solid_hand(vertices, faces), other)
        near = cropped(vertices, faces, solid.bounds)
        return shared_volume(_solid_hand(*near), other, is_one_piece=True)
    if rule.kind == "lattice":
        assert rule.pitch is not None
        return _on_lattice(vertices, faces, solid, rule.pitch, low, high)
    if rule.kind == "solid_voxels":
        assert rule.resolution is not None
        voxels = solid.solid_voxels(rule.resolution)
    else:
        assert rule.pitch is not None
        make = solid.surface_voxels if rule.kind == "surface_voxels" else solid.filled_voxels
        voxels = make(rule.pitch)
    return voxels.count_inside(vertices, faces) * voxels.element_volume


def _checked_hand(vertices: ndarray, faces: ndarray) -> tuple[ndarray, ndarray]:
    check_mesh(vertices, faces, what="hand")
    check_hands(vertices)
    vertices = np.ascontiguousarray(vertices, dtype=np.float64)
    return vertices, closed_faces(vertices, faces, what="hand")[0]


def _solid_hand(vertices: ndarray, faces: ndarray):
    import manifold3d

    solid = to_manifold(vertices, faces)
    if solid.status() != manifold3d.Error.NoError:
        raise InputError(
            f"The hand does not enclose a volume ({solid.status().name}), so the volume it shares "
            "cannot be computed. Close its surface first (closed_hand)."
        )
    return solid


def _on_lattice(
    vertices: ndarray,
    faces: ndarray,
    solid: SolidObject,
    pitch: float,
    low: ndarray,
    high: ndarray,
) -> float:
    """HALO's count: the lattice starts one pitch below the overlap of the two bounding boxes.

    Like its script, 0 where no vertex of the hand is inside the object. Some of its evaluations
    first replace the object by its convex hull; this one does not.
    """
    if (low >= high).any() or not solid.depth(vertices).any():
        return 0.0
    x, y, z = (int(n) for n in np.floor((high - low) / pitch + 2.0) + 1)
    if x * y * z > _MAX_LATTICE:
        raise InputError(
            f"A lattice of {pitch} m has {x * y * z:,} points here; at most {_MAX_LATTICE:,} are "
            "counted. Choose a larger pitch."
        )
    lattice = Lattice(low - pitch, pitch, (x, y, z))
    in_hand = winding_on_lattice(vertices, faces, lattice) > 0
    in_object = winding_on_lattice(solid.vertices_object, solid.faces, lattice) > 0
    return float((in_hand & in_object).sum() * pitch**3)
