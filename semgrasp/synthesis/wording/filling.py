"""How a pattern is filled: slots, and which words go together."""

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache

_SLOT = re.compile(r"\{(\w+)\}")
_SMALL_WORDS = frozenset(
    ("a", "an", "and", "around", "at", "before", "by", "for", "from", "in", "into", "it", "its",
     "of", "off", "on", "out", "part", "that", "the", "them", "to", "up", "with", "you", "your")
)  # fmt: skip
"""May stand in a sentence more than once."""
_AGREEING = re.compile(
    r"\{(\w+)\}(?: of the \{\w+\})? (?:is|has|was|stays|stands|calls|breaks)\b"
    r"|(?:\bthis |\bhere is )\{(\w+)\}",
    re.IGNORECASE,
)
"""Slots whose word must be singular, for the sake of the words around it."""
_HEAD = re.compile(r"^.*?(?= (?:of|with|at|on|in|for|to|you|around|before|below)\b|$)")
_SINGULAR_ENDS = ("ss", "us", "lens")


@cache
def slots(pattern: str) -> frozenset[str]:
    """Plain names of a pattern's slots: {A_object}, {Object} and {object} all need "object"."""
    return frozenset(name.lower().removeprefix("a_") for name in _SLOT.findall(pattern))


def fits(pattern: str, words: Mapping[str, str]) -> bool:
    """Whether every slot has a word, and no word is said twice by two slots."""
    needed = slots(pattern)
    if not needed <= words.keys():
        return False
    if any(is_plural(words[slot]) for slot in _singular_slots(pattern)):
        return False
    # Not "use the bottle to open the bottle", nor "the bottle part of the spray bottle".
    said = [
        word
        for slot in needed & {"object", "part", "purpose"}
        for word in words[slot].split()
        if word not in _SMALL_WORDS
    ]
    # Nor "grip it at the grip".
    return len(said) == len(set(said)) and own_words(pattern).isdisjoint(
        word
        for slot in needed & {"object", "part", "avoid"}
        for word in words[slot].split()
        if word not in _SMALL_WORDS
    )


@cache
def _singular_slots(pattern: str) -> frozenset[str]:
    names = (match[1] or match[2] for match in _AGREEING.finditer(pattern))
    return frozenset(name.lower().removeprefix("a_") for name in names)


@cache
def is_plural(word: str) -> bool:
    """Whether a name such as "scissors" is plural; a "pair of scissors" is not."""
    match = _HEAD.match(word)
    assert match is not None, "the pattern matches any text"
    head = match[0].split()[-1]
    return head == "teeth" or (head.endswith("s") and not head.endswith(_SINGULAR_ENDS))


@cache
def own_words(pattern: str) -> frozenset[str]:
    """The words of a pattern without its slots, in lower case."""
    return frozenset(re.findall(r"[a-z]+", _SLOT.sub(" ", pattern).lower()))


def fill(pattern: str, words: Mapping[str, str]) -> str:
    """Put words into a pattern: {Slot} capitalises, {a_slot} adds the indefinite article."""
    text = _SLOT.sub(lambda match: _word(match[1], words), pattern)
    text = text.replace("s's ", "s' ") if is_plural(words.get("object", "it")) else text
    return text[0].upper() + text[1:] if pattern[0] == "{" and text.endswith(".") else text


def _word(name: str, words: Mapping[str, str]) -> str:
    plain = name.lower().removeprefix("a_")
    word = words[plain]
    if name.lower() != plain and not is_plural(word):
        word = f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
    return word[0].upper() + word[1:] if name[0].isupper() else word


def one_of(choices: Sequence[str], rng: random.Random) -> str:
    """Draw one word; all are equally likely."""
    return choices[rng.randrange(len(choices))]
