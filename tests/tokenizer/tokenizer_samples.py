"""Tiny configurations, random grasps and clouds for the tokenizer's tests."""

import torch

from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.tokenizer import PointBertConfig, TokenizerConfig
from semgrasp.types import Grasp

TINY_POINT_BERT = PointBertConfig(
    num_points=64,
    num_groups=8,
    group_size=8,
    trans_dim=16,
    depth=1,
    num_heads=2,
    encoder_dims=16,
    group_widths=(8, 8, 16),
    drop_path=0.0,
)

TINY = TokenizerConfig(
    object_encoder=TINY_POINT_BERT,
    hand_encoder=TINY_POINT_BERT,
    codebook_size=16,
    code_dim=32,
    width=64,
    memory_width=32,
    num_heads=2,
    decoder_depth=1,
    codebook_decay=0.8,
)


def random_grasp(*batch: int, seed: int = 0) -> Grasp:
    """Hands about 10 cm from the origin with slightly bent fingers."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*batch, *shape, generator=generator)

    R = axis_angle_to_matrix(normal(3))
    return Grasp(make_transform(R, 0.1 * normal(3)), 0.3 * normal(15, 3), 0.5 * normal(10))


def random_cloud(batch: int, num_points: int = 64, seed: int = 0) -> torch.Tensor:
    """Points on boxes of about 10 cm."""
    generator = torch.Generator().manual_seed(seed)
    size = 0.05 + 0.1 * torch.rand(batch, 1, 3, generator=generator)
    return (torch.rand(batch, num_points, 3, generator=generator) - 0.5) * size
