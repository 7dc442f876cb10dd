"""Damped Gauss-Newton descent of many robot poses at once, within the limits of their joints."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.geometry import axis_angle_to_matrix, make_transform

_LONGEST_TURN, _LONGEST_SHIFT, _LONGEST_JOINT = 0.5, 0.03, 0.5
"""Of one step, in [rad], [m] and [rad] or [m]."""
_LEAST, _MOST = 1e-4, 1e4
"""Range of the damping, as a share of the diagonal."""


class Quadratic(NamedTuple):
    """A sum of squares and its Gauss-Newton model, over three turns, three shifts, the joints."""

    cost: Float[Tensor, " b"]
    gradient: Float[Tensor, "b dofs"]
    curvature: Float[Tensor, "b dofs dofs"]


class Descended(NamedTuple):
    """Where each descent ended."""

    T_object_base: Float[Tensor, "b 4 4"]
    qpos: Float[Tensor, "b n"]
    cost: Float[Tensor, " b"]


Model = Callable[[Tensor, Tensor], Quadratic]
"""From base poses (b, 4, 4) and joint positions (b, n)."""


@torch.no_grad()
def descend(
    model: Model,
    T_object_base: Float[Tensor, "b 4 4"],
    qpos: Float[Tensor, "b n"],
    limits: Float[Tensor, "n 2"],
    *,
    iterations: int,
) -> Descended:
    """Levenberg's method: a step that does not help is taken back, and the next is shorter.

    Turns are about the base's origin. A joint at its limit that would go farther stays there.
    """
    low, high = limits.unbind(-1)
    qpos = qpos.clamp(low, high)
    now = model(T_object_base, qpos)
    damping = torch.full_like(now.cost, 0.01)
    for _ in range(iterations):
        step = _step(now, damping, (qpos <= low, qpos >= high))
        T_trial = moved(T_object_base, step[:, :6])
        q_trial = (qpos + step[:, 6:].clamp(-_LONGEST_JOINT, _LONGEST_JOINT)).clamp(low, high)
        trial = model(T_trial, q_trial)
        better = trial.cost < now.cost
        T_object_base = torch.where(better[:, None, None], T_trial, T_object_base)
        qpos = torch.where(better[:, None], q_trial, qpos)
        now = Quadratic(
            torch.where(better, trial.cost, now.cost),
            torch.where(better[:, None], trial.gradient, now.gradient),
            torch.where(better[:, None, None], trial.curvature, now.curvature),
        )
        damping = torch.where(better, 0.3 * damping, 4.0 * damping).clamp(_LEAST, _MOST)
    return Descended(T_object_base, qpos, now.cost)


def moved(
    T_object_base: Float[Tensor, "b 4 4"], twist: Float[Tensor, "b 6"]
) -> Float[Tensor, "b 4 4"]:
    """A base turned about its origin by a rotation vector, then shifted; both cut to a step."""
    turn, shift = twist[:, :3], twist[:, 3:]
    turn = turn * (_LONGEST_TURN / turn.norm(dim=-1, keepdim=True).clamp(min=_LONGEST_TURN))
    shift = shift * (_LONGEST_SHIFT / shift.norm(dim=-1, keepdim=True).clamp(min=_LONGEST_SHIFT))
    R = axis_angle_to_matrix(turn) @ T_object_base[:, :3, :3]
    return make_transform(R, T_object_base[:, :3, 3] + shift)


def _step(
    now: Quadratic, damping: Float[Tensor, " b"], at_limit: tuple[Tensor, Tensor]
) -> Float[Tensor, "b dofs"]:
    gradient, curvature = now.gradient, now.curvature
    stuck = torch.zeros_like(gradient, dtype=torch.bool)
    stuck[:, 6:] = (at_limit[0] & (gradient[:, 6:] > 0)) | (at_limit[1] & (gradient[:, 6:] < 0))
    free = (~stuck).to(gradient.dtype)
    diagonal = curvature.diagonal(dim1=-2, dim2=-1)
    # A floor keeps a direction that nothing depends on where it is.
    added = damping[:, None] * diagonal + 1e-6 * diagonal.amax(dim=-1, keepdim=True) + 1e-9
    system = curvature * free[:, :, None] * free[:, None, :]
    system = system + torch.diag_embed(torch.where(stuck, diagonal + 1.0, added))
    factor, _ = torch.linalg.cholesky_ex(system)
    step = -torch.cholesky_solve((gradient * free)[..., None], factor)[..., 0]
    return torch.nan_to_num(step, nan=0.0, posinf=0.0, neginf=0.0)
