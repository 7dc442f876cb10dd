"""Ways to hold something, independent of the object: postures, contact regions, placement.

A manner is tuned once (numbers in degrees, metres and radians below) and shared by all object
categories; a case of `cases.py` says which part of which object is held in which manner.

Placement: the hand's +y axis (out of its back) turns to the direction from the object to the
palm, its +z axis (index and thumb side) to the site's axis, and a point given in the hand frame
comes to lie on the site's centre.
"""

from dataclasses import dataclass
from typing import Literal

from semgrasp.synthesis.hand_surface import REGIONS

Range = tuple[float, float]


@dataclass(frozen=True)
class Posture:
    """The 21 anatomical degrees of freedom, written for all four fingers at once, in [rad]."""

    finger: tuple[float, float, float, float]
    """(mcp, abduction, pip, dip) of index, middle, ring and little finger."""
    thumb: tuple[float, float, float, float, float]
    """(cmc x, cmc y, cmc z, mcp, ip)."""
    spread: tuple[float, float, float, float] | None = None
    """Abduction of index, middle, ring, little finger where they differ."""
    index: tuple[float, float, float, float] | None = None
    """The index finger where it differs from the others."""

    def dofs(self) -> list[float]:
        """In the order of `semgrasp.hand.joints`: index, middle, ring, little finger, thumb."""
        fingers = [list(self.finger) for _ in range(4)]
        if self.index is not None:
            fingers[0] = list(self.index)
        if self.spread is not None:
            for finger, abduction in zip(fingers, self.spread, strict=True):
                finger[1] = abduction
        return [value for finger in fingers for value in finger] + list(self.thumb)


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a hand goes about one kind of site."""

    grasp_type: str
    """Name in the taxonomy of Feix et al. (2016)."""
    open: Posture
    close: Posture
    prior: Posture
    regions: dict[str, float]
    """Weight of each contact region; the rest are idle."""
    approach: Literal["front", "axis"] = "front"
    """Whether the palm comes from the site's front (turned about its axis) or along its axis."""
    pinch_pitch: float = 0.0
    """Rotation in [deg] about the hand's z axis: a pinch reaches with the fingertips, so the
    palm stands oblique to the surface."""
    hand_x: Range
    """Where along the fingers the site's centre lies, in the hand frame [m] (fingers: -x)."""
    gap: Range
    """Distance in [m] from the palm plane to the surface; the site's radius adds to it."""
    hand_z: Range
    """Where across the palm the site's centre lies, in the hand frame [m]."""
    adds_radius: bool = True
    """Whether `gap` is measured to the surface (site radius added) or to the centre."""
    tilt: float = 12.0
    """Mean rotation about the hand's y axis in [deg]: bars lie oblique in a fist."""
    prior_weight: float = 0.15
    force_weight: float = 1.5
    ranking_penetration: float = 0.3
    """Weight of penetration when candidates are ranked; 1 keeps only clean threadings."""
    candidates: int = 64
    """Sampled placements per hand that is wanted from one object."""
    index_is_free: bool = False
    push_regions: dict[str, float] | None = None
    """Regions that must sit on the site's front, as an index finger on a trigger."""

    def region_weights(self) -> list[float]:
        """In the order of `REGIONS`."""
        unknown = set(self.regions) - set(REGIONS)
        assert not unknown, f"unknown regions {unknown}"
        return [self.regions.get(name, 0.0) for name in REGIONS]


_WRAP_REGIONS = {
    "index3": 1.0, "middle3": 1.0, "ring3": 0.8, "pinky3": 0.6, "thumb3": 1.2,
    "index2": 0.4, "middle2": 0.4, "ring2": 0.3, "palm_upper": 0.5,
}  # fmt: skip

WRAP = Manner(
    grasp_type="large diameter",
    open=Posture((0.15, 0.0, 0.2, 0.1), (0.75, 0.1, 0.35, 0.0, 0.0)),
    close=Posture((1.35, 0.0, 1.5, 0.9), (1.2, 0.1, 0.75, 0.6, 0.8)),
    prior=Posture((0.6, 0.0, 0.7, 0.42), (0.95, 0.1, 0.5, 0.2, 0.3)),
    regions=_WRAP_REGIONS,
    hand_x=(-0.09, -0.075),
    gap=(0.009, 0.013),
    hand_z=(-0.002, 0.014),
)

SMALL_WRAP = Manner(
    grasp_type="medium wrap",
    open=Posture((0.25, 0.0, 0.35, 0.2), (0.75, 0.1, 0.35, 0.0, 0.0)),
    close=Posture((1.4, 0.0, 1.6, 1.0), (1.25, 0.1, 0.8, 0.7, 0.8)),
    prior=Posture((0.85, 0.0, 1.0, 0.6), (1.0, 0.1, 0.55, 0.35, 0.4)),
    regions=_WRAP_REGIONS,
    hand_x=(-0.09, -0.07),
    gap=(0.010, 0.014),
    hand_z=(-0.01, 0.01),
)

