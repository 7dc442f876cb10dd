"""How the text files under `data/` are read: comments, [headings] and lines below them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from semgrasp.errors import InputError

DATA = Path(__file__).with_name("data")


class Line(NamedTuple):
    """One line of a file that says something."""

    heading: str
    """The [heading] above it; empty before the first."""
    text: str
    file: Path
    number: int
    """In the file, from 1."""

    def error(self, what: str) -> InputError:
        """What is wrong with this line, and where it is."""
        return InputError(f"{self.file.name}, line {self.number}: {what}")


def read_lines(file: Path) -> Iterator[Line]:
    """All lines but empty ones, comments (#) and headings."""
    heading = ""
    for number, raw in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        text = raw.strip()
        if text.startswith("[") and text.endswith("]"):
            heading = text[1:-1].strip()
        elif text and not text.startswith("#"):
            yield Line(heading, text, file, number)


def split_halves(line: Line, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words before and behind the bar of "a, b | c", which stand for train and test.

    Raises:
        InputError: No word, or one word twice.
    """
    train, _, test = text.partition("|")
    halves = tuple(
        tuple(word.strip() for word in half.split(",") if word.strip()) for half in (train, test)
    )
    for half in halves:
        if len(set(half)) < len(half):
            raise line.error(f"a word is given twice: {', '.join(half)}.")
    if not halves[0]:
        raise line.error(f"no word before the bar in {text!r}.")
    return halves[0], halves[1]
