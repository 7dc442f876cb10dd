"""What is asked of the hands: which part of which object is held, how, and what for.

Sites come from the procedural objects; their frames follow a common rule (`GraspSite`), so a
case needs only the range of directions from which the hand comes.
"""

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from math import inf

from semgrasp.objects.procedural import ProceduralObject
from semgrasp.objects.procedural.procedural_object import SiteKind
from semgrasp.synthesis.filters import TouchedParts
from semgrasp.synthesis.manners import Manner, Range
from semgrasp.types import Intent

ANY_PART = "*"
"""Stands for the whole object in `GraspCase.region_parts`."""

_TRIGGER_VERTICES = 4


@dataclass(frozen=True, kw_only=True)
class GraspCase:
    """One way in which objects of one category are grasped."""

    name: str
    """Category, part and manner, such as "mug.handle.hook"."""
    site: str
    """Name of the grasp site, or a pattern such as "*_arm": then each site it fits is held."""
    target_part: str
    """Part that the hand is meant to hold."""
    intents: tuple[Intent, ...]
    """What the grasp serves; accepted grasps take these in turn."""
    manner: Manner
    arc: Range = (-180.0, 180.0)
    """Range in [deg] of the turn about the site's axis, counted from its front."""
    site_kind: SiteKind | None = None
    """Only sites of this kind on the target part, for objects whose sites differ."""
    site_radius: Range = (0.0, inf)
    """Only sites with a radius in this range in [m]."""
    axis_sign: float = 1.0
    """-1 puts the thumb side of the hand against the axis."""
    either_axis_sign: bool = False
    """Whether the thumb side may also point the other way."""
    along: Range = (-0.9, 0.9)
    """Where along the axis the hand is centred, in half lengths of the site."""
    roll: Range = (0.0, 0.0)
    """Rotation in [deg] about the hand's x axis, which lies across the palm direction."""
    avoid: tuple[tuple[str, float], ...] = ()
    """Parts to keep clear of, with the margin in [m]."""
    edge_margin: float = 0.0
    """Distance in [m] to keep from the space under the target part's cutting edge; 0: none."""
    region_parts: dict[str, str] = field(default_factory=dict)
    """Regions that touch another part than the target (a palm behind a trigger), or any."""
    companions: tuple[str, ...] = ()
    """Parts that may be held together with the target; then a few vertices on the target do."""
    one_sided: bool = False
    """Whether the target is so thin that each finger gets a solid extended to the far side."""
    is_rod: bool = False
    """Whether the target is a rod so thin that fingers close past it; see `rod_field`."""
    effort: float = 1.0
    """Factor on the number of optimised hands; above one for a case with a low yield."""

    @property
    def category(self) -> str:
        """Category of objects that the case is for."""
        return self.name.split(".")[0]

    def on(self, obj: ProceduralObject) -> tuple["GraspCase", ...]:
        """The case for each site of an object that it fits, without the parts it has not."""
        parts = obj.shape.part_names
        if self.target_part not in parts:
            return ()
        low, high = self.site_radius
        return tuple(
            replace(
                self,
                site=site.name,
                avoid=tuple((part, margin) for part, margin in self.avoid if part in parts),
                companions=tuple(part for part in self.companions if part in parts),
            )
            for site in obj.sites
            if fnmatchcase(site.name, self.site)
            and (
                self.site_kind is None
                or (site.kind, site.part) == (self.site_kind, self.target_part)
            )
            and low <= site.radius <= high
        )

    def accepts_parts(
        self, part_names: tuple[str, ...], parts: TouchedParts, on_target: float
    ) -> bool:
        """Whether the hand holds what it was meant to hold.

        Args:
            on_target: Share of near vertices that must be on the target part.
        """
        target = part_names.index(self.target_part)
        if not self.companions:
            return bool(parts.share[target] >= on_target)
        group = [part_names.index(name) for name in (self.target_part, *self.companions)]
        return bool(parts.count[target] >= _TRIGGER_VERTICES and parts.share[group].sum() >= 0.75)
