"""Recorded human grasps (DexYCB) replayed with the open hand on the recorded skeleton.

The skeleton follows from the recorded poses and joints alone and lives only in this test.
"""

import json
from typing import NamedTuple

import igl
import numpy as np
import pytest
import torch
import trimesh
from torch import Tensor

from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.hand import HandModel

# The file has the ring finger before the pinky.
_TO_OURS = [0, *range(1, 9), *range(13, 17), *range(9, 13), *range(17, 21)]


class _Recording(NamedTuple):
    T_object_hand: Tensor
    finger_angles: Tensor
    joints21: Tensor
    objects: list[str]
    is_contact_rich: list[bool]


@pytest.fixture(scope="module")
def recording(shared_data) -> _Recording:
    folder = shared_data / "dexycb_grasps"
    with np.load(folder / "dexycb_grasps_mano.npz") as file:
        pose = torch.from_numpy(file["mano_pose"]).double().unflatten(-1, (16, 3))
        joints21 = torch.from_numpy(file["joints21"]).double()[:, _TO_OURS]
        objects, names = file["object"].tolist(), file["id"].tolist()
    index = {g["id"]: g for g in json.loads((folder / "grasps_index.json").read_text())}
    is_rich = [
        index[name]["contact_verts_5mm"] >= 20 and "thumb" in index[name]["contact_by_region"]
        for name in names
    ]
    T_object_hand = make_transform(axis_angle_to_matrix(pose[:, 0]), joints21[:, 0])
    return _Recording(T_object_hand, pose[:, 1:], joints21, objects, is_rich)


@pytest.fixture(scope="module")
def recorded_hand(hand, recording) -> HandModel:
    """The open hand on the mean rest skeleton of the recording."""
    R_object_joint = [recording.T_object_hand[:, :3, :3]]
    R_parent_joint = axis_angle_to_matrix(recording.finger_angles)
    for joint, parent in enumerate(hand.parents[1:], start=1):
        R_object_joint.append(R_object_joint[parent] @ R_parent_joint[:, joint - 1])
    rest = torch.zeros_like(recording.joints21)
    for finger in range(5):
        chain = [0, *range(4 * finger + 1, 4 * finger + 5)]
        carriers = [0, *range(3 * finger + 1, 3 * finger + 4)]
        for carrier, start, end in zip(carriers, chain[:-1], chain[1:], strict=True):
            offset = recording.joints21[:, end] - recording.joints21[:, start]
            rest[:, end] = rest[:, start] + (R_object_joint[carrier].mT @ offset[..., None])[..., 0]
    return hand.rerested(rest.mean(0))


def _replay(hand, recording):
    betas = torch.zeros(10, dtype=torch.float64)
    return hand.with_shape(betas).with_pose(recording.T_object_hand, recording.finger_angles).mesh()


def test_recorded_joints_are_reproduced_to_a_millimetre(recorded_hand, recording):
    error = (_replay(recorded_hand, recording).joints21() - recording.joints21).norm(dim=-1)
    assert float(error.mean()) < 0.001
    assert float(error.max()) < 0.005


def test_without_the_skeleton_the_same_angles_miss_by_centimetres(hand, recording):
    """Why `rerested` exists."""
    error = (_replay(hand, recording).joints21() - recording.joints21).norm(dim=-1)
    assert float(error.mean()) > 0.01


def test_hand_touches_the_object_that_was_held(recorded_hand, recording, shared_data):
    vertices_object = _replay(recorded_hand, recording).vertices_object.numpy()
    meshes, touches = {}, []
    for i in np.flatnonzero(recording.is_contact_rich)[::5]:
        name = recording.objects[i]
        if name not in meshes:
            meshes[name] = trimesh.load(
                shared_data / "dexycb_grasps" / "meshes_dexycb_frame" / f"{name}.ply"
            )
        mesh = meshes[name]
        distance = igl.signed_distance(vertices_object[i], mesh.vertices, mesh.faces)[0]
        touches.append(np.any(np.abs(distance) < 0.005))
    assert np.mean(touches) >= 0.9
