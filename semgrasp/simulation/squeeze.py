"""Pregrasp and squeeze for a grasp that came without them.

The benchmark takes three poses from whoever made the grasp; a recorded or generated human grasp is
one. People press so that the forces of their fingers cancel, and so do the generators the
benchmark was made for (BODex solves for such forces; its squeeze is the pose that, through the
stiffness of the servos, presses with them). The same is done here: the hand closes on the object
held still, and where it touches, forces inside the friction cones are found that balance.
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from dataclasses import dataclass
from typing import Literal

import mujoco
import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.optimize import nnls

from semgrasp.simulation.bench import GraspBench, Stages

_CONE_EDGES = 8
_SPREAD = 0.05
"""Weight of small forces against balance: many contacts share the load."""


@dataclass(frozen=True, kw_only=True)
class Squeeze:
    """How a pregrasp and a squeeze follow from a grasp."""

    kind: Literal["balanced", "flexion"] = "balanced"
    """Forces that cancel, or every flexion closed by `angle` whatever it touches."""
    angle: float = 0.1
    """In [rad]. The pregrasp is the grasp with every flexion opened by this; on the way to the
    object held still, flexions may close this much farther than the grasp."""
    grip_force: float = 20.0
    """Sum of the normal forces in [N] of a balanced squeeze, against a pull of 1 N with its lever.
    Success rises steeply below this and slowly above: with the object supported while the hand
    closes, 5, 20 and 40 N held 21, 28 and 30 of 32 synthesised grasps, and 6, 20 and 22 of 32
    recorded ones. Flexions of 0.1 rad held 28 and 20."""


def close_and_squeeze(
    still: GraspBench,
    squeeze: Squeeze,
    T_object_base: Float[ndarray, "4 4"],
    angles: Float[ndarray, " joints"],
    is_flexion: Bool[ndarray, " joints"],
    stiffness: float,
) -> Stages:
    """The three stages of a grasp.

    Args:
        still: The hand and the object, fixed.
        squeeze: What to do.
        T_object_base: Pose of the hand's base, in [m].
        angles: Joint angles of the grasp in [rad], one actuator on each.
        is_flexion: Which angles curl a finger.
        stiffness: Of the servos, in [N m/rad].
    """
    change = squeeze.angle * is_flexion
    blind = np.stack([angles - change, angles, angles + change])
    stages = Stages(T_object_base, blind[0], blind)
    if squeeze.kind == "flexion":
        return stages
    still.start(stages)
    still.close(stages.controls)
    mujoco.mj_forward(still.model, still.data)
    touch = still.data.qpos.copy()
    if not np.isfinite(touch).all():
        # The test sees this and says so; there is no squeeze to be had.
        return stages._replace(controls=np.full_like(blind, np.nan))
    torque = _balanced_torque(still, squeeze.grip_force)
    controls = np.stack([blind[0], touch, touch + torque / stiffness])
    return Stages(T_object_base, blind[0], controls)


def _balanced_torque(bench: GraspBench, grip_force: float) -> Float[ndarray, " joints"]:
    """Torques in [N m] of fingers whose forces on the object cancel; zero without contact."""
    model, data = bench.model, bench.data
    object_id = model.body("object").id
    com = data.xipos[object_id]
    num_joints = model.nu
    forces, wrenches, torques = [], [], []
    reach = _reach(bench)
    for contact in data.contact:
        bodies = model.geom_bodyid[contact.geom]
        if object_id not in bodies:
            continue
        normal, *tangents = contact.frame.reshape(3, 3)
        # The frame's first axis points from the first geometry to the second.
        hand, into = (bodies[0], 1.0) if bodies[1] == object_id else (bodies[1], -1.0)
        jacobian = np.zeros((3, model.nv))
        mujoco.mj_jac(model, data, jacobian, None, contact.pos, hand)
        for angle in np.arange(_CONE_EDGES) * (2 * np.pi / _CONE_EDGES):
            sideways = np.cos(angle) * tangents[0] + np.sin(angle) * tangents[1]
            force = into * normal + bench.rule.sliding_friction * sideways
            forces.append(force)
            wrenches.append(np.concatenate([force, np.cross(contact.pos - com, force) / reach]))
            torques.append(jacobian[:, :num_joints].T @ force)
    if not forces:
        return np.zeros(num_joints)
    # Least wrench for a given sum of normal forces, each edge carrying one newton of normal.
    count = len(forces)
    rows = np.concatenate(
        [np.stack(wrenches, axis=1), np.ones((1, count)), _SPREAD * np.eye(count)]
    )
    wanted = np.zeros(len(rows))
    wanted[6] = grip_force
    amounts, _ = nnls(rows, wanted)
    if amounts.sum() <= 0.0:
        return np.zeros(num_joints)
    return np.stack(torques, axis=1) @ (amounts * grip_force / amounts.sum())


def _reach(bench: GraspBench) -> float:
    """Half the size of the object in [m]: weighs torque against force."""
    body = bench.model.body("object")
    return float(max(bench.model.geom_rbound[body.geomadr[0] :][: body.geomnum[0]]))
