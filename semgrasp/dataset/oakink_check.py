"""What a tree of OakInk-Shape, OakBase and CapGrasp has and lacks, before anything is made of it.

Files are looked for, not read, except the small tables and the descriptions of parts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from semgrasp.dataset.capgrasp import CaptionFiles
from semgrasp.dataset.oakbase import (
    OAKBASE_CATEGORY,
    WITHOUT_PARTS,
    PartsError,
    attribute_of,
    find_parts,
    read_attributes,
)
from semgrasp.dataset.oakink import (
    VIRTUAL_TABLES,
    ObjectEntry,
    mesh_path,
    metadata_folder,
    read_category_codes,
    read_metadata,
)
from semgrasp.dataset.oakink_index import OakInkIndex
from semgrasp.errors import AssetNotFoundError, InputError


def tree_notes(root: Path, index: OakInkIndex, captions: CaptionFiles) -> list[str]:
    """One sentence for everything worth knowing, with counts and an example."""
    metadata = read_metadata(root)
    grasped = {entry.oid: entry.category for entry in index.entries}
    return [
        *_table_notes(root, metadata, grasped),
        *_mesh_notes(root, metadata, grasped),
        *_part_notes(root, metadata, grasped),
        *_recording_notes(index),
        *_caption_notes(root, index, captions),
    ]


def _table_notes(
    root: Path, metadata: dict[str, ObjectEntry], grasped: dict[str, str]
) -> Iterator[str]:
    virtual = sum(entry.is_virtual for entry in metadata.values())
    yield f"metaV2 knows {len(metadata) - virtual} real and {virtual} virtual objects."
    if not (metadata_folder(root) / f"{VIRTUAL_TABLES[0]}.json").is_file():
        yield f"{VIRTUAL_TABLES[0]}.json is missing; {VIRTUAL_TABLES[1]}.json was read instead."
    yield from _count("grasped objects are unknown to metaV2", grasped.keys() - metadata.keys())
    try:
        codes = read_category_codes(root)
    except (AssetNotFoundError, InputError) as error:
        yield f"Categories could not be compared with the codes in ids: {error}"
        return
    # Only what the table says can be contradicted.
    other = {oid: codes.get(oid[1:3], grasped[oid]) for oid in grasped}
    wrong = [f"{oid} in {grasped[oid]}" for oid in grasped if other[oid] != grasped[oid]]
    yield from _count("objects lie in another category than their id's code says", wrong)


def _mesh_notes(
    root: Path, metadata: dict[str, ObjectEntry], grasped: dict[str, str]
) -> Iterator[str]:
    unusable = []
    for oid in sorted(grasped.keys() & metadata.keys()):
        try:
            mesh_path(root, metadata[oid])
        except (AssetNotFoundError, InputError) as error:
            unusable.append(f"{oid}: {error}")
    yield from _count("grasped objects have no mesh", unusable)


def _part_notes(
    root: Path, metadata: dict[str, ObjectEntry], grasped: dict[str, str]
) -> Iterator[str]:
    if not (root / "OakBase").is_dir():
        yield f"There is no {root / 'OakBase'}: every object is one part."
        return
    unusable, elsewhere, expected, lacking = [], [], [], []
    phrases: Counter[str] = Counter()
    for oid in sorted(grasped.keys() & metadata.keys()):
        category, name = grasped[oid], metadata[oid].name
        try:
            folder = find_parts(root, category, name)
            if folder is None:
                (expected if category in WITHOUT_PARTS else lacking).append(f"{category}/{name}")
                continue
            phrases.update(read_attributes(root, category, name))
        except PartsError as error:
            unusable.append(f"{oid}: {error}")
            continue
        if folder.parent.name != OAKBASE_CATEGORY.get(category, category):
            elsewhere.append(f"{name} of {category} in {folder.parent.name}")
    yield from _count("objects are of categories that OakBase does not have", expected)
    yield from _count("objects have no parts though OakBase has their category", lacking)
    yield from _count("objects have their parts under another category", elsewhere)
    yield from _count("objects have parts that cannot be read", unusable)
    unknown = [phrase for phrase in phrases if attribute_of(phrase) is None]
    yield from _count("attributes of parts are none of OakBase's 30", unknown)


def _recording_notes(index: OakInkIndex) -> Iterator[str]:
    alone = [
        entry.folder
        for row, entry in enumerate(index.entries)
        if entry.intent == "handover" and int(index.partner[row]) < 0
    ]
    yield from _count("hands of hand-overs have no partner", alone)
    other = [entry.folder for entry in index.entries if entry.source_oid != entry.real_oid]
    yield from _count("grasps have a source.txt that names another object", other)


def _caption_notes(root: Path, index: OakInkIndex, captions: CaptionFiles) -> Iterator[str]:
    known = {entry.folder for entry in index.entries}
    described = known & captions.by_grasp.keys()
    yield f"{len(captions)} caption files; {len(described)} of {len(index)} grasps are described."
    yield from captions.out_of_place(known)
    packed = sorted(path.name for path in root.glob("*.tar.gz"))
    yield from _count("archives are not unpacked", packed)


def _count(what: str, examples: Iterable[str]) -> Iterator[str]:
    """How many, and the first of them; nothing where there are none."""
    listed = sorted(examples)
    if listed:
        yield f"{len(listed)} {what}, such as {' '.join(listed[0].split())}"
