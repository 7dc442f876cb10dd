"""Ways to hold something, independent of the object; names after the GRASP taxonomy."""

from semgrasp.synthesis.manners.first import (
    BAR,
    HEAD,
    HOOK,
    PINCH,
    RIM,
    SMALL_WRAP,
    TRIGGER,
    WRAP,
)
from semgrasp.synthesis.manners.manner import Manner, Posture, Range
from semgrasp.synthesis.manners.vessel_manners import (
    CARRY,
    LID,
    PARALLEL,
    SCOOP,
    SPAN,
)

__all__ = [
    "BAR",
    "CARRY",
    "HEAD",
    "HOOK",
    "LID",
    "PARALLEL",
    "PINCH",
    "RIM",
    "SCOOP",
    "SMALL_WRAP",
    "SPAN",
    "TRIGGER",
    "WRAP",
    "Manner",
    "Posture",
    "Range",
]
