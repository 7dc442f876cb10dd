"""How far the fingertips are from the object."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.metrics.closing import check_hands
from semgrasp.metrics.solid import SolidObject, as_solid
from semgrasp.types import ObjectShape


def disjointedness(
    hand_vertices_object: Float[ndarray, "*b V 3"],
    fingertips: Sequence[Int[ndarray, " _"]],
    shape: ObjectShape | SolidObject,
    *,
    to: Literal["surface", "vertices"] | str = "surface",
) -> Float[ndarray, "*b"]:
    """Sum over the fingertips of their smallest distance to the object, in [m].

    Args:
        hand_vertices_object: Vertices of one or many hands in the object frame, in [m].
        fingertips: Vertex indices of each fingertip, five for a hand.
        shape: The object; prepare it as a `SolidObject` where many hands are measured.
        to: "surface" counts a fingertip inside the object as touching, 0. "vertices" is OakInk's:
            to the nearest vertex of the object, inside or out, so that it is never 0 and depends
            on the triangles.

    Raises:
        InputError: A fingertip is empty or names a vertex that is not there.
    """
    if to not in ("surface", "vertices"):
        raise InputError(f"to must be 'surface' or 'vertices', got {to!r}.")
    check_hands(hand_vertices_object)
    count = hand_vertices_object.shape[-2]
    for tip in fingertips:
        if len(tip) == 0 or tip.min() < 0 or tip.max() >= count:
            raise InputError(
                f"Each fingertip needs vertex indices from 0 to {count - 1}, got {tip.tolist()}."
            )
    solid = as_solid(shape)
    total = np.zeros(hand_vertices_object.shape[:-2])
    for tip in fingertips:
        points = hand_vertices_object[..., tip, :]
        flat = points.reshape(-1, 3)
        if to == "surface":
            distance = np.maximum(solid.signed_distance(flat), 0.0)
        else:
            distance = solid.distance_to_vertices(flat)
        total = total + distance.reshape(points.shape[:-1]).min(axis=-1)
    return np.asarray(total)
