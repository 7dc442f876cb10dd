"""Every grasp of an OakInk-Shape tree at once: read in one pass, paired, counted and kept.

The published tree has 62,046 grasps in as many small files. One pass reads them all; what is
damaged is left out and listed, never silently. The result is kept beside neither the tree nor a
pickle: two files named for the state of the tree, so that a changed tree is read anew.
"""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float32, Int64
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from semgrasp.dataset.atomic import written_whole
from semgrasp.dataset.oakink import (
    INTENT_CODES,
    check_hand_parameters,
    grasp_from_hand_parameters,
    shape_folder,
)
from semgrasp.dataset.split import SPLITS, Split, split_of
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.safe_pickle import load_arrays
from semgrasp.types import Grasp, Intent

CATEGORIES = (
    *("apple", "banana", "binoculars", "bottle", "bowl", "cameras", "can", "cup"),
    *("cylinder_bottle", "donut", "eyeglasses", "flashlight", "fryingpan", "gamecontroller"),
    *("hammer", "headphones", "knife", "lightbulb", "lotion_pump", "mouse", "mug", "pen"),
    *("phone", "pincer", "power_drill", "scissors", "screwdriver", "squeezable", "stapler"),
    *("teapot", "toothbrush", "trigger_sprayer", "wineglass", "wrench"),
)
"""Folders of the published tree."""

Action = Literal["use", "hold", "liftup", "handover", "receive"]
ACTIONS: tuple[Action, ...] = ("use", "hold", "liftup", "handover", "receive")
PUBLISHED_COUNTS: dict[Split, tuple[int, int, int, int, int]] = {
    "train": (11804, 9165, 9425, 9454, 9454),
    "val": (1561, 1239, 1278, 1222, 1222),
    "test": (1473, 1115, 1122, 1256, 1256),
}
"""Grasps of OakInk-Shape v2 by split and action, in the order of `ACTIONS`."""
PUBLISHED_OBJECTS: dict[Split, int] = {"train": 1308, "val": 166, "test": 183}
"""Objects that are grasped."""

FORMAT = "semgrasp-oakink-index-2"
_SOURCE = re.compile(
    r"(?P<stage>.+)/(?P<oid>.{6})_(?P<action>.{4})_(?P<subjects>[_0-9]+)/(?P<time>[\-0-9]+)"
)
_ID, _HASH = 6, 10
_FARTHEST_WRIST = 1.0
"""Distance in [m] from the object beyond which a wrist is not near it; published are 0.2 m."""


class Entry(NamedTuple):
    """Where one grasp comes from."""

    category: str
    oid: str
    """The grasped object; decides the split."""
    real_oid: str
    """The object on which the grasp was recorded; equals `oid` unless it was transferred."""
    grasp_hash: str
    intent: Intent
    is_receiver: bool
    """Whether this is the receiving hand of a hand-over."""
    subject: str
    """Who grasps."""
    partner_subject: str
    """The other person of a hand-over, empty otherwise."""
    stage: str
    time: str
    """When it was recorded."""
    source_oid: str
    """The object that source.txt names."""
    folder: str
    """Where hand_param.pkl lies, relative to oakink_shape_v2; captions mirror it."""

    @property
    def is_virtual(self) -> bool:
        """Whether the grasp was transferred to a virtual object."""
        return self.oid != self.real_oid

    @property
    def split(self) -> Split:
        return split_of(self.oid)

    @property
    def action(self) -> Action:
        """The intent, with the two hands of a hand-over told apart."""
        return "receive" if self.is_receiver else self.intent


class Damage(NamedTuple):
    """Something of the tree that was left out."""

    path: str
    """Relative to oakink_shape_v2."""
    reason: str


