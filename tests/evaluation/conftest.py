"""A hand on a box, written in every form that the readers know."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.dataset.oakink import hand_parameters
from semgrasp.generate import Prediction, save_predictions
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.hand import HandModel, open_hand
from semgrasp.objects import load_object
from semgrasp.types import Grasp, GraspReport, GraspTokens, Instruction, ObjectShape


@dataclass(frozen=True)
class Scene:
    """A box as a file, and grasps of it."""

    box: Path
    shape: ObjectShape
    hand: HandModel
    grasps: list[Grasp]

    def predictions(self, shape: ObjectShape | None = None) -> list[Prediction]:
        tokens = GraspTokens(*(torch.tensor(0) for _ in range(3)))
        return [
            Prediction(
                tokens, grasp, "Here.", -1.0, GraspReport("corrected-v1", {}),
                Instruction("hold the box"), shape or self.shape, self.hand,
            )
            for grasp in self.grasps
        ]  # fmt: skip

    def write_generated(self, folder: Path) -> Path:
        save_predictions(self.predictions(), folder)
        return folder

    def write_hand_param(self, path: Path, index: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(hand_parameters(self.grasps[index]), protocol=3))
        return path

    def write_pair(self, folder: Path, name: str = "one", index: int = 0) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        self.predictions()[index].hand_mesh.export(folder / f"{name}_hand.ply")
        trimesh.load(self.box, process=False).export(folder / f"{name}_object.ply")
        return folder

    def parameters(self, index: int = 0) -> dict[str, np.ndarray]:
        """MANO parameters in the axes and origin of the box's file, in metres."""
        grasp = self.grasps[index]
        T_metres_object = self.shape.T_file_object.copy()
        T_metres_object[:3] *= np.cbrt(np.linalg.det(np.linalg.inv(T_metres_object)[:3, :3]))
        T = torch.from_numpy(T_metres_object) @ grasp.T_object_hand.double()
        moved = Grasp(T, grasp.finger_angles.double(), grasp.betas.double(), grasp.side)
        return hand_parameters(moved)


def grasp_from_above(generator: torch.Generator) -> Grasp:
    """The palm on the side of the box at y = +25 mm, fingers a little bent, thumb stretched."""
    hand = open_hand()
    turn = axis_angle_to_matrix(0.02 * torch.randn(3, generator=generator))
    wrist = torch.tensor([0.09, 0.05, 0.0]) + 0.001 * torch.randn(3, generator=generator)
    bend = 0.1 * torch.rand(15, 1, generator=generator)
    bend[12:] = 0.0
    betas = 0.1 * torch.randn(10, generator=generator)
    return Grasp(make_transform(turn, wrist), bend * hand.flexion_axes, betas)


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The box lies away from the origin of its file, which is in millimetres."""
    path = tmp_path_factory.mktemp("scene") / "box.ply"
    box = trimesh.creation.box((60.0, 50.0, 120.0)).subdivide().subdivide()
    box.apply_translation([100.0, -40.0, 7.0])
    box.export(path)
    generator = torch.Generator().manual_seed(0)
    grasps = [grasp_from_above(generator) for _ in range(3)]
    return Scene(path, load_object(path), open_hand(), grasps)
