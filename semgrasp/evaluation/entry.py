"""What readers produce: entries to be read, samples that were, and what failed, by name."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.evaluation.hand_source import HandSource
from semgrasp.evaluation.object_files import ObjectFiles
from semgrasp.evaluation.sample import GraspSample
from semgrasp.hand import HandConvention, hand_convention

MAX_FILE_BYTES = 500_000_000


class Damaged(NamedTuple):
    """A grasp that could not be read or measured."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Reading:
    """What was found at a path."""

    samples: list[GraspSample]
    """In order of their names."""
    damaged: list[Damaged]
    """What could not be read, and why; never dropped silently."""
    notes: tuple[str, ...] = ()
    """What was assumed about all of them, one sentence each."""


class Entry(NamedTuple):
    """A grasp that a reader found, not yet read."""

    name: str
    read: Callable[[], GraspSample]


@dataclass(frozen=True, eq=False)
class Sources:
    """What readers need besides the file: objects, hands and the convention of foreign poses."""

    objects: ObjectFiles
    hands: HandSource
    convention: HandConvention
    is_convention_assumed: bool = False
    """Whether nobody said the convention."""
    assumptions: set[str] = field(default_factory=set)
    """What readers had to assume, to be told to the user."""


def gather(
    entries: Iterable[Entry | Damaged], *, progress: Callable[[int], object] | None = None
) -> Reading:
    """Read every entry; what fails is set aside with its reason.

    Args:
        progress: Told how many entries have been looked at.
    """
    samples: list[GraspSample] = []
    damaged: list[Damaged] = []
    for count, entry in enumerate(entries, start=1):
        if progress is not None:
            progress(count)
        if isinstance(entry, Damaged):
            damaged.append(entry)
            continue
        try:
            samples.append(entry.read())
        except (InputError, AssetNotFoundError, OSError) as error:
            damaged.append(Damaged(entry.name, one_line(error)))
    return Reading(sorted(samples, key=lambda sample: sample.name), sorted(damaged))


def convention_of(convention: HandConvention | str | None) -> HandConvention:
    """A convention by its name; that of OakInk where none is given."""
    if isinstance(convention, HandConvention):
        return convention
    return hand_convention("oakink" if convention is None else convention)


def one_line(error: BaseException) -> str:
    """The message of an error without line breaks."""
    return " ".join(str(error).split())


def read_json(file: Path) -> Any:
    """The value in a JSON file.

    Raises:
        InputError: It is too large or no JSON.
    """
    if file.stat().st_size > MAX_FILE_BYTES:
        raise InputError(f"{file.name} holds more than {MAX_FILE_BYTES / 1e6:.0f} MB.")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file.name} is not readable JSON: {error}.") from error
