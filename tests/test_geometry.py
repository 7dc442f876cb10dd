"""Rotations and transforms: group axioms, round trips near the hard angles, gradients."""

import math

import pytest
import torch

from semgrasp.geometry import (
    axis_angle_to_matrix,
    invert_transform,
    make_transform,
    matrix_to_axis_angle,
    matrix_to_rotation_6d,
    rotation_6d_to_matrix,
    rotation_about_z,
    transform_points,
)

ANGLES = [0.0, 1e-9, 1e-5, 1e-3, 0.7, math.pi / 2, math.pi - 1e-3, math.pi - 1e-7]


@pytest.fixture
def axes() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    random = torch.randn(40, 3, generator=generator, dtype=torch.float64)
    axes = torch.cat(
        [random, torch.eye(3, dtype=torch.float64), -torch.eye(3, dtype=torch.float64)]
    )
    return torch.nn.functional.normalize(axes, dim=-1)


def random_transform(*batch: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    rotation = torch.randn(*batch, 3, generator=generator, dtype=torch.float64)
    translation = torch.randn(*batch, 3, generator=generator, dtype=torch.float64)
    return make_transform(axis_angle_to_matrix(rotation), translation)


@pytest.mark.parametrize("angle", ANGLES)
def test_axis_angle_survives_the_way_through_a_matrix(axes, angle):
    torch.testing.assert_close(
        matrix_to_axis_angle(axis_angle_to_matrix(angle * axes)), angle * axes, atol=1e-7, rtol=0
    )


def test_half_a_turn_comes_back_as_the_same_rotation(axes):
    R = axis_angle_to_matrix(math.pi * axes)
    again = matrix_to_axis_angle(R)
    torch.testing.assert_close(again.norm(dim=-1), torch.full((46,), math.pi, dtype=torch.float64))
    torch.testing.assert_close(axis_angle_to_matrix(again), R)


@pytest.mark.parametrize("angle", [*ANGLES, math.pi, 5.0])
def test_rotations_are_orthonormal_and_right_handed(axes, angle):
    R = axis_angle_to_matrix(angle * axes)
    torch.testing.assert_close(R @ R.mT, torch.eye(3, dtype=torch.float64).expand_as(R))
    torch.testing.assert_close(torch.linalg.det(R), torch.ones(46, dtype=torch.float64))


def test_quarter_turn_about_z_takes_x_to_y():
    quarter = torch.tensor(math.pi / 2, dtype=torch.float64)
    R = rotation_about_z(quarter)
    torch.testing.assert_close(R[:, 0], torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64))
    rotation = torch.tensor([0.0, 0.0, math.pi / 2], dtype=torch.float64)
    torch.testing.assert_close(R, axis_angle_to_matrix(rotation))


def test_six_numbers_survive_the_way_through_a_matrix(axes):
    R = axis_angle_to_matrix(2.0 * axes)
    torch.testing.assert_close(rotation_6d_to_matrix(matrix_to_rotation_6d(R)), R)


def test_any_six_numbers_give_a_rotation():
    generator = torch.Generator().manual_seed(2)
    R = rotation_6d_to_matrix(torch.randn(2, 5, 6, generator=generator, dtype=torch.float64))
    torch.testing.assert_close(R @ R.mT, torch.eye(3, dtype=torch.float64).expand_as(R))
    assert (torch.linalg.det(R) > 0).all()


@pytest.mark.parametrize("angle", [0.0, 1e-6, 0.5, 3.0])
def test_gradient_of_axis_angle_is_finite_and_right(angle):
    axis = torch.tensor([[0.6, 0.0, 0.8]], dtype=torch.float64)
    rotation = (angle * axis).requires_grad_(True)
    assert torch.autograd.gradcheck(axis_angle_to_matrix, (rotation,))


def test_gradient_of_six_numbers_is_right():
    generator = torch.Generator().manual_seed(3)
    numbers = torch.randn(3, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(rotation_6d_to_matrix, (numbers,))


@pytest.mark.parametrize("batch", [(), (1,), (2, 3)])
def test_a_transform_and_its_inverse_cancel(batch):
    T_a_b = random_transform(*batch)
    identity = torch.eye(4, dtype=torch.float64).expand(*batch, 4, 4)
    torch.testing.assert_close(invert_transform(T_a_b) @ T_a_b, identity)
    points = torch.randn(*batch, 7, 3, dtype=torch.float64)
    there_and_back = transform_points(invert_transform(T_a_b), transform_points(T_a_b, points))
    torch.testing.assert_close(there_and_back, points)


def test_transforming_twice_is_transforming_by_the_product():
    T_a_b, T_b_c = random_transform(2).unbind(0)
    points_c = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(
        transform_points(T_a_b, transform_points(T_b_c, points_c)),
        transform_points(T_a_b @ T_b_c, points_c),
    )
