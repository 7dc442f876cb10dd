"""The words of captions: a bank of patterns and synonyms, and how a pattern is filled.

The bank (`language_bank.json`) is split into a train and a test half. Words on its list
`test_only_words` appear in no sentence of the train half, so a score on the test half measures
understanding of words that were never trained on.
"""

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from semgrasp.dataset.conversation import Bank

_SLOT = re.compile(r"\{(\w+)\}")
_ORDER = ("palm", "thumb", "index", "middle", "ring", "pinky")
_NUMBERS = ("zero", "one", "two", "three", "four", "five")


@cache
def language_bank() -> Mapping[str, Any]:
    """The bank as it lies beside this file."""
    return json.loads(Path(__file__).with_name("language_bank.json").read_text(encoding="utf-8"))


def object_words(category: str, bank: Bank) -> Sequence[str]:
    """What an object of a category may be called; its plain name where the bank has no words."""
    words = language_bank()["objects"].get(category)
    return words[bank] if words else (category.replace("_", " "),)


def part_words(category: str, part: str, bank: Bank) -> Sequence[str]:
    """What a part may be called; its plain name where the bank has no words."""
    words = language_bank()["parts"].get(category, {}).get(part)
    return words[bank] if words else (plain_name(category, part),)


def plain_name(category: str, part: str) -> str:
    """What a part is usually called."""
    words = language_bank()["parts"].get(category, {}).get(part)
    return words["train"][0] if words else part.replace("_", " ")


def purposes(category: str, intent: str, part: str, bank: Bank) -> Sequence[str]:
    """Infinitives without "to" that say what a grasp of this part is for; may be empty."""
    table = language_bank()["purposes"]
    by_part = table.get(category, {}).get(intent) or table["*"].get(intent, {})
    return by_part.get(part, by_part.get("*", {})).get(bank, ())


def purpose_implies_part(category: str, intent: str, part: str) -> bool:
    """Whether the purposes of this part are its own: one opens a bottle by the cap only."""
    return part in language_bank()["purposes"].get(category, {}).get(intent, {})


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


@cache
def slots(pattern: str) -> frozenset[str]:
    """Plain names of a pattern's slots: {A_object}, {Object} and {object} all need "object"."""
    return frozenset(name.lower().removeprefix("a_") for name in _SLOT.findall(pattern))


def fits(pattern: str, words: Mapping[str, str]) -> bool:
    """Whether every slot has a word, and no word is said twice by two slots."""
    needed = slots(pattern)
    if not needed <= words.keys():
        return False
    # Not "use the bottle to open the bottle", nor "the bottle part of the spray bottle".
    said = [word for slot in needed & {"object", "part", "purpose"} for word in words[slot].split()]
    # Nor "grip it at the grip".
    return len(said) == len(set(said)) and _own_words(pattern).isdisjoint(
        word for slot in needed & {"object", "part"} for word in words[slot].split()
    )


@cache
def _own_words(pattern: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", _SLOT.sub(" ", pattern).lower()))


def _word(name: str, words: Mapping[str, str]) -> str:
    plain = name.lower().removeprefix("a_")
    word = words[plain]
    if name.lower() != plain:
        word = f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
    return word[0].upper() + word[1:] if name[0].isupper() else word


def fill(pattern: str, words: Mapping[str, str]) -> str:
    """Put words into a pattern: {Slot} capitalises, {a_slot} adds the indefinite article."""
    text = _SLOT.sub(lambda match: _word(match[1], words), pattern)
    return text[0].upper() + text[1:] if pattern[0] == "{" and text.endswith(".") else text


def one_of(choices: Sequence[str], rng: random.Random) -> str:
    """Draw one word; all are equally likely."""
    return choices[rng.randrange(len(choices))]
