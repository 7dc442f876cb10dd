"""Grasps into the table that is kept in git, and back.

A hand is kept as its 21 anatomical angles in fixed point; no vertex moves by more than a few
hundredths of a millimetre. Objects are kept as their seeds, with a checksum of what the seed gave.
What the table gives back is the data set: hashes and captions follow from its numbers.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.geometry import axis_angle_to_matrix, make_transform, matrix_to_axis_angle
from semgrasp.hand import HandModel, dofs_from_finger_angles, finger_angles_from_dofs
from semgrasp.synthesis.grasp_table import GraspTable, TableObject, TableUnit
from semgrasp.synthesis.object_print import ObjectPrint
from semgrasp.synthesis.raw import RawGrasp, Tally, load_unit, unit_files
from semgrasp.types import INTENTS, Grasp

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
