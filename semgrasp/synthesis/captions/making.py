"""A set of captions for one grasp: single questions of all levels and whole conversations."""

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from semgrasp.dataset.conversation import GRASP, Bank, Caption, Kind, make_turns
from semgrasp.synthesis.captions.facts import GraspFacts
from semgrasp.synthesis.captions.instructions import (
    Spoken,
    find_words,
    general_groups,
    in_random_order,
    manner_groups,
    offered_part,
    part_word,
    speak,
)
from semgrasp.synthesis.wording import (
    Pattern,
    answers,
    as_typed,
    chats,
    fill,
    fits,
    object_words,
    one_of,
    patterns,
    plain_name,
    slots,
    spoken_fingers,
)

SLIPS = 0.12
"""Share of the single sentences that are typed carelessly."""
_CHAT_SLOTS = frozenset(("object", "part", "avoid", "purpose"))


def make_captions(
    facts: GraspFacts,
    *,
    bank: Bank = "train",
    rng: random.Random,
    count: int = 6,
    slips: float = SLIPS,
) -> list[Caption]:
    """`count` captions of all three kinds, no two with the same words.

    Of six, one says which fingers touch the part, one how they hold it, one which part is left
    alone, two what the grasp is for (one of them, where that is enough, without the part), and one
    is a conversation.
    """
    captions: list[Caption] = []
    seen: set[str] = set()
    recipes = (_fingers, _contrast, _named, _chats, _manner, _unnamed)
    for i in range(count):
        captions += _first_new(recipes[i % len(recipes)](facts, bank, rng), seen)
    for _ in range(4 * count):
        if len(captions) == count:
            break
        captions += _first_new(_named(facts, bank, rng), seen)
        if len(captions) < count:
            captions += _first_new(_any(facts, bank, rng), seen)
    for caption in captions:
        if caption["kind"] != "chat" and rng.random() < slips:
            first = caption["turns"][0]
            first["value"] = as_typed(first["value"], bank, rng)
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


def _fingers(facts: GraspFacts, bank: Bank, rng: random.Random) -> Iterator[Caption]:
    return _low(facts, bank, rng, patterns(bank, ("low",)))


def _manner(facts: GraspFacts, bank: Bank, rng: random.Random) -> Iterator[Caption]:
    yield from _low(facts, bank, rng, patterns(bank, manner_groups(facts)))
    yield from _fingers(facts, bank, rng)


def _low(
    facts: GraspFacts, bank: Bank, rng: random.Random, choices: Sequence[Pattern]
) -> Iterator[Caption]:
    if not facts.fingers_on(facts.target_part):
        return
    for spoken in speak(facts, in_random_order(choices, rng), bank, rng):
        turns = make_turns(spoken.text, f"{GRASP} {contact_sentence(facts)}")
        yield Caption(kind="low", bank=bank, names_part=spoken.names_part, turns=turns)


def _contrast(facts: GraspFacts, bank: Bank, rng: random.Random) -> Iterator[Caption]:
    if not facts.free_parts:
        return
    choices = in_random_order(_avoiding(bank, ("any", facts.intent)), rng)
    for spoken in speak(facts, choices, bank, rng):
        reply = _fill_one_of(answers("reply", "contrast"), _answer_words(facts, spoken), rng)
        yield _high_caption(facts, bank, spoken, reply)


@cache
def _avoiding(bank: Bank, groups: Sequence[str]) -> tuple[Pattern, ...]:
    return tuple(pattern for pattern in patterns(bank, groups) if "avoid" in pattern.slots)


@cache
def _not_avoiding(bank: Bank, groups: Sequence[str]) -> tuple[Pattern, ...]:
    return tuple(pattern for pattern in patterns(bank, groups) if "avoid" not in pattern.slots)


def _named(facts: GraspFacts, bank: Bank, rng: random.Random) -> Iterator[Caption]:
    return _of_intent(facts, bank, rng, _not_avoiding(bank, (facts.intent,)), names_part=True)


def _unnamed(facts: GraspFacts, bank: Bank, rng: random.Random) -> Iterator[Caption]:
    """Without the part where intent or purpose decide it; for any intent otherwise."""
    if rng.random() < 0.75:
        yield from _of_intent(facts, bank, rng, patterns(bank, (facts.intent,)), names_part=False)
    yield from _any(facts, bank, rng)


def _of_intent(
    facts: GraspFacts,
    bank: Bank,
    rng: random.Random,
    choices: Sequence[Pattern],
    *,
    names_part: bool,
) -> Iterator[Caption]:
    ordered = in_random_order(choices, rng)
    for spoken in speak(facts, ordered, bank, rng, names_part=names_part):
        yield _high_caption(facts, bank, spoken, _answer("reply", facts, spoken, rng))


