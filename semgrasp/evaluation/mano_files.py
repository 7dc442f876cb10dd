"""MANO parameters from anybody: .npz or .json with poses, translations and shapes.

    pose (48), or global_orient (3) and hand_pose (45); other sizes where the convention says so
    transl, trans or tsl (3); betas or shape (10, zeros where absent)
    object: name or path of the mesh; side; name; instruction

Each may have a batch axis; a JSON file may also be a list of such records. Poses stand in the
axes and the origin of the object's file, in metres; how rotations and translations are meant is
said by the convention (`semgrasp.hand.HandConvention`).
"""

import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.evaluation.entry import MAX_FILE_BYTES, Entry, Sources
from semgrasp.evaluation.hand_source import side_named
from semgrasp.evaluation.sample import GraspSample
from semgrasp.geometry import make_transform
from semgrasp.types import Grasp, ObjectShape

FORMATS = (".npz", ".json")

_POSE = ("pose", "mano_pose", "fullpose")
_ORIENT = ("global_orient", "root_orient")
_HAND_POSE = ("hand_pose",)
_TRANSLATION = ("transl", "trans", "tsl", "mano_transl", "translation")
_SHAPE = ("betas", "shape")
_OBJECT = ("object", "object_path", "object_mesh", "obj")
_NAME = ("name", "id")
_TEXT = ("instruction", "text")
_NUMBERS = (*_POSE, *_ORIENT, *_HAND_POSE, *_TRANSLATION, *_SHAPE)
_WORDS = (*_OBJECT, *_NAME, *_TEXT, "side")


def npz_entries(file: Path, name: str, sources: Sources) -> Iterator[Entry]:
    """The grasps of an .npz file."""
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MAX_FILE_BYTES:
            raise InputError(f"{file.name} unpacks to more than {MAX_FILE_BYTES / 1e6:.0f} MB.")
        # Never pickles: they would run what a stranger wrote.
        with np.load(file, allow_pickle=False) as stored:
            table = {key: stored[key] for key in stored.files if key in (*_NUMBERS, *_WORDS)}
            found = list(stored.files)
    except InputError:
        raise
    except (
        zipfile.BadZipFile, ValueError, OSError, EOFError, KeyError, NotImplementedError,
        MemoryError,  # a header that promises terabytes
    ) as e:  # fmt: skip
        raise InputError(
            f"{file.name} is damaged or holds Python objects instead of numbers ({e})."
        ) from e
    if not table:
        raise InputError(_what_is_needed(file.name, found))
    yield from _entries(table, file, name, sources)


def json_entries(value: Any, file: Path, name: str, sources: Sources) -> Iterator[Entry]:
    """The grasps of a JSON value: one record, a batch, or a list of records."""
    if isinstance(value, dict) and isinstance(value.get("grasps"), list):
        value = value["grasps"]
    if isinstance(value, dict):
        table = {key: value[key] for key in value if key in (*_NUMBERS, *_WORDS)}
        if not table:
            raise InputError(_what_is_needed(file.name, list(value)))
        yield from _entries(table, file, name, sources)
    elif isinstance(value, list) and value and any(isinstance(record, dict) for record in value):
        for index, record in enumerate(value):
            entry = f"{name}#{index:04d}"
            yield Entry(entry, partial(_read, record, file, entry, sources))
    else:
        raise InputError(_what_is_needed(file.name, []))


def _what_is_needed(name: str, found: list[str]) -> str:
    return (
        f"{name} holds no hand poses. Needed: pose (48) or global_orient and hand_pose, with "
        f"transl; found: {', '.join(map(str, found[:12])) or 'nothing of the kind'}."
    )


def _entries(table: Mapping[str, Any], file: Path, name: str, sources: Sources) -> Iterator[Entry]:
    """One entry per row of a table whose numbers have, or lack, a batch axis."""
    translation = _array(table, _TRANSLATION)
    if translation is None or _array(table, (*_POSE, *_ORIENT)) is None:
        raise InputError(_what_is_needed(file.name, list(table)))
    if translation.ndim < 2:
        yield Entry(name, partial(_read, dict(table), file, name, sources))
        return
    count = len(translation)
    for index in range(count):
        row = {key: _row(value, key, index, count, file.name) for key, value in table.items()}
        entry = f"{name}#{index:04d}"
        yield Entry(entry, partial(_read, row, file, entry, sources))


