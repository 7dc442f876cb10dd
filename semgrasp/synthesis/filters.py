"""Checks that an optimised grasp must pass, the cheap ones for whole batches first."""

from dataclasses import dataclass
from typing import NamedTuple

import manifold3d
import numpy as np
import torch
import trimesh
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial import KDTree
from torch import Tensor

from semgrasp.metrics import to_manifold
from semgrasp.synthesis.energy import Contacts, limit_term, self_penetration_term
from semgrasp.synthesis.forearm import POSSIBLE_BENDS, forearm_clearance
from semgrasp.synthesis.hand_surface import THUMB_REGIONS
from semgrasp.synthesis.prepared import HandState, PreparedProblems
from semgrasp.types import FINGERS, ObjectShape

_SAMPLE_AREA = 0.7e-6
"""Surface per sampled point in [m^2]."""


@dataclass(frozen=True, kw_only=True)
class FilterLimits:
    """Thresholds of acceptance."""

    depth: float = 0.0024
    """Deepest hand vertex inside the object, in [m]."""
    volume: float = 3e-6
    """Volume shared by hand and object, in [m^3]."""
    displacement: float = 0.02
    """Simulation displacement by the corrected rule, mean over the directions, in [m]."""
    near: float = 0.004
    """Hand vertices within this distance in [m] decide which part the hand holds."""
    on_target: float = 0.6
    """Share of the near vertices that must be nearest to the target part."""
    contact: float = 0.004
    """A region within this distance in [m] of its target touches it."""
    main_weight: float = 0.8
    """Regions with at least this weight are the ones that must touch..."""
    main_share: float = 0.75
    """...and this share of them must."""
    self_overlap: float = 0.08
    """Self-penetration energy in [cm^2]."""
    joint_excess: float = 0.02
    """Joint limit energy in [rad^2]."""
    facing: float = 0.55
    """Weighted mean of 1 + cos(angle) between hand and object normals; 0 is face to face."""
    forearm: float = -0.005
    """Least distance in [m] from the forearm to the object, for the best bend of the wrist; skin
    and sleeve give way a little."""


class CheapVerdict(NamedTuple):
    """Batch checks, one flag per hand; a grasp must pass all."""

    depth: Bool[Tensor, " b"]
    contact: Bool[Tensor, " b"]
    avoid: Bool[Tensor, " b"]
    anatomy: Bool[Tensor, " b"]
    facing: Bool[Tensor, " b"]
    forearm: Bool[Tensor, " b"]

    def all(self) -> Bool[Tensor, " b"]:
        """Hands that pass every batch check."""
        return torch.stack(list(self)).all(0)


def check_batch(
    prepared: PreparedProblems,
    state: HandState,
    contacts: Contacts,
    all_depths: Float[Tensor, " b"],
    limits: FilterLimits,
) -> CheapVerdict:
    """Everything that distance grids can tell.

    Args:
        all_depths: Depth of the deepest of all hand vertices (not only the sparse ones), in [m].
    """
    surface, weight = prepared.surface, prepared.problems.region_weight
    main = weight >= limits.main_weight
    touching = contacts.gap < limits.contact
    share = (touching & main).sum(-1) / main.sum(-1).clamp(min=1)
    thumb = list(THUMB_REGIONS)
    thumb_matters = (weight[:, thumb] > 0).any(-1)
    thumb_touches = (touching & (weight > 0))[:, thumb].any(-1)

    clear = torch.ones_like(share, dtype=torch.bool)
    for avoided in prepared.avoided:
        needed = (avoided.margin / 2).clamp(max=0.004) - 0.0015
        distance = avoided.grids(state.vertices_object[avoided.rows]).amin(-1)
        clear[avoided.rows] &= distance > needed
    arm = forearm_clearance(prepared.forearm, state.T_object_hand, POSSIBLE_BENDS)

    facing = 1.0 + (contacts.normals_hand * contacts.normals_object).sum(-1)
    mean_facing = (weight * facing).sum(-1) / weight.sum(-1).clamp(min=1e-6)
    return CheapVerdict(
        depth=all_depths < limits.depth,
        contact=(share >= limits.main_share) & (thumb_touches | ~thumb_matters),
        avoid=clear,
        anatomy=(self_penetration_term(surface, state) < limits.self_overlap)
        & (limit_term(state.dofs) < limits.joint_excess),
        facing=mean_facing < limits.facing,
        forearm=arm.amin(-1).amax(-1) > limits.forearm,
    )


class TouchedParts(NamedTuple):
    """What the hand touches."""

    share: Float[ndarray, " parts"]
    """Share of the near hand vertices that are nearest to each part; sums to 1 or is all zero."""
    count: Int[ndarray, " parts"]
    """Near hand vertices of each part."""
    by_finger: Bool[ndarray, "fingers parts"]
    """Whether a vertex of each hand region (`FINGERS`) is within 3 mm of each part."""


class PartLabels:
    """The nearest part of points near an object, from a dense sample of its surface.

    The sample is built once per object; its spacing of under a millimetre makes a distance of
    3 mm wrong by less than a tenth of one.
    """

    def __init__(self, shape: ObjectShape) -> None:
        assert shape.face_parts is not None, "only labelled objects are synthesised for"
        area = trimesh.Trimesh(shape.vertices_object, shape.faces, process=False).area
        count = int(min(60_000, area / _SAMPLE_AREA))
        sample = shape.sample(count, generator=torch.Generator().manual_seed(0))
        assert sample.parts is not None
        self.part_names = shape.part_names
        # Unbalanced: the balanced tree crashes on flushed denormals, which workers flush for speed.
        self._tree = KDTree(sample.points_object.numpy(), balanced_tree=False)
        self._parts = sample.parts.numpy()

    def touched(
        self,
        vertices_object: Float[ndarray, "V 3"],
        vertex_finger: Int[ndarray, " V"],
        *,
        near: float,
        touch: float = 0.003,
    ) -> TouchedParts:
        """Label a hand's vertices with the part they are closest to.

        Args:
            near: Distance in [m] within which a vertex counts for `share` and `count`.
            touch: Distance in [m] within which a finger touches.
        """
        num_parts = len(self.part_names)
        distance, index = self._tree.query(vertices_object, distance_upper_bound=near)
        (close,) = np.nonzero(np.isfinite(distance))
        part = self._parts[np.asarray(index)[close]]
        count = np.bincount(part, minlength=num_parts)
        touching = distance[close] < touch
        by_finger = np.zeros((len(FINGERS), num_parts), dtype=bool)
        by_finger[np.asarray(vertex_finger)[close[touching]], part[touching]] = True
        return TouchedParts(count / max(1, count.sum()), count, by_finger)


def shared_volume(
    hand: tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]], solid: manifold3d.Manifold
) -> float:
    """Volume in [m^3] of the intersection of a hand mesh with a solid; infinity if undefined."""
    hand_solid = to_manifold(*hand)
    if hand_solid.status() != manifold3d.Error.NoError:
        return float("inf")
    return float((hand_solid ^ solid).volume())
