"""The model frame follows the object."""

import pytest
import torch
from tokenizer_samples import random_cloud, random_grasp

from semgrasp.geometry import make_transform, rotation_about_z, transform_points
from semgrasp.tokenizer import ModelFrame
from semgrasp.types import Grasp


def turned(grasp: Grasp, yaw: float) -> Grasp:
    T = make_transform(rotation_about_z(torch.tensor(yaw)), torch.zeros(3))
    return Grasp(T @ grasp.T_object_hand, grasp.finger_angles, grasp.betas)


def test_heading_becomes_the_x_axis():
    yaw = torch.tensor(0.7)
    ahead = torch.stack([yaw.cos(), yaw.sin(), torch.tensor(0.2)])[None]
    expected = torch.tensor([[1.0, 0.0, 0.2]])
    torch.testing.assert_close(ModelFrame(yaw).points_to_model(ahead), expected)


@pytest.mark.parametrize("batch", [(), (5,), (2, 3)])
def test_grasps_return_to_the_object_frame(batch):
    frame, grasp = ModelFrame(torch.tensor(1.1)), random_grasp(*batch)
    back = frame.grasp_to_object(frame.grasp_to_model(grasp))
    torch.testing.assert_close(back.T_object_hand, grasp.T_object_hand)


def test_each_object_has_its_own_heading():
    frame, grasp = ModelFrame(torch.tensor([0.3, -2.0])), random_grasp(2, 3)
    both = frame.grasp_to_model(grasp).T_object_hand
    for i in range(2):
        alone = ModelFrame(frame.heading[i]).grasp_to_model(grasp[i])
        torch.testing.assert_close(both[i], alone.T_object_hand)


def test_points_and_grasps_move_together():
    frame, grasp, points = ModelFrame(torch.tensor(0.4)), random_grasp(), random_cloud(1)[0]
    hand_to_points = torch.linalg.inv(grasp.T_object_hand)
    in_model = torch.linalg.inv(frame.grasp_to_model(grasp).T_object_hand)
    torch.testing.assert_close(
        transform_points(hand_to_points, points),
        transform_points(in_model, frame.points_to_model(points)),
        atol=1e-6,
        rtol=1e-4,
    )


def test_turning_an_object_with_its_grasp_does_not_change_the_model_frame():
    # A lopsided cloud, so that its heading is well defined.
    points = random_cloud(1, 2000)[0] * torch.tensor([2.0, 0.5, 1.0])
    points = torch.cat([points, torch.tensor([[0.15, 0.0, 0.0]]) + 0.1 * points])
    grasp = random_grasp(3)
    before, T = ModelFrame.of(points), rotation_about_z(torch.tensor(0.9))
    after = ModelFrame.of(points @ T.mT)
    torch.testing.assert_close(
        before.grasp_to_model(grasp).T_object_hand,
        after.grasp_to_model(turned(grasp, 0.9)).T_object_hand,
        atol=2e-3,
        rtol=0.0,
    )
