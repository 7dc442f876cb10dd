"""Batches of grasps: a few grasps of each of several objects, in the frames of random views."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Int
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from semgrasp.dataset import PackedDataset
from semgrasp.dataset.split import Split
from semgrasp.tokenizer import ModelFrame
from semgrasp.types import Grasp
from vqvae.object_views import ObjectViews, ViewConfig, disturbed_views, undisturbed_views
from vqvae.schedule import draw_seed


class GraspBatch(NamedTuple):
    """n grasps of each of b objects."""

    view: Int[Tensor, " b"]
    """Row of the views' tokens."""
    T_model_hand: Tensor
    finger_angles: Tensor
    betas: Tensor
    is_real: Tensor
    """(b, n); false for repetitions that fill a row."""

    @property
    def grasp(self) -> Grasp:
        """The grasps in their views' model frames, with axes (b, n)."""
        return Grasp(self.T_model_hand, self.finger_angles, self.betas)


class SplitGrasps:
    """The grasps of one split with views of their objects."""

    def __init__(self, data: PackedDataset, split: Split, objects: Tensor, views: ObjectViews):
        index = data.split(split)
        self.grasp = data.grasps(index)
        # Views exist for the objects of this split only.
        row_of_object = torch.full((len(data.objects),), -1)
        row_of_object[objects] = torch.arange(len(objects))
        self.row = row_of_object[data.object_index.long()[index]]
        self.views = views
        self.of_object = [(self.row == i).nonzero()[:, 0] for i in range(len(objects))]


class _Batches(IterableDataset):
    def __init__(
        self, grasps: SplitGrasps, shape: tuple[int, int], seed: int, *, shuffled: bool
    ) -> None:
        self.grasps, self.shape, self.shuffled = grasps, shape, shuffled
        self.generator = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        rows = sum(-(-len(index) // self.shape[1]) for index in self.grasps.of_object)
        return -(-rows // self.shape[0])

    def __iter__(self) -> Iterator[GraspBatch]:
        n = self.shape[1]
        objects, members, real = [], [], []
        for row, index in enumerate(self.grasps.of_object):
            if self.shuffled:
                index = index[torch.randperm(len(index), generator=self.generator)]
            for some in index.split(n):
                fill = some[torch.arange(n) % len(some)] if len(some) else some
                objects.append(row)
                members.append(fill)
                real.append(torch.arange(n) < len(some))
        object_rows, member_rows = torch.tensor(objects), torch.stack(members)
        real_rows = torch.stack(real)
        order = torch.arange(len(object_rows))
        if self.shuffled:
            order = torch.randperm(len(order), generator=self.generator)
        for which in order.split(self.shape[0]):
            yield self._batch(object_rows[which], member_rows[which], real_rows[which])

    def _batch(self, rows: Tensor, members: Tensor, is_real: Tensor) -> GraspBatch:
        views = self.grasps.views
        num_views = views.heading.shape[1]
        view = torch.randint(num_views, rows.shape, generator=self.generator)
        frame = ModelFrame(views.heading[rows, view])
        grasp = frame.grasp_to_model(self.grasps.grasp[members])
        return GraspBatch(
            rows * num_views + view,
            grasp.T_object_hand,
            grasp.finger_angles,
            grasp.betas,
            is_real,
        )


class GraspData(LightningDataModule):
    """Packed grasps, split by object.

    Args:
        folder: A packed data set (see `semgrasp.dataset.PackedDataset`).
        objects_per_batch: Objects per step.
        grasps_per_object: Grasps of each object per step.
        views: Disturbed views per training object; all are encoded before training.
        num_points: Points per view.
        view: How views are disturbed.
        seed: Of views and order; a run that is resumed draws a new order.
    """

    def __init__(
        self,
        folder: str = "data/open/packed",
        objects_per_batch: int = 24,
        grasps_per_object: int = 8,
        views: int = 8,
        num_points: int = 1024,
        view: ViewConfig = ViewConfig(),  # noqa: B008
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.folder, self.views, self.num_points = Path(folder), views, num_points
        self.shape = (objects_per_batch, grasps_per_object)
        self.view, self.seed = view, seed
        self.splits: dict[Split, SplitGrasps] = {}

    def setup(self, stage: str | None = None) -> None:
        wanted: tuple[Split, ...] = ("test",) if stage == "test" else ("train", "val")
        missing: list[Split] = [split for split in wanted if split not in self.splits]
        if not missing:
            return
        data = PackedDataset.load(self.folder)
        for split in missing:
            objects = data.object_index.long()[data.split(split)].unique()
            if not len(objects):
                raise ValueError(
                    f"{self.folder} has no grasps in the {split} split; its objects decide the "
                    "split by their ids. Pack more objects."
                )
            points = data.points_object[objects]
            if split == "train":
                generator = torch.Generator().manual_seed(self.seed)
                views = disturbed_views(points, self.views, self.num_points, self.view, generator)
            else:
                views = undisturbed_views(points, self.num_points)
            self.splits[split] = SplitGrasps(data, split, objects, views)

    def train_dataloader(self) -> DataLoader:
        return self._loader("train")

    def val_dataloader(self) -> DataLoader:
        return self._loader("val")

    def test_dataloader(self) -> DataLoader:
        return self._loader("test")

    def _loader(self, split: Split) -> DataLoader:
        seed = draw_seed(self.seed, self.trainer)
        batches = _Batches(self.splits[split], self.shape, seed, shuffled=split == "train")
        return DataLoader(batches, batch_size=None)
