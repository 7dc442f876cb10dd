"""Views of objects as the tokenizer meets them: random samples, in model frames that may be off.

The heading is measured, so it can be wrong; the tokenizer must cope. In training a view's frame
is disturbed a little, and now and then turned around entirely.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.geometry import rotation_about_z
from semgrasp.objects import heading
from semgrasp.tokenizer import ModelFrame, PointBert, PointTokens
from vqvae.cloud_augmentation import thin


@dataclass(frozen=True, kw_only=True)
class ViewConfig:
    """How model frames are disturbed."""

    heading_noise: float = 0.21
    """Standard deviation added to the heading, in [rad]."""
    surprise_chance: float = 0.15
    """Chance that the heading is replaced: half of the time flipped, else anything."""
    point_noise: float = 0.0005
    """Standard deviation of noise on the points, in [m]."""


@dataclass(frozen=True, eq=False)
class ObjectViews:
    """v views of each of m objects."""

    points_model: Float[Tensor, "m v n 3"]
    heading: Float[Tensor, "m v"]
    """Yaw of each view's model frame in the object frame, in [rad]."""


def undisturbed_views(points_object: Float[Tensor, "m p 3"], num_points: int) -> ObjectViews:
    """One view per object, in the frame its own points suggest."""
    generator = torch.Generator().manual_seed(0)
    kept = thin(points_object.shape[1], num_points, len(points_object), generator)
    points = points_object.gather(1, kept[..., None].expand(-1, -1, 3))
    yaw = torch.tensor([float(heading(cloud)) for cloud in points])
    return ObjectViews(ModelFrame(yaw).points_to_model(points)[:, None], yaw[:, None])


def disturbed_views(
    points_object: Float[Tensor, "m p 3"],
    num_views: int,
    num_points: int,
    config: ViewConfig,
    generator: torch.Generator,
) -> ObjectViews:
    """Training views: resampled points, a noisy and sometimes wrong heading."""
    rows = points_object.repeat_interleave(num_views, dim=0)
    kept = thin(rows.shape[1], num_points, len(rows), generator)
    points = rows.gather(1, kept[..., None].expand(-1, -1, 3))
    points = points + torch.randn(points.shape, generator=generator) * config.point_noise

    # Turn first, measure after: the measurement's own jitter belongs to the view.
    turn = torch.rand(len(rows), generator=generator) * (2 * torch.pi)
    turned = points @ rotation_about_z(turn).mT
    yaw = torch.tensor([float(heading(cloud)) for cloud in turned]) - turn

    yaw = yaw + torch.randn(len(rows), generator=generator) * config.heading_noise
    anything = torch.rand(len(rows), generator=generator) * (2 * torch.pi)
    flip = torch.rand(len(rows), generator=generator) < 0.5
    surprise = torch.rand(len(rows), generator=generator) < config.surprise_chance
    yaw = torch.where(surprise, torch.where(flip, yaw + torch.pi, anything), yaw)
    points_model = ModelFrame(yaw).points_to_model(points)
    return ObjectViews(
        points_model.unflatten(0, (-1, num_views)), yaw.unflatten(0, (-1, num_views))
    )


@torch.no_grad()
def encode_views(encoder: PointBert, views: ObjectViews, chunk: int = 32) -> PointTokens:
    """Tokens of all views, (m * v) rows, kept in half precision: the encoder is frozen."""
    device = next(encoder.parameters()).device
    features, centres = [], []
    for points in views.points_model.flatten(0, 1).split(chunk):
        tokens = encoder(points.to(device))
        features.append(tokens.features.half())
        centres.append(tokens.centres)
    return PointTokens(torch.cat(features), torch.cat(centres))
