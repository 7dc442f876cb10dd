"""Penetration, shared volume and touched parts against analytic values."""

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.errors import InputError
from semgrasp.metrics import held_part, intersection_volume, penetration_depth, touched_parts
from semgrasp.types import FINGERS, ObjectShape


@pytest.fixture
def two_part_box() -> ObjectShape:
    """A 20 x 4 x 4 cm bar: left half "handle", right half "head"."""
    bar = trimesh.creation.box((0.2, 0.04, 0.04)).subdivide().subdivide()
    parts = (bar.triangles_center[:, 0] > 0).astype(int)
    return ObjectShape(
        "bar", np.asarray(bar.vertices), np.asarray(bar.faces), ("handle", "head"), parts
    )


def test_depth_of_a_sphere_pushed_into_a_box_is_how_far_it_was_pushed(two_part_box):
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.01)
    for pushed in (0.0, 0.002, 0.006):
        vertices = torch.tensor(ball.vertices + np.array([0.0, 0.0, 0.02 + 0.01 - pushed]))
        depth = penetration_depth(vertices, two_part_box)
        assert depth.item() == pytest.approx(pushed, abs=2e-5)


def test_depth_does_not_change_when_hand_and_object_move_together(two_part_box):
    ball = trimesh.creation.icosphere(radius=0.01).vertices + np.array([0.0, 0.0, 0.025])
    move = trimesh.transformations.random_rotation_matrix(np.array([0.2, 0.4, 0.6]))
    move[:3, 3] = [0.1, -0.2, 0.3]
    moved_box = ObjectShape(
        "bar",
        trimesh.transform_points(two_part_box.vertices_object, move),
        two_part_box.faces,
    )
    moved_ball = torch.tensor(trimesh.transform_points(ball, move))
    torch.testing.assert_close(
        penetration_depth(moved_ball, moved_box),
        penetration_depth(torch.tensor(np.asarray(ball)), two_part_box),
    )


def test_depth_has_one_value_per_element_of_any_batch(two_part_box):
    assert penetration_depth(torch.zeros(2, 3, 5, 3), two_part_box).shape == (2, 3)
    torch.testing.assert_close(
        penetration_depth(torch.zeros(5, 3, dtype=torch.float64), two_part_box),
        torch.tensor(0.02, dtype=torch.float64),
    )


def test_shared_volume_of_overlapping_boxes_is_their_overlap(two_part_box):
    other = trimesh.creation.box((0.02, 0.02, 0.02)).apply_translation((0.1, 0, 0))
    volume = intersection_volume(
        (np.asarray(other.vertices), np.asarray(other.faces)), two_part_box
    )
    assert volume == pytest.approx(0.01 * 0.02 * 0.02, rel=1e-9)


def test_shared_volume_with_an_open_surface_is_refused(two_part_box):
    open_box = ObjectShape("open", two_part_box.vertices_object, two_part_box.faces[1:])
    ball = trimesh.creation.icosphere(radius=0.01)
    with pytest.raises(InputError, match="does not enclose a volume"):
        intersection_volume((np.asarray(ball.vertices), np.asarray(ball.faces)), open_box)


def test_the_held_part_is_the_one_most_near_vertices_are_closest_to(two_part_box):
    on_head = np.tile([0.05, 0.0, 0.021], (5, 1))
    on_handle = np.tile([-0.05, 0.0, 0.021], (3, 1))
    far = np.tile([0.0, 0.0, 0.2], (9, 1))
    finger = np.array([FINGERS.index("index")] * 5 + [FINGERS.index("thumb")] * 3 + [0] * 9)
    touched = touched_parts(two_part_box, np.concatenate([on_head, on_handle, far]), finger)
    assert held_part(touched, two_part_box) == "head"
    np.testing.assert_allclose(touched.share, [3 / 8, 5 / 8])
    assert touched.by_finger[FINGERS.index("index")].tolist() == [False, True]
    assert touched.by_finger[FINGERS.index("thumb")].tolist() == [True, False]
    assert not touched.by_finger[FINGERS.index("palm")].any()


def test_a_distant_hand_holds_nothing(two_part_box):
    touched = touched_parts(two_part_box, np.full((4, 3), 0.5), np.zeros(4, dtype=int))
    assert held_part(touched, two_part_box) is None
    assert touched.share.sum() == 0
