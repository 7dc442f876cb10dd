"""Refinement closes the hand on the object and leaves the meaning of the grasp alone."""

import math

import pytest
import torch
import trimesh

from semgrasp.generate.object_context import DistanceField
from semgrasp.generate.refine import refine
from semgrasp.generate.sparse_hand import SparseHand
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.hand import (
    JOINT_LIMITS,
    HandModel,
    dofs_from_finger_angles,
    finger_angles_from_dofs,
    open_hand,
)
from semgrasp.types import Grasp, ObjectShape

GRIP_HAND = (-0.095, -0.05, 0.0)
"""Where a ball sits in front of the palm, in the hand frame."""


@pytest.fixture(scope="module")
def hand() -> HandModel:
    return open_hand()


@pytest.fixture(scope="module")
def sparse_hand(hand: HandModel) -> SparseHand:
    return SparseHand.of(hand)


def shape_of(mesh: trimesh.Trimesh) -> ObjectShape:
    return ObjectShape("shape", mesh.vertices.copy(), mesh.faces.copy())


@pytest.fixture(scope="module")
def ball() -> DistanceField:
    return DistanceField.of(shape_of(trimesh.creation.icosphere(subdivisions=3, radius=0.035)))


def half_closed(hand: HandModel, count: int = 6, *, openness: float = 0.0) -> Grasp:
    """Hands around the origin, each off by up to a centimetre or so.

    Args:
        openness: How much less than half the fingers are bent, in [rad].
    """
    generator = torch.Generator().manual_seed(0)
    R = axis_angle_to_matrix(0.15 * torch.randn(count, 3, generator=generator))
    centre = torch.tensor(GRIP_HAND) + 0.006 * torch.randn(count, 3, generator=generator)
    finger = [0.5 - openness, 0.0, 0.7 - openness, 0.4]
    dofs = torch.tensor([*finger * 4, 0.8, 0.1, 0.4, 0.2, 0.2]).expand(count, 21)
    T = make_transform(R, -(R @ centre[..., None])[..., 0])
    return Grasp(T, finger_angles_from_dofs(hand, dofs), torch.zeros(count, 10))


def depth(grasp: Grasp, hand: HandModel, field: DistanceField) -> torch.Tensor:
    return (-field(hand.pose(grasp).vertices_object).amin(-1)).clamp(min=0.0)


def gaps(grasp: Grasp, hand: HandModel, field: DistanceField) -> torch.Tensor:
    """Distance of the five fingertip pads to the surface."""
    distance = field(hand.pose(grasp).vertices_object).abs()
    tips = [pad for name, pad in hand.pads.items() if name.endswith("3")]
    return torch.stack([distance[:, pad].amin(-1) for pad in tips], dim=-1)


def test_penetration_shrinks_to_what_flesh_allows(hand, sparse_hand, ball):
    start = half_closed(hand)
    end = refine(start, sparse_hand, ball)
    assert depth(start, hand, ball).max() > 0.004
    assert depth(end, hand, ball).max() < 0.003


def test_fingers_come_to_the_surface(hand, sparse_hand, ball):
    start = half_closed(hand, openness=0.3)
    end = refine(start, sparse_hand, ball)
    assert gaps(end, hand, ball).mean() < 0.5 * gaps(start, hand, ball).mean()


def test_the_hand_stays_where_the_tokens_put_it(hand, sparse_hand, ball):
    start = half_closed(hand)
    end = refine(start, sparse_hand, ball)
    R_change = start.T_object_hand[:, :3, :3].mT @ end.T_object_hand[:, :3, :3]
    angle = ((R_change.diagonal(dim1=-2, dim2=-1).sum(-1) - 1) / 2).clamp(-1, 1).acos()
    assert angle.max() < math.radians(20)
    joints = hand.pose(start).joints_object - hand.pose(end).joints_object
    assert joints.norm(dim=-1).mean() < 0.015


def test_joints_stay_within_their_limits(hand, sparse_hand, ball):
    dofs = dofs_from_finger_angles(hand, refine(half_closed(hand), sparse_hand, ball).finger_angles)
    lower, upper = JOINT_LIMITS
    assert (dofs >= lower - 1e-4).all()
    assert (dofs <= upper + 1e-4).all()


def test_a_hand_that_touches_nothing_is_left_alone(hand, sparse_hand, ball):
    near = half_closed(hand)
    far = Grasp(near.T_object_hand.clone(), near.finger_angles, near.betas)
    far.T_object_hand[:, 0, 3] += 0.5
    end = refine(far, sparse_hand, ball)
    torch.testing.assert_close(end.T_object_hand, far.T_object_hand)
    torch.testing.assert_close(end.finger_angles, far.finger_angles, atol=1e-5, rtol=0)


def test_the_shape_of_the_hand_is_kept(hand, sparse_hand, ball):
    start = half_closed(hand)
    start = Grasp(start.T_object_hand, start.finger_angles, start.betas + 0.5)
    assert torch.equal(refine(start, sparse_hand, ball).betas, start.betas)


def test_refining_a_batch_equals_refining_one_by_one(hand, sparse_hand, ball):
    start = half_closed(hand, count=3)
    together = refine(start, sparse_hand, ball)
    for index in range(3):
        alone = refine(start[index : index + 1], sparse_hand, ball)
        torch.testing.assert_close(
            alone.T_object_hand[0], together.T_object_hand[index], atol=1e-4, rtol=0
        )


def test_object_and_hand_that_turn_together_end_up_turned(hand, sparse_hand):
    # A quarter turn maps the distance grid onto itself, so nothing is lost to interpolation.
    bar = trimesh.creation.box((0.06, 0.048, 0.12))
    T = torch.eye(4)
    T[:3, :3] = axis_angle_to_matrix(torch.tensor([0.0, 0.0, math.pi / 2]))
    turned_bar = bar.copy()
    turned_bar.apply_transform(T.numpy())
    start = half_closed(hand, count=3)
    turned_start = Grasp(T @ start.T_object_hand, start.finger_angles, start.betas)
    end = refine(start, sparse_hand, DistanceField.of(shape_of(bar)))
    turned_end = refine(turned_start, sparse_hand, DistanceField.of(shape_of(turned_bar)))
    torch.testing.assert_close(turned_end.T_object_hand, T @ end.T_object_hand, atol=2e-3, rtol=0)
    torch.testing.assert_close(turned_end.finger_angles, end.finger_angles, atol=2e-2, rtol=0)