@dataclass(frozen=True, eq=False, kw_only=True)
class OakInkIndex:
    """All grasps of a tree, in the order of their paths."""

    entries: tuple[Entry, ...]
    pose: Float32[Tensor, "n 48"]
    """Axis-angle of wrist and 15 joints in MANO order, flat hand as zero, in [rad]."""
    shape: Float32[Tensor, "n 10"]
    tsl: Float32[Tensor, "n 3"]
    """Wrist in the frame of the centred mesh, in [m]."""
    partner: Int64[Tensor, " n"]
    """Row of the other hand of the same hand-over, -1 where there is none."""
    damaged: tuple[Damage, ...]

    def __len__(self) -> int:
        return len(self.entries)

    def grasp(self, row: int) -> Grasp:
        """One grasp without batch axes."""
        arrays = {"pose": self.pose[row], "shape": self.shape[row], "tsl": self.tsl[row]}
        return grasp_from_hand_parameters({k: v.numpy() for k, v in arrays.items()})

    def select(
        self,
        *,
        split: Split | None = None,
        actions: Collection[Action] = ACTIONS,
        categories: Collection[str] | None = None,
        only_paired: bool = True,
    ) -> list[int]:
        """Rows of some grasps.

        Args:
            only_paired: Leave out a hand of a hand-over whose other hand is missing, as the
                official loader does.
        """
        return [
            row
            for row, entry in enumerate(self.entries)
            if (split is None or entry.split == split)
            and entry.action in actions
            and (categories is None or entry.category in categories)
            and not (only_paired and entry.intent == "handover" and int(self.partner[row]) < 0)
        ]

    def counts(self) -> dict[Split, Counter[Action]]:
        """Grasps by split and action."""
        table: dict[Split, Counter[Action]] = {split: Counter() for split in SPLITS}
        for entry in self.entries:
            table[entry.split][entry.action] += 1
        return table

    def differences_from_published(self) -> list[str]:
        """In which counts this tree is not OakInk-Shape v2, one sentence each."""
        found, sentences = self.counts(), []
        for split, expected in PUBLISHED_COUNTS.items():
            objects = len({e.oid for e in self.entries if e.split == split})
            if objects != PUBLISHED_OBJECTS[split]:
                sentences.append(
                    f"{split}: {objects} objects are grasped, {PUBLISHED_OBJECTS[split]} published."
                )
            for action, count in zip(ACTIONS, expected, strict=True):
                if found[split][action] != count:
                    sentences.append(
                        f"{split}: {found[split][action]} grasps of {action}, {count} published."
                    )
        return sentences


def read_index(
    root: Path,
    *,
    cache: Path | None = None,
    track: Callable[[Sequence[Path]], Iterator[Path]] = iter,
) -> OakInkIndex:
    """Read every grasp of a tree.

    Args:
        root: The folder that holds `shape/`.
        cache: Folder where the index is kept between runs; None to read anew each time.
        track: Passes the folders of the recordings on and shows how far they are.

    Raises:
        AssetNotFoundError: There is no tree.
    """
    top = shape_folder(root)
    if not top.is_dir():
        raise AssetNotFoundError(
            f"No grasps at {top}. See data/oakink_capgrasp/README.md for the expected tree."
        )
    recordings, damaged = _recordings(top)
    state = _state(top, recordings)
    kept = None if cache is None else cache / f"oakink_{state}"
    if kept is not None and (index := _load(kept)) is not None:
        return index
    rows: list[tuple[Entry, dict[str, np.ndarray]]] = []
    for folder in track(recordings):
        _read_recording(top, folder, rows, damaged)
    entries = tuple(entry for entry, _ in rows)
    index = OakInkIndex(
        entries=entries,
        pose=_stacked(rows, "pose", 48),
        shape=_stacked(rows, "shape", 10),
        tsl=_stacked(rows, "tsl", 3),
        partner=_partners(entries),
        damaged=tuple(damaged),
    )
    if kept is not None:
        _save(index, kept)
    return index


def _recordings(top: Path) -> tuple[list[Path], list[Damage]]:
    """Folders <category>/<real id>/<hash>, and folders that have no place in the tree."""
    recordings: list[Path] = []
    damaged: list[Damage] = []
    for category in _folders(top):
        for real in _folders(category):
            if len(real.name) != _ID:
                damaged.append(_damage(top, real, f"an object id has {_ID} characters"))
                continue
            for recording in _folders(real):
                if len(recording.name) == _HASH:
                    recordings.append(recording)
                else:
                    damaged.append(_damage(top, recording, f"a hash has {_HASH} characters"))
    return recordings, damaged


def _read_recording(
    top: Path,
    folder: Path,
    rows: list[tuple[Entry, dict[str, np.ndarray]]],
    damaged: list[Damage],
) -> None:
    """The grasp on the real object and its transfers; all share one source.txt."""
    source_file = folder / "source.txt"
    try:
        source = source_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else f"is damaged: {error}"
        damaged.append(_damage(top, source_file, f"{reason}, so its grasps have no intent"))
        return
    match = _SOURCE.match(source)
    if match is None or match["action"] not in INTENT_CODES:
        damaged.append(
            _damage(
                top,
                source_file,
                f"says {source[:80]!r}; expected <stage>/<object>_<action>_<subject>/<time>/... "
                f"with an action of {', '.join(INTENT_CODES)}",
            )
        )
        return
    count = len(rows)
    candidates = [(folder, folder.parent.name)]
    for child in _folders(folder):
        if len(child.name) == _ID:
            candidates.append((child, child.name))
        else:
            damaged.append(_damage(top, child, f"a virtual id has {_ID} characters"))
    for place, oid in candidates:
        path = place / "hand_param.pkl"
        if not path.is_file():
            # A recording may have nothing but transfers; a transfer is nothing but its file.
            if place != folder:
                damaged.append(_damage(top, place, "holds no hand_param.pkl"))
            continue
        try:
            arrays = load_arrays(path)
            check_hand_parameters(arrays, what="it")
            _check_nearness(arrays["tsl"])
        except (InputError, OSError) as error:
            reason = " ".join(str(error).replace(str(path), "it").split())
            damaged.append(_damage(top, path, reason))
            continue
        rows.append((_entry(top, folder, place, oid, match, source), arrays))
    if len(rows) == count and len(candidates) == 1 and not (folder / "hand_param.pkl").exists():
        damaged.append(_damage(top, folder, "holds neither a grasp nor a transfer"))


