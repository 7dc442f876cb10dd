"""Cases of assemblies: objects without a name, of generic parts.

Every assembly has other sites, so a case here is a kind of site on a generic part, held wherever
it turns up; a row of the table below makes one case for each part it names.
"""

from dataclasses import dataclass, field
from math import inf

from semgrasp.objects.procedural.procedural_object import SiteKind
from semgrasp.synthesis.cases.case import ANY_PART, GraspCase
from semgrasp.synthesis.manners import (
    BAR,
    CARRY,
    EXTENSION,
    HOOK,
    PINCH,
    POWER_SPHERE_ALONG,
    PRECISION_SPHERE,
    RIM,
    SMALL_WRAP,
    SPHERE_4_FINGER_ALONG,
    TRIGGER,
    TRIPOD,
    TRIPOD_ALONG,
    WRAP,
    Manner,
    Range,
)
from semgrasp.types import Intent

_GRIPS = ("grip", "handle", "right handle", "left handle")
_KNOBS = ("knob", "front knob", "rear knob")
_DISCS = ("end disc", "disc", "front disc", "rear disc", "wheel")
_HEADS = ("head", "front head", "rear head")
_FLAT_ENDS = ("flat end", "front flat end", "rear flat end")
_ENDS = ("tip", "hook", "spout", "fork end", "arm")
_OPEN_ENDS = ("cup", "rim")

_LEAVES_GRIPS = tuple((part, 0.010) for part in _GRIPS)
"""What is offered by another part leaves the grips to the receiver."""


@dataclass(frozen=True, kw_only=True)
class _Row:
    """One way to hold the sites of a kind on any of the parts."""

    way: str
    kind: SiteKind
    parts: tuple[str, ...]
    manner: Manner
    intents: tuple[Intent, ...]
    radius: Range = (0.0, inf)
    options: dict = field(default_factory=dict)
    """Further fields of the cases."""

    def cases(self) -> tuple[GraspCase, ...]:
        return tuple(
            GraspCase(
                name=f"assembly.{part.replace(' ', '_')}.{self.way}",
                site="*",
                site_kind=self.kind,
                site_radius=self.radius,
                target_part=part,
                intents=self.intents,
                manner=self.manner,
                **self.options,
            )
            for part in self.parts
        )


_ROWS = (
    _Row(
        way="grip",
        kind="bar",
        parts=("grip", "handle"),
        manner=BAR,
        intents=("use", "hold", "liftup"),
        options={"arc": (-70.0, 70.0)},
    ),
    _Row(
        way="pinch",
        kind="pinch",
        parts=("grip", "handle"),
        manner=PINCH,
        intents=("liftup", "use"),
        options={"arc": (-75.0, 75.0), "is_rod": True},
    ),
    _Row(
        way="loop",
        kind="hook",
        parts=_GRIPS,
        manner=HOOK,
        intents=("use", "hold", "liftup"),
        options={"arc": (-30.0, 50.0), "along": (-0.4, 0.4), "effort": 2.0},
    ),
    _Row(
        way="fist",
        kind="hook",
        parts=("grip", "handle"),
        manner=BAR,
        intents=("use", "hold", "liftup"),
        options={"arc": (-30.0, 30.0), "along": (-0.4, 0.4), "either_axis_sign": True},
    ),
    _Row(
        way="carry",
        kind="hook",
        parts=_GRIPS,
        manner=CARRY,
        intents=("liftup", "hold"),
        options={"arc": (-25.0, 25.0), "along": (-0.4, 0.4), "either_axis_sign": True},
    ),
    _Row(
        way="trigger",
        kind="trigger",
        parts=("trigger",),
        manner=TRIGGER,
        intents=("use",),
        options={
            "arc": (150.0, 215.0),
            "region_parts": dict.fromkeys(
                ("middle2", "middle3", "ring2", "ring3", "pinky3", "thumb3", "palm_upper"), ANY_PART
            ),
            "companions": ("grip", "body"),
            "effort": 1.5,
        },
    ),
    _Row(
        way="turn",
        kind="rim",
        parts=_KNOBS,
        manner=TRIPOD_ALONG,
        intents=("use", "hold"),
        radius=(0.0, 0.021),
    ),
    _Row(
        way="fingers",
        kind="rim",
        parts=(*_KNOBS, *_HEADS),
        manner=SPHERE_4_FINGER_ALONG,
        intents=("use", "liftup"),
        radius=(0.021, 0.035),
    ),
    _Row(
        way="palm",
        kind="head",
        parts=_KNOBS,
        manner=POWER_SPHERE_ALONG,
        intents=("use", "hold"),
    ),
    _Row(
        way="side",
        kind="pinch",
        parts=(*_KNOBS, *_HEADS, "body"),
        manner=PINCH,
        intents=("handover", "liftup"),
        options={"avoid": _LEAVES_GRIPS},
    ),
    _Row(
        way="wrap",
        kind="wrap",
        parts=("body", "cup", "base", *_HEADS),
        manner=SMALL_WRAP,
        intents=("hold", "handover"),
        radius=(0.0, 0.026),
        options={"avoid": _LEAVES_GRIPS, "either_axis_sign": True},
    ),
    _Row(
        way="span",
        kind="wrap",
        parts=("body", "cup", "base", *_HEADS),
        manner=WRAP,
        intents=("hold", "handover", "liftup"),
        radius=(0.026, 0.060),
        options={"avoid": _LEAVES_GRIPS},
    ),
    _Row(
        way="disc",
        kind="rim",
        parts=(*_DISCS, *_OPEN_ENDS),
        manner=PRECISION_SPHERE,
        intents=("handover", "liftup", "use"),
        radius=(0.017, 0.034),
    ),
    _Row(
        way="broad_disc",
        kind="rim",
        parts=(*_DISCS, *_OPEN_ENDS),
        manner=RIM,
        intents=("liftup", "handover", "use"),
        radius=(0.034, 0.060),
    ),
    _Row(
        way="edge",
        kind="pinch",
        parts=("base", "disc", *_FLAT_ENDS, "flat base", "lever"),
        manner=EXTENSION,
        intents=("handover", "hold", "liftup"),
        radius=(0.0, 0.010),
        options={"avoid": _LEAVES_GRIPS, "arc": (-25.0, 25.0), "either_axis_sign": True},
    ),
    _Row(
        way="bar",
        kind="bar",
        parts=("body", "shaft"),
        manner=BAR,
        intents=("hold", "handover", "liftup"),
        options={"avoid": _LEAVES_GRIPS, "either_axis_sign": True},
    ),
    _Row(
        way="rod",
        kind="pinch",
        parts=("shaft", *_ENDS),
        manner=PINCH,
        intents=("handover", "hold", "liftup"),
        radius=(0.0, 0.014),
        options={"avoid": _LEAVES_GRIPS, "is_rod": True, "arc": (-60.0, 60.0)},
    ),
    _Row(
        way="fingertips",
        kind="pinch",
        parts=("neck",),
        manner=TRIPOD,
        intents=("hold", "liftup"),
        radius=(0.0, 0.014),
        options={"is_rod": True},
    ),
    _Row(
        way="hook",
        kind="hook",
        parts=("ring",),
        manner=HOOK,
        intents=("hold", "use", "liftup"),
        options={"arc": (-30.0, 30.0), "along": (-0.3, 0.3), "effort": 2.0},
    ),
)

ASSEMBLY_CASES: tuple[GraspCase, ...] = tuple(case for row in _ROWS for case in row.cases())
