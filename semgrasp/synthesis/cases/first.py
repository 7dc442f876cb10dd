"""Cases of the first eight categories: mug, bottle, knife, hammer, screwdriver and others."""

from semgrasp.synthesis.cases.case import ANY_PART, GraspCase
from semgrasp.synthesis.manners import BAR, HEAD, HOOK, PINCH, RIM, SMALL_WRAP, TRIGGER, WRAP
from semgrasp.types import Intent

_USE_HOLD: tuple[Intent, ...] = ("use", "hold")

FIRST_CASES: tuple[GraspCase, ...] = (
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
