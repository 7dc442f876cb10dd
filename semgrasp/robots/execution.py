"""From a robot's pose on an object to a grasp that can be carried out: open, close, press.

What touches is read from points on the robot's surface. The forces of the touching points that
balance best give, through the transposed Jacobian, the torques of the joints; through the
stiffness of the servos, these give where the joints must be commanded to go.
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from semgrasp.metrics import SolidObject
from semgrasp.objects.signed_distance import GridStack, SignedDistanceGrid
from semgrasp.robots.robot_hand import RobotHand
from semgrasp.robots.screws import Screws
from semgrasp.robots.surface import RobotSurface, robot_surface
from semgrasp.simulation.squeeze import balanced_forces
from semgrasp.types import ObjectShape

_TOUCH = 0.0025
"""Points nearer than this to the object touch, in [m]..."""
_FACING = 0.5
"""...if they face it within 60 degrees: the cosine."""
_PER_BODY = 3
"""Touching points of one body that press: the nearest ones."""
_CLEAR = 0.005
"""What touches is this far off in the pregrasp, in [m]."""
_OPENINGS = torch.linspace(0.0, 1.0, 11)
_SPACING = 0.005


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


class Touch(NamedTuple):
    """What a posed robot touches, and how deep it is inside."""

    points: Float[ndarray, "n 3"]
    """On the object's surface in [m]."""
    normals: Float[ndarray, "n 3"]
    """Unit normals into the object."""
    body: Int[ndarray, " n"]
    depth: float
    """Of the deepest point of the robot, in [m]."""


class Plan(NamedTuple):
    """How to carry a pose out."""

    pregrasp_qpos: Float[ndarray, " n"]
    squeeze_qpos: Float[ndarray, " n"]
    imbalance: float
    """Share of the grip force that does not cancel; 1 without contact."""
    touch: Touch


@lru_cache(maxsize=16)
def _fine_surface(robot: RobotHand) -> RobotSurface:
    surface = robot_surface(robot, _SPACING)
    return RobotSurface(surface.points_body.float(), surface.normals_body.float(), surface.body)


@lru_cache(maxsize=16)
def _screws(robot: RobotHand) -> Screws:
    bodies = np.arange(robot.model.nbody) - 1
    return Screws.of(robot.model, bodies, robot.joint_names, robot.description.couplings)


@torch.no_grad()
def touches(
    robot: RobotHand,
    held: Held,
    T_object_base: Float[Tensor, "b 4 4"],
    qpos: Float[Tensor, "b n"],
) -> list[Touch]:
    """What each pose touches."""
    surface = _fine_surface(robot)
    Ts = robot.kinematics.forward(T_object_base, qpos)
    points, normals = surface.points(Ts), surface.normals(Ts)
    which = torch.zeros(len(Ts), dtype=torch.long)
    distance, slope = GridStack.of([held.field]).value_and_gradient(points, which)
    outward = torch.nn.functional.normalize(slope, dim=-1)
    near = (distance < _TOUCH) & ((normals * outward).sum(-1) < -_FACING)
    found = []
    for i in range(len(Ts)):
        chosen = _nearest_of_each_body(near[i], distance[i], surface.body)
        at = points[i, chosen] - distance[i, chosen, None] * outward[i, chosen]
        found.append(
            Touch(
                at.double().numpy(),
                -outward[i, chosen].double().numpy(),
                surface.body[chosen].numpy(),
                max(0.0, -float(distance[i].min())),
            )
        )
    return found


def _nearest_of_each_body(near: Tensor, distance: Tensor, body: Tensor) -> Tensor:
    (index,) = torch.nonzero(near, as_tuple=True)
    kept = []
    for one in body[index].unique():
        own = index[body[index] == one]
        kept.append(own[distance[own].argsort()[:_PER_BODY]])
    return torch.cat(kept) if kept else index


def plan(
    robot: RobotHand,
    held: Held,
    T_object_base: Float[Tensor, "4 4"],
    qpos: Float[Tensor, " n"],
    touch: Touch,
    *,
    friction: float,
    grip_force: float,
) -> Plan:
    """Pregrasp and squeeze of one pose."""
    balanced = balanced_forces(
        touch.points, touch.normals, held.com,
        reach=held.reach, friction=friction, grip_force=grip_force,
    )  # fmt: skip
    T, q = T_object_base[None].float(), qpos[None].float()
    Ts = robot.kinematics.forward(T, q)
    screws = _screws(robot).of_bodies(Ts, T[:, :3, 3])[0, :, :, 6:].double().numpy()
    wrenches = np.concatenate([np.cross(touch.points, balanced.forces), balanced.forces], axis=1)
    torque = np.einsum("ck,ckn->n", wrenches, screws[touch.body])
    stiffness = robot.model.actuator_gainprm[:, 0]
    squeeze = qpos.double().numpy() + torque / stiffness
    pregrasp = _opened(robot, held, T, q, touch)
    return Plan(pregrasp, squeeze, balanced.imbalance, touch)


@torch.no_grad()
def _opened(
    robot: RobotHand, held: Held, T: Float[Tensor, "1 4 4"], q: Float[Tensor, "1 n"], touch: Touch
) -> Float[ndarray, " n"]:
    """The least opening at which the bodies that touch, all but the base, are clear."""
    way = robot.open_qpos.float() - q
    poses = q + _OPENINGS[:, None] * way
    surface = _fine_surface(robot)
    moves = torch.from_numpy(np.isin(surface.body.numpy(), touch.body)) & (surface.body > 0)
    if not bool(moves.any()):
        moves = surface.body > 0
    some = RobotSurface(
        surface.points_body[moves], surface.normals_body[moves], surface.body[moves]
    )
    Ts = robot.kinematics.forward(T.expand(len(poses), 4, 4), poses)
    which = torch.zeros(len(poses), dtype=torch.long)
    distance, _ = GridStack.of([held.field]).value_and_gradient(some.points(Ts), which)
    clearance = distance.amin(-1)
    enough = torch.nonzero(clearance > _CLEAR)
    best = int(enough[0]) if len(enough) else int(clearance.argmax())
    return poses[best].double().numpy()


def touched_part(shape: ObjectShape, touch: Touch) -> str | None:
    """The part that most touching points lie on; None where nothing touches or parts are unknown."""
    if shape.face_parts is None or len(touch.points) == 0:
        return None
    import igl

    face = igl.point_mesh_squared_distance(
        np.ascontiguousarray(touch.points),
        np.ascontiguousarray(shape.vertices_object, dtype=np.float64),
        np.ascontiguousarray(shape.faces, dtype=np.int64),
    )[1]
    parts = np.asarray(shape.face_parts)[np.asarray(face).reshape(-1)]
    return shape.part_names[int(np.bincount(parts).argmax())]


def penetration(robot: RobotHand, solid: SolidObject, T_object_base: ndarray, qpos: ndarray) -> float:
    """Depth in [m] of the deepest point of the robot's surface, from exact distances."""
    Ts = robot.kinematics.forward(torch.from_numpy(T_object_base), torch.from_numpy(qpos))
    surface = _fine_surface(robot)
    points = surface.points(Ts).numpy()
    low, high = solid.bounds
    points = points[((points > low) & (points < high)).all(axis=1)]
    if len(points) == 0:
        return 0.0
    return max(0.0, -float(solid.nearest(points)[0].min()))
