"""Batches show grasps as they are in the data set, seen from the views' frames."""

from types import SimpleNamespace

import pytest
import torch

from semgrasp.dataset import PackedDataset
from semgrasp.tokenizer import ModelFrame
from vqvae.cloud_augmentation import CloudAugmentation, augment, thin
from vqvae.grasp_data import GraspData
from vqvae.object_views import ViewConfig


@pytest.fixture
def data(packed_folder) -> GraspData:
    data = GraspData(str(packed_folder), objects_per_batch=3, grasps_per_object=4, num_points=64)
    data.setup("fit")
    return data


def test_an_epoch_shows_every_grasp_once(data):
    batches = list(data.train_dataloader())
    shown = sum(int(batch.is_real.sum()) for batch in batches)
    assert shown == len(data.splits["train"].row)


def test_grasps_keep_their_place_on_the_object(data, packed_folder):
    packed = PackedDataset.load(packed_folder)
    known = packed.T_object_hand[packed.split("train")]
    views = data.splits["train"].views
    for batch in data.train_dataloader():
        frame = ModelFrame(views.heading.flatten()[batch.view])
        T = frame.grasp_to_object(batch.grasp).T_object_hand.reshape(-1, 1, 16)
        assert ((T - known.reshape(1, -1, 16)).abs().amax(-1).amin(-1) < 1e-5).all()


def test_a_resumed_run_draws_another_order(data):
    first = next(iter(data.train_dataloader()))
    again = next(iter(data.train_dataloader()))
    data.trainer = SimpleNamespace(global_step=7)
    resumed = next(iter(data.train_dataloader()))
    assert torch.equal(first.T_model_hand, again.T_model_hand)
    assert not torch.equal(first.T_model_hand, resumed.T_model_hand)


def test_validation_is_repeatable(data):
    first, second = (list(data.val_dataloader()) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a.T_model_hand, b.T_model_hand)


def test_splits_share_no_object(data, packed_folder):
    packed = PackedDataset.load(packed_folder)
    train, val = (set(packed.object_index[packed.split(s)].tolist()) for s in ("train", "val"))
    assert not train & val


def test_views_differ_by_more_than_noise(packed_folder):
    data = GraspData(str(packed_folder), views=16, num_points=64, view=ViewConfig())
    data.setup("fit")
    heading = data.splits["train"].views.heading
    assert (heading - heading[:, :1]).sin().abs().mean(dim=1).min() > 0.02


def test_augmentation_keeps_the_number_of_points_and_unit_normals():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(4, 100, 3, generator=generator)
    normals = torch.nn.functional.normalize(points, dim=-1)
    config = CloudAugmentation(patch_chance=1.0)
    moved, turned = augment(points, normals, config, generator)
    assert moved.shape == points.shape
    torch.testing.assert_close(turned.norm(dim=-1), torch.ones(4, 100))


def test_without_disturbance_augmentation_only_turns_about_z():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(4, 100, 3, generator=generator)
    still = CloudAugmentation(tilt=0.0, stretch=0.0, noise=0.0, patch_chance=0.0)
    moved, _ = augment(points, points, still, generator)
    torch.testing.assert_close(moved[..., 2], points[..., 2])
    torch.testing.assert_close(moved.norm(dim=-1), points.norm(dim=-1))


def test_thinning_keeps_different_points():
    kept = thin(50, 20, 8, torch.Generator().manual_seed(0))
    assert all(len(set(row.tolist())) == 20 for row in kept)
