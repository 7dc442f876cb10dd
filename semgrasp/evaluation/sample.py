"""One grasp to be measured or judged, wherever it came from."""

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
    """The model whose surface this is; None for a bare mesh."""
    grasp: Grasp | None = None
    """Pose of `hand_model`, without batch axes; None for a bare mesh."""
    instruction: str = ""
    """What the grasp was asked to do, empty where nobody asked."""
    asked_part: str = ""
    """The part the instruction names, one of `shape.part_names`; empty where unknown."""
