"""What volunteers are shown: grasps under random names, and the key that tells them apart."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from semgrasp.errors import InputError
from semgrasp.evaluation import GraspSample

_GAP = 0.06
"""Clear space between object and hand of an attention check in [m]."""
_ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, eq=False)
class Item:
    """One grasp as it is shown."""

    id: str
    """Random; says nothing of where the grasp comes from."""
    sample: GraspSample
    condition: str | None
    """The method that made the grasp; None for an attention check."""

    @property
    def question(self) -> str:
        """What conditions are compared on: an object and what is to be done with it."""
        return f"{self.sample.shape.name}: {' '.join(self.sample.instruction.split())}"


@dataclass(frozen=True, eq=False)
class Study:
    """A set of grasps to be judged, in an order that tells nothing."""

    id: str
    items: tuple[Item, ...]
    """Grasps and attention checks, shuffled."""
    practice: GraspSample
    """Shown first, with an explanation; a hand that does not touch the object."""


def make_study(
    conditions: Mapping[str, Sequence[GraspSample]], *, checks: int = 2, rng: random.Random
) -> Study:
    """Mix the grasps of all conditions with attention checks.

    Args:
        conditions: Grasps by the name of the method that made them.
        checks: How many hands that hover beside their object to mix in.
        rng: Draws names, order and checks.

    Raises:
        InputError: No grasps, or a grasp without an instruction.
    """
    samples = [(name, sample) for name, members in conditions.items() for sample in members]
    if not samples:
        raise InputError("There are no grasps to show.")
    for name, sample in samples:
        if not sample.instruction.strip():
            raise InputError(
                f"The grasp {sample.name} of {name!r} has no instruction, so volunteers cannot "
                "tell whether it fits. Show grasps that `semgrasp generate` wrote."
            )
    ids = _draw_ids(len(samples) + checks, rng)
    items = [Item(ids.pop(), sample, name) for name, sample in samples]
    # Prefer different objects, so that the checks do not resemble each other.
    shapes = list({sample.shape.name: sample for _, sample in rng.sample(samples, len(samples))})
    for index in range(checks):
        name = shapes[index % len(shapes)]
        source = rng.choice([sample for _, sample in samples if sample.shape.name == name])
        items.append(Item(ids.pop(), detached(source), None))
    rng.shuffle(items)
    practice = detached(rng.choice(samples)[1])
    return Study(_draw_ids(1, rng, length=12)[0], tuple(items), practice)


def detached(sample: GraspSample) -> GraspSample:
    """The same hand, moved away from the object until it clearly does not touch it."""
    hand, shape = sample.hand_vertices_object, sample.shape.vertices_object
    away = hand.mean(axis=0) - shape.mean(axis=0)
    length = np.linalg.norm(away)
    away = away / length if length > 1e-6 else np.array([1.0, 0.0, 0.0])
    shift = (shape @ away).max() + _GAP - (hand @ away).min()
    return replace(
        sample, hand_vertices_object=hand + max(shift, 0.0) * away, grasp=None, hand_model=None
    )


def _draw_ids(count: int, rng: random.Random, length: int = 8) -> list[str]:
    ids: set[str] = set()
    while len(ids) < count:
        ids.add("".join(rng.choices(_ID_LETTERS, k=length)))
    drawn = sorted(ids)
    rng.shuffle(drawn)
    return drawn
