"""Cards and coins: lying flat, face up (+z), the long side along x."""

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
    united,
)
from semgrasp.objects.procedural.procedural_object import Draft
from semgrasp.objects.procedural.solids import Solid
from semgrasp.objects.procedural.surfaces import revolve
from semgrasp.objects.procedural.tool_shapes import sector_pieces

_REACH = 0.040
"""How far the one-sided solids extend the body."""


def make_card(rng: Generator) -> Draft:
    """A bank card, a key card or tag with a hole, a coin, a medal or a chip to play with.

    Sizes: cards 85.60 x 53.98 x 0.76 mm with corners of 3.18 mm (ISO/IEC 7810, ID-1), thicker
    proximity cards 1.8 mm; 2 euro coin 25.75 x 2.20 mm, silver dollar 38.1 x 2.6 mm, ounce of
    silver 37 to 40 x 3 mm; casino chips 39 x 3.3 mm.
    """
    style = str(rng.choice(["bank", "tag", "coin", "medal", "chip"], p=[0.3, 0.2, 0.22, 0.1, 0.18]))
    if style in ("bank", "tag"):
        parts, half_x, half_y, thick, hole = _flat(rng, style)
        density = 1400.0
    else:
        parts, half_x, half_y, thick, hole = _round(rng, style)
        density = 8200.0 if style != "chip" else 2400.0
    z = 0.5 * thick
    margin = min(0.012, 0.45 * half_x)
    whole = united([chunk.solid for chunks in parts.values() for chunk in chunks])
    shape = oval(half_x, half_y, 2.0) if style not in ("bank", "tag") else (
        rounded_rectangle(half_x, half_y, 0.00318))  # fmt: skip
    below, above = slab("body", shape, z - _REACH, z), slab("body", shape, z, z + _REACH)
    held = 0.006
    return assembled(
        parts,
        [
            # Thumb on top, fingers underneath, from each side.
            Place("end", "body", "pinch", (half_x - margin, 0, z), (0, 1, 0), (1, 0, 0), held),
            Place("other_end", "body", "pinch", (margin - half_x, 0, z), (0, -1, 0), (-1, 0, 0),
                  held),
            Place("side", "body", "pinch", (0, half_y - margin, z), (-1, 0, 0), (0, 1, 0), held),
            # By its edges, from above: how it is lifted off a table.
            Place("edges", "body", "pinch", (0, 0, z), (1, 0, 0), (0, 0, 1), held),
        ],
        {
            "body": ("held_by_hand",),
            "rim": ("held_by_hand",),
            "chip": ("connect_to_sth",),
            "label": ("no_function",),
            "strip": ("connect_to_sth",),
            "ring": ("attach_to_sth",),
        },
        density=density,
        one_sided={
            "body": {"thumb": whole + (below - hole), "fingers": whole + (above - hole)}
            if hole is not None
            else {"thumb": whole + below, "fingers": whole + above}
        },
    )  # fmt: skip


def _flat(rng: Generator, style: str):
    """A card of the size of all cards; a tag may be thicker and has a slot or a hole."""
    half_x, half_y = 0.0428, 0.02699
    if style == "tag":
        half_x, half_y = half_x * rng.uniform(0.72, 1.0), half_y * rng.uniform(0.72, 1.0)
    thick = rng.uniform(0.00076, 0.0010) if style == "bank" else rng.uniform(0.0011, 0.0020)
    shape = rounded_rectangle(half_x, half_y, 0.00318, 0.004)
    body = slab("body", shape, 0.0, thick, spacing=0.004)
    hole = None
    parts: dict[str, list[Chunk]] = {}
    if style == "tag":
        if rng.random() < 0.5:
            cut = rounded_rectangle(0.0016, 0.0070, 0.0015, 0.0015)
        else:
            cut = oval(0.0028, 0.0028, 2.0, 0.0015)
        hole = placed(slab("body", cut, -0.05, 0.05), shift=(half_x - 0.0065, 0, 0))
        body = body - hole
        mark = slab("label", oval(0.0085, 0.0085, 2.0, 0.003), thick - 0.0005, thick + 0.0003)
        parts = {
            "body": [Chunk(body)],
            "label": [Chunk(placed(mark, shift=(-0.3 * half_x, 0, 0)))],
        }
    else:
        chip = slab("chip", rounded_rectangle(0.0062, 0.0055, 0.0012, 0.002), thick - 0.0003,
                    thick + 0.00025)  # fmt: skip
        chip = placed(chip, shift=(-half_x + 0.0165, 0.0035, 0))
        strip = slab("strip", rounded_rectangle(half_x - 0.0003, 0.0062, 0.0004, 0.003), -0.0002,
                     0.0003)  # fmt: skip
        strip = placed(strip, shift=(0, half_y - 0.0110, 0))
        parts = {"body": [Chunk(body)], "chip": [Chunk(chip)], "strip": [Chunk(strip)]}
    return parts, half_x, half_y, thick, hole


