"""The two pads of a parallel gripper at every opening, whatever linkage moves them."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.robots.robot_hand import RobotHand


@dataclass(frozen=True, eq=False)
class Jaws:
    """How the pads of a gripper stand at every opening, in its base frame."""

    qpos: Float[Tensor, " k"]
    """Of its only joint, in [rad] or [m]."""
    width: Float[Tensor, " k"]
    """Between the pads in [m], rising."""
    middle_base: Float[Tensor, "k 3"]
    """Between the pads, in [m]."""
    opening_base: Float[Tensor, "3"]
    """Unit vector from the thumb's pad to the other."""
    approach_base: Float[Tensor, "3"]
    """Unit vector towards the object."""

    def at(self, width: Float[Tensor, " n"]) -> tuple[Float[Tensor, " n"], Float[Tensor, "n 3"]]:
        """Joint position and middle for a width, by interpolation."""
        above = torch.searchsorted(self.width, width).clamp(1, len(self.width) - 1)
        low, high = self.width[above - 1], self.width[above]
        share = ((width - low) / (high - low).clamp(min=1e-9)).clamp(0.0, 1.0)
        qpos = self.qpos[above - 1] + share * (self.qpos[above] - self.qpos[above - 1])
        before, after = self.middle_base[above - 1], self.middle_base[above]
        return qpos, before + share[:, None] * (after - before)


@lru_cache(maxsize=16)
def jaws(robot: RobotHand) -> Jaws:
    """The pads of a gripper over its travel.

    Raises:
        InputError: The gripper has more than one joint that moves on its own.
    """
    if len(robot.joint_names) != 1:
        raise InputError(
            f"The parallel gripper {robot.description.name!r} has {len(robot.joint_names)} "
            "independent joints; couple all but one in its description."
        )
    thumb, other = (
        finger.pads[-1]
        for finger in sorted(robot.description.fingers, key=lambda f: "thumb" not in f.humans)
    )
    kinematics = robot.kinematics
    qpos = torch.linspace(float(robot.closed_qpos[0]), float(robot.open_qpos[0]), 41).double()
    Ts = kinematics.forward(torch.eye(4).double().expand(41, 4, 4), qpos[:, None])
    ends = []
    for pad in (thumb, other):
        T = Ts[:, kinematics.body_index(pad.body)]
        ends.append(T[:, :3, :3] @ torch.from_numpy(pad.point_body) + T[:, :3, 3])
    T_base_palm = torch.from_numpy(robot.description.T_base_palm)
    opening = T_base_palm[:3, 2]
    width = (ends[1] - ends[0]) @ opening
    order = width.argsort()
    return Jaws(
        qpos[order].float(),
        width[order].float(),
        (0.5 * (ends[0] + ends[1]))[order].float(),
        opening.float(),
        T_base_palm[:3, 0].float(),
    )
