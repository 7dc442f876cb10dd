"""From a robot's pose on an object to a grasp that can be carried out: open, close, press.

The forces of the touching points that balance best give, through the transposed Jacobian, the
torques of the joints; through the stiffness of the servos, these give where the joints must be
commanded to go.
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from semgrasp.robots.core import robot_core
from semgrasp.robots.forces import balanced_wrenches
from semgrasp.robots.held import HeldBatch
from semgrasp.robots.robot_hand import RobotHand
from semgrasp.robots.screws import Screws
from semgrasp.robots.touching import Touches

_CLEAR = 0.003
"""What touches is this far off in the pregrasp, in [m]."""
_OPENINGS, _FEW_OPENINGS = torch.linspace(0.0, 1.0, 15), 5
_AT_ONCE = 64
"""Poses planned together: more do not fit the processor's cache."""
_FOLLOW = 0.04
"""Bend in [rad] that every touching finger is commanded beyond its share of the forces: it follows
an object that gives way by some millimetres."""
_MOST_OPENING = 0.7
"""Farthest that a joint is unbent for the pregrasp, in [rad]."""


class Plan(NamedTuple):
    """How to carry a pose out."""

    pregrasp_qpos: Float[ndarray, " n"]
    squeeze_qpos: Float[ndarray, " n"]


@lru_cache(maxsize=16)
def _screws(robot: RobotHand) -> Screws:
    bodies = np.arange(robot.model.nbody) - 1
    return Screws.of(robot.model, bodies, robot.joint_names, robot.description.couplings)


@torch.no_grad()
def plans(
    robot: RobotHand,
    held: HeldBatch,
    T_object_base: Float[Tensor, "b 4 4"],
    qpos: Float[Tensor, "b n"],
    touch: Touches,
    *,
    friction: float,
    grip_force: float,
) -> list[Plan]:
    """Pregrasp and squeeze of each pose.

    Args:
        touch: What each pose touches.
        friction: Coefficient between robot and object.
        grip_force: Sum of the normal forces in [N].
    """
    Ts = robot.kinematics.forward(T_object_base, qpos)
    screws = _screws(robot).of_joints(Ts, T_object_base[:, :3, 3]).double()
    wrenches = balanced_wrenches(touch, held, friction=friction, grip_force=grip_force)
    torque = _screws(robot).efforts(screws, wrenches)
    stiffness = torch.from_numpy(robot.model.actuator_gainprm[:, 0])
    squeezed = qpos.double() + torque / stiffness
    squeezed += _FOLLOW * _follows(robot, touch.is_touching)
    opened = _opened(robot, held, T_object_base, qpos, touch).double()
    return [Plan(*poses) for poses in zip(opened.numpy(), squeezed.numpy(), strict=True)]


def _opened(
    robot: RobotHand,
    held: HeldBatch,
    T: Float[Tensor, "b 4 4"],
    q: Float[Tensor, "b n"],
    touch: Touches,
) -> Float[Tensor, "b n"]:
    """Every finger unbent until what it touches with is clear, each as little as it needs.

    Joints go back along the way from open to closed, not to the open pose itself, which from a
    finished grasp may lie through the object; and no farther than nothing gets deeper into it.
    """
    opened = q.clone()
    left = torch.arange(len(q))
    # Most fingers are clear after a few steps; only the other hands take all of them.
    for count in (_FEW_OPENINGS, len(_OPENINGS)):
        found = [
            _unbent(robot, held[rows], T[rows], q[rows], touch.is_touching[rows], count)
            for rows in left.split(_AT_ONCE)
        ]
        opened[left] = torch.cat([poses for poses, _ in found])
        left = left[~torch.cat([is_clear for _, is_clear in found])]
        if len(left) == 0:
            break
    return opened


def _unbent(
    robot: RobotHand,
    held: HeldBatch,
    T: Float[Tensor, "b 4 4"],
    q: Float[Tensor, "b n"],
    is_touching: Bool[Tensor, "b bodies"],
    count: int,
) -> tuple[Float[Tensor, "b n"], Bool[Tensor, " b"]]:
    """The best of the first openings, and whether no later one could be better."""
    way = _closing(robot)
    low, high = robot.limits.float().unbind(-1)
    steps = _OPENINGS * (_MOST_OPENING if robot.description.opening is None else high.max())
    poses = (q[:, None] - steps[:count, None] * way).clamp(low, high)
    core = robot_core(robot)
    Ts = robot.kinematics.forward(T.repeat_interleave(count, dim=0), poses.flatten(0, 1))
    # All openings of a hand are points of one row.
    centres = core.centres(Ts).unflatten(0, (len(q), count))
    distance = held.distance(centres.flatten(1, 2))[0].unflatten(1, (count, -1))
    gap = distance - core.radii
    touching = is_touching[:, core.body]
    opened, is_clear = q.clone(), torch.ones(len(q), dtype=torch.bool)
    rows = torch.arange(len(q))
    for joints in _independent_fingers(robot):
        moves = _moved_by(robot, joints)[core.body]
        own = gap[:, :, moves]
        uses = touching[:, moves]
        uses = uses | ~uses.any(dim=1, keepdim=True)
        worst = own.amin(dim=-1)
        is_blocked = (worst < worst[:, :1].clamp(max=0.0) - 0.001).cumsum(dim=1) > 0
        clearance = torch.where(uses[:, None], own, torch.inf).amin(dim=-1)
        clearance = torch.where(is_blocked, -torch.inf, clearance)
        enough = clearance > _CLEAR
        best = torch.where(enough.any(1), enough.float().argmax(dim=1), clearance.argmax(dim=1))
        opened[:, joints] = poses[rows, best][:, joints]
        is_clear &= enough.any(1) | is_blocked.any(1)
    return opened, is_clear


def _follows(robot: RobotHand, is_touching: Bool[Tensor, "b bodies"]) -> Float[Tensor, "b n"]:
    """The closing direction of the fingers that touch; zero for a gripper, whose jaws are stiff."""
    if robot.description.opening is not None:
        return torch.zeros(len(is_touching), len(robot.joint_names))
    used = torch.zeros(len(is_touching), len(robot.joint_names))
    for joints in _independent_fingers(robot):
        touches = (is_touching & _moved_by(robot, joints)).any(dim=1)
        used[:, joints] = touches[:, None].float()
    return used * _closing(robot)


def _closing(robot: RobotHand) -> Float[Tensor, " n"]:
    """Direction from open to closed, its largest entry 1."""
    way = (robot.closed_qpos - robot.open_qpos).float()
    return way / way.abs().max().clamp(min=1e-9)


def _moved_by(robot: RobotHand, joints: list[int]) -> Bool[Tensor, " bodies"]:
    screws = _screws(robot)
    return (screws.carries @ screws.drives)[:, joints].any(dim=1)


def _independent_fingers(robot: RobotHand) -> list[list[int]]:
    """Indices of the independent joints of each finger; fingers driven by one joint are one."""
    names = robot.joint_names
    drivers = {coupling.joint: coupling.driver for coupling in robot.description.couplings}
    groups = [
        sorted({names.index(drivers.get(joint, joint)) for joint in finger.joints})
        for finger in robot.description.fingers
        if finger.joints
    ]
    return [group for i, group in enumerate(groups) if group not in groups[:i]]