def _round(rng: Generator, style: str):
    """A disc with a raised rim and a relief; a medal has a ring to hang it by."""
    if style == "coin":
        radius, thick = rng.uniform(0.0134, 0.0200), rng.uniform(0.0022, 0.0029)
    elif style == "chip":
        radius, thick = rng.uniform(0.0190, 0.0205), rng.uniform(0.0030, 0.0036)
    else:
        radius, thick = rng.uniform(0.020, 0.030), rng.uniform(0.0028, 0.0040)
    fine = 0.0022
    core = radius - rng.uniform(0.0008, 0.0022)
    sunk = rng.uniform(0.0002, 0.0004)
    body = revolve(np.array([[core + 0.0003, sunk], [core + 0.0003, thick - sunk]]), fine)
    face = Solid.of(body, "body")
    edge = np.array([[radius - 0.0003, 0.0], [radius, 0.0003], [radius, thick - 0.0003],
                     [radius - 0.0003, thick]])  # fmt: skip
    collar = Solid.of(revolve(edge, fine), "rim")
    inside = Solid.of(revolve(np.array([[core, -0.001], [core, thick + 0.001]]), fine), "rim")
    collar = collar - inside
    if style == "chip":
        # Spots around the edge, as on casino chips.
        for k in range(8):
            notch = slab("rim", rounded_rectangle(0.0012, 0.0028, 0.0005, 0.0015), -0.001,
                         thick + 0.001)  # fmt: skip
            notch = placed(notch, shift=(radius + 0.0006, 0, 0))
            collar = collar - placed(notch, turn=(0, 0, 45.0 * k))
    relief = _relief(rng, style, 0.72 * core, thick, sunk)
    parts = {
        "body": [Chunk(face), *(Chunk(solid) for solid in relief)],
        "rim": [Chunk(collar, pieces=sector_pieces("rim", collar, (0.0, 0.0), 12))],
    }
    if style == "medal":
        loop = slab("ring", oval(0.0050, 0.0050, 2.0, 0.0015), 0.2 * thick, 0.8 * thick)
        hole = slab("ring", oval(0.0026, 0.0026, 2.0, 0.0012), -0.01, 0.02)
        loop = placed(loop - hole, shift=(radius + 0.0032, 0, 0))
        parts["ring"] = [Chunk(loop)]
    return parts, radius, radius, thick, None


def _relief(rng: Generator, style: str, reach: float, thick: float, sunk: float) -> list[Solid]:
    """A raised head, a star or a number's place on the upper face."""
    top = thick - sunk
    kind = str(rng.choice(["disc", "star", "bars"]))
    height = 0.8 * sunk
    if kind == "disc":
        shape = oval(0.62 * reach, 0.85 * reach, 2.2, 0.002)
        return [slab("body", shape, 0.5 * thick, top + height)]
    if kind == "star":
        bar = rounded_rectangle(0.9 * reach, 0.16 * reach, 0.1 * reach, 0.002)
        return [
            placed(slab("body", bar, 0.5 * thick, top + height + 0.00002 * k),
                   turn=(0, 0, 60.0 * k))
            for k in range(3)
        ]  # fmt: skip
    bar = rounded_rectangle(0.13 * reach, 0.7 * reach, 0.1 * reach, 0.002)
    return [
        placed(slab("body", bar, 0.5 * thick, top + height), shift=(x * reach, 0, 0))
        for x in (-0.5, 0.0, 0.5)
    ]
