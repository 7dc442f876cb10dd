"""Read a stranger's YAML mapping key by key, noting all that is wrong before refusing it.

The readers take a value as YAML gives it and raise `ValueError` saying what was expected.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float
from numpy import ndarray

_T = TypeVar("_T")


class CheckedMapping:
    """A mapping of a file, read key by key; what is wrong is noted and reading goes on.

    Args:
        content: What the file has there.
        where: Keys that lead there, joined by dots; empty for the whole file.
        problems: Where problems are noted, each with its place.
    """

    def __init__(self, content: object, where: str, problems: list[str]) -> None:
        self.where = where
        self.problems = problems
        self.content: dict[str, Any] = {}
        self.taken: list[str] = []
        if not isinstance(content, Mapping):
            self.note("", f"must be a mapping of keys to values, got {shown(content)}")
        else:
            self.content = {str(key): value for key, value in content.items()}

    def note(self, key: str, problem: str) -> None:
        """Note a problem of a key, or of this mapping where the key is empty."""
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

    def inner(self, key: str, *, optional: bool = False) -> "CheckedMapping":
        """The mapping under a key."""
        self.taken.append(key)
        if key not in self.content and not optional:
            self.note(key, "is missing")
        where = f"{self.where}.{key}" if self.where else key
        return CheckedMapping(self.content.get(key, {}), where, self.problems)

    def end(self) -> None:
        """Note keys nobody asked for."""
        for key in self.content:
            if key not in self.taken:
                self.note(key, f"is not known here. Known: {', '.join(self.taken)}")


def read_one_of(allowed: tuple[str, ...]) -> Callable[[Any], str]:
    """A reader of one of the words allowed."""

    def read(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}, got {shown(value)}")
        return value

    return read


def read_text(value: Any) -> str:
    """A text that is not empty."""
    # A joint may be called 0: YAML reads a number where a name is meant.
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError(f"must be a text, got {shown(value)}")
    return str(value)


def read_text_or_empty(value: Any) -> str:
    """A text."""
    return "" if value == "" else read_text(value)


def read_list(value: Any) -> list[Any]:
    """A list of anything."""
    if not isinstance(value, list):
        raise ValueError(f"must be a list, got {shown(value)}")
    return value


def read_words(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(read_text(word) for word in read_list(value))


def read_number(value: Any) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f"must be a number, got {shown(value)}")
    return float(value)


def read_positive(value: Any) -> float:
    """A number above zero."""
    number = read_number(value)
    if number <= 0.0:
        raise ValueError(f"must be positive, got {number:g}")
    return number


def read_not_negative(value: Any) -> float:
    """A number from zero up."""
    number = read_number(value)
    if number < 0.0:
        raise ValueError(f"must not be negative, got {number:g}")
    return number


def read_vector(value: Any) -> Float[ndarray, "3"]:
    """Three numbers."""
    numbers = [read_number(number) for number in read_list(value)]
    if len(numbers) != 3:
        raise ValueError(f"must be three numbers, got {len(numbers)}")
    return np.array(numbers)


def read_unit(value: Any) -> Float[ndarray, "3"]:
    """A direction, scaled to length one."""
    vector = read_vector(value)
    length = np.linalg.norm(vector)
    if length < 1e-6:
        raise ValueError("must not be zero: it is a direction")
    return vector / length


def read_quaternion(value: Any) -> tuple[float, float, float, float]:
    """A rotation w, x, y, z, scaled to length one."""
    numbers = [read_number(number) for number in read_list(value)]
    length = float(np.linalg.norm(numbers))
    if len(numbers) != 4 or length < 1e-6:
        raise ValueError(f"must be a quaternion w, x, y, z, got {shown(value)}")
    w, x, y, z = (number / length for number in numbers)
    return w, x, y, z


def shown(value: object) -> str:
    """A value of a stranger's file, short enough for a message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
