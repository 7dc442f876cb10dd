"""Flashlights: handle and tail cap towards -x, head and lens at +x."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.device_shapes import (
    Chunk,
    Place,
    assembled,
    block,
    oval,
    placed,
    rounded_rectangle,
    slab,
)
from semgrasp.objects.procedural.procedural_object import Draft
from semgrasp.objects.procedural.surfaces import interpolate
from semgrasp.objects.procedural.tool_shapes import pin

_STYLES = {
    # In [mm]: length and radius of the handle, length and radius of the head.
    "long": ((150, 235), (16.5, 20), (45, 60), (24, 29)),
    "household": ((95, 135), (15, 20), (36, 52), (28, 38)),
    "tactical": ((72, 100), (11.5, 13.5), (28, 42), (14.5, 20)),
    "pen": ((95, 120), (6.5, 9), (16, 26), (8, 11)),
    "angled": ((115, 145), (18, 22), (38, 46), (24, 28)),
}


def make_flashlight(rng: Generator) -> Draft:
    """A long metal, household, tactical, pen or right-angle flashlight; the beam leaves at +x.

    The right-angle kind shines upwards. Sizes: makers' data sheets; Maglite 2 D to 3 D cells
    255 to 315 mm with a head of 57 mm, tactical lights of one 18650 cell (18 x 65 mm) 115 to
    145 mm with a body of 25 mm, pen lights of two AAA cells 130 x 14 mm, MX-991/U right-angle
    light 200 x 60 mm.
    """
    style = str(rng.choice(list(_STYLES), p=[0.22, 0.28, 0.22, 0.13, 0.15]))
    length, radius, head_length, head_radius = (
        1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style]
    )
    head_radius = max(head_radius, 1.12 * radius)
    cap_length = rng.uniform(0.5, 0.9) * radius + 0.003
    grip = _grip_profile(rng, style, length, radius)
    handle = pin("handle", grip, "x", (0.0, 0.0, 0.0))
    cap = pin("cap", _cap_profile(rng, length, radius, cap_length), "x", (0.0, 0.0, 0.0))
    head, lens = _head(rng, style, radius, head_length, head_radius)
    head_axis = (1, 0, 0)
    middle = (0.55 * head_length, 0.0, 0.0)
    if style == "angled":
        # The head turns up and sits on the end of the handle.
        shift = (head_radius - 0.012, 0.0, -0.35 * radius)
        head, lens = (placed(s, turn=(0, -90, 0), shift=shift) for s in (head, lens))
        head_axis, middle = (0, 0, 1), (shift[0], 0.0, 0.55 * head_length + shift[2])
    button = _button(rng, style, length, radius, cap_length)
    return assembled(
        {
            "handle": [Chunk(handle, 0, 8)],
            "head": [Chunk(head, 2 if style == "angled" else 0, 8)],
            "lens": [Chunk(lens)],
            "button": [Chunk(button)],
            "cap": [Chunk(cap, 0, 3)],
        },
        [
            Place("handle", "handle", "bar", (-0.5 * length, 0, 0), (1, 0, 0), (0, -0.89, 0.46),
                  0.5 * length - 0.040),
            Place("handle_pinch", "handle", "pinch", (-0.35 * length, 0, 0), (1, 0, 0), (0, 0, 1),
                  0.010),
            Place("head", "head", "wrap", middle, head_axis, (0, -1, 0), 0.2 * head_length),
        ],
        {
            "handle": ("held_by_hand",),
            "head": ("illuminate_sth",),
            "lens": ("illuminate_sth", "cover_sth"),
            "button": ("pressed/unpressed_by_hand", "control_sth"),
            "cap": ("screwed/unscrewed_by_hand", "cover_sth"),
        },
        density=1350.0,
    )  # fmt: skip


def _grip_profile(
    rng: Generator, style: str, length: float, radius: float
) -> Float[ndarray, "n 2"]:
    """Plain, waisted or with rings cut into it."""
    x = np.linspace(-length, 0.010, max(14, round(length / 0.003)))
    along = np.clip(1.0 + x / length, 0.0, 1.0)
    waist = rng.uniform(0.0, 0.10) if style == "household" else 0.0
    size = radius * interpolate(along, [0.0, 0.5, 1.0], [1.0, 1.0 - waist, 1.0])
    if style != "pen" and rng.random() < 0.65:
        start, end = rng.uniform(0.05, 0.2), rng.uniform(0.6, 0.8)
        cut = (np.arange(len(x)) // 2 % 2 == 0) & (along > start) & (along < end)
        size = size - cut * rng.uniform(0.0007, 0.0014)
    return np.stack([size, x], axis=1)


def _cap_profile(
    rng: Generator, length: float, radius: float, cap_length: float
) -> Float[ndarray, "n 2"]:
    wide = radius * rng.uniform(0.96, 1.07)
    end = -length - cap_length
    round_by = 0.25 * cap_length
    return np.array([
        [wide - round_by, end], [wide - 0.3 * round_by, end + 0.3 * round_by],
        [wide, end + round_by], [wide, -length - 0.001], [0.9 * radius, 0.006 - length],
    ])  # fmt: skip


def _head(rng: Generator, style: str, radius: float, length: float, wide: float):
    """A cone, a bell or a cylinder with a bezel around a sunken lens."""
    neck = -0.4 * length if style == "angled" else 0.0
    flare = {"long": 0.55, "household": 0.75, "tactical": 0.35, "pen": 0.4, "angled": 0.2}[style]
    flare *= rng.uniform(0.75, 1.1)
    power = rng.uniform(0.6, 2.0)
    along = np.linspace(0.0, 1.0, 8)
    foot = 0.92 * wide if style == "angled" else 1.02 * radius
    cone = np.stack([foot + (wide - foot) * along**power, flare * length * along], axis=1)
    ridge = 0.04 * wide
    profile = np.concatenate([
        [[0.85 * foot, neck - 0.004], [foot, neck]] if style == "angled" else
        [[0.9 * radius, -0.006], [1.02 * radius, -0.004]],
        cone if style != "angled" else cone[1:],
        [[wide, 0.80 * length], [wide + ridge, 0.82 * length], [wide + ridge, 0.985 * length],
         [wide, length]],
    ])  # fmt: skip
    head = pin("head", profile, "x", (0.0, 0.0, 0.0))
    depth = rng.uniform(0.03, 0.10) * wide + 0.0012
    mouth = np.array([[0.86 * wide, length - depth], [0.91 * wide, length + 0.002]])
    head = head - pin("head", mouth, "x", (0.0, 0.0, 0.0))
    if style == "tactical" and rng.random() < 0.7:
        # Notches in the bezel, as on lights that also break glass.
        bar = block("head", (length - 0.0030, -0.0030, -2 * wide),
                    (length + 0.01, 0.0030, 2 * wide))  # fmt: skip
        for angle in (0, 60, 120):
            head = head - placed(bar, turn=(angle, 0, 0))
    bulge = 0.5 * depth
    glass = np.array([[0.80 * wide, length - depth - 0.002], [0.87 * wide, length - depth],
                      [0.6 * wide, length - depth + 0.7 * bulge],
                      [0.2 * wide, length - depth + bulge]])  # fmt: skip
    return head, pin("lens", glass, "x", (0.0, 0.0, 0.0))


def _button(rng: Generator, style: str, length: float, radius: float, cap_length: float):
    """A round or long switch on top of the handle, or a rubber dome on the tail."""
    if style in ("tactical", "pen"):
        size = 0.6 * radius
        dome = np.array([[0.5 * size, -0.003], [0.95 * size, -0.0018], [size, 0.003]])
        return pin("button", dome, "x", (-length - cap_length, 0.0, 0.0), 0.002)
    at = -rng.uniform(0.12, 0.22) * length
    half = rng.uniform(0.30, 0.42) * radius
    long = rng.uniform(1.3, 2.2) if style == "household" else 1.0
    outline = oval(half, half) if long == 1.0 else rounded_rectangle(long * half, half, 0.5 * half)
    button = slab("button", outline, -0.4 * radius, 0.0028, 0.0012)
    return placed(button, shift=(at, 0.0, radius))
