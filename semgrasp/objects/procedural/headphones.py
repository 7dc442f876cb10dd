"""Headphones: upright as worn, band on top, cups at +y and -y, the wearer looks towards +x."""

import numpy as np
from numpy.random import Generator

from semgrasp.objects.procedural.device_shapes import (
    Chunk,
    Place,
    assembled,
    domed,
    oval,
    placed,
    slab,
    tube,
)
from semgrasp.objects.procedural.procedural_object import Draft
from semgrasp.objects.procedural.solids import hulls_along
from semgrasp.objects.procedural.surfaces import interpolate, smooth_curve

_STYLES = {
    # In [mm]: half length and half height of a cup, thickness of cup and of cushion, half
    # thickness and half width of the band.
    "over_ear": ((35, 40), (42, 50), (18, 26), (16, 22), (3.0, 5.0), (11, 17)),
    "studio": ((43, 49), (43, 49), (26, 34), (17, 24), (3.0, 4.5), (12, 18)),
    "on_ear": ((28, 34), (28, 36), (14, 20), (11, 16), (2.2, 3.5), (8, 13)),
    "foam": ((22, 26), (22, 26), (7, 10), (8, 11), (1.2, 1.6), (3.5, 5.5)),
    "headset": ((34, 39), (41, 48), (18, 25), (16, 21), (3.0, 5.0), (12, 17)),
}


def make_headphones(rng: Generator) -> Draft:
    """Over-ear, studio, on-ear or foam-padded headphones, or a headset with a microphone.

    Sizes: makers' data sheets; Sony WH-1000XM4 185 x 210 x 77 mm, Beyerdynamic DT 770 cups 100 mm
    across, on-ear cups 60 to 70 mm, Koss Porta Pro pads 50 mm; the arch follows the head's
    breadth and the height of its crown over the ear (DIN 33402-2: 155 and 130 mm).
    """
    style = str(rng.choice(list(_STYLES), p=[0.3, 0.2, 0.2, 0.12, 0.18]))
    half_x, half_z, cup, cushion, thick, wide = (
        1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style]
    )
    half_z = max(half_z, half_x)
    gap = rng.uniform(0.048, 0.062)
    joint = gap + cushion + 0.45 * cup
    crown = rng.uniform(0.118, 0.142)
    band = _band(rng, style, joint, crown, thick, wide, half_z)
    exponent = 2.0 if half_x == half_z else rng.uniform(2.0, 2.8)
    tilt = rng.uniform(0.0, 8.0)
    cups, cushions = [], []
    for sign in (1, -1):
        shell = slab("cup", oval(half_x, half_z, exponent), gap + cushion, gap + cushion + cup,
                     rng.choice([0.25, 0.45]) * cup)  # fmt: skip
        pad = slab("cushion", oval(1.04 * half_x, 1.04 * half_z, exponent), gap,
                   gap + cushion + 0.001, 0.45 * cushion)  # fmt: skip
        if style != "foam":
            inside = slab("cushion", oval(0.52 * half_x, 0.56 * half_z, exponent), gap - 0.003,
                          gap + 0.40 * cushion)  # fmt: skip
            pad = pad - inside
        for solid, where, slabs in ((shell, cups, 3), (pad, cushions, 1)):
            # The slab's upright axis becomes the axis through both ears.
            lying = placed(solid, turn=(-90 * sign, 0, 0))
            where.append(Chunk(placed(lying, turn=(0, tilt, 0)), 1, slabs))
    parts = {"band": band, "cup": cups, "cushion": cushions}
    if style == "headset":
        parts["microphone"] = _microphone(rng, joint, half_x, half_z)
    side = gap + cushion + 0.5 * cup
    return assembled(
        parts,
        [
            Place("band", "band", "hook", (0, 0, crown), (0, 1, 0), (0, 0, 1), gap),
            Place("band_pinch", "band", "pinch", (0, 0, crown), (0, 1, 0), (0, 0, 1), 0.020),
            Place("left", "cup", "head", (0, side, 0), (0, 1, 0), (0, 0, 1), 0.004),
            Place("right", "cup", "head", (0, -side, 0), (0, -1, 0), (0, 0, 1), 0.004),
        ],
        {
            "band": ("held_by_hand", "connect_to_sth"),
            "cup": ("held_by_hand", "attach_to_sth"),
            "cushion": ("attach_to_sth",),
            "microphone": ("no_function",),
        },
        density=420.0,
    )  # fmt: skip


