"""What a robot has to do, read from a human grasp: which finger presses where, and from which side.

Every vertex of the skin that is near the object and faces it is a contact, found in the object's
distance grid, so that hundreds of grasps cost one look-up. A phalanx presses at the mean of its
contacts, brought back to the surface.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.hand import HandModel
from semgrasp.metrics import HandRegions
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
    outward = torch.nn.functional.normalize(gradient, dim=-1)
    skin = _skin_normals(vertices, hand.faces)
    faces_object = (skin * outward).sum(-1) < 0.0

    regions = HandRegions.of_model(hand_model)
    region = torch.from_numpy(_region_of_vertex(regions))
    member = torch.nn.functional.one_hot(region, 16).float()
    touches, points, counts = None, None, None
    for reach in (_NEAR, _LOOSE):
        near = ((distance < reach) & faces_object).float()
        count = near @ member
        on_surface = vertices - distance[..., None] * outward
        mean = (near[..., None] * on_surface).mT @ member / count.clamp(min=1.0)[:, None]
        found = count >= _FEWEST
        if touches is None or points is None or counts is None:
            touches, points, counts = found, mean.mT, count
            continue
        # A finger that touches nowhere gets the looser reach, not more phalanges of one that does.
        idle = ~touches[:, 1:].unflatten(1, (5, 3)).any(-1).repeat_interleave(3, dim=1)
        idle = torch.cat([~touches[:, :1], idle], dim=1)
        touches = torch.where(idle, found, touches)
        points = torch.where(idle[..., None], mean.mT, points)
        counts = torch.where(idle, count, counts)
    assert touches is not None
    assert points is not None
    assert counts is not None
    value, slope = held.distance(points)
    normals = torch.nn.functional.normalize(slope, dim=-1)
    points = points - value[..., None] * normals

    palm = torch.cat([hand.pads["palm_upper"], hand.pads["palm_middle"]])
    palm_direction = torch.nn.functional.normalize(skin[:, palm].mean(1), dim=-1)
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
    )


def _region_of_vertex(regions: HandRegions) -> np.ndarray:
    """0 for the palm, then three phalanges to a finger, in MANO's order."""
    finger, phalanx = regions.vertex_finger, regions.vertex_phalanx
    return np.where(phalanx > 0, 3 * (finger - 1) + phalanx, 0)


def _skin_normals(vertices: Float[Tensor, "b V 3"], faces: Tensor) -> Float[Tensor, "b V 3"]:
    # Hands last in memory: whole rows are gathered for each vertex.
    across = vertices.permute(2, 1, 0).contiguous()
    a, b, c = (across[:, faces[:, i].long()] for i in range(3))
    weighted = torch.linalg.cross(b - a, c - a, dim=0)
    total = torch.zeros_like(across)
    for i in range(3):
        total.index_add_(1, faces[:, i].long(), weighted)
    return torch.nn.functional.normalize(total, dim=0).permute(2, 1, 0)
