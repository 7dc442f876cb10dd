"""Rigid transforms and rotations, batched and differentiable.

`p_a = T_a_b @ p_b`: a transform `T_a_b` takes coordinates in frame b to frame a.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def transform_points(
    T_a_b: Float[Tensor, "*batch 4 4"], points_b: Float[Tensor, "*batch n 3"]
) -> Float[Tensor, "*batch n 3"]:
    """Express points given in frame b in frame a."""
    return points_b @ T_a_b[..., :3, :3].mT + T_a_b[..., None, :3, 3]


def make_transform(
    R_a_b: Float[Tensor, "*batch 3 3"], t_a_b: Float[Tensor, "*batch 3"]
) -> Float[Tensor, "*batch 4 4"]:
    """Homogeneous transform from a rotation and the origin of b in a."""
    top = torch.cat([R_a_b, t_a_b[..., None]], dim=-1)
    bottom = top.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(*top.shape[:-2], 1, 4)
    return torch.cat([top, bottom], dim=-2)


def invert_transform(T_a_b: Float[Tensor, "*batch 4 4"]) -> Float[Tensor, "*batch 4 4"]:
    """The rigid transform `T_b_a`; the rotation part must be orthonormal."""
    R_b_a = T_a_b[..., :3, :3].mT
    return make_transform(R_b_a, -(R_b_a @ T_a_b[..., :3, 3:])[..., 0])


def axis_angle_to_matrix(axis_angle: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Rodrigues' formula; the gradient is finite at zero."""
    # Clamping the squared angle keeps sin(a)/a and (1-cos a)/a^2 smooth through zero.
    angle_squared = axis_angle.square().sum(-1)
    small = angle_squared < 1e-8
    safe = torch.where(small, torch.ones_like(angle_squared), angle_squared)
    angle = safe.sqrt()
    a = torch.where(small, 1.0 - angle_squared / 6.0, angle.sin() / angle)
    b = torch.where(small, 0.5 - angle_squared / 24.0, (1.0 - angle.cos()) / safe)
    x, y, z = axis_angle.unbind(-1)
    zero = torch.zeros_like(x)
    K = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1)
    K = K.reshape(*axis_angle.shape[:-1], 3, 3)
    eye = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    return eye + a[..., None, None] * K + b[..., None, None] * (K @ K)


def matrix_to_axis_angle(R: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3"]:
    """Rotation vector of angle in [0, pi], exact near 0 and near pi."""
    w, v = _matrix_to_quaternion(R)
    sine = v.norm(dim=-1)
    angle = 2.0 * torch.atan2(sine, w)
    factor = torch.where(sine < 1e-7, torch.full_like(sine, 2.0), angle / sine.clamp(min=1e-7))
    return factor[..., None] * v


def _matrix_to_quaternion(
    R: Float[Tensor, "*batch 3 3"],
) -> tuple[Float[Tensor, "*batch"], Float[Tensor, "*batch 3"]]:
    """Unit quaternion (w, v) with w >= 0, from the best conditioned of four formulas."""
    m00, m11, m22 = R[..., 0, 0], R[..., 1, 1], R[..., 2, 2]
    candidates = torch.stack(
        [1 + m00 + m11 + m22, 1 + m00 - m11 - m22, 1 - m00 + m11 - m22, 1 - m00 - m11 + m22], -1
    )
    a = R[..., 2, 1] - R[..., 1, 2]
    b = R[..., 0, 2] - R[..., 2, 0]
    c = R[..., 1, 0] - R[..., 0, 1]
    d = R[..., 0, 1] + R[..., 1, 0]
    e = R[..., 0, 2] + R[..., 2, 0]
    f = R[..., 1, 2] + R[..., 2, 1]
    rows = torch.stack(
        [
            torch.stack([candidates[..., 0], a, b, c], -1),
            torch.stack([a, candidates[..., 1], d, e], -1),
            torch.stack([b, d, candidates[..., 2], f], -1),
            torch.stack([c, e, f, candidates[..., 3]], -1),
        ],
        dim=-2,
    )
    best = candidates.argmax(dim=-1)
    index = best[..., None, None].expand(*best.shape, 1, 4)
    q = F.normalize(rows.gather(-2, index)[..., 0, :], dim=-1)
    q = torch.where(q[..., :1] < 0, -q, q)
    return q[..., 0], q[..., 1:]


def rotation_6d_to_matrix(rotation_6d: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 3 3"]:
    """Gram-Schmidt on two columns (Zhou et al., CVPR 2019)."""
    first = F.normalize(rotation_6d[..., :3], dim=-1)
    second = rotation_6d[..., 3:]
    second = F.normalize(second - (first * second).sum(-1, keepdim=True) * first, dim=-1)
    return torch.stack([first, second, torch.cross(first, second, dim=-1)], dim=-1)


def matrix_to_rotation_6d(R: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 6"]:
    """The first two columns, first column first."""
    return torch.cat([R[..., :, 0], R[..., :, 1]], dim=-1)


def rotation_about_z(angle: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 3 3"]:
    """Rotation by an angle in [rad] about +z, the up axis of objects."""
    c, s, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    return torch.stack([c, -s, zero, s, c, zero, zero, zero, one], -1).reshape(*angle.shape, 3, 3)
