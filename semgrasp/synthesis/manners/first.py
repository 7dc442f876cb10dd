"""The eight manners tuned first: wraps, bars, hooks, rims, heads, pinches, triggers."""

from dataclasses import replace

from semgrasp.synthesis.manners.manner import Manner, Posture

_WRAP_REGIONS = {
    "index3": 1.0, "middle3": 1.0, "ring3": 0.8, "pinky3": 0.6, "thumb3": 1.2,
    "index2": 0.4, "middle2": 0.4, "ring2": 0.3, "palm_upper": 0.5,
}  # fmt: skip

WRAP = Manner(
    grasp_type="large diameter",
    open=Posture((0.15, 0.0, 0.2, 0.06), (0.75, 0.1, 0.35, 0.0, 0.0)),
    close=Posture((1.35, 0.0, 1.5, 0.54), (1.2, 0.1, 0.75, 0.6, 0.8)),
    prior=Posture((0.6, 0.0, 0.7, 0.25), (0.95, 0.1, 0.5, 0.2, 0.3)),
    regions=_WRAP_REGIONS,
    hand_x=(-0.09, -0.075),
    gap=(0.009, 0.013),
    hand_z=(-0.002, 0.014),
)

SMALL_WRAP = Manner(
    grasp_type="medium wrap",
    open=Posture((0.25, 0.0, 0.35, 0.12), (0.75, 0.1, 0.35, 0.0, 0.0)),
    close=Posture((1.4, 0.0, 1.6, 0.6), (1.25, 0.1, 0.8, 0.7, 0.8)),
    prior=Posture((0.85, 0.0, 1.0, 0.36), (1.0, 0.1, 0.55, 0.35, 0.4)),
    regions=_WRAP_REGIONS,
    hand_x=(-0.09, -0.07),
    gap=(0.010, 0.014),
    hand_z=(-0.01, 0.01),
)

BAR = Manner(
    grasp_type="medium wrap",
    open=Posture((0.4, 0.0, 0.6, 0.18), (0.75, 0.1, 0.35, 0.0, 0.0)),
    close=Posture((1.4, 0.0, 1.7, 0.6), (1.3, 0.1, 0.85, 0.7, 0.8)),
    prior=Posture((1.1, 0.0, 1.45, 0.48), (1.05, 0.1, 0.65, 0.5, 0.6)),
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
    open=Posture((0.3, 0.0, 1.35, 0.36), (0.8, 0.1, 0.4, 0.0, 0.0)),
    close=Posture((0.9, 0.0, 1.7, 0.6), (1.2, 0.1, 0.9, 0.7, 0.8)),
    prior=Posture((0.6, 0.0, 1.3, 0.42), (0.85, 0.1, 0.65, 0.3, 0.4)),
    regions={
        "index2": 1.0, "middle2": 1.0, "ring2": 0.4, "index3": 0.4, "middle3": 0.4, "thumb3": 1.2,
    },
    hand_x=(-0.125, -0.10),
    gap=(0.006, 0.010),
    hand_z=(-0.015, 0.005),
    ranking_penetration=1.0,
    candidates=500,
)  # fmt: skip

MUG_HOOK = replace(HOOK, candidates=1500)
"""Most hands placed at a mug's narrow handle are impaled on its bar, and no gradient gets them off:
more are tried."""

TWO_FINGER_HOOK = replace(
    MUG_HOOK,
    grasp_type="prismatic 2 finger",
    open=Posture((0.3, 0.0, 1.3, 0.36), (0.8, 0.1, 0.4, 0.0, 0.0), curled=(1.2, 0.0, 1.7, 0.6)),
    close=Posture((0.9, 0.0, 1.7, 0.6), (1.2, 0.1, 0.9, 0.7, 0.8), curled=(1.4, 0.0, 1.75, 0.7)),
    prior=Posture((0.6, 0.0, 1.3, 0.42), (0.85, 0.1, 0.65, 0.3, 0.4), curled=(1.2, 0.0, 1.7, 0.6)),
    regions={"index2": 1.0, "middle2": 1.0, "index3": 0.4, "middle3": 0.4, "thumb3": 1.2},
    hand_z=(0.0, 0.02),
)
"""Ring and little finger stay in the palm, for handles that take two."""

RIM = Manner(
    grasp_type="power disk",
    open=Posture((0.15, 0.0, 0.3, 0.09), (0.6, 0.0, 0.1, 0.0, 0.0)),
    close=Posture((1.2, 0.0, 1.2, 0.42), (1.2, 0.1, 0.7, 0.5, 0.6)),
    prior=Posture((0.5, 0.0, 0.5, 0.18), (0.8, 0.1, 0.3, 0.15, 0.2), (0.12, 0.0, -0.08, -0.2)),
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
    open=Posture((0.5, 0.0, 0.4, 0.12), (0.9, 0.1, 0.4, 0.1, 0.1)),
    close=Posture((1.35, 0.0, 1.4, 0.54), (1.25, 0.1, 0.8, 0.6, 0.8)),
    prior=Posture((0.78, 0.0, 0.62, 0.22), (1.05, 0.15, 0.55, 0.25, 0.3)),
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
    open=Posture((0.5, 0.0, 0.4, 0.12), (0.9, 0.1, 0.4, 0.1, 0.1)),
    close=Posture((1.35, 0.0, 1.4, 0.54), (1.25, 0.1, 0.8, 0.6, 0.8)),
    prior=Posture((0.78, 0.0, 0.65, 0.21), (1.05, 0.15, 0.55, 0.25, 0.3)),
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
    open=Posture((0.25, 0.0, 0.3, 0.09), (0.75, 0.1, 0.35, 0.0, 0.0)),
    close=Posture((1.4, 0.0, 1.5, 0.54), (1.25, 0.1, 0.8, 0.7, 0.8)),
    prior=Posture(
        (0.8, 0.0, 0.9, 0.3), (1.0, 0.1, 0.55, 0.3, 0.4), index=(0.5, 0.0, 0.7, 0.24)
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
