"""Bottles: an upright body with shoulder and neck, closed by a cap."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_along
from semgrasp.objects.procedural.surfaces import fillet, interpolate, revolve

_SPACING = 0.006

_STYLES = {
    # Height, radius, neck radius, shoulder height, neck height and cap height in [mm].
    "water": ((180, 240), (30, 37), (12, 14), (25, 45), (10, 18), (12, 18)),
    "wine": ((260, 310), (35, 39), (12.5, 14.5), (30, 55), (60, 80), (12, 40)),
    "sauce": ((160, 230), (27, 34), (11, 15), (45, 80), (8, 25), (14, 22)),
    "sport": ((180, 240), (32, 38), (19, 25), (12, 25), (6, 12), (22, 40)),
    "shampoo": ((150, 210), (30, 38), (11, 14), (10, 20), (6, 10), (18, 30)),
}


def make_bottle(rng: Generator) -> Draft:
    """A water, wine, sauce, sport or shampoo bottle, standing; shampoo bottles are oval."""
    style = str(rng.choice(list(_STYLES)))
    height, radius, neck_radius, shoulder, neck_height, cap_height = (
        1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style]
    )
    cap_from = height - cap_height
    neck_from = cap_from - neck_height
    shoulder_from = neck_from - shoulder
    narrow = 1.0
    if style == "shampoo":
        narrow = rng.uniform(0.65, 0.85)
    elif rng.random() < 0.2:
        narrow = rng.uniform(0.85, 0.95)

    def oval(z: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        return interpolate(z, [0.0, shoulder_from, neck_from], [narrow, narrow, 1.0])

    wall = _wall(rng, style, radius, shoulder_from)
    shoulder_curve = _shoulder(rng, style, float(wall[-1, 0]), neck_radius)
    shoulder_curve[:, 1] = shoulder_from + (neck_from - shoulder_from) * shoulder_curve[:, 1]
    glass = Solid.of(
        revolve(
            np.concatenate([wall, shoulder_curve, [[neck_radius, cap_from + 0.3 * cap_height]]]),
            _SPACING,
            flatten=oval,
        ),
        lambda centres: np.where(centres[:, 2] > neck_from, "neck", "body"),
    )
    cap_radius = neck_radius + rng.uniform(0.0012, 0.0030)
    cap = Solid.of(revolve(_cap(rng, style, cap_radius, cap_from, height), _SPACING), "cap")
    body, neck = glass.below(neck_from), glass.above(neck_from) - cap
    middle = int(np.argmin(np.abs(wall[:, 1] - 0.5 * shoulder_from)))
    body_radius = float(wall[middle, 0]) * 0.5 * (1.0 + narrow)
    return Draft(
        whole=glass + cap,
        filled=glass + cap,
        part_solids={"body": body, "neck": neck, "cap": cap},
        sites=(
            grasp_site("body", "body", "wrap", (0.0, 0.0, 0.5 * shoulder_from),
                       (0, 0, 1), (-1, 0, 0),
                       radius=body_radius, half_length=0.5 * shoulder_from - 0.038),
            # A palm is longer than most necks: it rests where the shoulder meets the neck.
            grasp_site("neck", "neck", "wrap", (0.0, 0.0, 0.5 * (neck_from + cap_from)),
                       (0, 0, 1), (-1, 0, 0),
                       radius=neck_radius, half_length=0.5 * neck_height - 0.02),
            grasp_site("cap", "cap", "pinch", (0.0, 0.0, height - 0.45 * cap_height),
                       (0, 0, 1), (-1, 0, 0),
                       radius=cap_radius, half_length=0.1 * cap_height),
            grasp_site("cap_from_above", "cap", "rim", (0.0, 0.0, height), (0, 0, 1), (1, 0, 0),
                       radius=cap_radius, half_length=0.5 * cap_height),
        ),
        part_attributes={
            "body": ("contain_sth", "held_by_hand"),
            "neck": ("flow_in_sth", "flow_out_sth"),
            "cap": ("cover_sth", "screwed/unscrewed_by_hand"),
        },
        convex_pieces=[
            *hulls_along("body", body, 2, [*np.linspace(0.0, shoulder_from, 6),
                                           *np.linspace(shoulder_from, neck_from, 5)[1:]]),
            *hulls_along("neck", neck, 2, np.linspace(neck_from, height, 4)),
            *hulls_along("cap", cap, 2, np.linspace(cap_from, height, 4)),
        ],
        mass_kg=rng.uniform(0.15, 0.70),
    )  # fmt: skip


def _wall(rng: Generator, style: str, radius: float, top: float) -> Float[ndarray, "n 2"]:
    """Profile from the foot to the shoulder: straight, waisted or narrowing."""
    corner = rng.uniform(0.003, 0.008)
    waist, end = 1.0, 1.0
    if style in ("water", "sport") and rng.random() < 0.6:
        waist = rng.uniform(0.82, 0.94)
    if style in ("sauce", "shampoo") and rng.random() < 0.5:
        waist, end = rng.uniform(0.94, 0.98), rng.uniform(0.84, 0.94)
    heights = np.linspace(corner, top, 14)[1:]
    knots = [0.0, 0.2 * top, 0.55 * top, 0.88 * top, top]
    wall = radius * interpolate(heights, knots, [1.0, 1.0, waist, end, end])
    return np.concatenate(
        [fillet(radius, 0.0, corner, top=False), np.stack([wall, heights], axis=1)]
    )


def _shoulder(rng: Generator, style: str, radius: float, neck: float) -> Float[ndarray, "n 2"]:
    """Radius against relative height in (0, 1]: round, sloping or like a bell."""
    t = np.linspace(0.0, 1.0, 10)[1:]
    shapes = {
        "water": ("bell", "round"),
        "wine": ("bell", "round"),
        "sauce": ("bell", "cone"),
        "sport": ("round", "bell"),
        "shampoo": ("round",),
    }[style]
    shape = str(rng.choice(shapes))
    if shape == "round":
        fall = np.sqrt(1.0 - t**2)
    elif shape == "cone":
        fall = 1.0 - t
    else:
        fall = 0.5 + 0.5 * np.cos(np.pi * t)
    return np.stack([neck + (radius - neck) * fall, t], axis=1)


def _cap(
    rng: Generator, style: str, radius: float, low: float, high: float
) -> Float[ndarray, "n 2"]:
    """A screw cap, tapered for sauces; sport bottles carry a nipple to drink from."""
    taper = rng.uniform(0.55, 0.80) if style == "sauce" else rng.uniform(0.94, 1.0)
    foot = fillet(radius, low, 0.0010, top=False)
    if style == "sport" and rng.random() < 0.6:
        ledge = low + 0.55 * (high - low)
        nipple = rng.uniform(0.35, 0.50) * radius
        return np.concatenate(
            [foot, fillet(radius, ledge, 0.002, top=True), [[1.1 * nipple, ledge + 0.001]],
             fillet(nipple, high, 0.002, top=True)]
        )  # fmt: skip
    return np.concatenate([foot, fillet(taper * radius, high, 0.0018, top=True)])
