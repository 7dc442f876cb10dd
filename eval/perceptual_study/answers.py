"""What volunteers send back, read with suspicion: a file is believed only when all of it fits."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.perceptual_study.page import KEY_FORMAT, KEY_VERSION
from semgrasp.errors import InputError

ANSWERS_FORMAT = "semgrasp-study-answers"
ANSWERS_VERSION = 1
QUESTIONS = ("fit", "natural")
_MAX_ANSWER_BYTES = 1_000_000
_MAX_KEY_BYTES = 50_000_000
_CODE = re.compile(r"[a-z0-9_-]{1,32}")
_MAX_SECONDS = 1e6


@dataclass(frozen=True)
class KeyItem:
    """What an item of the page really is."""

    condition: str | None
    """The method that made the grasp; None for an attention check."""
    question: str
    """Object and instruction, on which conditions are compared; empty for a check."""
    fit_at_most: int | None
    """The highest score a careful volunteer gives to a check."""


@dataclass(frozen=True)
class Key:
    """The maker's side of a study."""

    study: str
    items: Mapping[str, KeyItem]


@dataclass(frozen=True)
class Rating:
    """One volunteer's judgement of one item."""

    fit: int
    """Does the grasp do what the instruction asks, 1 to 5."""
    natural: int
    """Does it look natural, 1 to 5."""
    seconds: float
    """Time on the screen in [s]."""


@dataclass(frozen=True)
class Answers:
    """All judgements of one volunteer."""

    volunteer: str
    ratings: Mapping[str, Rating]
    """By item, in the order in which they were shown."""


def read_key(path: Path) -> Key:
    """The key that was written beside the page.

    Raises:
        InputError: It is no such key.
    """
    try:
        return _key_of(_object(_read_json(path, _MAX_KEY_BYTES), "The file"))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _key_of(value: dict[str, Any]) -> Key:
    if value.get("format") != KEY_FORMAT:
        raise InputError("It is not the key of a study. Give the NAME.key.json of the page.")
    if value.get("version") != KEY_VERSION:
        raise InputError(
            f"Its version is {_short(value.get('version'))}; this program reads {KEY_VERSION}."
        )
    items = {}
    for name, entry in _object(value.get("items"), "items").items():
        entry = _object(entry, f"items.{name}")
        if "check" in entry:
            check = _object(entry["check"], f"items.{name}.check")
            limit = _whole(check.get("fit_at_most"), f"items.{name}.check.fit_at_most", 1, 5)
            items[name] = KeyItem(None, "", limit)
        else:
            condition = _string(entry.get("condition"), f"items.{name}.condition", 200)
            question = _string(entry.get("question"), f"items.{name}.question", 10_000)
            items[name] = KeyItem(condition, question, None)
    if all(item.condition is None for item in items.values()):
        raise InputError("It lists no grasps.")
    return Key(_string(value.get("study"), "study", 64), items)


def read_all_answers(paths: Sequence[Path], key: Key) -> list[Answers]:
    """Every file of answers; all that is wrong with any of them is said at once.

    Raises:
        InputError: Some file cannot be used, or two are of the same volunteer.
    """
    if not paths:
        raise InputError("There are no files of answers.")
    faults: list[str] = []
    answers: dict[str, tuple[Path, Answers]] = {}
    for path in paths:
        try:
            one = read_answers(path, key)
        except InputError as error:
            faults.append(f"{path.name}: {error}")
            continue
        if one.volunteer in answers:
            other = answers[one.volunteer][0].name
            faults.append(
                f"{path.name}: volunteer {one.volunteer!r} is also in {other}. Keep one of them."
            )
            continue
        answers[one.volunteer] = (path, one)
    if faults:
        raise InputError(
            f"{len(faults)} of {len(paths)} files cannot be used; nothing was scored. "
            "Leave them out or ask for them again.\n  " + "\n  ".join(faults)
        )
    return [one for _, one in answers.values()]


def read_answers(path: Path, key: Key) -> Answers:
    """The answers of one volunteer.

    Raises:
        InputError: Too large, no JSON, of another study, incomplete, or with items or scores that
            do not exist.
    """
    value = _object(_read_json(path, _MAX_ANSWER_BYTES), "The file")
    if value.get("format") != ANSWERS_FORMAT:
        raise InputError("It is not a file of answers as the page downloads it.")
    if value.get("version") != ANSWERS_VERSION:
        raise InputError(
            f"Its version is {_short(value.get('version'))}; this program reads {ANSWERS_VERSION}."
        )
    if value.get("study") != key.study:
        raise InputError(
            f"It answers another study ({_short(value.get('study'))}, not {key.study!r})."
        )
    volunteer = value.get("volunteer")
    if not isinstance(volunteer, str) or not _CODE.fullmatch(volunteer):
        raise InputError(
            f"The volunteer's code is {_short(volunteer)}. Allowed: a-z, 0-9, - and _, up to 32."
        )
    entries = value.get("ratings")
    if not isinstance(entries, list):
        raise InputError(f"ratings must be a list, got {_short(entries)}.")

    ratings: dict[str, Rating] = {}
    for place, entry in enumerate(entries, start=1):
        where = f"ratings, entry {place}"
        entry = _object(entry, where)
        item = entry.get("item")
        if not isinstance(item, str) or item not in key.items:
            raise InputError(f"{where}: no item {_short(item)} in this study.")
        if item in ratings:
            raise InputError(f"{where}: item {item!r} is rated twice.")
        seconds = entry.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise InputError(f"{where}: seconds must be a number, got {_short(seconds)}.")
        if not 0 <= seconds <= _MAX_SECONDS:
            raise InputError(f"{where}: seconds must be from 0 to {_MAX_SECONDS:.0f}.")
        fit, natural = (_whole(entry.get(q), f"{where}: {q}", 1, 5) for q in QUESTIONS)
        ratings[item] = Rating(fit, natural, float(seconds))
    missing = [item for item in key.items if item not in ratings]
    if missing:
        raise InputError(f"{len(missing)} of {len(key.items)} items are not rated.")
    return Answers(volunteer, ratings)


def _read_json(path: Path, most_bytes: int) -> Any:
    try:
        with path.open("rb") as file:
            # One byte more than allowed tells, whatever the file system says of its size.
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.") from error
    if len(data) > most_bytes:
        raise InputError(f"It is larger than {most_bytes / 1e6:g} MB.")
    try:
        return json.loads(
            data.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_no_constant
        )
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"It is not readable JSON ({type(error).__name__}).") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise InputError("It says the same name twice within one object.")
    return value


def _no_constant(name: str) -> float:
    raise InputError(f"It contains {name}, which is no JSON number.")


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where} must be an object, got {_short(value)}.")
    return value


def _string(value: Any, where: str, most: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise InputError(f"{where} must be a text of 1 to {most} characters, got {_short(value)}.")
    return value


def _whole(value: Any, where: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(
            f"{where} must be a whole number from {low} to {high}, got {_short(value)}."
        )
    return value


def _short(value: Any) -> str:
    """A hostile value, short and without control characters, fit for a terminal."""
    if isinstance(value, dict | list):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**12:
        return "a huge number"
    text = ascii(value)
    return text if len(text) <= 48 else text[:45] + "..."
