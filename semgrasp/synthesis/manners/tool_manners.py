"""Manners of tools, cutlery and flat things: fists with a pointing digit, pinches, key grips."""

from dataclasses import replace

from semgrasp.synthesis.manners.first import BAR, PINCH
from semgrasp.synthesis.manners.manner import Manner, Posture

SMALL_DIAMETER = replace(
    BAR,
    grasp_type="small diameter",
    open=Posture((0.55, 0.0, 0.8, 0.24), (0.75, 0.1, 0.35, 0.0, 0.0)),
    close=Posture((1.45, 0.0, 1.72, 0.63), (1.3, 0.1, 0.85, 0.8, 0.9)),
    prior=Posture((1.2, 0.0, 1.55, 0.51), (1.1, 0.1, 0.7, 0.6, 0.6)),
    # A palm that pulls hard would take in what is thin.
    regions=BAR.regions | {"palm_middle": 1.0},
)

_OBLIQUE_FIST = {
    "palm_middle": 1.0, "middle1": 0.6, "ring1": 0.8, "pinky1": 0.6,
    "middle2": 0.8, "ring2": 0.8, "pinky2": 0.6, "middle3": 0.3, "ring3": 0.3, "pinky3": 0.3,
}  # fmt: skip

ADDUCTED_THUMB = Manner(
    grasp_type="adducted thumb",
    open=Posture((0.4, 0.0, 0.6, 0.18), (0.35, 0.0, 0.1, 0.0, 0.0)),
    close=Posture((1.4, 0.0, 1.7, 0.6), (0.35, 0.0, -0.1, 0.7, 0.3)),
    prior=Posture((1.1, 0.0, 1.4, 0.45), (0.3, 0.0, -0.08, 0.35, 0.05)),
    regions=_OBLIQUE_FIST
    | {"index1": 0.5, "index2": 0.8, "index3": 0.3, "thumb3": 1.2, "thumb2": 0.3},
    hand_x=(-0.085, -0.06),
    gap=(0.012, 0.016),
    hand_z=(-0.022, -0.002),
    tilt=38.0,
    prior_weight=0.4,
)

# The same hand on a thinner handle, where a bad start ends inside the fingers.
LIGHT_TOOL = replace(ADDUCTED_THUMB, grasp_type="light tool", ranking_penetration=1.0)

SQUEEZE = Manner(
    grasp_type="medium wrap",
    open=Posture((0.9, 0.0, 0.2, 0.09), (0.7, 0.1, 0.3, 0.0, 0.0)),
    close=Posture((1.5, 0.0, 1.4, 0.54), (1.2, 0.1, 0.75, 0.6, 0.8)),
    # One handle in the palm, straight fingers reach around the other.
    prior=Posture((1.2, 0.0, 0.6, 0.27), (0.95, 0.1, 0.5, 0.2, 0.3)),
    regions={
        "palm_upper": 1.0, "index3": 1.0, "middle3": 1.0, "ring3": 0.8, "pinky3": 0.5,
        "index2": 0.3, "middle2": 0.3, "ring2": 0.3, "thumb3": 0.7, "thumb2": 0.3,
    },
    hand_x=(-0.086, -0.072),
    gap=(0.012, 0.018),
    hand_z=(-0.010, 0.010),
    tilt=10.0,
)  # fmt: skip

INDEX_EXTENSION = Manner(
    grasp_type="index finger extension",
    open=Posture((0.5, 0.0, 0.75, 0.24), (0.75, 0.1, 0.35, 0.0, 0.0), index=(0.35, 0.0, 0.2, 0.06)),
    close=Posture((1.45, 0.0, 1.7, 0.6), (1.25, 0.1, 0.8, 0.6, 0.7), index=(1.0, 0.0, 0.5, 0.18)),
    prior=Posture((1.1, 0.0, 1.4, 0.45), (1.0, 0.1, 0.55, 0.4, 0.4), index=(0.6, 0.0, 0.3, 0.11)),
    regions=_OBLIQUE_FIST | {"index3": 1.2, "thumb3": 1.2},
    hand_x=(-0.085, -0.065),
    gap=(0.013, 0.020),
    hand_z=(-0.015, 0.003),
    tilt=52.0,
    prior_weight=0.3,
    index_is_free=True,
)

