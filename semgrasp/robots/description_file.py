"""Read a robot hand's description from YAML, naming everything that is wrong with it at once."""

from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import numpy as np
import yaml
from jaxtyping import Float
from numpy import ndarray

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.robots.checked_mapping import (
    CheckedMapping,
    read_list,
    read_not_negative,
    read_number,
    read_one_of,
    read_positive,
    read_quaternion,
    read_text,
    read_text_or_empty,
    read_unit,
    read_vector,
    read_words,
)
from semgrasp.robots.description import (
    ContactPad,
    Coupling,
    Drive,
    Embodiment,
    HumanFinger,
    ModelSource,
    RobotDescription,
    RobotFinger,
)

HANDS_FOLDER = Path(__file__).parent / "hands"
"""The descriptions that come with the package."""
SOURCE_KINDS = ("menagerie", "gymnasium_robotics", "example_robot_data", "file")


def load_description(path: Path) -> RobotDescription:
    """Read and check one description.

    Raises:
        AssetNotFoundError: There is no such file.
        InputError: It is not YAML, or values are missing, unknown or of the wrong kind; each is
            named by where it stands, as `fingers.thumb.pads.tip.normal`.
    """
    if not path.is_file():
        raise AssetNotFoundError(f"There is no robot description at {path}.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not YAML: {' '.join(str(error).split())}.") from error
    problems: list[str] = []
    top = CheckedMapping(content, "", problems)
    description = _description(top, path)
    top.end()
    if problems:
        raise InputError(
            f"{path} does not describe a robot hand:\n  " + "\n  ".join(problems) + "\nSee "
            "docs/add_a_robot_hand.md for a template."
        )
    return description


def _description(top: CheckedMapping, path: Path) -> RobotDescription:
    embodiment = top.take("embodiment", read_one_of(get_args(Embodiment)), "hand", optional=False)
    is_gripper = embodiment == "parallel_gripper"
    description = RobotDescription(
        name=top.take("name", read_text, path.stem, optional=True),
        title=top.take("title", read_text, path.stem, optional=True),
        embodiment=embodiment,  # pyright: ignore[reportArgumentType]
        sources=_sources(top, path.parent),
        T_base_palm=_palm(top.inner("palm")),
        fingers=_fingers(top.inner("fingers")),
        couplings=_couplings(top.inner("couplings", optional=True)),
        open_qpos=_numbers(top.inner("open")),
        closed_qpos=_numbers(top.inner("closed")),
        opening=top.take("opening", read_positive, 1.0, optional=False) if is_gripper else None,
        grip_force=top.take("grip_force", read_positive, 1.0, optional=False),
        licence=top.take("licence", read_text, "not stated", optional=True),
        drive=_drive(top.inner("drive", optional=True)),
        force_limits=tuple(_numbers(top.inner("force_limits", optional=True)).items()),
    )
    thumbs = [finger for finger in description.fingers if "thumb" in finger.humans]
    others = [finger for finger in description.fingers if {"index", "middle"} & set(finger.humans)]
    if not top.problems and (not thumbs or not others):
        top.note("fingers", "one must stand in for the thumb and another for index or middle")
    if not top.problems and is_gripper and len(description.fingers) != 2:
        top.note("fingers", f"a parallel gripper has 2, got {len(description.fingers)}")
    return description


def _sources(top: CheckedMapping, folder: Path) -> tuple[ModelSource, ...]:
    entries = top.take("sources", read_list, [], optional=False)
    if not entries and "sources" in top.content:
        top.note("sources", "must list at least one model file")
    return tuple(
        _source(CheckedMapping(entry, f"sources[{i}]", top.problems), folder)
        for i, entry in enumerate(entries)
    )


