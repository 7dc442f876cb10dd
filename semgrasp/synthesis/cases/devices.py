"""Cases of devices and things to wear."""

from semgrasp.synthesis.cases.case import GraspCase

DEVICE_CASES: tuple[GraspCase, ...] = ()
