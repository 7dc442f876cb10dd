"""One answer of the generator."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from semgrasp.hand import HandModel
from semgrasp.types import Grasp, GraspReport, GraspTokens, Instruction, ObjectShape

if TYPE_CHECKING:
    import trimesh

    from semgrasp.robots.robot_grasp import RobotGrasp


@dataclass(frozen=True, eq=False)
class Prediction:
    """A grasp that fits an instruction, with what the model said and how good it measures."""

    tokens: GraspTokens
    """The three codes the language model spoke; no batch axes."""
    grasp: Grasp
    """The hand that closes on the object, after refinement; no batch axes."""
    reply: str
    """What the model says about the grasp, in words."""
    log_probability: float
    """Log-probability of the three codes given the object and the instruction, in [nat]."""
    report: GraspReport
    """Measurements of `grasp` on the object."""
    instruction: Instruction
    shape: ObjectShape = field(repr=False)
    """The object that is grasped."""
    hand_model: HandModel = field(repr=False)
    """The hand that `grasp` poses."""

    @cached_property
    def hand_mesh(self) -> "trimesh.Trimesh":
        """The hand in the frame and units of the object's file; vertices in the model's order."""
        import trimesh

        vertices_object = self.hand_model.pose(self.grasp).vertices_object.double().numpy()
        T_file_object = np.asarray(self.shape.T_file_object, dtype=np.float64)
        vertices_file = vertices_object @ T_file_object[:3, :3].T + T_file_object[:3, 3]
        faces = self.hand_model.faces.numpy()
        if np.linalg.det(T_file_object[:3, :3]) < 0:
            faces = faces[:, ::-1]
        # process=False: merging or reordering vertices would detach the skinning weights.
        return trimesh.Trimesh(vertices_file, faces, process=False)

    def save(self, folder: str | Path) -> None:
        """Write grasps.json and hand_000.ply, as the command line does for many grasps."""
        from semgrasp.generate.files import save_predictions

        save_predictions([self], folder)

    def retarget(
        self, robot: "str | Path", *, simulate: bool = False, seed: int = 0
    ) -> "RobotGrasp":
        """The same grasp on a robot hand: same part, same side.

        Args:
            robot: Name of a hand (`semgrasp robots list`), such as "shadow_hand", or the path of a
                .yaml file that describes another one.
            simulate: Try the best few candidates in simulation and return the first that holds.
            seed: Of the starts of the search.

        Returns:
            The best grasp found; its `feasible` and `reason` say whether the robot can take it.

        Raises:
            InputError: There is no such robot, its model cannot be had, or the hand is a left one.
        """
        from semgrasp.robots.retarget import RetargetSettings, retarget
        from semgrasp.robots.robot_hand import robot_hand

        settings = RetargetSettings(simulate=8 if simulate else 0)
        (found,) = retarget(
            self.grasp, self.hand_model, self.shape, robot_hand(robot), settings=settings, seed=seed
        )
        return found
