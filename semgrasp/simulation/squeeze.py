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
from typing import Literal, NamedTuple

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


class BalancedForces(NamedTuple):
    """Forces of a hand on an object that nearly cancel."""

    forces: Float[ndarray, "n 3"]
    """At each contact, within its friction cone, in [N]."""
    imbalance: float
    """Length of what is left of force and torque (over the object's reach), as a share of the
    sum of the normal forces; 0 for a grasp in equilibrium, 1 for one that only pushes."""


def balanced_forces(
    points: Float[ndarray, "n 3"],
    normals: Float[ndarray, "n 3"],
    com: Float[ndarray, "3"],
    *,
    reach: float,
    friction: float,
    grip_force: float,
) -> BalancedForces:
    """Forces of a given sum whose wrench is least.

    Args:
        points: Contacts in [m].
        normals: Unit normals into the object.
        com: Its centre of mass in [m].
        reach: Half its size in [m]: weighs torque against force.
        friction: Coefficient of the cones, which become pyramids of eight edges.
        grip_force: Sum of the normal forces in [N].
    """
    if len(points) == 0:
        return BalancedForces(np.zeros((0, 3)), 1.0)
    least = np.eye(3)[np.abs(normals).argmin(axis=1)]
    first = np.cross(normals, least)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(normals, first)
    angle = (2 * np.pi / _CONE_EDGES) * np.arange(_CONE_EDGES)[:, None, None]
    edges = normals + friction * (np.cos(angle) * first + np.sin(angle) * second)
    edges = edges.transpose(1, 0, 2)
    torques = np.cross((points - com)[:, None], edges) / reach
    wrenches = np.concatenate([edges, torques], axis=2).reshape(-1, 6)
    # Least wrench for a given sum of normal forces, each edge carrying one newton of normal.
    count = len(wrenches)
    rows = np.concatenate([wrenches.T, np.ones((1, count)), _SPREAD * np.eye(count)])
    wanted = np.zeros(len(rows))
    wanted[6] = grip_force
    amounts, _ = nnls(rows, wanted)
    total = amounts.sum()
    if total <= 0.0:
        return BalancedForces(np.zeros_like(points), 1.0)
    imbalance = float(np.linalg.norm(amounts @ wrenches) / total)
    shares = (amounts * grip_force / total).reshape(-1, _CONE_EDGES, 1)
    return BalancedForces((shares * edges).sum(axis=1), imbalance)


def close_and_squeeze(
    still: GraspBench,
    squeeze: Squeeze,
    T_object_base: Float[ndarray, "4 4"],
    angles: Float[ndarray, " joints"],
    is_flexion: Bool[ndarray, " joints"],
    stiffness: float,
) -> Stages:
    """The three stages of a grasp of a hand with one servo on each joint.

    Args:
        still: The hand and the object, fixed.
        squeeze: What to do.
        T_object_base: Pose of the hand's base, in [m].
        angles: Joint angles of the grasp in [rad].
        is_flexion: Which angles curl a finger.
        stiffness: Of the servos, in [N m/rad].
    """
    change = squeeze.angle * is_flexion
    blind = np.stack([angles - change, angles, angles + change])
    stages = Stages(T_object_base, blind[0], blind)
    if squeeze.kind == "flexion":
        return stages
    return press(still, stages, np.full(len(angles), stiffness), squeeze.grip_force)


def press(
    still: GraspBench,
    stages: Stages,
    stiffness: Float[ndarray, " actuators"],
    grip_force: float,
) -> Stages:
    """Stages whose grasp is where the hand meets the object held still, and whose squeeze balances.

    Args:
        still: The hand and the object, fixed.
        stages: The last command is how far the hand may close until it touches.
        stiffness: Of the servos, in [N m/rad] or [N/m].
        grip_force: Sum of the normal forces in [N].
    """
    still.start(stages)
    still.close(stages.controls)
    mujoco.mj_forward(still.model, still.data)
    start = stages.controls[0]
    touch = still.data.qpos[still.model.jnt_qposadr[_driven_joints(still.model)]].copy()
    if not np.isfinite(touch).all():
        # The test sees this and says so; there is no squeeze to be had.
        return stages._replace(controls=np.full((3, len(start)), np.nan))
    torque = _balanced_torque(still, grip_force)
    return stages._replace(controls=np.stack([start, touch, touch + torque / stiffness]))


def _balanced_torque(bench: GraspBench, grip_force: float) -> Float[ndarray, " actuators"]:
    """Efforts in [N m] or [N] whose forces on the object cancel; zero without contact."""
    model, data = bench.model, bench.data
    object_id = model.body("object").id
    points, normals, hands = [], [], []
    for contact in data.contact:
        bodies = model.geom_bodyid[contact.geom]
        if object_id not in bodies:
            continue
        # The frame's first axis points from the first geometry to the second.
        hand, into = (bodies[0], 1.0) if bodies[1] == object_id else (bodies[1], -1.0)
        points.append(contact.pos.copy())
        normals.append(into * contact.frame[:3])
        hands.append(hand)
    if not points:
        return np.zeros(model.nu)
    balanced = balanced_forces(
        np.stack(points),
        np.stack(normals),
        data.xipos[object_id],
        reach=_reach(bench),
        friction=bench.rule.sliding_friction,
        grip_force=grip_force,
    )
    effort = np.zeros(model.nv)
    jacobian = np.zeros((3, model.nv))
    for point, hand, force in zip(points, hands, balanced.forces, strict=True):
        mujoco.mj_jac(model, data, jacobian, None, point, hand)
        effort += jacobian.T @ force
    return effort @ drives(model)


def drives(model: mujoco.MjModel) -> Float[ndarray, "dofs actuators"]:
    """Motion of each degree of freedom per motion of the joint of each actuator.

    A joint that an equality constraint ties to a driven one moves along with it.
    """
    moved = np.zeros((model.nv, model.nu))
    moved[model.jnt_dofadr[_driven_joints(model)], np.arange(model.nu)] = 1.0
    for i in np.nonzero(model.eq_type == mujoco.mjtEq.mjEQ_JOINT)[0]:
        follower, driver = model.jnt_dofadr[[model.eq_obj1id[i], model.eq_obj2id[i]]]
        moved[follower] = model.eq_data[i, 1] * moved[driver]
    return moved


def _driven_joints(model: mujoco.MjModel) -> ndarray:
    return model.actuator_trnid[:, 0]


def _reach(bench: GraspBench) -> float:
    """Half the size of the object in [m]: weighs torque against force."""
    body = bench.model.body("object")
    return float(max(bench.model.geom_rbound[body.geomadr[0] :][: body.geomnum[0]]))
