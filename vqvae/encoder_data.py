"""Batches of labelled point groups for pretraining the object encoder."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from semgrasp.tokenizer.pointbert import Groups, group_points, normalize_to_unit_sphere
from vqvae.cloud_augmentation import CloudAugmentation, augment, thin
from vqvae.part_shapes import (
    FIRST_HELD_OUT_SEED,
    FIRST_TRAINING_SEED,
    PartShapes,
    cached_part_shapes,
)


class PartBatch(NamedTuple):
    """Groups and what they should be recognised as."""

    groups: Groups
    part_share: Float[Tensor, "b groups parts"]
    """Share of each part among the points of a group."""
    normals: Float[Tensor, "b groups 3"]
    category: Int[Tensor, " b"]


def part_batch(
    points: Float[Tensor, "b n 3"],
    normals: Float[Tensor, "b n 3"],
    parts: Int[Tensor, "b n"],
    category: Int[Tensor, " b"],
    num_parts: int,
    sizes: tuple[int, int],
) -> PartBatch:
    """Group clouds; `sizes` are the number of groups and of their members."""
    groups = group_points(normalize_to_unit_sphere(points), *sizes)
    rows = torch.arange(len(points))[:, None, None]
    labels = F.one_hot(parts[rows, groups.member_index], num_parts)
    return PartBatch(
        groups, labels.float().mean(2), normals[rows, groups.member_index].mean(2), category
    )


class _Clouds(IterableDataset):
    """Endless random batches, or one pass in order where nothing is augmented."""

    def __init__(
        self,
        shapes: PartShapes,
        batch_size: int,
        num_points: int,
        sizes: tuple[int, int],
        augmentation: CloudAugmentation | None,
        batches: int,
        seed: int,
    ) -> None:
        self.shapes, self.batch_size, self.num_points = shapes, batch_size, num_points
        self.sizes, self.augmentation, self.batches = sizes, augmentation, batches
        self.generator = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[PartBatch]:
        shapes = self.shapes
        count, total = shapes.points_object.shape[:2][1], len(shapes.category)
        order = torch.arange(total)
        if self.augmentation is not None:
            order = torch.randperm(total, generator=self.generator)
        for which in order.split(self.batch_size)[: self.batches]:
            kept = thin(count, self.num_points, len(which), self.generator)
            rows = which[:, None]
            points, normals = shapes.points_object[rows, kept], shapes.normals_object[rows, kept]
            if self.augmentation is not None:
                points, normals = augment(points, normals, self.augmentation, self.generator)
            yield part_batch(
                points,
                normals,
                shapes.parts[rows, kept],
                shapes.category[which],
                len(shapes.part_names),
                self.sizes,
            )


class PartData(LightningDataModule):
    """Procedural objects with labelled parts, generated once and kept.

    Args:
        folder: Where generated shapes are kept.
        per_category: Training objects of each category.
        held_out_per_category: Objects of each category to measure on.
        batch_size: Objects per step.
        num_points: Points per object.
        num_groups: Groups per object; the same as the encoder's.
        group_size: Points per group; the same as the encoder's.
        augmentation: How training clouds are disturbed.
        seed: Of the augmentations.
    """

    def __init__(
        self,
        folder: str = "data/open/encoder",
        per_category: int = 150,
        held_out_per_category: int = 12,
        batch_size: int = 32,
        num_points: int = 1024,
        num_groups: int = 64,
        group_size: int = 32,
        augmentation: CloudAugmentation = CloudAugmentation(),  # noqa: B008
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.folder, self.per_category = Path(folder), per_category
        self.held_out_per_category, self.batch_size = held_out_per_category, batch_size
        self.num_points, self.sizes = num_points, (num_groups, group_size)
        self.augmentation, self.seed = augmentation, seed
        self.shapes: PartShapes | None = None
        self.held_out: PartShapes | None = None

    def setup(self, stage: str | None = None) -> None:
        if self.shapes is not None:
            return
        self.shapes = self._shapes("train", FIRST_TRAINING_SEED, self.per_category)
        self.held_out = self._shapes("held_out", FIRST_HELD_OUT_SEED, self.held_out_per_category)
        if self.held_out.part_names != self.shapes.part_names:
            self.held_out = _renamed(self.held_out, self.shapes.part_names)

    def _shapes(self, name: str, first_seed: int, per_category: int) -> PartShapes:
        path = self.folder / f"{name}_{per_category}.safetensors"
        return cached_part_shapes(path, first_seed, per_category)

    def train_dataloader(self) -> DataLoader:
        assert self.shapes is not None
        return self._loader(self.shapes, self.augmentation)

    def val_dataloader(self) -> DataLoader:
        assert self.held_out is not None
        return self._loader(self.held_out, None)

    test_dataloader = val_dataloader

    def _loader(self, shapes: PartShapes, augmentation: CloudAugmentation | None) -> DataLoader:
        batches = -(-len(shapes.category) // self.batch_size)
        clouds = _Clouds(
            shapes, self.batch_size, self.num_points, self.sizes, augmentation, batches, self.seed
        )
        return DataLoader(clouds, batch_size=None)


def _renamed(shapes: PartShapes, part_names: tuple[str, ...]) -> PartShapes:
    """The same shapes with labels that index another list of names."""
    mapping = torch.tensor([part_names.index(name) for name in shapes.part_names])
    return PartShapes(
        shapes.points_object,
        shapes.normals_object,
        mapping[shapes.parts],
        shapes.category,
        part_names,
        shapes.categories,
    )
