"""Cups are filled; what does not hold water is not."""

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.generate.filling import filled
from semgrasp.objects import SignedDistanceGrid

RADIUS, HEIGHT, WALL = 0.04, 0.1, 0.003


def grid_of(mesh: trimesh.Trimesh) -> SignedDistanceGrid:
    return SignedDistanceGrid.build(mesh.vertices.copy(), mesh.faces.copy(), spacing=0.003)


@pytest.fixture(scope="module")
def cup() -> trimesh.Trimesh:
    """A thin-walled cup that stands upright, centred."""
    outline = [
        (0, -HEIGHT / 2),
        (RADIUS, -HEIGHT / 2),
        (RADIUS, HEIGHT / 2),
        (RADIUS - WALL, HEIGHT / 2),
        (RADIUS - WALL, -HEIGHT / 2 + WALL),
        (0, -HEIGHT / 2 + WALL),
    ]
    return trimesh.creation.revolve(outline, sections=48)


@pytest.fixture(scope="module")
def solid() -> trimesh.Trimesh:
    return trimesh.creation.cylinder(radius=RADIUS, height=HEIGHT, sections=48)


def test_a_cup_becomes_as_deep_as_a_solid_of_its_outline(cup, solid):
    inner = torch.rand(200, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    inner = inner * torch.tensor([0.05, 0.05, 0.09])
    expected = grid_of(solid)(inner)
    torch.testing.assert_close(filled(grid_of(cup))(inner), expected, atol=0.005, rtol=0)


def test_outside_a_cup_nothing_changes(cup):
    angle = torch.linspace(0, 6, 50)
    outside = torch.stack([0.047 * angle.cos(), 0.047 * angle.sin(), 0.01 * (angle - 3)], dim=-1)
    grid = grid_of(cup)
    torch.testing.assert_close(filled(grid)(outside), grid(outside))


def test_a_cup_upside_down_holds_nothing(cup):
    turned = cup.copy()
    turned.apply_transform(np.diag([1.0, -1.0, -1.0, 1.0]))
    grid = grid_of(turned)
    assert filled(grid) is grid


def test_a_lying_ring_leaks_through_its_hole():
    grid = grid_of(trimesh.creation.torus(major_radius=0.04, minor_radius=0.008))
    assert filled(grid) is grid


def test_a_solid_stays_as_it_is(solid):
    grid = grid_of(solid)
    assert filled(grid) is grid
