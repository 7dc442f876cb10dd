"""What objects, their parts and the purposes of a grasp are called: `data/words/*.txt`.

Below the [category]: `name: ...`, `name with <part>: ...` (for objects that have the part; the
first that fits counts), `part <name>: ...` (`part <name>, open: ...` where fingers go through it),
and `<intent>: ...` or `<intent> of <part>: ...` for purposes, infinitives without
"to". Words before the bar are for training, the first is the plain name; those behind it for tests.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from semgrasp.dataset.conversation import Bank
from semgrasp.synthesis.wording.text_files import DATA, Line, read_lines, split_halves
from semgrasp.types import INTENTS

_EVERY = "*"
"""The category of purposes that all share, and the part of those that any part serves."""


class Words(NamedTuple):
    """Ways to say one thing."""

    train: tuple[str, ...]
    test: tuple[str, ...]


@dataclass
class _Entry:
    names: Words | None = None
    names_with: dict[str, Words] = field(default_factory=dict)
    parts: dict[str, Words] = field(default_factory=dict)
    open_parts: set[str] = field(default_factory=set)
    purposes: dict[str, dict[str, Words]] = field(default_factory=dict)


@cache
def _vocabulary() -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {}
    for file in sorted((DATA / "words").glob("*.txt")):
        for line in read_lines(file):
            _read(line, entries.setdefault(line.heading, _Entry()))
    return entries


def _read(line: Line, entry: _Entry) -> None:
    key, _, text = line.text.partition(":")
    words = Words(*split_halves(line, text))
    if key == "name":
        entry.names = words
    elif match := re.fullmatch(r"name with ([a-z ]+)", key):
        entry.names_with[match[1]] = words
    elif match := re.fullmatch(r"part ([a-z ]+?)(, open)?", key):
        if set(words.train) & set(words.test):
            raise line.error("a word stands on both sides of the bar.")
        entry.parts[match[1]] = words
        entry.open_parts |= {match[1]} if match[2] else set()
    elif (match := re.fullmatch(r"(\w+)( of ([a-z ]+))?", key)) and match[1] in INTENTS:
        entry.purposes.setdefault(match[1], {})[match[3] or _EVERY] = words
    else:
        raise line.error(
            f"expected name, name with <part>, part <name>, <intent> or <intent> of <part>, "
            f"got {key!r}."
        )


def vocabulary_categories() -> tuple[str, ...]:
    """Categories that have words."""
    return tuple(category for category in _vocabulary() if category != _EVERY)


def vocabulary_parts(category: str) -> tuple[str, ...]:
    """Parts of a category that have words."""
    return tuple(_entry(category).parts)


def object_words(category: str, bank: Bank, *, present: Sequence[str] = ()) -> Sequence[str]:
    """What an object of a category may be called; its plain name where there are no words.

    Args:
        present: Parts of the object, which may tell more: a box with a spine is a book.
    """
    entry = _entry(category)
    names = next((w for part, w in entry.names_with.items() if part in present), entry.names)
    return _half(names, bank) if names else (category.replace("_", " "),)


def part_words(
    category: str, part: str, bank: Bank, *, present: Sequence[str] = ()
) -> Sequence[str]:
    """What a part may be called; its plain name where there are no words.

    Args:
        present: Parts of the object. What could mean another one of them as well is left out.
    """
    words = _entry(category).parts.get(part)
    if words is None:
        return (plain_name(category, part),)
    return _unmistakable(category, part, bank, tuple(present))


@cache
def _unmistakable(category: str, part: str, bank: Bank, present: tuple[str, ...]) -> Sequence[str]:
    parts = _entry(category).parts
    taken = {
        word
        for other in present
        if other != part and other in parts
        for word in (other, *parts[other].train, *parts[other].test)
    }
    words = _half(parts[part], bank)
    return tuple(word for word in words if word not in taken) or (plain_name(category, part),)


def plain_name(category: str, part: str) -> str:
    """What a part is usually called."""
    words = _entry(category).parts.get(part)
    return words.train[0] if words else part.replace("_", " ")


def is_open(category: str, part: str) -> bool:
    """Whether fingers go through a part, such as the ear of a mug."""
    return part in _entry(category).open_parts


def purposes(category: str, intent: str, part: str, bank: Bank) -> Sequence[str]:
    """Infinitives without "to" that say what a grasp of this part is for; may be empty."""
    by_part = _entry(category).purposes.get(intent) or _entry(_EVERY).purposes.get(intent, {})
    words = by_part.get(part, by_part.get(_EVERY))
    return _half(words, bank) if words else ()


def purpose_implies_part(category: str, intent: str, part: str) -> bool:
    """Whether the purposes of this part are its own: one opens a bottle by the cap only."""
    return part in _entry(category).purposes.get(intent, {})


def _entry(category: str) -> _Entry:
    return _vocabulary().get(category, _NOTHING)


def _half(words: Words, bank: Bank) -> Sequence[str]:
    return words.train if bank == "train" else words.test


_NOTHING = _Entry()
