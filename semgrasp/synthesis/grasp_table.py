"""Accepted grasps in a few megabytes, from which the whole data set is made again.

    <folder>/grasps.safetensors    a row per grasp: whole numbers of two bytes, mostly
    <folder>/labels.json           work units, cases and objects, each said once

What the columns mean is in data/open_grasps/README.md; `packing` makes grasps of them and back.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from semgrasp.dataset.atomic import written_whole
from semgrasp.dataset.split import Split, object_id, split_of
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.synthesis.object_print import ObjectPrint

FORMAT = "semgrasp-grasp-table-1"


@dataclass(frozen=True, kw_only=True)
class TableUnit:
    """One unit of work of the synthesis."""

    name: str
    category: str
    about: dict[str, Any]
    """What its file says besides: recipe, tallies."""


@dataclass(frozen=True, kw_only=True)
class TableObject:
    """One object, as its seed and what that seed gave."""

    category: str
    seed: int
    part_names: tuple[str, ...]
    print: ObjectPrint


@dataclass(frozen=True, eq=False, kw_only=True)
class GraspTable:
    """All grasps of a set of work units."""

    units: tuple[TableUnit, ...]
    objects: tuple[TableObject, ...]
    labels: tuple[dict[str, Any], ...]
    columns: dict[str, ndarray]
    """A row per grasp, in the order of the units."""

    def __len__(self) -> int:
        return len(self.columns["unit"])

    def of_categories(self, categories: Sequence[str]) -> "GraspTable":
        """The part of the table that is about some categories."""
        known = sorted({unit.category for unit in self.units})
        if unknown := sorted(set(categories) - set(known)):
            raise InputError(
                f"The table has no grasps of {', '.join(unknown)}. It has: {', '.join(known)}."
            )
        kept = np.array([unit.category in categories for unit in self.units])
        return self._of_rows(kept[self.columns["unit"]])

    def of_split(self, split: Split) -> "GraspTable":
        """The part of the table that is about the objects of a split."""
        kept = [split_of(object_id(entry.category, entry.seed)) == split for entry in self.objects]
        return self._of_rows(np.array(kept)[self.columns["object"]])

    def _of_rows(self, rows: ndarray) -> "GraspTable":
        """Some grasps, with the units and objects that they are of."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        units, columns["unit"] = np.unique(columns["unit"], return_inverse=True)
        objects, columns["object"] = np.unique(columns["object"], return_inverse=True)
        for name in ("unit", "object"):
            columns[name] = columns[name].astype(np.uint16)
        return replace(
            self,
            units=tuple(self.units[i] for i in units),
            objects=tuple(self.objects[i] for i in objects),
            columns=columns,
        )

    def save(self, folder: Path) -> None:
        """Write both files; the labels, written last, name the numbers they belong to."""
        with written_whole(folder / "grasps.safetensors") as temporary:
            save_file(self.columns, temporary, {"format": FORMAT})
        about = {
            "format": FORMAT,
            "grasps": len(self),
            "sha256": _sha256(folder / "grasps.safetensors"),
            "units": [asdict(unit) for unit in self.units],
            "objects": [asdict(entry) for entry in self.objects],
            "labels": list(self.labels),
        }
        with written_whole(folder / "labels.json") as temporary:
            temporary.write_text(_one_entry_per_line(about), encoding="utf-8")

    @staticmethod
    def load(folder: Path) -> "GraspTable":
        """Read what `save` wrote.

        Raises:
            AssetNotFoundError: A file is missing.
            InputError: A file is damaged, or the two are of different tables.
        """
        about = _read_labels(folder / "labels.json")
        numbers = folder / "grasps.safetensors"
        if not numbers.is_file():
            raise AssetNotFoundError(f"No grasps at {numbers}.")
        if _sha256(numbers) != about["sha256"]:
            raise InputError(
                f"{numbers} is not the file that labels.json belongs to, or it is damaged: its "
                "sha256 differs. Get both files anew."
            )
        try:
            columns = load_file(numbers)
        except (SafetensorError, OSError) as error:
            raise InputError(f"{numbers} is damaged: {error}.") from error
        try:
            return GraspTable(
                units=tuple(TableUnit(**unit) for unit in about["units"]),
                objects=tuple(_table_object(entry) for entry in about["objects"]),
                labels=tuple(about["labels"]),
                columns=columns,
            )
        except (KeyError, TypeError) as error:
            raise InputError(f"{folder / 'labels.json'} lacks a field: {error}.") from error


def _read_labels(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise AssetNotFoundError(f"No table of grasps at {path}.")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not readable JSON: {error}.") from error
    found = about.get("format") if isinstance(about, dict) else None
    if found != FORMAT:
        raise InputError(f"{path} has the format {found!r}; only {FORMAT!r} is read.")
    return about


def _table_object(entry: dict[str, Any]) -> TableObject:
    return TableObject(
        category=entry["category"],
        seed=entry["seed"],
        part_names=tuple(entry["part_names"]),
        print=ObjectPrint(**{**entry["print"], "size": tuple(entry["print"]["size"])}),
    )


def _one_entry_per_line(about: dict[str, Any]) -> str:
    """JSON that git can compare: one line per unit, object and label."""
    texts = []
    for key, value in about.items():
        if isinstance(value, list):
            lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in value)
            texts.append(f"{json.dumps(key)}: [\n{lines}\n]")
        else:
            texts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(texts) + "\n}\n"


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
