"""Instructions that a grasp fulfils: which patterns suit it, and the words that fill them."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from semgrasp.dataset.conversation import Bank
from semgrasp.synthesis.captions.facts import GraspFacts
from semgrasp.synthesis.wording import (
    Pattern,
    fill,
    fits,
    grasp_type_words,
    is_open,
    number_word,
    object_words,
    one_of,
    own_words,
    part_words,
    patterns,
    plain_name,
    purpose_implies_part,
    purposes,
    reserved_words,
    spoken_fingers,
)

_OFFERED = ("handle", "grip")
"""Parts that the next person wants to take."""
_THROUGH = ("hook", "loops")
"""Groups that put fingers through a part, which must be open for that."""
_FINGER_SLOTS = frozenset(("fingers", "count", "others"))


@dataclass
class SlotWords:
    """Words for slots, and the parts they name as left alone."""

    words: dict[str, str] = field(default_factory=dict)
    avoided: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spoken:
    """An instruction and the words it was made of, which the answer takes up."""

    text: str
    names_part: bool
    words: Mapping[str, str]
    avoided: tuple[str, ...] = ()
    """Parts it names as left alone."""


def instructions(
    facts: GraspFacts,
    *,
    bank: Bank = "train",
    rng: random.Random,
    names_part: bool | None = None,
    theme: str | None = None,
) -> Iterator[str]:
    """Distinct instructions that this grasp fulfils, in random order.

    Args:
        names_part: Only those that name the part (True), only those that do not (False), or both.
        theme: Only patterns of one file, such as `wording.BENCHMARK`.
    """
    seen: set[str] = set()
    groups = (*general_groups(facts), facts.intent, "low", *manner_groups(facts))
    choices = list(patterns(bank, groups, theme))
    rng.shuffle(choices)
    for spoken in speak(facts, choices, bank, rng, names_part=names_part):
        if spoken.text not in seen:
            seen.add(spoken.text)
            yield spoken.text


def general_groups(facts: GraspFacts) -> tuple[str, ...]:
    """Groups for any intent."""
    return ("any", "trigger") if _pulls_trigger(facts) else ("any",)


def manner_groups(facts: GraspFacts) -> tuple[str, ...]:
    """Groups that tell truly how this grasp holds, and from where where that is known."""
    words = grasp_type_words(facts.grasp_type)
    groups = list(words.groups) if words else []
    if not is_open(facts.category, facts.target_part):
        groups = [group for group in groups if group not in _THROUGH]
    if _pulls_trigger(facts):
        groups = [group for group in groups if group != "extension"]
    if facts.directions is not None:
        groups = [group for group in groups if group != "above"] + list(facts.directions)
    return tuple(groups)


def _pulls_trigger(facts: GraspFacts) -> bool:
    return facts.target_part == "trigger" and "index" in facts.fingers_on("trigger")


def speak(
    facts: GraspFacts,
    choices: Iterable[Pattern],
    bank: Bank,
    rng: random.Random,
    *,
    names_part: bool | None = None,
) -> Iterator[Spoken]:
    """Every usable pattern, freshly worded."""
    for pattern in choices:
        if names_part not in (None, "part" in pattern.slots):
            continue
        if "part" not in pattern.slots and not _says_enough(facts, pattern.slots):
            continue
        found = find_words(facts, bank, rng, pattern.slots)
        if fits(pattern.text, found.words):
            text = fill(pattern.text, found.words)
            yield Spoken(text, "part" in pattern.slots, found.words, found.avoided)


def in_random_order(choices: Sequence[Pattern], rng: random.Random) -> Iterator[Pattern]:
    """Each once; only as many are drawn as are asked for."""
    left = list(choices)
    while left:
        i = rng.randrange(len(left))
        left[i], left[-1] = left[-1], left[i]
        yield left.pop()


def _says_enough(facts: GraspFacts, needed: frozenset[str]) -> bool:
    """Whether a sentence that does not name the part decides it all the same, or against one."""
    if facts.is_part_implied or "avoid" in needed:
        return True
    return "purpose" in needed and purpose_implies_part(
        facts.category, facts.intent, facts.target_part
    )


def find_words(
    facts: GraspFacts, bank: Bank, rng: random.Random, needed: frozenset[str]
) -> SlotWords:
    """One choice of words for every needed slot that this grasp can fill."""
    found = SlotWords()
    words = found.words
    if "object" in needed:
        words["object"] = one_of(object_words(facts.category, bank, present=facts.part_names), rng)
    if "part" in needed:
        words["part"] = part_word(facts, facts.target_part, bank, rng)
    if "avoid" in needed and facts.free_parts:
        _choose_avoided(facts, bank, rng, needed, found)
    if "offered" in needed and (offered := offered_part(facts)) is not None:
        words["offered"] = part_word(facts, offered, bank, rng)
    if "purpose" in needed:
        aims = purposes(facts.category, facts.intent, facts.target_part, bank)
        words |= {"purpose": one_of(aims, rng)} if aims else {}
    words |= _type_words(facts.grasp_type, is_open(facts.category, facts.target_part))
    if needed & _FINGER_SLOTS:
        words |= _finger_words(facts, bank, rng)
    if "idle" in needed and facts.idle_fingers:
        words["idle"] = spoken_fingers(facts.idle_fingers).text
    return found


def _choose_avoided(
    facts: GraspFacts, bank: Bank, rng: random.Random, needed: frozenset[str], found: SlotWords
) -> None:
    free = facts.free_parts
    first = one_of(free, rng)
    found.words["avoid"] = part_word(facts, first, bank, rng)
    found.avoided = (first,)
    others = [part for part in free if part != first]
    if "avoid_two" in needed and others:
        second = one_of(others, rng)
        found.words["avoid_two"] = part_word(facts, second, bank, rng)
        found.avoided = (first, second)


@cache
def _type_words(grasp_type: str, is_part_open: bool) -> Mapping[str, str]:
    words = grasp_type_words(grasp_type)
    if words is None:
        return {}
    is_hook = not set(_THROUGH).isdisjoint(words.groups)
    spoken = {"grasp": words.plain} if is_part_open or not is_hook else {}
    # "Inferior pincer" has a word of the benchmark's.
    return spoken if own_words(grasp_type) & reserved_words() else spoken | {"taxonomy": grasp_type}


def _finger_words(facts: GraspFacts, bank: Bank, rng: random.Random) -> dict[str, str]:
    on_target = facts.fingers_on(facts.target_part)
    if not on_target:
        return {}
    fingers = spoken_fingers(on_target)
    words = {"fingers": fingers.text, "touch": "touches" if fingers.is_one else "touch"}
    digits = [finger for finger in on_target if finger != "palm"]
    if len(digits) > 1:
        words["count"] = number_word(len(digits))
    for part in facts.touched_parts[1:]:
        others = [finger for finger in facts.fingers_on(part) if finger not in on_target]
        if others:
            words["others"] = spoken_fingers(others).text
            words["other"] = part_word(facts, part, bank, rng)
            break
    return words


def part_word(facts: GraspFacts, part: str, bank: Bank, rng: random.Random) -> str:
    """One name of a part that fits no other part of the object."""
    choices = part_words(facts.category, part, bank, present=facts.part_names)
    # Half of the sentences keep the plain name, so that new patterns and new names are told apart.
    return plain_name(facts.category, part) if rng.random() < 0.5 else one_of(choices, rng)


def offered_part(facts: GraspFacts) -> str | None:
    """The free part that the person who takes the object wants, if there is one."""
    return next((part for part in _OFFERED if part in facts.free_parts), None)
