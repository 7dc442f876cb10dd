"""Boxes, books and cases: books and flat boxes lie, cartons stand on their foot."""

from typing import NamedTuple

import numpy as np
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
from semgrasp.objects.procedural.solids import Solid
from semgrasp.objects.procedural.surfaces import loft


class _Sides(NamedTuple):
    """How the box is held: half its thinnest, middle and longest size, and their directions."""

    part: str
    centre: tuple[float, float, float]
    thin: float
    middle: float
    long: float
    middle_axis: tuple[int, int, int]
    long_axis: tuple[int, int, int]


def make_box(rng: Generator) -> Draft:
    """A hardback, a paperback, a folding carton, a milk carton, a gift box or a hinged case.

    Sizes: books DIN A6 (105 x 148 mm), A-format (110 x 178 mm) and A5 (148 x 210 mm); cartons for
    tea and sweets 65 to 140 mm high; gable-top cartons on a 70 x 70 mm base, 0.5 to 1 l; gift
    boxes and cases from typical retail dimensions (glasses' case 160 x 60 x 45 mm).
    """
    style = str(rng.choice(list(_STYLES), p=[0.22, 0.18, 0.20, 0.12, 0.14, 0.14]))
    parts, sides, density = _STYLES[style](rng)
    m, n = np.array(sides.middle_axis), np.array(sides.long_axis)
    centre = np.array(sides.centre)
    margin = 0.016

    def at(along_middle: float, along_long: float) -> tuple[float, float, float]:
        x, y, z = centre + along_middle * m + along_long * n
        return float(x), float(y), float(z)

    def away(direction) -> tuple[int, int, int]:
        x, y, z = direction
        return int(x), int(y), int(z)

    shallow = max(sides.middle - margin, 0.0)
    along = 0.35 * sides.long
    part = sides.part
    return assembled(
        parts,
        [
            # The palm against a narrow side, thumb and fingers on the broad faces.
            Place("grip", part, "bar", at(-0.6 * shallow, 0.0), away(n), away(-m), along),
            Place("side", part, "pinch", at(shallow, 0.0), away(n), away(m), along),
            Place("other_side", part, "pinch", at(-shallow, 0.0), away(n), away(-m), along),
            Place("end", part, "pinch", at(0.0, sides.long - margin), away(m), away(n),
                  0.35 * sides.middle),
        ],
        {
            "body": ("contain_sth", "held_by_hand"),
            "cover": ("cover_sth", "held_by_hand"),
            "spine": ("held_by_hand", "connect_to_sth"),
            "lid": ("cover_sth", "pulled_by_hand"),
            "cap": ("cover_sth", "screwed/unscrewed_by_hand"),
            "ribbon": ("secure_sth",),
            "latch": ("secure_sth", "pressed/unpressed_by_hand"),
        },
        density=density,
    )  # fmt: skip


def _hardback(rng: Generator):
    width, length = _book_format(rng)
    thick = rng.uniform(0.016, 0.042)
    board = rng.uniform(0.0022, 0.0030)
    square = 0.003
    pages = block("body", (-0.5 * length + square, -0.5 * width, board - 0.0004),
                  (0.5 * length - square, 0.5 * width - square,
                   thick - board + 0.0004))  # fmt: skip
    covers = [
        block("cover", (-0.5 * length, -0.5 * width, low), (0.5 * length, 0.5 * width, low + board))
        for low in (0.0, thick - board)
    ]
    # A round back that stands out behind the boards.
    bulge = rng.uniform(0.10, 0.30) * thick
    spine = slab("spine", oval(bulge + 0.003, 0.5 * thick + 0.0003, 2.6), 0.0, length)
    spine = placed(spine, turn=(0, 90, 0))
    # Its outline now lies in z and y: the bulge must point to -y.
    spine = placed(spine, turn=(90, 0, 0), shift=(-0.5 * length, -0.5 * width, 0.5 * thick))
    sides = _Sides("cover", (0.0, 0.0, 0.5 * thick), 0.5 * thick, 0.5 * width, 0.5 * length,
                   (0, 1, 0), (1, 0, 0))  # fmt: skip
    parts = {"body": [Chunk(pages)], "cover": [Chunk(c) for c in covers], "spine": [Chunk(spine)]}
    return parts, sides, 700.0


