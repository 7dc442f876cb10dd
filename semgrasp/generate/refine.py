"""Close a decoded hand on the object without changing what it does.

A short optimisation of the pose at test time, after the idea of GraspTTA (Jiang et al., ICCV 2021):
leave the object, bring the pads that are nearly there to its surface, and stay close to the grasp
that the tokens stand for, which carries the meaning.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.generate.object_context import DistanceField
from semgrasp.generate.sparse_hand import SparseHand
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.hand import JOINT_LIMITS, dofs_from_finger_angles, finger_angles_from_dofs
from semgrasp.types import Grasp

_CM = 100.0
_PIVOT_HAND = (-0.085, -0.03, 0.0)
"""Rotations turn about the middle of the grip in [m], so that they hardly move what is held."""
_SOFTMIN_TEMPERATURE = 0.0015
_RATE = 0.02
"""First step of Adam: 0.02 rad in each joint, 0.8 mm and half a degree of the hand."""


@dataclass(frozen=True, kw_only=True)
class RefineSettings:
    """Weights on terms in [cm] and [rad], and the steps of Adam."""

    steps: int = 22
    penetration: float = 12.0
    """On squared depth beyond `tolerance`, summed over the vertices."""
    tolerance: float = 0.0005
    """Depth in [m] that flesh gives way without cost."""
    contact: float = 2.0
    """On the distance of pads that start within `reach` of the surface."""
    reach: float = 0.025
    """In [m]. A pad that starts farther away was not meant to touch."""
    thumb_reach: float = 0.045
    """Thumbs reach farther: without one that opposes the fingers nothing is held."""
    stay_turn: float = 6.0
    """On squared rotation in [rad^2]."""
    stay_shift: float = 0.4
    """On squared translation in [cm^2]."""
    stay_fingers: float = 0.4
    """On squared change of the finger joints in [rad^2]."""
    limits: float = 20.0


def refine(
    grasp: Grasp,
    hand: SparseHand,
    distance: DistanceField,
    settings: RefineSettings | None = None,
) -> Grasp:
    """Grasps (one batch axis) after a short optimisation; shapes of hands are kept."""
    settings = settings or RefineSettings()
    lower, upper = (limit.to(grasp.finger_angles) for limit in JOINT_LIMITS)
    dofs = dofs_from_finger_angles(hand.model, grasp.finger_angles).clamp(lower, upper)
    shaped = hand.model.with_shape(grasp.betas)

    def moved(change: Float[Tensor, "b 27"]) -> Grasp:
        # In the hand's own frame, so that the result does not depend on where the object stands.
        R = axis_angle_to_matrix(change[:, :3])
        pivot = change.new_tensor(_PIVOT_HAND)
        T_hand_moved = make_transform(R, pivot - R @ pivot + change[:, 3:6] / _CM)
        finger_angles = finger_angles_from_dofs(hand.model, dofs + change[:, 6:])
        return Grasp(grasp.T_object_hand @ T_hand_moved, finger_angles, grasp.betas, grasp.side)

    def felt(grasp: Grasp) -> Float[Tensor, "b n"]:
        posed = shaped.with_pose(grasp.T_object_hand, grasp.finger_angles)
        return distance(posed.mesh().vertices_object)

    with torch.no_grad():
        still = torch.zeros(len(dofs), 27)
        weights = _pad_weights(_pad_gaps(felt(moved(still)), hand), hand, settings)
    # One tensor whose entries are all worth about the same; Adam is slow on many small ones.
    scale = torch.tensor([0.4] * 3 + [4.0] * 3 + [1.0] * 21)
    scaled = still.requires_grad_(True)
    optimiser = torch.optim.Adam([scaled], lr=_RATE, betas=(0.8, 0.95))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps, _RATE / 10)
    with torch.enable_grad():
        for step in range(settings.steps):
            # Letting penetration in slowly lets fingers slide out instead of being thrown out.
            ramp = min(1.0, 0.1 + step / (0.5 * settings.steps))
            change = scaled * scale
            loss = (
                _physical_loss(felt(moved(change)), hand, weights, settings, ramp)
                + settings.stay_turn * change[:, :3].square().sum(-1)
                + settings.stay_shift * change[:, 3:6].square().sum(-1)
                + settings.stay_fingers * change[:, 6:].square().sum(-1)
                + settings.limits * _excess(dofs + change[:, 6:], lower, upper)
            )
            optimiser.zero_grad()
            loss.sum().backward()
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        change = scaled * scale
        change[:, 6:] = (dofs + change[:, 6:]).clamp(lower, upper) - dofs
        return moved(change)


def _pad_gaps(distance: Float[Tensor, "b n"], hand: SparseHand) -> Float[Tensor, "b pads"]:
    """Soft minimum over each pad of the distance to the surface, in [m]."""
    pads = distance[:, hand.pads].abs()
    return (torch.softmax(-pads / _SOFTMIN_TEMPERATURE, dim=-1) * pads).sum(-1)


def _pad_weights(
    gap: Float[Tensor, "b pads"], hand: SparseHand, settings: RefineSettings
) -> Float[Tensor, "b pads"]:
    """Near pads count, fingertips most; what is out of reach is left where it is.

    Falling off towards the reach, the weights hardly move a grasp that already holds.
    """
    is_thumb = torch.tensor([name.startswith("thumb") for name in hand.pad_names])
    reach = torch.where(is_thumb, settings.thumb_reach, settings.reach)
    importance = torch.tensor([1.0 if name.endswith("3") else 0.15 for name in hand.pad_names])
    importance = torch.where(is_thumb, 1.5 * importance, importance)
    return importance * (1.0 - gap / reach).clamp(min=0.0).square()


def _physical_loss(
    distance: Float[Tensor, "b n"],
    hand: SparseHand,
    weights: Float[Tensor, "b pads"],
    settings: RefineSettings,
    ramp: float,
) -> Float[Tensor, " b"]:
    depth_cm = (-distance - settings.tolerance).clamp(min=0.0) * _CM
    gap_cm = _pad_gaps(distance, hand) * _CM
    # Smooth within half a millimetre, so that pads come to rest on the surface.
    pull = (weights * (gap_cm.square() + 0.05**2).sqrt()).sum(-1)
    push = depth_cm.square().sum(-1)
    return ramp * settings.penetration * push + settings.contact * pull


def _excess(
    dofs: Float[Tensor, "b 21"], lower: Float[Tensor, " 21"], upper: Float[Tensor, " 21"]
) -> Float[Tensor, " b"]:
    return ((lower - dofs).clamp(min=0.0) + (dofs - upper).clamp(min=0.0)).square().sum(-1)