BAR = Manner(
    grasp_type="medium wrap",
    open=Posture((0.4, 0.0, 0.6, 0.3), (0.75, 0.1, 0.35, 0.0, 0.0)),
    close=Posture((1.4, 0.0, 1.7, 1.0), (1.3, 0.1, 0.85, 0.7, 0.8)),
    prior=Posture((1.1, 0.0, 1.45, 0.8), (1.05, 0.1, 0.65, 0.5, 0.6)),
    regions={
        "palm_middle": 3.0, "index1": 1.0, "middle1": 1.0, "ring1": 1.0, "pinky1": 0.6,
        "index2": 0.8, "middle2": 0.8, "ring2": 0.8, "pinky2": 0.5, "thumb3": 1.2,
        "index3": 0.2, "middle3": 0.2, "ring3": 0.2, "pinky3": 0.2,
    },
    hand_x=(-0.085, -0.06),
    gap=(0.012, 0.016),
    hand_z=(-0.022, -0.002),
    tilt=17.0,
    prior_weight=0.5,
)  # fmt: skip

HOOK = Manner(
    grasp_type="prismatic 4 finger",
    # Fingers must start bent: a gradient cannot thread a straight finger through a handle.
    open=Posture((0.3, 0.0, 1.35, 0.6), (0.8, 0.1, 0.4, 0.0, 0.0)),
    close=Posture((0.9, 0.0, 1.7, 1.0), (1.2, 0.1, 0.9, 0.7, 0.8)),
    prior=Posture((0.6, 0.0, 1.3, 0.7), (0.85, 0.1, 0.65, 0.3, 0.4)),
    regions={
        "index2": 1.0, "middle2": 1.0, "ring2": 0.4, "index3": 0.4, "middle3": 0.4, "thumb3": 1.2,
    },
    hand_x=(-0.125, -0.10),
    gap=(0.006, 0.010),
    hand_z=(-0.015, 0.005),
    ranking_penetration=1.0,
    candidates=500,
)  # fmt: skip

RIM = Manner(
    grasp_type="power disk",
    open=Posture((0.15, 0.0, 0.3, 0.15), (0.6, 0.0, 0.1, 0.0, 0.0)),
    close=Posture((1.2, 0.0, 1.2, 0.7), (1.2, 0.1, 0.7, 0.5, 0.6)),
    prior=Posture((0.5, 0.0, 0.5, 0.3), (0.8, 0.1, 0.3, 0.15, 0.2), (0.12, 0.0, -0.08, -0.2)),
    regions={"thumb3": 1.3, "index3": 1.0, "middle3": 1.0, "ring3": 0.8, "pinky3": 0.4},
    approach="axis",
    hand_x=(-0.115, -0.085),
    gap=(0.045, 0.075),
    hand_z=(-0.012, 0.012),
    adds_radius=False,
    tilt=0.0,
)

HEAD = Manner(
    grasp_type="quadpod",
    open=Posture((0.5, 0.0, 0.4, 0.2), (0.9, 0.1, 0.4, 0.1, 0.1)),
    close=Posture((1.35, 0.0, 1.4, 0.9), (1.25, 0.1, 0.8, 0.6, 0.8)),
    prior=Posture((0.78, 0.0, 0.62, 0.36), (1.05, 0.15, 0.55, 0.25, 0.3)),
    regions={
        "thumb3": 1.3, "index3": 1.0, "middle3": 1.0, "ring3": 0.8, "pinky3": 0.4,
        "index2": 0.3, "middle2": 0.3, "thumb2": 0.3,
    },
    approach="axis",
    hand_x=(-0.11, -0.085),
    gap=(0.04, 0.065),
    hand_z=(-0.012, 0.012),
    adds_radius=False,
    tilt=0.0,
    force_weight=6.0,
)  # fmt: skip

PINCH = Manner(
    grasp_type="prismatic 3 finger",
    open=Posture((0.5, 0.0, 0.4, 0.2), (0.9, 0.1, 0.4, 0.1, 0.1)),
    close=Posture((1.35, 0.0, 1.4, 0.9), (1.25, 0.1, 0.8, 0.6, 0.8)),
    prior=Posture((0.78, 0.0, 0.65, 0.35), (1.05, 0.15, 0.55, 0.25, 0.3)),
    regions={"thumb3": 1.5, "index3": 1.0, "middle3": 1.0, "ring3": 0.8},
    # Finger pads face (.85, -.53, 0) of the hand, which becomes the pinch direction.
    pinch_pitch=32.0,
    hand_x=(-0.111, -0.099),
    gap=(0.056, 0.068),
    hand_z=(0.002, 0.014),
    adds_radius=False,
    tilt=0.0,
    force_weight=6.0,
)

TRIGGER = Manner(
    grasp_type="index finger extension",
    open=Posture((0.25, 0.0, 0.3, 0.15), (0.75, 0.1, 0.35, 0.0, 0.0)),
    close=Posture((1.4, 0.0, 1.5, 0.9), (1.25, 0.1, 0.8, 0.7, 0.8)),
    prior=Posture(
        (0.8, 0.0, 0.9, 0.5), (1.0, 0.1, 0.55, 0.3, 0.4), index=(0.5, 0.0, 0.7, 0.4)
    ),
    regions={
        "index3": 1.2, "middle3": 1.0, "ring3": 1.0, "pinky3": 0.8, "middle2": 0.5, "ring2": 0.5,
        "thumb3": 1.0, "palm_upper": 0.5,
    },
    hand_x=(-0.085, -0.055),
    gap=(0.009, 0.013),
    hand_z=(-0.018, 0.002),
    index_is_free=True,
    push_regions={"index3": 0.8, "index2": 0.3},
)  # fmt: skip
