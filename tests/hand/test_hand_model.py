"""Shaping and posing: batches, gradients, invariances, and a naive loop as the oracle."""

import pytest
import torch

from semgrasp.errors import InputError
from semgrasp.geometry import axis_angle_to_matrix, make_transform, transform_points
from semgrasp.types import Grasp


def _random_transform(generator, *batch):
    turn = torch.randn(*batch, 3, generator=generator, dtype=torch.float64)
    shift = torch.randn(*batch, 3, generator=generator, dtype=torch.float64)
    return make_transform(axis_angle_to_matrix(turn), shift)


def _random_grasp(generator, *batch):
    angles = 0.4 * torch.randn(*batch, 15, 3, generator=generator, dtype=torch.float64)
    betas = torch.randn(*batch, 10, generator=generator, dtype=torch.float64)
    return Grasp(_random_transform(generator, *batch), angles, betas)


@pytest.mark.parametrize("batch", [(), (1,), (2, 3)])
def test_every_batch_shape_agrees_with_single_hands(hand, generator, batch):
    grasp = _random_grasp(generator, *batch)
    mesh = hand.pose(grasp)
    assert mesh.vertices_object.shape == (*batch, len(hand.template_vertices), 3)
    assert mesh.joints21().shape == (*batch, 21, 3)
    last = tuple(n - 1 for n in batch)
    torch.testing.assert_close(mesh.vertices_object[last], hand.pose(grasp[last]).vertices_object)


def test_one_person_takes_many_poses(hand, generator):
    grasp = _random_grasp(generator, 4)
    shared = hand.with_shape(grasp.betas[0])
    mesh = shared.with_pose(grasp.T_object_hand, grasp.finger_angles).mesh()
    repeated = hand.pose(
        Grasp(grasp.T_object_hand, grasp.finger_angles, grasp.betas[:1].repeat(4, 1))
    )
    torch.testing.assert_close(mesh.vertices_object, repeated.vertices_object)
    torch.testing.assert_close(mesh.tips_object, repeated.tips_object)


def test_skinning_agrees_with_a_loop_over_joints(hand, generator):
    grasp = _random_grasp(generator)
    shaped = hand.with_shape(grasp.betas)
    T_object_joint, T_object_rest = [grasp.T_object_hand], []
    for joint in range(16):
        rest = shaped.joints_rest
        if joint:
            parent = hand.parents[joint]
            R = axis_angle_to_matrix(grasp.finger_angles[joint - 1])
            T_parent_joint = make_transform(R, rest[joint] - rest[parent])
            T_object_joint.append(T_object_joint[parent] @ T_parent_joint)
        T_joint_rest = make_transform(torch.eye(3, dtype=torch.float64), -rest[joint])
        T_object_rest.append(T_object_joint[joint] @ T_joint_rest)
    blended = torch.einsum("vj,jab->vab", hand.skinning_weights, torch.stack(T_object_rest))
    expected = transform_points(blended, shaped.vertices_rest[:, None])[:, 0]
    mesh = hand.pose(grasp)
    torch.testing.assert_close(mesh.vertices_object, expected)
    torch.testing.assert_close(mesh.Ts_object_joint, torch.stack(T_object_joint))


def test_surface_moves_rigidly_with_the_wrist(hand, generator):
    grasp = _random_grasp(generator)
    T_world_object = _random_transform(generator)
    moved = Grasp(T_world_object @ grasp.T_object_hand, grasp.finger_angles, grasp.betas)
    expected = transform_points(T_world_object, hand.pose(grasp).vertices_object)
    torch.testing.assert_close(hand.pose(moved).vertices_object, expected)


def test_flat_pose_is_the_shaped_rest_hand(hand, generator):
    betas = torch.randn(10, generator=generator, dtype=torch.float64)
    eye, flat = torch.eye(4, dtype=torch.float64), torch.zeros(15, 3, dtype=torch.float64)
    shaped = hand.with_shape(betas)
    mesh = shaped.with_pose(eye, flat).mesh()
    # The weights are stored in single precision and sum to one as such.
    torch.testing.assert_close(mesh.vertices_object, shaped.vertices_rest, atol=1e-7, rtol=0)
    torch.testing.assert_close(mesh.joints21()[4::4], shaped.tips_rest)


def test_gradients_agree_with_finite_differences(hand):
    small = hand.subset(torch.arange(0, len(hand.template_vertices), 150))
    generator = torch.Generator().manual_seed(1)
    grasp = _random_grasp(generator, 2)
    inputs = (grasp.betas, grasp.T_object_hand, grasp.finger_angles)

    def skin(betas, T_object_hand, finger_angles):
        mesh = small.with_shape(betas).with_pose(T_object_hand, finger_angles).mesh()
        return mesh.vertices_object, mesh.tips_object

    assert torch.autograd.gradcheck(skin, [x.clone().requires_grad_() for x in inputs])


