"""From the licensed OakInk-Shape, OakBase and CapGrasp on disk to the form that training reads.

What the open data set knows from its own making, a published tree must be asked: which parts a
grasp touches is measured with the hand of its parameters (3 mm, CapGrasp's rule), and the part
it is for is the one it holds first and foremost.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from semgrasp.dataset.capgrasp import CaptionFiles, find_captions
from semgrasp.dataset.conversation import MARKERS, Caption, Markers
from semgrasp.dataset.oakbase import PartsError
from semgrasp.dataset.oakink import ObjectEntry, read_metadata, read_object
from semgrasp.dataset.oakink_index import Action, Damage, OakInkIndex
from semgrasp.dataset.packed import PackedDataset, PackedObject
from semgrasp.errors import InputError, SemgraspError
from semgrasp.hand import HandModel
from semgrasp.metrics import touched_parts
from semgrasp.metrics.contact import HOLDING_DISTANCE
from semgrasp.synthesis.published_captions import caption_notes, read_grasp_captions
from semgrasp.types import FINGERS, INTENTS, ObjectShape

WHOLE = "body"
"""Name of the only part of an object that OakBase does not have."""
GRASPING: tuple[Action, ...] = ("use", "hold", "liftup", "handover")
"""CapGrasp describes these; the receiving hand of a hand-over is left out."""

Track = Callable[[Sequence[Any], str], Iterable[Any]]
"""Passes items on and shows under a name how far they are."""


@dataclass(frozen=True, eq=False)
class Packing:
    """A packed data set and what did not get into it."""

    data: PackedDataset
    left_out: tuple[Damage, ...]
    """Objects, parts and captions that could not be read, with the reason."""
    notes: tuple[str, ...]
    """What else the tree has or lacks, with counts, one sentence each."""
    without_captions: int
    """Grasps that no caption describes; the tokenizer learns from them, the language model not."""


@dataclass(frozen=True, eq=False)
class _Measured:
    row: int
    object_index: int
    touched: Bool[Tensor, "fingers parts"]
    """Whether a region of the hand touches a part of the object."""
    held: int
    """Part of the object that is held first and foremost."""
    is_near: bool
    """Whether any of the hand is near the object."""


def pack_published(
    root: Path,
    index: OakInkIndex,
    hand: HandModel,
    *,
    num_points: int = 8192,
    rows: Sequence[int] | None = None,
    captions: CaptionFiles | None = None,
    markers: Markers = MARKERS,
    track: Track = lambda items, _: items,
) -> Packing:
    """Sample the objects, measure the grasps, attach the captions.

    Args:
        root: The folder that holds `shape/`, `OakBase/` and `CapGrasp/`.
        index: Grasps of that root.
        hand: Hand that the parameters belong to: MANO for the published set.
        num_points: Surface samples of each object.
        rows: Which grasps; those that CapGrasp describes where None.
        captions: Their captions; those in the root where None.
        markers: What in the captions stands for objects and grasps.
        track: Shows progress.

    Raises:
        InputError: Nothing could be packed, or there are more part names than can be stored.
    """
    chosen = index.select(actions=GRASPING, only_paired=False) if rows is None else list(rows)
    by_object: dict[str, list[int]] = {}
    for row in chosen:
        by_object.setdefault(index.entries[row].oid, []).append(row)
    metadata = read_metadata(root)
    categories = {oid: index.entries[some[0]].category for oid, some in by_object.items()}

    left_out: list[Damage] = []
    unlabelled: Counter[str] = Counter()
    shapes: list[tuple[str, ObjectShape]] = []
    measured: list[_Measured] = []
    for oid in track(sorted(by_object), "objects"):
        category = categories[oid]
        try:
            if oid not in metadata:
                raise InputError(f"metaV2 does not know the object {oid}.")
            shape = _read_object(root, category, metadata[oid], left_out)
            if shape.face_parts is None:
                unlabelled[category] += 1
                shape = _labelled(shape)
            found = [_measure(shape, index, row, len(shapes), hand) for row in by_object[oid]]
        except SemgraspError as error:
            reason = f"{' '.join(str(error).split())} ({len(by_object[oid])} grasps)"
            left_out.append(Damage(f"{category}/{oid}", reason))
            continue
        shapes.append((oid, shape))
        measured += found
    if not shapes:
        first = f" The first reason: {left_out[0].reason}" if left_out else ""
        raise InputError(f"No object of {root} could be packed.{first}")

    files = find_captions(root) if captions is None else captions
    folders = [index.entries[item.row].folder for item in measured]
    said = [read_grasp_captions(files, f, markers, left_out) for f in track(folders, "captions")]
    data = _pack(index, shapes, measured, said, num_points)
    notes = [
        *_part_notes(unlabelled),
        *_distance_notes(index, measured),
        *caption_notes(files, index, folders, said, markers),
    ]
    return Packing(data, tuple(left_out), tuple(notes), sum(not some for some in said))


def _read_object(
    root: Path, category: str, entry: ObjectEntry, left_out: list[Damage]
) -> ObjectShape:
    """An object; parts that cannot be used cost their names, not the object and its grasps."""
    try:
        return read_object(root, category, entry)
    except PartsError as error:
        reason = f"{' '.join(str(error).split())} The object is packed as one part."
        left_out.append(Damage(f"{category}/{entry.oid}", reason))
        return read_object(root, category, entry, with_parts=False)


def _part_notes(unlabelled: Counter[str]) -> Iterable[str]:
    if unlabelled:
        found = ", ".join(
            f"{count} of {category}" for category, count in sorted(unlabelled.items())
        )
        count = sum(unlabelled.values())
        yield f"{count} objects have no parts and are one part, {WHOLE}: {found}."


def _distance_notes(index: OakInkIndex, measured: Sequence[_Measured]) -> Iterable[str]:
    far = [index.entries[item.row].folder for item in measured if not item.is_near]
    if far:
        yield (
            f"{len(far)} of {len(measured)} grasps are {HOLDING_DISTANCE * 1000:.0f} mm or more "
            f"from their object, such as {far[0]}; where these are many, mesh and hand do not "
            "belong together."
        )


def _labelled(shape: ObjectShape) -> ObjectShape:
    """The object as one part."""
    labels = torch.zeros(len(shape.faces), dtype=torch.int64).numpy()
    return ObjectShape(
        name=shape.name,
        vertices_object=shape.vertices_object,
        faces=shape.faces,
        part_names=(WHOLE,),
        face_parts=labels,
        category=shape.category,
        T_file_object=shape.T_file_object,
        is_watertight=shape.is_watertight,
    )


def _measure(
    shape: ObjectShape, index: OakInkIndex, row: int, object_index: int, hand: HandModel
) -> _Measured:
    grasp = index.grasp(row)
    vertices = hand.pose(grasp).vertices_object.double().numpy()
    touched = touched_parts(shape, vertices, hand.vertex_finger.numpy())
    return _Measured(
        row,
        object_index,
        torch.from_numpy(touched.by_finger),
        int(touched.count.argmax()),
        is_near=bool(touched.count.any()),
    )


def _pack(
    index: OakInkIndex,
    shapes: Sequence[tuple[str, ObjectShape]],
    measured: Sequence[_Measured],
    captions: list[list[Caption]],
    num_points: int,
) -> PackedDataset:
    names = tuple(sorted({part for _, shape in shapes for part in shape.part_names}))
    samples = [
        shape.sample(num_points, generator=torch.Generator().manual_seed(i))
        for i, (_, shape) in enumerate(shapes)
    ]
    local = [torch.tensor([names.index(p) for p in shape.part_names]) for _, shape in shapes]
    grasps = [index.grasp(item.row) for item in measured]
    contacts = torch.zeros(len(measured), len(FINGERS), len(names), dtype=torch.bool)
    for i, item in enumerate(measured):
        contacts[i][:, local[item.object_index]] = item.touched
    return PackedDataset(
        part_names=names,
        objects=tuple(PackedObject(oid, s.category, s.name, -1) for oid, s in shapes),
        points_object=torch.stack([sample.points_object for sample in samples]),
        normals_object=torch.stack([sample.normals_object for sample in samples]).half(),
        point_parts=torch.stack(
            [which[sample.parts].short() for which, sample in zip(local, samples, strict=True)]
        ),
        object_index=torch.tensor([item.object_index for item in measured], dtype=torch.int32),
        T_object_hand=torch.stack([grasp.T_object_hand for grasp in grasps]),
        finger_angles=torch.stack([grasp.finger_angles for grasp in grasps]),
        betas=torch.stack([grasp.betas for grasp in grasps]),
        intent=torch.tensor(
            [INTENTS.index(index.entries[item.row].intent) for item in measured], dtype=torch.int8
        ),
        target_part=torch.tensor(
            [int(local[item.object_index][item.held]) for item in measured], dtype=torch.int16
        ),
        contact_parts=contacts,
        avoid_parts=torch.zeros(len(measured), len(names), dtype=torch.bool),
        captions=captions,
    )
