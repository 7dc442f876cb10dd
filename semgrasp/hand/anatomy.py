"""Landmarks that a hand's surface and skeleton imply: fingertips and the pads that touch.

All in the hand frame of a right hand: fingers along -x, palm facing -y, thumb side +z.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError

_FINGERS = ("index", "middle", "pinky", "ring", "thumb")


def find_tips(
    vertices: Float[ndarray, "V 3"], joints: Float[ndarray, "16 3"], weights: Float[ndarray, "V 16"]
) -> Int[ndarray, "5"]:
    """The vertex of each finger farthest along its last bone."""
    tips = []
    for last in (3, 6, 9, 12, 15):
        own = np.flatnonzero(weights.argmax(1) == last)
        if len(own) == 0:
            raise InputError(f"No vertex of the hand follows joint {last}, the end of a finger.")
        offset = vertices[own] - joints[last]
        along = _unit(offset[np.linalg.norm(offset, axis=1).argmax()])
        tips.append(own[(offset @ along).argmax()])
    return np.array(tips)


def find_pads(
    vertices: Float[ndarray, "V 3"],
    faces: Int[ndarray, "F 3"],
    joints: Float[ndarray, "16 3"],
    axes: Float[ndarray, "15 3"],
    weights: Float[ndarray, "V 16"],
    tips: Float[ndarray, "5 3"],
) -> Iterator[tuple[str, Int[ndarray, " n"]]]:
    """Vertices that touch what the hand holds: the front of each phalanx and of the palm.

    Args:
        axes: Flexion axis of each finger joint.
        tips: Fingertips in the order of the fingers.
    """
    normals = _vertex_normals(vertices, faces)
    owner = weights.argmax(1)
    for joint in range(1, 16):
        finger, segment = _FINGERS[(joint - 1) // 3], (joint - 1) % 3
        end = tips[(joint - 1) // 3] if segment == 2 else joints[joint + 1]
        bone = _unit(end - joints[joint])
        fraction = (vertices - joints[joint]) @ bone / np.linalg.norm(end - joints[joint])
        front = np.cross(axes[joint - 1], bone)
        is_own = owner == joint
        if joint == 13:
            # The thumb's metacarpal is buried in the ball of the thumb, whose skin it shares with
            # the palm and which faces as much to the front of the palm as the thumb's pads do.
            front = _unit(front - np.eye(3)[1])
            is_own = weights[:, joint] > 0.2
        is_inside = is_own & (fraction > 0.15) & (fraction < 0.92)
        yield f"{finger}{segment + 1}", _pad(is_inside, normals @ front, vertices)
    knuckles = joints[[1, 4, 7, 10], 0].mean()
    fraction = vertices[:, 0] / knuckles
    facing = -normals[:, 1]
    for name, low, high in (("palm_upper", 0.68, 1.0), ("palm_middle", 0.35, 0.68)):
        yield name, _pad((owner == 0) & (fraction > low) & (fraction < high), facing, vertices)


def _pad(is_inside: ndarray, facing: ndarray, vertices: ndarray) -> Int[ndarray, " n"]:
    """6 to 14 vertices that face the object, spread out where more do."""
    chosen = np.flatnonzero(is_inside & (facing > 0.6))
    if len(chosen) < 6:
        inside = np.flatnonzero(is_inside)
        return np.sort(inside[np.argsort(-facing[inside])[:6]])
    spread = [chosen[facing[chosen].argmax()]]
    while len(spread) < min(14, len(chosen)):
        distance = np.linalg.norm(vertices[chosen][:, None] - vertices[spread], axis=-1).min(1)
        spread.append(chosen[distance.argmax()])
    return np.sort(spread)


def _vertex_normals(vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"]) -> ndarray:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normals = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(normals, faces[:, k], np.cross(b - a, c - a))
    return _unit(normals)


def _unit(v: ndarray) -> ndarray:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-20)