def _row(value: Any, key: str, index: int, count: int, what: str) -> Any:
    """The value of one grasp: a row of a batch, or what all share."""
    array = np.asarray(value)
    if array.ndim == 0:
        return array.item()
    if key in _SHAPE and array.ndim == 1 and len(array) == 10:
        return array
    if len(array) != count:
        raise InputError(f"{what}: {key} has {len(array)} rows, the translations {count}.")
    return array[index]


def _array(record: Mapping[str, Any], keys: tuple[str, ...]) -> ndarray | None:
    key = next((key for key in keys if key in record), None)
    if key is None:
        return None
    try:
        return np.asarray(record[key], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{key} does not hold numbers in a regular shape: {error}.") from error


def _numbers(record: Mapping[str, Any], keys: tuple[str, ...], size: int) -> ndarray:
    array = _array(record, keys)
    if array is None:
        raise InputError(f"The record has none of: {', '.join(keys)}.")
    key = next(key for key in keys if key in record)
    if array.size != size:
        raise InputError(
            f"{key} has shape {array.shape}; expected {size} numbers."
            + (" Say how poses are written: --convention." if keys is _POSE else "")
        )
    if not np.isfinite(array).all():
        raise InputError(f"{key} holds numbers that are not finite.")
    return array.reshape(-1)


def _text(record: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    value = next((record[key] for key in keys if key in record), "")
    return str(value) if isinstance(value, str | np.str_) else ""


def _read(record: Any, file: Path, name: str, sources: Sources) -> GraspSample:
    if not isinstance(record, Mapping):
        raise InputError(f"The record is a {type(record).__name__}, not a table of poses.")
    convention = sources.convention
    if sources.is_convention_assumed:
        sources.assumptions.add(
            f"MANO parameters were read in the convention {convention.name!r}: rotation vectors "
            "around the flat hand, and the translation is the position of the wrist. If they are "
            "meant otherwise, these numbers mean nothing: say --convention."
        )
    if any(key in record for key in _POSE):
        pose = _numbers(record, _POSE, convention.pose_size)
    else:
        orient, fingers = _array(record, _ORIENT), _array(record, _HAND_POSE)
        if orient is None or fingers is None:
            raise InputError("The record has neither pose nor global_orient with hand_pose.")
        both = np.concatenate([orient.reshape(-1), fingers.reshape(-1)])
        pose = _numbers({"pose": both}, _POSE, convention.pose_size)
    translation = _numbers(record, _TRANSLATION, 3)
    has_shape = any(key in record for key in _SHAPE)
    betas = _numbers(record, _SHAPE, 10) if has_shape else np.zeros(10)
    said = _text(record, _TEXT)
    side = side_named(_text(record, ("side",)) or "right")

    held = _text(record, _OBJECT)
    if held:
        path = sources.objects.find(held, near=(file.parent, file.parent.parent))
    else:
        path = sources.objects.only(file.name)
    shape = sources.objects.load(path)
    grasp_file = convention.grasp(pose, translation, betas, sources.hands.model(side))
    grasp = _in_object_frame(grasp_file, shape)
    label = _text(record, _NAME)
    name = f"{name} {label}" if label else name
    return sources.hands.posed(name, shape, grasp, instruction=said)


def _in_object_frame(grasp_file: Grasp, shape: ObjectShape) -> Grasp:
    """From the axes and origin of the object's file, but metres, to the object frame."""
    T_file_object = torch.from_numpy(shape.T_file_object).double()
    scale = torch.linalg.det(T_file_object[:3, :3]).abs().pow(1 / 3)
    R_object_file = (T_file_object[:3, :3] / scale).mT
    t_object_file = -R_object_file @ (T_file_object[:3, 3] / scale)
    T_object_file = make_transform(R_object_file, t_object_file)
    return Grasp(
        T_object_file @ grasp_file.T_object_hand.double(),
        grasp_file.finger_angles,
        grasp_file.betas,
        grasp_file.side,
    )
