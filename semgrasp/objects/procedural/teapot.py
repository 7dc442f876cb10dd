"""Teapots and coffee pots: a round body, the spout at -x, the handle at +x or arched over."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    fillet,
    interpolate,
    loft,
    revolve,
    smooth_curve,
    sweep_rings,
)

_SPACING = 0.0075

_RadiusAt = Callable[[Float[ndarray, " n"]], Float[ndarray, " n"]]

_STYLES = {
    # Greatest radius and height without lid in [mm]; then radius against height, both relative.
    "globe": ((58, 74), (90, 118), [0.60, 0.88, 1.00, 0.86, 0.52]),
    "squat": ((66, 82), (68, 84), [0.62, 0.90, 1.00, 0.88, 0.54]),
    "pear": ((55, 68), (100, 128), [0.72, 0.98, 0.97, 0.70, 0.46]),
    "can": ((48, 62), (92, 120), [0.94, 1.00, 1.00, 0.98, 0.80]),
    "tall": ((46, 56), (135, 175), [1.00, 0.97, 0.84, 0.68, 0.58]),
}


def make_teapot(rng: Generator) -> Draft:
    """A pot for 0.4 to 1.5 litres with its lid on, standing; it pours towards -x.

    Sizes: the Brown Betty of two to eight cups (body 120 to 160 mm wide, 110 to 150 mm tall with
    its lid), cast-iron tetsubin of 0.6 to 1.2 litres (150 mm wide, 80 mm to the opening), enamel
    coffee pots (100 mm wide, 180 to 220 mm tall); an ear takes three or four fingers.
    """
    style = str(rng.choice(list(_STYLES)))
    radius, height = (1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style][:2])
    knots = height * np.array([0.0, 0.18, 0.48, 0.80, 1.0])
    values = radius * np.array(_STYLES[style][2]) * rng.uniform(0.97, 1.03, 5)

    def radius_at(z: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        return interpolate(z, list(knots), list(values))

    corner = rng.uniform(0.003, 0.008)
    heights = np.linspace(corner, height, 16)
    wall = np.stack([radius_at(heights), heights], axis=1)
    foot = fillet(float(wall[0, 0]), 0.0, corner, top=False)
    body = Solid.of(revolve(np.concatenate([foot[:-1], wall]), _SPACING), "body")

    lid_profile, knob_profile = _lid(rng, float(wall[-1, 0]), height)
    lid = Solid.of(revolve(lid_profile, _SPACING), "lid")
    knob = Solid.of(revolve(knob_profile, 0.8 * _SPACING), "knob")
    knob_from, top = float(lid_profile[-1, 1]), float(knob_profile[-1, 1])

    is_bail = style != "tall" and rng.random() < 0.3
    handle_rings, hook = (
        _bail(rng, height, top, radius_at) if is_bail else _ear(rng, height, radius_at)
    )
    bar = Solid.of(loft(handle_rings), "handle")
    spout_rings, bore_rings = _spout(rng, style, height, radius_at)
    pipe = Solid.of(loft(spout_rings), "spout")
    bore = Solid.of(loft(bore_rings), "spout")
    whole = body + lid + knob + bar + (pipe - bore)

    hold_z = 0.48 * height
    return Draft(
        whole=whole,
        filled=body + lid + knob + bar + pipe,
        part_solids={
            "body": body,
            "handle": bar - body,
            "spout": pipe - bore - body,
            "lid": lid - body,
            "knob": knob - lid,
        },
        sites=(
            grasp_site("handle", "handle", "hook", hook.centre, hook.axis, hook.front,
                       radius=hook.half_thickness, half_length=hook.half_length),
            grasp_site("body", "body", "wrap", (0.0, 0.0, hold_z), (0, 0, 1), (0, -1, 0),
                       radius=float(radius_at(np.array([hold_z]))[0]),
                       half_length=0.5 * height - 0.038),
            grasp_site("knob", "knob", "pinch", (0.0, 0.0, 0.5 * (knob_from + top)),
                       (0, 0, 1), (0, -1, 0),
                       radius=float(knob_profile[:, 0].max()), half_length=0.003),
        ),
        part_attributes={
            "body": ("contain_sth", "held_by_hand"),
            "handle": ("held_by_hand",),
            "spout": ("flow_out_sth",),
            "lid": ("cover_sth",),
            "knob": ("held_by_hand", "pulled_by_hand"),
        },
        convex_pieces=[
            *hulls_along("body", body, 2, np.linspace(0.0, height, 8)),
            *hulls_along("lid", lid, 2, np.linspace(float(lid_profile[0, 1]), knob_from, 3)),
            *hulls_along("knob", knob, 2, np.linspace(float(knob_profile[0, 1]), top, 4)),
            *hulls_of_rings("handle", handle_rings, 14 if is_bail else 10),
            *hulls_of_rings("spout", spout_rings, 7),
        ],
        mass_kg=rng.uniform(0.9, 1.6) if is_bail else rng.uniform(0.5, 1.1),
        edge=0.0125,
    )  # fmt: skip


class _Hook(NamedTuple):
    """Where the fingers go through a handle, in [m]."""

    centre: tuple[float, float, float]
    axis: tuple[int, int, int]
    front: tuple[int, int, int]
    half_thickness: float
    half_length: float


def _lid(
    rng: Generator, opening: float, height: float
) -> tuple[Float[ndarray, "n 2"], Float[ndarray, "m 2"]]:
    """Profiles of a flat or domed lid that overlaps the opening, and of the knob on it."""
    radius = opening + rng.uniform(-0.004, 0.003)
    edge = rng.uniform(0.003, 0.005)
    rise = rng.uniform(0.10, 0.55) * radius
    t = np.linspace(0.0, 1.0, 7)
    knob_foot = rng.uniform(0.005, 0.007)
    r = knob_foot + (radius - 0.0015 - knob_foot) * np.cos(0.5 * np.pi * t)
    dome = np.stack([r, height + edge + rise * np.sin(0.5 * np.pi * t)], axis=1)
    lid = np.concatenate([[[radius, height - 0.003], [radius, height + edge - 0.001]], dome])
    start = float(dome[-1, 1])

    size = rng.uniform(0.009, 0.0145)
    neck = rng.uniform(0.003, 0.008)
    shape = str(rng.choice(["ball", "button", "cone"]))
    if shape == "ball":
        angle = np.linspace(-0.3 * np.pi, 0.48 * np.pi, 8)
        head = np.stack([size * np.cos(angle), neck + size * (0.8 + np.sin(angle))], axis=1)
    elif shape == "button":
        thick = rng.uniform(0.007, 0.011)
        head = np.concatenate([fillet(size, neck, 0.0025, top=False),
                               fillet(size, neck + thick, 0.0025, top=True)])  # fmt: skip
    else:
        rows = [[0.7, 0.2], [1.0, 0.6], [0.95, 0.9], [0.62, 1.5], [0.35, 2.1], [0.12, 2.4]]
        head = np.array([0.0, neck]) + size * np.array(rows)
    knob = np.concatenate([[[knob_foot, -0.002], [0.9 * knob_foot, 0.6 * neck]], head])
    return lid, knob + np.array([0.0, start])


def _ear(
    rng: Generator, height: float, radius_at: _RadiusAt
) -> tuple[Float[ndarray, "n points 3"], _Hook]:
    """A C-, D- or question-mark-shaped bar that starts and ends inside the body."""
    high = height * rng.uniform(0.82, 0.90)
    low = height * rng.uniform(0.16, 0.30)
    gap = rng.uniform(0.030, 0.040)
    half_thickness = rng.uniform(0.0050, 0.0070)
    half_width = half_thickness * rng.uniform(1.0, 1.6)
    ends = radius_at(np.array([high, low])) - 0.010
    reach = float(radius_at(np.linspace(low, high, 9)).max()) + gap + half_thickness
    span = high - low
    # A handle that rises over its upper end leaves more room for the fingers of a low pot.
    crest = rng.uniform(0.02, 0.22) * span + (0.010 if span < 0.065 else 0.0)
    sag = rng.uniform(0.0, 0.15) * span
    lean = rng.uniform(0.10, 0.40)
    square = rng.uniform(0.62, 0.80)
    out = np.array([ends[0] + square * (reach - ends[0]), ends[1] + square * (reach - ends[1])])
    controls = np.array([
        [ends[0], high],
        [0.5 * (ends[0] + out[0]), high + 0.8 * crest],
        [out[0], high + crest],
        [reach, high - 0.22 * span],
        [reach - 0.3 * lean * gap, 0.5 * (high + low)],
        [reach - lean * gap, low + 0.22 * span],
        [out[1] - lean * gap, low - 0.6 * sag],
        [ends[1], low],
    ])  # fmt: skip
    path = smooth_curve(controls, 0.0075)
    along = np.linspace(-1.0, 1.0, len(path))
    swell = 1.0 + 0.35 * np.abs(along) ** 5
    rings = sweep_rings(path, half_thickness * swell, half_width * swell,
                        exponent=rng.uniform(2.0, 3.0), points=12)  # fmt: skip
    inner = 0.5 * (np.ptp(path[:, 1]) - 2.0 * half_thickness)
    outer = path[path[:, 0] > path[:, 0].max() - 0.6 * gap]
    x, z = outer[np.argmin(np.abs(outer[:, 1] - 0.5 * (high + low)))]
    centre = (float(x), 0.0, float(z))
    return rings, _Hook(centre, (0, 0, 1), (1, 0, 0), half_thickness, inner)


def _bail(
    rng: Generator, height: float, top: float, radius_at: _RadiusAt
) -> tuple[Float[ndarray, "n points 3"], _Hook]:
    """A hoop over the lid, from the shoulder above the spout to the one across."""
    foot_z = height * rng.uniform(0.80, 0.88)
    foot = float(radius_at(np.array([foot_z]))[0]) - 0.003
    crown = max(top + rng.uniform(0.030, 0.045), height + 0.065)
    half_thickness = rng.uniform(0.0040, 0.0060)
    square = rng.uniform(2.2, 3.6)
    angle = np.linspace(0.0, np.pi, 25)
    c, s = np.cos(angle), np.sin(angle)
    x = -foot * np.sign(c) * np.abs(c) ** (2.0 / square)
    z = foot_z + (crown - foot_z) * s ** (2.0 / square)
    # Both feet end inside the shoulder.
    hoop = np.stack([x, z], axis=1)
    feet = np.array([[-foot + 0.002, foot_z - 0.008], [foot - 0.002, foot_z - 0.008]])
    path = smooth_curve(np.concatenate([feet[:1], hoop, feet[1:]]), 0.0075)
    along = np.linspace(-1.0, 1.0, len(path))
    full = 1.0 + rng.uniform(0.2, 0.7) * np.clip(1.0 - 2.2 * np.abs(along), 0.0, 0.4) / 0.4
    rings = sweep_rings(path, half_thickness * full, 1.25 * half_thickness * full, points=12)
    thick = float(half_thickness * full.max())
    hook = _Hook((0.0, 0.0, crown), (-1, 0, 0), (0, 0, 1), thick, 0.75 * foot)
    return rings, hook


def _spout(
    rng: Generator, style: str, height: float, radius_at: _RadiusAt
) -> tuple[Float[ndarray, "n points 3"], Float[ndarray, "m points 3"]]:
    """A straight, curved or swan-necked pipe whose mouth is as high as the pot, and its bore."""
    shape = str(rng.choice(["straight", "curved", "swan"]))
    start_z = height * {"straight": rng.uniform(0.45, 0.58), "curved": rng.uniform(0.32, 0.45),
                        "swan": rng.uniform(0.22, 0.32)}[shape]  # fmt: skip
    tip_z = height * rng.uniform(0.96, 1.06)
    wall_x = float(radius_at(np.array([start_z]))[0])
    tip_x = float(radius_at(np.array([start_z, tip_z])).max()) + rng.uniform(0.038, 0.055)
    rise, run = tip_z - start_z, tip_x - wall_x
    bend = {"straight": [(0.5, 0.5)], "curved": [(0.42, 0.30), (0.78, 0.66)],
            "swan": [(0.50, 0.18), (0.66, 0.55), (0.80, 0.88)]}[shape]  # fmt: skip
    inside = [(wall_x - 0.016, start_z - (0.3 * rise * 0.016 / run if shape == "straight" else 0))]
    controls = [*inside, *[(wall_x + a * run, start_z + b * rise) for a, b in bend], (tip_x, tip_z)]
    path = smooth_curve(np.array(controls) * np.array([-1.0, 1.0]), 0.0075)
    base = min(rng.uniform(0.016, 0.022), 0.30 * height)
    tip = rng.uniform(0.0070, 0.0095)
    along = np.linspace(0.0, 1.0, len(path))
    size = interpolate(along, [0.0, 0.25, 0.7, 1.0], [base, 0.85 * base, 1.15 * tip, tip])
    rings = sweep_rings(path, size, size, points=16)
    tangent = path[-1] - path[-2]
    mouth = path[-1] + tangent * np.array([[-1.8], [-0.9], [0.2]])
    bore = np.full(3, 0.68 * tip)
    return rings, sweep_rings(mouth, bore, bore, points=16)
