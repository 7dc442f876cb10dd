"""How far an object moves in a hand that holds still, under the published rules and a sound one.

test = DisplacementTest(object_shape)
moved = test.run(hand_vertices, hand_faces)
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError, SemgraspError
from semgrasp.hand import HandModel
from semgrasp.simulation.decomposition import convex_decomposition
from semgrasp.simulation.displacement_rule import CORRECTED, DisplacementRule
from semgrasp.simulation.hand_pieces import HandPieces
from semgrasp.simulation.mass_properties import mass_properties
from semgrasp.simulation.mujoco_scene import CompiledHand, MujocoScene
from semgrasp.types import Grasp, ObjectShape

Engine = Literal["mujoco", "pybullet"]

_EXPLODED = 1.0
"""Farther than this in [m] no sound simulation of a seventh of a second moves an object."""


class SimulationFailedError(SemgraspError):
    """A simulation left the realm of physics, so that there is no displacement to report."""


class Displacement(NamedTuple):
    """How far the centre of mass moved, in [m]."""

    mean: float
    """Over the directions of gravity."""
    worst: float
    per_direction: Float[ndarray, " directions"]
    is_stand_in: bool = False
    """Whether the simulation failed and the rule's `on_failure` stands for its result."""


class DisplacementTest:
    """One object, prepared once and tested with many hands.

    Args:
        object_shape: A closed object.
        rule: Constants of the test.
        engine: "mujoco", or "pybullet" (an extra) to reproduce the published scripts.
        object_pieces: Corners in [m] of convex pieces whose union is the object, where they are
            known; found by convex decomposition otherwise. The published scripts' own
            decomposition is used under their rules with PyBullet.

    Raises:
        InputError: The object is open, so that it has no inside to be pushed out of.
    """

    def __init__(
        self,
        object_shape: ObjectShape,
        rule: DisplacementRule = CORRECTED,
        *,
        engine: Engine = "mujoco",
        object_pieces: Sequence[Float[ndarray, "_ 3"]] | None = None,
    ) -> None:
        if not object_shape.is_watertight:
            raise InputError(
                f"The object {object_shape.name!r} is open: without an inside it has no mass to "
                "simulate and nothing to push a hand out of. Close its surface first, for "
                "example with ManifoldPlus."
            )
        if engine not in ("mujoco", "pybullet"):
            raise InputError(f"Unknown engine {engine!r}. Available: mujoco, pybullet.")
        self.rule = rule
        self.engine = engine
        vertices = np.asarray(object_shape.vertices_object, dtype=np.float64)
        faces = object_shape.faces
        self._shift = -vertices.mean(axis=0) if rule.is_recentred else np.zeros(3)
        vertices = vertices + self._shift
        pieces = None if object_pieces is None else [p + self._shift for p in object_pieces]
        mass = mass_properties(vertices, faces, rule)
        if engine == "mujoco":
            if pieces is None:
                pieces = convex_decomposition(vertices, faces, rule.decomposition)
            self._scene = MujocoScene(pieces, mass, rule)
        else:
            from semgrasp.simulation.bullet import BulletScene

            self._scene = BulletScene(vertices, faces, pieces, mass, rule)
        self._pieces_of_faces: dict[bytes, HandPieces] = {}

    def run(
        self,
        hand_vertices: Float[ndarray, "V 3"],
        hand_faces: Int[ndarray, "F 3"],
        *,
        pieces: HandPieces | None = None,
        hand_model: HandModel | None = None,
        grasp: Grasp | None = None,
    ) -> Displacement:
        """How far the object moves in a hand.

        Args:
            hand_vertices: Surface of the hand in the object frame in [m].
            hand_faces: Its triangles.
            pieces: Vertex groups of the hand, where they are known.
            hand_model: The model whose surface this is; gives the pieces.
            grasp: Pose of `hand_model`; the surface says all that is needed.

        Raises:
            InputError: The hand is not finite, or its pieces do not fit.
            SimulationFailedError: The simulation exploded and the rule has no stand-in.
        """
        del grasp
        if not np.isfinite(hand_vertices).all():
            raise InputError("The hand has vertices that are not finite numbers (NaN or infinity).")
        vertices = np.asarray(hand_vertices, dtype=np.float64) + self._shift
        if isinstance(self._scene, MujocoScene):
            if pieces is None:
                pieces = self._pieces(vertices, hand_faces, hand_model)
            paths = self._scene.pull(pieces.points(vertices))
        else:
            paths = self._scene.pull(vertices, hand_faces)
        return self._displacement(*paths)

    def compile_hand(
        self, hand_vertices: Float[ndarray, "V 3"], pieces: HandPieces
    ) -> CompiledHand:
        """A hand for `run_compiled` of the tests of several rules of the same object (MuJoCo).

        Saves half of the time of each rule after the first. The rules must agree on
        `is_recentred`.
        """
        assert isinstance(self._scene, MujocoScene)
        vertices = np.asarray(hand_vertices, dtype=np.float64) + self._shift
        return self._scene.compile_hand(pieces.points(vertices))

    def run_compiled(self, hand: CompiledHand) -> Displacement:
        """As `run`."""
        assert isinstance(self._scene, MujocoScene)
        return self._displacement(*self._scene.pull_compiled(hand))

    def _displacement(
        self, start: Float[ndarray, "3"], ends: Float[ndarray, "directions 3"]
    ) -> Displacement:
        if self.rule.displacement == "from_start":
            moved = np.linalg.norm(ends - start, axis=1)
        else:
            moved = np.linalg.norm(ends, axis=1)
        return self._checked(moved)

    def _checked(self, moved: Float[ndarray, " directions"]) -> Displacement:
        # Not `>`: that would let NaN pass.
        if (moved < _EXPLODED).all():
            return Displacement(float(moved.mean()), float(moved.max()), moved)
        stand_in = self.rule.on_failure
        if stand_in is None:
            raise SimulationFailedError(
                f"The simulation exploded: the object moved {np.round(moved, 3).tolist()} m. The "
                "hand overlaps the object too deeply, or the object is broken."
            )
        filled = np.full_like(moved, stand_in)
        return Displacement(stand_in, stand_in, filled, is_stand_in=True)

    def _pieces(
        self, vertices: ndarray, faces: ndarray, hand_model: HandModel | None
    ) -> HandPieces:
        key = np.ascontiguousarray(faces, dtype=np.int64).tobytes()
        if key not in self._pieces_of_faces:
            # The faces tell one model from another: its pieces depend on nothing else of it.
            self._pieces_of_faces[key] = (
                HandPieces.of_mesh(vertices, faces)
                if hand_model is None
                else HandPieces.of_model(hand_model)
            )
        return self._pieces_of_faces[key]


def simulation_displacement(
    hand_vertices: Float[ndarray, "V 3"],
    hand_faces: Int[ndarray, "F 3"],
    object_shape: ObjectShape,
    rule: DisplacementRule = CORRECTED,
    *,
    pieces: HandPieces | None = None,
    object_pieces: Sequence[Float[ndarray, "_ 3"]] | None = None,
    engine: Engine = "mujoco",
    hand_model: HandModel | None = None,
    grasp: Grasp | None = None,
) -> Displacement:
    """How far an object moves in a hand; for many hands on one object use `DisplacementTest`."""
    test = DisplacementTest(object_shape, rule, engine=engine, object_pieces=object_pieces)
    return test.run(hand_vertices, hand_faces, pieces=pieces, hand_model=hand_model, grasp=grasp)
