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

__all__ = [
    "BAR",
    "HEAD",
    "HOOK",
    "PINCH",
    "RIM",
    "SMALL_WRAP",
    "TRIGGER",
    "WRAP",
    "Manner",
    "Posture",
    "Range",
]
