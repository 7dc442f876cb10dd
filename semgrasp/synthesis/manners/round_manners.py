"""Manners for round things: the whole hand around a ball, or a few fingertips on it."""

from dataclasses import replace

from semgrasp.synthesis.manners.manner import Manner, Posture

_SPREAD = (0.2, 0.04, -0.12, -0.25)
_CURLED = (1.0, 0.0, 1.25, 0.42)

POWER_SPHERE = Manner(
    grasp_type="power sphere",
    open=Posture((0.1, 0.0, 0.25, 0.09), (0.75, 0.1, 0.3, 0.0, 0.0), _SPREAD),
    close=Posture((1.25, 0.0, 1.4, 0.51), (1.2, 0.1, 0.75, 0.6, 0.8), _SPREAD),
    prior=Posture((0.5, 0.0, 0.65, 0.24), (0.95, 0.1, 0.45, 0.2, 0.3), _SPREAD),
    regions={
        "index3": 1.0, "middle3": 1.0, "ring3": 1.0, "pinky3": 0.7, "thumb3": 1.2,
        "index2": 0.5, "middle2": 0.5, "ring2": 0.4, "palm_upper": 0.9,
    },
    hand_x=(-0.095, -0.08),
    gap=(0.010, 0.014),
    hand_z=(-0.004, 0.012),
)  # fmt: skip

POWER_SPHERE_ALONG = replace(POWER_SPHERE, approach="axis", tilt=0.0)
"""The same with the palm above or below the ball."""

PRECISION_SPHERE = Manner(
    grasp_type="precision sphere",
    open=Posture((0.2, 0.0, 0.3, 0.09), (0.7, 0.05, 0.15, 0.0, 0.0), _SPREAD),
    close=Posture((1.2, 0.0, 1.2, 0.42), (1.2, 0.1, 0.7, 0.5, 0.6), _SPREAD),
    prior=Posture((0.5, 0.0, 0.55, 0.2), (0.85, 0.1, 0.3, 0.15, 0.2), _SPREAD),
    regions={"thumb3": 1.4, "index3": 1.0, "middle3": 1.0, "ring3": 1.0, "pinky3": 0.8},
    approach="axis",
    hand_x=(-0.115, -0.09),
    gap=(0.050, 0.072),
    hand_z=(-0.006, 0.014),
    adds_radius=False,
    tilt=0.0,
    force_weight=4.0,
)

SPHERE_4_FINGER = Manner(
    grasp_type="sphere 4 finger",
    open=Posture((0.3, 0.0, 0.4, 0.12), (0.85, 0.1, 0.35, 0.05, 0.1), (0.15, 0.02, -0.12, -0.2)),
    close=Posture((1.35, 0.0, 1.4, 0.54), (1.25, 0.1, 0.8, 0.6, 0.8), (0.15, 0.02, -0.12, -0.2)),
    prior=Posture((0.65, 0.0, 0.75, 0.27), (1.0, 0.1, 0.5, 0.2, 0.3), (0.15, 0.02, -0.12, -0.2)),
    regions={
        "thumb3": 1.4, "index3": 1.0, "middle3": 1.0, "ring3": 0.9,
        "index2": 0.4, "middle2": 0.4, "ring2": 0.3, "thumb2": 0.3,
    },
    hand_x=(-0.102, -0.088),
    gap=(0.026, 0.038),
    hand_z=(0.0, 0.014),
    force_weight=4.0,
)  # fmt: skip

SPHERE_4_FINGER_ALONG = replace(
    SPHERE_4_FINGER, approach="axis", adds_radius=False, gap=(0.045, 0.065), tilt=0.0
)
"""The same with the hand above."""

TRIPOD = Manner(
    grasp_type="tripod",
    open=Posture((0.5, 0.0, 0.4, 0.12), (0.9, 0.1, 0.4, 0.1, 0.1), curled=_CURLED),
    close=Posture((1.35, 0.0, 1.4, 0.54), (1.25, 0.1, 0.8, 0.6, 0.8), curled=_CURLED),
    prior=Posture((0.7, 0.0, 0.65, 0.21), (1.05, 0.15, 0.55, 0.25, 0.3), curled=_CURLED),
    regions={"thumb3": 1.5, "index3": 1.0, "middle3": 1.0},
    pinch_pitch=28.0,
    hand_x=(-0.110, -0.097),
    gap=(0.054, 0.066),
    hand_z=(0.008, 0.020),
    adds_radius=False,
    tilt=0.0,
    force_weight=6.0,
)

TRIPOD_ALONG = replace(TRIPOD, approach="axis")
"""The same with the fingertips along the site's axis."""

RING = Manner(
    grasp_type="ring",
    open=Posture((0.3, 0.0, 0.4, 0.12), (0.85, 0.1, 0.35, 0.05, 0.1)),
    close=Posture((1.35, 0.0, 1.4, 0.54), (1.25, 0.1, 0.8, 0.6, 0.8)),
    prior=Posture((0.65, 0.0, 0.85, 0.3), (1.0, 0.1, 0.5, 0.3, 0.4)),
    regions={
        "thumb3": 1.3, "index3": 1.0, "index2": 0.8, "thumb2": 0.4, "index1": 0.4,
    },
    hand_x=(-0.098, -0.082),
    gap=(0.014, 0.024),
    hand_z=(0.016, 0.030),
    tilt=0.0,
    force_weight=3.0,
)  # fmt: skip
