"""The shipped model on a scanned mug it was never trained on, turned any way."""

import dataclasses

import numpy as np
import pytest

from eval.scans import SCANS, load_scan
from semgrasp import GraspGenerator
from semgrasp.generate import default_checkpoint
from semgrasp.types import ObjectShape

pytestmark = pytest.mark.skipif(
    not (default_checkpoint() / "config.json").is_file(), reason="no checkpoint is embedded"
)


@pytest.fixture(scope="module")
def generator() -> GraspGenerator:
    return GraspGenerator.from_pretrained()


@pytest.fixture(scope="module")
def mug(shared_data) -> ObjectShape:
    return load_scan(next(s for s in SCANS if s.file == "025_mug"), shared_data / "ycb_objects")


def turned(shape: ObjectShape, degrees: float) -> ObjectShape:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    vertices = shape.vertices_object @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]).T
    middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    return dataclasses.replace(shape, vertices_object=vertices - middle)


@pytest.mark.parametrize("degrees", [0, 90, 135, 270])
@pytest.mark.parametrize(
    ("instruction", "part"),
    [
        ("hold it by the handle to drink", "handle"),
        ("wrap your hand around the body", "body"),
        ("pass me the mug so I can take the handle", "body"),
    ],
)
def test_the_named_part_is_held_wherever_the_handle_points(
    generator, mug, degrees, instruction, part
):
    best, *_ = generator.generate(turned(mug, degrees), instruction)
    assert best.report.values["touched_part"] == part
