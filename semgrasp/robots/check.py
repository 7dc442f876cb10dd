"""Everything that looks wrong with a robot hand that could be built."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

import itertools
from collections.abc import Iterator

import mujoco
import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from semgrasp.robots.description import ContactPad, RobotDescription, RobotFinger
from semgrasp.robots.robot_hand import RobotHand, turned_pads

_PAD_SHIFT = 0.005
"""A pad that far from the surface was probably meant for another place, in [m]."""
_OPENING_SHARE = 0.1
_HELD_SECONDS = 1.0
_HELD_ERROR = 0.1
"""How far a servo may be from its command, as a share of the joint's range."""


def problems(robot: RobotHand, described: RobotDescription) -> list[str]:
    """One line per suspicion, none for a hand that is well described.

    Args:
        robot: The hand as it was built.
        described: The description it was built from, as it was read.
    """
    return [
        *_poses_outside(robot, described),
        *_idle_joints(robot),
        *_shifted_pads(robot, described),
        *_closing(robot),
        *_servos(robot),
    ]


def pad_in_palm(robot: RobotHand, pad: ContactPad, qpos: Float[Tensor, " n"]) -> ndarray:
    """Centre and outward normal of a pad in the palm frame, as two rows, in [m]."""
    base = torch.eye(4, dtype=torch.float64)
    Ts_base_body = robot.kinematics.forward(base, qpos).numpy()
    T_base_body = Ts_base_body[robot.kinematics.body_index(pad.body)]
    T_palm_body = np.linalg.inv(robot.description.T_base_palm) @ T_base_body
    point = T_palm_body[:3, :3] @ pad.point_body + T_palm_body[:3, 3]
    return np.stack([point, T_palm_body[:3, :3] @ pad.normal_body])


def _poses_outside(robot: RobotHand, described: RobotDescription) -> Iterator[str]:
    limits = dict(zip(robot.joint_names, robot.limits.tolist(), strict=True))
    for pose, qpos in (("open", described.open_qpos), ("closed", described.closed_qpos)):
        for joint, position in qpos.items():
            low, high = limits[joint]
            if not low - 1e-3 <= position <= high + 1e-3:
                yield (
                    f"{pose}: {joint} is {position:g}, outside its limits {low:.3g} to {high:.3g}"
                )


def _idle_joints(robot: RobotHand) -> Iterator[str]:
    used = {joint for finger in robot.description.fingers for joint in finger.joints}
    for joint in robot.joint_names:
        if joint not in used:
            yield f"fingers: no finger lists the joint {joint!r}"
    if torch.equal(robot.open_qpos, robot.closed_qpos):
        yield "open and closed are the same pose"


def _shifted_pads(robot: RobotHand, described: RobotDescription) -> Iterator[str]:
    meant = turned_pads(described, robot.source).fingers
    pads = itertools.chain.from_iterable(finger.pads for finger in meant)
    for pad, fitted in zip(pads, robot.pads, strict=True):
        shift = float(np.linalg.norm(fitted.point_body - pad.point_body))
        if shift > _PAD_SHIFT:
            yield f"pad {pad.name}: {1e3 * shift:.1f} mm from the surface of {pad.body}"


def _closing(robot: RobotHand) -> Iterator[str]:
    """Whether fingertips face and near each other when the hand closes."""
    description = robot.description
    thumb = next(f for f in description.fingers if "thumb" in f.humans)
    others = [f for f in description.fingers if f is not thumb and f.humans != ("palm",)]
    opened = _nearest_gap(robot, thumb, others, robot.open_qpos)
    closed = _nearest_gap(robot, thumb, others, robot.closed_qpos)
    if closed >= opened:
        yield (
            f"closing takes the tip of {thumb.name} from {1e3 * opened:.0f} to "
            f"{1e3 * closed:.0f} mm from the nearest other tip"
        )
    if description.opening is None:
        return
    first, second = (pad_in_palm(robot, f.pads[-1], robot.open_qpos) for f in (thumb, others[0]))
    gap = second[0] - first[0]
    if abs(gap[2] - description.opening) > _OPENING_SHARE * description.opening:
        yield (
            f"opening: {1e3 * description.opening:.0f} mm, but the pads are {1e3 * gap[2]:.0f} mm "
            "apart along palm.across when open (from the thumb's jaw to the other)"
        )
    for finger, pad, inwards in ((thumb, first, 1.0), (others[0], second, -1.0)):
        if pad[1][2] * inwards < 0.9:
            yield f"pad {finger.pads[-1].name}: its normal does not point at the other jaw"


def _nearest_gap(
    robot: RobotHand, thumb: RobotFinger, others: list[RobotFinger], qpos: Float[Tensor, " n"]
) -> float:
    tip = pad_in_palm(robot, thumb.pads[-1], qpos)[0]
    return min(
        float(np.linalg.norm(pad_in_palm(robot, finger.pads[-1], qpos)[0] - tip))
        for finger in others
    )


def _servos(robot: RobotHand) -> Iterator[str]:
    """Whether the hand can be simulated and its servos hold the open pose against gravity."""
    model, data = robot.model, mujoco.MjData(robot.model)
    wanted = robot.kinematics.model_qpos(robot.open_qpos).numpy()
    data.qpos[:] = wanted
    data.ctrl[:] = robot.open_qpos.numpy()
    mujoco.mj_step(model, data, int(_HELD_SECONDS / model.opt.timestep))
    if not np.isfinite(data.qpos).all() or data.warning.number.any():
        yield "drive: the simulation diverges; lower the stiffness or raise armature and damping"
        return
    error = np.abs(data.qpos - wanted) / np.ptp(model.jnt_range, axis=1)
    for joint in np.flatnonzero(error > _HELD_ERROR):
        yield (
            f"drive: {model.joint(joint).name} sags by {100 * error[joint]:.0f} % of its range in "
            "the open pose; raise the stiffness"
        )
