"""The depth of an object in a hand, on solids whose depth is known."""

import numpy as np
import pytest
import trimesh

from semgrasp.metrics.object_depth import object_depth
from semgrasp.types import ObjectShape


def cube() -> ObjectShape:
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    return ObjectShape("cube", np.asarray(box.vertices), np.asarray(box.faces, dtype=np.int64))


def block(x: float) -> tuple[np.ndarray, np.ndarray]:
    """10 x 4 x 4 cm, its near end at x."""
    mesh = trimesh.creation.box((0.1, 0.04, 0.04))
    return np.asarray(mesh.vertices) + [x + 0.05, 0, 0], np.asarray(mesh.faces, dtype=np.int64)


def test_the_side_of_a_cube_lies_as_deep_as_the_block_enters():
    assert object_depth(block(0.04), cube(), num_points=20_000) == pytest.approx(0.01, abs=1e-6)


def test_half_the_width_of_the_block_is_the_most():
    """Deep inside, the nearest skin is at its sides, 2 cm away; drawn points miss that a little."""
    assert 0.018 < object_depth(block(0.01), cube(), num_points=50_000) <= 0.02


def test_what_does_not_touch_has_no_depth():
    assert object_depth(block(0.06), cube()) == 0.0
    assert object_depth(block(0.5), cube()) == 0.0


def test_the_same_points_are_drawn_for_every_hand():
    assert object_depth(block(0.01), cube(), seed=3) == object_depth(block(0.01), cube(), seed=3)
