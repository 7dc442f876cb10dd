"""One grasp to be measured or judged, wherever it came from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.hand import HandModel
from semgrasp.types import Grasp, ObjectShape


@dataclass(frozen=True, eq=False)
class GraspSample:
    """A hand on an object, in the object frame, in metres.

    The surface is all that most metrics need, so a bare mesh from a stranger is a full sample;
    what only a parametric hand knows (joints, fingers) is there where the hand model is.
    """

    name: str
    """Unique within a run and readable: the file it came from and its place in it."""
    shape: ObjectShape
    """Samples of one object share this value, so that work per object is done once."""
    hand_vertices_object: Float[ndarray, "V 3"]
    """Surface of the hand in [m], float64."""
    hand_faces: Int[ndarray, "F 3"]
    """Vertex indices, counter-clockwise from outside."""
    hand_model: HandModel | None = None
    """The model whose surface this is, so that fingers are known; None for a bare mesh."""
    grasp: Grasp | None = None
    """Pose of `hand_model`, without batch axes; None where only the surface is known."""
    instruction: str = ""
    """What the grasp was asked to do, empty where nobody asked."""
    asked_part: str = ""
    """The part the instruction names, one of `shape.part_names`; empty where unknown."""


# fmt: off
_NOT_HERE = frozenset({
    "not", "don", "t", "never", "no", "without", "avoid", "avoiding", "off", "away", "free",
    "clear", "leave", "leaving", "spare", "except", "instead", "untouched", "careful", "i",
})
# fmt: on
"""Words with which a part may be named to be left alone, or to be taken by the one who speaks."""


def part_named_in(instruction: str, part_names: Sequence[str]) -> str:
    """The one part whose name is a word of the instruction; empty for none or several.

    Also empty where a part may be named to be left alone ("keep off the handle") or for somebody
    else ("so that I can take the handle"): a part that was not asked for must not be scored.
    """
    words = set(re.findall(r"[a-z]+", instruction.lower().replace("_", " ")))
    if words & _NOT_HERE:
        return ""
    named = [name for name in part_names if set(name.lower().split("_")) <= words]
    return named[0] if len(named) == 1 else ""
