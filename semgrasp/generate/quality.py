"""How good candidate grasps look before they are measured exactly, and which come first."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.generate.object_context import ObjectContext
from semgrasp.hand import HandModel
from semgrasp.types import Grasp

_TOUCH = 0.004
"""A pad within this distance of the surface holds it, in [m]."""
_AGREEMENT = 8.0
"""Nats for full agreement with the other candidates on what to hold."""
_FREE_DEPTH = 0.002
"""Depth in [m] that is as good as none: flesh yields."""


class Quality(NamedTuple):
    """Geometry of grasps on one object."""

    penetration: Float[Tensor, " b"]
    """Depth of the deepest vertex in [m]."""
    holds: Float[Tensor, " b"]
    """0 to 1: how close both sides of the grip, fingers and what opposes them, are to touching."""
    opposition: Float[Tensor, " b"]
    """0 to 1: how squarely the two sides press against each other."""


@torch.no_grad()
def assess(grasp: Grasp, hand: HandModel, context: ObjectContext) -> Quality:
    """Measure grasps (one batch axis) on the whole surface of the hand."""
    posed = hand.with_shape(grasp.betas).with_pose(grasp.T_object_hand, grasp.finger_angles)
    vertices = posed.mesh().vertices_object
    signed = context.distance(vertices)
    depth = (-signed.amin(-1)).clamp(min=0.0)

    gaps, normals = [], []
    for pad in hand.pads.values():
        gap, nearest = signed[:, pad].clamp(min=0.0).min(-1)
        point = vertices[torch.arange(len(vertices)), pad[nearest]]
        closest = torch.cdist(point, context.points_object).argmin(-1)
        gaps.append(gap)
        normals.append(context.normals_object[closest])
    gap, normal = torch.stack(gaps, dim=-1), torch.stack(normals, dim=1)

    opposes = torch.tensor([name.startswith(("thumb", "palm")) for name in hand.pads])
    touch = torch.exp(-(gap / _TOUCH).square())
    one_side, other_side = touch * opposes, touch * ~opposes
    holds = one_side.amax(-1) * other_side.amax(-1)
    push = _mean_normal(normal, one_side), _mean_normal(normal, other_side)
    opposition = 0.5 * (1.0 - (push[0] * push[1]).sum(-1))
    return Quality(depth, holds, opposition)


def _mean_normal(
    normal: Float[Tensor, "b pads 3"], weight: Float[Tensor, "b pads"]
) -> Float[Tensor, "b 3"]:
    total = (normal * weight[..., None]).sum(1)
    return total / weight.sum(-1, keepdim=True).clamp(min=1e-6)


def score(
    log_probability: Float[Tensor, " b"], agreement: Float[Tensor, " b"], quality: Quality
) -> Float[Tensor, " b"]:
    """Higher is better, in [nat]: what the model believes, less what physics objects to."""
    depth_mm = (quality.penetration - _FREE_DEPTH).clamp(min=0.0) * 1000.0
    belief = log_probability + _AGREEMENT * agreement
    return belief - 0.5 * depth_mm + 2.0 * quality.holds + 1.0 * quality.opposition
