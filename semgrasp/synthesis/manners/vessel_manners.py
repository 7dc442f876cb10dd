"""Manners for vessels and boxes: fingertips around a can or a lid, a hook under a bail."""

from semgrasp.synthesis.manners.manner import Manner, Posture

SPAN = Manner(
    grasp_type="prismatic 4 finger",
    open=Posture((0.35, 0.0, 0.35, 0.12), (0.9, 0.45, 0.55, 0.0, 0.1)),
    close=Posture((1.3, 0.0, 1.3, 0.48), (1.4, 0.25, 0.8, 0.4, 0.7)),
    prior=Posture((0.56, 0.0, 0.58, 0.2), (1.2, 0.4, 0.57, 0.1, 0.3)),
    regions={"thumb3": 1.4, "index3": 1.0, "middle3": 1.0, "ring3": 0.9, "pinky3": 0.5},
    # The palm stays off: a line from fingertips to thumb goes through the site's centre.
    pinch_pitch=19.0,
    hand_x=(-0.102, -0.086),
    gap=(0.057, 0.068),
    hand_z=(0.002, 0.016),
    adds_radius=False,
    tilt=0.0,
    prior_weight=0.3,
    force_weight=6.0,
)

LID = Manner(
    grasp_type="precision disk",
    open=Posture((0.35, 0.0, 0.4, 0.12), (0.8, 0.1, 0.25, 0.0, 0.0), (0.15, 0.0, -0.1, -0.25)),
    close=Posture((1.3, 0.0, 1.3, 0.48), (1.3, 0.15, 0.8, 0.5, 0.7), (0.15, 0.0, -0.1, -0.25)),
    prior=Posture((0.6, 0.0, 0.6, 0.21), (1.0, 0.15, 0.45, 0.2, 0.3), (0.14, 0.0, -0.1, -0.22)),
    regions={"thumb3": 1.4, "index3": 1.0, "middle3": 1.0, "ring3": 0.8, "pinky3": 0.4},
    approach="axis",
    hand_x=(-0.11, -0.088),
    gap=(0.048, 0.068),
    hand_z=(-0.008, 0.012),
    adds_radius=False,
    tilt=0.0,
    prior_weight=0.25,
    force_weight=4.0,
)

CARRY = Manner(
    grasp_type="fixed hook",
    open=Posture((0.2, 0.0, 0.8, 0.18), (0.45, 0.05, 0.2, 0.1, 0.1)),
    close=Posture((0.9, 0.0, 1.75, 0.63), (0.6, 0.1, 0.35, 0.25, 0.3)),
    prior=Posture((0.6, 0.0, 1.6, 0.54), (0.55, 0.05, 0.25, 0.2, 0.2)),
    # The bar lies in the crook of the fingers; the thumb has nothing to do.
    regions={
        "index1": 0.8, "middle1": 0.8, "ring1": 0.8, "pinky1": 0.5,
        "index2": 1.0, "middle2": 1.0, "ring2": 1.0, "pinky2": 0.7,
        "index3": 1.0, "middle3": 1.0, "ring3": 1.0, "pinky3": 0.6, "palm_upper": 1.0,
    },
    hand_x=(-0.112, -0.096),
    gap=(0.014, 0.018),
    hand_z=(-0.015, 0.0),
    tilt=5.0,
    prior_weight=0.3,
    force_weight=1.5,
)  # fmt: skip

PARALLEL = Manner(
    grasp_type="parallel extension",
    open=Posture((0.75, 0.0, 0.2, 0.06), (0.95, 0.25, 0.35, 0.0, 0.0)),
    close=Posture((1.45, 0.0, 0.6, 0.18), (1.45, 0.05, 0.7, 0.4, 0.5)),
    prior=Posture((0.95, 0.0, 0.3, 0.09), (1.3, 0.1, 0.35, 0.12, 0.0)),
    regions={
        "thumb3": 1.4, "index3": 1.0, "middle3": 1.0, "ring3": 0.9, "pinky3": 0.5,
        "index2": 0.3, "middle2": 0.3, "ring2": 0.2,
    },
    pinch_pitch=8.0,
    hand_x=(-0.108, -0.092),
    gap=(0.055, 0.067),
    hand_z=(0.0, 0.014),
    adds_radius=False,
    tilt=0.0,
    prior_weight=0.5,
    force_weight=6.0,
)  # fmt: skip

SCOOP = Manner(
    grasp_type="power disk",
    open=Posture((0.1, 0.0, 0.15, 0.06), (0.5, 0.0, 0.1, 0.0, 0.0), (0.2, 0.05, -0.1, -0.25)),
    close=Posture((1.0, 0.0, 1.0, 0.36), (1.0, 0.1, 0.6, 0.4, 0.5), (0.2, 0.05, -0.1, -0.25)),
    prior=Posture((0.35, 0.0, 0.4, 0.13), (0.65, 0.05, 0.2, 0.1, 0.1), (0.2, 0.05, -0.1, -0.25)),
    regions={
        "palm_upper": 1.2, "palm_middle": 0.6, "thumb3": 1.2, "index3": 1.0, "middle3": 1.0,
        "ring3": 1.0, "pinky3": 0.6, "index2": 0.3, "middle2": 0.3, "ring2": 0.3,
    },
    approach="axis",
    hand_x=(-0.09, -0.065),
    gap=(0.017, 0.023),
    hand_z=(-0.01, 0.012),
    adds_radius=False,
    tilt=0.0,
    prior_weight=0.2,
)  # fmt: skip

FOLIO = Manner(
    grasp_type="extension type",
    # A book's edge in the palm, straight fingers on one cover, the thumb on the other.
    open=Posture((0.4, 0.0, 0.2, 0.06), (0.8, 0.25, 0.4, 0.0, 0.0)),
    close=Posture((1.3, 0.0, 0.9, 0.3), (1.35, 0.15, 0.85, 0.5, 0.6)),
    prior=Posture((0.8, 0.0, 0.45, 0.13), (1.1, 0.2, 0.55, 0.15, 0.15)),
    regions={
        "thumb3": 1.4, "index3": 1.0, "middle3": 1.0, "ring3": 0.9, "pinky3": 0.6,
        "index2": 0.6, "middle2": 0.6, "ring2": 0.5, "thumb2": 0.4,
    },
    pinch_pitch=12.0,
    hand_x=(-0.1, -0.085),
    gap=(0.036, 0.05),
    hand_z=(-0.004, 0.012),
    adds_radius=False,
    tilt=5.0,
    prior_weight=0.3,
    force_weight=3.0,
)  # fmt: skip

EAR = Manner(
    grasp_type="medium wrap",
    # Like a mug's hook but deep, with every finger through a large handle.
    open=Posture((0.4, 0.0, 1.2, 0.3), (0.75, 0.1, 0.35, 0.0, 0.0)),
    close=Posture((1.2, 0.0, 1.75, 0.63), (1.3, 0.1, 0.85, 0.7, 0.8)),
    prior=Posture((0.8, 0.0, 1.4, 0.45), (1.0, 0.1, 0.65, 0.4, 0.5)),
    regions={
        "index2": 1.0, "middle2": 1.0, "ring2": 0.7, "pinky2": 0.2, "thumb3": 1.2,
        "index1": 0.5, "middle1": 0.5, "index3": 0.5, "middle3": 0.5, "ring3": 0.3,
    },
    hand_x=(-0.112, -0.088),
    gap=(0.007, 0.013),
    hand_z=(-0.02, 0.008),
    tilt=14.0,
    ranking_penetration=1.0,
    candidates=900,
)  # fmt: skip
