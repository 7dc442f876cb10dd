"""Shapes that the object encoder learns from."""

import numpy as np
import pytest
import torch

from semgrasp.objects.procedural import make_object
from vqvae.encoder_data import part_batch
from vqvae.part_shapes import (
    PartShapes,
    cached_part_shapes,
    make_part_shapes,
    sample_variants,
)


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
    shapes = make_part_shapes("mug", first_seed=0, count=1, num_points=256)
    shapes.save(tmp_path / "shapes.safetensors")
    loaded = PartShapes.load(tmp_path / "shapes.safetensors")
    assert loaded.part_names == shapes.part_names
    assert torch.equal(loaded.parts, shapes.parts)
    assert torch.equal(loaded.points_object, shapes.points_object)


def test_joined_shapes_keep_the_names_of_their_parts():
    mug, knife = (make_part_shapes(name, 0, 1, num_points=64) for name in ("mug", "knife"))
    joined = PartShapes.join([mug, knife])

    def names(shapes: PartShapes, row: int) -> list[str]:
        return [shapes.part_names[i] for i in shapes.parts[row].tolist()]

    assert names(joined, 0) == names(mug, 0)
    assert names(joined, -1) == names(knife, 0)
    assert [joined.categories[i] for i in joined.category[[0, -1]].tolist()] == ["mug", "knife"]


def test_only_missing_categories_are_generated(tmp_path):
    first = cached_part_shapes(tmp_path, "train", 0, {"knife": 1})
    (written,) = tmp_path.iterdir()
    time_written = written.stat().st_mtime_ns
    both = cached_part_shapes(tmp_path, "train", 0, {"knife": 1, "egg": 2})
    assert written.stat().st_mtime_ns == time_written
    assert both.categories == ("knife", "egg")
    assert torch.equal(both.points_object[:1], first.points_object)


def test_a_group_knows_the_share_of_each_part_among_its_points():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(2, 64, 3, generator=generator)
    parts = torch.randint(5, (2, 64), generator=generator).short()
    batch = part_batch(points, points, parts, torch.zeros(2, dtype=torch.long), 5, (4, 8))
    rows = torch.arange(2)[:, None, None]
    expected = torch.nn.functional.one_hot(parts.long()[rows, batch.groups.member_index], 5)
    torch.testing.assert_close(batch.part_share, expected.float().mean(dim=2))
