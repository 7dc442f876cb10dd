"""Ways to hold something, independent of the object; names after the GRASP taxonomy."""

from semgrasp.synthesis.manners.device_manners import (
    CRADLE,
    EXTENSION,
    HORN,
    PALM_DOWN,
)
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
from semgrasp.synthesis.manners.round_manners import (
    POWER_SPHERE,
    POWER_SPHERE_ALONG,
    PRECISION_SPHERE,
    RING,
    SPHERE_4_FINGER,
    SPHERE_4_FINGER_ALONG,
    TRIPOD,
    TRIPOD_ALONG,
)
from semgrasp.synthesis.manners.vessel_manners import (
    CARRY,
    EAR,
    FOLIO,
    LID,
    PARALLEL,
    SCOOP,
    SPAN,
)

__all__ = [
    "BAR",
    "CARRY",
    "CRADLE",
    "EAR",
    "EXTENSION",
    "FOLIO",
    "HEAD",
    "HOOK",
    "HORN",
    "LID",
    "PALM_DOWN",
    "PARALLEL",
    "PINCH",
    "POWER_SPHERE",
    "POWER_SPHERE_ALONG",
    "PRECISION_SPHERE",
    "RIM",
    "RING",
    "SCOOP",
    "SMALL_WRAP",
    "SPAN",
    "SPHERE_4_FINGER",
    "SPHERE_4_FINGER_ALONG",
    "TRIGGER",
    "TRIPOD",
    "TRIPOD_ALONG",
    "WRAP",
    "Manner",
    "Posture",
    "Range",
]
