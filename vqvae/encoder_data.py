"""Batches of labelled point groups for pretraining the object encoder."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Int, Int16
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from semgrasp.synthesis.cases import GRASPED_CATEGORIES
from semgrasp.tokenizer.pointbert import Groups, group_points, normalize_to_unit_sphere
from vqvae.cloud_augmentation import CloudAugmentation, augment, thin
from vqvae.part_shapes import (
    FIRST_HELD_OUT_SEED,
    FIRST_TRAINING_SEED,
    PartShapes,
    cached_part_shapes,
)
from vqvae.schedule import draw_seed

ASSEMBLY = "assembly"
"""The category of objects without a name."""


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
    parts: Int16[Tensor, "b n"],
    category: Int[Tensor, " b"],
    num_parts: int,
    sizes: tuple[int, int],
) -> PartBatch:
    """Group clouds; `sizes` are the number of groups and of their members."""
    groups = group_points(normalize_to_unit_sphere(points), *sizes)
    rows = torch.arange(len(points))[:, None, None]
    labels = parts[rows, groups.member_index].long()
    # Counted in place: one-hot vectors of every point would be as many numbers as parts.
    share = torch.zeros(*labels.shape[:2], num_parts)
    share.scatter_add_(2, labels, torch.full(labels.shape, 1.0 / labels.shape[2]))
    return PartBatch(groups, share, normals[rows, groups.member_index].mean(2), category)


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
            points = shapes.points_object[rows, kept]
            normals = shapes.normals_object[rows, kept].float()
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
        assembly_factor: How many times as many assemblies, whose parts differ from one to the next.
        categories: Which; all that have grasps by default.
        workers: Processes that generate shapes which are not there yet.
        batch_size: Objects per step.
        num_points: Points per object.
        num_groups: Groups per object; the same as the encoder's.
        group_size: Points per group; the same as the encoder's.
        augmentation: How training clouds are disturbed.
        seed: Of the augmentations; a run that is resumed draws on afresh.
    """

    def __init__(
        self,
        folder: str = "data/open/encoder",
        per_category: int = 60,
        held_out_per_category: int = 6,
        assembly_factor: int = 8,
        categories: tuple[str, ...] = GRASPED_CATEGORIES,
        workers: int = 1,
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
        self.assembly_factor, self.categories = assembly_factor, categories
        self.workers = workers
        self.num_points, self.sizes = num_points, (num_groups, group_size)
        self.augmentation, self.seed = augmentation, seed
        self.shapes: PartShapes | None = None
        self.held_out: PartShapes | None = None

    def setup(self, stage: str | None = None) -> None:
        if self.shapes is not None:
            return
        shapes = self._shapes("train", FIRST_TRAINING_SEED, self.per_category)
        held_out = self._shapes("held_out", FIRST_HELD_OUT_SEED, self.held_out_per_category)
        # An assembly may have a part that no other has.
        part_names = tuple(sorted({*shapes.part_names, *held_out.part_names}))
        self.shapes, self.held_out = shapes.renamed(part_names), held_out.renamed(part_names)

    def _shapes(self, name: str, first_seed: int, per_category: int) -> PartShapes:
        counts = {
            category: per_category * (self.assembly_factor if category == ASSEMBLY else 1)
            for category in self.categories
        }
        return cached_part_shapes(self.folder, name, first_seed, counts, workers=self.workers)

    def train_dataloader(self) -> DataLoader:
        assert self.shapes is not None
        return self._loader(self.shapes, self.augmentation, draw_seed(self.seed, self.trainer))

    def val_dataloader(self) -> DataLoader:
        assert self.held_out is not None
        return self._loader(self.held_out, None, self.seed)

    test_dataloader = val_dataloader

    def _loader(
        self, shapes: PartShapes, augmentation: CloudAugmentation | None, seed: int
    ) -> DataLoader:
        batches = -(-len(shapes.category) // self.batch_size)
        clouds = _Clouds(
            shapes, self.batch_size, self.num_points, self.sizes, augmentation, batches, seed
        )
        return DataLoader(clouds, batch_size=None)
