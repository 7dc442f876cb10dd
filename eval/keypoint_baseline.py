"""Key-point retargeting as people use it today: dex-retargeting itself, on our robot's own model.

The package reads URDF, so the model's links, joints and limits are written as one. Its offline
configuration of the hand is followed: fingertips and the joints below the middle phalanges go to
the human fingertips and to joints 2, 6, 10, 14, 18; the base is free. It starts where our own
descent does, with the base laid on the human hand, which its own warm start does less well. A
gripper's two pads go to the tips of thumb and index, as in the package's own configuration of the
Panda gripper; it starts open as wide as these are apart, and comes from where the wrist is.
"""

import importlib.util
import tempfile
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial.transform import Rotation

from semgrasp.hand import HandMesh
from semgrasp.robots.jaws import jaws
from semgrasp.robots.robot_hand import RobotHand

_PIP_OF = {"thumb": 2, "index": 6, "middle": 10, "ring": 14, "pinky": 18}
# joints21 of a hand mesh has the pinky before the ring; the usual order has it last.
_USUAL_ORDER = [0, 17, 18, 19, 20, *range(1, 9), *range(13, 17), *range(9, 13)]


def is_installed() -> bool:
    """Whether dex-retargeting can be imported."""
    return importlib.util.find_spec("dex_retargeting") is not None


def usual_joints(mesh: HandMesh) -> Float[ndarray, "b 21 3"]:
    """Wrist, then four points each of thumb, index, middle, ring, little finger, in [m]."""
    return mesh.joints21()[:, _USUAL_ORDER].double().numpy()


def gripper_start(
    robot: RobotHand, joints21: Float[ndarray, "21 3"]
) -> tuple[Float[ndarray, "4 4"], Float[ndarray, " 1"]]:
    """Base pose and joint position of a parallel gripper laid on thumb and index."""
    table = jaws(robot)
    wrist, thumb, index = joints21[[0, 4, 8]]
    width = np.linalg.norm(index - thumb)
    axis = (index - thumb) / max(float(width), 1e-9)
    middle = 0.5 * (thumb + index)
    approach = middle - wrist
    approach = approach - (approach @ axis) * axis
    approach /= np.linalg.norm(approach)
    opening_base, approach_base = table.opening_base.numpy(), table.approach_base.numpy()

    def frame(forward: ndarray, across: ndarray) -> ndarray:
        return np.stack([forward, np.cross(across, forward), across], axis=-1)

    R = frame(approach, axis) @ frame(approach_base, opening_base).T
    widest = float(table.width[-1])
    qpos, middle_base = table.at(torch.tensor([min(float(width), widest)]))
    T_object_base = np.eye(4)
    T_object_base[:3, :3] = R
    T_object_base[:3, 3] = middle - R @ middle_base[0].double().numpy()
    return T_object_base, qpos.double().numpy()


