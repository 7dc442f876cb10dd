"""Labelled surface points of procedural objects, for pretraining the object encoder.

Seeds start above those of the data set, so no grasped object is ever seen here.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
import trimesh
from jaxtyping import Float, Int
from safetensors.torch import load_file, save_file
from scipy.spatial import KDTree
from torch import Tensor

from semgrasp.dataset.atomic import written_whole
from semgrasp.objects.procedural import ProceduralObject, make_object
from semgrasp.synthesis.cases import GRASPED_CATEGORIES
from semgrasp.types import ObjectShape

FIRST_TRAINING_SEED = 10_000
FIRST_HELD_OUT_SEED = 20_000


@dataclass(frozen=True, eq=False)
class PartShapes:
    """Points with part labels, one row per object."""

    points_object: Float[Tensor, "m p 3"]
    normals_object: Float[Tensor, "m p 3"]
    parts: Int[Tensor, "m p"]
    """Index into `part_names`."""
    category: Int[Tensor, " m"]
    """Index into `categories`."""
    part_names: tuple[str, ...]
    categories: tuple[str, ...]

    def save(self, path: Path) -> None:
        """Write one safetensors file; the names travel in its metadata."""
        names = {
            "part_names": json.dumps(self.part_names),
            "categories": json.dumps(self.categories),
        }
        arrays = {
            "points_object": self.points_object,
            "normals_object": self.normals_object.half(),
            "parts": self.parts.short(),
            "category": self.category,
        }
        with written_whole(path) as temporary:
            save_file(arrays, temporary, metadata=names)

    @staticmethod
    def load(path: Path) -> "PartShapes":
        """Read what `save` wrote."""
        from safetensors import safe_open

        with safe_open(path, "pt") as file:
            names = file.metadata()
        arrays = load_file(path)
        return PartShapes(
            arrays["points_object"],
            arrays["normals_object"].float(),
            arrays["parts"].long(),
            arrays["category"],
            tuple(json.loads(names["part_names"])),
            tuple(json.loads(names["categories"])),
        )


def make_part_shapes(first_seed: int, per_category: int, num_points: int = 4096) -> PartShapes:
    """Generate `per_category` objects of every category and sample their surfaces.

    A hollow object comes twice: once as it is, once as a scanner that hardly sees its inside.
    """
    samples, labels, category = [], [], []
    for index, name in enumerate(GRASPED_CATEGORIES):
        for seed in range(first_seed, first_seed + per_category):
            for sample in sample_variants(make_object(name, seed), num_points, seed):
                samples.append(sample)
                labels.append([sample.part_names[i] for i in sample.parts.tolist()])
                category.append(index)
    part_names = tuple(sorted({name for row in labels for name in row}))
    index_of = {name: i for i, name in enumerate(part_names)}
    return PartShapes(
        torch.stack([s.points for s in samples]),
        torch.stack([s.normals for s in samples]),
        torch.tensor([[index_of[name] for name in row] for row in labels]),
        torch.tensor(category),
        part_names,
        GRASPED_CATEGORIES,
    )


class _Sample(NamedTuple):
    points: Float[Tensor, "n 3"]
    normals: Float[Tensor, "n 3"]
    parts: Int[Tensor, " n"]
    part_names: tuple[str, ...]


def sample_variants(thing: ProceduralObject, num_points: int, seed: int) -> list[_Sample]:
    """Points on an object; for a hollow one also with its cavity filled, wholly or to a level."""
    generator = torch.Generator().manual_seed(seed)
    shape = thing.shape
    drawn = shape.sample(num_points, generator=generator)
    assert drawn.parts is not None, "procedural objects are labelled"
    plain = _Sample(drawn.points_object, drawn.normals_object, drawn.parts, shape.part_names)
    volume = trimesh.Trimesh(shape.vertices_object, shape.faces, process=False).volume
    solid = ObjectShape("", *thing.filled)
    if trimesh.Trimesh(*thing.filled, process=False).volume < 1.2 * volume:
        return [plain]
    outside = solid.sample(num_points, generator=generator)
    nearest, _ = _nearest(outside.points_object, plain.points)
    filled = _Sample(
        outside.points_object, outside.normals_object, plain.parts[nearest], shape.part_names
    )
    return [plain, filled if seed % 2 else _partly_filled(plain, filled, generator)]


def _partly_filled(plain: _Sample, filled: _Sample, generator: torch.Generator) -> _Sample:
    """The cavity filled up to a random level: laser and depth scans end in such false floors."""
    is_inside = _nearest(plain.points, filled.points)[1] > 0.004
    if not is_inside.any():
        return filled
    z = plain.points[is_inside, 2]
    level = z.min() + (z.max() - z.min()) * torch.rand((), generator=generator)
    is_lid = _nearest(filled.points, plain.points)[1] > 0.004
    keep = ~(is_inside & (plain.points[:, 2] < level))
    floor = filled.points[is_lid].clone()
    floor[:, 2] = level
    parts = [
        _Sample(plain.points[keep], plain.normals[keep], plain.parts[keep], plain.part_names),
        _Sample(floor, filled.normals[is_lid], filled.parts[is_lid], plain.part_names),
    ]
    joined = [torch.cat(columns) for columns in zip(*(p[:3] for p in parts), strict=True)]
    pick = torch.randint(len(joined[0]), (len(plain.points),), generator=generator)
    return _Sample(joined[0][pick], joined[1][pick], joined[2][pick], plain.part_names)


def _nearest(
    points: Float[Tensor, "n 3"], others: Float[Tensor, "m 3"]
) -> tuple[Int[Tensor, " n"], Float[Tensor, " n"]]:
    """Index of the nearest of the others, and how far it is."""
    distance, index = KDTree(others.numpy()).query(points.numpy())
    return torch.from_numpy(index), torch.from_numpy(distance).float()


def cached_part_shapes(path: Path, first_seed: int, per_category: int) -> PartShapes:
    """Read the shapes at `path`, or generate and write them there."""
    if path.is_file():
        return PartShapes.load(path)
    shapes = make_part_shapes(first_seed, per_category)
    shapes.save(path)
    return shapes
