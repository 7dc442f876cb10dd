"""Real human grasps (DexYCB) as samples: the open hand on the recorded skeleton.

The recording gives axis-angle poses and 21 joints for each grasp. The rest skeleton follows from
the two and exists only while a program runs: nothing of the recording is kept. Its flesh is the
open hand's, laid on that skeleton, so contact is as loose as the recording's own mean hand.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.evaluation import GraspSample
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.hand import HandModel, open_hand
from semgrasp.objects import load_object
from semgrasp.types import Grasp, ObjectShape

# The file has the ring finger before the pinky.
_TO_OURS = [0, *range(1, 9), *range(13, 17), *range(9, 13), *range(17, 21)]
_RICH_VERTICES = 20
"""A recorded grasp with this many contact vertices, the thumb among them, holds the object."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Grasps as they were recorded, in the frame of each object's file."""

    names: list[str]
    objects: list[str]
    T_file_hand: Float[Tensor, "n 4 4"]
    """Pose of the wrist in [m]."""
    finger_angles: Float[Tensor, "n 15 3"]
    joints21_file: Float[Tensor, "n 21 3"]
    """Wrist, then three joints and the tip of index, middle, pinky, ring, thumb, in [m]."""
    is_contact_rich: list[bool]
    """Whether 20 or more vertices of the recorded hand touch, the thumb's among them."""


def read_recording(folder: Path) -> Recording:
    """Read `dexycb_grasps_mano.npz` and `grasps_index.json` of a folder.

    Raises:
        InputError: The folder does not hold the two files.
    """
    arrays, index = folder / "dexycb_grasps_mano.npz", folder / "grasps_index.json"
    for path in (arrays, index):
        if not path.is_file():
            raise InputError(f"No recorded human grasps at {path}. Pass the folder that holds it.")
    with np.load(arrays) as file:
        pose = torch.from_numpy(file["mano_pose"]).double().unflatten(-1, (16, 3))
        joints21_file = torch.from_numpy(file["joints21"]).double()[:, _TO_OURS]
        names, objects = file["id"].tolist(), file["object"].tolist()
    entries = {entry["id"]: entry for entry in json.loads(index.read_text())}
    is_rich = [
        entries[name]["contact_verts_5mm"] >= _RICH_VERTICES
        and "thumb" in entries[name]["contact_by_region"]
        for name in names
    ]
    T_file_hand = make_transform(axis_angle_to_matrix(pose[:, 0]), joints21_file[:, 0])
    return Recording(names, objects, T_file_hand, pose[:, 1:], joints21_file, is_rich)


def recorded_hand(recording: Recording) -> HandModel:
    """The open hand on the mean rest skeleton of the recording, in double precision."""
    hand = open_hand(dtype=torch.float64)
    R_file_joint = [recording.T_file_hand[:, :3, :3]]
    R_parent_joint = axis_angle_to_matrix(recording.finger_angles)
    for joint, parent in enumerate(hand.parents[1:], start=1):
        R_file_joint.append(R_file_joint[parent] @ R_parent_joint[:, joint - 1])
    rest = torch.zeros_like(recording.joints21_file)
    for finger in range(5):
        chain = [0, *range(4 * finger + 1, 4 * finger + 5)]
        carriers = [0, *range(3 * finger + 1, 3 * finger + 4)]
        for carrier, start, end in zip(carriers, chain[:-1], chain[1:], strict=True):
            offset = recording.joints21_file[:, end] - recording.joints21_file[:, start]
            rest[:, end] = rest[:, start] + (R_file_joint[carrier].mT @ offset[..., None])[..., 0]
    return hand.rerested(rest.mean(0))


def human_grasps(folder: Path, *, only_contact_rich: bool = True) -> list[GraspSample]:
    """The recorded grasps of a folder on its meshes, object by object.

    Args:
        folder: Holds the recording and `meshes_dexycb_frame/`.
        only_contact_rich: Leave out those that do not visibly hold the object.
    """
    recording = read_recording(folder)
    hand = recorded_hand(recording)
    shapes: dict[str, ObjectShape] = {}
    samples = []
    for i in sorted(range(len(recording.names)), key=lambda i: recording.objects[i]):
        if only_contact_rich and not recording.is_contact_rich[i]:
            continue
        name = recording.objects[i]
        if name not in shapes:
            shapes[name] = load_object(folder / "meshes_dexycb_frame" / f"{name}.ply", units="m")
        shape = shapes[name]
        T_object_file = torch.linalg.inv(torch.from_numpy(shape.T_file_object))
        grasp = Grasp(
            T_object_file @ recording.T_file_hand[i],
            recording.finger_angles[i],
            torch.zeros(10, dtype=torch.float64),
        )
        samples.append(
            GraspSample(
                name=recording.names[i],
                shape=shape,
                hand_vertices_object=hand.pose(grasp).vertices_object.numpy(),
                hand_faces=hand.faces.numpy(),
                hand_model=hand,
                grasp=grasp,
            )
        )
    return samples
