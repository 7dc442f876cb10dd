"""Recorded human grasps (DexYCB) through their convention and a MANO-shaped model.

The model has the layout of MANO's file and the skeleton of the recording: its joints are solved
from the recorded joints, and so is how its fingertips move with the pose, from one half of the
grasps; the other half must follow.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from synthetic_mano import PARENTS, mano_table, regressor

from eval.human_grasps import read_recording, recorded_hand
from semgrasp.geometry import axis_angle_to_matrix
from semgrasp.hand import HandModel, hand_convention, load_mano

_TIP_OF_FINGER = (317, 444, 673, 556, 745)
"""Vertices of the recorded fingertips: index, middle, pinky, ring, thumb."""


@pytest.fixture(scope="module")
def recorded(shared_data) -> dict[str, np.ndarray]:
    with np.load(shared_data / "dexycb_grasps" / "dexycb_grasps_mano.npz") as file:
        return {key: file[key] for key in file.files}


@pytest.fixture(scope="module")
def mano(recorded, tmp_path_factory) -> HandModel:
    """A MANO-shaped file with the recorded skeleton, read back."""
    pose = torch.from_numpy(recorded["mano_pose"]).double().reshape(-1, 16, 3)
    convention = hand_convention("dexycb")
    joints21 = convention.joints21(recorded["joints21_mano_order"].astype(np.float64))
    joints = convention.joints16(recorded["joints21_mano_order"].astype(np.float64))
    tips = joints21[:, 4::4]
    R = axis_angle_to_matrix(pose)
    R_file_joint = [R[:, 0]]
    rest = [torch.from_numpy(recorded["wrist"] - recorded["mano_transl"]).double().mean(0)]
    for joint, parent in enumerate(PARENTS[1:], start=1):
        offset = joints[:, joint] - joints[:, parent]
        bone = (R_file_joint[parent].mT @ offset[..., None])[..., 0]
        rest.append(rest[parent] + bone.mean(0))
        R_file_joint.append(R_file_joint[parent] @ R[:, joint])
    # A fingertip in the frame of its last joint is its rest position plus 135 directions.
    is_known = recorded["split"] == "train"
    feature = (R[:, 1:] - torch.eye(3, dtype=torch.float64)).flatten(1).numpy()
    feature = np.concatenate([feature, np.ones((len(feature), 1))], axis=1)
    table = mano_table()
    for finger, vertex in enumerate(_TIP_OF_FINGER):
        last = 3 * finger + 3
        offset = (tips[:, finger] - joints[:, last])[..., None]
        local = (R_file_joint[last].mT @ offset)[..., 0].numpy()
        solved = np.linalg.lstsq(feature[is_known], local[is_known], rcond=1e-6)[0]
        table["v_template"][vertex] = rest[last].numpy() + solved[-1]
        table["posedirs"][vertex] = solved[:-1].T
        table["weights"][vertex] = np.eye(16)[last]
    table["J_regressor"] = regressor(
        table["v_template"], torch.stack(rest).numpy(), np.random.default_rng(0)
    )
    path = tmp_path_factory.mktemp("mano") / "MANO_RIGHT.npz"
    np.savez(path, **table)
    return load_mano(path, dtype=torch.float64)


def _grasps(recorded, hand: HandModel):
    pose, translation = recorded["mano_pose"], recorded["mano_transl"]
    betas = np.zeros((len(pose), 10))
    return hand_convention("dexycb").grasp(
        pose.astype(np.float64), translation.astype(np.float64), betas, hand
    )


def test_recorded_joints_are_reproduced_below_half_a_millimetre(recorded, mano):
    mesh = mano.pose(_grasps(recorded, mano))
    ours = hand_convention("dexycb").joints(mesh, mano).numpy()
    error = np.linalg.norm(ours - recorded["joints21_mano_order"], axis=-1)
    assert error.shape == (501, 21)
    tips = [4, 8, 12, 16, 20]
    assert np.delete(error, tips, axis=1).max() < 5e-5
    # Grasps that had no part in solving for the fingertips.
    unseen = error[recorded["split"] == "test"]
    assert len(unseen) == 125
    assert unseen.max() < 5e-4


def test_the_same_grasps_drive_the_open_hand(recorded, mano, shared_data):
    flesh = recorded_hand(read_recording(shared_data / "dexycb_grasps"))
    hand = replace(flesh, mano=mano.mano)
    mesh = hand.pose(_grasps(recorded, hand))
    error = (mesh.joints_object - mano.pose(_grasps(recorded, mano)).joints_object).norm(dim=-1)
    assert float(error.max()) < 5e-4
    written = hand_convention("dexycb").parameters(_grasps(recorded, hand), hand)
    np.testing.assert_allclose(written.translation, recorded["mano_transl"], atol=1e-6)
    np.testing.assert_allclose(written.pose[:, 3:], recorded["mano_pose"][:, 3:], atol=1e-6)
