"""What a robot has to do, read from a human grasp: which finger presses where, and from which side.

Every vertex of the skin that is near the object and faces it is a contact, found in the object's
distance grid, so that hundreds of grasps cost one look-up. A phalanx presses at the mean of its
contacts, brought back to the surface.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.hand import HandModel
from semgrasp.metrics import HOLDING_DISTANCE, HandRegions
from semgrasp.robots.held import HeldBatch
from semgrasp.types import FINGERS, Grasp

HUMAN_FINGERS = ("thumb", "index", "middle", "ring", "pinky")
"""Order of the fingers in `HumanTargets`."""

_NEAR = 0.005
"""Skin within this distance in [m] touches."""
_LOOSE = 0.010
"""...or within this, for a finger that touches nowhere: recorded hands hover."""
_FEWEST = 2.0
"""Vertices of a phalanx that must touch for it to press."""


@dataclass(frozen=True, eq=False)
class HumanTargets:
    """Where each phalanx of many human hands presses on one object, in the object frame."""

    points: Float[Tensor, "b 5 3 3"]
    """On the surface, for every finger and its phalanges from base to tip, in [m]."""
    normals: Float[Tensor, "b 5 3 3"]
    """Outward unit normals of the object there."""
    touches: Bool[Tensor, "b 5 3"]
    """Whether the phalanx touches; where it does not, its point means nothing."""
    counts: Float[Tensor, "b 5 3"]
    """Vertices of the skin with which it does."""
    tips: Float[Tensor, "b 5 3"]
    """Fingertips, touching or not, in [m]."""
    palm_point: Float[Tensor, "b 3"]
    """Middle of the palm's skin in [m]."""
    palm_direction: Float[Tensor, "b 3"]
    """Unit vector out of the palm."""
    palm_touches: Bool[Tensor, " b"]
    part: Int[Tensor, " b"]
    """The part that most of the near skin, palm and all, is nearest to; -1 where none is known."""

    def __len__(self) -> int:
        return len(self.tips)

    @property
    def finger_touches(self) -> Bool[Tensor, "b 5"]:
        """Whether any phalanx of a finger touches."""
        return self.touches.any(-1)

    def outermost(self) -> tuple[Float[Tensor, "b 5 3"], Float[Tensor, "b 5 3"]]:
        """Point and normal at the outermost phalanx that touches, else at the fingertip."""
        order = torch.arange(1, 4) * self.touches
        index = order.argmax(-1)[..., None, None].expand(-1, -1, 1, 3)
        point = self.points.gather(2, index)[:, :, 0]
        normal = self.normals.gather(2, index)[:, :, 0]
        point = torch.where(self.finger_touches[..., None], point, self.tips)
        return point, normal

    def __getitem__(self, index) -> "HumanTargets":
        return HumanTargets(*(value[index] for value in vars(self).values()))


@torch.no_grad()
def human_targets(grasps: Grasp, hand_model: HandModel, held: HeldBatch) -> HumanTargets:
    """Targets of a batch of grasps.

    Args:
        grasps: With one batch axis.
        hand_model: The hand they pose.
        held: The object of each grasp.

    Raises:
        InputError: The grasps are of the other hand.
    """
    if grasps.side != hand_model.side:
        raise InputError(
            f"{grasps.side.capitalize()} grasps need a {grasps.side} hand, got the "
            f"{hand_model.side} hand {hand_model.name!r}. Use hand.mirrored()."
        )
    hand = hand_model.to(dtype=torch.float32, device="cpu")
    mesh = (
        hand.with_shape(grasps.betas.float())
        .with_pose(grasps.T_object_hand.float(), grasps.finger_angles.float())
        .mesh()
    )
    vertices = mesh.vertices_object
    distance, gradient = held.distance(vertices)
    row, vertex = torch.nonzero(distance < _LOOSE, as_tuple=True)
    outward = torch.nn.functional.normalize(gradient[row, vertex], dim=-1)
    skin = _skin(hand_model)
    is_facing = (_normals(vertices, skin, row, vertex) * outward).sum(-1) < 0.0
    row, vertex, outward = row[is_facing], vertex[is_facing], outward[is_facing]
    gap = distance[row, vertex]
    on_surface = vertices[row, vertex] - gap[:, None] * outward

    place = 16 * row + skin.region[vertex]
    with_one = torch.nn.functional.pad(on_surface, (0, 1), value=1.0)

    def summed(reach: float) -> tuple[Tensor, Tensor]:
        sums = torch.zeros(16 * len(vertices), 4)
        sums.index_add_(0, place, (gap < reach).float()[:, None] * with_one)
        total, count = sums.unflatten(0, (-1, 16)).split([3, 1], dim=-1)
        return total / count.clamp(min=1.0), count[..., 0]

    points, counts = summed(_NEAR)
    touches = counts >= _FEWEST
    # A finger that touches nowhere gets the looser reach, not more phalanges of one that does.
    idle = ~touches[:, 1:].unflatten(1, (5, 3)).any(-1).repeat_interleave(3, dim=1)
    idle = torch.cat([~touches[:, :1], idle], dim=1)
    loose_points, loose_counts = summed(_LOOSE)
    points = torch.where(idle[..., None], loose_points, points)
    counts = torch.where(idle, loose_counts, counts)
    touches = torch.where(idle, counts >= _FEWEST, touches)
    value, slope = held.distance(points)
    normals = torch.nn.functional.normalize(slope, dim=-1)
    points = points - value[..., None] * normals

    palm = torch.cat([hand.pads["palm_upper"], hand.pads["palm_middle"]])
    rows = torch.arange(len(vertices)).repeat_interleave(len(palm))
    of_palm = _normals(vertices, skin, rows, palm.repeat(len(vertices)))
    palm_direction = of_palm.unflatten(0, (-1, len(palm))).mean(1)
    palm_direction = torch.nn.functional.normalize(palm_direction, dim=-1)
    fingers = [FINGERS.index(name) - 1 for name in HUMAN_FINGERS]
    return HumanTargets(
        points[:, 1:].unflatten(1, (5, 3))[:, fingers],
        normals[:, 1:].unflatten(1, (5, 3))[:, fingers],
        touches[:, 1:].unflatten(1, (5, 3))[:, fingers],
        counts[:, 1:].unflatten(1, (5, 3))[:, fingers],
        mesh.tips_object[:, fingers],
        vertices[:, palm].mean(1),
        palm_direction,
        touches[:, 0],
        _held_parts(vertices, distance, held),
    )


