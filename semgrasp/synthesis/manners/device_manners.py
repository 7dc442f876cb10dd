"""Manners for devices: a phone in the hand, a mouse under it, a controller's grip, flat edges."""

from dataclasses import replace

from semgrasp.synthesis.manners.first import BAR
from semgrasp.synthesis.manners.manner import Manner, Posture

EXTENSION = Manner(
    grasp_type="extension type",
    open=Posture((0.75, 0.0, 0.1, 0.03), (0.95, 0.12, 0.6, 0.1, 0.1)),
    close=Posture((1.4, 0.0, 0.35, 0.12), (1.2, 0.15, 1.0, 0.4, 0.5)),
    prior=Posture((1.05, 0.0, 0.2, 0.06), (1.05, 0.15, 0.75, 0.25, 0.3)),
    regions={
        "thumb3": 1.6, "index3": 1.0, "middle3": 1.0, "ring3": 0.9, "pinky3": 0.5,
        "index2": 0.3, "middle2": 0.3, "ring2": 0.3,
    },
    # Straight fingers below, the thumb flat on top: as one holds a plate or a book.
    pinch_pitch=24.0,
    hand_x=(-0.098, -0.082),
    gap=(0.058, 0.070),
    hand_z=(-0.004, 0.008),
    adds_radius=False,
    tilt=0.0,
    prior_weight=0.3,
    force_weight=5.0,
)  # fmt: skip

CRADLE = Manner(
    grasp_type="large diameter",
    open=Posture((0.15, 0.0, 0.25, 0.09), (0.7, 0.05, 0.3, 0.0, 0.0)),
    close=Posture((1.0, 0.0, 1.5, 0.54), (1.2, 0.1, 0.75, 0.6, 0.8)),
    prior=Posture((0.4, 0.0, 0.75, 0.27), (0.9, 0.1, 0.4, 0.2, 0.3)),
    regions={
        "thumb3": 1.2, "index3": 0.8, "middle3": 1.0, "ring3": 1.0, "pinky3": 0.7,
        "middle2": 0.3, "ring2": 0.3, "palm_upper": 0.6,
    },
    # Fingers along one edge, the thumb along the other, the back against palm and fingers.
    hand_x=(-0.098, -0.082),
    gap=(0.008, 0.013),
    hand_z=(-0.010, 0.006),
    tilt=10.0,
)  # fmt: skip

PALM_DOWN = Manner(
    grasp_type="power disk",
    open=Posture((0.1, 0.0, 0.15, 0.06), (0.6, 0.0, 0.1, 0.0, 0.0), (0.08, 0.0, -0.1, -0.22)),
    close=Posture((0.7, 0.0, 0.9, 0.3), (1.1, 0.1, 0.5, 0.4, 0.5), (0.0, 0.0, -0.05, -0.1)),
    prior=Posture((0.25, 0.0, 0.35, 0.12), (0.75, 0.05, 0.2, 0.15, 0.2), (0.08, 0.0, -0.1, -0.22)),
    regions={
        "thumb3": 1.2, "pinky3": 1.0, "ring3": 0.8, "index3": 0.8, "middle3": 0.8,
        "palm_upper": 1.0, "palm_middle": 0.5,
    },
    approach="axis",
    hand_x=(-0.085, -0.065),
    gap=(0.030, 0.042),
    hand_z=(-0.008, 0.006),
    adds_radius=False,
    tilt=0.0,
)  # fmt: skip

HORN = replace(
    BAR,
    # The forearm comes from behind the horn, the thumb lies on top.
    prior=replace(BAR.prior, thumb=(0.85, 0.05, 0.3, 0.2, 0.3)),
    regions={
        "palm_middle": 1.0, "palm_upper": 0.6, "middle1": 0.8, "ring1": 0.6,
        "middle2": 1.0, "ring2": 1.0, "pinky2": 0.6, "middle3": 0.8, "ring3": 0.8, "pinky3": 0.5,
        "thumb3": 1.2,
    },
    tilt=55.0,
)  # fmt: skip
