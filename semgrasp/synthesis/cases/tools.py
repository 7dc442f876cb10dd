"""Cases of tools, cutlery and utensils."""

from semgrasp.synthesis.cases.case import GraspCase

TOOL_CASES: tuple[GraspCase, ...] = ()