def _check_nearness(tsl: np.ndarray) -> None:
    distance = float(np.linalg.norm(tsl))
    if distance > _FARTHEST_WRIST:
        raise InputError(
            f"its wrist is {distance:.3g} m from the object; tsl is in metres and at most "
            f"{_FARTHEST_WRIST:.0f} m."
        )


def _entry(
    top: Path, recording: Path, place: Path, oid: str, match: re.Match[str], source: str
) -> Entry:
    intent = INTENT_CODES[match["action"]]
    is_receiver = intent == "handover" and "_alt" in source
    first, _, second = match["subjects"].strip("_").partition("_")
    if is_receiver and second:
        # The line names giver and receiver; this hand is the receiver's.
        first, second = second, first
    return Entry(
        category=recording.relative_to(top).parts[0],
        oid=oid,
        real_oid=recording.parent.name,
        grasp_hash=recording.name,
        intent=intent,
        is_receiver=is_receiver,
        subject=first,
        partner_subject=second if intent == "handover" else "",
        stage=match["stage"],
        time=match["time"],
        source_oid=match["oid"],
        folder=place.relative_to(top).as_posix(),
    )


def _partners(entries: Sequence[Entry]) -> Int64[Tensor, " n"]:
    """The two hands of a hand-over: same category, object, time and stage, one gives, one takes."""
    hands: dict[tuple[str, str, str, str], dict[bool, list[int]]] = {}
    for row, entry in enumerate(entries):
        if entry.intent == "handover":
            key = (entry.category, entry.oid, entry.time, entry.stage.replace("_alt", ""))
            pair = hands.setdefault(key, {False: [], True: []})
            pair[entry.is_receiver].append(row)
    partner = torch.full((len(entries),), -1, dtype=torch.int64)
    for pair in hands.values():
        for side, rows in pair.items():
            others = pair[not side]
            for i, row in enumerate(rows if others else ()):
                # Several recordings of one moment: the last of the fewer serves the rest.
                partner[row] = others[min(i, len(others) - 1)]
    return partner


def _stacked(
    rows: Sequence[tuple[Entry, dict[str, np.ndarray]]], name: str, width: int
) -> Float32[Tensor, "n width"]:
    numbers = np.empty((len(rows), width), dtype=np.float32)
    for i, (_, arrays) in enumerate(rows):
        numbers[i] = np.asarray(arrays[name], dtype=np.float32).reshape(width)
    return torch.from_numpy(numbers)


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as found:
        return [folder / name for name in sorted(entry.name for entry in found if entry.is_dir())]


def _damage(top: Path, path: Path, reason: str) -> Damage:
    return Damage(path.relative_to(top).as_posix(), reason)


def _state(top: Path, recordings: Sequence[Path]) -> str:
    """A digest of names, sizes and times of every file that the index is made from."""
    digest = hashlib.sha256(FORMAT.encode() + str(top.resolve()).encode())
    for recording in recordings:
        for folder, children, names in os.walk(recording):
            children.sort()
            for name in sorted(names):
                stat = os.stat(os.path.join(folder, name))
                line = f"{folder}/{name} {stat.st_size} {stat.st_mtime_ns}\n"
                digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:20]


def _save(index: OakInkIndex, path: Path) -> None:
    arrays = {name: getattr(index, name) for name in ("pose", "shape", "tsl", "partner")}
    with written_whole(path.with_suffix(".safetensors")) as temporary:
        save_file(arrays, temporary, {"format": FORMAT})
    # The table comes last: where it is, the arrays are.
    with written_whole(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps({"entries": index.entries, "damaged": index.damaged}))


def _load(path: Path) -> OakInkIndex | None:
    """What `_save` wrote; None where there is nothing or it is not whole, to be read anew."""
    try:
        table = json.loads(path.with_suffix(".json").read_text())
        arrays = load_file(path.with_suffix(".safetensors"))
        entries = tuple(Entry(*entry) for entry in table["entries"])
        damaged = tuple(Damage(*damage) for damage in table["damaged"])
        if len(entries) != len(arrays["pose"]):
            return None
        return OakInkIndex(entries=entries, damaged=damaged, **arrays)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return None
