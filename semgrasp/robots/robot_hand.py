"""A robot hand, ready to be posed and simulated."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import mujoco
import numpy as np
import torch
from jaxtyping import Float
from scipy.spatial.transform import Rotation
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.robots.description import ContactPad, ModelSource, RobotDescription
from semgrasp.robots.description_file import HANDS_FOLDER, load_description
from semgrasp.robots.hand_spec import hand_spec
from semgrasp.robots.kinematics import Kinematics
from semgrasp.robots.models import compile_model, find_model
from semgrasp.robots.pieces import ConvexPiece, convex_pieces, surface_hit

_PAD_REACH = 0.02
"""How far from where the description puts a pad its body's surface is looked for, in [m]."""


@dataclass(frozen=True, eq=False)
class RobotHand:
    """A description with its model."""

    description: RobotDescription
    """Pads lie on this model's collision surface, in the frames of its bodies."""
    source: ModelSource
    """Which of the description's sources the model came from."""
    spec: mujoco.MjSpec
    """Its only root body is the base, moved as `mocap`; one servo per independent joint, named
    and ordered as these; one constraint per coupling. Copy it before changing it."""
    model: mujoco.MjModel
    """The specification, compiled."""
    kinematics: Kinematics
    joint_names: tuple[str, ...]
    """The independent joints, in the order of `qpos` everywhere."""
    limits: Float[Tensor, "joints 2"]
    """Lowest and highest position in [rad] or [m], narrowed to what coupled joints allow."""
    open_qpos: Float[Tensor, " joints"]
    """Pose in which an object is approached; zero, or the nearest limit, where not described."""
    closed_qpos: Float[Tensor, " joints"]
    """Pose towards which the joints close."""
    pieces: tuple[ConvexPiece, ...]
    """Its collision shapes."""

    @property
    def pads(self) -> tuple[ContactPad, ...]:
        """All pads, finger by finger, from base to tip."""
        return tuple(pad for finger in self.description.fingers for pad in finger.pads)


def robot_names() -> list[str]:
    """Names of the robot hands that come with the package."""
    return sorted(path.stem for path in HANDS_FOLDER.glob("*.yaml"))


def robot_hand(name_or_path: str | Path) -> RobotHand:
    """A hand by its name, by the beginning of it where that is enough, or by a YAML file.

    Reading it again costs nothing until the file changes.

    Raises:
        InputError: No hand has this name, or its description or model is wrong.
        AssetNotFoundError: The file, or every source of the model, is missing.
    """
    path = description_path(name_or_path)
    return _built(path, path.stat().st_mtime_ns if path.is_file() else 0)


def build_robot_hand(description: RobotDescription) -> RobotHand:
    """Find the model of a description, cut the hand out of it and put the two together."""
    source, path = find_model(description.sources)
    return assemble(description, source, compile_model(path, source.root_body))


def assemble(description: RobotDescription, source: ModelSource, file: mujoco.MjModel) -> RobotHand:
    """A hand from a description and a model that is already compiled."""
    spec = hand_spec(file, source, description)
    model = spec.compile()
    kinematics = Kinematics(model, description.couplings)
    limits = _limits(model, kinematics)
    pieces = convex_pieces(model)
    fitted = _with_pads_on(turned_pads(description, source), kinematics, pieces)
    open_qpos, closed_qpos = (
        torch.tensor([pose.get(name, 0.0) for name in kinematics.joint_names], dtype=torch.float64)
        .clamp(limits[:, 0], limits[:, 1])
        for pose in (description.open_qpos, description.closed_qpos)
    )  # fmt: skip
    return RobotHand(
        fitted,
        source,
        spec,
        model,
        kinematics,
        kinematics.joint_names,
        limits,
        open_qpos,
        closed_qpos,
        pieces,
    )


@functools.lru_cache(maxsize=32)
def _built(path: Path, modified_ns: int) -> RobotHand:
    del modified_ns
    return build_robot_hand(load_description(path))


def description_path(name_or_path: str | Path) -> Path:
    """The file that describes a hand, given as `robot_hand` takes it."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith((".yaml", ".yml")):
        return Path(text).resolve()
    names = robot_names()
    matches = [text] if text in names else [name for name in names if name.startswith(text)]
    if len(matches) != 1 or not text:
        raise InputError(
            f"Unknown robot hand {text!r}. Available: {', '.join(names)}, or the path of a "
            ".yaml file that describes yours (docs/add_a_robot_hand.md)."
        )
    return HANDS_FOLDER / f"{matches[0]}.yaml"


def _limits(model: mujoco.MjModel, kinematics: Kinematics) -> Float[Tensor, "joints 2"]:
    """Ranges in which neither a joint nor one that follows it meets its stop."""
    ranges = torch.tensor(model.jnt_range)
    zero = torch.zeros(len(kinematics.joint_names), dtype=torch.float64)
    offsets = kinematics.model_qpos(zero)
    limits = []
    for i, name in enumerate(kinematics.joint_names):
        unit = zero.clone()
        unit[i] = 1.0
        ratios = kinematics.model_qpos(unit) - offsets
        moved = ratios != 0.0
        ends = (ranges[moved] - offsets[moved, None]) / ratios[moved, None]
        low, high = ends.amin(-1).max(), ends.amax(-1).min()
        if low >= high:
            raise InputError(f"The couplings leave joint {name!r} no room between its limits.")
        limits.append(torch.stack([low, high]))
    return torch.stack(limits)


def turned_pads(description: RobotDescription, source: ModelSource) -> RobotDescription:
    """The description with its pads in the frames that bodies have in this source's file."""
    turns = {
        body: Rotation.from_quat(quaternion, scalar_first=True).as_matrix()
        for body, quaternion in source.turned_bodies
    }

    def turned(pad: ContactPad) -> ContactPad:
        R_file_described = turns.get(pad.body, np.eye(3))
        point, normal = R_file_described @ pad.point_body, R_file_described @ pad.normal_body
        return replace(pad, point_body=point, normal_body=normal)

    return _with_each_pad(description, turned)


def _with_pads_on(
    description: RobotDescription, kinematics: Kinematics, pieces: tuple[ConvexPiece, ...]
) -> RobotDescription:
    """The description with each pad moved onto its body's surface, along its normal."""

    def moved(pad: ContactPad) -> ContactPad:
        body = kinematics.body_index(pad.body)
        start = pad.point_body + _PAD_REACH * pad.normal_body
        its_pieces = [piece for piece in pieces if piece.body == body]
        hit = surface_hit(its_pieces, start, -pad.normal_body)
        if hit is None or np.linalg.norm(hit - pad.point_body) > _PAD_REACH:
            raise InputError(
                f"{description.name}: the pad {pad.name!r} does not lie on the surface of "
                f"{pad.body!r}: a ray against its normal meets no collision shape within "
                f"{1e3 * _PAD_REACH:g} mm of its point."
            )
        return replace(pad, point_body=hit)

    return _with_each_pad(description, moved)


def _with_each_pad(
    description: RobotDescription, change: Callable[[ContactPad], ContactPad]
) -> RobotDescription:
    fingers = tuple(
        replace(finger, pads=tuple(change(pad) for pad in finger.pads))
        for finger in description.fingers
    )
    return replace(description, fingers=fingers)