def _paperback(rng: Generator):
    width, length = _book_format(rng)
    thick = rng.uniform(0.007, 0.030)
    board = 0.0007
    pages = block("body", (-0.5 * length + 0.0005, -0.5 * width + 0.001, board - 0.0003),
                  (0.5 * length - 0.0005, 0.5 * width - 0.0005,
                   thick - board + 0.0003))  # fmt: skip
    covers = [
        block("cover", (-0.5 * length, -0.5 * width, low), (0.5 * length, 0.5 * width, low + board))
        for low in (0.0, thick - board)
    ]
    spine = block("spine", (-0.5 * length + 0.0002, -0.5 * width - 0.0006, 0.0002),
                  (0.5 * length - 0.0002, -0.5 * width + 0.002, thick - 0.0002))  # fmt: skip
    sides = _Sides("cover", (0.0, 0.0, 0.5 * thick), 0.5 * thick, 0.5 * width, 0.5 * length,
                   (0, 1, 0), (1, 0, 0))  # fmt: skip
    parts = {"body": [Chunk(pages)], "cover": [Chunk(c) for c in covers], "spine": [Chunk(spine)]}
    return parts, sides, 750.0


def _book_format(rng: Generator) -> tuple[float, float]:
    """Width and height of a page in [m]."""
    formats = [(0.105, 0.148), (0.110, 0.178), (0.129, 0.198), (0.148, 0.210)]
    width, length = formats[int(rng.integers(len(formats)))]
    scale = rng.uniform(0.97, 1.03)
    return scale * width, scale * length


def _carton(rng: Generator):
    height, width = rng.uniform(0.070, 0.150), rng.uniform(0.055, 0.095)
    depth = rng.uniform(0.028, 0.060)
    depth = min(depth, 0.9 * width, 0.9 * height)
    body = block("body", (-0.5 * width, -0.5 * depth, 0.0), (0.5 * width, 0.5 * depth, height))
    if rng.random() < 0.45:
        # Open: the flap stands up at the back.
        rise = rng.uniform(0.5, 0.9) * depth
        flap = block("lid", (-0.48 * width, -0.0008, -0.004), (0.48 * width, 0.0008, rise))
        flap = placed(flap, turn=(-rng.uniform(10.0, 55.0), 0, 0),
                      shift=(0, 0.5 * depth - 0.0012, height))  # fmt: skip
        mouth = block("body", (-0.5 * width + 0.0016, -0.5 * depth + 0.0016, height - 0.010),
                      (0.5 * width - 0.0016, 0.5 * depth - 0.0035, height + 0.01))  # fmt: skip
        chunk = Chunk(body - mouth, 2, 1)
    else:
        flap = block("lid", (-0.5 * width + 0.001, -0.5 * depth - 0.0006, height - 0.018),
                     (0.5 * width - 0.001, 0.5 * depth - 0.001, height + 0.0006))  # fmt: skip
        chunk = Chunk(body)
    long, middle = max(height, width), min(height, width)
    standing = height >= width
    sides = _Sides("body", (0.0, 0.0, 0.5 * height), 0.5 * depth, 0.5 * middle, 0.5 * long,
                   (1, 0, 0) if standing else (0, 0, 1),
                   (0, 0, 1) if standing else (1, 0, 0))  # fmt: skip
    if standing:
        # The free end is below: the flap is on top.
        sides = sides._replace(long_axis=(0, 0, -1))
    return {"body": [chunk], "lid": [Chunk(flap)]}, sides, 350.0


def _milk(rng: Generator):
    half = 0.5 * rng.uniform(0.060, 0.072)
    height = rng.uniform(0.095, 0.165)
    body = block("body", (-half, -half, 0.0), (half, half, height))
    roof_height = rng.uniform(0.85, 1.05) * half
    ridge = 0.0016
    # A gable: the roof narrows along y and its ridge runs along x.
    steps = np.linspace(0.0, 1.0, 5)
    wide = rounded_rectangle(half + 0.0006, half + 0.0006, 0.0011)
    rings = np.empty((len(steps), len(wide), 3))
    for ring, t in zip(rings, steps, strict=True):
        ring[:, 0] = wide[:, 0]
        ring[:, 1] = wide[:, 1] * max(1.0 - t, ridge / half)
        ring[:, 2] = height - 0.001 + t * roof_height
    roof = Solid.of(loft(rings), "lid")
    fin = block("lid", (-half, -ridge, height + roof_height - 0.004),
                (half, ridge, height + roof_height + rng.uniform(0.009, 0.014)))  # fmt: skip
    parts = {"body": [Chunk(body)], "lid": [Chunk(roof), Chunk(fin)]}
    if rng.random() < 0.6:
        slope = float(np.degrees(np.arctan2(roof_height, half)))
        cap = slab("cap", oval(0.0145, 0.0145, 2.0, 0.004), -0.006, 0.013, 0.002)
        cap = placed(cap, turn=(slope, 0, 0),
                     shift=(0, -0.52 * half, height + 0.46 * roof_height))  # fmt: skip
        parts["cap"] = [Chunk(cap)]
    sides = _Sides("body", (0.0, 0.0, 0.5 * height), half, half, 0.5 * height, (1, 0, 0),
                   (0, 0, -1))  # fmt: skip
    return parts, sides, 900.0


