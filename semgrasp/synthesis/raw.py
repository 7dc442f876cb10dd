"""Accepted grasps on disk, before captions: one safetensors and one json file per work unit."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from safetensors.torch import load_file, save
from torch import Tensor

from semgrasp.types import Intent


@dataclass(frozen=True, eq=False)
class RawGrasp:
    """One accepted grasp and everything known about it."""

    category: str
    object_seed: int
    """`make_object(category, object_seed)` gives the object back."""
    case: str
    site: str
    target_part: str
    intent: Intent
    grasp_type: str
    avoid_parts: tuple[str, ...]
    part_names: tuple[str, ...]
    """Parts of the object, the columns of `contacts`."""
    T_object_hand: Float[Tensor, "4 4"]
    finger_angles: Float[Tensor, "15 3"]
    betas: Float[Tensor, "10"]
    contacts: Bool[Tensor, "6 parts"]
    """Whether each hand region (`FINGERS`) is within 3 mm of each part."""
    region_distance: Float[Tensor, "17"]
    """Distance in [m] of each contact region (`REGIONS`) to its target part."""
    depth: float
    """Deepest hand vertex in the filled object, in [m]."""
    volume: float
    """Volume shared by hand and object, in [m^3]."""
    displacement: float
    """Largest displacement in [m] of the simulated object under gravity from any direction; an
    upper bound where the object creeps ever more slowly."""
    displacement_corrected: float = float("nan")
    """Simulation displacement in [m] by the corrected rule: mean over six directions. NaN in units
    that were written before it was measured, as is the next."""
    displacement_oakink: float = float("nan")
    """Simulation displacement in [m] by the rule of OakInk's authors, in MuJoCo."""


@dataclass
class Tally:
    """How many attempts at one case passed each check.

    The batch checks are counted each on its own; the costly ones in turn, and only until enough
    grasps were accepted. So the yield is geometry / attempted x accepted / judged.
    """

    begun: int = 0
    """Hands whose descent began; the less promising of them were given up half way."""
    attempted: int = 0
    """Optimised to the end."""
    depth: int = 0
    contact: int = 0
    avoid: int = 0
    anatomy: int = 0
    facing: int = 0
    forearm: int = 0
    geometry: int = 0
    """Passed all batch checks together."""
    judged: int = 0
    """Looked at closely."""
    label: int = 0
    volume: int = 0
    stable: int = 0
    held: int = 0
    """Accepted: of the stable ones, those with a small corrected displacement."""

    @property
    def rate(self) -> float:
        """Estimated share of attempts that would be accepted if all were judged."""
        return self.geometry / max(1, self.attempted) * self.held / max(1, self.judged)

    def add(self, other: "Tally") -> None:
        """Sum in place."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


_TEXT_FIELDS = (
    "object_seed", "case", "site", "target_part", "intent", "grasp_type", "avoid_parts",
    "part_names", "depth", "volume", "displacement", "displacement_corrected",
    "displacement_oakink",
)  # fmt: skip


class UnitFiles(NamedTuple):
    """What a unit leaves on disk, the same bytes whoever computed it."""

    tensors: bytes
    """The safetensors file."""
    header: bytes
    """The json file: labels, tallies, recipe."""

    def write(self, path: Path) -> None:
        """Write `path`.safetensors, then `path`.json; a unit exists when its json does."""
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path.with_suffix(".safetensors"), self.tensors)
        _replace(path.with_suffix(".json"), self.header)


def unit_files(
    category: str, grasps: list[RawGrasp], tallies: dict[str, Tally], about: dict
) -> UnitFiles:
    """Grasps, tallies and other facts about the unit, as bytes."""
    tensors = {
        "T_object_hand": _stack([g.T_object_hand for g in grasps], (4, 4)),
        "finger_angles": _stack([g.finger_angles for g in grasps], (15, 3)),
        "betas": _stack([g.betas for g in grasps], (10,)),
        "region_distance": _stack([g.region_distance for g in grasps], (17,)),
    }
    records = []
    for grasp in grasps:
        record = {name: getattr(grasp, name) for name in _TEXT_FIELDS}
        touched = grasp.contacts.tolist()
        record["contacts"] = [
            [name for name, on in zip(grasp.part_names, row, strict=True) if on] for row in touched
        ]
        records.append(record)
    header = {
        "category": category,
        **about,
        "tallies": {case: asdict(tally) for case, tally in tallies.items()},
        "grasps": records,
    }
    return UnitFiles(save(tensors), json.dumps(header).encode())


def save_unit(
    path: Path,
    category: str,
    grasps: list[RawGrasp],
    tallies: dict[str, Tally],
    seconds: float = 0.0,
) -> None:
    """Write a unit that came from elsewhere, with the time it is said to have taken."""
    unit_files(category, grasps, tallies, {"seconds": seconds}).write(path)


def load_unit(path: Path) -> tuple[list[RawGrasp], dict[str, Tally]]:
    """Read what `save_unit` wrote, given the path of either file."""
    header = json.loads(path.with_suffix(".json").read_text())
    tensors = load_file(path.with_suffix(".safetensors"))
    grasps = []
    for i, record in enumerate(header["grasps"]):
        names = tuple(record["part_names"])
        contacts = torch.tensor([[name in row for name in names] for row in record.pop("contacts")])
        record["part_names"], record["avoid_parts"] = names, tuple(record["avoid_parts"])
        grasps.append(
            RawGrasp(
                category=header["category"],
                contacts=contacts,
                **record,
                T_object_hand=tensors["T_object_hand"][i],
                finger_angles=tensors["finger_angles"][i],
                betas=tensors["betas"][i],
                region_distance=tensors["region_distance"][i],
            )
        )
    return grasps, {case: Tally(**counts) for case, counts in header["tallies"].items()}


def _stack(rows: list[Tensor], shape: tuple[int, ...]) -> Tensor:
    return torch.stack(rows) if rows else torch.zeros(0, *shape)


def _replace(path: Path, content: bytes) -> None:
    """Write beside the target and rename, so that a killed run leaves no half file.

    The temporary name is always the same, so that the next run overwrites what a kill has left.
    """
    temporary = path.with_name(f".{path.name}.partial")
    temporary.write_bytes(content)
    temporary.replace(path)
