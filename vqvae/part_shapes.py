"""Labelled surface points of procedural objects, for pretraining the object encoder.

Seeds start above those of the data set, so no grasped object is ever seen here.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int
from safetensors.torch import load_file, save_file
from torch import Tensor

from semgrasp.dataset.atomic import written_whole
from semgrasp.objects.procedural import CATEGORIES, make_object

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
    """Generate `per_category` objects of every category and sample their surfaces."""
    samples, labels, category = [], [], []
    for index, name in enumerate(CATEGORIES):
        for seed in range(first_seed, first_seed + per_category):
            shape = make_object(name, seed).shape
            generator = torch.Generator().manual_seed(seed)
            sample = shape.sample(num_points, generator=generator)
            assert sample.parts is not None, "procedural objects are labelled"
            samples.append(sample)
            labels.append([shape.part_names[i] for i in sample.parts.tolist()])
            category.append(index)
    part_names = tuple(sorted({name for row in labels for name in row}))
    index_of = {name: i for i, name in enumerate(part_names)}
    return PartShapes(
        torch.stack([s.points_object for s in samples]),
        torch.stack([s.normals_object for s in samples]),
        torch.tensor([[index_of[name] for name in row] for row in labels]),
        torch.tensor(category),
        part_names,
        tuple(CATEGORIES),
    )


def cached_part_shapes(path: Path, first_seed: int, per_category: int) -> PartShapes:
    """Read the shapes at `path`, or generate and write them there."""
    if path.is_file():
        return PartShapes.load(path)
    shapes = make_part_shapes(first_seed, per_category)
    shapes.save(path)
    return shapes