class KeypointRetargeting:
    """dex-retargeting's position objective for one robot."""

    def __init__(self, robot: RobotHand) -> None:
        from dex_retargeting.retargeting_config import RetargetingConfig

        links, indices, extra = [], [], []
        for finger in robot.description.fingers:
            human = next((h for h in finger.humans if h in _PIP_OF), None)
            if human is None or not finger.joints:
                continue
            tip = finger.pads[-1]
            extra.append((f"{finger.name}_tip", tip.body, tip.point_body))
            links.append(f"{finger.name}_tip")
            indices.append(_PIP_OF[human] + 2)
            if len(finger.pads) > 1:
                # The joint below the middle phalanx is the origin of its body.
                middle = finger.pads[0] if len(finger.pads) == 2 else finger.pads[-2]
                if finger.name == "thumb":
                    middle = finger.pads[-2] if middle.body != tip.body else finger.pads[0]
                links.append(middle.body)
                indices.append(_PIP_OF[human])
        self.robot = robot
        self.indices = np.array(indices)
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "hand.urdf"
        path.write_text(_urdf(robot, extra))
        config = RetargetingConfig.from_dict(
            {
                "type": "position",
                "urdf_path": str(path),
                "target_joint_names": list(robot.joint_names),
                "target_link_names": links,
                "target_link_human_indices": indices,
                "add_dummy_free_joint": True,
                "low_pass_alpha": 1,
            }
        )
        self.solver = config.build()

    def __call__(
        self,
        joints21: Float[ndarray, "21 3"],
        T_object_base: Float[ndarray, "4 4"],
        qpos: Float[ndarray, " n"],
    ) -> tuple[Float[ndarray, "4 4"], Float[ndarray, " n"]]:
        """Base pose and joint positions for human key-points in the object frame in [m].

        Args:
            T_object_base: Where the base starts.
            qpos: Where the joints start.
        """
        solver = self.solver
        names = solver.optimizer.target_joint_names
        euler = Rotation.from_matrix(T_object_base[:3, :3]).as_euler("XYZ")
        start = dict(zip(self.robot.joint_names, qpos, strict=True))
        start |= dict(zip(_DUMMY, [*T_object_base[:3, 3], *euler], strict=True))
        solver.last_qpos = np.array([start.get(name, 0.0) for name in names], dtype=np.float32)
        solver.retarget(joints21[self.indices])
        found = dict(zip(names, solver.last_qpos, strict=True))
        T = np.eye(4)
        T[:3, :3] = Rotation.from_euler("XYZ", [found[name] for name in _DUMMY[3:]]).as_matrix()
        T[:3, 3] = [found[name] for name in _DUMMY[:3]]
        return T, np.array([found[name] for name in self.robot.joint_names], dtype=np.float64)


_DUMMY = [
    *(f"dummy_{axis}_translation_joint" for axis in "xyz"),
    *(f"dummy_{axis}_rotation_joint" for axis in "xyz"),
]


def _urdf(robot: RobotHand, extra: list[tuple[str, str, ndarray]]) -> str:
    """Links, joints, limits and couplings of a robot's model; no shapes."""
    model = robot.model
    couplings = {coupling.joint: coupling for coupling in robot.description.couplings}
    lines = ['<robot name="hand">', _link(model.body(1).name)]
    for body in range(2, model.nbody):
        name, parent = model.body(body).name, model.body(model.body_parentid[body]).name
        first, count = model.body_jntadr[body], model.body_jntnum[body]
        assert count == 1, "one joint to a link"
        joint = model.joint(int(first))
        anchor = model.jnt_pos[first]
        assert np.abs(anchor).max() < 1e-9, "axes through the origins of links"
        kind = "prismatic" if model.jnt_type[first] == 2 else "revolute"
        rpy = Rotation.from_quat(model.body_quat[body], scalar_first=True).as_euler("xyz")
        low, high = model.jnt_range[first]
        mimic = ""
        if joint.name in couplings:
            coupling = couplings[joint.name]
            mimic = (
                f'<mimic joint="{coupling.driver}" multiplier="{coupling.ratio}" '
                f'offset="{coupling.offset}"/>'
            )
        lines.append(_link(name))
        lines.append(
            f'<joint name="{joint.name}" type="{kind}"><parent link="{parent}"/>'
            f'<child link="{name}"/><origin xyz="{_text(model.body_pos[body])}" '
            f'rpy="{_text(rpy)}"/><axis xyz="{_text(model.jnt_axis[first])}"/>'
            f'<limit lower="{low}" upper="{high}" effort="1" velocity="1"/>{mimic}</joint>'
        )
    for name, parent, point in extra:
        lines.append(_link(name))
        lines.append(
            f'<joint name="{name}_fixed" type="fixed"><parent link="{parent}"/>'
            f'<child link="{name}"/><origin xyz="{_text(point)}" rpy="0 0 0"/></joint>'
        )
    return "\n".join([*lines, "</robot>"])


def _link(name: str) -> str:
    inertia = '<inertia ixx="1e-5" ixy="0" ixz="0" iyy="1e-5" iyz="0" izz="1e-5"/>'
    return f'<link name="{name}"><inertial><mass value="0.01"/>{inertia}</inertial></link>'


def _text(numbers: ndarray) -> str:
    return " ".join(f"{number:.9g}" for number in numbers)
