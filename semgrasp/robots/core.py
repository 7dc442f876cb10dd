"""Balls along the middle of a robot's collision shapes, to be kept out of thin walls.

A wall of 2 mm slips between points on the surface of a finger; it cannot slip between balls whose
centres are closer than their radius.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from semgrasp.robots.carried import carriage, carried
from semgrasp.robots.pieces import ConvexPiece
from semgrasp.robots.robot_hand import RobotHand
from semgrasp.robots.self_collision import self_collision

_STEP = 0.8
"""Between centres, as a share of the largest ball inside the piece."""
_SMALLEST = 0.6
"""Balls smaller than this share of the largest are left out."""
_ACROSS = 0.005
"""Room between the thumb and other fingers, in [m]."""
_POSES, _POSES_AT_ONCE, _SELDOM = 2048, 128, 0.003 + _ACROSS
"""Pairs with at least this much room in [m] in as many random poses are not looked at."""
_THIN = 0.0015
"""Pieces without room for a ball of this radius in [m] are left out."""


@dataclass(frozen=True, eq=False)
class Core:
    """Balls inside a robot's bodies."""

    centres_body: Float[Tensor, "n 3"]
    """In the frames of their bodies in [m]."""
    radii: Float[Tensor, " n"]
    """In [m]."""
    body: Int[Tensor, " n"]
    """Index of the body among the poses of `Kinematics.forward`."""

    def centres(self, Ts_object_body: Float[Tensor, "b bodies 4 4"]) -> Float[Tensor, "b n 3"]:
        """Centres in the frame the bodies' poses are given in, in [m]."""
        return carried(Ts_object_body, self.carriage)

    @cached_property
    def carriage(self) -> Float[Tensor, "columns n"]:
        """The matrix that poses the centres."""
        return carriage(self.centres_body, self.body, are_points=True)


@lru_cache(maxsize=16)
def robot_core(robot: RobotHand) -> Core:
    """Balls in every collision shape of a robot, in single precision."""
    filled = [(piece, *_filled(piece)) for piece in robot.pieces]
    return Core(
        torch.from_numpy(np.concatenate([centres for _, centres, _ in filled])).float(),
        torch.from_numpy(np.concatenate([radii for *_, radii in filled])).float(),
        torch.from_numpy(np.concatenate([np.full(len(r), p.body) for p, _, r in filled])),
    )


def _filled(piece: ConvexPiece) -> tuple[Float[ndarray, "n 3"], Float[ndarray, " n"]]:
    """Centres on a lattice through the middle, along the piece's principal axes."""
    vertices = piece.vertices_body
    axes = np.linalg.svd(vertices - vertices.mean(axis=0), full_matrices=False)[2]
    low, high = (vertices @ axes.T).min(axis=0), (vertices @ axes.T).max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    step = _STEP * half.min()
    ticks = [
        step * np.arange(-int(h // step), int(h // step) + 1)
        if h > 1.2 * half.min()
        else np.zeros(1)
        for h in half
    ]
    lattice = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1).reshape(-1, 3)
    centres = (middle + lattice) @ axes
    radii = piece.depth(centres)
    largest = radii.max()
    kept = radii > _SMALLEST * largest if largest > _THIN else np.zeros(len(radii), dtype=bool)
    return centres[kept], radii[kept]


@lru_cache(maxsize=16)
def forbidden_pairs(robot: RobotHand) -> Int[Tensor, "pairs 2"]:
    """Pairs of balls whose bodies may collide, that are apart in the open pose and may meet."""
    core = robot_core(robot)
    checked = self_collision(robot)
    bodies = checked.body[checked.pairs]
    may_collide = torch.zeros(len(robot.kinematics.body_names), len(robot.kinematics.body_names))
    may_collide[bodies[:, 0], bodies[:, 1]] = 1.0
    may_collide = (may_collide + may_collide.mT) > 0
    pairs = torch.combinations(torch.arange(len(core.radii)), 2)
    first, second = pairs.unbind(-1)
    pairs = pairs[may_collide[core.body[first], core.body[second]]]
    first, second = pairs.unbind(-1)
    Ts = robot.kinematics.forward(torch.eye(4), robot.open_qpos.float())
    centres = core.centres(Ts[None])[0]
    apart = (centres[first] - centres[second]).norm(dim=-1)
    pairs = pairs[apart > core.radii[first] + core.radii[second]]
    return pairs[_nearest(robot, pairs) < _SELDOM]


def _nearest(robot: RobotHand, pairs: Int[Tensor, "pairs 2"]) -> Float[Tensor, " pairs"]:
    """Least room in [m] between two balls in random poses; negative where they overlap."""
    core = robot_core(robot)
    first, second = pairs.unbind(-1)
    low, high = robot.limits.float().unbind(-1)
    generator = torch.Generator().manual_seed(0)
    least = torch.full((len(pairs),), torch.inf)
    for _ in range(_POSES // _POSES_AT_ONCE):
        qpos = torch.lerp(low, high, torch.rand(_POSES_AT_ONCE, len(low), generator=generator))
        Ts = robot.kinematics.forward(torch.eye(4).expand(_POSES_AT_ONCE, 4, 4), qpos)
        centres = core.centres(Ts).permute(2, 1, 0).contiguous()
        apart = (centres[:, first] - centres[:, second]).square().sum(0)
        least = torch.minimum(least, apart.amin(dim=-1).sqrt())
    return least - core.radii[first] - core.radii[second]


@lru_cache(maxsize=16)
def pair_margins(robot: RobotHand) -> Float[Tensor, " pairs"]:
    """Room in [m] that each of the forbidden pairs must keep.

    A thumb and a finger that close on something thin would meet beside it when they squeeze.
    """
    thumb = torch.zeros(len(robot.kinematics.body_names), dtype=torch.bool)
    for finger in robot.description.fingers:
        if finger.joints and finger.humans[0] == "thumb":
            thumb[[robot.kinematics.body_index(pad.body) for pad in finger.pads]] = True
    bodies = robot_core(robot).body[forbidden_pairs(robot)]
    is_across = thumb[bodies].sum(-1) == 1
    is_across &= (bodies > 0).all(-1)
    return torch.where(is_across, _ACROSS, 0.0)


@torch.no_grad()
def self_overlap(
    robot: RobotHand, Ts_object_body: Float[Tensor, "b bodies 4 4"]
) -> Float[Tensor, " b"]:
    """How much room in [m] the worst pair of balls that must not meet lacks; 0 where none does."""
    core, pairs = robot_core(robot), forbidden_pairs(robot)
    if len(pairs) == 0:
        return torch.zeros(len(Ts_object_body))
    first, second = pairs.unbind(-1)
    centres = core.centres(Ts_object_body)
    apart = (centres[:, first] - centres[:, second]).norm(dim=-1)
    reach = core.radii[first] + core.radii[second] + pair_margins(robot)
    return (reach - apart).amax(dim=1).clamp(min=0.0)
