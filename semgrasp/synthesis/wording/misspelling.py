"""Sentences as people type them: a slip of the keyboard, or no capitals and no full stop."""

import random
import re
from collections.abc import Mapping
from functools import cache

from semgrasp.dataset.conversation import Bank
from semgrasp.synthesis.wording.filling import one_of
from semgrasp.synthesis.wording.text_files import DATA, read_lines, split_halves

_WORD = re.compile(r"[A-Za-z]+")


@cache
def misspellings() -> Mapping[str, Mapping[Bank, tuple[str, ...]]]:
    """For each word, how it is mistyped in either half."""
    table: dict[str, Mapping[Bank, tuple[str, ...]]] = {}
    for line in read_lines(DATA / "misspellings.txt"):
        word, _, text = line.text.partition(":")
        train, test = split_halves(line, text)
        table[word] = {"train": train, "test": test}
    return table


def as_typed(text: str, bank: Bank, rng: random.Random) -> str:
    """The sentence with one word mistyped, or in lower case without its end, or both."""
    slips = misspellings()
    places = [m for m in _WORD.finditer(text) if slips.get(m[0].lower(), {}).get(bank)]
    is_careless = rng.random() < 0.5
    if places and (not is_careless or rng.random() < 0.3):
        place = places[rng.randrange(len(places))]
        typed = one_of(slips[place[0].lower()][bank], rng)
        typed = typed.capitalize() if place[0][0].isupper() else typed
        text = text[: place.start()] + typed + text[place.end() :]
    return text.lower().rstrip(".?!") if is_careless else text
