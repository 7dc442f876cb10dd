"""What is wrong with which file of a tree of OakInk-Shape, OakBase and CapGrasp.

`oakink_check` says in a few sentences what a tree has and lacks, from names alone; here every file
is read, and each that is missing, damaged or contradicts another is named.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.dataset.capgrasp import CaptionFiles, read_caption_file
from semgrasp.dataset.conversation import instruction_of, without_placeholders
from semgrasp.dataset.oakbase import PartsError, find_parts, parts_folder, read_parts
from semgrasp.dataset.oakink import (
    ObjectEntry,
    mesh_path,
    metadata_folder,
    read_category_codes,
    read_object,
    shape_folder,
)
from semgrasp.dataset.oakink_index import OakInkIndex
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.types import ObjectShape

FARTHEST_HAND = 0.05
"""Distance in [m] between hand and object from which nothing is being grasped."""
SMALLEST, LARGEST = 0.005, 1.5
"""Longest side in [m] of what one hand can grasp; beyond it the unit must be wrong."""
_EQUAL = 1e-5
"""Numbers of two grasps that are nearer than this are the same, in [rad], [m] and deviations."""
_SLOT = re.compile(r"\{[A-Za-z_]+\}")


class Problem(NamedTuple):
    """Something that is wrong, and where."""

    file: str
    """Relative to the root of the tree."""
    what: str


def grasp_problems(
    root: Path, index: OakInkIndex, metadata: Mapping[str, ObjectEntry]
) -> Iterator[Problem]:
    """Grasps that cannot be read, are there twice, or whose object is not what the tables say."""
    tree = shape_folder(root).relative_to(root)
    for damage in index.damaged:
        yield Problem((tree / damage.path).as_posix(), damage.reason)
    if not index.entries:
        yield Problem(tree.as_posix(), "holds no readable grasp")
    for row, first in _repeated(index):
        yield Problem(
            (tree / index.entries[row].folder / "hand_param.pkl").as_posix(),
            f"is the same grasp as {index.entries[first].folder}",
        )
    categories = {entry.category for entry in index.entries}
    for folder in sorted(path for path in shape_folder(root).iterdir() if path.is_dir()):
        if folder.name not in categories:
            yield Problem(folder.relative_to(root).as_posix(), "is a category without any grasp")
    tables = metadata_folder(root).relative_to(root).as_posix()
    grasped = {entry.oid: entry.category for entry in index.entries}
    for oid in sorted(grasped.keys() - metadata.keys()):
        yield Problem(tables, f"does not list {oid}, which is grasped in {grasped[oid]}")
    try:
        codes = read_category_codes(root)
    except (AssetNotFoundError, InputError) as error:
        yield Problem(f"{tables}/yodaobject_cat.json", _one_line(error, root))
        return
    for oid, category in sorted(grasped.items()):
        said = codes.get(oid[1:3])
        if said is not None and said != category:
            yield Problem(
                (tree / category).as_posix(),
                f"holds {oid}, whose code {oid[1:3]} says {said}",
            )


@dataclass(frozen=True, eq=False)
class ObjectTask:
    """One object and the hands that grasp it, to be looked at together."""

    root: Path
    category: str
    entry: ObjectEntry
    folders: tuple[str, ...]
    """Of its grasps, relative to oakink_shape_v2."""
    hands_object: Float[ndarray, "n points 3"]
    """Some points of each hand, in [m]."""


class ObjectFindings(NamedTuple):
    """What looking at an object gave."""

    problems: list[Problem]
    is_closed: bool | None
    """Whether its mesh encloses a volume; None where it cannot be read."""


def object_problems(task: ObjectTask) -> ObjectFindings:
    """Mesh and parts that are missing or damaged, and hands that do not reach the object."""
    found: list[Problem] = []
    try:
        try:
            shape = read_object(task.root, task.category, task.entry)
            found += _part_problems(task, shape)
        except PartsError as error:
            place = parts_folder(task.root, task.category, task.entry.name)
            found.append(Problem(_relative(place, task.root), _one_line(error, task.root)))
            shape = read_object(task.root, task.category, task.entry, with_parts=False)
    except (AssetNotFoundError, InputError) as error:
        place = _mesh_place(task.root, task.entry)
        return ObjectFindings([Problem(place, _one_line(error, task.root))], None)
    size = float(np.ptp(shape.vertices_object, axis=0).max())
    if not SMALLEST <= size <= LARGEST:
        found.append(
            Problem(
                _mesh_place(task.root, task.entry),
                f"is {size:.3g} m long; a hand grasps {SMALLEST} to {LARGEST} m, so the unit "
                "must be wrong",
            )
        )
    gaps = _gaps(shape, task.hands_object)
    tree = shape_folder(task.root).relative_to(task.root)
    found += [
        Problem(
            (tree / folder / "hand_param.pkl").as_posix(),
            f"the hand is {100 * gap:.0f} cm from the object",
        )
        for folder, gap in zip(task.folders, gaps, strict=True)
        if gap > FARTHEST_HAND
    ]
    return ObjectFindings(found, shape.is_watertight)


def _part_problems(task: ObjectTask, shape: ObjectShape) -> Iterator[Problem]:
    """Parts that own no face of the mesh, or are bare points among surfaces."""
    folder = find_parts(task.root, task.category, task.entry.name)
    if folder is None or shape.face_parts is None:
        return
    seen = set(np.unique(shape.face_parts).tolist())
    parts = read_parts(task.root, task.category, task.entry.name)
    has_faces = any(len(part.faces) for part in parts)
    for number, part in enumerate(parts, start=1):
        file = _relative(folder / f"part_{number:02d}.ply", task.root)
        # OakBase may hold points only; where other parts are surfaces, so should this one be.
        if has_faces and len(part.faces) == 0:
            yield Problem(file, f"the part {part.name} has no faces, other parts have")
        if shape.part_names.index(part.name) not in seen:
            yield Problem(file, f"no face of the mesh belongs to the part {part.name}")


class CaptionFindings(NamedTuple):
    """What reading caption files gave."""

    problems: list[Problem]
    captions: int
    """Conversations that were read."""


def caption_problems(root: Path, captions: CaptionFiles, index: OakInkIndex) -> Iterator[Problem]:
    """Captions of grasps that are not there, and files that lie in no grasp's place."""
    folders = {entry.folder for entry in index.entries}
    for folder in captions.without_grasp(folders):
        for path in captions.by_grasp[folder]:
            yield Problem(path.relative_to(root).as_posix(), "describes a grasp that is not there")
    for path in captions.misplaced:
        yield Problem(
            path.relative_to(root).as_posix(), "lies at no <category>/<6>/<10>[/<6>] of a grasp"
        )


