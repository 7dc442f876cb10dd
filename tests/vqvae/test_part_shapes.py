"""Shapes that the object encoder learns from."""

import numpy as np
import pytest
import torch

from semgrasp.objects.procedural import make_object
from vqvae.part_shapes import PartShapes, make_part_shapes, sample_variants


@pytest.mark.parametrize("seed", [0, 1])
def test_a_mug_also_comes_with_its_cavity_filled(seed):
    plain, filled = sample_variants(make_object("mug", seed), 1024, seed)
    lowest, highest = plain.points[:, 2].min(), plain.points[:, 2].max()
    # The inner floor is the large flat region that faces up; filling raises it.
    floors = [
        sample.points[(sample.normals[:, 2] > 0.95) & (sample.points[:, 2] < highest - 0.004), 2]
        for sample in (plain, filled)
    ]
    assert len(floors[1]) == 0 or floors[1].median() > floors[0].median()
    assert filled.points[:, 2].min() == pytest.approx(float(lowest), abs=2e-3)
    assert set(np.unique(filled.parts)) == set(np.unique(plain.parts))


def test_a_solid_object_comes_once():
    assert len(sample_variants(make_object("knife", 0), 256, 0)) == 1


def test_shapes_survive_a_trip_to_disk(tmp_path):
    shapes = make_part_shapes(first_seed=0, per_category=1, num_points=256)
    shapes.save(tmp_path / "shapes.safetensors")
    loaded = PartShapes.load(tmp_path / "shapes.safetensors")
    assert loaded.part_names == shapes.part_names
    assert torch.equal(loaded.parts, shapes.parts)
    assert torch.equal(loaded.points_object, shapes.points_object)
