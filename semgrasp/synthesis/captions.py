"""Captions of a grasp, from what it touches and what it is for.

Three levels, as in CapGrasp: low (which finger touches which part), high (what the grasp is for)
and chat (several rounds, and the inverse direction that describes a given grasp). Everything a
caption says is true of its grasp: parts are those touched within 3 mm or the part aimed at.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from semgrasp.dataset.conversation import GRASP, Bank, Caption, make_turns
from semgrasp.synthesis.wording import (
    fill,
    fits,
    language_bank,
    number_word,
    object_words,
    one_of,
    part_words,
    plain_name,
    purpose_implies_part,
    purposes,
    slots,
    spoken_fingers,
)
from semgrasp.types import FINGERS, Intent

_OFFERED = "handle"
"""The part that the next person wants to take."""


@dataclass(frozen=True, kw_only=True)
class GraspFacts:
    """What is known about a grasp before it is put into words."""

    category: str
    intent: Intent
    target_part: str
    """The part that the grasp is for."""
    grasp_type: str
    """Name in the taxonomy of Feix et al. (2016)."""
    avoid_parts: tuple[str, ...] = ()
    """Parts that the grasp leaves free."""
    touched: Mapping[str, tuple[str, ...]]
    """For each of FINGERS, the parts within 3 mm."""
    is_part_implied: bool = False
    """Whether category and intent alone decide the part, so that it need not be named."""

    @property
    def touched_parts(self) -> tuple[str, ...]:
        """Touched parts, the target first, then by the number of fingers on them."""
        counts = {part: 0 for parts in self.touched.values() for part in parts}
        for parts in self.touched.values():
            for part in parts:
                counts[part] += 1
        return tuple(
            sorted(counts, key=lambda part: (part != self.target_part, -counts[part], part))
        )

    def fingers_on(self, part: str) -> tuple[str, ...]:
        """Regions of the hand that touch a part."""
        return tuple(finger for finger in FINGERS if part in self.touched.get(finger, ()))

    @property
    def free_parts(self) -> tuple[str, ...]:
        """Parts to avoid that are indeed not touched."""
        return tuple(part for part in self.avoid_parts if part not in self.touched_parts)


def parts_by_intent(
    cases: Iterable[tuple[str, Sequence[str], str]],
) -> dict[tuple[str, str], set[str]]:
    """Parts held for each (category, intent), from (category, intents, target part) of each case.

    Where it is a single part, the intent implies it.
    """
    parts: dict[tuple[str, str], set[str]] = {}
    for category, intents, part in cases:
        for intent in intents:
            parts.setdefault((category, intent), set()).add(part)
    return parts


def instructions(
    facts: GraspFacts,
    *,
    bank: Bank = "train",
    rng: random.Random,
    names_part: bool | None = None,
) -> Iterator[str]:
    """Distinct instructions that this grasp fulfils, in random order.

    Args:
        names_part: Only those that name the part (True), only those that do not (False), or both.
    """
    seen: set[str] = set()
    for spoken in _spoken(facts, _groups(facts), bank, rng, names_part=names_part):
        if spoken.text not in seen:
            seen.add(spoken.text)
            yield spoken.text


def make_captions(
    facts: GraspFacts, *, bank: Bank = "train", rng: random.Random, count: int = 6
) -> list[Caption]:
    """`count` captions of all three kinds, no two with the same words."""
    captions: list[Caption] = []
    seen: set[str] = set()

    if facts.fingers_on(facts.target_part):
        for i in range(count // 3):
            captions += _first_new(_low(facts, bank, rng, ("fingers", "manner")[i % 2]), seen)
    for _ in range(count // 5):
        captions += _first_new(_chats(facts, bank, rng), seen)
    # The intent is heard most often: in two of three sentences of the high level.
    choices = (("intent", True), ("intent", False), ("any", True))
    for i in range(4 * count):
        if len(captions) == count:
            break
        captions += _first_new(_high(facts, bank, rng, *choices[i % len(choices)]), seen)
    rng.shuffle(captions)
    return captions


def _first_new(candidates: Iterator[Caption], seen: set[str]) -> list[Caption]:
    """The first caption that asks in words not seen yet, if there is one; its words are noted."""
    for caption in candidates:
        asked = " ".join(t["value"] for t in caption["turns"] if t["from"] == "human")
        if asked not in seen:
            seen.add(asked)
            return [caption]
    return []


@dataclass(frozen=True)
class _Spoken:
    """An instruction and the words it was made of, which the answer takes up."""

    text: str
    names_part: bool
    words: Mapping[str, str]


def _groups(facts: GraspFacts) -> tuple[str, ...]:
    return (*_general_groups(facts), facts.intent, "low", *_manner_groups(facts))


def _general_groups(facts: GraspFacts) -> tuple[str, ...]:
    is_index_on_trigger = facts.target_part == "trigger" and "index" in facts.fingers_on("trigger")
    return ("any", "trigger") if is_index_on_trigger else ("any",)


def _manner_groups(facts: GraspFacts) -> tuple[str, ...]:
    return tuple(language_bank()["manners"].get(facts.grasp_type, ()))


def _spoken(
    facts: GraspFacts,
    groups: Sequence[str],
    bank: Bank,
    rng: random.Random,
    *,
    names_part: bool | None = None,
) -> Iterator[_Spoken]:
    """Every usable pattern of the groups once, in random order, freshly worded."""
    table = language_bank()["instructions"][bank]
    patterns = [pattern for group in groups for pattern in table.get(group, ())]
    rng.shuffle(patterns)
    for pattern in patterns:
        needed = slots(pattern)
        if names_part not in (None, "part" in needed):
            continue
        if "part" not in needed and not _implies_part(facts, needed):
            continue
        words = _words(facts, bank, rng, needed)
        if fits(pattern, words):
            yield _Spoken(fill(pattern, words), "part" in needed, words)


def _implies_part(facts: GraspFacts, needed: frozenset[str]) -> bool:
    if facts.is_part_implied or "purpose" not in needed:
        return facts.is_part_implied
    return purpose_implies_part(facts.category, facts.intent, facts.target_part)


def _words(
    facts: GraspFacts, bank: Bank, rng: random.Random, needed: frozenset[str]
) -> dict[str, str]:
    """One choice of words for every needed slot that this grasp can fill."""
    words = {}
    if "object" in needed:
        words["object"] = one_of(object_words(facts.category, bank), rng)
    if "part" in needed:
        words["part"] = _part_word(facts, facts.target_part, bank, rng)
    if "avoid" in needed and facts.free_parts:
        avoid = one_of(facts.free_parts, rng)
        words["avoid"] = _part_word(facts, avoid, bank, rng)
    if "offered" in needed and _OFFERED in facts.free_parts:
        words["offered"] = _part_word(facts, _OFFERED, bank, rng)
    if "purpose" in needed:
        aims = purposes(facts.category, facts.intent, facts.target_part, bank)
        words |= {"purpose": one_of(aims, rng)} if aims else {}
    if "grasp" in needed and facts.grasp_type in language_bank()["grasp_names"]:
        words["grasp"] = language_bank()["grasp_names"][facts.grasp_type]
    if needed & {"fingers", "count", "others"}:
        words |= _finger_words(facts, bank, rng)
    return words


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
            words["other"] = _part_word(facts, part, bank, rng)
            break
    return words


def _part_word(facts: GraspFacts, part: str, bank: Bank, rng: random.Random) -> str:
    choices = part_words(facts.category, part, bank)
    # Half of the sentences keep the plain name, so that new patterns and new names are told apart.
    return plain_name(facts.category, part) if rng.random() < 0.5 else one_of(choices, rng)


def _answer_words(facts: GraspFacts, purpose: str | None) -> dict[str, str]:
    """Plain names: what the model learns to say needs no synonyms."""
    words = {
        "object": object_words(facts.category, "train")[0],
        "part": plain_name(facts.category, facts.target_part),
    }
    if facts.free_parts:
        words["avoid"] = plain_name(facts.category, facts.free_parts[0])
    if _OFFERED in facts.free_parts:
        words["offered"] = plain_name(facts.category, _OFFERED)
    if purpose is not None:
        words["purpose"] = purpose
    return words


def _answer(table: str, facts: GraspFacts, purpose: str | None, rng: random.Random) -> str:
    return _fill_one_of(_for_use_of_part(table, facts), _answer_words(facts, purpose), rng)


def _fill_one_of(patterns: Sequence[str], words: Mapping[str, str], rng: random.Random) -> str:
    return fill(one_of([p for p in patterns if fits(p, words)], rng), words)


def _for_use_of_part(table: str, facts: GraspFacts) -> Sequence[str]:
    """Entry of the bank for the intent; a part with a use of its own (a trigger) goes first."""
    entries = language_bank()[table]
    entry = entries.get(f"{facts.intent}.{facts.target_part}", entries[facts.intent])
    return [entry] if isinstance(entry, str) else entry


def contact_sentence(facts: GraspFacts) -> str:
    """Which fingers touch which part, for the two parts touched most."""
    clauses = []
    for part in facts.touched_parts[:2]:
        fingers = spoken_fingers(facts.fingers_on(part))
        verb = "touches" if fingers.is_one else "touch"
        clauses.append(f"{fingers.text} {verb} the {plain_name(facts.category, part)}")
    if not clauses:
        return f"The hand is close to the {plain_name(facts.category, facts.target_part)}."
    text = "; ".join(clauses)
    return f"{text[0].upper()}{text[1:]}."


def _low(facts: GraspFacts, bank: Bank, rng: random.Random, group: str) -> Iterator[Caption]:
    manners = _manner_groups(facts)
    first = manners if group == "manner" else ("low",)
    for groups in (first, ("low", *manners)):
        for spoken in _spoken(facts, groups, bank, rng):
            turns = make_turns(spoken.text, f"{GRASP} {contact_sentence(facts)}")
            yield Caption(kind="low", bank=bank, names_part=True, turns=turns)


def _high(
    facts: GraspFacts, bank: Bank, rng: random.Random, group: str, names_part: bool
) -> Iterator[Caption]:
    groups = (facts.intent,) if group == "intent" else _general_groups(facts)
    for spoken in _spoken(facts, groups, bank, rng, names_part=names_part):
        if group == "intent":
            answer = _answer("replies", facts, spoken.words.get("purpose"), rng)
        else:
            # Nothing was said about the purpose, so the answer keeps silent about it as well.
            patterns = language_bank()["replies"]["any"]
            answer = _fill_one_of(patterns, _answer_words(facts, None), rng)
        turns = make_turns(spoken.text, f"{GRASP} {answer}")
        yield Caption(kind="high", bank=bank, names_part=names_part, turns=turns)


_CHAT_SLOTS = frozenset(("object", "part", "avoid", "purpose"))


def _chats(facts: GraspFacts, bank: Bank, rng: random.Random) -> Iterator[Caption]:
    chats = list(language_bank()["chats"][bank])
    rng.shuffle(chats)
    for turns in chats:
        human = _words(facts, bank, rng, _CHAT_SLOTS)
        purpose = human.get("purpose")
        wishes = [p for p in language_bank()["wishes"][facts.intent] if fits(p, human)]
        human["wish"] = fill(one_of(wishes, rng), human)
        spoken = next(_spoken(facts, (facts.intent,), bank, rng))
        human["instruction"] = spoken.text
        answer = _answer_words(facts, purpose)
        answer |= {
            "reply": _answer("replies", facts, purpose, rng),
            "reason": _answer("reasons", facts, purpose, rng),
            "contact": contact_sentence(facts),
            "description": _answer("descriptions", facts, purpose, rng),
            "aim": _answer("aims", facts, purpose, rng),
        }
        tables = [human if i % 2 == 0 else answer for i in range(len(turns))]
        if not all(fits(turn, words) for turn, words in zip(turns, tables, strict=True)):
            continue
        asked = [turn for i, turn in enumerate(turns) if i % 2 == 0]
        uses_instruction = any("instruction" in slots(turn) for turn in asked)
        names_part = any("part" in slots(turn) for turn in asked)
        values = [fill(turn, words) for turn, words in zip(turns, tables, strict=True)]
        yield Caption(
            kind="chat",
            bank=bank,
            names_part=names_part or (uses_instruction and spoken.names_part),
            turns=make_turns(*values),
        )
