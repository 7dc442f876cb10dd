"""Captions: short conversations about one grasp, as they are stored in JSON."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NotRequired, TypedDict

from semgrasp.errors import InputError

Kind = Literal["low", "high", "chat"]
"""low: which finger touches which part; high: what the grasp is for; chat: several rounds."""
Bank = Literal["train", "test"]
"""Which half of the language bank the human's words come from."""
Speaker = Literal["human", "gpt"]

GRASP = "<grasp>"
"""Stands for the tokens of the grasp in the text of a turn."""

Turn = TypedDict("Turn", {"from": Speaker, "value": str})
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
    speakers: tuple[Speaker, ...] = ("human", "gpt")
    return [Turn({"from": speakers[i % 2], "value": value}) for i, value in enumerate(values)]


def instruction_of(caption: Caption) -> str:
    """The last words of the human: what guides the grasp."""
    return next(turn["value"] for turn in reversed(caption["turns"]) if turn["from"] == "human")


@dataclass(frozen=True)
class Markers:
    """What stands in a text for something that is no text, without its angle brackets."""

    things: tuple[str, ...] = (
        *("object", "obj", "point", "points", "pc", "pointcloud", "point_cloud", "image"),
        *("point_start", "point_patch", "point_end", "OS", "OBJ"),
    )
    """Objects, points and images: taken out."""
    grasps: tuple[str, ...] = ("grasp", "hand", "hand_pose")
    """Grasps, besides the tokens between <SG> and <EG>."""

    @cached_property
    def thing(self) -> re.Pattern[str]:
        """Matches a marker of an object, with the blanks around it."""
        return re.compile(rf"\s*<({'|'.join(map(re.escape, self.things))})>\s*")

    @cached_property
    def grasp(self) -> re.Pattern[str]:
        """Matches a marker of a grasp, or its tokens."""
        return re.compile(rf"<(?:{'|'.join(map(re.escape, self.grasps))})>|<SG>.*?<EG>", re.DOTALL)

    def without_things(self, text: str) -> str:
        """The text without markers of objects."""
        return self.thing.sub(" ", text).strip()

    def unknown(self, text: str) -> list[str]:
        """Markers in a text that none of the known ones explains."""
        rest = self.grasp.sub(" ", self.thing.sub(" ", text))
        return re.findall(r"</?[A-Za-z_]\w*>", rest)


MARKERS = Markers()
"""Those met in conversation data for multimodal models."""


def without_placeholders(text: str, markers: Markers = MARKERS) -> str:
    """The words alone: markers of objects, points, images and grasps are taken out."""
    words = [markers.without_things(piece) for piece in markers.grasp.split(text)]
    return " ".join(word for word in words if word)


_SPEAKERS: dict[str, Speaker] = {
    "human": "human",
    "user": "human",
    "gpt": "gpt",
    "assistant": "gpt",
}
_CONTENTS = ("conversations", "conversation", "turns", "captions", "caption")


def conversations_from_json(value: Any, *, what: str) -> list[list[Turn]]:
    """Every conversation of a caption file.

    Accepted are a list of {"from": "human" or "gpt", "value": text}, a text (the human's), either
    of them under "conversations" or "caption" of an object, and a list of such. A system prompt is
    passed over. What the model says may be no text, such as parameters: it stands for the grasp.

    Raises:
        InputError: None of these, or the human says nothing.
    """
    if isinstance(value, str):
        if not value.strip():
            raise InputError(f"{what} is an empty text.")
        return [make_turns(value)]
    if isinstance(value, dict):
        key = next((key for key in _CONTENTS if key in value), None)
        if key is not None:
            return conversations_from_json(value[key], what=what)
    if isinstance(value, list) and value:
        if all(isinstance(turn, dict) and "from" in turn for turn in value):
            return [_turns(value, what)]
        return [talk for entry in value for talk in conversations_from_json(entry, what=what)]
    raise InputError(
        f"{what} is no conversation. Allowed: a list of "
        '{"from": "human" or "gpt", "value": text}, {"conversations": such a list}, '
        '{"caption": text} or a list of these.'
    )


def _turns(value: list[dict[str, Any]], what: str) -> list[Turn]:
    turns: list[Turn] = []
    for turn in value:
        said_by, said = str(turn["from"]).lower(), turn.get("value")
        if said_by == "system":
            continue
        speaker = _SPEAKERS.get(said_by)
        if speaker is None:
            raise InputError(
                f"{what} is no conversation: {said_by[:40]!r} speaks. Allowed: "
                f"{', '.join(_SPEAKERS)}, system."
            )
        if not isinstance(said, str):
            if speaker == "human":
                raise InputError(f"{what} is no conversation: what the human says is no text.")
            said = GRASP
        turns.append(Turn({"from": speaker, "value": said}))
    if not any(turn["from"] == "human" for turn in turns):
        raise InputError(f"{what} is no conversation: no human speaks.")
    return turns
