"""From accepted grasps to a data set: objects sampled, grasps put into words, both written."""

import random
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from semgrasp.dataset.capgrasp import captions_folder, read_captions, write_captions
from semgrasp.dataset.conversation import Caption
from semgrasp.dataset.oakbase import write_parts
from semgrasp.dataset.oakink import (
    ObjectEntry,
    grasp_hash,
    hand_parameters,
    shape_folder,
    write_grasp,
    write_mesh,
    write_metadata,
)
from semgrasp.dataset.packed import PackedDataset, PackedObject, part_mask
from semgrasp.dataset.split import object_id, split_of
from semgrasp.errors import InputError
from semgrasp.objects.procedural import ProceduralObject, make_object
from semgrasp.synthesis.captions import (
    GraspFacts,
    directions_of,
    make_captions,
    parts_by_intent,
)
from semgrasp.synthesis.cases import CASES, GRASPED_CATEGORIES
from semgrasp.synthesis.object_metadata import object_attributes, object_class
from semgrasp.synthesis.raw import RawGrasp, load_unit
from semgrasp.synthesis.rich_captions import names_part
from semgrasp.types import FINGERS, INTENTS, Grasp, SurfaceSample

NUM_POINTS = 4096
"""Surface samples of each object."""

_PARTS_BY_INTENT = parts_by_intent((c.category, c.intents, c.target_part) for c in CASES)
_HELD_PARTS = {
    category: tuple(dict.fromkeys(c.target_part for c in CASES if c.category == category))
    for category in GRASPED_CATEGORIES
}


@dataclass(frozen=True, eq=False)
class CaptionedObject:
    """A procedural object, ready to be written."""

    oid: str
    seed: int
    procedural: ProceduralObject
    sample: SurfaceSample

    @property
    def name(self) -> str:
        """Folder name of the mesh and the parts, such as mug_p007."""
        return f"{self.procedural.shape.category}_p{self.seed:03d}"


@dataclass(frozen=True, eq=False)
class CaptionedGrasp:
    """An accepted grasp and what is said about it."""

    oid: str
    raw: RawGrasp
    captions: list[Caption]

    @property
    def grasp(self) -> Grasp:
        return Grasp(self.raw.T_object_hand, self.raw.finger_angles, self.raw.betas)


Track = Callable[[Sequence[Any], str], Iterable[Any]]
"""Passes items on and shows under a name how far they are."""


def write_dataset(
    root: Path,
    *,
    count: int,
    seed: int,
    with_tree: bool,
    track: Track,
    more_captions: Path | None = None,
) -> PackedDataset:
    """Caption all of `<root>/raw/`, write `<root>/packed/` and, if wanted, the OakInk tree.

    Args:
        more_captions: A tree of captions to add, such as scripts/caption_with_llm.py writes.
    """
    raws = read_raw(root / "raw")
    if not raws:
        raise InputError(f"No grasps in {root / 'raw'}. Run scripts/synthesize.py first.")
    grasps = [caption_grasp(r, count=count, seed=seed) for r in track(raws, "captions")]
    if more_captions is not None:
        for grasp in track(grasps, "more captions"):
            grasp.captions.extend(read_more_captions(more_captions, grasp.raw))
    keys = sorted({(raw.category, raw.object_seed) for raw in raws})
    objects = [build_object(*key) for key in track(keys, "objects")]
    data = pack(objects, grasps)
    data.save(root / "packed")
    if with_tree:
        entries = {}
        for captioned in track(objects, "tree"):
            entries[captioned.oid] = write_object(root, captioned)
            write_grasps(root, captioned, [g for g in grasps if g.oid == captioned.oid])
        write_metadata(root, entries)
    return data


def read_raw(folder: Path) -> list[RawGrasp]:
    """All grasps of all finished units, in the order of unit names; no grasp twice."""
    grasps: dict[tuple[str, int, str], RawGrasp] = {}
    for path in sorted(folder.glob("*_*.json")):
        for raw in load_unit(path)[0]:
            grasp = Grasp(raw.T_object_hand, raw.finger_angles, raw.betas)
            key = (raw.category, raw.object_seed, grasp_hash(hand_parameters(grasp)))
            grasps.setdefault(key, raw)
    return list(grasps.values())


def build_object(category: str, seed: int) -> CaptionedObject:
    """Make the object again and sample its surface; the same for the same arguments."""
    procedural = make_object(category, seed)
    generator = torch.Generator().manual_seed(seed)
    sample = procedural.shape.sample(NUM_POINTS, generator=generator)
    return CaptionedObject(object_id(category, seed), seed, procedural, sample)


def facts_of(raw: RawGrasp) -> GraspFacts:
    """What the words may say."""
    implied = _PARTS_BY_INTENT.get((raw.category, raw.intent)) == {raw.target_part}
    held = _HELD_PARTS.get(raw.category, ())
    return GraspFacts(
        category=raw.category,
        intent=raw.intent,
        target_part=raw.target_part,
        grasp_type=raw.grasp_type,
        avoid_parts=_present(raw),
        rival_parts=tuple(part for part in held if part in raw.part_names),
        part_names=raw.part_names,
        touched=_touched(raw),
        directions=directions_of(raw.T_object_hand),
        is_part_implied=implied,
    )


