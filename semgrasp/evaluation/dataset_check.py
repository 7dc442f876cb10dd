"""A data set on disk, counted, checked file by file and measured on a sample."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from semgrasp.dataset.capgrasp import CaptionFiles, find_captions
from semgrasp.dataset.oakink import (
    ObjectEntry,
    metadata_folder,
    read_metadata,
    read_object,
)
from semgrasp.dataset.oakink_check import tree_notes
from semgrasp.dataset.oakink_index import ACTIONS, OakInkIndex, read_index
from semgrasp.dataset.split import SPLITS, Split
from semgrasp.dataset.tree_problems import (
    ObjectFindings,
    ObjectTask,
    Problem,
    caption_problems,
    grasp_problems,
    object_problems,
    read_caption_files,
)
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.evaluation.dataset_report import METRICS, DatasetReport
from semgrasp.evaluation.fan_out import WorkerDiedError, fan_out
from semgrasp.evaluation.hand_source import HandSource
from semgrasp.evaluation.preprocessing import densely_meshed
from semgrasp.evaluation.report import Evaluation
from semgrasp.evaluation.running import evaluate
from semgrasp.evaluation.sample import GraspSample
from semgrasp.synthesis.raw import load_unit
from semgrasp.types import Grasp, ObjectShape

PROTOCOLS = ("corrected", "oakink")
"""Measured by default; the numbers of the first stand for the data set."""
RECENTRED = "oakink, recentred"
"""Its displacement again, with every object moved so that its vertices average the origin: the
script reports the distance of the final centre from there, not from where it began."""
_CAPTIONS_PER_TASK = 2000
_HAND_POINTS = 12
"""Every so many vertices of the hand are looked at to see whether it is near the object."""

Steps = Callable[[str, int], Callable[[int], object]]
"""Starts to show progress towards a number of steps; what it returns is told of each."""


def no_steps(_name: str, _total: int) -> Callable[[int], object]:
    """Show nothing."""
    return lambda count: None


def check_dataset(
    root: Path,
    hand: HandSource | None,
    *,
    reach: HandSource,
    split: Split | None = "test",
    sample: int = 500,
    seed: int = 0,
    protocols: Sequence[str] = PROTOCOLS,
    workers: int = 1,
    steps: Steps = no_steps,
) -> DatasetReport:
    """Look at every file of a tree, and measure some of its grasps.

    Args:
        root: The folder that holds `shape/`.
        hand: Shows the grasps that are measured; None measures nothing.
        reach: Shows whether hands are near their objects; any human hand will do.
        split: Of which grasps are measured; None for all.
        sample: How many of them, drawn by the seed; 0 for all.
        workers: Processes; 0 for all cores.
        steps: Shows progress.
    """
    try:
        index = _read_index(root, steps)
    except AssetNotFoundError as error:
        return DatasetReport(root=root, problems=[Problem("shape/oakink_shape_v2", str(error))])
    try:
        metadata = read_metadata(root)
    except (AssetNotFoundError, InputError) as error:
        tables = metadata_folder(root).relative_to(root).as_posix()
        problems = [Problem(tables, str(error))]
        return DatasetReport(root=root, **_counts(index), problems=problems)
    problems = list(grasp_problems(root, index, metadata))
    files = find_captions(root)
    notes = tree_notes(root, index, files)
    problems += caption_problems(root, files, index)
    captions = _read_captions(root, files, problems, workers, steps)
    closed = _check_objects(root, index, metadata, reach, problems, workers, steps)
    if open_meshes := [oid for oid, is_closed in closed.items() if is_closed is False]:
        notes.append(
            f"{len(open_meshes)} meshes are open, such as that of {open_meshes[0]}: depth and "
            "volume are defined for closed ones only."
        )
    types, about_types = _grasp_types(root, len(index))
    notes += about_types
    measured: dict[str, Evaluation] = {}
    described = ""
    if hand is not None and index.entries:
        readable = {oid for oid, is_closed in closed.items() if is_closed is not None}
        rows = _drawn(index, split, sample, seed, readable)
        described = f"{len(rows)} grasps, " + (
            f"of the {split} split" if split else "of all splits"
        )
        described += f", drawn with seed {seed}" if sample else ""
        samples = _samples(root, index, metadata, hand, rows)
        tasks: dict[str, tuple[Sequence[GraspSample], str, Sequence[str]]] = {
            name: (samples, name, METRICS) for name in protocols if samples
        }
        if "oakink" in tasks:
            notes.append(
                "Under `oakink` objects are first meshed as densely as ManifoldPlus leaves them."
            )
            dense = _preprocessed(samples, densely_meshed)
            tasks["oakink"] = (dense, "oakink", METRICS)
            tasks[RECENTRED] = (_recentred(dense), "oakink", ("simulation_displacement_cm",))
        for label, (these, protocol, metrics) in tasks.items():
            advance = steps(f"measuring, {label}", len(these))
            evaluation = evaluate(
                these, protocol, metrics=metrics, workers=workers, seed=seed, progress=advance
            )
            measured[label] = evaluation
            problems += [
                Problem(
                    f"shape/oakink_shape_v2/{entry.name}/hand_param.pkl",
                    f"cannot be measured ({label}): {entry.reason}",
                )
                for entry in evaluation.damaged
            ]
    return DatasetReport(
        root=root,
        **_counts(index),
        captions=captions,
        per_grasp_type=types,
        measured=measured,
        sample=described,
        problems=sorted(set(problems)),
        notes=notes,
    )


def _read_index(root: Path, steps: Steps) -> OakInkIndex:
    def track(folders: Sequence[Path]) -> Iterable[Path]:
        advance = steps("grasps", len(folders))
        for folder in folders:
            yield folder
            advance(1)

    return read_index(root, track=lambda folders: iter(track(folders)))


def _counts(index: OakInkIndex) -> dict[str, Any]:
    objects = {entry.oid: entry for entry in index.entries}
    grasps = Counter(entry.category for entry in index.entries)
    shapes = Counter(entry.category for entry in objects.values())
    split_grasps = Counter(entry.split for entry in index.entries)
    split_objects = Counter(entry.split for entry in objects.values())
    actions = Counter(entry.action for entry in index.entries)
    return {
        "grasps": len(index),
        "objects": len(objects),
        "per_category": {
            name: {"objects": shapes[name], "grasps": count}
            for name, count in sorted(grasps.items())
        },
        "per_split": {
            name: {"objects": split_objects[name], "grasps": split_grasps[name]} for name in SPLITS
        },
        "per_intent": {action: actions[action] for action in ACTIONS if actions[action]},
    }


def _read_captions(
    root: Path, files: CaptionFiles, problems: list[Problem], workers: int, steps: Steps
) -> int:
    paths = [path for some in files.by_grasp.values() for path in some]
    tasks = [
        (root, paths[start : start + _CAPTIONS_PER_TASK])
        for start in range(0, len(paths), _CAPTIONS_PER_TASK)
    ]
    advance = steps("captions", len(paths))
    count = 0
    for i, found in fan_out(read_caption_files, tasks, workers=workers if len(tasks) > 1 else 1):
        advance(len(tasks[i][1]))
        if isinstance(found, WorkerDiedError):
            raise found
        problems += found.problems
        count += found.captions
    return count


def _check_objects(
    root: Path,
    index: OakInkIndex,
    metadata: Mapping[str, ObjectEntry],
    reach: HandSource,
    problems: list[Problem],
    workers: int,
    steps: Steps,
) -> dict[str, bool | None]:
    """Whether each object is closed, None where it cannot be read; problems are added."""
    rows: dict[str, list[int]] = {}
    for row, entry in enumerate(index.entries):
        if entry.oid in metadata:
            rows.setdefault(entry.oid, []).append(row)
    hand = reach.model("right")
    sparse = hand.subset(torch.arange(0, len(hand.template_vertices), _HAND_POINTS))
    oids = sorted(rows)
    tasks = [
        ObjectTask(
            root=root,
            category=index.entries[rows[oid][0]].category,
            entry=metadata[oid],
            folders=tuple(index.entries[row].folder for row in rows[oid]),
            hands_object=np.stack(
                [sparse.pose(_double(index, row)).vertices_object.numpy() for row in rows[oid]]
            ),
        )
        for oid in oids
    ]
    advance = steps("objects", len(tasks))
    closed: dict[str, bool | None] = {}
    for i, found in fan_out(object_problems, tasks, workers=workers if len(tasks) > 8 else 1):
        advance(1)
        if isinstance(found, WorkerDiedError):
            found = ObjectFindings([Problem(f"object {oids[i]}", str(found))], None)
        problems += found.problems
        closed[oids[i]] = found.is_closed
    return closed


def _double(index: OakInkIndex, row: int) -> Grasp:
    grasp = index.grasp(row)
    return Grasp(grasp.T_object_hand.double(), grasp.finger_angles.double(), grasp.betas.double())


def _grasp_types(root: Path, grasps: int) -> tuple[dict[str, int], list[str]]:
    """Types that the synthesis noted, by how many grasps are of each."""
    types: Counter[str] = Counter()
    for path in sorted((root / "raw").glob("*_*.json")):
        types.update(raw.grasp_type for raw in load_unit(path)[0])
    if not types:
        return {}, ["Nothing here names grasp types: the layout of OakInk has no place for them."]
    notes = []
    if sum(types.values()) != grasps:
        notes.append(
            f"Grasp types are counted over the {sum(types.values())} grasps of raw/; the tree has "
            f"{grasps}."
        )
    return dict(types.most_common()), notes


def _drawn(
    index: OakInkIndex, split: Split | None, sample: int, seed: int, readable: set[str]
) -> list[int]:
    found = index.select(split=split, only_paired=False)
    rows = [row for row in found if index.entries[row].oid in readable]
    if sample and len(rows) > sample:
        rows = sorted(random.Random(seed).sample(rows, sample))
    return rows


def _samples(
    root: Path,
    index: OakInkIndex,
    metadata: Mapping[str, ObjectEntry],
    hand: HandSource,
    rows: Sequence[int],
) -> list[GraspSample]:
    shapes = {}
    samples = []
    for row in rows:
        entry = index.entries[row]
        if entry.oid not in shapes:
            shapes[entry.oid] = read_object(
                root, entry.category, metadata[entry.oid], with_parts=False
            )
        samples.append(hand.posed(entry.folder, shapes[entry.oid], index.grasp(row)))
    return samples


def _preprocessed(
    samples: Sequence[GraspSample], change: Callable[[ObjectShape], ObjectShape]
) -> list[GraspSample]:
    """Samples of one object still share its shape."""
    shapes = {id(sample.shape): sample.shape for sample in samples}
    changed = {key: change(shape) for key, shape in shapes.items()}
    return [replace(sample, shape=changed[id(sample.shape)]) for sample in samples]


def _recentred(samples: Sequence[GraspSample]) -> list[GraspSample]:
    """Hands and objects moved together so that the object's vertices average the origin."""

    def centre(shape: ObjectShape) -> np.ndarray:
        return shape.vertices_object.mean(axis=0)

    def centred(shape: ObjectShape) -> ObjectShape:
        return replace(shape, vertices_object=shape.vertices_object - centre(shape))

    return [
        replace(
            after,
            hand_vertices_object=before.hand_vertices_object - centre(before.shape),
            grasp=_moved(before.grasp, -centre(before.shape)),
        )
        for before, after in zip(samples, _preprocessed(samples, centred), strict=True)
    ]


def _moved(grasp: Grasp | None, offset: np.ndarray) -> Grasp | None:
    if grasp is None:
        return None
    T_object_hand = grasp.T_object_hand.clone()
    T_object_hand[:3, 3] += torch.from_numpy(offset).to(T_object_hand)
    return replace(grasp, T_object_hand=T_object_hand)
