"""How well touching points can hold an object, and the forces with which they do."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from semgrasp.robots.held import HeldBatch
from semgrasp.robots.touching import Touches

_CONE_EDGES, _ROUNDS, _RATE = 6, 100, 0.5
"""Of the search for forces that cancel: exponentiated gradient, which keeps them positive."""
_FINE_EDGES, _SPREAD = 8, 0.05
"""Edges of the cones of the forces in a squeeze, and the weight of small forces against balance;
as in `semgrasp.simulation.squeeze`, which solves the same problem for one grasp."""
_STEPS, _HALVINGS, _TOLERANCE = 100, 10, 1e-9


@torch.no_grad()
def weakness(
    touch: Touches, held: HeldBatch, friction: float, *, pull: float = 0.2
) -> Float[Tensor, " b"]:
    """Wrench that is left when the grip resists six pulls on the centre of mass, the worst.

    In shares of the grip force, torques over the object's reach; 1 without contact. It is 0 where
    forces inside the friction cones cancel a pull of the given share of their sum.
    """
    cones = _cones(touch, held, friction, _CONE_EDGES)
    wrenches, mask = cones.wrenches.float(), cones.is_touching
    pulls = pull * torch.cat([torch.eye(3), -torch.eye(3)]) @ torch.eye(3, 6)
    logits = torch.where(mask, 0.0, -torch.inf)
    logits = torch.where(mask.any(-1, keepdim=True), logits, 0.0)[:, None].expand(-1, 6, -1)
    left = torch.zeros(len(mask), 6, 6)
    for _ in range(_ROUNDS):
        left = logits.softmax(dim=-1) @ wrenches + pulls
        logits = logits - _RATE * left @ wrenches.mT
    worst = left.norm(dim=-1).amax(dim=-1)
    return torch.where(mask.any(-1), worst, 1.0).clamp(max=1.0)


@torch.no_grad()
def balanced_wrenches(
    touch: Touches, held: HeldBatch, *, friction: float, grip_force: float
) -> Float[Tensor, "b bodies 6"]:
    """Wrenches of each body about the object's origin that nearly cancel, in double precision.

    What is least is the square of their sum, torques over the object's reach, and a little of the
    amounts along the edges of the cones, which sum to the grip force in [N]. With few equations
    and many amounts, which must not be negative, Newton's method on the dual is exact.
    """
    cones = _cones(touch, held, friction, _FINE_EDGES)
    amounts = _least_amounts(cones.wrenches, cones.is_touching, grip_force)
    total = amounts.sum(-1, keepdim=True)
    amounts = torch.where(total > 0.0, amounts * (grip_force / total.clamp(min=1e-12)), 0.0)
    edges = cones.edges
    force = (amounts.unflatten(-1, edges.shape[1:3])[..., None] * edges).sum(2)
    at = touch.points.double().gather(1, cones.body[..., None].expand_as(force))
    wrench = torch.cat([torch.linalg.cross(at, force), force], dim=-1)
    bodies = torch.zeros(*touch.is_touching.shape, 6, dtype=torch.float64)
    return bodies.scatter_add_(1, cones.body[..., None].expand_as(wrench), wrench)


class _Cones(NamedTuple):
    """Friction cones of the touching points, as pyramids; first those, then what fills a row."""

    body: Int[Tensor, "b k"]
    edges: Float[Tensor, "b k edges 3"]
    """Forces of a newton along the normal."""
    wrenches: Float[Tensor, "b all 6"]
    """The same with their torques about the centre of mass over the object's reach."""
    is_touching: Bool[Tensor, "b all"]


def _cones(touch: Touches, held: HeldBatch, friction: float, count: int) -> _Cones:
    most = max(1, int(touch.is_touching.sum(1).max()))
    body = touch.is_touching.int().argsort(dim=1, descending=True, stable=True)[:, :most]
    which = body[..., None].expand(-1, -1, 3)
    n = touch.normals.double().gather(1, which)
    at = touch.points.double().gather(1, which)
    first = torch.linalg.cross(n, torch.eye(3, dtype=n.dtype)[n.abs().argmin(dim=-1)])
    first = torch.nn.functional.normalize(first, dim=-1)
    second = torch.linalg.cross(n, first)
    angle = torch.arange(count, dtype=n.dtype)[:, None] * (2 * torch.pi / count)
    around = angle.cos() * first[..., None, :] + angle.sin() * second[..., None, :]
    edges = n[..., None, :] + friction * around
    arms = (at - held.com[:, None])[..., None, :].expand_as(edges)
    torques = torch.linalg.cross(arms, edges) / held.reach[:, None, None, None]
    is_touching = touch.is_touching.gather(1, body).repeat_interleave(count, dim=1)
    return _Cones(body, edges, torch.cat([edges, torques], -1).flatten(1, 2), is_touching)


def _least_amounts(
    wrenches: Float[Tensor, "b all 6"], mask: Bool[Tensor, "b all"], grip_force: float
) -> Float[Tensor, "b all"]:
    """Amounts a >= 0 with the least |W a|^2 + (sum a - grip force)^2 + (spread |a|)^2.

    With M the rows of W and one of ones, and b what M a should be, a is max(0, M^T y) / spread^2,
    where y has the least |y|^2 / 2 - b y + |max(0, M^T y)|^2 / (2 spread^2).
    """
    M = torch.cat([wrenches, torch.ones_like(wrenches[..., :1])], dim=-1) * mask[..., None]
    M = M / _SPREAD
    wanted = torch.zeros(len(M), 7, dtype=M.dtype)
    wanted[:, 6] = grip_force
    y = wanted / (1.0 + mask.sum(-1, keepdim=True) / _SPREAD**2)
    lengths = 0.5 ** torch.arange(_HALVINGS, dtype=M.dtype)[:, None]
    for _ in range(_STEPS):
        along = (M @ y[..., None])[..., 0].clamp(min=0.0)
        slope = y - wanted + (along[:, None] @ M)[:, 0]
        if bool((slope.abs() < _TOLERANCE * grip_force).all()):
            break
        active = M * (along > 0.0)[..., None]
        system = active.mT @ active + torch.eye(7, dtype=M.dtype)
        step = -torch.linalg.solve(system, slope)
        # The pieces of a square that is cut off at zero may be overstepped.
        tried = y[:, None] + lengths * step[:, None]
        cost = (tried @ M.mT).clamp(min=0.0).square().sum(-1)
        cost = 0.5 * cost + (tried * (0.5 * tried - wanted[:, None])).sum(-1)
        best = cost.argmin(dim=1)
        y = tried[torch.arange(len(y)), best]
    return (M @ y[..., None])[..., 0].clamp(min=0.0) / _SPREAD
