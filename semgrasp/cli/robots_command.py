"""`semgrasp robots`: which robot hands there are, and whether a description is right."""

import argparse
from pathlib import Path

import numpy as np
import torch
import trimesh
from jaxtyping import Float
from numpy import ndarray
from PIL import Image
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.robots.check import problems
from semgrasp.robots.description_file import HANDS_FOLDER, load_description
from semgrasp.robots.models import where_found
from semgrasp.robots.robot_hand import RobotHand, description_path, robot_hand, robot_names
from semgrasp.viewer import contact_sheet, save_png
from semgrasp.viewer.render import Surface, render

_VIEWS = (
    ("from the front", (1.0, -0.25, 0.3)),
    ("from the thumb's side", (0.25, -0.2, -1.0)),
    ("from the fingertips", (0.25, 1.0, 0.3)),
)
"""Directions to the camera in the palm frame."""
_METAL, _THUMB, _OTHER = (0.62, 0.64, 0.7), (0.9, 0.35, 0.2), (0.2, 0.6, 0.3)
_AXES = ((0.85, 0.1, 0.1), (0.1, 0.65, 0.1), (0.15, 0.2, 0.9))
_PICTURE_SIZE = 360


def run(options: argparse.Namespace) -> None:
    """List, or check one."""
    if options.action == "list":
        for name in robot_names():
            description = load_description(HANDS_FOLDER / f"{name}.yaml")
            print(f"{name:14} {description.title}; model: {where_found(description.sources)}")
        return
    robot = robot_hand(options.robot)
    described = load_description(description_path(options.robot))
    _print_summary(robot)
    if options.output:
        path = Path(options.output)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_png(draw(robot), path)
        print(f"drawn in {path}: pads (red: the thumb's), palm frame (x red, y green, z blue)")
    found = problems(robot, described)
    for problem in found:
        print(f"problem: {problem}")
    if found:
        raise InputError(f"{described.name} has {len(found)} problems, named above")
    print("no problems found")


def _print_summary(robot: RobotHand) -> None:
    description, names = robot.description, robot.joint_names
    print(f"{description.name}: {description.title}, model from {robot.source.kind}")
    print(f"  base: {robot.kinematics.body_names[0]}")
    print(
        f"  joints that move on their own: {len(names)}, that follow: {len(description.couplings)}"
    )
    for finger in description.fingers:
        pads = ", ".join(pad.name for pad in finger.pads)
        print(f"  {finger.name}: for the human {', '.join(finger.humans)}; pads {pads}")


def draw(robot: RobotHand, *, size: int = _PICTURE_SIZE) -> Image.Image:
    """A hand open, half closed and closed from three sides, with its pads and palm frame.

    Args:
        size: Width and height of each of the nine pictures in pixels.
    """
    poses = {
        "open": robot.open_qpos,
        "half closed": (robot.open_qpos + robot.closed_qpos) / 2.0,
        "closed": robot.closed_qpos,
    }
    pictures, captions = [], []
    for pose, qpos in poses.items():
        surfaces = _surfaces(robot, qpos)
        for view, towards_camera in _VIEWS:
            pictures.append(render(surfaces, towards_camera=towards_camera, size=size))
            captions.append(f"{robot.description.name}, {pose}, {view}")
    return contact_sheet(pictures, captions, columns=len(_VIEWS))


def _surfaces(robot: RobotHand, qpos: Float[Tensor, " n"]) -> list[Surface]:
    """In the palm frame: what collides, the pads, the frame's axes."""
    T_palm_base = np.linalg.inv(robot.description.T_base_palm)
    base = torch.eye(4, dtype=torch.float64)
    Ts_palm_body = T_palm_base @ robot.kinematics.forward(base, qpos).numpy()
    surfaces = [
        Surface.of(
            trimesh.transform_points(piece.vertices_body, Ts_palm_body[piece.body]),
            piece.faces,
            _METAL,
        )
        for piece in robot.pieces
    ]
    for finger in robot.description.fingers:
        colour = _THUMB if "thumb" in finger.humans else _OTHER
        for pad in finger.pads:
            T_palm_body = Ts_palm_body[robot.kinematics.body_index(pad.body)]
            disc = trimesh.creation.cylinder(pad.radius, 0.001)
            needle = _rod(0.0008, 0.012)
            for mesh in (disc, needle):
                mesh.apply_transform(T_palm_body @ _onto(pad.point_body, pad.normal_body))
                surfaces.append(Surface.of(mesh.vertices, mesh.faces, colour))
    for axis, colour in zip(np.eye(3), _AXES, strict=True):
        rod = _rod(0.0012, 0.04)
        rod.apply_transform(_onto(np.zeros(3), axis))
        surfaces.append(Surface.of(rod.vertices, rod.faces, colour))
    return surfaces


def _rod(radius: float, length: float) -> trimesh.Trimesh:
    """From the origin along +z, in [m]."""
    rod = trimesh.creation.cylinder(radius, length)
    rod.apply_translation([0.0, 0.0, length / 2.0])
    return rod


def _onto(point: Float[ndarray, "3"], direction: Float[ndarray, "3"]) -> Float[ndarray, "4 4"]:
    """A transform that takes +z to a direction and the origin to a point."""
    T = np.array(trimesh.geometry.align_vectors([0.0, 0.0, 1.0], direction))
    T[:3, 3] = point
    return T
