"""DexGraspBench for the human hand: the success rule of robot grasps, asked of people's.

The hand is articulated (`articulated_hand`), pregrasp and squeeze follow from the grasp
(`squeeze`), and the test itself is the same for every hand (`bench`).
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Sequence

import mujoco
import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.hand import HandModel
from semgrasp.simulation.articulated_hand import ArticulatedHand
from semgrasp.simulation.bench import (
    DEXGRASPBENCH,
    BenchResult,
    DexGraspBenchRule,
    GraspBench,
    Stages,
    add_hull,
)
from semgrasp.simulation.decomposition import convex_decomposition
from semgrasp.simulation.hand_pieces import HandPieces
from semgrasp.simulation.squeeze import Squeeze, close_and_squeeze
from semgrasp.types import Grasp, ObjectShape

ConvexPieces = Sequence[Float[ndarray, "_ 3"]]

STATIC_HAND = "the hand is a bare mesh: it stands still and does not squeeze"


class DexGraspBenchTest:
    """One object and one person's hand, compiled once, tested for many grasps."""

    def __init__(
        self,
        hand: ArticulatedHand,
        object_pieces: ConvexPieces,
        *,
        rule: DexGraspBenchRule = DEXGRASPBENCH,
        squeeze: Squeeze | None = None,
    ) -> None:
        self.hand = hand
        self.squeeze = squeeze or Squeeze()
        self._bench = GraspBench(hand.spec, object_pieces, rule)
        self._still = GraspBench(hand.spec, object_pieces, rule, is_object_fixed=True)

    def run(self, grasp: Grasp) -> BenchResult:
        """Test one grasp; the result does not depend on those before it.

        Raises:
            InputError: The grasp is by another hand than this test was compiled for.
        """
        hand = self.hand
        hand.check(grasp)
        pose = hand.joint_pose(grasp.finger_angles)
        for bench in (self._bench, self._still):
            hand.set_pose(bench.model, pose)
        stages = close_and_squeeze(
            self._still,
            self.squeeze,
            grasp.T_object_hand.double().cpu().numpy(),
            pose.angles,
            hand.is_flexion,
            hand.servo.stiffness,
        )
        return self._bench.run(stages)


def dexgraspbench(
    hand_model: HandModel,
    grasp: Grasp,
    shape: ObjectShape,
    *,
    object_pieces: ConvexPieces | None = None,
    rule: DexGraspBenchRule = DEXGRASPBENCH,
    squeeze: Squeeze | None = None,
) -> BenchResult:
    """Does a human grasp pass the benchmark of robot grasps?

    For many grasps by one hand of one object, build a `DexGraspBenchTest` once.

    Args:
        hand_model: The hand.
        grasp: One grasp, without batch axes.
        shape: The object.
        object_pieces: Vertices of convex pieces whose union is the object, in the object frame in
            [m]; by default the object is decomposed.
        rule: Constants of the benchmark.
        squeeze: How pregrasp and squeeze follow from the grasp.
    """
    if grasp.finger_angles.ndim != 2:
        raise InputError(
            f"dexgraspbench takes one grasp, got {tuple(grasp.finger_angles.shape[:-2])} of them. "
            "Build a DexGraspBenchTest and run each."
        )
    hand = ArticulatedHand(hand_model, grasp.betas)
    pieces = _pieces(shape) if object_pieces is None else object_pieces
    return DexGraspBenchTest(hand, pieces, rule=rule, squeeze=squeeze).run(grasp)


def dexgraspbench_static(
    hand_vertices: Float[ndarray, "V 3"],
    hand_faces: Int[ndarray, "F 3"],
    shape: ObjectShape,
    *,
    hand_pieces: HandPieces | None = None,
    object_pieces: ConvexPieces | None = None,
    rule: DexGraspBenchRule = DEXGRASPBENCH,
) -> BenchResult:
    """The benchmark for a hand of which only the surface is known: it cannot close or squeeze.

    A hand that merely touches presses on nothing, so almost every such grasp fails; a success
    means that the hand encloses the object. The note of the result says so.

    Args:
        hand_vertices: Surface of the hand in the object frame, in [m].
        hand_faces: Its triangles; the surface must be closed unless `hand_pieces` are given.
        shape: The object.
        hand_pieces: Vertex groups of convex pieces of hands of this topology.
        object_pieces: As in `dexgraspbench`.
        rule: Constants of the benchmark.
    """
    groups = hand_pieces or HandPieces.of_mesh(hand_vertices, hand_faces)
    spec = mujoco.MjSpec()
    base = spec.worldbody.add_body(name="hand", mocap=True)
    for i, corners in enumerate(groups.corners(hand_vertices)):
        add_hull(spec, base, f"hand{i}", corners, density=1000.0)
    pieces = _pieces(shape) if object_pieces is None else object_pieces
    stages = Stages(np.eye(4), np.empty(0), np.empty((1, 0)))
    return GraspBench(spec, pieces, rule).run(stages)._replace(note=STATIC_HAND)


def _pieces(shape: ObjectShape) -> ConvexPieces:
    return convex_decomposition(shape.vertices_object, shape.faces)
