"""Accepted grasps in a few megabytes, from which the whole data set is made again.

    <folder>/grasps.safetensors    a row per grasp: whole numbers of two bytes, mostly
    <folder>/labels.json           work units, cases and objects, each said once

A hand is kept as its 21 anatomical angles in fixed point; no vertex moves by more than a few
hundredths of a millimetre. Objects are kept as their seeds, with a checksum of what the seed gave.
What the table gives back is the data set: hashes and captions follow from its numbers.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from torch import Tensor

from semgrasp.dataset.atomic import written_whole
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.geometry import axis_angle_to_matrix, make_transform, matrix_to_axis_angle
from semgrasp.hand import HandModel, dofs_from_finger_angles, finger_angles_from_dofs
from semgrasp.synthesis.object_print import ObjectPrint
from semgrasp.synthesis.raw import RawGrasp, Tally, load_unit, unit_files
from semgrasp.types import INTENTS, Grasp

FORMAT = "semgrasp-grasp-table-1"
LARGEST_SHIFT = 1e-4
"""How far in [m] a vertex of the hand may move when its grasp is packed."""

_STEPS = {
    "wrist_turn": 1e-4,  # rotation vector in [rad]
    "wrist_place": 2e-5,  # in [m]
    "dofs": 1e-4,  # in [rad], in the order of `semgrasp.hand.DOF_NAMES`
    "betas": 1e-3,  # standard deviations
    "region_distance": 1e-5,  # in [m]
}
"""What one unit of each whole number means."""
_MEASURED = tuple(f.name for f in fields(RawGrasp) if f.type in (float, "float"))
"""Measurements of a grasp, kept as they are."""
_LABELS = ("case", "site", "target_part", "grasp_type", "avoid_parts")
"""What a grasp has in common with others of its case."""

Track = Callable[[Sequence[Any], str], Iterable[Any]]
"""Passes items on and shows under a name how far they are."""


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
        kept = [unit.category in categories for unit in self.units]
        rows = np.array(kept)[self.columns["unit"]]
        columns = {name: column[rows] for name, column in self.columns.items()}
        columns["unit"] = (np.cumsum(kept) - 1)[columns["unit"]].astype(np.uint16)
        chosen, columns["object"] = np.unique(columns["object"], return_inverse=True)
        columns["object"] = columns["object"].astype(np.uint16)
        return replace(
            self,
            units=tuple(unit for unit, keep in zip(self.units, kept, strict=True) if keep),
            objects=tuple(self.objects[i] for i in chosen),
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


def pack_units(
    folder: Path, hand: HandModel, *, track: Track = lambda items, _: items
) -> tuple[GraspTable, float]:
    """Pack every finished unit of a folder; also how far in [m] a vertex moved at most.

    Args:
        hand: The hand of the grasps, in double precision.

    Raises:
        InputError: There are no grasps, or one of them cannot be kept exactly enough.
    """
    units, unit_of, grasps = [], [], []
    for path in track(sorted(folder.glob("*_*.json")), "units"):
        loaded, _ = load_unit(path)
        header = json.loads(path.read_text())
        about = {key: value for key, value in header.items() if key not in ("category", "grasps")}
        units.append(TableUnit(name=path.stem, category=header["category"], about=about))
        unit_of += [len(units) - 1] * len(loaded)
        grasps += loaded
    if not grasps:
        raise InputError(f"No grasps in {folder}. Run scripts/synthesize.py first.")
    parts: dict[tuple[str, int], tuple[str, ...]] = {}
    for raw in grasps:
        parts[raw.category, raw.object_seed] = raw.part_names
    keys = sorted(parts)
    row_of = {key: row for row, key in enumerate(keys)}
    labels: dict[tuple, int] = {}
    label_of = [labels.setdefault(_label(raw), len(labels)) for raw in grasps]
    columns = {
        "unit": np.array(unit_of, dtype=np.uint16),
        "object": np.array([row_of[r.category, r.object_seed] for r in grasps], np.uint16),
        "label": np.array(label_of, dtype=np.uint16),
        "intent": np.array([INTENTS.index(raw.intent) for raw in grasps], dtype=np.uint8),
        "contacts": np.array([_bits(raw) for raw in grasps], dtype=np.uint32),
        **_hand_columns(grasps, hand),
        **{
            name: np.array([getattr(raw, name) for raw in grasps], dtype=np.float32)
            for name in _MEASURED
        },
    }
    table = GraspTable(
        units=tuple(units),
        objects=tuple(
            TableObject(
                category=category,
                seed=seed,
                part_names=parts[category, seed],
                print=ObjectPrint.of(category, seed),
            )
            for category, seed in track(keys, "objects")
        ),
        labels=tuple(dict(zip(_LABELS, label, strict=True)) for label in labels),
        columns=columns,
    )
    shift = _largest_shift(grasps, unpack(table, hand), hand)
    if shift > LARGEST_SHIFT:
        raise InputError(
            f"Packing would move a vertex of a hand by {shift * 1000:.2f} mm, more than "
            f"{LARGEST_SHIFT * 1000:.1f} mm: fingers turn as no human finger does, so that their "
            "anatomical angles do not say it all."
        )
    return table, shift


def unpack(table: GraspTable, hand: HandModel) -> list[RawGrasp]:
    """Every grasp of a table, in its order.

    Args:
        hand: The hand of the grasps, in double precision, so that rounding to single precision
            gives the same numbers, and with them the same hashes, on every machine.
    """
    values = {name: torch.from_numpy(table.columns[name] * step) for name, step in _STEPS.items()}
    T_object_hand = make_transform(
        axis_angle_to_matrix(values["wrist_turn"]), values["wrist_place"]
    ).float()
    finger_angles = finger_angles_from_dofs(hand, values["dofs"]).float()
    betas, region_distance = values["betas"].float(), values["region_distance"].float()
    # Columns that this version measures and an older table lacks keep their default.
    measured = {name: table.columns[name].tolist() for name in _MEASURED if name in table.columns}
    grasps = []
    for i in range(len(table)):
        entry = table.objects[int(table.columns["object"][i])]
        label = table.labels[int(table.columns["label"][i])]
        bits = torch.from_numpy(table.columns["contacts"][i].astype(np.int64))
        grasps.append(
            RawGrasp(
                category=entry.category,
                object_seed=entry.seed,
                **{**label, "avoid_parts": tuple(label["avoid_parts"])},
                intent=INTENTS[int(table.columns["intent"][i])],
                part_names=entry.part_names,
                T_object_hand=T_object_hand[i],
                finger_angles=finger_angles[i],
                betas=betas[i],
                contacts=(bits[:, None] >> torch.arange(len(entry.part_names)) & 1).bool(),
                region_distance=region_distance[i],
                **{name: column[i] for name, column in measured.items()},
            )
        )
    return grasps


def write_units(table: GraspTable, folder: Path, hand: HandModel) -> None:
    """Write the work units of a table as synthesis wrote them."""
    grasps = unpack(table, hand)
    unit_of = table.columns["unit"].tolist()
    for number, unit in enumerate(table.units):
        own = [grasp for grasp, owner in zip(grasps, unit_of, strict=True) if owner == number]
        about = {key: value for key, value in unit.about.items() if key != "tallies"}
        tallies = {case: Tally(**counts) for case, counts in unit.about["tallies"].items()}
        unit_files(unit.category, own, tallies, about).write(folder / unit.name)


def _largest_shift(before: Sequence[RawGrasp], after: Sequence[RawGrasp], hand: HandModel) -> float:
    """How far in [m] vertices of the hand are apart at most, in every eighth of them."""
    sparse = hand.subset(torch.arange(0, len(hand.template_vertices), 8))
    parts = [slice(start, start + 1024) for start in range(0, len(before), 1024)]
    shifts = [_vertices(sparse, after[part]) - _vertices(sparse, before[part]) for part in parts]
    return max(float(shift.norm(dim=-1).max()) for shift in shifts)


def _vertices(hand: HandModel, grasps: Sequence[RawGrasp]) -> Float[Tensor, "n V 3"]:
    return hand.pose(
        Grasp(
            torch.stack([raw.T_object_hand for raw in grasps]).double(),
            torch.stack([raw.finger_angles for raw in grasps]).double(),
            torch.stack([raw.betas for raw in grasps]).double(),
        )
    ).vertices_object


def _hand_columns(grasps: Sequence[RawGrasp], hand: HandModel) -> dict[str, ndarray]:
    T_object_hand = torch.stack([raw.T_object_hand for raw in grasps]).double()
    values = {
        "wrist_turn": matrix_to_axis_angle(T_object_hand[:, :3, :3]),
        "wrist_place": T_object_hand[:, :3, 3],
        "dofs": dofs_from_finger_angles(
            hand, torch.stack([raw.finger_angles for raw in grasps]).double()
        ),
        "betas": torch.stack([raw.betas for raw in grasps]),
        "region_distance": torch.stack([raw.region_distance for raw in grasps]),
    }
    columns = {}
    for name, step in _STEPS.items():
        whole = (values[name].double() / step).round()
        if not bool((whole.abs() <= 32767).all()):
            raise InputError(
                f"{name} of a grasp is not finite or beyond {32767 * step:.3g}, the largest that "
                "a table holds. Leave that grasp out."
            )
        columns[name] = whole.numpy().astype(np.int16)
    return columns


def _label(raw: RawGrasp) -> tuple:
    return tuple(getattr(raw, name) for name in _LABELS)


def _bits(raw: RawGrasp) -> list[int]:
    """A number for each region of the hand, with a bit for each part that it touches."""
    return (raw.contacts.long() << torch.arange(len(raw.part_names))).sum(-1).tolist()


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
