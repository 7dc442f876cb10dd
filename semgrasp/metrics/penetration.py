"""How far a hand goes into an object."""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.metrics.closing import check_hands
from semgrasp.metrics.solid import SolidObject, as_solid
from semgrasp.objects import SignedDistanceGrid
from semgrasp.types import ObjectShape

Hands = Float[Tensor, "*b V 3"] | Float[ndarray, "*b V 3"]
PerHand = Float[Tensor, "*b"] | Float[ndarray, "*b"]


def penetration_depth(
    hand_vertices_object: Hands,
    shape: ObjectShape | SolidObject | SignedDistanceGrid,
    *,
    to: Literal["surface", "vertices"] | str = "surface",
) -> PerHand:
    """Distance from the deepest hand vertex to the object's surface in [m]; 0 when none is inside.

    A shape is measured exactly; a grid fast and differentiably, to about a tenth of a millimetre.
    Tensors give tensors, arrays give arrays.

    Args:
        hand_vertices_object: Vertices of one or many hands in the object frame, in [m].
        shape: The object; prepare it as a `SolidObject` where many hands are measured.
        to: "vertices" measures to the nearest vertex of the object, as OakInk's script does; its
            result overstates the depth, the more so the coarser the object's triangles are.

    Raises:
        InputError: The object does not enclose a volume, or the vertices cannot be a hand's.
    """
    if to not in ("surface", "vertices"):
        raise InputError(f"to must be 'surface' or 'vertices', got {to!r}.")
    if isinstance(shape, SignedDistanceGrid):
        if to == "vertices" or not isinstance(hand_vertices_object, Tensor):
            raise InputError(
                "A distance grid measures tensors of hand vertices to the surface. "
                "Pass the object itself for anything else."
            )
        distance = shape(hand_vertices_object.reshape(-1, 3))
        distance = distance.reshape(hand_vertices_object.shape[:-1])
        return (-distance).amax(dim=-1).clamp(min=0.0)
    if isinstance(hand_vertices_object, Tensor):
        hands = hand_vertices_object.double().numpy(force=True)
        return torch.from_numpy(_depths(hands, as_solid(shape), to)).to(hand_vertices_object)
    return _depths(hand_vertices_object, as_solid(shape), to)


def _depths(hands: ndarray, solid: SolidObject, to: str) -> ndarray:
    check_hands(hands)
    points = hands.reshape(-1, 3)
    depth = solid.depth(points)
    if to == "vertices":
        (inside,) = np.nonzero(depth > 0)
        depth[inside] = solid.distance_to_vertices(points[inside])
    return np.asarray(depth.reshape(hands.shape[:-1]).max(axis=-1))
