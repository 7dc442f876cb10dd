"""Staplers: standing on the desk, mouth at +x, hinge at -x."""

import numpy as np
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
from semgrasp.objects.procedural.solids import Solid
from semgrasp.objects.procedural.surfaces import interpolate, loft, rings_along_x, superellipse
from semgrasp.objects.procedural.tool_shapes import pin

_STYLES = {
    # In [mm]: length, half width of the arm, height of the arm's middle, half width of the base.
    "desk": ((125, 155), (12, 16), (10, 14), (14, 19)),
    "slim": ((165, 205), (9.5, 12), (8, 11), (12, 15)),
    "mini": ((58, 80), (10, 13), (11, 15), (11.5, 14.5)),
    "heavy": ((220, 285), (12, 15), (8, 11), (24, 30)),
}


def make_stapler(rng: Generator) -> Draft:
    """A half-strip desk stapler, a slim full-strip one, a mini or a heavy-duty one.

    Sizes: makers' data sheets; half-strip (105 staples of 24/6) 130 to 155 x 38 x 60 mm,
    full-strip (210 staples) 170 to 205 mm, mini (10 or 24/6) 60 to 80 mm, heavy-duty (for 100
    sheets and more) 280 x 75 mm with a lever.
    """
    style = str(rng.choice(list(_STYLES), p=[0.36, 0.26, 0.22, 0.16]))
    length, half_arm, arm_height, half_base = (
        1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style]
    )
    opening = rng.uniform(7.0, 11.0) if style != "heavy" else rng.uniform(9.0, 13.0)
    back = -0.5 * length
    hinge = (back + 0.09 * length + 0.006, 0.0, 0.5 * arm_height + 0.010)
    base = _base(rng, style, length, half_base)
    track_height = 0.0075 if style == "mini" else 0.0095
    reach = length - (hinge[0] - back)
    track = slab(
        "body", rounded_rectangle(0.5 * reach, 0.0066, 0.0025), -track_height, 0.002, 0.0012
    )
    track = placed(track, shift=(0.5 * reach - 0.003, 0, 0))
    arm = _arm(rng, style, reach, half_arm, arm_height)
    track = placed(track, turn=(0, -0.62 * opening, 0), shift=hinge)
    arm = placed(arm, turn=(0, -opening, 0), shift=hinge)
    cheek = rounded_rectangle(0.055 * length + 0.006, 0.5 * hinge[2] + 0.0030, 0.005)
    side = 0.55 * half_arm
    block = placed(slab("pivot", cheek, -side, side, 0.001), turn=(90, 0, 0),
                   shift=(hinge[0], 0, 0.5 * hinge[2] + 0.004))  # fmt: skip
    axle_end = half_arm + 0.0015
    axle = pin("pivot", np.array([[0.0024, -axle_end], [0.0032, 0.0006 - axle_end],
                                  [0.0032, axle_end - 0.0006], [0.0024, axle_end]]),
               "y", hinge, 0.003)  # fmt: skip
    anvil = slab("tip", rounded_rectangle(0.0065, 0.0085, 0.0025, 0.004), -0.003, 0.0012, 0.0004)
    floor = float(base.surface()[0][base.surface()[0][:, 0] > 0.35 * length, 2].max())
    anvil = placed(anvil, shift=(0.5 * length - 0.016, 0, floor))
    vertices = arm.surface()[0]
    at = 0.14 * length
    near = vertices[np.abs(vertices[:, 0] - at) < 0.010]
    middle_z = float(0.5 * (near[:, 2].min() + near[:, 2].max()))
    base_z = 0.5 * floor
    return assembled(
        {
            "base": [Chunk(base, 0, 5)],
            "body": [Chunk(track)],
            "handle": [Chunk(arm, 0, 8)],
            "pivot": [Chunk(block), Chunk(axle)],
            "tip": [Chunk(anvil)],
        },
        [
            Place("handle", "handle", "bar", (at, 0, middle_z), (1, 0, 0), (0, 0, 1),
                  0.12 * length),
            Place("press", "handle", "head", (at, 0, middle_z), (0, 0, 1), (1, 0, 0), 0.004),
            Place("handle_pinch", "handle", "pinch", (at, 0, middle_z), (1, 0, 0), (0, 0, 1),
                  0.10 * length),
            Place("base", "base", "pinch", (0.1 * length, 0, base_z), (1, 0, 0), (0, 0, -1),
                  0.10 * length),
        ],
        {
            "base": ("held_by_hand",),
            "body": ("contain_sth",),
            "handle": ("held_by_hand", "pressed/unpressed_by_hand"),
            "pivot": ("connect_to_sth",),
            "tip": ("attach_to_sth",),
        },
        density=1500.0,
    )  # fmt: skip


def _base(rng: Generator, style: str, length: float, half_width: float) -> Solid:
    """A low plate, waisted, straight or with a wide foot, a little higher at the hinge."""
    along = np.linspace(0.0, 1.0, max(9, round(length / 0.007)))
    height = rng.uniform(0.0055, 0.0080)
    waist = rng.uniform(0.72, 1.0)
    knots = [0.0, 0.05, 0.45, 0.95, 1.0]
    width = half_width * interpolate(along, knots, [0.80, 1.0, waist, 0.98, 0.80])
    half_height = 0.5 * height * interpolate(along, knots, [0.9, 1.5, 1.0, 0.95, 0.75])
    section = superellipse(5.0, 20)
    rings = rings_along_x(length * (along - 0.5), width, half_height, half_height, section)
    return Solid.of(loft(rings), "base")


def _arm(rng: Generator, style: str, reach: float, half_width: float, height: float) -> Solid:
    """The cap that is pressed: arched, straight with a bent nose, or a long lever."""
    along = np.linspace(0.0, 1.0, max(10, round(reach / 0.006)))
    x = -0.010 + (reach + 0.012) * along
    knots = [0.0, 0.04, 0.30, 0.80, 0.965, 1.0]
    if style == "heavy":
        tall = [0.7, 1.1, 1.3, 0.75, 0.70, 0.45]
        wide = [0.85, 1.0, 1.0, 0.75, 1.15, 0.90]
        rise = rng.uniform(0.012, 0.022)
    elif style == "mini" or rng.random() < 0.5:
        tall = [0.55, 0.80, 1.0, 1.05, 0.85, 0.45]
        wide = [0.75, 0.92, 1.0, 1.0, 0.92, 0.65]
        rise = rng.uniform(0.08, 0.16) * height * (2.2 if style == "mini" else 1.6)
    else:
        tall = [0.65, 0.85, 0.80, 0.90, 0.95, 0.75]
        wide = [0.80, 0.95, 0.88, 1.0, 1.02, 0.85]
        rise = 0.0
    middle = 0.42 * height + rise * np.sin(np.pi * np.clip(along, 0.0, 1.0)) ** 1.2
    if style == "heavy":
        middle = 0.42 * height + rise * along
    return Solid.of(
        loft(rings_along_x(
            x, half_width * interpolate(along, knots, wide),
            0.5 * height * interpolate(along, knots, tall) + 0.001, middle,
            superellipse(rng.uniform(2.6, 4.5), 24),
        )),
        "handle",
    )  # fmt: skip
