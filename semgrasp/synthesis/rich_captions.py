"""What a language model is told about a grasp to put it into its own words, and how it answers.

The model sees contact states, not pictures: object, intent, part, fingers on each part, parts left
alone, type and direction of the grasp. Of what it writes, only what can be true and fits the
training half is kept.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from semgrasp.dataset.conversation import GRASP, Caption, Kind, make_turns
from semgrasp.errors import SemgraspError
from semgrasp.synthesis.captions import GraspFacts
from semgrasp.synthesis.wording import (
    object_words,
    own_words,
    part_words,
    plain_name,
    purposes,
    reserved_words,
    spoken_fingers,
)

REPLY_SCHEMA = {
    "type": "object",
    "properties": {
        "captions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "kind": {"type": "string", "enum": ["low", "high", "chat"]},
                    "turns": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["kind", "turns"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["captions"],
    "additionalProperties": False,
}
"""JSON schema of a reply."""
REMINDER = (
    'Answer again with only one JSON object of the form {"captions": [{"kind": "low", "high" or '
    '"chat", "turns": ["what the human says", "what the model says", ...]}]}.'
)
_LONGEST_TURN = 400
"""Characters."""
_MOST_TURNS = 8
_DIRECTIONS = {
    "above": "the hand comes from above",
    "below": "the hand comes from below",
    "side": "the hand comes from the side",
    "palm_down": "the palm faces down",
    "palm_up": "the palm faces up",
    "thumb_up": "the thumb's side of the hand is on top",
    "thumb_down": "the little finger's side of the hand is on top",
}
_INTENTS = {
    "use": "to use the object",
    "hold": "to hold the object",
    "liftup": "to pick the object up",
    "handover": "to hand the object to someone",
}


class UnusableReplyError(SemgraspError):
    """A reply that holds no caption that could be kept."""


def caption_prompt(facts: GraspFacts, count: int) -> str:
    """Ask for `count` captions of a grasp; the text holds all that may be said."""
    return f"""A right hand grasps an object. Write {count} short conversations in English between \
a human who wants this grasp and a model that makes it. The object and the hand are known to both.

{grasp_sheet(facts)}

Kinds: "high" says what the grasp is for or which part to take, and how, in the human's everyday \
words; "low" asks for particular fingers on particular parts or for a manner; "chat" has four to \
six turns in which the model asks back, is corrected, or explains. Write some of each.
Rules:
- The human begins and the two take turns; the model has the last word.
- In each conversation {GRASP} stands once, in a turn of the model, where the grasp is made, \
followed by one sentence about it.
- Say only what the facts above allow. Name no part that is not listed, and do not say that a \
part left alone is touched.
- Do not use these words: {", ".join(sorted(reserved_words()))}.
- Vary the words, the length and the tone: commands, questions, hints, polite, brisk.
Answer with one JSON object: {{"captions": [{{"kind": "...", "turns": ["...", "..."]}}]}}."""


def grasp_sheet(facts: GraspFacts) -> str:
    """The facts, one to a line."""
    part = plain_name(facts.category, facts.target_part)
    lines = [
        f"Object: {object_words(facts.category, 'train', present=facts.part_names)[0]}",
        f"Purpose of the grasp: {_INTENTS[facts.intent]}",
        f"Part that is taken: the {part}",
    ]
    aims = purposes(facts.category, facts.intent, facts.target_part, "train")
    if aims:
        lines.append(f"What for, for instance: {'; '.join(aims[:3])}")
    for touched in facts.touched_parts:
        fingers = spoken_fingers(facts.fingers_on(touched)).text
        lines.append(f"Touching the {plain_name(facts.category, touched)}: {fingers}")
    if facts.idle_fingers:
        lines.append(f"Touching nothing: {spoken_fingers(facts.idle_fingers).text}")
    if facts.free_parts:
        free = ", ".join(f"the {plain_name(facts.category, p)}" for p in facts.free_parts)
        lines.append(f"Left alone: {free}")
    lines.append(f"Grasp type: {facts.grasp_type}")
    if facts.directions:
        lines.append(f"Direction: {', '.join(_DIRECTIONS[name] for name in facts.directions)}")
    return "\n".join(f"- {line}" for line in lines)


def captions_of_reply(reply: Mapping[str, Any], facts: GraspFacts) -> list[Caption]:
    """The captions of a reply that can be kept.

    Raises:
        UnusableReplyError: There is none; says what is wrong with the first.
    """
    entries = reply.get("captions")
    if not isinstance(entries, list) or not entries:
        raise UnusableReplyError('The reply has no list "captions".')
    kept: list[Caption] = []
    faults = []
    for entry in entries:
        fault = _fault_of(entry, facts)
        if fault:
            faults.append(fault)
            continue
        turns = [" ".join(turn.split()) for turn in entry["turns"]]
        said = " ".join(turns[::2])
        caption = Caption(
            kind=cast(Kind, entry["kind"]),
            bank="train",
            names_part=names_part(said, facts),
            turns=make_turns(*turns),
        )
        if caption not in kept:
            kept.append(caption)
    if not kept:
        raise UnusableReplyError(f"None of the {len(entries)} captions can be kept: {faults[0]}")
    return kept


def names_part(said: str, facts: GraspFacts) -> bool:
    """Whether the human's words name the part that is taken."""
    words = part_words(facts.category, facts.target_part, "train", present=facts.part_names)
    return any(
        _says(said, word) for word in (plain_name(facts.category, facts.target_part), *words)
    )


def _fault_of(entry: Any, facts: GraspFacts) -> str:
    """What is wrong with one conversation; empty for none."""
    if not isinstance(entry, dict) or entry.get("kind") not in ("low", "high", "chat"):
        return 'kind must be "low", "high" or "chat".'
    turns = entry.get("turns")
    if not isinstance(turns, list) or not all(isinstance(t, str) and t.strip() for t in turns):
        return "turns must be a list of texts."
    if len(turns) % 2 or not 2 <= len(turns) <= _MOST_TURNS:
        return f"turns must be 2 to {_MOST_TURNS}, the model has the last word."
    if (entry["kind"] == "chat") != (len(turns) > 2):
        return "a chat has at least four turns, the other kinds have two."
    if max(map(len, turns)) > _LONGEST_TURN:
        return f"a turn has more than {_LONGEST_TURN} characters."
    if sum(turn.count(GRASP) for turn in turns) != 1 or GRASP in " ".join(turns[::2]):
        return f"{GRASP} must stand once, in a turn of the model."
    text = " ".join(turns)
    if leaks := own_words(text) & reserved_words():
        return f"use other words for: {', '.join(sorted(leaks))}."
    if others := _foreign_parts(text, facts):
        return f"the {others[0]} has no part in this grasp."
    return ""


def _foreign_parts(text: str, facts: GraspFacts) -> Sequence[str]:
    """Plain names of parts that are neither taken nor touched nor left alone, but spoken of."""
    known = {facts.target_part, *facts.touched_parts, *facts.free_parts}
    allowed = {plain_name(facts.category, part) for part in known}
    names = (plain_name(facts.category, part) for part in facts.part_names if part not in known)
    return [name for name in names if name not in allowed and _says(text, name)]


def _says(text: str, word: str) -> bool:
    return bool(re.search(rf"\b{re.escape(word)}s?\b", text, re.IGNORECASE))