def _source(entry: CheckedMapping, folder: Path) -> ModelSource:
    kinds = [kind for kind in SOURCE_KINDS if kind in entry.content]
    if len(kinds) != 1:
        entry.note("", f"needs exactly one of {', '.join(SOURCE_KINDS)} with the path of a model")
    kind = kinds[0] if kinds else "file"
    entry.taken += [kind for kind in SOURCE_KINDS if kind not in kinds[:1]]
    path = entry.take(kind, read_text, "", optional=not kinds)
    rename = entry.inner("rename", optional=True)
    turned = entry.inner("turned_bodies", optional=True)
    source = ModelSource(
        kind=kind,  # pyright: ignore[reportArgumentType]
        path=str(folder / path) if kind == "file" else path,
        root_body=entry.take("root_body", read_text_or_empty, "", optional=True),
        rename=tuple(
            (old, rename.take(old, read_text, "", optional=False)) for old in rename.content
        ),
        reversed_joints=entry.take("reversed_joints", read_words, (), optional=True),
        turned_bodies=tuple(
            (body, turned.take(body, read_quaternion, (1.0, 0.0, 0.0, 0.0), optional=False))
            for body in turned.content
        ),
    )
    entry.end()
    return source


def _palm(entry: CheckedMapping) -> Float[ndarray, "4 4"]:
    """+x out of the palm, +z as near to `across` as a right angle allows."""
    T_base_palm = np.eye(4)
    T_base_palm[:3, 3] = entry.take("point", read_vector, np.zeros(3), optional=False)
    out = entry.take("out", read_unit, np.array([1.0, 0.0, 0.0]), optional=False)
    across = entry.take("across", read_unit, np.array([0.0, 0.0, 1.0]), optional=False)
    entry.end()
    across = across - across @ out * out
    length = np.linalg.norm(across)
    if length < 0.1:
        entry.note("across", "must not point the same way as out")
        return T_base_palm
    across /= length
    T_base_palm[:3, :3] = np.stack([out, np.cross(across, out), across], axis=-1)
    return T_base_palm


def _fingers(entry: CheckedMapping) -> tuple[RobotFinger, ...]:
    fingers = []
    for name in entry.content:
        finger = entry.inner(name)
        pads = finger.inner("pads")
        fingers.append(
            RobotFinger(
                name=name,
                humans=finger.take("humans", _humans, (), optional=False),
                joints=finger.take("joints", read_words, (), optional=True),
                pads=tuple(_pad(pads.inner(pad), f"{name}_{pad}") for pad in pads.content),
            )
        )
        if not pads.content and "pads" in finger.content:
            finger.note("pads", "needs at least one pad, the last at the fingertip")
        pads.end()
        finger.end()
    if not fingers and not entry.problems:
        entry.note("", "must name at least two fingers")
    entry.end()
    return tuple(fingers)


def _pad(entry: CheckedMapping, name: str) -> ContactPad:
    pad = ContactPad(
        name=name,
        body=entry.take("body", read_text, "", optional=False),
        point_body=entry.take("point", read_vector, np.zeros(3), optional=False),
        normal_body=entry.take("normal", read_unit, np.array([0.0, 0.0, 1.0]), optional=False),
        radius=entry.take("radius", read_positive, 0.005, optional=True),
    )
    entry.end()
    return pad


def _couplings(entry: CheckedMapping) -> tuple[Coupling, ...]:
    couplings = []
    for joint in entry.content:
        inner = entry.inner(joint)
        couplings.append(
            Coupling(
                joint,
                driver=inner.take("follows", read_text, "", optional=False),
                ratio=inner.take("ratio", read_number, 1.0, optional=True),
                offset=inner.take("offset", read_number, 0.0, optional=True),
            )
        )
        inner.end()
    followers = {coupling.joint for coupling in couplings}
    for coupling in couplings:
        if coupling.driver in followers:
            entry.note(
                coupling.joint, f"follows {coupling.driver!r}, which itself follows another joint"
            )
    return tuple(couplings)


def _drive(entry: CheckedMapping) -> Drive:
    usual = Drive()
    values = {
        field.name: entry.take(
            field.name, read_not_negative, getattr(usual, field.name), optional=True
        )
        for field in fields(Drive)
    }
    entry.end()
    return Drive(**values)


def _numbers(entry: CheckedMapping) -> dict[str, float]:
    return {key: entry.take(key, read_number, 0.0, optional=False) for key in entry.content}


def _humans(value: Any) -> tuple[HumanFinger, ...]:
    names = read_words(value)
    for name in names:
        read_one_of(get_args(HumanFinger))(name)
    if not names:
        raise ValueError("must name at least one human finger, or palm")
    return names  # pyright: ignore[reportReturnType]