def read_caption_files(task: tuple[Path, Sequence[Path]]) -> CaptionFindings:
    """Read caption files of a root and name those that say nothing or not what they should."""
    root, paths = task
    found: list[Problem] = []
    count = 0
    for path in paths:
        file = path.relative_to(root).as_posix()
        try:
            captions = read_caption_file(path)
        except (InputError, OSError) as error:
            found.append(Problem(file, _one_line(error, root)))
            continue
        count += len(captions)
        for caption in captions:
            if not without_placeholders(instruction_of(caption)):
                found.append(Problem(file, "the human's last words are empty"))
            text = " ".join(turn["value"] for turn in caption["turns"])
            if slot := _SLOT.search(text):
                found.append(Problem(file, f"the slot {slot[0]} was never filled"))
    return CaptionFindings(found, count)


def _repeated(index: OakInkIndex) -> Iterator[tuple[int, int]]:
    """Rows of grasps that are there twice, with the row that has them first."""
    numbers = np.concatenate([index.pose, index.shape, index.tsl], axis=1)
    rounded: Int[ndarray, "n 61"] = np.round(numbers / _EQUAL).astype(np.int64)
    first: dict[tuple[str, bytes], int] = {}
    for row, entry in enumerate(index.entries):
        before = first.setdefault((entry.oid, rounded[row].tobytes()), row)
        if before != row:
            yield row, before


def _gaps(shape: ObjectShape, hands_object: Float[ndarray, "n points 3"]) -> Float[ndarray, " n"]:
    """Distance of each hand to the surface of the object in [m]."""
    import igl

    squared = igl.point_mesh_squared_distance(
        np.ascontiguousarray(hands_object.reshape(-1, 3), dtype=np.float64),
        np.ascontiguousarray(shape.vertices_object),
        np.ascontiguousarray(shape.faces),
    )[0]
    return np.sqrt(np.asarray(squared).reshape(hands_object.shape[:2]).min(axis=1))


def _mesh_place(root: Path, entry: ObjectEntry) -> str:
    try:
        return mesh_path(root, entry).relative_to(root).as_posix()
    except (AssetNotFoundError, InputError):
        store = "OakInkVirtualObjectsV2" if entry.is_virtual else "OakInkObjectsV2"
        return f"shape/{store}/{entry.name or entry.oid}"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _one_line(error: BaseException, root: Path) -> str:
    """The message of an error, with paths relative to the tree."""
    return " ".join(str(error).split()).replace(f"{root}/", "")
