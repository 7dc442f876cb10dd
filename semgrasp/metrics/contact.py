"""Which parts of an object a hand touches, and with what."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.types import FINGERS, ObjectShape

CONTACT_DISTANCE = 0.003
"""A finger touches what is within this distance in [m] (CapGrasp's rule)."""
HOLDING_DISTANCE = 0.004
"""Hand vertices within this distance in [m] decide which part is held."""


class TouchedParts(NamedTuple):
    """What a hand touches, from exact distances to a labelled mesh."""

    share: Float[ndarray, " parts"]
    """Share of the near hand vertices that are nearest to each part; sums to 1 or is all zero."""
    count: Int[ndarray, " parts"]
    """Near hand vertices of each part."""
    by_finger: Bool[ndarray, "fingers parts"]
    """Whether a vertex of each hand region (`FINGERS`) touches each part."""


def touched_parts(
    shape: ObjectShape,
    vertices_object: Float[ndarray, "V 3"],
    vertex_finger: Int[ndarray, " V"],
    *,
    near: float = HOLDING_DISTANCE,
    touch: float = CONTACT_DISTANCE,
) -> TouchedParts:
    """Label the hand's vertices with the part whose surface they are closest to.

    Args:
        near: Distance in [m] within which a vertex counts for `share` and `count`.
        touch: Distance in [m] within which a finger touches.

    Raises:
        InputError: The object has no part labels.
    """
    import igl

    if shape.face_parts is None:
        raise InputError(f"The object {shape.name!r} has no part labels, so none can be touched.")
    num_parts = len(shape.part_names)
    reach = max(near, touch)
    low = shape.vertices_object.min(axis=0) - reach
    high = shape.vertices_object.max(axis=0) + reach
    (close,) = np.nonzero(((vertices_object > low) & (vertices_object < high)).all(axis=1))
    by_finger = np.zeros((len(FINGERS), num_parts), dtype=bool)
    if len(close) == 0:
        return TouchedParts(np.zeros(num_parts), np.zeros(num_parts, dtype=np.int64), by_finger)
    squared, face, _ = igl.point_mesh_squared_distance(
        np.ascontiguousarray(vertices_object[close], dtype=np.float64),
        shape.vertices_object,
        np.ascontiguousarray(shape.faces, dtype=np.int64),
    )
    part = np.asarray(shape.face_parts)[np.asarray(face).ravel()]
    distance = np.sqrt(np.asarray(squared).ravel())
    count = np.bincount(part[distance < near], minlength=num_parts)
    touching = distance < touch
    by_finger[np.asarray(vertex_finger)[close[touching]], part[touching]] = True
    return TouchedParts(count / max(1, count.sum()), count, by_finger)


def held_part(touched: TouchedParts, shape: ObjectShape) -> str | None:
    """The part touched first and foremost: nearest to most of the near vertices; None if none."""
    if touched.count.sum() == 0:
        return None
    return shape.part_names[int(touched.count.argmax())]
