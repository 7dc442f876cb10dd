"""What a judge says about a grasp, read from a model's reply without guessing."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from semgrasp.errors import SemgraspError

ANSWER_SCHEMA = {
    "type": "object",
    "properties": {
        "part_touched": {"type": "string"},
        "reason": {"type": "string"},
        "score": {"type": "number"},
    },
    "required": ["part_touched", "reason", "score"],
    "additionalProperties": False,
}
"""JSON schema of an answer. Its range of scores is checked here: strict modes of servers do not
know `minimum` and `maximum`."""

_LONGEST_TEXT = 2000
"""Characters kept of a reason."""


class MalformedAnswerError(SemgraspError):
    """A reply that does not hold the JSON object that was asked for."""


@dataclass(frozen=True)
class Answer:
    """One judgement of one grasp."""

    score: float
    """Semantic consistency, 0 to 100."""
    part_touched: str
    reason: str


def read_answer(text: str) -> Answer:
    """The answer in a reply: bare JSON, or JSON among other words; the last one counts.

    Raises:
        MalformedAnswerError: No object with the asked fields and a score from 0 to 100.
    """
    # Reasoning models may think aloud, and sketch answers there, before they answer.
    text = re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL)
    objects = json_objects(text)
    if not objects:
        raise MalformedAnswerError(f"The reply holds no JSON object: {_shortened(text)!r}.")
    value = next((entry for entry in reversed(objects) if "score" in entry), objects[-1])
    missing = [name for name in ANSWER_SCHEMA["required"] if name not in value]
    if missing:
        raise MalformedAnswerError(f"The reply lacks {', '.join(missing)}: {_shortened(text)!r}.")
    for name in ("part_touched", "reason"):
        if not isinstance(value[name], str):
            raise MalformedAnswerError(f"{name} must be a text, got {value[name]!r}.")
    return Answer(
        score=_score(value["score"]),
        part_touched=value["part_touched"][:_LONGEST_TEXT],
        reason=value["reason"][:_LONGEST_TEXT],
    )


def _score(value: Any) -> float:
    score = float("nan")
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError):
            score = float(value)
    # Not a number fails both comparisons.
    if not 0 <= score <= 100:
        raise MalformedAnswerError(f"score must be a number from 0 to 100, got {value!r}.")
    return score


def json_objects(text: str) -> list[dict]:
    """Every outermost JSON object that stands in a text, in order."""
    decoder = json.JSONDecoder()
    objects, start = [], text.find("{")
    while start >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        objects.append(value)
        start = text.find("{", end)
    return objects


def _shortened(text: str, length: int = 160) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[:length] + " ..."
