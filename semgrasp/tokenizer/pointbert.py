"""PointBERT: a transformer over local groups of a point cloud (Yu et al., CVPR 2022).

One class serves the published weights and our small ones. Module names and shapes follow the
published checkpoints, so those load key by key.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from semgrasp.errors import InputError


@dataclass(frozen=True, kw_only=True)
class PointBertConfig:
    """Architecture of a PointBERT; the defaults are small enough for one CPU core."""

    num_points: int = 1024
    """Points per cloud that callers sample; `forward` takes any number from `num_groups` up."""
    num_groups: int = 64
    """Local groups, each of which becomes one token."""
    group_size: int = 32
    """Nearest neighbours in a group."""
    trans_dim: int = 256
    """Width of a token."""
    depth: int = 3
    """Transformer blocks."""
    num_heads: int = 4
    """Attention heads per block."""
    encoder_dims: int = 128
    """Width of a group feature before it becomes a token."""
    group_widths: tuple[int, int, int] = (32, 64, 128)
    """Hidden widths of the network that embeds a group; (128, 256, 512) as published."""
    drop_path: float = 0.1
    """Chance of skipping a branch of the last block in training; grows linearly from 0."""

    def __post_init__(self) -> None:
        if self.trans_dim % self.num_heads:
            raise ValueError(
                f"trans_dim {self.trans_dim} must be a multiple of num_heads {self.num_heads}."
            )
        if self.group_widths[2] < 1 or min(self.num_groups, self.group_size, self.depth) < 1:
            raise ValueError("num_groups, group_size, depth and group_widths must be positive.")

    @staticmethod
    def paper(num_points: int = 8192, num_groups: int = 512) -> "PointBertConfig":
        """Sizes of the published checkpoints; weights do not depend on the number of groups."""
        return PointBertConfig(
            num_points=num_points,
            num_groups=num_groups,
            trans_dim=384,
            depth=12,
            num_heads=6,
            encoder_dims=256,
            group_widths=(128, 256, 512),
        )


class PointTokens(NamedTuple):
    """What PointBERT says of an object."""

    features: Float[Tensor, "b tokens width"]
    """The class token, then one token per group."""
    centres: Float[Tensor, "b groups 3"]
    """Centre of each group, in the frame and unit of the points."""


def farthest_points(points: Float[Tensor, "b n 3"], count: int) -> Int[Tensor, "b count"]:
    """Indices of points picked one by one, each farthest from those before; the first is 0."""
    batch = torch.arange(len(points), device=points.device)
    chosen = torch.zeros(len(points), count, dtype=torch.long, device=points.device)
    x, y, z = points.unbind(-1)
    distance = points.new_full(points.shape[:2], torch.inf)
    latest = chosen[:, 0]
    for i in range(1, count):
        px, py, pz = points[batch, latest].unbind(-1)
        squared = (x - px[:, None]).square_()
        squared += (y - py[:, None]).square_()
        squared += (z - pz[:, None]).square_()
        distance = torch.minimum(distance, squared)
        latest = distance.argmax(dim=1)
        chosen[:, i] = latest
    return chosen


class Groups(NamedTuple):
    """Neighbourhoods of a point cloud, in the unit sphere."""

    offsets: Float[Tensor, "b groups members 3"]
    """Members relative to their centre."""
    centres: Float[Tensor, "b groups 3"]
    centre_index: Int[Tensor, "b groups"]
    """Which points are the centres."""
    member_index: Int[Tensor, "b groups members"]
    """Which points are the members."""


def normalize_to_unit_sphere(points: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n 3"]:
    """Subtract the centroid, then divide by the largest distance from it."""
    centred = points - points.mean(dim=1, keepdim=True)
    radius = centred.norm(dim=-1).amax(dim=1)
    return centred / radius.clamp(min=1e-9)[:, None, None]


def group_points(points: Float[Tensor, "b n 3"], num_groups: int, group_size: int) -> Groups:
    """Farthest-point centres with their nearest neighbours."""
    centre_index = farthest_points(points, num_groups)
    rows = torch.arange(len(points), device=points.device)[:, None]
    centres = points[rows, centre_index]
    squared = (
        points.square().sum(-1)[:, None, :] - 2.0 * centres @ points.mT
    )  # The centre's own norm does not change which neighbours are nearest.
    member_index = squared.topk(group_size, dim=-1, largest=False, sorted=False).indices
    offsets = points[rows[..., None], member_index] - centres[:, :, None]
    return Groups(offsets, centres, centre_index, member_index)


class PointBert(nn.Module):
    """Turns a point cloud into one token per local group, and a class token."""

    def __init__(self, config: PointBertConfig) -> None:
        super().__init__()
        self.config = config
        width = config.trans_dim
        self.encoder = _GroupEncoder(config.group_widths, config.encoder_dims)
        self.reduce_dim = nn.Linear(config.encoder_dims, width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.cls_pos = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.pos_embed = nn.Sequential(nn.Linear(3, 128), nn.GELU(), nn.Linear(128, width))
        self.blocks = _Blocks(config)
        self.norm = nn.LayerNorm(width)
        self.apply(_initialize)
        nn.init.trunc_normal_(self.cls_token, std=0.02)

    def forward(self, points: Float[Tensor, "b n 3"]) -> PointTokens:
        """Tokens of point clouds in any unit; the size is divided out."""
        needed = max(self.config.num_groups, self.config.group_size)
        if points.shape[1] < needed:
            raise InputError(
                f"PointBERT needs at least {needed} points per object "
                f"({self.config.num_groups} groups of {self.config.group_size}), "
                f"got {points.shape[1]}. Sample the surface more densely."
            )
        groups = group_points(
            normalize_to_unit_sphere(points), self.config.num_groups, self.config.group_size
        )
        rows = torch.arange(len(points), device=points.device)[:, None]
        return PointTokens(self.embed(groups), points[rows, groups.centre_index])

    def embed(self, groups: Groups) -> Float[Tensor, "b tokens width"]:
        """Class token and group tokens of groups in the unit sphere."""
        x = self.reduce_dim(self.encoder(groups.offsets))
        batch = len(x)
        x = torch.cat([self.cls_token.expand(batch, -1, -1), x], dim=1)
        positions = torch.cat(
            [self.cls_pos.expand(batch, -1, -1), self.pos_embed(groups.centres)], dim=1
        )
        return self.norm(self.blocks(x, positions))


class _PointLinear(nn.Conv1d):
    """A 1x1 convolution with channels last: the published parameters, much faster on a CPU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, kernel_size=1)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight[..., 0], self.bias)


