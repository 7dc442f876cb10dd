"""A fixed hand and a free object in MuJoCo, pulled from several sides.

Friction is Coulomb's: an elliptic cone with stiff tangential constraints (with pyramids, or equal
stiffness, a held box creeps out of the hand). Overlap is pushed out softly, and may not launch the
object: what starts at rest and is only pulled cannot carry more energy than a free fall, so that
is where its energy is capped after every step. No displacement exceeds a free fall by more than
rounding, however deep the overlap.

Time is stepped by leapfrog: velocities are those halfway between the positions, so that a free fall
is exact and the error falls with the square of the step. Convex meshes are compiled once for each
object; a hand is compiled alone and its numbers are written over those of a stand-in.
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

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
_SETTLED = 1e-5
"""In [m]: an object whose acceleration would take it less far in the time that is left creeps on
as it does. On 109 recorded human grasps this changes the mean by 0.004 %, the median by 0.07 %."""

_OF_MESHES = (
    *("mesh_vert", "mesh_vertadr", "mesh_vertnum", "mesh_extrema", "mesh_graph", "mesh_graphadr"),
    *("mesh_polyadr", "mesh_polynum", "mesh_polynormal", "mesh_polyvertadr", "mesh_polyvertnum"),
    *("mesh_polyvert", "mesh_polymapadr", "mesh_polymapnum", "mesh_polymap"),
)
_OF_GEOMS = ("geom_pos", "geom_quat", "geom_size", "geom_aabb", "geom_rbound", "geom_sameframe")
_OF_TREE = ("bvh_aabb", "bvh_child", "bvh_nodeid", "bvh_depth")


class CompiledHand(NamedTuple):
    """The pieces of a posed hand, ready to be written over those of any scene of its object."""

    sizes: tuple[int, ...]
    """Points of each piece."""
    model: mujoco.MjModel


class MujocoScene:
    """The object as convex pieces on a free joint; the hand comes with each pull."""

    def __init__(
        self,
        object_pieces: Sequence[Float[ndarray, "_ 3"]],
        mass: MassProperties,
        rule: DisplacementRule,
    ) -> None:
        self._mass = mass
        self._rule = rule
        # In its principal frame the object's inertia is diagonal and stays so.
        self._moments, R_object_principal = np.linalg.eigh(mass.inertia)
        R_object_principal *= np.sign(np.linalg.det(R_object_principal))
        self._R_object_principal = R_object_principal
        self._pieces = [(p - mass.centre_of_mass) @ R_object_principal for p in object_pieces]
        self._radius = max(float(np.linalg.norm(p, axis=1).max()) for p in self._pieces)
        self._compiled: dict[tuple[int, ...], tuple[mujoco.MjModel, mujoco.MjData]] = {}

    def pull(
        self, hand_pieces: Sequence[Float[ndarray, "_ 3"]]
    ) -> tuple[Float[ndarray, "3"], Float[ndarray, "directions 3"]]:
        """Centre of mass in [m] at the start, and at the end under each gravity of the rule.

        Args:
            hand_pieces: Points in [m] in the object frame; the hull of each collides.
        """
        return self.pull_compiled(self.compile_hand(hand_pieces))

    def compile_hand(self, hand_pieces: Sequence[Float[ndarray, "_ 3"]]) -> CompiledHand:
        """The hand alone, for this scene and those of other rules: half of the work of a pull."""
        with _silence():
            model = self._scene(hand_pieces, []).compile()
        return CompiledHand(tuple(len(points) for points in hand_pieces), model)

    def pull_compiled(
        self, hand: CompiledHand
    ) -> tuple[Float[ndarray, "3"], Float[ndarray, "directions 3"]]:
        """As `pull`."""
        sizes = hand.sizes
        with _silence():
            if sizes not in self._compiled:
                # A ball has all of its points on its hull: no other shape takes more room, but one
                # corner where many faces meet. That of a cone sets the size of MuJoCo's buffers.
                stand_in = [_cone(2 * max(sizes)), *map(_ball, sizes[1:])]
                model = self._scene(stand_in, self._pieces).compile()
                # Bullet brakes by damping * v * (1 + |v|); the quadratic part is left out here
                # (0.1 % of a free fall).
                model.dof_damping[:3] = self._rule.damping * self._rule.mass
                model.dof_damping[3:] = self._rule.damping * self._moments
                self._compiled[sizes] = model, mujoco.MjData(model)
            model, data = self._compiled[sizes]
            _write_over(hand.model, model)
            ends = np.empty((len(self._rule.gravity), 3))
            for i, gravity in enumerate(self._rule.gravity):
                mujoco.mj_resetData(model, data)
                model.opt.gravity[:] = gravity
                self._advance(model, data)
                ends[i] = data.qpos[:3]
        return self._mass.centre_of_mass, ends

    def _advance(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        rule = self._rule
        if not rule.is_energy_capped:
            mujoco.mj_step(model, data, nstep=rule.steps)
            return
        speed_per_step = float(np.linalg.norm(model.opt.gravity)) * rule.time_step
        inertia = np.concatenate([np.full(3, rule.mass), self._moments])
        position, velocity = data.qpos, data.qvel
        acceleration, guess = data.qacc, data.qacc_warmstart
        for step in range(rule.steps):
            mujoco.mj_forward(model, data)
            guess[:] = acceleration
            velocity += (rule.time_step if step else 0.5 * rule.time_step) * acceleration
            twice_energy = float(inertia @ (velocity * velocity))
            allowed = rule.mass * (speed_per_step * (step + 0.5)) ** 2
            if twice_energy > allowed:
                velocity *= (allowed / twice_energy) ** 0.5
            mujoco.mj_integratePos(model, position, velocity, rule.time_step)
            left = (rule.steps - 1 - step) * rule.time_step
            if 0.5 * left**2 * self._reach(acceleration) < _SETTLED:
                position[:3] += left * velocity[:3]
                return

    def _reach(self, acceleration: Float[ndarray, "6"]) -> float:
        """Bound in [m/s^2] on the acceleration of any point of the object."""
        # Plain numbers: numpy takes as long for six of them as for a thousand.
        x, y, z, *turning = acceleration.tolist()
        return math.hypot(x, y, z) + self._radius * math.hypot(*turning)

    def _scene(
        self, hand_pieces: Sequence[ndarray], object_pieces: Sequence[ndarray]
    ) -> mujoco.MjSpec:
        rule = self._rule
        spec = mujoco.MjSpec()
        spec.option.timestep = rule.time_step
        spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
        spec.option.impratio = _FRICTION_STIFFNESS
        spec.option.iterations = rule.solver_iterations
        # A reset after an explosion would look like an object that never moved.
        spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
        # To start threads takes longer than the small meshes that they would share.
        spec.compiler.usethread = False
        # The hand first, so that its numbers come first in the compiled arrays.
        for i, points in enumerate(hand_pieces):
            _add_hull(spec, spec.worldbody, f"hand{i}", points, rule, is_hand=True)
        if object_pieces:
            body = spec.worldbody.add_body(name="object")
            body.add_freejoint()
            for i, points in enumerate(object_pieces):
                _add_hull(spec, body, f"object{i}", points, rule, is_hand=False)
            body.pos = self._mass.centre_of_mass
            mujoco.mju_mat2Quat(body.quat, self._R_object_principal.ravel())
            body.explicitinertial = True
            body.mass, body.inertia = rule.mass, self._moments
            body.ipos = np.zeros(3)
        return spec


def _write_over(hand: mujoco.MjModel, scene: mujoco.MjModel) -> None:
    """Give the scene the geometry of a compiled hand, whose pieces are its first meshes.

    That is all that collision reads: convex meshes, their places, and the tree of their boxes.
    """
    assert hand.nmeshdegmax <= scene.nmeshdegmax
    assert hand.npolygonmax <= scene.npolygonmax
    for name in (*_OF_MESHES, *_OF_GEOMS):
        numbers = getattr(hand, name)
        getattr(scene, name)[: len(numbers)] = numbers
    for name in _OF_TREE:
        getattr(scene, name)[: 2 * hand.ngeom - 1] = getattr(hand, name)[: 2 * hand.ngeom - 1]


def _ball(size: int) -> Float[ndarray, "size 3"]:
    """Points on a sphere of 1 cm, no two alike (Fibonacci's lattice)."""
    height = 1.0 - (2.0 * np.arange(size) + 1.0) / size
    turn = np.pi * (1.0 + 5.0**0.5) * np.arange(size)
    radius = np.sqrt(1.0 - height**2)
    return 0.01 * np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=1)


def _cone(size: int) -> Float[ndarray, "corners 3"]:
    """A point and a regular polygon below it."""
    turn = 2.0 * np.pi * np.arange(size) / size
    rim = np.stack([np.cos(turn), np.sin(turn), np.zeros(size)], axis=1)
    return 0.01 * np.concatenate([[[0.0, 0.0, 1.0]], rim])


@contextmanager
def _silence() -> Iterator[None]:
    """Without MuJoCo's warnings, which it appends to a file in the working directory.

    What they tell, that a simulation exploded, its result shows.
    """
    kept = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda _: None)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(kept)


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
