"""Read a robot hand's description from YAML, naming everything that is wrong with it at once."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, get_args

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.errors import AssetNotFoundError, InputError, require
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

_T = TypeVar("_T")


def load_description(path: Path) -> RobotDescription:
    """Read and check one description.

    Raises:
        AssetNotFoundError: There is no such file.
        InputError: It is not YAML, or values are missing, unknown or of the wrong kind; each is
            named by where it stands, as `fingers.thumb.pads.tip.normal`.
    """
    yaml = require("yaml", extra="robots")
    if not path.is_file():
        raise AssetNotFoundError(f"There is no robot description at {path}.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not YAML: {' '.join(str(error).split())}.") from error
    problems: list[str] = []
    top = _Mapping(content, "", problems)
    description = _description(top, path)
    top.end()
    if problems:
        raise InputError(
            f"{path} does not describe a robot hand:\n  " + "\n  ".join(problems) + "\nSee "
            "docs/add_a_robot_hand.md for a template."
        )
    return description


class _Mapping:
    """A mapping of the file, read key by key; what is wrong is noted and reading goes on."""

    def __init__(self, content: object, where: str, problems: list[str]) -> None:
        self.where = where
        self.problems = problems
        self.content: dict[str, Any] = {}
        self.taken: list[str] = []
        if not isinstance(content, Mapping):
            self.note("", f"must be a mapping of keys to values, got {_shown(content)}")
        else:
            self.content = {str(key): value for key, value in content.items()}

    def note(self, key: str, problem: str) -> None:
        place = ".".join(part for part in (self.where, key) if part) or "the file"
        self.problems.append(f"{place}: {problem}")

    def take(self, key: str, read: Callable[[Any], _T], default: _T, *, optional: bool) -> _T:
        """Read a value; `default` where it is missing or wrong."""
        self.taken.append(key)
        if key not in self.content:
            if not optional:
                self.note(key, "is missing")
            return default
        try:
            return read(self.content[key])
        except ValueError as error:
            self.note(key, str(error))
            return default

    def inner(self, key: str, *, optional: bool = False) -> "_Mapping":
        """The mapping under a key."""
        self.taken.append(key)
        if key not in self.content and not optional:
            self.note(key, "is missing")
        where = f"{self.where}.{key}" if self.where else key
        return _Mapping(self.content.get(key, {}), where, self.problems)

    def end(self) -> None:
        """Note keys nobody asked for."""
        for key in self.content:
            if key not in self.taken:
                self.note(key, f"is not known here. Known: {', '.join(self.taken)}")


def _description(top: _Mapping, path: Path) -> RobotDescription:
    embodiment = top.take("embodiment", _one_of(get_args(Embodiment)), "hand", optional=False)
    is_gripper = embodiment == "parallel_gripper"
    description = RobotDescription(
        name=top.take("name", _text, path.stem, optional=True),
        title=top.take("title", _text, path.stem, optional=True),
        embodiment=embodiment,  # pyright: ignore[reportArgumentType]
        sources=_sources(top, path.parent),
        T_base_palm=_palm(top.inner("palm")),
        fingers=_fingers(top.inner("fingers")),
        couplings=_couplings(top.inner("couplings", optional=True)),
        open_qpos=_numbers(top.inner("open")),
        closed_qpos=_numbers(top.inner("closed")),
        opening=top.take("opening", _positive, 1.0, optional=False) if is_gripper else None,
        grip_force=top.take("grip_force", _positive, 1.0, optional=False),
        licence=top.take("licence", _text, "not stated", optional=True),
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


def _sources(top: _Mapping, folder: Path) -> tuple[ModelSource, ...]:
    entries = top.take("sources", _list, [], optional=False)
    if not entries and "sources" in top.content:
        top.note("sources", "must list at least one model file")
    return tuple(
        _source(_Mapping(entry, f"sources[{i}]", top.problems), folder)
        for i, entry in enumerate(entries)
    )


def _source(entry: _Mapping, folder: Path) -> ModelSource:
    kinds = [kind for kind in SOURCE_KINDS if kind in entry.content]
    if len(kinds) != 1:
        entry.note("", f"needs exactly one of {', '.join(SOURCE_KINDS)} with the path of a model")
    kind = kinds[0] if kinds else "file"
    entry.taken += [kind for kind in SOURCE_KINDS if kind not in kinds[:1]]
    path = entry.take(kind, _text, "", optional=not kinds)
    rename = entry.inner("rename", optional=True)
    turned = entry.inner("turned_bodies", optional=True)
    source = ModelSource(
        kind=kind,  # pyright: ignore[reportArgumentType]
        path=str(folder / path) if kind == "file" else path,
        root_body=entry.take("root_body", _text_or_empty, "", optional=True),
        rename=tuple((old, rename.take(old, _text, "", optional=False)) for old in rename.content),
        reversed_joints=entry.take("reversed_joints", _words, (), optional=True),
        turned_bodies=tuple(
            (body, turned.take(body, _quaternion, (1.0, 0.0, 0.0, 0.0), optional=False))
            for body in turned.content
        ),
    )
    entry.end()
    return source


def _palm(entry: _Mapping) -> Float[ndarray, "4 4"]:
    """+x out of the palm, +z as near to `across` as a right angle allows."""
    T_base_palm = np.eye(4)
    T_base_palm[:3, 3] = entry.take("point", _vector, np.zeros(3), optional=False)
    out = entry.take("out", _unit, np.array([1.0, 0.0, 0.0]), optional=False)
    across = entry.take("across", _unit, np.array([0.0, 0.0, 1.0]), optional=False)
    entry.end()
    across = across - across @ out * out
    length = np.linalg.norm(across)
    if length < 0.1:
        entry.note("across", "must not point the same way as out")
        return T_base_palm
    across /= length
    T_base_palm[:3, :3] = np.stack([out, np.cross(across, out), across], axis=-1)
    return T_base_palm


def _fingers(entry: _Mapping) -> tuple[RobotFinger, ...]:
    fingers = []
    for name in entry.content:
        finger = entry.inner(name)
        pads = finger.inner("pads")
        fingers.append(
            RobotFinger(
                name=name,
                humans=finger.take("humans", _humans, (), optional=False),
                joints=finger.take("joints", _words, (), optional=True),
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


def _pad(entry: _Mapping, name: str) -> ContactPad:
    pad = ContactPad(
        name=name,
        body=entry.take("body", _text, "", optional=False),
        point_body=entry.take("point", _vector, np.zeros(3), optional=False),
        normal_body=entry.take("normal", _unit, np.array([0.0, 0.0, 1.0]), optional=False),
        radius=entry.take("radius", _positive, 0.005, optional=True),
    )
    entry.end()
    return pad


def _couplings(entry: _Mapping) -> tuple[Coupling, ...]:
    couplings = []
    for joint in entry.content:
        inner = entry.inner(joint)
        couplings.append(
            Coupling(
                joint,
                driver=inner.take("follows", _text, "", optional=False),
                ratio=inner.take("ratio", _number, 1.0, optional=True),
                offset=inner.take("offset", _number, 0.0, optional=True),
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


def _drive(entry: _Mapping) -> Drive:
    usual = Drive()
    values = {
        field.name: entry.take(field.name, _not_negative, getattr(usual, field.name), optional=True)
        for field in fields(Drive)
    }
    entry.end()
    return Drive(**values)


def _numbers(entry: _Mapping) -> dict[str, float]:
    return {key: entry.take(key, _number, 0.0, optional=False) for key in entry.content}


def _one_of(allowed: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}, got {_shown(value)}")
        return value

    return read


def _humans(value: Any) -> tuple[HumanFinger, ...]:
    names = _words(value)
    for name in names:
        _one_of(get_args(HumanFinger))(name)
    if not names:
        raise ValueError("must name at least one human finger, or palm")
    return names  # pyright: ignore[reportReturnType]


def _text(value: Any) -> str:
    # A joint may be called 0: YAML reads a number where a name is meant.
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError(f"must be a text, got {_shown(value)}")
    return str(value)


def _text_or_empty(value: Any) -> str:
    return "" if value == "" else _text(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"must be a list, got {_shown(value)}")
    return value


def _words(value: Any) -> tuple[str, ...]:
    return tuple(_text(word) for word in _list(value))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f"must be a number, got {_shown(value)}")
    return float(value)


def _positive(value: Any) -> float:
    number = _number(value)
    if number <= 0.0:
        raise ValueError(f"must be positive, got {number:g}")
    return number


def _not_negative(value: Any) -> float:
    number = _number(value)
    if number < 0.0:
        raise ValueError(f"must not be negative, got {number:g}")
    return number


def _vector(value: Any) -> Float[ndarray, "3"]:
    numbers = [_number(number) for number in _list(value)]
    if len(numbers) != 3:
        raise ValueError(f"must be three numbers, got {len(numbers)}")
    return np.array(numbers)


def _unit(value: Any) -> Float[ndarray, "3"]:
    vector = _vector(value)
    length = np.linalg.norm(vector)
    if length < 1e-6:
        raise ValueError("must not be zero: it is a direction")
    return vector / length


def _quaternion(value: Any) -> tuple[float, float, float, float]:
    numbers = [_number(number) for number in _list(value)]
    length = float(np.linalg.norm(numbers))
    if len(numbers) != 4 or length < 1e-6:
        raise ValueError(f"must be a quaternion w, x, y, z, got {_shown(value)}")
    w, x, y, z = (number / length for number in numbers)
    return w, x, y, z


def _shown(value: object) -> str:
    """A value of a stranger's file, short enough for a message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