def caption_grasp(raw: RawGrasp, *, count: int, seed: int) -> CaptionedGrasp:
    """Put a grasp into words: `count` captions, and as many in test words where it is not trained.

    The words depend on the seed and the grasp alone, not on the grasps around it.
    """
    oid = object_id(raw.category, raw.object_seed)
    facts = facts_of(raw)
    arrays = hand_parameters(Grasp(raw.T_object_hand, raw.finger_angles, raw.betas))
    rng = random.Random(f"{seed}/{oid}/{grasp_hash(arrays)}")
    captions = make_captions(facts, bank="train", rng=rng, count=count)
    if split_of(oid) != "train":
        captions += make_captions(facts, bank="test", rng=rng, count=count)
    return CaptionedGrasp(oid, raw, captions)


def read_more_captions(root: Path, raw: RawGrasp) -> list[Caption]:
    """Captions of a grasp that lie in another tree, as words of the training half."""
    facts = facts_of(raw)
    captions = read_captions(root, grasp_folder(raw))
    for caption in captions:
        said = " ".join(turn["value"] for turn in caption["turns"] if turn["from"] == "human")
        caption["names_part"] = names_part(said, facts)
    return captions


def grasp_folder(raw: RawGrasp) -> Path:
    """Where a grasp and its captions lie in the tree of OakInk-Shape."""
    arrays = hand_parameters(Grasp(raw.T_object_hand, raw.finger_angles, raw.betas))
    return Path(raw.category) / object_id(raw.category, raw.object_seed) / grasp_hash(arrays)


def pack(objects: Sequence[CaptionedObject], grasps: Sequence[CaptionedGrasp]) -> PackedDataset:
    """The form that training reads."""
    names = tuple(sorted({p for o in objects for p in o.procedural.shape.part_names}))
    index = {o.oid: i for i, o in enumerate(objects)}
    raws = [g.raw for g in grasps]
    return PackedDataset(
        part_names=names,
        objects=tuple(
            PackedObject(o.oid, o.procedural.shape.category, o.name, o.seed) for o in objects
        ),
        points_object=torch.stack([o.sample.points_object for o in objects]),
        normals_object=torch.stack([o.sample.normals_object for o in objects]).half(),
        point_parts=torch.stack([_point_parts(o, names) for o in objects]),
        object_index=torch.tensor([index[g.oid] for g in grasps], dtype=torch.int32),
        T_object_hand=torch.stack([raw.T_object_hand for raw in raws]).float(),
        finger_angles=torch.stack([raw.finger_angles for raw in raws]).float(),
        betas=torch.stack([raw.betas for raw in raws]).float(),
        intent=torch.tensor([INTENTS.index(raw.intent) for raw in raws], dtype=torch.int8),
        target_part=torch.tensor([names.index(r.target_part) for r in raws], dtype=torch.int16),
        contact_parts=torch.tensor(
            [[part_mask(_touched(raw)[finger], names) for finger in FINGERS] for raw in raws],
            dtype=torch.bool,
        ),
        avoid_parts=torch.tensor(
            [part_mask(_present(raw), names) for raw in raws], dtype=torch.bool
        ),
        captions=[g.captions for g in grasps],
    )


def write_object(root: Path, captioned: CaptionedObject) -> ObjectEntry:
    """Write mesh and parts in OakInk's layout; the entry for the metadata is returned."""
    category = captioned.procedural.shape.category
    write_mesh(root, captioned.name, captioned.procedural.shape)
    write_parts(
        root, captioned.procedural.shape, captioned.name, captioned.procedural.part_attributes
    )
    return ObjectEntry(
        oid=captioned.oid,
        name=captioned.name,
        kind=object_class(category),
        attributes=object_attributes(category),
    )


def write_grasps(root: Path, captioned: CaptionedObject, grasps: Iterable[CaptionedGrasp]) -> None:
    """Write the grasps of one object with their captions; those of earlier runs go away."""
    category = captioned.procedural.shape.category
    kept = set()
    for serial, grasp in enumerate(grasps):
        intent = grasp.raw.intent
        folder = write_grasp(root, category, captioned.oid, intent, grasp.grasp, serial=serial)
        write_captions(root, folder, grasp.captions)
        kept.add(folder.name)
    for top in (shape_folder(root), captions_folder(root)):
        for folder in (top / category / captioned.oid).glob("*"):
            if folder.name not in kept:
                shutil.rmtree(folder)


def _touched(raw: RawGrasp) -> dict[str, tuple[str, ...]]:
    """Parts within 3 mm of each region of the hand."""
    return {
        finger: tuple(name for name, on in zip(raw.part_names, row, strict=True) if on)
        for finger, row in zip(FINGERS, raw.contacts.tolist(), strict=True)
    }


def _present(raw: RawGrasp) -> tuple[str, ...]:
    """Parts to avoid that this object has."""
    return tuple(part for part in raw.avoid_parts if part in raw.part_names)


def _point_parts(captioned: CaptionedObject, names: Sequence[str]) -> torch.Tensor:
    assert captioned.sample.parts is not None, "procedural objects are labelled"
    local = [names.index(part) for part in captioned.procedural.shape.part_names]
    return torch.tensor(local, dtype=torch.int16)[captioned.sample.parts]
