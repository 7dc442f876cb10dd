"""Bare meshes: a hand and an object in one frame and one unit, from anybody's program.

A folder pairs them by name, NAME_hand.ply with NAME_object.ply, or hand/NAME.ply with
object/NAME.ply; a manifest (manifest.csv or .json) names them: columns hand, object, instruction.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.evaluation.entry import Entry, Reading, Sources, convention_of, gather
from semgrasp.evaluation.hand_source import HandSource
from semgrasp.evaluation.object_files import ObjectFiles
from semgrasp.evaluation.sample import GraspSample
from semgrasp.types import ObjectShape

_FORMATS = (".ply", ".obj", ".stl", ".off", ".glb")
_MAX_BYTES = 50_000_000


def read_pair(
    hand_mesh: str | Path, object_mesh: str | Path, *, units: str = "auto", up: str = "z"
) -> Reading:
    """One grasp from two meshes in one frame and unit."""
    hand_mesh, object_mesh = Path(hand_mesh), Path(object_mesh)
    sources = Sources(ObjectFiles(None, units=units, up=up), HandSource(), convention_of(None))
    read = partial(_read, hand_mesh, object_mesh, hand_mesh.name, "", sources)
    reading = gather([Entry(hand_mesh.name, read)])
    return replace(reading, notes=tuple(sources.objects.guesses()))


def pairs(folder: Path) -> dict[str, tuple[Path, Path | None]]:
    """Hand and object meshes of a folder that belong together, by name."""
    found: dict[str, tuple[Path, Path | None]] = {}
    for hand in sorted(folder.rglob("*")):
        if hand.suffix.lower() not in _FORMATS:
            continue
        if hand.stem.endswith("_hand"):
            stem, objects = hand.stem.removesuffix("_hand"), hand.parent
            wanted = f"{stem}_object"
        elif hand.parent.name == "hand":
            stem, objects = hand.stem, hand.parent.parent / "object"
            wanted = stem
        else:
            continue
        name = (hand.parent.relative_to(folder) / stem).as_posix()
        candidates = [objects / f"{wanted}{end}" for end in _FORMATS]
        found[name] = (hand, next((path for path in candidates if path.is_file()), None))
    return found


def pair_entries(
    found: Mapping[str, tuple[Path, Path | None]], sources: Sources
) -> Iterator[Entry]:
    """One entry per hand; an object that is missing makes it a damaged one."""
    for name, (hand, held) in found.items():
        yield Entry(name, partial(_read, hand, held, name, "", sources))


def manifests(folder: Path) -> list[Path]:
    """The lists of pairs at the top of a folder."""
    return [path for end in ("csv", "json") if (path := folder / f"manifest.{end}").is_file()]


def is_manifest(value: Any) -> bool:
    """Whether a JSON value lists pairs of meshes."""
    return isinstance(value, list) and any(
        isinstance(row, dict) and isinstance(row.get("hand"), str) for row in value
    )


def csv_entries(file: Path, name: str, sources: Sources) -> Iterator[Entry]:
    """The rows of a CSV manifest."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows: list[Any] = list(csv.DictReader(stream))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file.name} is not readable CSV: {error}.") from error
    if not rows or "hand" not in rows[0] or "object" not in rows[0]:
        raise InputError(
            f"{file.name} needs a header with the columns hand, object[, instruction]."
        )
    return manifest_entries(rows, file, name, sources)


def manifest_entries(rows: list[Any], file: Path, name: str, sources: Sources) -> Iterator[Entry]:
    """One entry per row; paths are relative to the manifest."""
    for index, row in enumerate(rows):
        entry = f"{name}#{index:03d}"
        yield Entry(entry, partial(_read_row, row, file.parent, entry, sources))


def read_hand_mesh(path: Path) -> tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]]:
    """Vertices in the order of the file, in its frame and unit, and triangles.

    Raises:
        InputError: The file holds no triangles, numbers that are not finite, or is damaged.
    """
    import trimesh

    if not path.is_file():
        raise InputError(f"No hand mesh at {path}.")
    if path.suffix.lower() not in _FORMATS:
        raise InputError(f"Cannot read {path.name} as a hand. Use one of: {', '.join(_FORMATS)}.")
    if path.stat().st_size > _MAX_BYTES:
        raise InputError(f"{path.name} holds more than {_MAX_BYTES / 1e6:.0f} MB; no hand does.")
    try:
        # process=False: merging or reordering vertices would hide whose hand this is.
        mesh = trimesh.load(
            path, process=False, force="mesh", skip_materials=True, maintain_order=True
        )
    except Exception as error:
        # A parser for strangers' files fails in many ways; all of them mean a damaged file.
        raise InputError(
            f"Cannot read {path.name}: it is damaged ({type(error).__name__})."
        ) from error
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
        raise InputError(f"{path.name} holds no triangles.")
    if path.suffix.lower() == ".stl":
        # The format repeats every vertex for each of its triangles.
        mesh.merge_vertices()
    vertices = np.asarray(mesh.vertices, dtype=np.float64)
    faces = np.asarray(mesh.faces, dtype=np.int64)
    if not np.isfinite(vertices).all():
        raise InputError(f"{path.name} has vertices that are not finite numbers.")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise InputError(f"{path.name} is damaged: a face names a vertex that is not there.")
    return vertices, faces


def to_object(points_file: Float[ndarray, "n 3"], shape: ObjectShape) -> Float[ndarray, "n 3"]:
    """Points of the object's file, in its frame and units, in the object frame in [m]."""
    T_object_file = np.linalg.inv(shape.T_file_object)
    return points_file @ T_object_file[:3, :3].T + T_object_file[:3, 3]


def _read_row(row: Any, folder: Path, name: str, sources: Sources) -> GraspSample:
    if not isinstance(row, dict) or not all(
        isinstance(row.get(key), str) and row[key] for key in ("hand", "object")
    ):
        raise InputError("The row names no hand and object.")
    instruction = row.get("instruction") or ""
    return _read(folder / row["hand"], folder / row["object"], name, str(instruction), sources)


def _read(
    hand: Path, held: Path | None, name: str, instruction: str, sources: Sources
) -> GraspSample:
    if held is None:
        held = sources.objects.only(hand.name)
    vertices_file, faces = read_hand_mesh(hand)
    shape = sources.objects.load(held)
    vertices = to_object(vertices_file, shape)
    return sources.hands.bare(name, shape, vertices, faces, instruction=instruction)
