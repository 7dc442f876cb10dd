"""The values that flow between rooms: fair sampling, stacking, indexing."""

import numpy as np
import pytest
import torch

from semgrasp.types import Grasp, GraspTokens, ObjectShape


@pytest.fixture
def slab() -> ObjectShape:
    """Two coplanar triangles, one three times as large as the other, each a part of its own."""
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, -3, 0]])
    faces = np.array([[0, 1, 2], [0, 3, 1]])
    return ObjectShape("slab", vertices, faces, ("small", "large"), np.array([0, 1]))


def test_sampling_is_proportional_to_area(slab):
    sample = slab.sample(20000, generator=torch.Generator().manual_seed(0))
    # Five standard deviations of a binomial with p = 3/4.
    assert sample.parts is not None
    assert sample.parts.float().mean().item() == pytest.approx(0.75, abs=5 * 0.0031)


def test_sampling_is_uniform_within_a_triangle(slab):
    sample = slab.sample(20000, generator=torch.Generator().manual_seed(1))
    inside = sample.points_object[sample.parts == 0]
    # The mean of uniform points in a triangle is its centroid.
    torch.testing.assert_close(
        inside.mean(dim=0), torch.tensor([1 / 3, 1 / 3, 0.0]), atol=0.018, rtol=0
    )
    # A quarter of the area lies in the half-size triangle at the corner.
    corner = (inside[:, 0] + inside[:, 1] < 0.5).float().mean().item()
    assert corner == pytest.approx(0.25, abs=0.035)


def test_samples_carry_the_normal_of_their_face(slab):
    sample = slab.sample(50, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(sample.normals_object, torch.tensor([[0.0, 0.0, 1.0]]).expand(50, 3))


def test_a_generator_gives_the_same_sample_again(slab):
    first = slab.sample(10, generator=torch.Generator().manual_seed(3)).points_object
    again = slab.sample(10, generator=torch.Generator().manual_seed(3)).points_object
    torch.testing.assert_close(first, again, atol=0, rtol=0)


def test_an_unlabelled_object_has_samples_without_parts(slab):
    bare = ObjectShape("bare", slab.vertices_object, slab.faces)
    assert bare.sample(5, generator=torch.Generator().manual_seed(0)).parts is None


@pytest.mark.parametrize("batch", [(), (1,), (2, 3)])
def test_tokens_survive_stacking(batch):
    codes = torch.randint(0, 512, (*batch, 3), generator=torch.Generator().manual_seed(0))
    tokens = GraspTokens.from_stack(codes)
    assert tokens.manner.shape == batch
    torch.testing.assert_close(tokens.stack(), codes)
    torch.testing.assert_close(codes[..., 2], tokens.refinement)


def test_indexing_a_grasp_keeps_its_side():
    grasps = Grasp(torch.eye(4).expand(5, 4, 4), torch.zeros(5, 15, 3), torch.zeros(5, 10), "left")
    assert grasps[2].T_object_hand.shape == (4, 4)
    assert grasps[1:3].betas.shape == (2, 10)
    assert grasps[2].side == "left"