def _any(facts: GraspFacts, bank: Bank, rng: random.Random) -> Iterator[Caption]:
    choices = in_random_order(patterns(bank, general_groups(facts)), rng)
    for spoken in speak(facts, choices, bank, rng, names_part=True):
        # Nothing was said about the purpose, so the answer keeps silent about it as well.
        reply = _fill_one_of(answers("reply", "any"), _answer_words(facts, spoken), rng)
        yield _high_caption(facts, bank, spoken, reply)


def _high_caption(facts: GraspFacts, bank: Bank, spoken: Spoken, reply: str) -> Caption:
    # All grasps of one intention keep clear of the parts to be avoided. A part that only this one
    # happens not to touch is a statement about its contacts.
    is_shared = set(spoken.avoided) <= set(facts.avoid_parts)
    kind: Kind = "high" if is_shared else "low"
    turns = make_turns(spoken.text, f"{GRASP} {reply}")
    return Caption(kind=kind, bank=bank, names_part=spoken.names_part, turns=turns)


def _answer_words(facts: GraspFacts, spoken: Spoken) -> dict[str, str]:
    """Plain names: what the model learns to say needs no synonyms."""
    words = {
        "object": object_words(facts.category, "train", present=facts.part_names)[0],
        "part": plain_name(facts.category, facts.target_part),
    }
    free = [part for part in facts.free_parts if part in facts.avoid_parts]
    if avoided := (*spoken.avoided, *free)[:1]:
        words["avoid"] = plain_name(facts.category, avoided[0])
    if (offered := offered_part(facts)) is not None:
        words["offered"] = plain_name(facts.category, offered)
    if "purpose" in spoken.words:
        words["purpose"] = spoken.words["purpose"]
    return words


def _answer(kind: str, facts: GraspFacts, spoken: Spoken, rng: random.Random) -> str:
    choices = answers(kind, facts.intent, facts.target_part)
    return _fill_one_of(choices, _answer_words(facts, spoken), rng)


def _fill_one_of(choices: Sequence[str], words: Mapping[str, str], rng: random.Random) -> str:
    return fill(one_of([p for p in choices if fits(p, words)], rng), words)


def _chats(facts: GraspFacts, bank: Bank, rng: random.Random) -> Iterator[Caption]:
    conversations = list(chats(bank))
    rng.shuffle(conversations)
    for turns in conversations:
        caption = _chat(facts, bank, rng, turns)
        if caption is not None:
            yield caption


def _chat(
    facts: GraspFacts, bank: Bank, rng: random.Random, turns: Sequence[str]
) -> Caption | None:
    """One conversation; None where this grasp cannot fill all its turns."""
    said = frozenset().union(*(slots(turn) for turn in turns[::2]))
    has_instruction = "instruction" in said
    if has_instruction:
        choices = in_random_order(patterns(bank, ("any", facts.intent)), rng)
        spoken = next(speak(facts, choices, bank, rng), None)
        if spoken is None:
            return None
        # An avoided part of the instruction stays the one that is talked about.
        found = find_words(facts, bank, rng, _CHAT_SLOTS - {"purpose"})
        avoided = spoken.avoided or found.avoided
        human = {**found.words, "instruction": spoken.text}
        if avoided:
            human["avoid"] = part_word(facts, avoided[0], bank, rng)
        spoken = Spoken(spoken.text, spoken.names_part, spoken.words, avoided)
    else:
        found = find_words(facts, bank, rng, _CHAT_SLOTS)
        human = found.words
        spoken = Spoken("", False, human, found.avoided)
        wishes = [wish for wish in answers("wish", facts.intent) if fits(wish, human)]
        if "wish" in said:
            human["wish"] = fill(one_of(wishes, rng), human)
    answer = _answer_words(facts, spoken) | {"contact": contact_sentence(facts)}
    for kind in ("reply", "reason", "description", "aim"):
        answer[kind] = _answer(kind, facts, spoken, rng)
    tables = [human if i % 2 == 0 else answer for i in range(len(turns))]
    if not all(fits(turn, words) for turn, words in zip(turns, tables, strict=True)):
        return None
    values = [fill(turn, words) for turn, words in zip(turns, tables, strict=True)]
    names_part = "part" in said or (has_instruction and spoken.names_part)
    return Caption(kind="chat", bank=bank, names_part=names_part, turns=make_turns(*values))
