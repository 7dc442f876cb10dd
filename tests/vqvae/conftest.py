"""A small packed data set and a small encoder, so that training runs in seconds."""

from pathlib import Path

import pytest
import torch

from semgrasp.dataset import PackedDataset, PackedObject, object_id, split_of
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.tokenizer import PointBertConfig
from vqvae.part_encoder import PartEncoder
from vqvae.part_shapes import PartShapes

SMOKE_POINT_BERT = PointBertConfig(
    num_points=64,
    num_groups=8,
    group_size=8,
    trans_dim=16,
    depth=1,
    num_heads=2,
    encoder_dims=16,
    group_widths=(8, 8, 16),
)


def box_clouds(count: int, num_points: int, generator: torch.Generator) -> torch.Tensor:
    """Points on boxes with a bump on one side, so that they have a heading."""
    points = torch.rand(count, num_points, 3, generator=generator) - 0.5
    points = points * (0.05 + 0.1 * torch.rand(count, 1, 3, generator=generator))
    bump = torch.arange(num_points) < num_points // 8
    return torch.where(bump[None, :, None], points * 0.3 + torch.tensor([0.15, 0.0, 0.0]), points)


@pytest.fixture(scope="session")
def packed_folder(tmp_path_factory) -> Path:
    """Objects in all splits with six random grasps each."""
    generator = torch.Generator().manual_seed(0)
    ids: dict[str, list[int]] = {"train": [], "val": [], "test": []}
    for seed in range(100):
        split = ids[split_of(object_id("mug", seed))]
        if len(split) < 4:
            split.append(seed)
    seeds = [seed for split in ids.values() for seed in split]
    m, n = len(seeds), 6 * len(seeds)
    points = box_clouds(m, 4096, generator)
    T = make_transform(
        axis_angle_to_matrix(torch.randn(n, 3, generator=generator)),
        0.1 * torch.randn(n, 3, generator=generator),
    )
    dataset = PackedDataset(
        part_names=("body", "handle"),
        objects=tuple(PackedObject(object_id("mug", s), "mug", f"mug {s}", s) for s in seeds),
        points_object=points,
        normals_object=torch.zeros(m, 4096, 3, dtype=torch.float16),
        point_parts=(torch.arange(4096) < 512).short().expand(m, -1),
        object_index=torch.arange(m, dtype=torch.int32).repeat_interleave(6),
        T_object_hand=T,
        finger_angles=0.2 * torch.randn(n, 15, 3, generator=generator),
        betas=torch.randn(n, 10, generator=generator),
        intent=torch.zeros(n, dtype=torch.int8),
        target_part=torch.zeros(n, dtype=torch.int16),
        contact_parts=torch.zeros(n, 6, 2, dtype=torch.bool),
        avoid_parts=torch.zeros(n, 2, dtype=torch.bool),
        captions=[[] for _ in range(n)],
    )
    folder = tmp_path_factory.mktemp("packed")
    dataset.save(folder)
    return folder


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory) -> Path:
    """An untrained object encoder of the smoke test's size."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("encoder")
    PartEncoder(SMOKE_POINT_BERT, ["body", "handle"], ["mug"]).save(folder)
    return folder


@pytest.fixture(scope="session")
def part_shapes_folder(tmp_path_factory) -> Path:
    """Two categories of boxes: with the bump at the side, and at the top."""
    folder = tmp_path_factory.mktemp("shapes")
    generator = torch.Generator().manual_seed(1)
    for name, count in (("train", 8), ("held_out", 2)):
        for turn, category in enumerate(("side", "top")):
            points = box_clouds(count, 256, generator).roll(turn, dims=-1)
            is_bump = torch.arange(256) < 32
            PartShapes(
                points,
                torch.nn.functional.normalize(points, dim=-1).half(),
                is_bump.short().expand(count, -1).contiguous(),
                torch.zeros(count, dtype=torch.long),
                ("body", "bump"),
                (category,),
            ).save(folder / f"{name}_{category}_{count}.safetensors")
    return folder
