"""Unit quaternions (w, x, y, z), as manotorch and OakInk's images write rotations."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from semgrasp.geometry import matrix_to_axis_angle


def quaternion_to_matrix(quaternion: Float[Tensor, "*b 4"]) -> Float[Tensor, "*b 3 3"]:
    """Rotation of a quaternion of any length but zero."""
    w, x, y, z = F.normalize(quaternion, dim=-1).unbind(-1)
    entries = [
        1 - 2 * (y * y + z * z),
        2 * (x * y - z * w),
        2 * (x * z + y * w),
        2 * (x * y + z * w),
        1 - 2 * (x * x + z * z),
        2 * (y * z - x * w),
        2 * (x * z - y * w),
        2 * (y * z + x * w),
        1 - 2 * (x * x + y * y),
    ]
    return torch.stack(entries, dim=-1).unflatten(-1, (3, 3))


def matrix_to_quaternion(R: Float[Tensor, "*b 3 3"]) -> Float[Tensor, "*b 4"]:
    """The unit quaternion with w >= 0."""
    half = matrix_to_axis_angle(R) / 2
    angle = half.norm(dim=-1, keepdim=True)
    # torch.sinc is sin(pi x) / (pi x), smooth through zero.
    return torch.cat([angle.cos(), half * torch.sinc(angle / torch.pi)], dim=-1)