def test_gradient_is_finite_at_the_flat_hand(hand):
    angles = torch.zeros(15, 3, dtype=torch.float64, requires_grad=True)
    eye, betas = torch.eye(4, dtype=torch.float64), torch.zeros(10, dtype=torch.float64)
    hand.with_shape(betas).with_pose(eye, angles).mesh().vertices_object.sum().backward()
    assert torch.isfinite(angles.grad).all()


def test_left_hand_is_the_mirror_image(hand, generator):
    grasp = _random_grasp(generator, 2)
    flip = torch.diag(torch.tensor([1.0, 1.0, -1.0, 1.0], dtype=torch.float64))
    mirrored_angles = grasp.finger_angles * torch.tensor([-1.0, -1.0, 1.0])
    left_grasp = Grasp(flip @ grasp.T_object_hand @ flip, mirrored_angles, grasp.betas, "left")
    right, left = hand.pose(grasp), hand.mirrored().pose(left_grasp)
    torch.testing.assert_close(left.vertices_object, right.vertices_object * flip.diag()[:3])
    torch.testing.assert_close(left.tips_object, right.tips_object * flip.diag()[:3])


def test_mirroring_twice_changes_nothing(hand):
    twice = hand.mirrored().mirrored()
    assert twice.side == hand.side
    for name, value in vars(hand).items():
        if isinstance(value, torch.Tensor):
            torch.testing.assert_close(getattr(twice, name), value)


def test_pose_directions_mirror_with_the_hand(hand, generator):
    """A hand with pose correctives, as MANO has them, mirrors as a whole."""
    from dataclasses import replace

    def directions(n):
        return 1e-3 * torch.randn(n, 3, 135, generator=generator, dtype=torch.float64)

    corrected = replace(
        hand.subset(torch.arange(50)),
        pose_directions=directions(50),
        tip_pose_directions=directions(5),
    )
    grasp = _random_grasp(generator)
    flip = torch.diag(torch.tensor([1.0, 1.0, -1.0, 1.0], dtype=torch.float64))
    mirrored_angles = grasp.finger_angles * torch.tensor([-1.0, -1.0, 1.0])
    left_grasp = Grasp(flip @ grasp.T_object_hand @ flip, mirrored_angles, grasp.betas, "left")
    right, left = corrected.pose(grasp), corrected.mirrored().pose(left_grasp)
    torch.testing.assert_close(left.vertices_object, right.vertices_object * flip.diag()[:3])
    torch.testing.assert_close(left.tips_object, right.tips_object * flip.diag()[:3])
    assert not torch.allclose(right.vertices_object, hand.pose(grasp).vertices_object[:50])


def test_subset_is_the_same_surface_at_fewer_points(hand, generator):
    chosen = torch.randperm(len(hand.template_vertices), generator=generator)[:100]
    chosen = torch.unique(torch.cat([chosen, hand.pads["index3"]]))
    grasp = _random_grasp(generator)
    small = hand.subset(chosen)
    whole = hand.pose(grasp).vertices_object
    torch.testing.assert_close(small.pose(grasp).vertices_object, whole[chosen])
    torch.testing.assert_close(chosen[small.pads["index3"]], hand.pads["index3"])


def test_precision_changes_numbers_but_not_indices(hand):
    single = hand.to(dtype=torch.float32)
    assert single.template_vertices.dtype == torch.float32
    assert single.faces.dtype == single.pads["thumb3"].dtype == torch.long


def test_joints21_run_along_each_finger(hand):
    zeros = torch.zeros(10, dtype=torch.float64)
    flat = torch.zeros(15, 3, dtype=torch.float64)
    mesh = hand.with_shape(zeros).with_pose(torch.eye(4, dtype=torch.float64), flat).mesh()
    fingers = mesh.joints21()[1:].unflatten(0, (5, 4))
    assert (fingers.norm(dim=-1).diff(dim=1) > 0.005).all()


def test_wrong_side_and_wrong_shape_say_what_to_do(hand, generator):
    grasp = _random_grasp(generator)
    left = Grasp(grasp.T_object_hand, grasp.finger_angles, grasp.betas, "left")
    with pytest.raises(InputError, match="mirrored"):
        hand.pose(left)
    with pytest.raises(InputError, match="10 shape coefficients, got 16"):
        hand.with_shape(torch.zeros(16, dtype=torch.float64))
