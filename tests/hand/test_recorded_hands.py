"""Recorded human grasps (DexYCB) replayed with the open hand on the recorded skeleton."""

import igl
import numpy as np
import pytest
import torch

from eval.human_grasps import Recording, human_grasps, read_recording, recorded_hand
from semgrasp.errors import InputError
from semgrasp.hand import HandModel


@pytest.fixture(scope="module")
def recording(shared_data) -> Recording:
    return read_recording(shared_data / "dexycb_grasps")


@pytest.fixture(scope="module")
def skeleton_hand(recording) -> HandModel:
    return recorded_hand(recording)


def _replay(hand: HandModel, recording: Recording):
    betas = torch.zeros(10, dtype=torch.float64)
    return hand.with_shape(betas).with_pose(recording.T_file_hand, recording.finger_angles).mesh()


def test_recorded_joints_are_reproduced_to_a_millimetre(skeleton_hand, recording):
    error = (_replay(skeleton_hand, recording).joints21() - recording.joints21_file).norm(dim=-1)
    assert float(error.mean()) < 0.001
    assert float(error.max()) < 0.005


def test_without_the_skeleton_the_same_angles_miss_by_centimetres(hand, recording):
    """Why `rerested` exists."""
    error = (_replay(hand, recording).joints21() - recording.joints21_file).norm(dim=-1)
    assert float(error.mean()) > 0.01


def test_hand_touches_the_object_that_was_held(shared_data):
    touches = []
    for sample in human_grasps(shared_data / "dexycb_grasps")[::5]:
        shape = sample.shape
        distance = igl.signed_distance(
            sample.hand_vertices_object, shape.vertices_object, shape.faces.astype(np.int64)
        )[0]
        touches.append(np.any(np.abs(distance) < 0.005))
    assert np.mean(touches) >= 0.9


def test_a_folder_without_recordings_is_named(tmp_path):
    with pytest.raises(InputError, match=r"dexycb_grasps_mano\.npz"):
        human_grasps(tmp_path)
