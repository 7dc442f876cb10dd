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


@dataclass(frozen=True, kw_only=True)
class RefineSettings:
    """Weights on terms in [cm] and [rad], and the steps of Adam."""

    steps: int = 30
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
    dofs = dofs_from_finger_angles(hand.model, grasp.finger_angles).detach()
    lower, upper = (limit.to(dofs) for limit in JOINT_LIMITS)
    dofs = dofs.clamp(lower, upper)
    start = Grasp(
        grasp.T_object_hand,
        finger_angles_from_dofs(hand.model, dofs),
        grasp.betas,
        grasp.side,
    )
    with torch.no_grad():
        weights = _pad_weights(_pad_distance(start, hand, distance), hand, settings)

    # Motion in the hand's own frame: the result does not depend on where the object stands.
    turn = torch.zeros_like(grasp.T_object_hand[..., 0, :3], requires_grad=True)
    shift_cm = torch.zeros_like(turn, requires_grad=True)
    bend = torch.zeros_like(dofs, requires_grad=True)
    optimiser = torch.optim.Adam(
        [
            {"params": [turn], "lr": 0.008},
            {"params": [shift_cm], "lr": 0.08},
            {"params": [bend], "lr": 0.02},
        ],
        betas=(0.8, 0.95),
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps, 1e-3)
    with torch.enable_grad():
        for step in range(settings.steps):
            # Letting penetration in slowly lets fingers slide out instead of being thrown out.
            ramp = min(1.0, 0.1 + step / (0.5 * settings.steps))
            moved = _moved(start, hand, dofs, turn, shift_cm, bend)
            loss = (
                _physical_loss(moved, hand, distance, weights, settings, ramp)
                + settings.stay_turn * turn.square().sum(-1)
                + settings.stay_shift * shift_cm.square().sum(-1)
                + settings.stay_fingers * bend.square().sum(-1)
                + settings.limits * _excess(dofs + bend, lower, upper)
            )
            optimiser.zero_grad()
            loss.sum().backward()
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        return _moved(start, hand, dofs, turn, shift_cm, (dofs + bend).clamp(lower, upper) - dofs)


def _moved(
    start: Grasp,
    hand: SparseHand,
    dofs: Float[Tensor, "b 21"],
    turn: Float[Tensor, "b 3"],
    shift_cm: Float[Tensor, "b 3"],
    bend: Float[Tensor, "b 21"],
) -> Grasp:
    """The starting grasp after a turn about the grip, a shift and a change of the joints."""
    R = axis_angle_to_matrix(turn)
    pivot = turn.new_tensor(_PIVOT_HAND)
    T_hand_moved = make_transform(R, pivot - R @ pivot + shift_cm / _CM)
    finger_angles = finger_angles_from_dofs(hand.model, dofs + bend)
    return Grasp(start.T_object_hand @ T_hand_moved, finger_angles, start.betas, start.side)


def _vertices(grasp: Grasp, hand: SparseHand) -> Float[Tensor, "b n 3"]:
    return hand.vertices(grasp.betas, grasp.T_object_hand, grasp.finger_angles)


def _pads(distance: Float[Tensor, "b n"], hand: SparseHand) -> Float[Tensor, "b pads"]:
    """Soft minimum over each pad of the distance to the surface, in [m]."""
    pads = distance[:, hand.pads].abs()
    return (torch.softmax(-pads / _SOFTMIN_TEMPERATURE, dim=-1) * pads).sum(-1)


def _pad_distance(
    grasp: Grasp, hand: SparseHand, distance: DistanceField
) -> Float[Tensor, "b pads"]:
    return _pads(distance(_vertices(grasp, hand)), hand)


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
    grasp: Grasp,
    hand: SparseHand,
    distance: DistanceField,
    weights: Float[Tensor, "b pads"],
    settings: RefineSettings,
    ramp: float,
) -> Float[Tensor, " b"]:
    signed = distance(_vertices(grasp, hand))
    depth_cm = (-signed - settings.tolerance).clamp(min=0.0) * _CM
    gap_cm = _pads(signed, hand) * _CM
    return ramp * settings.penetration * depth_cm.square().sum(-1) + settings.contact * (
        weights * ((gap_cm.square() + 0.05**2).sqrt())
    ).sum(-1)


def _excess(
    dofs: Float[Tensor, "b 21"], lower: Float[Tensor, " 21"], upper: Float[Tensor, " 21"]
) -> Float[Tensor, " b"]:
    return ((lower - dofs).clamp(min=0.0) + (dofs - upper).clamp(min=0.0)).square().sum(-1)
