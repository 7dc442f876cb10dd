"""Whether a hand holds the part it was asked to hold."""

from collections.abc import Sequence
from typing import NamedTuple

from semgrasp.errors import InputError
from semgrasp.metrics.contact import TouchedParts
from semgrasp.metrics.interval import proportion_interval


class PartHit(NamedTuple):
    """How well one grasp does as it was asked; a strict hit is always a lenient one."""

    strict: bool
    """The asked part is touched first and foremost: nearest to most of the near skin."""
    lenient: bool
    """The asked part is touched, whatever else is."""


class PartAccuracy(NamedTuple):
    """Shares of grasps that do as they were asked."""

    strict: float
    strict_interval: tuple[float, float]
    """Wilson's 95 % interval."""
    lenient: float
    lenient_interval: tuple[float, float]
    asked: int
    """Grasps that were asked for a part, the ones that count."""
    not_asked: int
    """Grasps left out because nobody asked for a part."""


def part_hit(touched: TouchedParts, part_names: Sequence[str], asked: str) -> PartHit:
    """Compare what a grasp touches with what was asked.

    Args:
        touched: From `touched_parts`; a hand that touches nothing hits nothing.
        part_names: Of the object, in the order of `touched`.
        asked: One of them.

    Raises:
        InputError: The object has no such part.
    """
    if asked not in part_names:
        raise InputError(
            f"The object has no part {asked!r}. Its parts: {', '.join(part_names) or 'none'}."
        )
    part = list(part_names).index(asked)
    strict = bool(touched.count.sum() > 0 and touched.count.argmax() == part)
    return PartHit(strict, strict or bool(touched.by_finger[:, part].any()))


def semantic_part_accuracy(
    touched: Sequence[TouchedParts],
    part_names: Sequence[Sequence[str]],
    asked: Sequence[str],
    *,
    level: float = 0.95,
) -> PartAccuracy:
    """Share of grasps that hold the asked part, strictly and leniently.

    Args:
        touched: What each grasp touches.
        part_names: Parts of each grasp's object.
        asked: The part each grasp was asked to hold; empty where none was, which does not count.
        level: Of the intervals.

    Raises:
        InputError: No grasp was asked for a part, or one for a part its object does not have.
    """
    if not len(touched) == len(part_names) == len(asked):
        raise InputError(
            "Give one entry per grasp: got "
            f"{len(touched)} touched, {len(part_names)} part names, {len(asked)} asked."
        )
    hits = [
        part_hit(touch, names, part)
        for touch, names, part in zip(touched, part_names, asked, strict=True)
        if part
    ]
    if not hits:
        raise InputError("No grasp was asked to hold a part, so none can be right or wrong.")
    strict, lenient = sum(hit.strict for hit in hits), sum(hit.lenient for hit in hits)
    return PartAccuracy(
        strict / len(hits),
        proportion_interval(strict, len(hits), level=level),
        lenient / len(hits),
        proportion_interval(lenient, len(hits), level=level),
        len(hits),
        len(asked) - len(hits),
    )
