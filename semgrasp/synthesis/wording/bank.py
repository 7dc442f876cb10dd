"""Sentence patterns: `data/patterns/<train or test>/<theme>.txt`, one pattern a line.

A [heading] names the group: `any` and the intents speak of part and purpose, `low` and the manners
and directions say how the hand holds. Everything is checked when it is read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast, get_args

from semgrasp.dataset.conversation import Bank
from semgrasp.synthesis.wording.filling import own_words, slots
from semgrasp.synthesis.wording.taxonomy import manner_groups
from semgrasp.synthesis.wording.text_files import DATA, Line, read_lines
from semgrasp.types import INTENTS

BENCHMARK = "benchmark"
"""The theme of the frozen test sentences that published figures rest on."""

DIRECTION_GROUPS = (
    "above", "below", "side", "palm_down", "palm_up", "thumb_up", "thumb_down",
)  # fmt: skip
SLOTS: frozenset[str] = frozenset(
    ("object", "part", "avoid", "avoid_two", "offered", "purpose", "fingers", "touch", "count",
     "other", "others", "idle", "grasp", "taxonomy")
)  # fmt: skip
"""What a pattern may ask for: words for the object, the part to hold, one or two parts to leave
alone, the part left for the person who takes the object, what for, the fingers on the part and the
verb that agrees with them, their number, the next part touched and the fingers there, the fingers
that touch nothing, and the grasp type in plain words and by its name in the taxonomy."""


@dataclass(frozen=True)
class Pattern:
    """A sentence with slots."""

    text: str
    group: str
    theme: str
    """Name of its file."""
    bank: Bank
    slots: frozenset[str]


@cache
def all_patterns() -> tuple[Pattern, ...]:
    """Every pattern of both halves, files in the order of their names.

    Raises:
        InputError: A line with an unknown group or slot, a slot its group never fills, a reserved
            word in the training half, or a pattern that stands there twice.
    """
    groups = {"any", "low", "trigger", *INTENTS, *DIRECTION_GROUPS, *manner_groups()}
    reserved = reserved_words()
    seen: dict[str, Line] = {}
    found = []
    for bank in get_args(Bank):
        for file in sorted((DATA / "patterns" / bank).glob("*.txt")):
            if file.stem == "chats":
                continue
            for line in read_lines(file):
                if line.heading not in groups:
                    raise line.error(
                        f"unknown group {line.heading!r}. Known: {', '.join(sorted(groups))}."
                    )
                check_text(line, bank, reserved)
                if line.text in seen:
                    first = seen[line.text]
                    raise line.error(f"stands in {first.file.name}, line {first.number}, already.")
                seen[line.text] = line
                needed = slots(line.text)
                if "offered" in needed and line.heading != "handover":
                    raise line.error("{offered} is known in the group handover only.")
                if "touch" in needed and "fingers" not in needed:
                    raise line.error("{touch} agrees with {fingers}, which is missing.")
                found.append(Pattern(line.text, line.heading, file.stem, cast(Bank, bank), needed))
    return tuple(found)


@cache
def patterns(bank: Bank, groups: Sequence[str], theme: str | None = None) -> tuple[Pattern, ...]:
    """Patterns of some groups, group by group; of all themes where None."""
    table: dict[str, list[Pattern]] = {}
    for pattern in all_patterns():
        if pattern.bank == bank and theme in (None, pattern.theme):
            table.setdefault(pattern.group, []).append(pattern)
    return tuple(pattern for group in groups for pattern in table.get(group, ()))


@cache
def reserved_words() -> frozenset[str]:
    """Words that no training text may use."""
    return frozenset(
        word for line in read_lines(DATA / "reserved_words.txt") for word in line.text.split()
    )


def check_text(
    line: Line, bank: str, reserved: frozenset[str], known: frozenset[str] = SLOTS
) -> None:
    """Raise where a text has unknown slots, stray braces or words reserved for the other half."""
    if unknown := slots(line.text) - known:
        raise line.error(
            f"unknown slot {', '.join(sorted(unknown))}. Known: {', '.join(sorted(known))}."
        )
    if line.text.count("{") != line.text.count("}") or "{}" in line.text:
        raise line.error(f"braces do not match in {line.text!r}.")
    if bank == "train" and (leaks := own_words(line.text) & reserved):
        raise line.error(f"reserved for the test half: {', '.join(sorted(leaks))}.")


def themes(bank: Bank) -> Iterator[str]:
    """Names of the files of one half."""
    yield from dict.fromkeys(pattern.theme for pattern in all_patterns() if pattern.bank == bank)
