"""Which part of which object is held, how, and what for.

Sites come from the procedural objects; their frames follow a common rule (`GraspSite`), so a
case needs only the range of directions from which the hand comes.
"""

from dataclasses import dataclass, field

from semgrasp.errors import InputError
from semgrasp.synthesis.filters import TouchedParts
from semgrasp.synthesis.manners import (
    BAR,
    HEAD,
    HOOK,
    PINCH,
    RIM,
    SMALL_WRAP,
    TRIGGER,
    WRAP,
    Manner,
    Range,
)
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
    """Name of the grasp site."""
    target_part: str
    """Part that the hand is meant to hold."""
    intents: tuple[Intent, ...]
    """What the grasp serves; accepted grasps take these in turn."""
    manner: Manner
    arc: Range = (-180.0, 180.0)
    """Range in [deg] of the turn about the site's axis, counted from its front."""
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


def cases_of(category: str) -> tuple[GraspCase, ...]:
    """All cases of a category."""
    found = tuple(case for case in CASES if case.category == category)
    if not found:
        known = ", ".join(sorted({case.category for case in CASES}))
        raise InputError(f"No grasp cases for category {category!r}. Known: {known}.")
    return found


_USE_HOLD: tuple[Intent, ...] = ("use", "hold")

CASES: tuple[GraspCase, ...] = (
    # Mug: the handle is at +x, the body's front points away from it.
    GraspCase(
        name="mug.handle.hook",
        site="handle",
        target_part="handle",
        intents=_USE_HOLD,
        manner=HOOK,
        arc=(-10.0, 65.0),
        along=(-0.3, 0.3),
        effort=3.0,
    ),
    GraspCase(
        name="mug.body.hold",
        site="body",
        target_part="body",
        intents=("hold", "liftup"),
        manner=WRAP,
        arc=(-75.0, 75.0),
        avoid=(("handle", 0.012),),
    ),
    GraspCase(
        name="mug.body.handover",
        site="body",
        target_part="body",
        intents=("handover",),
        manner=WRAP,
        arc=(-25.0, 25.0),
        avoid=(("handle", 0.030),),
    ),
    GraspCase(
        name="mug.rim.above",
        site="rim",
        target_part="rim",
        intents=("liftup",),
        manner=RIM,
        avoid=(("handle", 0.006),),
    ),
    # Bottle: round, upright.
    GraspCase(
        name="bottle.body.hold",
        site="body",
        target_part="body",
        intents=("use", "hold", "handover"),
        manner=WRAP,
    ),
    GraspCase(
        name="bottle.neck.lift",
        site="neck",
        target_part="neck",
        intents=("liftup", "handover"),
        manner=SMALL_WRAP,
        companions=("cap", "body"),
    ),
    GraspCase(
        name="bottle.cap.twist",
        site="cap_from_above",
        target_part="cap",
        intents=("use",),
        manner=HEAD,
    ),
    # Knife: blade towards +x, edge down, flat sides to -y and +y.
    GraspCase(
        name="knife.handle.use",
        site="handle",
        target_part="handle",
        intents=_USE_HOLD,
        manner=BAR,
        arc=(-28.0, 28.0),
        avoid=(("blade", 0.004),),
    ),
    GraspCase(
        name="knife.handle.lift",
        site="handle",
        target_part="handle",
        intents=("liftup",),
        manner=BAR,
        # Palm down, as one picks a knife up from a table.
        arc=(-85.0, -45.0),
        avoid=(("blade", 0.004),),
    ),
    GraspCase(
        name="knife.blade.handover",
        site="blade",
        target_part="blade",
        intents=("handover",),
        manner=PINCH,
        roll=(0.0, 60.0),
        arc=(0.0, 0.0),
        avoid=(("handle", 0.015),),
        edge_margin=0.003,
        one_sided=True,
        effort=1.5,
    ),
    # Hammer: the handle points to -x, the head stands along z.
    GraspCase(
        name="hammer.handle.use",
        site="handle",
        target_part="handle",
        intents=_USE_HOLD,
        manner=BAR,
        arc=(-60.0, 60.0),
        avoid=(("head", 0.010),),
    ),
    GraspCase(
        name="hammer.handle.lift",
        site="handle_near_head",
        target_part="handle",
        intents=("liftup", "hold"),
        manner=BAR,
        arc=(-90.0, 0.0),
        avoid=(("head", 0.006),),
    ),
    GraspCase(
        name="hammer.head.handover",
        site="head",
        target_part="head",
        intents=("handover",),
        manner=SMALL_WRAP,
        arc=(-60.0, 60.0),
        either_axis_sign=True,
        avoid=(("handle", 0.006),),
    ),
    # Screwdriver: shaft and tip point to +x.
    GraspCase(
        name="screwdriver.handle.use",
        site="handle",
        target_part="handle",
        intents=_USE_HOLD,
        manner=BAR,
        avoid=(("shaft", 0.004),),
    ),
    GraspCase(
        name="screwdriver.handle.pinch",
        site="handle_pinch",
        target_part="handle",
        intents=("liftup", "use"),
        manner=PINCH,
        arc=(-75.0, 75.0),
        avoid=(("shaft", 0.004),),
    ),
    GraspCase(
        name="screwdriver.shaft.handover",
        site="shaft",
        target_part="shaft",
        intents=("handover",),
        manner=PINCH,
        along=(-1.0, -0.4),
        is_rod=True,
        avoid=(("handle", 0.010),),
    ),
    # Wineglass: held by the stem, cupped by the bowl, lifted from above.
    GraspCase(
        name="wineglass.stem.pinch",
        site="stem",
        target_part="stem",
        intents=_USE_HOLD,
        manner=PINCH,
        is_rod=True,
        effort=1.5,
    ),
    GraspCase(
        name="wineglass.bowl.hold",
        site="bowl",
        target_part="bowl",
        intents=("use", "hold", "handover"),
        manner=WRAP,
    ),
    GraspCase(
        name="wineglass.rim.lift",
        site="rim",
        target_part="bowl",
        intents=("liftup",),
        manner=RIM,
    ),
    # Trigger sprayer: the nozzle points to +x.
    GraspCase(
        name="trigger_sprayer.trigger.use",
        site="trigger",
        target_part="trigger",
        intents=("use",),
        manner=TRIGGER,
        # The site faces the trigger's front; the palm comes from behind.
        arc=(150.0, 215.0),
        region_parts=dict.fromkeys(
            ("middle2", "middle3", "ring2", "ring3", "pinky3", "thumb3", "palm_upper"), ANY_PART
        ),
        companions=("body", "neck"),
        avoid=(("nozzle", 0.010),),
        effort=1.5,
    ),
    GraspCase(
        name="trigger_sprayer.body.hold",
        site="body",
        target_part="body",
        intents=("hold", "handover"),
        manner=WRAP,
        avoid=(("trigger", 0.010), ("nozzle", 0.010)),
    ),
    GraspCase(
        name="trigger_sprayer.head.lift",
        site="head",
        target_part="head",
        intents=("liftup",),
        manner=HEAD,
        arc=(-20.0, 20.0),
        either_axis_sign=True,
        avoid=(("trigger", 0.006), ("nozzle", 0.004)),
        effort=1.3,
    ),
    # Frying pan: the handle points to -x. A pinch of its rim, far from the centre of mass, did
    # not hold in simulation, so nothing is handed over.
    GraspCase(
        name="fryingpan.handle.use",
        site="handle",
        target_part="handle",
        intents=("use", "hold", "liftup"),
        manner=BAR,
        arc=(-60.0, 45.0),
        avoid=(("pan", 0.006),),
    ),
)
"""Every case, all categories."""

GRASPED_CATEGORIES: tuple[str, ...] = tuple(dict.fromkeys(case.category for case in CASES))
"""Categories with grasps; more can be made as objects (`semgrasp.objects.procedural`)."""