class _GroupEncoder(nn.Module):
    """A small PointNet: one feature per group, whatever the order of its members."""

    def __init__(self, widths: tuple[int, int, int], outputs: int) -> None:
        super().__init__()
        first, local, joint = widths
        self.first_conv = nn.Sequential(
            _PointLinear(3, first), nn.BatchNorm1d(first), nn.ReLU(), _PointLinear(first, local)
        )
        self.second_conv = nn.Sequential(
            _PointLinear(2 * local, joint),
            nn.BatchNorm1d(joint),
            nn.ReLU(),
            _PointLinear(joint, outputs),
        )

    def forward(
        self, offsets: Float[Tensor, "b groups members 3"]
    ) -> Float[Tensor, "b groups outputs"]:
        shape = offsets.shape[:3]
        local = self.first_conv(offsets.reshape(-1, 3)).reshape(*shape, -1)
        pooled = local.amax(dim=2, keepdim=True).expand_as(local)
        joint = torch.cat([pooled, local], dim=-1)
        return self.second_conv(joint.flatten(0, 2)).reshape(*shape, -1).amax(dim=2)


class _Blocks(nn.Module):
    def __init__(self, config: PointBertConfig) -> None:
        super().__init__()
        rates = torch.linspace(0.0, config.drop_path, config.depth).tolist()
        self.blocks = nn.ModuleList(
            _Block(config.trans_dim, config.num_heads, rate) for rate in rates
        )

    def forward(
        self, x: Float[Tensor, "b tokens width"], positions: Float[Tensor, "b tokens width"]
    ) -> Float[Tensor, "b tokens width"]:
        # Every block sees the positions again, as in the published model.
        for block in self.blocks:
            x = block(x + positions)
        return x


class _Block(nn.Module):
    def __init__(self, width: int, num_heads: int, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = _Attention(width, num_heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = _Mlp(width)
        self.drop_path = drop_path

    def forward(self, x: Float[Tensor, "b tokens width"]) -> Float[Tensor, "b tokens width"]:
        x = x + self._sometimes(self.attn(self.norm1(x)))
        return x + self._sometimes(self.mlp(self.norm2(x)))

    def _sometimes(self, branch: Tensor) -> Tensor:
        if not self.training or self.drop_path == 0.0:
            return branch
        keep = torch.rand(len(branch), 1, 1, device=branch.device) >= self.drop_path
        return branch * keep / (1.0 - self.drop_path)


class _Attention(nn.Module):
    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Float[Tensor, "b tokens width"]) -> Float[Tensor, "b tokens width"]:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.proj(mixed.transpose(1, 2).flatten(-2))


class _Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Float[Tensor, "b tokens width"]) -> Float[Tensor, "b tokens width"]:
        return self.fc2(F.gelu(self.fc1(x)))


def _initialize(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv1d):
        nn.init.trunc_normal_(module.weight, std=0.02 if isinstance(module, nn.Linear) else 0.1)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
