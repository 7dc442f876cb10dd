"""The open hand on another skeleton: joints exact, surface sound."""

import pytest
import torch
import trimesh

from semgrasp.errors import InputError


def _rest_joints21(hand):
    eye, zeros = torch.eye(4, dtype=torch.float64), torch.zeros(10, dtype=torch.float64)
    flat = torch.zeros(15, 3, dtype=torch.float64)
    return hand.with_shape(zeros).with_pose(eye, flat).mesh().joints21()


def _other_skeleton(hand):
    """Broader palm, longer fingers, thumb further out: a skeleton nobody measured."""
    joints21 = _rest_joints21(hand) * torch.tensor([1.05, 0.9, 1.15])
    joints21[17:] += torch.tensor([0.004, -0.003, 0.006])
    return joints21


def test_rest_joints_are_hit_exactly(hand):
    joints21 = _other_skeleton(hand)
    torch.testing.assert_close(_rest_joints21(hand.rerested(joints21)), joints21)


def test_only_positions_relative_to_the_wrist_matter(hand):
    joints21 = _other_skeleton(hand)
    moved = hand.rerested(joints21 + 0.1)
    torch.testing.assert_close(moved.template_vertices, hand.rerested(joints21).template_vertices)


def test_own_skeleton_changes_nothing(hand):
    same = hand.rerested(_rest_joints21(hand))
    torch.testing.assert_close(same.template_vertices, hand.template_vertices, atol=1e-7, rtol=0)
    torch.testing.assert_close(same.shape_directions, hand.shape_directions, atol=1e-7, rtol=0)
    torch.testing.assert_close(same.flexion_axes, hand.flexion_axes)


def test_scaled_skeleton_scales_the_flesh(hand):
    larger = hand.rerested(1.2 * _rest_joints21(hand))
    expected = 1.2 * hand.template_vertices
    torch.testing.assert_close(larger.template_vertices, expected, atol=1e-7, rtol=0)


def test_surface_stays_closed(hand):
    other = hand.rerested(_other_skeleton(hand))
    mesh = trimesh.Trimesh(other.template_vertices.numpy(), other.faces.numpy(), process=False)
    assert mesh.is_watertight
    assert mesh.volume > 200e-6


def test_flexion_axes_turn_with_the_bones(hand):
    def cosine(model):
        return torch.cosine_similarity(model.flexion_axes, model.bones(), dim=-1)

    other = hand.rerested(_other_skeleton(hand))
    torch.testing.assert_close(cosine(other), cosine(hand), atol=1e-7, rtol=0)
    torch.testing.assert_close(other.flexion_axes.norm(dim=-1), hand.flexion_axes.norm(dim=-1))


def test_foreign_frames_are_refused(hand):
    with pytest.raises(InputError, match="fingers along -x"):
        hand.rerested(-_rest_joints21(hand))
    with pytest.raises(InputError, match="NaN"):
        hand.rerested(torch.full((21, 3), torch.nan))
