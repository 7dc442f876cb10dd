"""DexGraspBench for the human hand: the success rule of robot grasps, asked of people's.

The benchmark takes three poses from whoever made the grasp; a human grasp is one. The other two
follow as in its own converter: the hand opens from the grasp to the pregrasp, and the squeeze goes
as far beyond the grasp as the pregrasp was before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.hand import HandModel
from semgrasp.simulation.articulated_hand import ArticulatedHand, Servo
from semgrasp.simulation.bench import (
    DEXGRASPBENCH,
    BenchResult,
    DexGraspBenchRule,
    GraspBench,
    Stages,
    add_hull,
)
from semgrasp.types import Grasp, ObjectShape

ConvexPieces = Sequence[Float[ndarray, "_ 3"]]

STATIC_HAND = "the hand is a bare mesh: it stands still and does not squeeze"


@dataclass(frozen=True, kw_only=True)
class Squeeze:
    """How a pregrasp and a squeeze follow from a grasp."""

    angle: float = 0.1
    """Every flexion is opened and closed by this, in [rad]."""


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
        self.bench = GraspBench(hand.spec, object_pieces, rule)

    def run(self, grasp: Grasp) -> BenchResult:
        """Test one grasp; the result does not depend on those before it."""
        hand = self.hand
        hand.check(grasp)
        pose = hand.joint_pose(grasp.finger_angles)
        hand.set_pose(self.bench.model, pose)
        change = self.squeeze.angle * hand.is_flexion
        controls = np.stack([pose.angles - change, pose.angles, pose.angles + change])
        T_object_hand = grasp.T_object_hand.double().cpu().numpy()
        return self.bench.run(Stages(T_object_hand, controls[0], controls))
