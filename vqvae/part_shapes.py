"""Labelled surface points of procedural objects, for pretraining the object encoder.

Seeds start above those of the data set, so no grasped object is ever seen here. Each category has
a file of its own: what is there is not generated again, so generation goes on after a kill and one
more category costs its own time only. Delete the files when the code that makes objects changes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
import trimesh
from jaxtyping import Float, Float16, Int, Int16
from safetensors.torch import load_file, save_file
from scipy.spatial import KDTree
from torch import Tensor

from semgrasp.dataset.atomic import written_whole
from semgrasp.evaluation.fan_out import WorkerDiedError, fan_out
from semgrasp.objects.procedural import ProceduralObject, make_object
from semgrasp.types import ObjectShape

FIRST_TRAINING_SEED = 10_000
FIRST_HELD_OUT_SEED = 20_000
NUM_POINTS = 2048
"""Points kept of each object; a training cloud is a random half of them."""


@dataclass(frozen=True, eq=False)
class PartShapes:
    """Points with part labels, one row per object."""

    points_object: Float[Tensor, "m p 3"]
    normals_object: Float16[Tensor, "m p 3"]
    parts: Int16[Tensor, "m p"]
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
            "normals_object": self.normals_object,
            "parts": self.parts,
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
            arrays["normals_object"],
            arrays["parts"],
            arrays["category"],
            tuple(json.loads(names["part_names"])),
            tuple(json.loads(names["categories"])),
        )

    @staticmethod
    def join(some: Sequence["PartShapes"]) -> "PartShapes":
        """All shapes of all of them; names that several know become one."""
        part_names = tuple(sorted({name for shapes in some for name in shapes.part_names}))
        categories = tuple(dict.fromkeys(name for shapes in some for name in shapes.categories))
        return PartShapes(
            torch.cat([shapes.points_object for shapes in some]),
            torch.cat([shapes.normals_object for shapes in some]),
            torch.cat([_index_in(part_names, s.part_names)[s.parts.int()] for s in some]),
            torch.cat([_index_in(categories, s.categories).long()[s.category] for s in some]),
            part_names,
            categories,
        )

    def renamed(self, part_names: tuple[str, ...]) -> "PartShapes":
        """The same shapes with labels that index another list of names."""
        parts = _index_in(part_names, self.part_names)[self.parts.int()]
        return replace(self, parts=parts, part_names=part_names)


def _index_in(names: tuple[str, ...], own: tuple[str, ...]) -> Int16[Tensor, " own"]:
    return torch.tensor([names.index(name) for name in own], dtype=torch.int16)


def make_part_shapes(
    category: str, first_seed: int, count: int, num_points: int = NUM_POINTS
) -> PartShapes:
    """Generate objects of a category and sample their surfaces.

    A hollow object comes twice: once as it is, once as a scanner that hardly sees its inside.
    """
    samples = [
        sample
        for seed in range(first_seed, first_seed + count)
        for sample in sample_variants(make_object(category, seed), num_points, seed)
    ]
    part_names = tuple(sorted({name for sample in samples for name in sample.part_names}))
    return PartShapes(
        torch.stack([s.points for s in samples]),
        torch.stack([s.normals for s in samples]).half(),
        torch.stack([_index_in(part_names, s.part_names)[s.parts] for s in samples]),
        torch.zeros(len(samples), dtype=torch.long),
        part_names,
        (category,),
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


class _Missing(NamedTuple):
    path: Path
    category: str
    first_seed: int
    count: int


def _generate(missing: _Missing) -> None:
    make_part_shapes(missing.category, missing.first_seed, missing.count).save(missing.path)


def cached_part_shapes(
    folder: Path, name: str, first_seed: int, counts: Mapping[str, int], *, workers: int = 1
) -> PartShapes:
    """Read the shapes of each category, `<folder>/<name>_<category>_<count>.safetensors`.

    What is not there is generated and written.

    Args:
        counts: Objects of each category.
        workers: Processes that generate.
    """
    wanted = [
        _Missing(folder / f"{name}_{category}_{count}.safetensors", category, first_seed, count)
        for category, count in counts.items()
    ]
    for _, result in fan_out(
        _generate, [w for w in wanted if not w.path.is_file()], workers=workers
    ):
        if isinstance(result, WorkerDiedError):
            raise result
    return PartShapes.join([PartShapes.load(w.path) for w in wanted])
