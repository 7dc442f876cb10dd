"""Which finger of the robot stands in for which finger of the human, solved grasp by grasp.

Every way that the description allows is tried. A way is as good as the robot's fingertips, moved
together with its palm but not yet one by one, can be laid on the human contacts (Kabsch, 1976;
weighted), plus what is lost by leaving a touching finger without a stand-in.
"""

import itertools
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.geometry import make_transform
from semgrasp.robots.description import RobotDescription
from semgrasp.robots.targets import HUMAN_FINGERS, HumanTargets

_UNSERVED = 0.03
"""A human finger that touches and that nothing stands in for counts as this far off, in [m]."""
_RANK = 0.004
"""So does each place down a finger's list of stand-ins, in [m]."""
_IDLE = 0.1
"""Weight of a fingertip that touches nothing, against one that does."""
_PALM = 0.5
"""Weight of the palm's two points, likewise."""
PALM_REACH = 0.05
"""The palm's direction is a point this far in front of it, in [m]."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """One way for each of many grasps, and where it puts the robot's base."""

    human_of_finger: Int[Tensor, "b fingers"]
    """Index into `HUMAN_FINGERS` for each finger of the robot; -1 where it stands in for none."""
    posture: Int[Tensor, " b"]
    """Which of the given postures fits best."""
    T_object_base: Float[Tensor, "b 4 4"]
    cost: Float[Tensor, " b"]
    """Weighted mean square distance in [m^2]."""


def possible_assignments(description: RobotDescription) -> Int[Tensor, "ways fingers"]:
    """Every way in which no human finger has two stand-ins; -1 for none.

    Fingers are those of the description that have joints, in its order.
    """
    choices = [
        [HUMAN_FINGERS.index(human) for human in finger.humans if human != "palm"]
        for finger in description.fingers
        if finger.joints
    ]
    ways = [
        way
        for way in itertools.product(*([*humans, -1] for humans in choices))
        if len({h for h in way if h >= 0}) == sum(h >= 0 for h in way)
    ]
    if not ways or all(max(way, default=-1) < 0 for way in ways):
        raise InputError(
            f"No finger of the robot hand {description.name!r} stands in for a human finger. "
            "Name them under `humans` in its description."
        )
    most = max(sum(h >= 0 for h in way) for way in ways)
    return torch.tensor([way for way in ways if sum(h >= 0 for h in way) == most])


def align(
    targets: HumanTargets,
    ways: Int[Tensor, "ways fingers"],
    ranks: Float[Tensor, " ways"],
    tips_base: Float[Tensor, "postures fingers 3"],
    palm_base: Float[Tensor, "2 3"],
    *,
    count: int,
) -> list[Alignment]:
    """The best ways of every grasp, best first.

    Args:
        ranks: Places down the lists of stand-ins, summed over the fingers of each way.
        tips_base: Fingertips of the robot in a few postures, in its base frame in [m].
        palm_base: A point of its palm and one `PALM_REACH` in front of it.
        count: How many ways to return at most.
    """
    goal, _ = targets.outermost()
    touching = targets.finger_touches
    palm = targets.palm_point
    front = palm + PALM_REACH * targets.palm_direction
    n, w, p = len(targets), len(ways), len(tips_base)

    chosen = ways.clamp(min=0)
    is_used = (ways >= 0).float()
    weight = torch.where(touching[:, chosen], 1.0, _IDLE) * is_used
    served = torch.zeros(w, 5).scatter_add_(1, chosen, is_used)
    unserved = (touching[:, None] & (served == 0)[None]).float().sum(-1)
    to = torch.cat([goal[:, chosen], torch.stack([palm, front], 1)[:, None].expand(n, w, 2, 3)], 2)
    weight = torch.cat([weight, torch.full((n, w, 2), _PALM)], dim=-1)

    base = torch.cat([tips_base, palm_base.expand(p, 2, 3)], dim=1)
    shape = (n, w, p, base.shape[1])
    T, cost = _kabsch(
        base[None, None].expand(*shape, 3),
        to[:, :, None].expand(*shape, 3),
        weight[:, :, None].expand(shape),
    )
    penalty = unserved * _UNSERVED**2 + ranks * _RANK**2
    best, posture = (cost + penalty[..., None]).min(dim=-1)
    order = best.argsort(dim=1)[:, :count]
    rows = torch.arange(n)
    return [
        Alignment(ways[way], posture[rows, way], T[rows, way, posture[rows, way]], best[rows, way])
        for way in order.unbind(1)
    ]


def _kabsch(
    start: Float[Tensor, "*b n 3"], goal: Float[Tensor, "*b n 3"], weight: Float[Tensor, "*b n"]
) -> tuple[Float[Tensor, "*b 4 4"], Float[Tensor, "*b"]]:
    """Rigid motion that brings points nearest to others, and the mean square that remains."""
    share = (weight / weight.sum(-1, keepdim=True))[..., None]
    start_mean = (share * start).sum(-2, keepdim=True)
    goal_mean = (share * goal).sum(-2, keepdim=True)
    a, b = start - start_mean, goal - goal_mean
    U, _, Vh = torch.linalg.svd((share * a).mT @ b)
    sign = torch.det(Vh.mT @ U.mT)
    fix = torch.diag_embed(torch.stack([torch.ones_like(sign), torch.ones_like(sign), sign], -1))
    R = Vh.mT @ fix @ U.mT
    t = (goal_mean - start_mean @ R.mT)[..., 0, :]
    left = (share[..., 0] * (b - a @ R.mT).square().sum(-1)).sum(-1)
    return make_transform(R, t), left
