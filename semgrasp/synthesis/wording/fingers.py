"""Regions of the hand in good English."""

from collections.abc import Sequence
from dataclasses import dataclass

_ORDER = ("palm", "thumb", "index", "middle", "ring", "pinky")
_NUMBERS = ("zero", "one", "two", "three", "four", "five")


@dataclass(frozen=True)
class Fingers:
    """Regions of the hand, spoken."""

    text: str
    """With articles: "the thumb, index and middle fingers"."""
    is_one: bool
    """Whether a verb about them is singular."""


def spoken_fingers(regions: Sequence[str]) -> Fingers:
    """Say a non-empty selection of FINGERS."""
    present = [region for region in _ORDER if region in regions]
    if len(present) == 6:
        return Fingers("the whole hand", True)
    if present == ["thumb", "index", "middle", "ring", "pinky"]:
        return Fingers("all five fingers", False)
    names = ["little" if region == "pinky" else region for region in present]
    long_fingers = [region for region in present if region not in ("palm", "thumb")]
    # "finger" belongs to the last name, and covers all the long fingers before it.
    tail = "" if not long_fingers else " finger" if len(long_fingers) == 1 else " fingers"
    return Fingers(f"the {_listed(names)}{tail}", len(present) == 1)


def number_word(count: int) -> str:
    """One to five as words."""
    return _NUMBERS[count]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
