"""Captions: short conversations about one grasp, as they are stored in JSON."""

import re
from typing import Any, Literal, NotRequired, TypedDict

from semgrasp.errors import InputError

Kind = Literal["low", "high", "chat"]
"""low: which finger touches which part; high: what the grasp is for; chat: several rounds."""
Bank = Literal["train", "test"]
"""Which half of the language bank the human's words come from."""

GRASP = "<grasp>"
"""Stands for the tokens of the grasp in the text of a turn."""

Turn = TypedDict("Turn", {"from": Literal["human", "gpt"], "value": str})
"""What one side says."""


class Caption(TypedDict):
    """One conversation; human and model take turns, the human begins."""

    kind: Kind
    turns: list[Turn]
    bank: NotRequired[Bank]
    names_part: NotRequired[bool]
    """Whether the human names the part that the hand shall touch."""


def make_turns(*values: str) -> list[Turn]:
    """Turns from what is said, beginning with the human."""
    speakers: tuple[Literal["human", "gpt"], ...] = ("human", "gpt")
    return [Turn({"from": speakers[i % 2], "value": value}) for i, value in enumerate(values)]


def instruction_of(caption: Caption) -> str:
    """The last words of the human: what guides the grasp."""
    return next(turn["value"] for turn in reversed(caption["turns"]) if turn["from"] == "human")


# Placeholders met in conversation data for multimodal models, with their surrounding blanks.
_PLACEHOLDER = re.compile(r"\s*(<(object|point|grasp|image)>|<SG>.*?<EG>)\s*", re.DOTALL)


def turns_from_json(value: Any, *, what: str) -> list[Turn]:
    """Accept a list of turns, {"conversations": [...]} or {"caption": "..."}."""
    if isinstance(value, dict) and isinstance(value.get("caption"), str):
        return make_turns(value["caption"])
    if isinstance(value, dict):
        value = value.get("conversations", value.get("turns"))
    is_list = isinstance(value, list) and len(value) > 0
    if not is_list or not all(_is_turn(turn) for turn in value):
        raise InputError(
            f"{what} is no conversation. Allowed: a list of "
            '{"from": "human" or "gpt", "value": text}, {"conversations": such a list} '
            'or {"caption": text}.'
        )
    return [Turn({"from": turn["from"], "value": turn["value"]}) for turn in value]


def _is_turn(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("from") in ("human", "gpt")
        and isinstance(value.get("value"), str)
    )


def without_placeholders(text: str) -> str:
    """The words alone: markers of objects, points, images and grasps are taken out."""
    return _PLACEHOLDER.sub(" ", text).strip()
