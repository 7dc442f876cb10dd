"""DexGraspBench's test of a grasp, for any hand: close, squeeze, then pull from six sides.

Chen et al., BODex, ICRA 2025, and its benchmark (JYChen18/DexGraspBench, branch main). The hand is
whatever a MuJoCo specification holds; this file adds the object, moves the servos through the
stages of the grasp and decides. `semgrasp.simulation.dexgraspbench` brings the human hand.
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import mujoco
import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import ConvexHull

from semgrasp.errors import InputError

_DIRECTIONS = np.array(
    [[-1, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, -1], [0, 0, 1]], dtype=np.float64
)


@dataclass(frozen=True, kw_only=True)
class DexGraspBenchRule:
    """The constants of the test, from DexGraspBench's code and README, unless said otherwise.

    Differences from the published script, which change no constant: the hand's base is fixed in
    space, not hung on a soft weld; the object's motion is that of its centre of mass, not of the
    origin of its file; the closing is simulated once and each pull starts from its end, not
    repeated for each pull (the same result); all six directions are tried, not only those until
    the first failure; overlap between fingers is not looked at.

    Unknown: how its object meshes were cut into convex pieces, on which penetration and rotation
    depend; pass the same pieces to compare. Of which MuJoCo: 3.3.2 there, newer here.
    """

    time_step: float = 0.004
    """Integration step in [s], implicit in velocity (`implicitfast`)."""
    noslip_iterations: int = 2
    """Sweeps of the solver that stops friction from creeping."""
    impratio: float = 10.0
    """How much stiffer friction is than the normal force; the cone is elliptic."""
    sliding_friction: float = 0.6
    """Coefficient of hand and object alike."""
    torsional_friction: float = 0.02
    """In [m]; used, as contacts have four dimensions (`condim` 4)."""
    mass: float = 0.1
    """Of the object in [kg]; the paper's first version had 0.03."""
    stage_moves: int = 10
    """Commands into which the way to the grasp, and that to the squeeze, is cut."""
    stage_steps: int = 10
    """Integration steps per command."""
    support_rate: float = 0.0
    """How fast the object's motion decays while the hand closes, in [1/s], as if another hand
    held it loosely; gone when the pull begins. Zero, as published: it floats freely."""
    force_per_mass: float = 10.0
    """Pull on the centre of mass in [N/kg], on top of no gravity at all."""
    pull_checks: int = 10
    """How often in a pull the object's pose is read; the first bad reading ends the pull."""
    check_steps: int = 50
    """Integration steps between readings: a pull lasts 2 s in all."""
    translation_limit: float = 0.05
    """In [m], from before the hand closed."""
    rotation_limit: float = float(np.deg2rad(15.0))
    """In [rad], from before the hand closed."""
    penetration_limit: float = 0.01
    """In [m], in the first stage; deeper has failed before it began."""
    contact_solref: tuple[float, float] = (0.005, 1.0)
    """Time constant in [s] and damping ratio of contacts on the hand (Shadow Hand's model)."""
    contact_solimp: tuple[float, float, float] = (0.5, 0.99, 0.0001)
    """Lowest and highest impedance and, in [m], the width of the step between them."""

    def __post_init__(self) -> None:
        for name in ("time_step", "mass", "force_per_mass", "translation_limit", "rotation_limit"):
            if not getattr(self, name) > 0.0:
                raise InputError(f"{name} must be positive, got {getattr(self, name)}.")


DEXGRASPBENCH = DexGraspBenchRule()
"""As published."""
SUPPORTED = DexGraspBenchRule(support_rate=100.0)
"""The same, but the object does not drift while the hand closes. A hand of rigid pieces that
overlaps the object by some millimetres, as recorded hands do, otherwise shoves it away first."""


class Stages(NamedTuple):
    """What a hand does in the test; its base stays where it is."""

    T_object_base: Float[ndarray, "4 4"]
    """Pose of the hand's base in the object frame, in [m]."""
    qpos: Float[ndarray, " joints"]
    """Joint positions at the start: the pregrasp."""
    controls: Float[ndarray, "stages actuators"]
    """Commands of the pregrasp, the grasp and the squeeze, or one row where nothing moves."""


