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
    curled: tuple[float, float, float, float] | None = None
    """Ring and little finger where they stay out of the way."""

    def dofs(self) -> list[float]:
        """In the order of `semgrasp.hand.joints`: index, middle, ring, little finger, thumb."""
        fingers = [list(self.finger) for _ in range(4)]
        if self.index is not None:
            fingers[0] = list(self.index)
        if self.curled is not None:
            fingers[2:] = [list(self.curled), list(self.curled)]
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
