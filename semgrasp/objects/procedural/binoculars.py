"""Binoculars: lying on the barrels' undersides, objectives at +x, eyepieces at -x."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.device_shapes import (
    Chunk,
    Place,
    assembled,
    placed,
    rounded_rectangle,
    slab,
)
from semgrasp.objects.procedural.procedural_object import Draft
from semgrasp.objects.procedural.tool_shapes import pin

_STYLES = {
    # In [mm]: length, radius of the objective's end, distance of each objective from the middle,
    # radius of the eyepiece's end.
    "roof": ((118, 150), (21, 28), (32, 37), (18, 21)),
    "porro": ((120, 175), (22, 31), (50, 62), (17, 20)),
    "compact": ((88, 112), (13, 16), (27, 33), (13, 15.5)),
    "opera": ((68, 88), (15, 19), (30, 34), (10, 13)),
}


def make_binoculars(rng: Generator) -> Draft:
    """Binoculars with straight barrels, with offset ones, pocket binoculars or opera glasses.

    Sizes: makers' data sheets at an eye distance of 62 to 70 mm; 8x42 with roof prisms 140 x
    125 x 50 mm, 7x50 and 10x50 with Porro prisms 170 x 195 x 65 mm, 8x21 92 x 95 x 35 mm, opera
    glasses 3x25 75 x 105 x 40 mm.
    """
    style = str(rng.choice(list(_STYLES), p=[0.32, 0.28, 0.20, 0.20]))
    length, radius, apart, ocular = (1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style])
    # Half the distance of the eyes, DIN 33402-2.
    eye = rng.uniform(0.031, 0.036)
    if style != "porro":
        apart = max(eye, radius + 0.004)
        eye = apart
    ocular = min(ocular, eye - 0.004)
    parts = {"body": [], "eyepiece": [], "lens": []}
    for sign in (1, -1):
        middle, eyes = sign * apart, sign * eye
        front, back, glass = _barrel(rng, style, length, radius, ocular)
        parts["body"].append(Chunk(pin("body", front, "x", (0.0, middle, 0.0), 0.0065), 0, 6))
        parts["lens"].append(Chunk(pin("lens", glass, "x", (0.0, middle, 0.0))))
        parts["eyepiece"].append(Chunk(pin("eyepiece", back, "x", (0.0, eyes, 0.0), 0.0065), 0, 3))
        if style == "porro":
            box = _prism_box(length, radius, apart, eye)
            parts["body"].append(Chunk(placed(box, shift=(0.0, 0.5 * (middle + eyes), 0.0))))
    parts |= _bridge(rng, style, length, radius, apart, ocular)
    side = apart if style != "porro" else 0.5 * (apart + eye) + 0.012
    place_x = {"porro": -0.02 * length, "roof": 0.05 * length}.get(style, 0.0)
    half = 0.12 * length
    return assembled(
        parts,
        [
            Place("left", "body", "wrap", (place_x, side, 0), (1, 0, 0), (0, 1, 0), half),
            Place("right", "body", "wrap", (place_x, -side, 0), (1, 0, 0), (0, -1, 0), half),
            Place("left_pinch", "body", "pinch", (place_x, side, 0), (1, 0, 0), (0, 1, 0), half),
            Place("right_pinch", "body", "pinch", (place_x, -side, 0), (1, 0, 0), (0, -1, 0), half),
            Place("bridge", "bridge", "pinch", (-0.06 * length, 0, 0), (0, 1, 0), (-1, 0, 0),
                  0.006),
        ],
        {
            "body": ("held_by_hand",),
            "lens": ("observe_sth",),
            "eyepiece": ("observe_sth", "screwed/unscrewed_by_hand"),
            "bridge": ("connect_to_sth", "held_by_hand"),
            "wheel": ("control_sth", "screwed/unscrewed_by_hand"),
        },
        density=900.0,
    )  # fmt: skip


def _barrel(
    rng: Generator, style: str, length: float, radius: float, ocular: float
) -> tuple[Float[ndarray, "n 2"], Float[ndarray, "m 2"], Float[ndarray, "k 2"]]:
    """Profiles of one barrel, its eyepiece and the glass in front."""
    half = 0.5 * length
    mouth = [[1.05 * radius, 0.93 * half], [1.05 * radius, 0.995 * half], [radius, half]]
    slim = rng.uniform(0.80, 0.95)
    if style == "porro":
        foot = max(0.72 * radius, 0.016)
        front = [[foot, -0.16 * length], [foot, 0.08 * length], [radius, 0.24 * length], *mouth]
    elif style == "opera":
        front = [[0.72 * ocular, -0.36 * length], [0.95 * ocular, -0.30 * length],
                 [0.95 * radius, 0.30 * length], *mouth]  # fmt: skip
    else:
        front = [[0.86 * ocular, -0.34 * length], [slim * radius, -0.26 * length],
                 [slim * radius, 0.05 * length], [radius, 0.25 * length], *mouth]  # fmt: skip
    depth = 0.0012
    glass = [[0.80 * radius, half - 0.006], [0.86 * radius, half + 0.0003],
             [0.45 * radius, half + depth], [0.1 * radius, half + 1.3 * depth]]  # fmt: skip
    tail = -0.13 * length if style == "porro" else -0.30 * length
    cup = rng.uniform(0.10, 0.16) * length
    back = [[0.84 * ocular, -half], [ocular, 0.002 - half], [ocular, cup - half],
            [0.82 * ocular, cup - half + 0.002], [0.80 * ocular, tail]]  # fmt: skip
    return np.array(front), np.array(back), np.array(glass)


def _prism_box(length: float, radius: float, apart: float, eye: float):
    """The housing that carries the light from the objective in to the eyepiece."""
    half_x = 0.155 * length
    half_y = 0.5 * (apart - eye) + 0.020
    height = min(0.85 * radius, 0.024)
    outline = rounded_rectangle(half_x, half_y, 0.9 * min(half_x, 0.016))
    return placed(
        slab("body", outline, -height, height, 0.4 * height), shift=(-0.10 * length, 0, 0)
    )


def _bridge(
    rng: Generator, style: str, length: float, radius: float, apart: float, ocular: float
) -> dict[str, list[Chunk]]:
    """The hinge between the barrels and the wheel that focuses."""
    reach = apart - 0.35 * radius if style != "porro" else 0.036
    thick = {"opera": 0.0035, "compact": 0.006}.get(style, 0.009)
    half_x = {"opera": 0.07, "compact": 0.17, "porro": 0.08}.get(style, 0.15) * length
    shape = rounded_rectangle(half_x, reach, 0.3 * half_x)
    plates = [placed(slab("bridge", shape, -thick, thick, 0.5 * thick),
                     shift=(-0.06 * length, 0, 0))]  # fmt: skip
    if style in ("opera", "porro") or rng.random() < 0.4:
        second = rounded_rectangle(0.055 * length, reach, 0.04 * length)
        at = {"opera": 0.28, "porro": 0.06}.get(style, 0.24) * length
        plates.append(placed(slab("bridge", second, -0.8 * thick, 0.8 * thick, 0.4 * thick),
                             shift=(at, 0, 0)))  # fmt: skip
    room = apart - 0.95 * radius if style != "porro" else 0.012
    axle = min(max(0.6 * room, 0.004), 0.008)
    rod = np.array([[0.8 * axle, -0.36 * length], [axle, -0.35 * length],
                    [axle, 0.26 * length], [0.8 * axle, 0.27 * length]])  # fmt: skip
    size = axle + rng.uniform(0.003, 0.006)
    low, high = -0.36 * length, -0.24 * length
    steps = np.linspace(low, high, 9)
    knurl = np.where(np.arange(9) % 2 == 0, 0.94, 1.0) * size
    wheel = np.stack([knurl, steps], axis=1)
    return {
        "bridge": [*(Chunk(plate) for plate in plates),
                   Chunk(pin("bridge", rod, "x", (0.0, 0.0, 0.0), 0.004))],
        "wheel": [Chunk(pin("wheel", wheel, "x", (0.0, 0.0, 0.0), 0.003))],
    }  # fmt: skip