class BenchResult(NamedTuple):
    """What became of one grasp."""

    success: bool
    """Whether the object stayed within both limits in all six directions."""
    displacement: Float[ndarray, "6"]
    """Of the centre of mass in [m], for a pull along -x, +x, -y, +y, -z, +z of the object frame,
    since before the hand closed; infinite where no pull was tried."""
    rotation: Float[ndarray, "6"]
    """Of the object in [rad], likewise."""
    initial_penetration: float
    """Depth in [m] of the hand's convex pieces in the object's at the start; not a number where
    the test did not come so far."""
    reason: str
    """Why it failed, empty for a success."""
    note: str = ""
    """What limits the meaning of the result, empty where nothing does."""


class GraspBench:
    """One hand and one object, compiled once, tested for many grasps.

    Args:
        hand: A specification whose only root body is the hand's base, moved as `mocap`. Its
            geometry, joints and actuators stay as they are; friction and contact constants
            become the rule's.
        pieces: Vertices of convex pieces whose union is the object, in the object frame in [m].
        rule: Constants of the test.
        is_object_fixed: Nothing moves the object: to see where a hand touches it, not for `run`.
    """

    def __init__(
        self,
        hand: mujoco.MjSpec,
        # Underscore: every piece has its own number of vertices.
        pieces: Sequence[Float[ndarray, "_ 3"]],
        rule: DexGraspBenchRule = DEXGRASPBENCH,
        *,
        is_object_fixed: bool = False,
    ) -> None:
        if not pieces:
            raise InputError("DexGraspBench needs at least one convex piece of the object.")
        if hand.body("object") is not None:
            raise InputError("No body of the hand may be named 'object'. Rename it in its model.")
        self.rule = rule
        spec = hand.copy()
        self._set_options(spec)
        _add_object(spec, pieces, rule.mass, is_fixed=is_object_fixed)
        for geom in spec.geoms:
            geom.condim = 4
            geom.friction[:2] = rule.sliding_friction, rule.torsional_friction
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self._object = self.model.body("object").id
        self._num_joints = self.model.nq - (0 if is_object_fixed else 7)
        self._num_state = mujoco.mj_stateSize(self.model, mujoco.mjtState.mjSTATE_INTEGRATION)

    def run(self, stages: Stages) -> BenchResult:
        """Close on the object, then pull it six ways; every pull starts from the same squeeze."""
        rule, model, data = self.rule, self.model, self.data
        displacement, rotation = np.full(6, np.inf), np.full(6, np.inf)
        if not np.isfinite(stages.controls).all():
            reason = "the commands of the hand are not finite: finding its squeeze diverged"
            return BenchResult(False, displacement, rotation, np.nan, reason)
        self.start(stages)
        com, quaternion = data.xipos[self._object].copy(), data.xquat[self._object].copy()
        depth = self._penetration()
        if depth > rule.penetration_limit:
            reason = (
                f"the hand starts {1e3 * depth:.1f} mm inside the object, "
                f"more than {1e3 * rule.penetration_limit:g} mm"
            )
            return BenchResult(False, displacement, rotation, depth, reason)

        self._support(rule.support_rate)
        self.close(stages.controls)
        self._support(0.0)
        squeezed = np.empty(self._num_state)
        mujoco.mj_getState(model, data, squeezed, mujoco.mjtState.mjSTATE_INTEGRATION)
        for i, direction in enumerate(_DIRECTIONS):
            mujoco.mj_setState(model, data, squeezed, mujoco.mjtState.mjSTATE_INTEGRATION)
            data.xfrc_applied[self._object, :3] = rule.mass * rule.force_per_mass * direction
            for _ in range(rule.pull_checks):
                mujoco.mj_step(model, data, rule.check_steps)
                mujoco.mj_kinematics(model, data)
                displacement[i], rotation[i] = self._moved(com, quaternion)
                if not self._is_held(displacement[i], rotation[i]):
                    break
        lost = [
            axis
            for axis, metres, radians in zip(_AXES, displacement, rotation, strict=True)
            if not self._is_held(metres, radians)
        ]
        reason = f"lost when pulled along {', '.join(lost)}" if lost else ""
        if not np.isfinite(displacement).all():
            reason = "the simulation diverged"
            displacement[~np.isfinite(displacement)] = np.inf
            rotation[~np.isfinite(rotation)] = np.inf
        return BenchResult(not lost, displacement, rotation, depth, reason)

    def start(self, stages: Stages) -> None:
        """Put hand and object where they are before the hand closes."""
        model, data = self.model, self.data
        mujoco.mj_resetData(model, data)
        num_joints = self._num_joints
        if stages.qpos.shape != (num_joints,) or stages.controls.shape[1:] != (model.nu,):
            raise InputError(
                f"This hand has {num_joints} joint positions and {model.nu} actuators, the stages "
                f"{stages.qpos.shape} and {stages.controls.shape[1:]}."
            )
        data.mocap_pos[0] = stages.T_object_base[:3, 3]
        R_object_base = np.ascontiguousarray(stages.T_object_base[:3, :3])
        mujoco.mju_mat2Quat(data.mocap_quat[0], R_object_base.ravel())
        data.qpos[:num_joints] = stages.qpos
        data.ctrl[:] = stages.controls[0]
        mujoco.mj_forward(model, data)

    def close(self, controls: Float[ndarray, "stages actuators"]) -> None:
        """Move the servos from stage to stage."""
        rule, model, data = self.rule, self.model, self.data
        for before, after in itertools.pairwise(controls):
            for move in range(1, rule.stage_moves + 1):
                data.ctrl[:] = before + (after - before) * move / rule.stage_moves
                mujoco.mj_step(model, data, rule.stage_steps)

    def _support(self, rate: float) -> None:
        model, body = self.model, self.model.body("object")
        model.dof_damping[-6:-3] = rate * body.mass
        model.dof_damping[-3:] = rate * body.inertia

    def _penetration(self) -> float:
        """Deepest contact of the object with the hand, in [m]."""
        contact = self.data.contact
        bodies = self.model.geom_bodyid[contact.geom]
        distances = contact.dist[(bodies == self._object).any(-1)]
        return max(0.0, -float(distances.min(initial=0.0)))

    def _moved(
        self, com: Float[ndarray, "3"], quaternion: Float[ndarray, "4"]
    ) -> tuple[float, float]:
        """How far in [m] and [rad] the object is from where it was."""
        difference = np.empty(3)
        mujoco.mju_subQuat(difference, self.data.xquat[self._object], quaternion)
        moved = self.data.xipos[self._object] - com
        return float(np.linalg.norm(moved)), float(np.linalg.norm(difference))

    def _is_held(self, metres: float, radians: float) -> bool:
        # Written so that a simulation that diverges (not a number) counts as a loss.
        is_near = metres < self.rule.translation_limit and radians < self.rule.rotation_limit
        return bool(is_near)

    def _set_options(self, spec: mujoco.MjSpec) -> None:
        rule, option = self.rule, spec.option
        option.timestep = rule.time_step
        option.gravity = np.zeros(3)
        option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
        option.impratio = rule.impratio
        option.noslip_iterations = rule.noslip_iterations
        # A reset after an explosion would look like an object that never moved.
        option.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
        for geom in spec.geoms:
            geom.solref[:2] = rule.contact_solref
            geom.solimp[:3] = rule.contact_solimp


_AXES = ("-x", "+x", "-y", "+y", "-z", "+z")


def _add_object(
    spec: mujoco.MjSpec, pieces: Sequence[Float[ndarray, "_ 3"]], mass: float, *, is_fixed: bool
) -> None:
    """A body of convex pieces of one density; where they overlap they count twice."""
    body = spec.worldbody.add_body(name="object")
    if not is_fixed:
        body.add_freejoint(name="object")
    density = mass / sum(ConvexHull(vertices).volume for vertices in pieces)
    for i, vertices in enumerate(pieces):
        name = f"object{i}"
        add_hull(spec, body, name, vertices, density=density)


def add_hull(
    spec: mujoco.MjSpec,
    body: mujoco.MjsBody,
    name: str,
    vertices: Float[ndarray, "n 3"],
    *,
    density: float,
) -> mujoco.MjsGeom:
    """Add the convex hull of points in the body's frame [m], of a density in [kg/m^3]."""
    mesh = spec.add_mesh(name=name, uservert=np.asarray(vertices, np.float64).ravel())
    mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
    return body.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=name,
        density=density,
    )
