"""Units of work: which there are, how one is done, and what it leaves on disk.

A unit is a few objects of one category. Its result depends on its own fields alone, not on who
computes it, when, or beside what.
"""

import hashlib
import json
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from semgrasp.errors import InputError
from semgrasp.hand import open_hand
from semgrasp.synthesis.cases import cases_of
from semgrasp.synthesis.raw import UnitFiles, unit_files
from semgrasp.synthesis.stopwatch import Stopwatch
from semgrasp.synthesis.unit import Hands, SynthesisSettings, synthesise_unit

_USUAL_CASES = 3.5
_MOST_EXTRA = 1.6


@dataclass(frozen=True, kw_only=True)
class WorkUnit:
    """One file's worth of work."""

    category: str
    first: int
    """Seed of the first object."""
    count: int
    """Objects; their seeds are consecutive."""
    seed: int = 0
    per_case: int = 8
    only_cases: tuple[str, ...] = ()
    suffix: str = ""
    device: str = "cpu"
    """Where hands are optimised. Another device rounds differently."""
    not_after: float = float("inf")
    """Time in [s] since 1970 after which it is not begun."""

    @property
    def name(self) -> str:
        """Of its files, without ending."""
        return f"{self.category}_{self.first:04d}{self.suffix}"

    @property
    def recipe(self) -> dict:
        """All that its result depends on, as its file states it."""
        return {
            "objects": list(range(self.first, self.first + self.count)),
            "seed": self.seed,
            "per_case": self.per_case,
            "only_cases": list(self.only_cases),
        }

    @property
    def generator_seed(self) -> int:
        """Seed of its random numbers, its own."""
        text = f"{self.seed}/{self.category}/{self.first}/{self.suffix}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")

    def is_done(self, folder: Path) -> bool:
        """Whether a folder has it.

        Raises:
            InputError: The folder has it with other settings.
        """
        path = folder / f"{self.name}.json"
        if not path.exists():
            return False
        recipe = json.loads(path.read_text()).get("recipe", self.recipe)
        if recipe != self.recipe:
            raise InputError(
                f"{path} was made with {recipe}, now {self.recipe} is asked for. Write to another "
                "folder, or ask for what it was made with."
            )
        return True


@dataclass(frozen=True)
class WorkDone:
    """What a finished unit has to say."""

    unit: WorkUnit
    files: UnitFiles
    grasps: int
    tried: int
    """Hands whose descent began."""
    seconds: dict[str, float]
    """Processor seconds of each stage, and "wall"."""


@dataclass(frozen=True)
class WorkFailed:
    """A unit that ended in an error, which concerns no other unit."""

    unit: WorkUnit
    trace: str
    """What Python says about it."""


def objects_of(category: str, shapes: int) -> int:
    """How many objects of a category: more of those that are held in fewer ways."""
    extra = _USUAL_CASES / len(cases_of(category))
    return round(shapes * min(max(1.0, extra), _MOST_EXTRA))


def plan(counts: dict[str, int], chunk: int, **fields) -> list[WorkUnit]:
    """All units, those of all categories spread evenly, so that a part of them is balanced.

    Args:
        counts: Objects of each category.
        chunk: Objects in a unit.
        fields: Of `WorkUnit`, the same for all.
    """
    units = []
    for category, total in counts.items():
        for first in range(0, total, chunk):
            count = min(chunk, total - first)
            unit = WorkUnit(category=category, first=first, count=count, **fields)
            units.append((first / total, unit))
    return [unit for _, unit in sorted(units, key=lambda item: item[0])]


def missing(units: Sequence[WorkUnit], folder: Path) -> list[WorkUnit]:
    """Units that a folder does not have yet."""
    return [unit for unit in units if not unit.is_done(folder)]


def do(unit: WorkUnit) -> WorkDone | WorkFailed | None:
    """Compute a unit, in whichever process; None where its time is over.

    An error is told, not raised: a night's work does not end with one broken object.
    """
    if time.time() > unit.not_after:
        return None
    try:
        return _done(unit)
    except Exception:
        return WorkFailed(unit, traceback.format_exc())


def _done(unit: WorkUnit) -> WorkDone:
    begin = time.perf_counter()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    watch = Stopwatch()
    grasps, tallies = synthesise_unit(
        unit.category,
        unit.recipe["objects"],
        _hands(unit.device),
        SynthesisSettings(per_case=unit.per_case),
        seed=unit.generator_seed,
        only_cases=unit.only_cases,
        watch=watch,
    )
    files = unit_files(unit.category, grasps, tallies, {"recipe": unit.recipe})
    seconds = dict(watch.seconds) | {"wall": time.perf_counter() - begin}
    return WorkDone(
        unit, files, len(grasps), sum(tally.begun for tally in tallies.values()), seconds
    )


@cache
def _hands(device: str) -> Hands:
    return Hands.of(open_hand(), device=device)
