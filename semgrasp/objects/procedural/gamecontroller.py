"""Game controllers: lying with the buttons up (+z), the edge away from the player at +x."""

import numpy as np
from numpy.random import Generator

from semgrasp.objects.procedural.device_shapes import (
    Chunk,
    Place,
    assembled,
    domed,
    oval,
    placed,
    rounded_rectangle,
    slab,
    tube,
)
from semgrasp.objects.procedural.procedural_object import Draft
from semgrasp.objects.procedural.solids import Solid
from semgrasp.objects.procedural.surfaces import interpolate, smooth_curve


def make_gamecontroller(rng: Generator) -> Draft:
    """A controller with two horns, one shaped like a dog's bone or a flat brick.

    Sizes: makers' data sheets; Xbox 153 x 102 x 61 mm, DualSense 160 x 106 x 66 mm, Super
    Nintendo 144 x 64 x 26 mm, NES 124 x 54 x 20 mm.
    The handles of a bone or a brick are its two ends.
    """
    style = str(rng.choice(["horns", "bone", "brick"], p=[0.6, 0.2, 0.2]))
    parts, grips, thick, front = {"horns": _horns, "bone": _bone, "brick": _brick}[style](rng)
    left, right = grips
    outer = 0.35 if style == "horns" else 0.0
    return assembled(
        parts,
        [
            Place("left", "handle", "bar", left, (1, 0, 0), (0, 1, -outer), 0.006),
            Place("right", "handle", "bar", right, (1, 0, 0), (0, -1, -outer), 0.006),
            Place("left_pinch", "handle", "pinch", left, (1, 0, 0), (0, 1, 0), 0.010),
            Place("right_pinch", "handle", "pinch", right, (1, 0, 0), (0, -1, 0), 0.010),
            Place("body", "body", "pinch", (front - 0.014, 0.0, 0.0), (0, 1, 0), (1, 0, 0), 0.012),
        ],
        {
            "body": ("held_by_hand", "connect_to_sth"),
            "handle": ("held_by_hand",),
            "button": ("pressed/unpressed_by_hand", "control_sth"),
            "stick": ("control_sth",),
            "trigger": ("trigger_sth", "pressed/unpressed_by_hand"),
        },
        density=650.0 if thick > 0.03 else 750.0,
    )  # fmt: skip


def _cross(size: float, top: float, at: tuple[float, float]) -> list[Chunk]:
    """A direction pad."""
    arms = [rounded_rectangle(size, 0.34 * size, 0.0012, 0.003),
            rounded_rectangle(0.34 * size, size, 0.0012, 0.003)]  # fmt: skip
    return [
        Chunk(placed(slab("button", arm, -0.004, 0.0022 + 0.0002 * k, 0.0006, spacing=0.003),
                     shift=(*at, top)))
        for k, arm in enumerate(arms)
    ]  # fmt: skip


def _rounds(
    radius: float, top: float, spots: list[tuple[float, float]], height: float = 0.0025
) -> list[Chunk]:
    """Round buttons."""
    return [
        Chunk(placed(slab("button", oval(radius, radius, 2.0, 0.003), -0.005, height, 0.0008,
                          spacing=0.003), shift=(x, y, top)))
        for x, y in spots
    ]  # fmt: skip


def _diamond(x: float, y: float, pitch: float) -> list[tuple[float, float]]:
    return [(x + pitch, y), (x - pitch, y), (x, y + pitch), (x, y - pitch)]


def _stick(top: float, at: tuple[float, float]) -> list[Chunk]:
    """A thumb stick: a mushroom."""
    stem = slab("stick", oval(0.0045, 0.0045, 2.0, 0.003), -0.006, 0.0070)
    hat = slab("stick", oval(0.0090, 0.0090, 2.0, 0.004), 0.0065, 0.0105, 0.0014)
    return [Chunk(placed(solid, shift=(*at, top))) for solid in (stem, hat)]


def _horns(rng: Generator):
    width = rng.uniform(0.145, 0.162)
    y_grip = 0.5 * width - 0.021
    thick = rng.uniform(0.030, 0.037)
    half_x = rng.uniform(0.028, 0.034)
    top = 0.5 * thick
    outline = oval(half_x, 0.5 * width - 0.010, rng.uniform(2.8, 4.0))
    body = slab("body", outline, -top, top, 0.42 * thick)
    reach = rng.uniform(0.030, 0.046)
    splay, drop = rng.uniform(0.004, 0.014), rng.uniform(0.012, 0.022)
    swell = rng.uniform(0.95, 1.1)
    handles, spots = [], []
    for sign in (1, -1):
        controls = np.array([
            [0.5 * half_x, sign * (y_grip - 0.004), -0.001],
            [-0.6 * half_x, sign * y_grip, -0.003],
            [-half_x - 0.40 * reach, sign * (y_grip + 0.5 * splay), -0.45 * drop],
            [-half_x - reach, sign * (y_grip + 0.6 * splay), -drop],
        ])  # fmt: skip
        path = smooth_curve(controls, 0.005)
        along = np.linspace(0.0, 1.0, len(path))
        end = np.where(along > 0.5, domed(len(path)), 1.0)
        side = swell * end * interpolate(along, [0.0, 0.4, 0.8, 1.0], [0.021, 0.021, 0.017, 0.014])
        over = swell * end * interpolate(along, [0.0, 0.4, 0.8, 1.0], [0.0145, 0.017, 0.016, 0.013])
        handles.append(tube("handle", path, side, over, points=20))
        spots.append(path[round(0.62 * len(path))])
    buttons = _rounds(0.0055, top, _diamond(0.004, 0.012 - y_grip, 0.0115))
    sticks = []
    low = (-0.55 * half_x, 0.36 * y_grip)
    high = (0.004, y_grip - 0.012)
    pad_at = high if rng.random() < 0.5 else low
    other = low if pad_at is high else high
    buttons += _cross(0.0105, top, pad_at)
    sticks += _stick(top, other) + _stick(top, (low[0], -low[1]))
    buttons += _rounds(0.0032, top, [(0.35 * half_x, 0.018), (0.35 * half_x, -0.018)], 0.0012)
    triggers = []
    for sign in (1, -1):
        lug = slab("trigger", rounded_rectangle(0.011, 0.017, 0.007, 0.004), -0.004, 0.009, 0.003)
        bumper = slab("trigger", rounded_rectangle(0.007, 0.019, 0.005, 0.004), 0.003, 0.011, 0.002)
        y = sign * (y_grip - 0.002)
        triggers += [
            Chunk(placed(lug, turn=(0, 25, 0), shift=(0.80 * half_x, y, -0.30 * thick))),
            Chunk(placed(bumper, shift=(0.80 * half_x, y, 0.0))),
        ]
    parts = {
        "body": [Chunk(body, 1, 3)],
        "handle": [Chunk(handle, 0, 5) for handle in handles],
        "button": buttons,
        "stick": [Chunk(s.solid) for s in sticks],
        "trigger": triggers,
    }
    grips = [(float(spot[0]), float(spot[1]), float(spot[2])) for spot in spots]
    return parts, grips, thick, half_x


