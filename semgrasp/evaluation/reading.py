"""Grasps from files of many kinds, as samples to measure; what cannot be read is named.

    semgrasp generate        a folder, or its grasps.json
    OakInk-Shape             the tree, a part of it, or single hand_param.pkl files
    MANO parameters          .npz or .json: pose, translation, shape
    meshes                   NAME_hand.* beside NAME_object.*, hand/ beside object/, a manifest

The readers of each kind stand in files of their own; this one tells the kinds apart.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.evaluation import generated, mano_files, mesh_pairs, oakink_files
from semgrasp.evaluation.entry import (
    Damaged,
    Entry,
    Reading,
    Sources,
    convention_of,
    gather,
    one_line,
    read_json,
)
from semgrasp.evaluation.hand_source import HandSource
from semgrasp.evaluation.object_files import ObjectFiles
from semgrasp.hand import HandConvention, HandModel


def read_samples(
    path: str | Path,
    *,
    objects: str | Path | None = None,
    hand: str | Path | HandModel = "open",
    convention: HandConvention | str | None = None,
    units: str = "auto",
    up: str = "z",
    progress: Callable[[int], object] | None = None,
) -> Reading:
    """Every grasp at a path, in any of the known forms.

    Args:
        path: A file or a folder.
        objects: The mesh that is held, or a folder of meshes; where the grasps do not bring it.
        hand: The hand that poses are shown with: "open", a MANO file or its folder, or a model.
        convention: How MANO parameters of strangers are meant, by name; ours and OakInk's files
            say it themselves.
        units: Unit of all meshes: auto, m, cm or mm.
        up: Axis of the object files that points up.
        progress: Told how many grasps have been looked at.

    Raises:
        InputError: The path holds nothing of the known kinds. Single damaged grasps do not raise.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"No grasps at {path}. Check the path.")
    sources = Sources(
        ObjectFiles(None if objects is None else Path(objects), units=units, up=up),
        HandSource(hand),
        convention_of(convention),
        is_convention_assumed=convention is None,
    )
    reading = gather(_entries(path, sources), progress=progress)
    notes = (*sorted(sources.assumptions), *sources.objects.guesses())
    return replace(reading, notes=notes)


def _entries(path: Path, sources: Sources) -> Iterator[Entry | Damaged]:
    if path.is_file():
        yield from _of_file(path, path.parent, sources)
        return
    if (root := oakink_files.tree_root(path)) is not None:
        yield from oakink_files.tree_entries(root, path, sources)
        return
    for pattern in (generated.FILE_NAME, oakink_files.FILE_NAME):
        if files := sorted(path.rglob(pattern)):
            for file in files:
                yield from _of_file(file, path, sources)
            return
    if manifests := mesh_pairs.manifests(path):
        for file in manifests:
            yield from _of_file(file, path, sources)
        return
    if pairs := mesh_pairs.pairs(path):
        yield from mesh_pairs.pair_entries(pairs, sources)
        return
    files = sorted(file for file in path.rglob("*") if file.suffix in mano_files.FORMATS)
    if not files:
        raise InputError(
            f"{path} holds no grasps. Known: grasps.json, hand_param.pkl, MANO .npz or .json, "
            "pairs NAME_hand.ply and NAME_object.ply, manifest.csv. See semgrasp evaluate --help."
        )
    for file in files:
        yield from _of_file(file, path, sources)


def _of_file(file: Path, top: Path, sources: Sources) -> Iterator[Entry | Damaged]:
    """The grasps of one file, named relative to `top`; an unreadable file is one damaged entry."""
    name = file.relative_to(top).as_posix()
    try:
        yield from list(_entries_of_file(file, name, sources))
    except (InputError, AssetNotFoundError, OSError) as error:
        yield Damaged(name, one_line(error))


def _entries_of_file(file: Path, name: str, sources: Sources) -> Iterator[Entry | Damaged]:
    kind = file.suffix.lower()
    if kind == ".pkl":
        return oakink_files.file_entries(file, name, sources)
    if kind == ".npz":
        return mano_files.npz_entries(file, name, sources)
    if kind == ".csv":
        return mesh_pairs.csv_entries(file, name, sources)
    if kind != ".json":
        raise InputError(
            f"Cannot read grasps from {file.name}. Allowed: .json, .npz, .pkl (hand_param), .csv; "
            "a mesh of a hand goes with --hand HAND --object OBJECT."
        )
    value = read_json(file)
    if is_report(value):
        return iter(())
    if generated.is_list_of_records(value):
        return generated.entries(value, file, name, sources)
    if mesh_pairs.is_manifest(value):
        return mesh_pairs.manifest_entries(value, file, name, sources)
    return mano_files.json_entries(value, file, name, sources)


def is_report(value: Any) -> bool:
    """Whether a JSON value is a report of ours, which lies beside the grasps it measures."""
    return isinstance(value, dict) and "protocol_constants" in value
