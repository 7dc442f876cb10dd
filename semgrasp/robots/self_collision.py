"""How far a robot hand's bodies reach into each other, by spheres that fill them."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial.distance import cdist
from torch import Tensor

from semgrasp.robots.pieces import ConvexPiece
from semgrasp.robots.robot_hand import RobotHand

_POSES, _POSES_AT_ONCE = 1000, 50
_STEPS_ACROSS, _MOST_STEPS = 6, 14
"""Into how many steps a solid's smallest and largest extent is cut when centres are tried."""
_MOST_ALONG = 10


@dataclass(frozen=True, eq=False)
class SelfCollision:
    """Spheres inside a hand, and the pairs of them that must not meet."""

    centres_body: Float[Tensor, "spheres 3"]
    """In the frame of their bodies in [m]."""
    radii: Float[Tensor, " spheres"]
    """In [m]."""
    body: Int[Tensor, " spheres"]
    """Index of the body among the poses of `Kinematics.forward`."""
    pairs: Int[Tensor, "pairs 2"]
    """Of spheres whose bodies may collide and do not by design."""

    def overlap(
        self, Ts_object_body: Float[Tensor, "*batch bodies 4 4"]
    ) -> Float[Tensor, "*batch pairs"]:
        """How deep each pair of spheres overlaps in [m]; zero where it does not."""
        R_object_body = Ts_object_body[..., self.body, :3, :3]
        turned = (R_object_body @ self.centres_body.to(Ts_object_body)[..., None])[..., 0]
        centres = turned + Ts_object_body[..., self.body, :3, 3]
        first, second = self.pairs.unbind(-1)
        apart = (centres[..., first, :] - centres[..., second, :]).square().sum(-1)
        reach = (self.radii[first] + self.radii[second]).to(Ts_object_body)
        # The floor keeps the gradient finite where two centres meet.
        return (reach - apart.clamp(min=1e-10).sqrt()).clamp(min=0.0)


def self_collision(robot: RobotHand) -> SelfCollision:
    """Fill a hand's collision shapes with spheres.

    Left out are pairs of bodies that MuJoCo does not let collide either (a body and its parent,
    and what the specification excludes), and pairs of spheres that overlap in the open pose or in
    none of a thousand others.
    """
    spheres = [_spheres(piece) for piece in robot.pieces]
    centres = torch.tensor(np.concatenate([centre for centre, _ in spheres]))
    radii = torch.tensor(np.concatenate([radius for _, radius in spheres]))
    body = torch.tensor(
        np.concatenate(
            [np.full(len(r), p.body) for p, (_, r) in zip(robot.pieces, spheres, strict=True)]
        )
    )
    pairs = torch.combinations(torch.arange(len(radii)), 2)
    may_meet = _may_meet(robot)[body[pairs[:, 0]], body[pairs[:, 1]]]
    filled = SelfCollision(centres, radii, body, pairs[may_meet])
    base = torch.eye(4, dtype=torch.float64)
    ever = torch.zeros(len(filled.pairs), dtype=torch.bool)
    generator = torch.Generator().manual_seed(0)
    for _ in range(_POSES // _POSES_AT_ONCE):
        share = torch.rand(_POSES_AT_ONCE, len(robot.limits), generator=generator).double()
        qpos = torch.lerp(robot.limits[:, 0], robot.limits[:, 1], share)
        Ts_base_body = robot.kinematics.forward(base.expand(_POSES_AT_ONCE, 4, 4), qpos)
        ever |= (filled.overlap(Ts_base_body) > 0.0).any(dim=0)
    when_open = filled.overlap(robot.kinematics.forward(base, robot.open_qpos))
    return SelfCollision(centres, radii, body, filled.pairs[ever & (when_open == 0.0)])


def _spheres(piece: ConvexPiece) -> tuple[Float[ndarray, "n 3"], Float[ndarray, " n"]]:
    """Large spheres inside a solid: greedily the one that covers most of what is not covered yet
    of the solid's core, which is what lies at least half as deep as it can."""
    low, high = piece.vertices_body.min(axis=0), piece.vertices_body.max(axis=0)
    extent = high - low
    # Odd, so that the middle is tried; a plate is not cut finely along its sides.
    counts = 2 * np.clip(extent / extent.min() * _STEPS_ACROSS / 2, 1, _MOST_STEPS / 2).astype(int)
    axes = [np.linspace(a, b, n + 1) for a, b, n in zip(low, high, counts, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    depth = piece.depth(grid)
    core = grid[depth >= 0.5 * depth.max()]
    is_candidate = depth >= 0.8 * depth.max()
    centres, radii = grid[is_candidate], depth[is_candidate]
    # Spheres of a plate may leave gaps as wide as this: there would be hundreds otherwise.
    reach = np.maximum(radii, extent.max() / _MOST_ALONG)
    covers = cdist(centres, core) <= reach[:, None]
    is_open = covers.any(axis=0)
    chosen = []
    while is_open.any():
        best = int((covers & is_open).sum(axis=1).argmax())
        chosen.append(best)
        is_open &= ~covers[best]
    return centres[chosen], radii[chosen]


def _may_meet(robot: RobotHand) -> Tensor:
    """Whether MuJoCo looks for contacts between two bodies of the hand."""
    model = robot.model
    may_meet = ~torch.eye(model.nbody - 1, dtype=torch.bool)
    parents = [(b - 1, int(model.body_parentid[b]) - 1) for b in range(2, model.nbody)]
    excluded = [(int(s) >> 16, int(s) & 0xFFFF) for s in model.exclude_signature]
    for first, second in [*parents, *((a - 1, b - 1) for a, b in excluded)]:
        may_meet[first, second] = may_meet[second, first] = False
    return may_meet
