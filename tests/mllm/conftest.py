"""A small packed data set with captions, a tiny tokenizer and a tiny backbone on disk."""

from pathlib import Path

import pytest
import torch
from mllm_samples import captions_of
from tiny_backbones import CODES, bert_tokenizer, tiny_bert

from semgrasp.dataset import PackedDataset, PackedObject, object_id, split_of
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.tokenizer import GraspTokenizer, PointBertConfig, TokenizerConfig

PARTS = ("body", "handle")
GRASPS = 6
"""Per object; the first half is for the body, the second for the handle."""

_POINT_BERT = PointBertConfig(
    num_points=64,
    num_groups=8,
    group_size=8,
    trans_dim=12,
    depth=1,
    num_heads=2,
    encoder_dims=16,
    group_widths=(8, 8, 16),
)


@pytest.fixture(scope="session")
def packed_folder(tmp_path_factory) -> Path:
    """Objects in all splits; the handle is at +x."""
    generator = torch.Generator().manual_seed(0)
    ids: dict[str, list[int]] = {"train": [], "val": [], "test": []}
    for seed in range(100):
        split = ids[split_of(object_id("mug", seed))]
        if len(split) < 4:
            split.append(seed)
    seeds = [seed for split in ids.values() for seed in split]
    m, n = len(seeds), GRASPS * len(seeds)
    points = (torch.rand(m, 512, 3, generator=generator) - 0.5) * 0.1
    is_handle = torch.arange(512) < 64
    points = torch.where(is_handle[None, :, None], points * 0.3 + torch.tensor([0.1, 0, 0]), points)
    target = (torch.arange(GRASPS) >= GRASPS // 2).repeat(m)
    T = make_transform(
        axis_angle_to_matrix(torch.randn(n, 3, generator=generator)),
        0.02 * torch.randn(n, 3, generator=generator) + torch.tensor([0.2, 0, 0]) * target[:, None],
    )
    object_index = torch.arange(m, dtype=torch.int32).repeat_interleave(GRASPS)
    objects = tuple(PackedObject(object_id("mug", s), "mug", f"mug {s}", s) for s in seeds)
    captions = [
        captions_of(PARTS[int(target[i])], "train") + captions_of(PARTS[int(target[i])], "test")
        for i in range(n)
    ]
    PackedDataset(
        part_names=PARTS,
        objects=objects,
        points_object=points,
        normals_object=torch.zeros(m, 512, 3, dtype=torch.float16),
        point_parts=is_handle.short().expand(m, -1).contiguous(),
        object_index=object_index,
        T_object_hand=T,
        finger_angles=0.2 * torch.randn(n, 15, 3, generator=generator),
        betas=torch.zeros(n, 10),
        intent=torch.zeros(n, dtype=torch.int8),
        target_part=target.short(),
        contact_parts=torch.stack([~target, target], dim=-1)[:, None].expand(-1, 6, -1),
        avoid_parts=torch.zeros(n, 2, dtype=torch.bool),
        captions=captions,
    ).save(folder := tmp_path_factory.mktemp("packed"))
    return folder


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory, packed_folder) -> Path:
    """An untrained grasp tokenizer whose codebooks k-means has placed."""
    torch.manual_seed(0)
    config = TokenizerConfig(
        object_encoder=_POINT_BERT,
        hand_encoder=_POINT_BERT,
        codebook_size=CODES,
        code_dim=16,
        width=32,
        memory_width=32,
        num_heads=2,
        decoder_depth=1,
    )
    tokenizer = GraspTokenizer(config)
    data = PackedDataset.load(packed_folder)
    tokens = tokenizer.encode_object(data.points_object)
    grasps = data.grasps()
    tokenizer.train()(
        type(grasps)(
            *(x.unflatten(0, (-1, GRASPS)) for x in (grasps.T_object_hand, grasps.finger_angles)),
            grasps.betas.unflatten(0, (-1, GRASPS)),
        ),
        tokens,
    )
    folder = tmp_path_factory.mktemp("tokenizer")
    tokenizer.eval().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def backbone_folder(tmp_path_factory) -> Path:
    """A tiny BERT as Hugging Face writes it."""
    folder = tmp_path_factory.mktemp("backbone")
    tiny_bert().network.save_pretrained(folder)
    bert_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def model():
    """A tiny language model."""
    return tiny_bert()
