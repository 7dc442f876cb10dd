"""Folders that `semgrasp generate` wrote: grasps.json, and hands and object as meshes beside it.

A record gives the hand in the object frame, the hand mesh gives it in the frame and units of the
object's file. From the two follow the unit and the up axis with which the object was read, so
nobody has to repeat them here, and the hand lands where it was even if the user hands us another
export of the object.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.evaluation.entry import Entry, Sources
from semgrasp.evaluation.hand_source import side_named
from semgrasp.evaluation.mesh_pairs import read_hand_mesh, to_object
from semgrasp.evaluation.sample import GraspSample
from semgrasp.geometry import make_transform
from semgrasp.hand import HandModel
from semgrasp.objects.load import METRES_PER
from semgrasp.types import Grasp, ObjectShape

FILE_NAME = "grasps.json"
_SAME_PLACE = 5e-5
"""Hands nearer than this in [m] are at the same place; the mesh files hold 32 bit numbers."""
_SAME_HAND = 5e-4
"""A mesh farther than this in [m] from the record's pose shows another hand."""


def is_list_of_records(value: Any) -> bool:
    """Whether a JSON value looks like a grasps.json, perhaps with damaged records."""
    return isinstance(value, list) and any(
        isinstance(record, dict) and "T_object_hand" in record for record in value
    )


def entries(records: list[Any], file: Path, name: str, sources: Sources) -> Iterator[Entry]:
    """One entry per record."""
    for index, record in enumerate(records):
        yield Entry(
            f"{name}#{index:03d}", partial(_read, record, f"{name}#{index:03d}", file, sources)
        )


def _read(record: Any, name: str, file: Path, sources: Sources) -> GraspSample:
    if not isinstance(record, dict):
        raise InputError(f"The record is a {type(record).__name__}, not an object of JSON.")
    object_name = record.get("object")
    if not isinstance(object_name, str) or not object_name:
        raise InputError('The record does not name its object under "object".')
    path = _beside(record, "object_mesh", file)
    if path is None or sources.objects.source is not None:
        path = sources.objects.find(object_name, near=(file.parent, file.parent.parent, Path.cwd()))
    instruction = record.get("instruction", "")
    instruction = instruction if isinstance(instruction, str) else ""
    mesh = _beside(record, "hand_mesh", file)

    if record.get("hand_model") != sources.hands.name:
        if mesh is None:
            raise InputError(
                f"The hand of this record is {record.get('hand_model')!r}, and its mesh is not "
                "beside it. Give that hand: --hand-model mano --mano FOLDER."
            )
        vertices_file, faces = read_hand_mesh(mesh)
        shape = sources.objects.load(path)
        vertices = to_object(vertices_file, shape)
        return sources.hands.bare(name, shape, vertices, faces, instruction=instruction)

    grasp = _grasp(record)
    if mesh is None:
        shape = sources.objects.load(path)
    else:
        model = sources.hands.model(grasp.side)
        T_file_record = _file_frame(grasp, model, read_hand_mesh(mesh)[0])
        shape = sources.objects.load(path, **_reading_of(T_file_record))
        grasp = _moved(grasp, shape, T_file_record)
    return sources.hands.posed(name, shape, grasp, instruction=instruction)


def _beside(record: dict, key: str, file: Path) -> Path | None:
    """A mesh that a record names, where it exists; only beside the list, wherever it points."""
    name = record.get(key)
    if not isinstance(name, str) or Path(name).name != name:
        return None
    path = file.parent / name
    return path if path.is_file() else None


def _grasp(record: dict) -> Grasp:
    sizes = {"T_object_hand": (4, 4), "finger_angles": (15, 3), "betas": (10,)}
    tensors = {}
    for key, size in sizes.items():
        if key not in record:
            raise InputError(f"The record has no {key}.")
        try:
            tensor = torch.tensor(record[key], dtype=torch.float64)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"{key} does not hold numbers in a regular shape: {error}.") from error
        if tensor.shape != size:
            raise InputError(f"{key} must have shape {size}, got {tuple(tensor.shape)}.")
        if not bool(tensor.isfinite().all()):
            raise InputError(f"{key} holds numbers that are not finite.")
        tensors[key] = tensor
    R = tensors["T_object_hand"][:3, :3]
    if not torch.allclose(R @ R.mT, torch.eye(3, dtype=R.dtype), atol=1e-3) or R.det() < 0:
        raise InputError("T_object_hand is no rigid transform: its rotation is not orthonormal.")
    return Grasp(**tensors, side=side_named(record.get("side", "right")))


def _file_frame(
    grasp: Grasp, model: HandModel, vertices_file: Float[ndarray, "V 3"]
) -> Float[ndarray, "4 4"]:
    """The similarity from the record's object frame to the file, from the hand in both.

    Least squares over corresponding points (Umeyama, 1991).
    """
    posed = model.pose(grasp).vertices_object.numpy()
    if posed.shape != vertices_file.shape:
        raise InputError(
            f"The hand mesh has {len(vertices_file)} vertices, the hand model {len(posed)}."
        )
    middle, middle_file = posed.mean(0), vertices_file.mean(0)
    centred, centred_file = posed - middle, vertices_file - middle_file
    u, stretch, vt = np.linalg.svd(centred_file.T @ centred)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    R = (u * sign) @ vt
    scale = float((stretch * sign).sum() / (centred**2).sum())
    if not np.isfinite(scale) or scale <= 0:
        raise InputError("The hand mesh has no extent.")
    error = np.abs(centred_file / scale - centred @ R.T).max()
    if error > _SAME_HAND:
        raise InputError(
            f"The record and its hand mesh disagree by {1000 * error:.1f} mm: they are not of the "
            "same grasp, or the hand model differs from the one that generated them."
        )
    T = np.eye(4)
    T[:3, :3] = scale * R
    T[:3, 3] = middle_file - scale * R @ middle
    return T


def _reading_of(T_file_object: Float[ndarray, "4 4"]) -> dict[str, str]:
    """Unit and up axis with which an object was read, from where its frame lies in the file."""
    scale = float(np.cbrt(np.linalg.det(T_file_object[:3, :3])))
    units = min(METRES_PER, key=lambda unit: abs(np.log(scale * METRES_PER[unit])))
    if abs(scale * METRES_PER[units] - 1.0) > 0.01:
        raise InputError(f"The hand mesh is scaled by {scale:.4g}: its unit is none of m, cm, mm.")
    up_file = T_file_object[:3, 2] / scale
    axis = int(np.abs(up_file).argmax())
    return {"units": units, "up": ("-" if up_file[axis] < 0 else "") + "xyz"[axis]}


def _moved(grasp: Grasp, shape: ObjectShape, T_file_record: Float[ndarray, "4 4"]) -> Grasp:
    """The grasp in the frame of the object that was found.

    The same file has the same frame; another export of it may have its bounding box elsewhere.
    """
    T = np.linalg.inv(shape.T_file_object) @ T_file_record
    T[:3, :3] /= np.cbrt(np.linalg.det(T[:3, :3]))
    wrist = grasp.T_object_hand[:3, 3].numpy()
    if np.abs(T[:3, :3] @ wrist + T[:3, 3] - wrist).max() < _SAME_PLACE:
        return grasp
    T_object_record = make_transform(torch.from_numpy(T[:3, :3]), torch.from_numpy(T[:3, 3]))
    return Grasp(
        T_object_record @ grasp.T_object_hand, grasp.finger_angles, grasp.betas, grasp.side
    )