def _band(
    rng: Generator, style: str, joint: float, crown: float, thick: float, wide: float,
    half_z: float,
) -> list[Chunk]:  # fmt: skip
    """An arch over the head from cup to cup, thicker or cushioned on top, slim arms below."""
    foot = 0.35 * half_z
    exponent = rng.uniform(2.1, 2.9)
    angle = np.linspace(0.0, np.pi, 121)
    c, s = np.cos(angle), np.sin(angle)
    y = joint * np.sign(c) * np.abs(c) ** (2.0 / exponent)
    z = foot + (crown - foot) * np.abs(s) ** (2.0 / exponent)
    dense = np.stack([np.zeros_like(y), y, z], axis=1)
    length = np.concatenate([[0.0], np.linalg.norm(np.diff(dense, axis=0), axis=1).cumsum()])
    at = np.linspace(0.0, length[-1], round(length[-1] / 0.007) + 1)
    path = np.stack([np.interp(at, length, dense[:, k]) for k in range(3)], axis=1)
    along = at / at[-1]
    pad = rng.uniform(1.0, 1.9) if style != "foam" else 1.0
    arm = rng.uniform(0.40, 0.75)
    knots = [0.0, 0.16, 0.24, 0.5, 0.76, 0.84, 1.0]
    half_width = wide * interpolate(along, knots, [arm, arm, 0.95, 1.0, 0.95, arm, arm])
    half_thick = thick * interpolate(along, knots, [0.8, 0.8, 1.0, pad, 1.0, 0.8, 0.8])
    cuts = [0, round(0.24 * len(at)), round(0.76 * len(at)), len(at) - 1]
    whole = tube("band", path, half_thick, half_width, up=(1, 0, 0), exponent=3.0, points=16)
    pieces = []
    for (first, last), (axis, slabs) in zip(
        [(cuts[0], cuts[1]), (cuts[1], cuts[2]), (cuts[2], cuts[3])], [(2, 4), (1, 9), (2, 4)],
        strict=True,
    ):  # fmt: skip
        stretch = slice(first, last + 1)
        part = tube("band", path[stretch], half_thick[stretch], half_width[stretch], up=(1, 0, 0),
                    exponent=3.0, points=16)  # fmt: skip
        ends = part.surface()[0][:, axis]
        steps = np.linspace(ends.min() - 1e-5, ends.max() + 1e-5, slabs + 1)
        pieces += hulls_along("band", part, axis, steps)
    return [Chunk(whole, pieces=pieces)]


def _microphone(rng: Generator, joint: float, half_x: float, half_z: float) -> list[Chunk]:
    """A boom from the left cup to the corner of the mouth."""
    reach = rng.uniform(0.085, 0.115)
    controls = np.array([
        [0.4 * half_x, joint, -0.5 * half_z],
        [0.4 * half_x + 0.45 * reach, joint + 0.002, -0.8 * half_z - 0.012],
        [0.4 * half_x + 0.9 * reach, 0.62 * joint, -0.9 * half_z - 0.018],
    ])  # fmt: skip
    path = smooth_curve(controls, 0.005)
    thin = np.full(len(path), rng.uniform(0.0024, 0.0034))
    boom = tube("microphone", path, thin, thin, points=10)
    tip = path[-1] + np.outer(np.linspace(-0.009, 0.009, 7), _unit(path[-1] - path[-3]))
    size = rng.uniform(0.006, 0.0085) * domed(7)
    return [Chunk(boom, 0, 6), Chunk(tube("microphone", tip, size, size, points=14))]


def _unit(vector):
    return vector / np.linalg.norm(vector)
