"""Lessons: what one conversation about one grasp teaches, and which other grasps would do as well.

A caption is right for more than the grasp it was written for. A description of contacts fits every
grasp of the object with the same contacts; an intention fits every grasp of the same part with the
same intent. Those are taught together, as branches of one answer.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal, cast

import torch

from semgrasp.dataset import Caption, PackedDataset
from semgrasp.language import GRASP, Turn

Kind = Literal["low", "high", "chat", "inverse"]
KINDS: tuple[Kind, ...] = ("low", "high", "chat", "inverse")
QUESTIONS = (
    "Describe this grasp.",
    "What is this hand doing?",
    "How does this hand hold the object?",
    "Say what this grasp does.",
    "Explain this grasp.",
    "Which parts does this hand touch?",
)
"""Ways to ask for the inverse direction; the first is what `describe` asks."""


@dataclass(frozen=True)
class Lesson:
    """A conversation, and the grasps that it is right for."""

    kind: Kind
    turns: tuple[Turn, ...]
    bank: str
    """Half of the language bank that the human's words come from."""
    names_part: bool
    """Whether the human names the part to be touched."""
    grasp: int
    """Row of the data set."""
    equals: tuple[int, ...]
    """Rows of other grasps that answer the human as well; several rows, any order."""

    @property
    def instruction(self) -> str:
        """The human's last words."""
        return next(t.text for t in reversed(self.turns) if t.speaker == "human")


def lessons_of(data: PackedDataset, rows: torch.Tensor) -> dict[int, list[Lesson]]:
    """Lessons about each of the given grasps, keyed by row of the data set."""
    contact = {row: _contact_key(data, row) for row in rows.tolist()}
    intention = {row: _intention_key(data, row) for row in rows.tolist()}
    by_contact: dict[tuple, list[int]] = defaultdict(list)
    by_intention: dict[tuple, list[int]] = defaultdict(list)
    for row in rows.tolist():
        by_contact[contact[row]].append(row)
        by_intention[intention[row]].append(row)
    lessons: dict[int, list[Lesson]] = {}
    for row in rows.tolist():
        same_contact = tuple(r for r in by_contact[contact[row]] if r != row)
        same_intention = tuple(r for r in by_intention[intention[row]] if r != row)
        lessons[row] = [
            _lesson(caption, row, same_contact if caption["kind"] == "low" else same_intention)
            for caption in data.captions[row]
        ]
        lessons[row] += [inverse_lesson(lesson) for lesson in lessons[row] if _has_reply(lesson)]
    return lessons


def group_of(data: PackedDataset, row: int) -> tuple[int, int, int]:
    """Object, part and intent: grasps of one group are answers to the same wish."""
    return _intention_key(data, row)[:3]


def inverse_lesson(lesson: Lesson) -> Lesson:
    """The same grasp and sentence, the other way round: the human shows, the model describes."""
    sentence = lesson.turns[-1].text.replace(GRASP, "").strip()
    turns = (Turn("human", f"{GRASP} {QUESTIONS[0]}"), Turn("gpt", sentence))
    return Lesson("inverse", turns, lesson.bank, True, lesson.grasp, ())


def _has_reply(lesson: Lesson) -> bool:
    last = lesson.turns[-1]
    return lesson.kind == "low" and last.speaker == "gpt" and last.text.strip() != GRASP


def _lesson(caption: Caption, row: int, equals: tuple[int, ...]) -> Lesson:
    turns = tuple(Turn(turn["from"], turn["value"]) for turn in caption["turns"])
    names_part = caption.get("names_part", True)
    bank = caption.get("bank", "train")
    # Where the human shows a grasp, the talk is about that grasp and no other.
    if any(GRASP in turn.text for turn in turns if turn.speaker == "human"):
        equals = ()
    return Lesson(cast(Kind, caption["kind"]), turns, bank, names_part, row, equals)


def _contact_key(data: PackedDataset, row: int) -> tuple:
    return (*_intention_key(data, row)[:2], data.contact_parts[row].numpy().tobytes())


def _intention_key(data: PackedDataset, row: int) -> tuple[int, int, int, bytes]:
    return (
        int(data.object_index[row]),
        int(data.target_part[row]),
        int(data.intent[row]),
        data.avoid_parts[row].numpy().tobytes(),
    )
