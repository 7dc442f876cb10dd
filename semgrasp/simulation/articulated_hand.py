"""A human hand with 21 hinges and a servo on each, as a MuJoCo specification.

Abduction and flexion at the knuckles, flexion beyond; the thumb's saddle joint turns about three
perpendicular axes: away from the palm, along the metacarpal, and its flexion. Angles follow the
bodies: index, middle, pinky, ring (abduction, mcp, pip, dip), thumb (three of the cmc, mcp, ip).
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from dataclasses import dataclass
from typing import NamedTuple

import mujoco
import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.spatial.transform import Rotation
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.hand import (
    JOINT_LIMITS,
    HandModel,
    dofs_from_finger_angles,
    finger_angles_from_dofs,
)
from semgrasp.simulation.bench import add_hull
from semgrasp.simulation.hand_hulls import hand_hulls
from semgrasp.types import Grasp

_FLESH_DENSITY = 1000.0
"""In [kg/m^3]; the hand stands still, so its mass hardly matters."""
# MANO's order of fingers (pinky before ring) out of the order of anatomical angles.
_FINGERS = (0, 1, 3, 2)


@dataclass(frozen=True, kw_only=True)
class Servo:
    """What drives each joint: DexGraspBench's constants for the Shadow Hand.

    3 N m at the knuckle is 30 N at a fingertip 10 cm away: what a strong human finger presses.
    """

    stiffness: float = 5.0
    """Torque per error of the angle in [N m/rad]."""
    torque_limit: float = 3.0
    """In [N m]."""
    damping: float = 0.05
    """In [N m s/rad]."""
    armature: float = 0.0002
    """Inertia of the drive in [kg m^2]."""
    friction_loss: float = 0.01
    """Dry friction of the joint in [N m]."""


class JointPose(NamedTuple):
    """Finger joints as hinges: what the angles say, and what only a free joint could."""

    angles: Float[ndarray, "21"]
    """In [rad], in the order of the bodies."""
    R_parent_hinges: Float[ndarray, "15 3 3"]
    """Rotation from the rest pose to where the hinges of each joint begin; the identity for
    anatomical poses. With it, any pose is reproduced exactly."""


class ArticulatedHand:
    """The hand of one person; the base is its palm.

    Args:
        hand_model: Any hand.
        betas: Its shape.
        servo: What drives the joints.
    """

    def __init__(
        self, hand_model: HandModel, betas: Float[Tensor, "10"], servo: Servo | None = None
    ) -> None:
        self.hand_model = hand_model.to(dtype=torch.float64, device="cpu")
        self.betas = betas.double().cpu()
        self.servo = servo or Servo()
        self._axes = _hinge_axes(self.hand_model)
        self.lower, self.upper = _limits(self)
        self.spec = self._specification()

    @property
    def is_flexion(self) -> Bool[ndarray, "21"]:
        """Which of the angles curl a finger."""
        return np.array([False, True, True, True] * 4 + [False, False, True, True, True])

    def joint_pose(self, finger_angles: Float[Tensor, "15 3"]) -> JointPose:
        """The angles nearest to given rotations of the joints, and what they leave over."""
        finger_angles = finger_angles.double().cpu()
        dofs = dofs_from_finger_angles(self.hand_model, finger_angles).numpy()
        long_fingers = dofs[:16].reshape(4, 4)[list(_FINGERS)][:, [1, 0, 2, 3]]
        R_parent_joint = Rotation.from_rotvec(finger_angles.numpy())
        frame = Rotation.from_matrix(self._axes[12].T)
        saddle = (frame.inv() * R_parent_joint[12] * frame).as_euler("XYZ")
        angles = np.concatenate([long_fingers.ravel(), saddle, dofs[19:]])
        hinges = [Rotation.identity()] * 15
        for joint, (axes, its_angles) in enumerate(zip(self._axes, _split(angles), strict=True)):
            for axis, angle in zip(axes, its_angles, strict=True):
                hinges[joint] = hinges[joint] * Rotation.from_rotvec(angle * axis)
        leftover = [R_parent_joint[j] * hinges[j].inv() for j in range(15)]
        return JointPose(angles, np.stack([R.as_matrix() for R in leftover]))

    def set_pose(self, model: mujoco.MjModel, pose: JointPose) -> None:
        """Turn the hinges of a compiled model to where a pose needs them.

        Joint limits widen to include the pose: a recorded hand is not pushed back.
        """
        quaternion = np.empty(4)
        for joint, R in enumerate(pose.R_parent_hinges, start=1):
            mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(R).ravel())
            model.body_quat[model.body(f"joint{joint}").id] = quaternion
        model.jnt_range[:21, 0] = np.minimum(self.lower, pose.angles)
        model.jnt_range[:21, 1] = np.maximum(self.upper, pose.angles)

    def check(self, grasp: Grasp) -> None:
        """Refuse a grasp by another hand than this."""
        if grasp.side != self.hand_model.side:
            raise InputError(
                f"A {grasp.side} grasp needs a {grasp.side} hand, got the "
                f"{self.hand_model.side} hand {self.hand_model.name!r}. Use hand.mirrored()."
            )
        if not torch.allclose(grasp.betas.double().cpu(), self.betas, atol=1e-6):
            raise InputError(
                "This test was compiled for a hand of another shape (betas). Build one per shape."
            )

    def _specification(self) -> mujoco.MjSpec:
        spec = mujoco.MjSpec()
        spec.compiler.degree = False
        shaped = self.hand_model.with_shape(self.betas)
        joints = shaped.joints_rest.numpy()
        bodies = [spec.worldbody.add_body(name="palm", mocap=True)]
        hinge = 0
        for joint, parent in enumerate(self.hand_model.parents[1:], start=1):
            offset = joints[joint] - joints[parent]
            body = bodies[parent].add_body(name=f"joint{joint}", pos=offset)
            bodies.append(body)
            for axis in self._axes[joint - 1]:
                self._add_hinge(spec, body, hinge, axis)
                hinge += 1
        for i, hull in enumerate(hand_hulls(self.hand_model, self.betas)):
            body = bodies[hull.joint]
            geom = add_hull(spec, body, f"hand{i}", hull.vertices_joint, density=_FLESH_DENSITY)
            # Accepts contact with the object, seeks none with other fingers: their convex pieces
            # overlap where flesh joins.
            geom.contype, geom.conaffinity = 0, 1
        return spec

    def _add_hinge(
        self, spec: mujoco.MjSpec, body: mujoco.MjsBody, index: int, axis: Float[ndarray, "3"]
    ) -> None:
        servo = self.servo
        name = f"hinge{index}"
        body.add_joint(
            name=name,
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=axis,
            limited=True,
            range=[self.lower[index], self.upper[index]],
            damping=servo.damping,
            armature=servo.armature,
            frictionloss=servo.friction_loss,
        )
        actuator = spec.add_actuator(
            name=name,
            target=name,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            forcelimited=True,
            forcerange=[-servo.torque_limit, servo.torque_limit],
        )
        actuator.set_to_position(kp=servo.stiffness)


def _hinge_axes(hand: HandModel) -> list[Float[ndarray, "_ 3"]]:
    """Hinges of the 15 finger joints in the rest frame, from the palm outwards."""
    flexion = hand.flexion_axes.numpy()
    bones = hand.bones().numpy()
    side = 1.0 if hand.side == "right" else -1.0
    axes: list[ndarray] = [axis[None] for axis in flexion]
    for joint in (0, 3, 6, 9):
        abduction = side * np.cross(bones[joint], flexion[joint])
        axes[joint] = np.stack([abduction / np.linalg.norm(abduction), flexion[joint]])
    along = bones[12] - bones[12] @ flexion[12] * flexion[12]
    along /= np.linalg.norm(along)
    # Right-handed, so that the three angles are Euler's.
    axes[12] = np.stack([np.cross(along, flexion[12]), along, flexion[12]])
    return axes


def _split(angles: Float[ndarray, "21"]) -> list[Float[ndarray, " _"]]:
    """The angles of each of the 15 joints."""
    counts = [2, 1, 1] * 4 + [3, 1, 1]
    return np.split(angles, np.cumsum(counts)[:-1])


def _limits(hand: ArticulatedHand) -> tuple[Float[ndarray, "21"], Float[ndarray, "21"]]:
    """Limits of the hinges; those of the saddle joint enclose what its rotation vector may be."""
    lower, upper = (limit.double() for limit in JOINT_LIMITS)
    steps = torch.linspace(0.0, 1.0, 5, dtype=torch.float64)
    grid = torch.cartesian_prod(steps, steps, steps)
    q = torch.zeros(len(grid), 21, dtype=torch.float64)
    q[:, 16:19] = lower[16:19] + grid * (upper - lower)[16:19]
    poses = finger_angles_from_dofs(hand.hand_model, q)
    saddles = np.stack([hand.joint_pose(pose).angles[16:19] for pose in poses])
    limits = []
    for limit, extreme in ((lower, saddles.min(0)), (upper, saddles.max(0))):
        fingers = limit[:16].numpy().reshape(4, 4)[list(_FINGERS)][:, [1, 0, 2, 3]]
        limits.append(np.concatenate([fingers.ravel(), extreme, limit[19:].numpy()]))
    return limits[0], limits[1]
