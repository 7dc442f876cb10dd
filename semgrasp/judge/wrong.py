"""Grasps that are wrong on purpose, made from right ones, to see whether a judge notices.

Each kind is checked on the meshes, so that a grasp called wrong is wrong: turning a hand about a
bottle, for one, gives another good grasp.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.evaluation import GraspSample
from semgrasp.metrics import touched_parts

OTHER_INSTRUCTION = "other_instruction"
"""The grasp is right, but for the instruction of a grasp of another part of the same object."""
OTHER_PART = "other_part"
"""The hand is moved along to another part than the instruction asks for."""
TURNED_AWAY = "turned_away"
"""The hand is turned half around its length, so that its back faces the object."""
OFF_OBJECT = "off_object"
"""The hand is drawn back until it touches nothing."""
INTO_OBJECT = "into_object"
"""The hand is pushed into the object."""

_GAP = 0.045
"""Clearance in [m] of a hand that is drawn off."""
_PUSHES = (0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08)
_BURIED_VERTICES = 0.12
"""Share of the hand inside the object from which pushing in is plain to see."""
_TOUCH = 0.005
_NEAR = 0.01
_STRIDE = 6
"""Every so many vertices of the hand are enough to search for a place."""
_NOT_HELD = 0.15
"""A part with less than this share of the touching skin is not held."""


def wrong_grasps(goods: Sequence[GraspSample], *, each: int = 2) -> list[tuple[str, GraspSample]]:
    """Up to `each` wrong grasps from each good one, as kind and sample; all kinds take turns."""
    makers: dict[str, Callable[[GraspSample], GraspSample | None]] = {
        OTHER_INSTRUCTION: lambda good: _other_instruction(good, goods),
        OFF_OBJECT: _off_object,
        OTHER_PART: _other_part,
        INTO_OBJECT: _into_object,
        TURNED_AWAY: _turned_away,
    }
    made = dict.fromkeys(makers, 0)
    wrong: list[tuple[str, GraspSample]] = []
    for good in goods:
        found = 0
        # The kind made least so far goes first, since not every kind fits every grasp.
        for kind in sorted(makers, key=made.__getitem__):
            if found == each:
                break
            sample = makers[kind](good)
            if sample is not None:
                wrong.append((kind, replace(sample, name=f"{good.name} ({kind})")))
                made[kind] += 1
                found += 1
    return wrong


def _other_instruction(good: GraspSample, goods: Sequence[GraspSample]) -> GraspSample | None:
    for other in goods:
        is_same_object = other.shape is good.shape or other.shape.name == good.shape.name
        parts = {good.asked_part, other.asked_part}
        if is_same_object and len(parts) == 2 and "" not in parts:
            asked = replace(good, instruction=other.instruction, asked_part=other.asked_part)
            if not _holds(asked):
                return asked
    return None


def _other_part(good: GraspSample) -> GraspSample | None:
    """The hand shifted by the way from what it holds to another part, the farthest first."""
    shape = good.shape
    if shape.face_parts is None or good.asked_part not in shape.part_names:
        return None
    centres = shape.vertices_object[shape.faces].mean(axis=1)
    gap = _distances(good, good.hand_vertices_object)
    touched = good.hand_vertices_object[gap <= max(_TOUCH, np.partition(gap, 10)[10])].mean(axis=0)
    others = [
        centres[shape.face_parts == index].mean(axis=0)
        for index, name in enumerate(shape.part_names)
        if name != good.asked_part and (shape.face_parts == index).any()
    ]
    for target in sorted(others, key=lambda p: -float(np.linalg.norm(p - touched))):
        moved = _moved(good, good.hand_vertices_object + target - touched)
        if not _holds(moved):
            return moved
    return None


def _turned_away(good: GraspSample) -> GraspSample | None:
    """Half a turn about the length of the hand, its back then laid against the object.

    A turn about the place of contact would not do: a fist around a rod stays one.
    """
    vertices = good.hand_vertices_object
    gap = _distances(good, vertices)
    touching = gap <= max(_NEAR, float(np.quantile(gap, 0.05)))
    towards = -_outwards(good)
    axis = np.linalg.svd(vertices - vertices.mean(axis=0), full_matrices=False)[2][0]
    # Rodrigues' formula for half a turn.
    R = 2 * np.outer(axis, axis) - np.eye(3)
    turned = (vertices - vertices.mean(axis=0)) @ R.T + vertices.mean(axis=0)
    for step in np.arange(-0.15, 0.10, 0.01):
        moved = turned + step * towards
        if _distances(good, moved[::_STRIDE]).min() < _TOUCH:
            is_other_side = (_distances(good, moved[touching]) < _NEAR).mean() < _NOT_HELD
            return _moved(good, moved) if is_other_side else None
    return None


def _holds(sample: GraspSample) -> bool:
    """Whether the asked part has more than a small share of the touching skin."""
    shape = sample.shape
    if shape.face_parts is None or sample.asked_part not in shape.part_names:
        return False
    finger = np.zeros(len(sample.hand_vertices_object), dtype=np.int64)
    touched = touched_parts(shape, sample.hand_vertices_object, finger)
    return bool(touched.share[shape.part_names.index(sample.asked_part)] >= _NOT_HELD)


def _off_object(good: GraspSample) -> GraspSample | None:
    """Back out the way the hand came: along the line from what it touches to its middle."""
    direction = _outwards(good)
    for step in np.arange(0.02, 0.40, 0.01):
        moved = good.hand_vertices_object + step * direction
        if _distances(good, moved[::_STRIDE]).min() > _GAP:
            return _moved(good, moved)
    return None


def _into_object(good: GraspSample) -> GraspSample | None:
    if not good.shape.is_watertight:
        return None
    direction = _outwards(good)
    for step in _PUSHES:
        moved = good.hand_vertices_object - step * direction
        if _share_inside(good, moved[::_STRIDE]) > _BURIED_VERTICES:
            return _moved(good, moved)
    return None


def _outwards(good: GraspSample) -> Float[ndarray, "3"]:
    vertices = good.hand_vertices_object
    gap = _distances(good, vertices)
    near = vertices[gap <= np.quantile(gap, 0.05)].mean(axis=0)
    away = vertices.mean(axis=0) - near
    return away / max(float(np.linalg.norm(away)), 1e-9)


def _moved(good: GraspSample, vertices_object: Float[ndarray, "V 3"]) -> GraspSample:
    """The surface elsewhere; the pose is dropped, since it belongs to the surface before."""
    return replace(good, hand_vertices_object=vertices_object, hand_model=None, grasp=None)


def _distances(good: GraspSample, points: Float[ndarray, "n 3"]) -> Float[ndarray, " n"]:
    import igl

    squared, _, _ = igl.point_mesh_squared_distance(
        np.ascontiguousarray(points, dtype=np.float64),
        good.shape.vertices_object,
        np.ascontiguousarray(good.shape.faces, dtype=np.int64),
    )
    return np.sqrt(np.asarray(squared).ravel())


def _share_inside(good: GraspSample, points: Float[ndarray, "n 3"]) -> float:
    import igl

    winding = igl.fast_winding_number(
        good.shape.vertices_object,
        np.ascontiguousarray(good.shape.faces, dtype=np.int64),
        np.ascontiguousarray(points, dtype=np.float64),
    )
    return float((np.asarray(winding) > 0.5).mean())
