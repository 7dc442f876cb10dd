"""Signed distance: exact against analytic shapes, grids against exact, gradients against both."""

import math

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.objects import GridStack, SignedDistanceGrid, signed_distance
from semgrasp.objects.procedural import make_object
from semgrasp.types import ObjectShape


def shape_of(mesh: trimesh.Trimesh) -> ObjectShape:
    return ObjectShape("test", np.asarray(mesh.vertices), np.asarray(mesh.faces))


def grid_of(shape: ObjectShape, **options) -> SignedDistanceGrid:
    return SignedDistanceGrid.build(shape.vertices_object, shape.faces, **options)


def box_distance(points: torch.Tensor, half: torch.Tensor) -> torch.Tensor:
    """Signed distance to an axis-aligned box at the origin (Quilez)."""
    q = points.abs() - half
    return q.clamp(min=0).norm(dim=-1) + q.amax(dim=-1).clamp(max=0)


@pytest.fixture(scope="module")
def box() -> ObjectShape:
    return shape_of(trimesh.creation.box((0.06, 0.04, 0.03)))


@pytest.fixture(scope="module")
def box_grid(box) -> SignedDistanceGrid:
    return grid_of(box)


@pytest.fixture(scope="module")
def sphere() -> ObjectShape:
    return shape_of(trimesh.creation.icosphere(subdivisions=4, radius=0.03))


def test_exact_distance_to_a_box_is_the_formula(box):
    points = 0.1 * (torch.rand(500, 3, dtype=torch.float64) - 0.5)
    torch.testing.assert_close(
        signed_distance(box, points),
        box_distance(points, torch.tensor([0.03, 0.02, 0.015], dtype=torch.float64)),
        atol=1e-9,
        rtol=0,
    )


def test_an_open_surface_takes_its_sign_from_the_winding_number(sphere):
    # A small hole leaves the winding number at the centre near one.
    pierced = ObjectShape("pierced", sphere.vertices_object, sphere.faces[8:], is_watertight=False)
    distance = signed_distance(pierced, torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 0.05]]))
    torch.testing.assert_close(distance, torch.tensor([-0.03, 0.02]), atol=3e-4, rtol=0)


@pytest.mark.parametrize("kind", ["sphere", "box", "mug"])
def test_grid_is_within_a_tenth_of_a_millimetre_of_exact_near_the_surface(kind, sphere, box):
    shape = {"sphere": sphere, "box": box}.get(kind) or make_object("mug", 0).shape
    generator = torch.Generator().manual_seed(0)
    on_surface = shape.sample(3000, generator=generator).points_object
    points = on_surface + 0.004 * torch.randn(3000, 3, generator=generator)
    exact = signed_distance(shape, points)
    near = exact.abs() < 0.008
    error = (grid_of(shape, spacing=0.002)(points) - exact).abs()[near]
    assert error.mean() < 1e-4
    assert error.max() < 2e-3


def test_beyond_the_grid_the_distance_grows_with_the_way_to_it(sphere):
    far = torch.tensor([[0.5, 0.0, 0.0], [0.0, -0.4, 0.0]])
    torch.testing.assert_close(grid_of(sphere)(far), torch.tensor([0.47, 0.37]), atol=1e-3, rtol=0)


def test_normal_of_a_sphere_points_away_from_its_centre(sphere):
    direction = torch.nn.functional.normalize(
        torch.randn(200, 3, generator=torch.Generator().manual_seed(1)), dim=-1
    )
    cosine = (grid_of(sphere).normal(0.031 * direction) * direction).sum(-1)
    assert cosine.min() > math.cos(math.radians(4))


@pytest.mark.parametrize("batch", [(), (1,), (2, 3)])
def test_any_batch_axes(box_grid, batch):
    points = torch.zeros(*batch, 3)
    assert box_grid(points).shape == batch
    torch.testing.assert_close(box_grid.normal(points + 0.03).shape, torch.Size([*batch, 3]))


def in_double(grid: SignedDistanceGrid) -> SignedDistanceGrid:
    return SignedDistanceGrid(grid.values.double(), grid.origin.double(), grid.spacing)


def test_gradient_is_that_of_the_interpolation_inside_and_beyond_the_grid(box_grid):
    inside = 0.08 * (torch.rand(20, 3, dtype=torch.float64) - 0.5)
    beyond = inside + torch.tensor([0.2, 0.0, 0.0], dtype=torch.float64)
    points = torch.cat([inside, beyond]).requires_grad_(True)
    assert torch.autograd.gradcheck(in_double(box_grid), (points,), eps=1e-8, atol=1e-5)


def test_each_element_of_a_batch_looks_into_its_own_grid(box_grid, sphere):
    grids = [box_grid, grid_of(sphere, spacing=0.003)]
    stack = GridStack.of(grids)
    points = 0.08 * (torch.rand(4, 50, 3) - 0.5)
    which = torch.tensor([1, 0, 0, 1])
    expected = torch.stack([grids[w](p) for w, p in zip(which.tolist(), points, strict=True)])
    torch.testing.assert_close(stack(points, which), expected)
    torch.testing.assert_close(stack(points, which[:, None].expand(4, 50)), expected)


def test_value_and_gradient_agree_with_autograd(box_grid):
    stack = GridStack.of([box_grid])
    points = (0.08 * (torch.rand(2, 30, 3) - 0.5)).requires_grad_(True)
    which = torch.zeros(2, dtype=torch.long)
    value, gradient = stack.value_and_gradient(points, which)
    distance = stack(points, which)
    torch.testing.assert_close(value, distance.detach())
    torch.testing.assert_close(gradient, torch.autograd.grad(distance.sum(), points)[0])


def test_a_stack_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one grid"):
        GridStack.of([])