def _ends(body: Solid, beyond: float) -> list[Chunk]:
    """What lies beyond |y|, grown by a hair so that it covers the body, as the handles."""
    ends = []
    for sign in (1, -1):
        cut = body.manifold.trim_by_plane((0.0, float(sign), 0.0), beyond)
        low, high = cut.bounding_box()[:3], cut.bounding_box()[3:]
        middle = [0.5 * (a + b) for a, b in zip(low, high, strict=True)]
        scale = [1.0 + 0.0008 / (b - a) for a, b in zip(low, high, strict=True)]
        grown = cut.translate([-m for m in middle]).scale(scale).translate(middle)
        ends.append(Chunk(Solid.of(Solid(grown, {}).surface(), "handle"), 1, 2))
    return ends


def _bone(rng: Generator):
    width, thick = rng.uniform(0.138, 0.150), rng.uniform(0.020, 0.027)
    radius = rng.uniform(0.029, 0.034)
    y_disc = 0.5 * width - radius
    half_x = radius * rng.uniform(0.62, 0.80)
    top = 0.5 * thick
    shift = 0.86 * radius - half_x
    between = rounded_rectangle(half_x, y_disc - 0.45 * radius, 0.006)
    bar = placed(slab("body", between, -top, top, 0.25 * thick), shift=(shift, 0, 0))
    discs = [
        placed(slab("handle", oval(radius, radius), -top - 0.0005, top + 0.0005, 0.42 * thick),
               shift=(0, sign * y_disc, 0))
        for sign in (1, -1)
    ]  # fmt: skip
    buttons = _cross(0.0120, top, (0.0, y_disc)) + _rounds(
        0.0056, top, _diamond(0.0, -y_disc, 0.0130)
    )
    pills = slab("button", rounded_rectangle(0.0022, 0.0060, 0.0020, 0.003), -0.004, 0.0016, 0.0006)
    buttons += [Chunk(placed(pills, turn=(0, 0, -30), shift=(0, y, top))) for y in (0.010, -0.008)]
    bumpers = [
        Chunk(placed(slab("trigger", rounded_rectangle(0.006, 0.019, 0.004, 0.004), -0.004, 0.005,
                          0.002), shift=(radius - 0.0035, sign * (y_disc - 0.003), 0)))
        for sign in (1, -1)
    ]  # fmt: skip
    parts = {
        "body": [Chunk(bar)],
        "handle": [Chunk(disc) for disc in discs],
        "button": buttons,
        "trigger": bumpers,
    }
    grips = [(-0.3 * radius, sign * (y_disc + 0.4 * radius), 0.0) for sign in (1, -1)]
    return parts, grips, thick, shift + half_x


def _brick(rng: Generator):
    width, thick = rng.uniform(0.116, 0.132), rng.uniform(0.016, 0.022)
    half_x = rng.uniform(0.024, 0.031)
    top = 0.5 * thick
    corner = float(rng.choice([0.005, 0.009, 0.95 * half_x]))
    outline = rounded_rectangle(half_x, 0.5 * width, corner)
    rounding = min(rng.uniform(0.12, 0.35) * thick, 0.7 * corner)
    body = slab("body", outline, -top, top, rounding)
    y = 0.31 * width
    buttons = _cross(0.0115, top + 0.0003, (-0.002, y)) + _rounds(
        0.0062,
        top + 0.0003,
        [(-0.008, -y + 0.008), (-0.002 if rng.random() < 0.5 else -0.008, -y - 0.008)],
    )
    pill = slab("button", rounded_rectangle(0.0022, 0.0060, 0.0020, 0.003), -0.004, 0.0016, 0.0006)
    buttons += [Chunk(placed(pill, shift=(-0.009, at, top))) for at in (0.010, -0.008)]
    parts = {
        "body": [Chunk(body)],
        "handle": _ends(body, 0.5 * width - 0.019),
        "button": buttons,
    }
    grips = [(0.0, sign * (0.5 * width - 0.010), 0.0) for sign in (1, -1)]
    return parts, grips, thick, half_x
