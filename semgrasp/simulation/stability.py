"""How far an object slips when a still hand holds it against gravity from six sides.

The hand is rigid: every finger is a convex piece fixed in space. A real finger is soft and
squeezes; a contact margin (flesh that presses before the surfaces meet) stands for both.
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import mujoco
import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import ConvexHull
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.hand import HandModel
from semgrasp.simulation.hand_hulls import hand_hulls
from semgrasp.types import Grasp

# Underscore: every piece has its own number of vertices.
ConvexPieces = Sequence[tuple[str, Float[ndarray, "_ 3"]]]

_DIRECTIONS = np.array(
    [[0, 0, -1], [1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1]], dtype=np.float64
)
"""Pull directions in the object frame; down first, as it is the one every grasp must pass."""
_CHECKED_EVERY = 4
"""Steps between two looks at how far the object is."""


@dataclass(frozen=True, kw_only=True)
class StabilityProtocol:
    """The constants of the test; a displacement means nothing without them."""

    time_step: float = 0.005
    """Integration step in [s]."""
    settle_time: float = 0.15
    """Time without gravity in [s], in which small overlaps push the object out."""
    settle_limit: float = 0.010
    """A grasp that pushes the object farther than this in [m] while settling has failed."""
    pull_time: float = 0.5
    """Time under gravity in each direction in [s]."""
    displacement_limit: float = 0.020
    """The object counts as held while its centre of mass moves less than this, in [m]."""
    creep_limit: float = 0.010
    """An object that slows down is not simulated further once its speed, kept to the end of the
    pull, would take it less far than this in [m] in all; that bound is its displacement."""
    gravity: float = 9.81
    """In [m/s^2]."""
    friction: float = 1.0
    """Sliding friction coefficient, skin on plastic or ceramic."""
    flesh_margin: float = 0.0015
    """Distance in [m] at which contact begins to press: soft flesh and a little squeeze."""
    num_directions: int = 6
    """How many of the six directions are tried: down, +x, +y, -x, -y, up."""


class StabilityResult(NamedTuple):
    """What the simulation saw."""

    displacement: Float[ndarray, " directions"]
    """Distance in [m] the centre of mass moved in each direction; infinity where a direction
    was not tried because an earlier one (or settling) had already failed."""
    settle: float
    """Distance in [m] the object was pushed while settling."""

    @property
    def worst(self) -> float:
        """Largest displacement in [m]."""
        return float(self.displacement.max())


class StabilityTest:
    """One object and one hand shape, compiled once, tested for many grasps.

    Args:
        hand_model: The hand.
        betas: Shape of the hand; every grasp tested must have it.
        convex_pieces: (part name, vertices in the object frame [m]) of convex pieces whose union
            is the object.
        mass: Mass of the object in [kg].
        protocol: Constants of the test.
    """

    def __init__(
        self,
        hand_model: HandModel,
        betas: Float[Tensor, "10"],
        convex_pieces: ConvexPieces,
        mass: float,
        protocol: StabilityProtocol | None = None,
    ) -> None:
        if not convex_pieces:
            raise InputError("The stability test needs at least one convex piece of the object.")
        if not mass > 0.0:
            raise InputError(f"The mass must be positive, got {mass} kg.")
        self.protocol = protocol or StabilityProtocol()
        self._hand_model = hand_model.to(dtype=torch.float64, device="cpu")
        self._hulls = hand_hulls(self._hand_model, betas.double().cpu())
        self._mass = mass
        self._model = self._compile(convex_pieces)
        self._data = mujoco.MjData(self._model)
        self._com_object = self._model.body("object").ipos.copy()

    def run(self, grasp: Grasp) -> StabilityResult:
        """Settle, then pull; stops at the first failure."""
        protocol, model, data = self.protocol, self._model, self._data
        mujoco.mj_resetData(model, data)
        self._place_hand(grasp)
        displacement = np.full(protocol.num_directions, np.inf)

        start = self._com()
        for _ in range(round(protocol.settle_time / protocol.time_step)):
            mujoco.mj_step(model, data)
        settle = float(np.linalg.norm(self._com() - start))
        if not settle < protocol.settle_limit:
            return StabilityResult(displacement, settle)

        settled = data.qpos.copy()
        for i, direction in enumerate(_DIRECTIONS[: protocol.num_directions]):
            displacement[i] = self._pull(settled, direction)
            if displacement[i] >= protocol.displacement_limit:
                break
        return StabilityResult(displacement, settle)

    def _pull(self, settled: Float[ndarray, "7"], direction: Float[ndarray, "3"]) -> float:
        protocol, model, data = self.protocol, self._model, self._data
        data.qpos[:] = settled
        data.qvel[:] = 0.0
        data.qacc_warmstart[:] = 0.0
        # A force on the centre of mass instead of model gravity: the model stays constant.
        data.xfrc_applied[self._object_id, :3] = self._mass * protocol.gravity * direction
        mujoco.mj_forward(model, data)
        start = self._com()
        steps = round(protocol.pull_time / protocol.time_step)
        last_speed = np.inf
        for step in range(1, steps + 1):
            mujoco.mj_step(model, data)
            if step % _CHECKED_EVERY:
                continue
            moved = float(np.linalg.norm(self._com() - start))
            if moved >= protocol.displacement_limit or not np.isfinite(moved):
                return moved if np.isfinite(moved) else np.inf
            speed = float(np.linalg.norm(data.qvel[:3]) + 0.05 * np.linalg.norm(data.qvel[3:]))
            bound = moved + speed * (steps - step) * protocol.time_step
            if step >= steps // 10 and speed <= last_speed and bound < protocol.creep_limit:
                return bound
            last_speed = speed
        return float(np.linalg.norm(self._com() - start))

    def _com(self) -> Float[ndarray, "3"]:
        quaternion = self._data.qpos[3:7]
        rotated = np.empty(3)
        mujoco.mju_rotVecQuat(rotated, self._com_object, quaternion / np.linalg.norm(quaternion))
        return self._data.qpos[:3] + rotated

    def _place_hand(self, grasp: Grasp) -> None:
        mesh = self._hand_model.pose(
            Grasp(
                grasp.T_object_hand.double().cpu(),
                grasp.finger_angles.double().cpu(),
                grasp.betas.double().cpu(),
                grasp.side,
            )
        )
        Ts_object_joint = mesh.Ts_object_joint.numpy()
        quaternion = np.empty(4)
        for joint, T_object_joint in enumerate(Ts_object_joint):
            self._data.mocap_pos[joint] = T_object_joint[:3, 3]
            mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(T_object_joint[:3, :3]).ravel())
            self._data.mocap_quat[joint] = quaternion

    def _compile(self, convex_pieces: ConvexPieces) -> mujoco.MjModel:
        protocol = self.protocol
        spec = mujoco.MjSpec()
        spec.option.timestep = protocol.time_step
        spec.option.gravity = np.zeros(3)
        spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
        spec.option.impratio = 5.0

        for joint in range(16):
            body = spec.worldbody.add_body(name=f"joint{joint}", mocap=True)
            for i, hull in enumerate(self._hulls):
                if hull.joint == joint:
                    _add_hull(spec, body, f"hand{i}", hull.vertices_joint, protocol, is_hand=True)
        body = spec.worldbody.add_body(name="object")
        body.add_freejoint()
        for i, (_, vertices) in enumerate(convex_pieces):
            _add_hull(spec, body, f"piece{i}", vertices, protocol, is_hand=False)
        com, inertia = _mass_properties(convex_pieces, self._mass)
        body.explicitinertial = True
        body.mass, body.ipos, body.inertia = self._mass, com, inertia
        model = spec.compile()
        self._object_id = model.body("object").id
        return model


def stability(
    hand_model: HandModel,
    grasp: Grasp,
    convex_pieces: ConvexPieces,
    mass: float,
    protocol: StabilityProtocol | None = None,
) -> Float[ndarray, " directions"]:
    """Displacement in [m] of the object's centre of mass for each pull direction.

    For many grasps by one hand of one object, build a `StabilityTest` once.
    """
    return (
        StabilityTest(hand_model, grasp.betas, convex_pieces, mass, protocol)
        .run(grasp)
        .displacement
    )


def _add_hull(
    spec: mujoco.MjSpec,
    body: mujoco.MjsBody,
    name: str,
    vertices: Float[ndarray, "n 3"],
    protocol: StabilityProtocol,
    *,
    is_hand: bool,
) -> None:
    mesh = spec.add_mesh(name=name, uservert=np.asarray(vertices, np.float32).ravel())
    mesh.maxhullvert = 40
    mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=name,
        # Only hand against object: bit 1 on the hand, bit 1 accepted by the object.
        contype=int(is_hand),
        conaffinity=int(not is_hand),
        condim=4,
        friction=[protocol.friction, 0.005, 0.0001],
        solref=[0.02, 1.0],
        margin=protocol.flesh_margin if is_hand else 0.0,
    )


def _mass_properties(
    convex_pieces: ConvexPieces, mass: float
) -> tuple[Float[ndarray, "3"], Float[ndarray, "3"]]:
    """Centre of mass [m] and a diagonal inertia [kg m^2]: that of the bounding box."""
    volumes, centres = [], []
    for _, vertices in convex_pieces:
        hull = ConvexHull(vertices)
        volumes.append(hull.volume)
        # The mean of the corners is close enough to the centroid of a small convex piece.
        centres.append(vertices[hull.vertices].mean(0))
    com = np.average(np.array(centres), axis=0, weights=np.array(volumes))
    corners = np.concatenate([vertices for _, vertices in convex_pieces])
    size = np.ptp(corners, axis=0) ** 2
    inertia = mass / 12.0 * np.array([size[1] + size[2], size[0] + size[2], size[0] + size[1]])
    return com, inertia
