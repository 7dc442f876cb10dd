"""A fixed hand and a free object in MuJoCo, pulled from several sides.

Friction is Coulomb's: an elliptic cone with stiff tangential constraints (with pyramids, or equal
stiffness, a held box creeps out of the hand). Overlap is pushed out softly, and may not launch the
object: what starts at rest and is only pulled cannot carry more energy than a free fall, so that
is where its energy is capped after every step. No displacement exceeds a free fall by more than
rounding, however deep the overlap.
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Sequence

import mujoco
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.simulation.displacement_rule import DisplacementRule
from semgrasp.simulation.mass_properties import MassProperties

_CONTACT_TIME = 0.02
"""Time constant in [s] in which overlap is pushed out, critically damped. That of Bullet, which
corrects a fifth of it in each of its steps of 1/240 s."""
_FRICTION_STIFFNESS = 30.0
"""Stiffness of friction relative to that of the normal force; 100 changes the mean displacement of
real grasps by 3 %, 1 by 30 %."""


class MujocoScene:
    """The object as convex pieces on a free joint; the hand comes with each pull."""

    def __init__(
        self,
        object_pieces: Sequence[Float[ndarray, "_ 3"]],
        mass: MassProperties,
        rule: DisplacementRule,
    ) -> None:
        self._pieces = object_pieces
        self._mass = mass
        self._rule = rule

    def pull(
        self, hand_pieces: Sequence[Float[ndarray, "_ 3"]]
    ) -> tuple[Float[ndarray, "3"], Float[ndarray, "directions 3"]]:
        """Centre of mass in [m] at the start, and at the end under each gravity of the rule."""
        model = self._compile(hand_pieces)
        data = mujoco.MjData(model)
        ends = np.empty((len(self._rule.gravity), 3))
        for i, gravity in enumerate(self._rule.gravity):
            mujoco.mj_resetData(model, data)
            model.opt.gravity[:] = gravity
            self._advance(model, data)
            mujoco.mj_kinematics(model, data)
            ends[i] = data.xipos[1]
        return self._mass.centre_of_mass, ends

    def _advance(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        rule = self._rule
        if not rule.is_energy_capped:
            mujoco.mj_step(model, data, nstep=rule.steps)
            return
        # Semi-implicit Euler as in mj_step, with the cap between velocity and position.
        speed_per_step = float(np.linalg.norm(model.opt.gravity)) * rule.time_step
        momentum = np.empty(model.nv)
        for step in range(1, rule.steps + 1):
            mujoco.mj_forward(model, data)
            data.qacc_warmstart[:] = data.qacc
            data.qvel += rule.time_step * data.qacc
            mujoco.mj_mulM(model, data, momentum, data.qvel)
            energy = 0.5 * float(momentum @ data.qvel)
            allowed = 0.5 * rule.mass * (speed_per_step * step) ** 2
            if energy > allowed:
                data.qvel *= (allowed / energy) ** 0.5
            mujoco.mj_integratePos(model, data.qpos, data.qvel, rule.time_step)

    def _compile(self, hand_pieces: Sequence[ndarray]) -> mujoco.MjModel:
        rule = self._rule
        spec = mujoco.MjSpec()
        spec.option.timestep = rule.time_step
        spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
        spec.option.impratio = _FRICTION_STIFFNESS
        spec.option.iterations = rule.solver_iterations
        # A reset after an explosion would look like an object that never moved.
        spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
        body = spec.worldbody.add_body(name="object")
        body.add_freejoint()
        for i, corners in enumerate(self._pieces):
            _add_hull(spec, body, f"object{i}", corners, rule, is_hand=False)
        for i, corners in enumerate(hand_pieces):
            _add_hull(spec, spec.worldbody, f"hand{i}", corners, rule, is_hand=True)
        inertia = self._mass.inertia
        body.explicitinertial = True
        body.mass, body.ipos = rule.mass, self._mass.centre_of_mass
        body.fullinertia = [*np.diag(inertia), inertia[0, 1], inertia[0, 2], inertia[1, 2]]
        model = spec.compile()
        # Bullet brakes by damping * v * (1 + |v|); the quadratic part is left out here (0.1 % of
        # a free fall).
        model.dof_damping[:3] = rule.damping * rule.mass
        model.dof_damping[3:] = rule.damping * model.body("object").inertia
        return model


def _add_hull(
    spec: mujoco.MjSpec,
    body: mujoco.MjsBody,
    name: str,
    corners: Float[ndarray, "n 3"],
    rule: DisplacementRule,
    *,
    is_hand: bool,
) -> None:
    mesh = spec.add_mesh(name=name, uservert=corners.astype(np.float32).ravel())
    mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
    friction = rule.friction**2 if rule.friction_combination == "product" else rule.friction
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=name,
        # Only hand against object: bit 1 on the hand, bit 1 accepted by the object.
        contype=int(is_hand),
        conaffinity=int(not is_hand),
        condim=3,
        friction=[friction, 0.005, 0.0001],
        solref=[_CONTACT_TIME, 1.0],
        margin=rule.flesh_margin if is_hand else 0.0,
    )
