"""Phones: lying on their back, screen up (+z), top edge at +x."""

import numpy as np
from numpy.random import Generator

from semgrasp.objects.procedural.device_shapes import (
    Chunk,
    Place,
    assembled,
    oval,
    placed,
    rounded_rectangle,
    slab,
)
from semgrasp.objects.procedural.procedural_object import Draft
from semgrasp.objects.procedural.solids import Solid
from semgrasp.objects.procedural.tool_shapes import pin


def make_phone(rng: Generator) -> Draft:
    """A smartphone, a phone with keys, an open flip phone or a cordless handset.

    Sizes: makers' data sheets; smartphones 131 x 64 x 7.7 mm (iPhone 13 mini) to 163 x 78 x
    8.9 mm (Galaxy S23 Ultra), Nokia 3310 113 x 48 x 22 mm, flip phones 95 to 105 x 50 mm a half,
    cordless (DECT) handsets 150 to 170 x 48 x 25 mm.
    """
    style = str(rng.choice(["smart", "keys", "flip", "cordless"], p=[0.5, 0.2, 0.15, 0.15]))
    parts = {"smart": _smartphone, "keys": _with_keys, "flip": _flip, "cordless": _cordless}[style](
        rng
    )
    body = parts["body"][0].solid
    low, high = (getattr(body.surface()[0], side)(axis=0) for side in ("min", "max"))
    x, z = float(low[0] + 0.42 * (high[0] - low[0])), float(0.5 * (low[2] + high[2]))
    back = float(low[0]) + 0.012
    half = 0.10 * float(high[0] - low[0])
    return assembled(
        parts,
        [
            # In use the palm lies under the back, thumb and fingers at the long sides.
            Place("body", "body", "pinch", (x, 0, z), (1, 0, 0), (0, 0, -1), half),
            Place("grip", "body", "wrap", (x, 0, z), (1, 0, 0), (0, 0, -1), half),
            Place("side", "body", "pinch", (x, float(high[1]) - 0.012, z), (1, 0, 0), (0, 1, 0),
                  half),
            Place("end", "body", "pinch", (back, 0, z), (0, 1, 0), (-1, 0, 0), 0.008),
        ],
        {
            "body": ("held_by_hand",),
            "screen": ("observe_sth", "pressed/unpressed_by_hand"),
            "button": ("pressed/unpressed_by_hand", "control_sth"),
            "lens": ("observe_sth",),
            "antenna": ("connect_to_sth",),
            "hinge": ("connect_to_sth",),
        },
        density=1800.0 if style == "smart" else 1100.0,
    )  # fmt: skip


def _smartphone(rng: Generator) -> dict[str, list[Chunk]]:
    length = rng.uniform(0.131, 0.165)
    width = length * rng.uniform(0.465, 0.495)
    thick = rng.uniform(0.0070, 0.0092)
    corner = rng.uniform(0.006, 0.013)
    rounding = rng.choice([0.0012, 0.35 * thick, 0.48 * thick])
    body = slab("body", rounded_rectangle(0.5 * length, 0.5 * width, corner), 0.0, thick, rounding)
    bezel = rng.uniform(0.0022, 0.0040)
    chin = rng.choice([0.0, 0.0, 0.012])
    screen = slab(
        "screen",
        rounded_rectangle(0.5 * length - bezel - chin, 0.5 * width - bezel,
                          0.003 if chin else corner - bezel),
        thick - 0.0012, thick + 0.0004,
    )  # fmt: skip
    side = 0.5 * width
    keys = [
        placed(slab("button", rounded_rectangle(half, 0.0013, 0.0011, 0.002), -0.0012, 0.0007,
                    0.0003, spacing=0.003),
               turn=(90, 0, 0), shift=(at * length, -side, 0.5 * thick))
        for half, at in ((0.0050, 0.14), (0.0110, 0.25))
    ]  # fmt: skip
    if chin:
        keys.append(placed(slab("button", oval(0.0052, 0.0052, 2.0, 0.003), thick - 0.001,
                                thick + 0.0005), shift=(-0.5 * length + 0.0095, 0, 0)))  # fmt: skip
    bump = rng.choice(["square", "bar", "row"])
    half_x, half_y = {"square": (0.0165, 0.0165), "bar": (0.0085, 0.42 * width),
                      "row": (0.019, 0.0068)}[str(bump)]  # fmt: skip
    centre = (0.5 * length - half_x - 0.006, 0.0 if bump == "bar" else side - half_y - 0.006)
    plate = slab("lens", rounded_rectangle(half_x, half_y, 0.0055, 0.004), -0.0016, 0.001, 0.0006)
    plate = placed(plate, shift=(*centre, 0.0))
    spots = {"square": [(0.007, 0.007), (-0.007, 0.007), (0, -0.007)],
             "bar": [(0, 0.012), (0, -0.004)],
             "row": [(-0.011, 0), (0.0, 0), (0.011, 0)]}  # fmt: skip
    eyes = [
        placed(slab("lens", oval(0.0048, 0.0048, 2.0, 0.002), -0.0026, 0.0),
               shift=(centre[0] + x, centre[1] + y, 0.0))
        for x, y in spots[str(bump)]
    ]  # fmt: skip
    return {
        "body": [Chunk(body)],
        "screen": [Chunk(screen)],
        "button": [Chunk(key) for key in keys],
        "lens": [Chunk(plate), *(Chunk(eye) for eye in eyes)],
    }


