"""What is known about a grasp before it is put into words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from semgrasp.types import FINGERS, Intent


@dataclass(frozen=True, kw_only=True)
class GraspFacts:
    """What the words about a grasp may say."""

    category: str
    intent: Intent
    target_part: str
    """The part that the grasp is for."""
    grasp_type: str
    """Name in the taxonomy of Feix et al. (2016)."""
    avoid_parts: tuple[str, ...] = ()
    """Parts that the grasp was told to leave free."""
    rival_parts: tuple[str, ...] = ()
    """Parts that other grasps of such an object hold."""
    part_names: tuple[str, ...] = ()
    """All parts of the object; a synonym that fits two of them is not said."""
    touched: Mapping[str, tuple[str, ...]]
    """For each of FINGERS, the parts within 3 mm."""
    directions: tuple[str, ...] | None = None
    """Groups of patterns that say truly how the hand is turned (see `directions_of`)."""
    is_part_implied: bool = False
    """Whether category and intent alone decide the part, so that it need not be named."""

    @cached_property
    def touched_parts(self) -> tuple[str, ...]:
        """Touched parts, the target first, then by the number of fingers on them."""
        counts = {part: 0 for parts in self.touched.values() for part in parts}
        for parts in self.touched.values():
            for part in parts:
                counts[part] += 1
        return tuple(
            sorted(counts, key=lambda part: (part != self.target_part, -counts[part], part))
        )

    def fingers_on(self, part: str) -> tuple[str, ...]:
        """Regions of the hand that touch a part."""
        return tuple(finger for finger in FINGERS if part in self.touched.get(finger, ()))

    @property
    def idle_fingers(self) -> tuple[str, ...]:
        """Fingers that touch nothing at all; empty where nothing is known of contacts."""
        if not self.touched_parts:
            return ()
        return tuple(f for f in FINGERS if f != "palm" and not self.touched.get(f))

    @cached_property
    def free_parts(self) -> tuple[str, ...]:
        """Parts worth naming as left alone: to be avoided or held by others, and not touched."""
        parts = dict.fromkeys((*self.avoid_parts, *self.rival_parts))
        spoken_of = {self.target_part, *self.touched_parts}
        return tuple(part for part in parts if part not in spoken_of)


def parts_by_intent(
    cases: Iterable[tuple[str, Sequence[str], str]],
) -> dict[tuple[str, str], set[str]]:
    """Parts held for each (category, intent), from (category, intents, target part) of each case.

    Where it is a single part, the intent implies it.
    """
    parts: dict[tuple[str, str], set[str]] = {}
    for category, intents, part in cases:
        for intent in intents:
            parts.setdefault((category, intent), set()).add(part)
    return parts
