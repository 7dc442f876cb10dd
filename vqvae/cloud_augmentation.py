"""What a scan may do to a point cloud: turn, tilt, stretch, thin out, lose a patch, get noisy."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from semgrasp.geometry import axis_angle_to_matrix, rotation_about_z


@dataclass(frozen=True, kw_only=True)
class CloudAugmentation:
    """Strengths of the augmentations."""

    tilt: float = 0.08
    """Standard deviation of a random tilt, in [rad]."""
    stretch: float = 0.22
    """Standard deviation of the logarithm of a scale per axis."""
    noise: float = 0.008
    """Largest standard deviation of point noise, as a fraction of the object's radius."""
    patch_chance: float = 0.3
    """Chance of losing the points around a random point."""
    patch_radius: float = 0.35
    """Radius of the lost patch, as a fraction of the object's radius."""


def thin(
    count: int, num_points: int, batch: int, generator: torch.Generator
) -> Int[Tensor, "batch num_points"]:
    """For each cloud of `count` points, which `num_points` to keep, in random order."""
    order = torch.rand(batch, count, generator=generator)
    return order.topk(num_points, dim=1).indices


def augment(
    points: Float[Tensor, "b n 3"],
    normals: Float[Tensor, "b n 3"],
    config: CloudAugmentation,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "b n 3"], Float[Tensor, "b n 3"]]:
    """Disturb clouds; a point that falls in a lost patch takes the place of another."""
    b, n, _ = points.shape

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    yaw = torch.rand(b, generator=generator) * (2 * torch.pi)
    tilt = normal(b, 3) * config.tilt * torch.tensor([1.0, 1.0, 0.0])
    scale = (normal(b, 1, 3) * config.stretch).exp()
    R = axis_angle_to_matrix(tilt) @ rotation_about_z(yaw)
    # Stretched before it is turned, so that the stretch follows the object's own axes.
    points = (points * scale) @ R.mT
    normals = F.normalize(normals / scale, dim=-1) @ R.mT

    radius = (points - points.mean(1, keepdim=True)).norm(dim=-1).amax(1)
    centre = points[torch.arange(b), torch.randint(n, (b,), generator=generator)]
    lost = (points - centre[:, None]).norm(dim=-1) < config.patch_radius * radius[:, None]
    lost &= torch.rand(b, 1, generator=generator) < config.patch_chance
    # Survivors fill the gaps, so every cloud keeps n points.
    score = torch.rand(b, n, generator=generator)
    stand_in = torch.where(lost, -1.0, score).topk(max(n // 4, 1), dim=1).indices
    pick = torch.randint(stand_in.shape[1], (b, n), generator=generator)
    index = torch.where(lost, stand_in.gather(1, pick), torch.arange(n).expand(b, n))
    index = index[..., None].expand(-1, -1, 3)
    points, normals = points.gather(1, index), normals.gather(1, index)

    noise = torch.rand(b, 1, 1, generator=generator) * config.noise * radius[:, None, None]
    return points + normal(b, n, 3) * noise, normals
