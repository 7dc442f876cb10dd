"""A robot grasp in the words of ROS: `moveit_msgs/Grasp` and what it is made of, as YAML.

Field names and nesting are those of the message definitions, so that `rosidl_runtime_py`'s
`set_message_fields` or a loop over keys fills the messages. Poses are in metres with quaternions
(x, y, z, w); joint positions in radians or metres.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import yaml
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial.transform import Rotation

from semgrasp.robots.robot_grasp import RobotGrasp

_APPROACH = 0.10
"""How far in [m] before the grasp the approach begins."""
_LIFT = 0.15
_SECONDS = {"approach": 2.0, "close": 3.0, "squeeze": 3.5}
"""When each stage ends, from the start of the trajectory."""


def grasp_messages(
    grasps: Sequence[RobotGrasp],
    approach_base: Float[ndarray, "3"],
    *,
    object_frame: str = "object",
    base_frame: str = "hand_base",
) -> str:
    """YAML with one entry per feasible grasp.

    Args:
        grasps: In metres; those that are not feasible are left out.
        approach_base: Unit vector in the base frame along which the hand comes.
        object_frame: Name of the frame on the object, in which poses are given.
        base_frame: Name of the end effector's link.

    Each entry has `grasp` (moveit_msgs/Grasp), `end_effector` (geometry_msgs/PoseStamped of the
    base before and at the grasp) and `trajectory` (trajectory_msgs/JointTrajectory of the fingers:
    open while approaching, close, squeeze).
    """
    entries = [
        _entry(i, grasp, approach_base, object_frame, base_frame)
        for i, grasp in enumerate(grasps)
        if grasp.feasible
    ]
    return yaml.safe_dump({"grasps": entries}, sort_keys=False, default_flow_style=None, width=100)


def _entry(
    number: int, grasp: RobotGrasp, approach_base: ndarray, object_frame: str, base_frame: str
) -> dict[str, Any]:
    T_object_before = grasp.T_object_base.copy()
    R_object_base = grasp.T_object_base[:3, :3]
    T_object_before[:3, 3] -= _APPROACH * (R_object_base @ approach_base)
    names = grasp.joint_names
    stages = [grasp.pregrasp_qpos, grasp.qpos, grasp.squeeze_qpos]
    return {
        "robot": grasp.robot,
        "grasp": {
            "id": f"{grasp.robot}_{number:03d}",
            "pre_grasp_posture": _trajectory(names, stages[:1], [0.0]),
            "grasp_posture": _trajectory(names, stages[2:], [1.0]),
            "grasp_pose": _pose_stamped(grasp.T_object_base, object_frame),
            "grasp_quality": 1.0 if grasp.stable else 0.5 if grasp.stable is None else 0.0,
            "pre_grasp_approach": _translation(approach_base, base_frame, _APPROACH),
            "post_grasp_retreat": _translation(np.array([0.0, 0.0, 1.0]), object_frame, _LIFT),
            "allowed_touch_objects": [object_frame],
        },
        "end_effector": {
            "link": base_frame,
            "before": _pose_stamped(T_object_before, object_frame),
            "at_grasp": _pose_stamped(grasp.T_object_base, object_frame),
        },
        "trajectory": _trajectory(names, stages, list(_SECONDS.values())),
    }


def _pose_stamped(T: Float[ndarray, "4 4"], frame: str) -> dict[str, Any]:
    quaternion = Rotation.from_matrix(T[:3, :3]).as_quat()
    return {
        "header": {"frame_id": frame},
        "pose": {
            "position": _named("xyz", T[:3, 3]),
            "orientation": _named("xyzw", quaternion),
        },
    }


def _translation(direction: Float[ndarray, "3"], frame: str, distance: float) -> dict[str, Any]:
    """A moveit_msgs/GripperTranslation."""
    return {
        "direction": {"header": {"frame_id": frame}, "vector": _named("xyz", direction)},
        "desired_distance": distance,
        "min_distance": 0.5 * distance,
    }


def _trajectory(
    names: Sequence[str], positions: Sequence[ndarray], seconds: Sequence[float]
) -> dict[str, Any]:
    return {
        "joint_names": list(names),
        "points": [
            {
                "positions": [float(value) for value in position],
                "time_from_start": {"sec": int(time), "nanosec": int(1e9 * (time % 1.0))},
            }
            for position, time in zip(positions, seconds, strict=True)
        ],
    }


def _named(names: str, values: ndarray) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}
