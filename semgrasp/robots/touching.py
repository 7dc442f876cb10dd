"""What a posed robot touches, how deep it is, and how well that would hold."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from semgrasp.metrics import SolidObject
from semgrasp.objects.signed_distance import GridStack, SignedDistanceGrid
from semgrasp.robots.core import robot_core
from semgrasp.robots.robot_hand import RobotHand
from semgrasp.robots.surface import RobotSurface, robot_surface
from semgrasp.types import ObjectShape

_TOUCH = 0.0025
"""Points nearer than this to the object touch, in [m]..."""
_FACING = 0.5
"""...if they face it within 60 degrees: the cosine."""
_SPACING = 0.005
"""Between the points that may touch, in [m]."""
_CONE_EDGES, _ROUNDS, _RATE = 6, 100, 0.5
"""Of the search for forces that cancel: exponentiated gradient, which keeps them positive."""


@dataclass(frozen=True, eq=False)
class Held:
    """The object as the robot meets it."""

    shape: ObjectShape
    field: SignedDistanceGrid
    com: Float[ndarray, "3"]
    """Centre of mass in [m]."""
    reach: float
    """Half its size in [m]."""

    @staticmethod
    def of(shape: ObjectShape, field: SignedDistanceGrid | None = None) -> "Held":
        """With its distance grid, built here unless given."""
        if field is None:
            thin = np.ptp(shape.vertices_object, axis=0).min() < 0.01
            field = SignedDistanceGrid.build(
                shape.vertices_object,
                shape.faces,
                spacing=0.0015 if thin else 0.002,
                is_closed=shape.is_watertight,
            )
        # The middle of the filled grid: a solid's centre of mass without asking for a clean mesh.
        inside = torch.nonzero(field.values < 0).double()
        com = shape.vertices_object.mean(axis=0)
        if len(inside):
            com = (field.origin.double() + field.spacing * inside.mean(0)).numpy()
        reach = float(np.linalg.norm(shape.vertices_object - com, axis=1).max())
        return Held(shape, field, com, reach)


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
    held: Held,
    T_object_base: Float[Tensor, "b 4 4"],
    qpos: Float[Tensor, "b n"],
) -> Touches:
    """What each pose touches."""
    surface = touching_surface(robot)
    Ts = robot.kinematics.forward(T_object_base, qpos)
    points, normals = surface.points(Ts), surface.normals(Ts)
    which = torch.zeros(len(Ts), dtype=torch.long)
    stack = GridStack.of([held.field])
    distance, slope = stack.value_and_gradient(points, which)
    # A distance has a gradient of length one, near enough for this.
    is_near = (distance < _TOUCH) & ((normals * slope).sum(-1) < -_FACING)
    ranked = torch.where(is_near, distance, torch.inf)
    own = surface.body == torch.arange(Ts.shape[1])[:, None]
    nearest = torch.stack(
        [torch.where(mask, ranked, torch.inf).argmin(dim=1) for mask in own], dim=1
    )
    rows = torch.arange(len(Ts))[:, None]
    touching = is_near[rows, nearest] & own[torch.arange(len(own)), nearest]
    outward = torch.nn.functional.normalize(slope[rows, nearest], dim=-1)
    at = points[rows, nearest] - distance[rows, nearest, None] * outward
    core = robot_core(robot)
    inside = core.radii - stack.value_and_gradient(core.centres(Ts), which)[0]
    depth = torch.maximum(-distance.amin(dim=1), inside.amax(dim=1)).clamp(min=0.0)
    return Touches(at, -outward, touching, distance[rows, nearest], depth)


@torch.no_grad()
def weakness(
    touch: Touches, held: Held, friction: float, *, pull: float = 0.2
) -> Float[Tensor, " b"]:
    """Wrench that is left when the grip resists six pulls on the centre of mass, the worst.

    In shares of the grip force, torques over the object's reach; 1 without contact. It is 0 where
    forces inside the friction cones cancel a pull of the given share of their sum.
    """
    n = touch.normals
    first = torch.linalg.cross(n, torch.eye(3)[n.abs().argmin(dim=-1)])
    first = torch.nn.functional.normalize(first, dim=-1)
    second = torch.linalg.cross(n, first)
    angle = torch.arange(_CONE_EDGES) * (2 * torch.pi / _CONE_EDGES)
    around = angle.cos()[:, None, None, None] * first + angle.sin()[:, None, None, None] * second
    forces = (n + friction * around).permute(1, 2, 0, 3)
    arms = (touch.points - torch.from_numpy(held.com).float())[:, :, None].expand_as(forces)
    wrenches = torch.cat([forces, torch.linalg.cross(arms, forces) / held.reach], -1).flatten(1, 2)
    pulls = pull * torch.cat([torch.eye(3), -torch.eye(3)]) @ torch.eye(3, 6)
    mask = touch.is_touching.repeat_interleave(_CONE_EDGES, dim=1)
    logits = torch.where(mask, 0.0, -torch.inf)
    logits = torch.where(mask.any(-1, keepdim=True), logits, 0.0)[:, None].expand(-1, 6, -1)
    left = torch.zeros(len(n), 6, 6)
    for _ in range(_ROUNDS):
        left = logits.softmax(dim=-1) @ wrenches + pulls
        logits = logits - _RATE * left @ wrenches.mT
    worst = left.norm(dim=-1).amax(dim=-1)
    return torch.where(mask.any(-1), worst, 1.0).clamp(max=1.0)


def parts_at(
    shape: ObjectShape, points: Float[Tensor, "b n 3"], weights: Float[Tensor, "b n"]
) -> list[str | None]:
    """The part that most of the weight lies on; None where there is none, or parts are unknown."""
    if shape.face_parts is None:
        return [None] * len(points)
    import igl

    face = igl.point_mesh_squared_distance(
        np.ascontiguousarray(points.reshape(-1, 3).double().numpy()),
        np.ascontiguousarray(shape.vertices_object, dtype=np.float64),
        np.ascontiguousarray(shape.faces, dtype=np.int64),
    )[1]
    part = np.asarray(shape.face_parts)[np.asarray(face).reshape(-1)].reshape(weights.shape)
    share = [
        np.bincount(row, weight, minlength=len(shape.part_names))
        for row, weight in zip(part, weights.double().numpy(), strict=True)
    ]
    return [shape.part_names[int(s.argmax())] if s.sum() > 0 else None for s in share]


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
