"""Gap and contact ratio of spheres at known distances from a box."""

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.metrics import contact_distance, contact_ratio, penetration_depth
from semgrasp.objects import SignedDistanceGrid, signed_distance
from semgrasp.types import ObjectShape


@pytest.fixture
def box() -> ObjectShape:
    mesh = trimesh.creation.box((0.04, 0.04, 0.04))
    return ObjectShape("box", np.asarray(mesh.vertices), np.asarray(mesh.faces))


def ball_above(box: ObjectShape, gap: float) -> torch.Tensor:
    """Vertices of a ball of radius 1 cm whose lowest point is `gap` above the box."""
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.01)
    return torch.tensor(np.asarray(ball.vertices) + [0.0, 0.0, 0.02 + 0.01 + gap])


@pytest.mark.parametrize("gap", [0.0, 0.003, 0.02])
def test_gap_of_a_ball_above_a_box_is_its_height(box, gap):
    distance = signed_distance(box, ball_above(box, gap))
    assert contact_distance(distance).item() == pytest.approx(gap, abs=2e-5)


def test_a_ball_inside_the_box_has_no_gap(box):
    assert contact_distance(signed_distance(box, ball_above(box, -0.01))).item() == 0.0


def test_contact_ratio_of_a_touching_ball_is_the_area_of_its_cap(box):
    # By Archimedes, the cap lower than 5 mm on a ball of radius 10 mm has a quarter of its area.
    distance = signed_distance(box, ball_above(box, 0.0))
    assert contact_ratio(distance, 0.005).item() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("batch", [(), (1,), (2, 3)])
def test_one_value_per_element_of_any_batch(batch):
    distance = torch.full((*batch, 7), 0.01)
    assert contact_ratio(distance).shape == batch
    torch.testing.assert_close(contact_distance(distance), torch.full(batch, 0.01))


def test_depth_looked_up_in_a_grid_is_close_to_the_exact_one(box):
    grid = SignedDistanceGrid.build(box.vertices_object, box.faces)
    ball = ball_above(box, -0.006).float()
    assert penetration_depth(ball, grid).item() == pytest.approx(0.006, abs=2e-4)
    torch.testing.assert_close(
        penetration_depth(ball, grid), penetration_depth(ball, box), atol=2e-4, rtol=0
    )
