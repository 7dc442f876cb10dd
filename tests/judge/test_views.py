"""The pictures show the contact, and nothing that hints at the verdict."""

import dataclasses

import numpy as np
import pytest
import trimesh

from semgrasp.evaluation import GraspSample
from semgrasp.judge.views import choose_views, draw, png_bytes
from semgrasp.types import ObjectShape


def plate_sample(side: float) -> GraspSample:
    """A small ball touching one face of a large upright plate."""
    plate = trimesh.creation.box((0.02, 0.5, 0.5)).subdivide().subdivide()
    ball = trimesh.creation.icosphere(subdivisions=3, radius=0.03)
    shape = ObjectShape("plate", np.asarray(plate.vertices), np.asarray(plate.faces))
    hand = np.asarray(ball.vertices) + [side * 0.04, 0.0, 0.0]
    return GraspSample("s", shape, hand, np.asarray(ball.faces), instruction="hold")


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_no_view_looks_from_behind_what_hides_the_contact(side):
    # Looking along the plate shows the contact as well; looking from behind it does not.
    for view in choose_views(plate_sample(side)):
        assert side * view.towards_camera[0] > -0.15


def test_views_differ_and_the_third_is_from_above(controls):
    first, second, above, close = choose_views(controls[0])
    assert first.towards_camera @ second.towards_camera < 0.5
    assert above.towards_camera[2] > 0.7
    assert close.centre_object is not None


def test_hand_and_object_both_show_in_all_four_views(controls):
    for control in controls[::8]:
        picture = np.asarray(draw(control, size=256)).astype(int)
        for corner in (np.s_[:128, :128], np.s_[:128, 128:], np.s_[128:, :128], np.s_[128:, 128:]):
            red, _, blue = np.moveaxis(picture[corner], -1, 0)
            assert (red > blue + 40).mean() > 0.02
            assert (blue > red + 40).mean() > 0.02


def test_the_same_grasp_gives_the_same_file(controls):
    assert png_bytes(draw(controls[0], size=96)) == png_bytes(draw(controls[0], size=96))


def test_known_parts_and_names_do_not_show(controls):
    labelled = controls[0]
    shape = dataclasses.replace(labelled.shape, name="x", part_names=(), face_parts=None)
    bare = dataclasses.replace(
        labelled, name="wrong", shape=shape, hand_model=None, grasp=None, asked_part=""
    )
    assert png_bytes(draw(labelled, size=96)) == png_bytes(draw(bare, size=96))
    assert b"tEXt" not in png_bytes(draw(labelled, size=96))