def _held_parts(
    vertices: Float[Tensor, "b V 3"], distance: Float[Tensor, "b V"], held: HeldBatch
) -> Int[Tensor, " b"]:
    """The part that most skin within `HOLDING_DISTANCE` is nearest to, as `metrics.held_part`."""
    part = torch.full((len(vertices),), -1)
    for i, one in enumerate(held.objects):
        if one.shape.face_parts is None:
            continue
        face_parts = torch.from_numpy(np.asarray(one.shape.face_parts)).long()
        (rows,) = torch.nonzero(held.which == i, as_tuple=True)
        row, vertex = torch.nonzero(distance[rows] < HOLDING_DISTANCE, as_tuple=True)
        if not len(row):
            continue
        faces = one.nearest_faces(vertices[rows[row], vertex])
        count = torch.zeros(len(rows), len(one.shape.part_names), dtype=torch.long)
        count.index_put_((row, face_parts[faces]), torch.ones_like(row), accumulate=True)
        part[rows] = torch.where(count.any(1), count.argmax(1), -1)
    return part


class _Skin(NamedTuple):
    """Of a hand, whatever its shape and pose."""

    region: Int[Tensor, " V"]
    """Of each vertex: 0 for the palm, then three phalanges to a finger, in MANO's order."""
    count: Int[Tensor, " V"]
    """Faces around each vertex."""
    corners: Int[Tensor, "all 2"]
    """Their other two corners, vertex by vertex."""


@lru_cache(maxsize=8)
def _skin(hand_model: HandModel) -> _Skin:
    regions = HandRegions.of_model(hand_model)
    region = np.where(
        regions.vertex_phalanx > 0, 3 * (regions.vertex_finger - 1) + regions.vertex_phalanx, 0
    )
    faces = hand_model.faces.cpu().long()
    corner = torch.cat([faces, faces.roll(-1, dims=1), faces.roll(-2, dims=1)])
    corner = corner[corner[:, 0].argsort(stable=True)]
    count = torch.bincount(corner[:, 0], minlength=len(region))
    return _Skin(torch.from_numpy(region), count, corner[:, 1:].contiguous())


def _normals(
    vertices: Float[Tensor, "b V 3"], skin: _Skin, row: Int[Tensor, " n"], vertex: Int[Tensor, " n"]
) -> Float[Tensor, "n 3"]:
    """Unit normals of some vertices of some hands: the sum over the faces around them."""
    count = skin.count[vertex]
    owner = torch.arange(len(row)).repeat_interleave(count)
    skipped = (skin.count.cumsum(0) - skin.count)[vertex] - (count.cumsum(0) - count)
    face = torch.arange(len(owner)) + skipped[owner]
    row = row * vertices.shape[1]
    first, second = skin.corners.index_select(0, face).unbind(-1)
    at = (row[owner] + first, row[owner] + second, (row + vertex)[owner])
    # One coordinate after the other, as they lie in memory.
    (ax, bx, cx), (ay, by, cy), (az, bz, cz) = (
        [values.index_select(0, index) for index in at]
        for values in (vertices[..., k].flatten() for k in range(3))
    )
    ax, ay, az, bx, by, bz = ax - cx, ay - cy, az - cz, bx - cx, by - cy, bz - cz
    area = torch.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], dim=-1)
    normal = torch.zeros(len(row), 3).index_add_(0, owner, area)
    return torch.nn.functional.normalize(normal, dim=-1)
