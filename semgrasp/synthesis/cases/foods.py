"""Cases of food and small things."""

from semgrasp.synthesis.cases.case import GraspCase

FOOD_CASES: tuple[GraspCase, ...] = ()