def _key_field(
    x_from: float, x_to: float, half_width: float, top: float, rows: int, rng: Generator
) -> list[Solid]:
    """Rows of three keys between two positions along x."""
    pitch = (x_to - x_from) / rows
    half_x, half_y = 0.37 * pitch, 0.27 * half_width
    square = rng.random() < 0.5
    shape = rounded_rectangle(half_x, half_y, 0.0015, 0.003) if square else (
        oval(half_x, half_y, 2.0, 0.003))  # fmt: skip
    return [
        placed(slab("button", shape, -0.0015, 0.0012, 0.0005, spacing=0.003),
               shift=(x_from + (i + 0.5) * pitch, j * 0.62 * half_width, top))
        for i in range(rows) for j in (-1, 0, 1)
    ]  # fmt: skip


def _bar_phone(
    rng: Generator, length: float, width: float, thick: float, screen_share: float
) -> tuple[Solid, Solid, list[Solid]]:
    """Body, screen and keys of a phone with keys."""
    half_x, half_y = 0.5 * length, 0.5 * width
    if rng.random() < 0.5:
        outline = rounded_rectangle(half_x, half_y, rng.uniform(0.3, 0.9) * half_y)
    else:
        outline = oval(half_x, half_y, rng.uniform(3.0, 4.5))
    body = slab("body", outline, 0.0, thick, rng.uniform(0.2, 0.45) * thick)
    top = half_x - 0.13 * length
    screen_from = top - screen_share * length
    screen = slab(
        "screen", rounded_rectangle(0.5 * (top - screen_from), 0.72 * half_y, 0.002),
        thick - 0.0015, thick + 0.0006,
    )  # fmt: skip
    screen = placed(screen, shift=(0.5 * (top + screen_from), 0, 0))
    keys_to = screen_from - 0.018
    keys = _key_field(-0.86 * half_x, keys_to, 0.80 * half_y, thick, 4, rng)
    pad = slab("button", oval(0.0062, 0.32 * half_y), thick - 0.0015, thick + 0.0014, 0.0006)
    keys.append(placed(pad, shift=(screen_from - 0.009, 0, 0)))
    return body, screen, keys


def _with_keys(rng: Generator) -> dict[str, list[Chunk]]:
    length, thick = rng.uniform(0.104, 0.126), rng.uniform(0.013, 0.021)
    width = rng.uniform(0.045, 0.051)
    body, screen, keys = _bar_phone(rng, length, width, thick, rng.uniform(0.24, 0.32))
    parts = {
        "body": [Chunk(body)],
        "screen": [Chunk(screen)],
        "button": [Chunk(key) for key in keys],
    }
    if rng.random() < 0.5:
        parts["antenna"] = [Chunk(_antenna(rng, length, width, thick))]
    return parts


def _cordless(rng: Generator) -> dict[str, list[Chunk]]:
    length, thick = rng.uniform(0.150, 0.172), rng.uniform(0.022, 0.028)
    width = rng.uniform(0.046, 0.053)
    body, screen, keys = _bar_phone(rng, length, width, thick, rng.uniform(0.15, 0.24))
    parts = {
        "body": [Chunk(body)],
        "screen": [Chunk(screen)],
        "button": [Chunk(key) for key in keys],
    }
    if rng.random() < 0.6:
        parts["antenna"] = [Chunk(_antenna(rng, length, width, thick))]
    return parts


def _antenna(rng: Generator, length: float, width: float, thick: float) -> Solid:
    reach, radius = rng.uniform(0.015, 0.032), rng.uniform(0.0036, 0.0048)
    profile = np.array([[0.7 * radius, -0.016], [radius, -0.014], [0.85 * radius, 0.9 * reach],
                        [0.5 * radius, reach]])  # fmt: skip
    return pin("antenna", profile, "x", (0.5 * length, 0.27 * width, 0.5 * thick))


def _flip(rng: Generator) -> dict[str, list[Chunk]]:
    length, width = rng.uniform(0.084, 0.100), rng.uniform(0.046, 0.052)
    thick = rng.uniform(0.0095, 0.0125)
    opening = rng.uniform(15.0, 35.0)
    outline = rounded_rectangle(0.5 * length, 0.5 * width, rng.uniform(0.008, 0.018))
    shift = (-0.5 * length - 0.002, 0, -0.5 * thick)
    lower = placed(slab("body", outline, 0.0, thick, 0.35 * thick), shift=shift)
    upper = slab("body", outline, 0.15 * thick, thick, 0.3 * thick)
    screen = slab("screen", rounded_rectangle(0.33 * length, 0.39 * width, 0.002),
                  thick - 0.0015, thick + 0.0006)  # fmt: skip
    upper, screen = (
        placed(placed(s, shift=(0.5 * length + 0.002, 0, -0.5 * thick)), turn=(0, -opening, 0))
        for s in (upper, screen)
    )
    radius = 0.55 * thick
    barrel = np.array([[0.85 * radius, -0.4 * width], [radius, -0.39 * width],
                       [radius, 0.39 * width], [0.85 * radius, 0.4 * width]])  # fmt: skip
    hinge = pin("hinge", barrel, "y", (0.0, 0.0, 0.0))
    keys = _key_field(-0.92 * length, -0.34 * length, 0.40 * width, 0.5 * thick, 4, rng)
    pad = slab("button", oval(0.009, 0.011), -0.0015, 0.0014, 0.0006)
    keys.append(placed(pad, shift=(-0.19 * length, 0, 0.5 * thick)))
    return {
        "body": [Chunk(lower), Chunk(upper)],
        "screen": [Chunk(screen)],
        "button": [Chunk(key) for key in keys],
        "hinge": [Chunk(hinge)],
    }
