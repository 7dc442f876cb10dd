"""A fixed hand and a free object in MuJoCo, pulled from several sides."""

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
        rule = self._rule
        model = self._compile(hand_pieces)
        data = mujoco.MjData(model)
        ends = np.empty((len(rule.gravity), 3))
        start = self._mass.centre_of_mass
        for i, gravity in enumerate(rule.gravity):
            mujoco.mj_resetData(model, data)
            model.opt.gravity[:] = gravity
            mujoco.mj_step(model, data, nstep=rule.steps)
            mujoco.mj_kinematics(model, data)
            ends[i] = data.xipos[1]
        return start, ends

    def _compile(self, hand_pieces: Sequence[ndarray]) -> mujoco.MjModel:
        rule = self._rule
        spec = mujoco.MjSpec()
        spec.option.timestep = rule.time_step
        spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
        spec.option.impratio = 10.0
        spec.option.iterations = rule.solver_iterations
        # A reset after an explosion would look like an object that never moved.
        spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
        body = spec.worldbody.add_body(name="object")
        body.add_freejoint()
        for i, corners in enumerate(self._pieces):
            self._add(spec, body, f"object{i}", corners, is_hand=False)
        for i, corners in enumerate(hand_pieces):
            self._add(spec, spec.worldbody, f"hand{i}", corners, is_hand=True)
        inertia = self._mass.inertia
        body.explicitinertial = True
        body.mass, body.ipos = rule.mass, self._mass.centre_of_mass
        body.fullinertia = [*np.diag(inertia), inertia[0, 1], inertia[0, 2], inertia[1, 2]]
        model = spec.compile()
        # Bullet scales the velocity by (1 - damping)^dt; this is the force that does the same.
        rate = -np.log1p(-rule.damping)
        model.dof_damping[:3] = rate * rule.mass
        model.dof_damping[3:] = rate * model.body("object").inertia
        return model

    def _add(self, spec, body, name: str, corners: ndarray, *, is_hand: bool) -> None:
        rule = self._rule
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