PALMAR_PINCH = Manner(
    grasp_type="palmar pinch",
    open=Posture((0.5, 0.0, 0.5, 0.18), (1.0, 0.0, 0.2, 0.0, 0.0), index=(0.55, 0.0, 0.5, 0.15)),
    close=Posture((0.6, 0.0, 0.6, 0.22), (1.4, 0.0, 0.2, 0.5, 0.7), index=(1.3, 0.0, 1.2, 0.42)),
    prior=Posture((0.6, 0.0, 0.6, 0.22), (1.2, 0.0, 0.1, 0.05, 0.1), index=(0.8, 0.0, 0.75, 0.24)),
    regions={"thumb3": 1.5, "index3": 1.5},
    pinch_pitch=20.0,
    hand_x=(-0.108, -0.098),
    gap=(0.048, 0.058),
    hand_z=(0.020, 0.028),
    adds_radius=False,
    tilt=0.0,
    prior_weight=0.3,
    force_weight=6.0,
    index_is_free=True,
)

PRISMATIC_2 = replace(
    PINCH,
    grasp_type="prismatic 2 finger",
    regions={"thumb3": 1.5, "index3": 1.0, "middle3": 1.0},
    hand_z=(0.008, 0.018),
)

WRITING = Manner(
    grasp_type="writing tripod",
    open=Posture((0.85, 0.0, 0.85, 0.3), (0.9, 0.1, 0.4, 0.1, 0.1), index=(0.55, 0.0, 0.45, 0.15)),
    close=Posture((1.3, 0.0, 1.4, 0.54), (1.25, 0.1, 0.8, 0.6, 0.8), index=(1.3, 0.0, 1.2, 0.48)),
    prior=Posture(
        (0.95, 0.0, 1.0, 0.36), (1.05, 0.1, 0.45, 0.2, 0.2), index=(0.78, 0.0, 0.65, 0.21)
    ),
    regions={"thumb3": 1.4, "index3": 1.2, "middle3": 0.9},
    pinch_pitch=32.0,
    hand_x=(-0.111, -0.099),
    gap=(0.056, 0.068),
    hand_z=(0.012, 0.022),
    adds_radius=False,
    tilt=0.0,
    prior_weight=0.3,
    force_weight=3.0,
    index_is_free=True,
)

LATERAL = Manner(
    grasp_type="lateral",
    open=Posture((1.0, 0.0, 1.2, 0.36), (0.13, 0.0, 0.14, -0.05, 0.6)),
    close=Posture((1.1, 0.0, 1.3, 0.42), (0.18, 0.0, 0.12, 0.45, 0.9)),
    prior=Posture((1.0, 0.0, 1.2, 0.39), (0.18, 0.0, 0.12, 0.25, 0.65)),
    # The thumb presses; the side of the bent index finger, where its pad ends, bears.
    regions={"thumb3": 1.5, "index2": 0.8, "index3": 0.4},
    # Turned about the palm's normal, so that what is pinched lies across the index finger.
    tilt=90.0,
    hand_x=(-0.098, -0.086),
    gap=(0.026, 0.036),
    hand_z=(0.034, 0.039),
    adds_radius=False,
    prior_weight=0.5,
    force_weight=3.0,
)

DISTAL = Manner(
    grasp_type="distal type",
    # Thumb and fingers start threaded through the rings, as no gradient could thread them.
    open=Posture(
        (0.8, 0.0, 0.45, 0.18), (0.85, -0.1, 0.1, 0.1, -0.1), index=(0.6, 0.0, 0.5, 0.18)
    ),
    close=Posture((1.25, 0.0, 1.3, 0.48), (1.2, -0.1, 0.2, 0.5, 0.5)),
    prior=Posture(
        (0.9, 0.0, 0.6, 0.24), (0.9, -0.1, 0.1, 0.2, 0.0), index=(0.65, 0.0, 0.65, 0.24)
    ),
    regions={
        "thumb3": 1.2, "thumb2": 0.4, "middle2": 1.0, "middle1": 0.3, "middle3": 0.3,
        "ring2": 0.3, "index2": 0.3,
    },
    hand_x=(-0.130, -0.107),
    gap=(0.022, 0.045),
    hand_z=(-0.028, -0.003),
    adds_radius=False,
    tilt=54.0,
    ranking_penetration=1.0,
    candidates=1500,
    prior_weight=0.3,
    force_weight=0.5,
    index_is_free=True,
)  # fmt: skip
