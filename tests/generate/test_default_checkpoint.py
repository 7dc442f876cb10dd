"""The model that is shipped does what its package promises on the bundled mug."""

import dataclasses

import pytest

from semgrasp import GraspGenerator, load_object
from semgrasp.cli.demo_command import INSTRUCTIONS, demo_mug
from semgrasp.generate import default_checkpoint

pytestmark = pytest.mark.skipif(
    not (default_checkpoint() / "config.json").is_file(), reason="no checkpoint is embedded"
)


@pytest.fixture(scope="module")
def generator() -> GraspGenerator:
    return GraspGenerator.from_pretrained()


@pytest.fixture(scope="module")
def mug():
    """The demo mug; what sticks out of its body far enough is its handle."""
    shape = load_object(demo_mug())
    xy = shape.vertices_object[shape.faces].mean(axis=1)[:, :2]
    # The rim is round and lies on the body: its middle is the body's axis.
    top = shape.vertices_object[:, 2] > shape.vertices_object[:, 2].max() - 0.003
    rim = shape.vertices_object[top, :2]
    axis = (rim.min(axis=0) + rim.max(axis=0)) / 2
    radius = ((rim - axis) ** 2).sum(axis=1).max() ** 0.5
    is_handle = ((xy - axis) ** 2).sum(axis=1) ** 0.5 > radius + 0.002
    return dataclasses.replace(
        shape, part_names=("body", "handle"), face_parts=is_handle.astype(int)
    )


def test_the_checkpoint_is_small_enough_to_ship():
    size = sum(f.stat().st_size for f in default_checkpoint().rglob("*") if f.is_file())
    assert size <= 40e6


def test_to_drink_the_handle_is_held(generator, mug):
    best, *_ = generator.generate(mug, INSTRUCTIONS["drink"], num_grasps=4)
    assert best.report.values["touched_part"] == "handle"


@pytest.mark.parametrize("name", ["rim", "hand_over"])
def test_otherwise_the_handle_is_not_held(generator, mug, name):
    best, *_ = generator.generate(mug, INSTRUCTIONS[name], num_grasps=4)
    assert best.report.values["touched_part"] == "body"


@pytest.mark.parametrize("name", list(INSTRUCTIONS))
def test_no_finger_goes_deep_into_the_mug(generator, mug, name):
    best, *_ = generator.generate(mug, INSTRUCTIONS[name], num_grasps=4)
    assert float(best.report.values["max_penetration"] or 0.0) < 0.006


def test_it_says_what_it_does(generator, mug):
    best, *_ = generator.generate(mug, INSTRUCTIONS["drink"])
    assert "handle" in best.reply.lower()
    assert generator.describe(mug, best.grasp)
