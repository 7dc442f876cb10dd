"""A grasp of a robot hand, with what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.errors import InputError


@dataclass(frozen=True, eq=False, kw_only=True)
class RobotGrasp:
    """What a robot hand does to hold an object as a human hand did.

    Joint positions are in [rad] for hinges and [m] for slides, in the order of `joint_names`.
    """

    robot: str
    """Name of the robot's description."""
    T_object_base: Float[ndarray, "4 4"]
    """Pose of the robot's base body in the object frame, in [m]."""
    joint_names: tuple[str, ...]
    """The joints that move on their own; coupled ones follow."""
    qpos: Float[ndarray, " n"]
    """Where the pads touch the object."""
    pregrasp_qpos: Float[ndarray, " n"]
    """Opened a little, clear of the object."""
    squeeze_qpos: Float[ndarray, " n"]
    """Commanded to press: the object is in the way, so the joints do not get there."""
    feasible: bool
    """Whether the robot can take this grasp at all."""
    reason: str = ""
    """Why not; empty where feasible."""
    stable: bool | None = None
    """Whether it held in simulation; None where that was not tried."""
    touched_part: str | None = None
    """Part of the object that the robot touches most; None where parts are unknown."""
    assignment: Mapping[str, str] = field(default_factory=dict)
    """Human finger that each finger of the robot stands in for."""
    residual: float = 0.0
    """Mean distance in [m] of the touching pads from the object's surface."""
    penetration: float = 0.0
    """Deepest point in [m] of the robot in the object."""

    def __post_init__(self) -> None:
        count = len(self.joint_names)
        for name in ("qpos", "pregrasp_qpos", "squeeze_qpos"):
            if getattr(self, name).shape != (count,):
                raise InputError(
                    f"{name} of {self.robot} must have {count} values, one for each of "
                    f"{', '.join(self.joint_names)}; got shape {getattr(self, name).shape}."
                )

    def to_json(self) -> dict[str, Any]:
        """A value that `json.dump` takes; lists for arrays."""
        return {
            "robot": self.robot,
            "T_object_base": self.T_object_base.tolist(),
            "joint_names": list(self.joint_names),
            "qpos": self.qpos.tolist(),
            "pregrasp_qpos": self.pregrasp_qpos.tolist(),
            "squeeze_qpos": self.squeeze_qpos.tolist(),
            "feasible": self.feasible,
            "reason": self.reason,
            "stable": self.stable,
            "touched_part": self.touched_part,
            "assignment": dict(self.assignment),
            "residual": self.residual,
            "penetration": self.penetration,
        }

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> "RobotGrasp":
        """Inverse of `to_json`; raises InputError for a record that is not one."""
        try:
            T_object_base = np.asarray(record["T_object_base"], dtype=np.float64)
            arrays = {
                name: np.asarray(record[name], dtype=np.float64)
                for name in ("qpos", "pregrasp_qpos", "squeeze_qpos")
            }
            is_pose = T_object_base.shape == (4, 4)
            is_finite = all(np.isfinite(a).all() for a in (T_object_base, *arrays.values()))
            if not is_pose or not is_finite:
                raise InputError("A robot grasp needs a finite 4x4 T_object_base and finite qpos.")
            return RobotGrasp(
                robot=str(record["robot"]),
                T_object_base=T_object_base,
                joint_names=tuple(map(str, record["joint_names"])),
                **arrays,
                feasible=bool(record["feasible"]),
                reason=str(record.get("reason", "")),
                stable=None if record.get("stable") is None else bool(record["stable"]),
                touched_part=record.get("touched_part"),
                assignment=dict(record.get("assignment", {})),
                residual=float(record.get("residual", 0.0)),
                penetration=float(record.get("penetration", 0.0)),
            )
        except (KeyError, TypeError, ValueError) as error:
            known = "robot, T_object_base, joint_names, qpos, pregrasp_qpos, squeeze_qpos, feasible"
            raise InputError(f"Not a robot grasp ({error!r}). It needs {known}.") from error
