"""How long it takes to index a tree as large as OakInk-Shape v2.

    python eval/oakink_index_speed.py [--folder DIR]

Writes 62,046 random grasps into a temporary folder, in the published layout and with the published
number of grasps and objects in every split, and times the index: read from the files, then from
its cache. The folder is deleted afterwards. The cold figure is of a tree just written, so the files
come from the system's memory, not from a disk.
"""

import argparse
import pickle
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from semgrasp.dataset.oakink import INTENT_CODES, shape_folder
from semgrasp.dataset.oakink_index import (
    ACTIONS,
    CATEGORIES,
    PUBLISHED_COUNTS,
    PUBLISHED_OBJECTS,
    Action,
    OakInkIndex,
    read_index,
)
from semgrasp.dataset.split import SPLITS, Split, split_of

_CODE = {intent: code for code, intent in INTENT_CODES.items()}


def main() -> None:
    """Write the tree, index it twice, print seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--folder", type=Path, help="where to put the temporary tree")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        root = Path(name)
        start = time.perf_counter()
        for recording in published_recordings():
            _write_recording(root, recording)
        print(f"written in {time.perf_counter() - start:.1f} s")
        cold = _timed("cold", root)
        cached = _timed("cached", root)
    different = cold.differences_from_published()
    assert not different, different
    assert cached.entries == cold.entries


def _timed(name: str, root: Path) -> OakInkIndex:
    wall, processor = time.perf_counter(), time.process_time()
    index = read_index(root, cache=root / "cache")
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{name}: {len(index)} grasps in {wall:.1f} s ({processor:.1f} s of processor time)")
    return index


class Recording(NamedTuple):
    """One recorded grasp and those transferred from it."""

    category: str
    action: Action
    number: int
    """Among those of its category and action."""
    grasped: tuple[str, ...]
    """Ids of objects."""


def published_recordings() -> Iterator[Recording]:
    """The published number of grasps: as many of each object of a split as go into it evenly."""
    objects = _objects()
    for action in ACTIONS:
        # Of each category, how often each object is grasped.
        times: dict[str, dict[str, int]] = defaultdict(dict)
        for split in SPLITS:
            count = PUBLISHED_COUNTS[split][ACTIONS.index(action)]
            for i, (category, oid) in enumerate(objects[split]):
                of_object = len(range(i, count, len(objects[split])))
                if of_object:
                    times[category][oid] = of_object
        for category, of_objects in times.items():
            for number in range(max(of_objects.values())):
                grasped = tuple(oid for oid, count in of_objects.items() if count > number)
                yield Recording(category, action, number, grasped)


def _objects() -> dict[Split, list[tuple[str, str]]]:
    """Category and id of as many objects as are grasped; the first of a category is real."""
    found: dict[Split, list[tuple[str, str]]] = {split: [] for split in SPLITS}
    for serial in range(10**6):
        number, code = divmod(serial, len(CATEGORIES))
        oid = f"{'S' if number == 0 else 's'}{code:02d}{number:03d}"
        of_split = found[split_of(oid)]
        if len(of_split) < PUBLISHED_OBJECTS[split_of(oid)]:
            of_split.append((CATEGORIES[code], oid))
        if all(len(found[split]) == PUBLISHED_OBJECTS[split] for split in SPLITS):
            break
    return found


def _write_recording(root: Path, recording: Recording) -> None:
    category, action, number, grasped = recording
    real = f"S{CATEGORIES.index(category):02d}000"
    intent = "handover" if action == "receive" else action
    subjects = "0001_0002" if intent == "handover" else "0001"
    name = f"{ACTIONS.index(action)}{number:09x}"
    folder = shape_folder(root) / category / real / name
    folder.mkdir(parents=True)
    alternative = "_alt" if action == "receive" else ""
    # Both hands of a hand-over have the same time.
    when = f"2021-09-28-{number:06d}"
    (folder / "source.txt").write_text(
        f"pass1/{real}_{_CODE[intent]}_{subjects}/{when}/dom{alternative}.pkl\n"  # type: ignore[index]
    )
    for oid, arrays in zip(grasped, _hands(), strict=False):
        place = folder if oid == real else folder / oid
        place.mkdir(exist_ok=True)
        (place / "hand_param.pkl").write_bytes(pickle.dumps(arrays, protocol=3))


def _hands() -> Iterator[dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    while True:
        numbers = (0.05 * rng.standard_normal(61)).astype(np.float32)
        yield {"pose": numbers[:48], "shape": numbers[48:58], "tsl": numbers[58:]}


if __name__ == "__main__":
    main()
