"""What a posed robot touches, and how deep it is."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from semgrasp.metrics import SolidObject
from semgrasp.robots.core import robot_core
from semgrasp.robots.held import Held, HeldBatch
from semgrasp.robots.robot_hand import RobotHand
from semgrasp.robots.surface import RobotSurface, robot_surface

_TOUCH = 0.0025
"""Points nearer than this to the object touch, in [m]..."""
_FACING = 0.5
"""...if they face it within 60 degrees: the cosine."""
_SPACING = 0.005
"""Between the points that may touch, in [m]."""
_AT_ONCE = 64
"""Poses looked at together: more do not fit the processor's cache."""


class Touches(NamedTuple):
    """What many posed robots touch: the nearest point of each body; how deep they are inside."""

    points: Float[Tensor, "b bodies 3"]
    """On the object's surface in [m]."""
    normals: Float[Tensor, "b bodies 3"]
    """Unit normals into the object."""
    is_touching: Bool[Tensor, "b bodies"]
    """Which bodies touch; the points of others mean nothing."""
    gaps: Float[Tensor, "b bodies"]
    """Signed distance of those points to the surface in [m]."""
    depth: Float[Tensor, " b"]
    """Of the deepest point of the robot, in [m]."""

    def gap(self, row: int) -> float:
        """Mean distance in [m] of the touching points from the surface; 0 where nothing does."""
        touching = self.is_touching[row]
        return float(self.gaps[row, touching].abs().mean()) if bool(touching.any()) else 0.0


@lru_cache(maxsize=16)
def touching_surface(robot: RobotHand) -> RobotSurface:
    """Points of a robot that may touch, in single precision."""
    surface = robot_surface(robot, _SPACING)
    return RobotSurface(surface.points_body.float(), surface.normals_body.float(), surface.body)


@torch.no_grad()
def touches(
    robot: RobotHand,
    held: HeldBatch,
    T_object_base: Float[Tensor, "b 4 4"],
    qpos: Float[Tensor, "b n"],
) -> Touches:
    """What each pose touches on its object."""
    chunks = torch.arange(len(qpos)).split(_AT_ONCE)
    found = [_touches(robot, held[rows], T_object_base[rows], qpos[rows]) for rows in chunks]
    return Touches(*(torch.cat(values) for values in zip(*found, strict=True)))


def _touches(robot: RobotHand, held: HeldBatch, T_object_base: Tensor, qpos: Tensor) -> Touches:
    surface, core = touching_surface(robot), robot_core(robot)
    Ts = robot.kinematics.forward(T_object_base, qpos)
    points = surface.points(Ts)
    distance, slope = held.distance(points)
    row, at = torch.nonzero(distance < _TOUCH, as_tuple=True)
    R = Ts[row, surface.body[at], :3, :3]
    facing = (R @ surface.normals_body[at, :, None])[..., 0].mul(slope[row, at]).sum(-1)
    # A distance has a gradient of length one, near enough for this.
    is_near = facing < -_FACING
    row, at = row[is_near], at[is_near]
    ranked = torch.full_like(distance, torch.inf)
    ranked[row, at] = distance[row, at]
    gaps = distance.new_full(Ts.shape[:2], torch.inf)
    nearest = torch.zeros(Ts.shape[:2], dtype=torch.long)
    start = 0
    for body, part in enumerate(ranked.split(_points_of_bodies(robot), dim=1)):
        if part.shape[1]:
            gaps[:, body], nearest[:, body] = part.min(dim=1)
            nearest[:, body] += start
            start += part.shape[1]
    rows = torch.arange(len(Ts))[:, None]
    outward = torch.nn.functional.normalize(slope[rows, nearest], dim=-1)
    gaps_to = distance[rows, nearest]
    on_surface = points[rows, nearest] - gaps_to[..., None] * outward
    inside = core.radii - held.distance(core.centres(Ts))[0]
    depth = torch.maximum(-distance.amin(dim=1), inside.amax(dim=1)).clamp(min=0.0)
    return Touches(on_surface, -outward, gaps.isfinite(), gaps_to, depth)


@lru_cache(maxsize=16)
def _points_of_bodies(robot: RobotHand) -> list[int]:
    body = touching_surface(robot).body
    return torch.bincount(body, minlength=len(robot.kinematics.body_names)).tolist()


def parts_at(
    held: Held, points: Float[Tensor, "b n 3"], weights: Float[Tensor, "b n"]
) -> list[str | None]:
    """The part that most of the weight lies on; None where there is none, or parts are unknown."""
    shape = held.shape
    if shape.face_parts is None:
        return [None] * len(points)
    row, at = torch.nonzero(weights > 0, as_tuple=True)
    share = np.zeros((len(points), len(shape.part_names)))
    if len(row):
        part = np.asarray(shape.face_parts)[held.nearest_faces(points[row, at])]
        np.add.at(share, (row.numpy(), part), weights[row, at].double().numpy())
    return [shape.part_names[int(s.argmax())] if s.sum() > 0 else None for s in share]


def parts_of_each(
    held: HeldBatch, points: Float[Tensor, "b n 3"], weights: Float[Tensor, "b n"]
) -> list[str | None]:
    """The same where every row has an object of its own."""
    parts: list[str | None] = [None] * len(held)
    for i, one in enumerate(held.objects):
        (rows,) = torch.nonzero(held.which == i, as_tuple=True)
        for row, part in zip(
            rows.tolist(), parts_at(one, points[rows], weights[rows]), strict=True
        ):
            parts[row] = part
    return parts


@torch.no_grad()
def penetration(
    robot: RobotHand,
    solid: SolidObject,
    T_object_base: Float[ndarray, "4 4"],
    qpos: Float[ndarray, " n"],
) -> float:
    """Depth in [m] of the deepest point of the robot's surface, from exact distances."""
    Ts = robot.kinematics.forward(torch.from_numpy(T_object_base), torch.from_numpy(qpos))
    points = touching_surface(robot).points(Ts).numpy()
    low, high = solid.bounds
    points = points[((points > low) & (points < high)).all(axis=1)]
    if len(points) == 0:
        return 0.0
    return max(0.0, -float(solid.nearest(points)[0].min()))
