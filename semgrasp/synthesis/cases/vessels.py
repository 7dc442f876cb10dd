"""Cases of vessels and boxes: what holds something."""

from semgrasp.synthesis.cases.case import GraspCase

VESSEL_CASES: tuple[GraspCase, ...] = ()
