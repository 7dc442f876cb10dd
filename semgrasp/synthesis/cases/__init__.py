"""Which part of which object is held, how, and what for: one file per family of objects."""

from semgrasp.errors import InputError
from semgrasp.synthesis.cases.case import ANY_PART, GraspCase
from semgrasp.synthesis.cases.devices import DEVICE_CASES
from semgrasp.synthesis.cases.first import FIRST_CASES
from semgrasp.synthesis.cases.foods import FOOD_CASES
from semgrasp.synthesis.cases.tools import TOOL_CASES
from semgrasp.synthesis.cases.unnamed import ASSEMBLY_CASES
from semgrasp.synthesis.cases.vessels import VESSEL_CASES

__all__ = ["ANY_PART", "CASES", "GRASPED_CATEGORIES", "GraspCase", "cases_of"]

CASES: tuple[GraspCase, ...] = (
    *FIRST_CASES,
    *VESSEL_CASES,
    *TOOL_CASES,
    *DEVICE_CASES,
    *FOOD_CASES,
    *ASSEMBLY_CASES,
)
"""Every case, all categories."""

GRASPED_CATEGORIES: tuple[str, ...] = tuple(dict.fromkeys(case.category for case in CASES))
"""Categories with grasps; more can be made as objects (`semgrasp.objects.procedural`)."""


def cases_of(category: str) -> tuple[GraspCase, ...]:
    """All cases of a category."""
    found = tuple(case for case in CASES if case.category == category)
    if not found:
        known = ", ".join(sorted({case.category for case in CASES}))
        raise InputError(f"No grasp cases for category {category!r}. Known: {known}.")
    return found
