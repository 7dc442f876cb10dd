"""What is said of a grasp type of Feix et al. (2016): `data/grasp_types.txt`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from semgrasp.synthesis.wording.text_files import DATA, read_lines


@dataclass(frozen=True)
class GraspTypeWords:
    """How a type is spoken of."""

    groups: tuple[str, ...]
    """Groups of patterns that tell its manner."""
    plain: str
    """Its name in plain words, shared by types that look alike."""


@cache
def _table() -> Mapping[str, GraspTypeWords]:
    table = {}
    for line in read_lines(DATA / "grasp_types.txt"):
        name, colon, rest = line.text.partition(":")
        groups, bar, plain = rest.partition("|")
        if not (colon and bar and plain.strip()):
            raise line.error(f"expected 'type: groups | plain name', got {line.text!r}.")
        table[name.strip()] = GraspTypeWords(tuple(groups.split()), plain.strip())
    return table


def grasp_type_words(grasp_type: str) -> GraspTypeWords | None:
    """The words for a type; None for a name that is not in the taxonomy."""
    return _table().get(grasp_type)


def manner_groups() -> frozenset[str]:
    """All groups that some type belongs to."""
    return frozenset(group for words in _table().values() for group in words.groups)