def _gift(rng: Generator):
    length, width = rng.uniform(0.085, 0.170), rng.uniform(0.070, 0.095)
    width = min(width, length)
    height = rng.uniform(0.030, 0.065)
    share = float(rng.choice([0.30, 0.45, 0.80]))
    body_to = height * (1.0 - share) + 0.004
    body = block("body", (-0.5 * length, -0.5 * width, 0.0), (0.5 * length, 0.5 * width, body_to))
    over = 0.0015
    lid = block("lid", (-0.5 * length - over, -0.5 * width - over, height * (1.0 - share)),
                (0.5 * length + over, 0.5 * width + over, height + over))  # fmt: skip
    parts = {"body": [Chunk(body)], "lid": [Chunk(lid)]}
    if rng.random() < 0.6:
        out = over + 0.0008
        band = rng.uniform(0.007, 0.013)
        # The bands lie so flat on the lid that its convex piece covers them.
        parts["ribbon"] = [
            Chunk(block("ribbon", (-0.5 * length - out, -band, height * (1.0 - share) + 0.001),
                        (0.5 * length + out, band, height + out)), pieces=[]),
            Chunk(block("ribbon", (-band, -0.5 * width - out, height * (1.0 - share) + 0.001),
                        (band, 0.5 * width + out, height + out + 0.0002)), pieces=[]),
        ]  # fmt: skip
        loops = [
            placed(slab("ribbon", oval(0.017, 0.0075), -0.005, 0.005, 0.003), turn=(90, 0, turn),
                   shift=(0.014 * np.cos(np.radians(turn)), 0.014 * np.sin(np.radians(turn)),
                          height + out + 0.006))
            for turn in (35.0, 145.0, 215.0, 325.0)
        ]  # fmt: skip
        parts["ribbon"] += [Chunk(loop) for loop in loops]
    held_z = (1.0 - 0.5 * share) * height if share > 0.5 else 0.5 * (1.0 - share) * height
    sides = _Sides("lid" if share > 0.5 else "body", (0.0, 0.0, held_z), 0.5 * height,
                   0.5 * width, 0.5 * length, (0, 1, 0), (1, 0, 0))  # fmt: skip
    return parts, sides, 300.0


def _case(rng: Generator):
    length, width = rng.uniform(0.095, 0.185), rng.uniform(0.052, 0.085)
    height = rng.uniform(0.024, 0.050)
    corner = rng.uniform(0.2, 0.98) * 0.5 * width
    outline = rounded_rectangle(0.5 * length, 0.5 * width, corner)
    rounding = min(0.24 * height, 0.7 * corner)
    split = rng.uniform(0.45, 0.62) * height
    body = slab("body", outline, 0.0, split + 0.001, min(rounding, 0.45 * split))
    lid = slab("lid", outline * 1.006, split, height, min(rounding, 0.45 * (height - split)))
    latch = slab("latch", rounded_rectangle(0.009, 0.0055, 0.002, 0.004), -0.006, 0.0022, 0.0008)
    latch = placed(latch, turn=(90, 0, 0), shift=(0, -0.5 * width, split))
    hinges = [
        block("latch", (x - 0.008, 0.5 * width - 0.003, split - 0.003),
              (x + 0.008, 0.5 * width + 0.0025, split + 0.003))
        for x in (-0.22 * length, 0.22 * length)
    ]  # fmt: skip
    parts = {
        "body": [Chunk(body)],
        "lid": [Chunk(lid)],
        "latch": [Chunk(s) for s in (latch, *hinges)],
    }
    sides = _Sides("body", (0.0, 0.0, 0.5 * split), 0.5 * height, 0.5 * width, 0.5 * length,
                   (0, 1, 0), (1, 0, 0))  # fmt: skip
    return parts, sides, 450.0


_STYLES = {
    "hardback": _hardback,
    "paperback": _paperback,
    "carton": _carton,
    "milk": _milk,
    "gift": _gift,
    "case": _case,
}
