"""Draw starting hands around a grasp site."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.objects.procedural import GraspSite
from semgrasp.synthesis.cases import GraspCase
from semgrasp.synthesis.manners import Range
from semgrasp.synthesis.optimise import HandPose

_TURN_NOISE = (8.0, 8.0, 12.0)
"""Standard deviations of the rotation about the hand's x, y, z in [deg]."""
_SHIFT_NOISE = 0.004
_DOF_NOISE = 0.08


def sample_placements(
    case: GraspCase,
    site: GraspSite,
    count: int,
    *,
    arc: Range | None = None,
    generator: torch.Generator,
) -> HandPose:
    """`count` hands with open fingers, placed as the case's manner says.

    Args:
        arc: Range of directions in [deg] instead of the case's.
    """
    manner = case.manner

    def draw(low: float, high: float) -> Float[Tensor, " count"]:
        return low + (high - low) * torch.rand(count, generator=generator)

    def noise(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    axis = torch.as_tensor(site.axis_object, dtype=torch.float32)
    front = torch.as_tensor(site.front_object, dtype=torch.float32)
    turned = _about(axis.expand(count, 3), draw(*(arc or case.arc))) @ front
    if manner.approach == "front":
        palm, thumb_side = turned, axis.expand(count, 3)
    else:
        palm, thumb_side = axis.expand(count, 3), turned
    sign = torch.full((count,), case.axis_sign)
    if case.either_axis_sign:
        sign = torch.where(torch.rand(count, generator=generator) < 0.5, -sign, sign)
    thumb_side = thumb_side * sign[:, None]
    R_object_site = torch.stack([torch.linalg.cross(palm, thumb_side), palm, thumb_side], dim=-1)
    turn_deg = noise(count, 3) * torch.tensor(_TURN_NOISE) + torch.tensor([0.0, manner.tilt, 0.0])
    x, y, z = torch.eye(3)
    R_object_hand = (
        R_object_site
        @ _about(x.expand(count, 3), draw(*case.roll))
        @ _about(z.expand(count, 3), torch.full((count,), manner.pinch_pitch))
        @ _about(x.expand(count, 3), turn_deg[:, 0])
        @ _about(y.expand(count, 3), turn_deg[:, 1])
        @ _about(z.expand(count, 3), turn_deg[:, 2])
    )
    radius = site.radius if manner.adds_radius else 0.0
    held_hand = torch.stack(
        [draw(*manner.hand_x), -(radius + draw(*manner.gap)), draw(*manner.hand_z)], dim=-1
    )
    centre = torch.as_tensor(site.centre_object, dtype=torch.float32)
    centre = centre + axis * (draw(*case.along) * site.half_length)[:, None]
    t_object_hand = centre - (R_object_hand @ held_hand[..., None])[..., 0]
    t_object_hand = t_object_hand + _SHIFT_NOISE * noise(count, 3)
    dofs = torch.tensor(manner.open.dofs()) + _DOF_NOISE * noise(count, 21)
    return HandPose(make_transform(R_object_hand, t_object_hand), dofs)


def perturb(pose: HandPose, *, generator: torch.Generator) -> HandPose:
    """The same hands moved a little (4 mm, 5 deg, .08 rad): near a good grasp lie others."""
    count = len(pose.dofs)
    turn = torch.randn(count, 3, generator=generator) * math.radians(5.0)
    R = pose.T_object_hand[:, :3, :3] @ axis_angle_to_matrix(turn)
    t = pose.T_object_hand[:, :3, 3] + _SHIFT_NOISE * torch.randn(count, 3, generator=generator)
    dofs = pose.dofs + _DOF_NOISE * torch.randn(count, 21, generator=generator)
    return HandPose(make_transform(R, t), dofs)


def _about(axis: Float[Tensor, "n 3"], degrees: Float[Tensor, " n"]) -> Float[Tensor, "n 3 3"]:
    return axis_angle_to_matrix(axis * torch.deg2rad(degrees)[:, None])
