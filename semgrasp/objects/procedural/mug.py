"""Mugs: a cup with a handle at +x."""

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
    subdivide,
    sweep_rings,
)

_SPACING = 0.0055

_RadiusAt = Callable[[Float[ndarray, " n"]], Float[ndarray, " n"]]


def make_mug(rng: Generator) -> Draft:
    """A mug of 80 to 110 mm, standing."""
    height = rng.uniform(0.080, 0.110)
    wall = rng.uniform(0.0028, 0.0045)
    rim_from = height - rng.uniform(0.012, 0.015)
    radius_at = _wall_shape(rng, height)
    corner = rng.uniform(0.003, 0.009)

    def vessel(inset: float, overshoot: float) -> Float[ndarray, "n 2"]:
        """Profile of the outside moved inwards, open at the top plus some overshoot."""
        heights = np.linspace(inset + corner, rim_from, 12)
        heights = np.concatenate([heights, [0.5 * (rim_from + height), height - 0.3 * wall]])
        side = np.stack([radius_at(heights) - inset, heights], axis=1)
        # The lip is rounded inwards from outside and outwards from inside.
        lip_radius = side[-1, 0] + (0.3 * wall if inset > 0.6 * wall else -0.3 * wall)
        lip = np.array([[lip_radius, height + overshoot]])
        bottom = fillet(float(side[0, 0]), inset, corner, top=False)
        return np.concatenate([bottom[:-1], side, lip])

    def rim_or_body(centres: Float[ndarray, "F 3"]) -> ndarray:
        return np.where(centres[:, 2] > rim_from, "rim", "body")

    outer = Solid.of(revolve(vessel(0.0, 0.0), _SPACING), rim_or_body)
    cup = outer - Solid.of(revolve(vessel(wall, 1e-4), _SPACING), rim_or_body)
    rings, hook = _handle(rng, height, radius_at, wall)
    bar = Solid.of(loft(rings), "handle")
    # Cutting at the middle of the wall leaves an overlap to unite and nothing inside the cup.
    whole = cup + (bar - Solid.of(revolve(vessel(0.5 * wall, 1e-3), _SPACING), "body"))

    body_radius = float(radius_at(np.array([0.5 * height]))[0])
    rim_radius = float(radius_at(np.array([height]))[0]) - 0.5 * wall
    return Draft(
        whole=whole,
        filled=outer + bar,
        part_solids={
            "body": cup.below(rim_from),
            "handle": bar - outer,
            "rim": cup.above(rim_from),
        },
        sites=(
            grasp_site("handle", "handle", "hook", (hook.bar_x, 0.0, hook.middle_z),
                       (0, 0, 1), (1, 0, 0),
                       radius=hook.half_thickness, half_length=0.5 * hook.inner_height),
            grasp_site("body", "body", "wrap", (0.0, 0.0, 0.5 * height), (0, 0, 1), (-1, 0, 0),
                       radius=body_radius, half_length=0.5 * height - 0.035),
            grasp_site("rim", "rim", "rim", (0.0, 0.0, height), (0, 0, 1), (1, 0, 0),
                       radius=rim_radius, half_length=0.5 * wall),
        ),
        part_attributes={
            "body": ("contain_sth", "held_by_hand"),
            "handle": ("held_by_hand",),
            "rim": ("flow_in_sth", "flow_out_sth"),
        },
        convex_pieces=[
            *hulls_along("body", outer.below(rim_from), 2, np.linspace(0.0, rim_from, 5)),
            *hulls_along("rim", outer.above(rim_from), 2, [rim_from, height]),
            *hulls_of_rings("handle", rings, 10),
        ],
        mass_kg=rng.uniform(0.25, 0.40),
    )  # fmt: skip


def _wall_shape(rng: Generator, height: float) -> _RadiusAt:
    """Outer radius as a function of height: straight, tapered, bulged or waisted."""
    radius = rng.uniform(0.036, 0.045)
    style = rng.choice(["straight", "tapered", "bulged", "waisted"], p=[0.4, 0.25, 0.25, 0.1])
    bottom, middle = {
        "straight": (1.0, 1.0),
        "tapered": (rng.uniform(0.70, 0.88), rng.uniform(0.88, 0.95)),
        "bulged": (rng.uniform(0.80, 0.95), rng.uniform(1.06, 1.14)),
        "waisted": (rng.uniform(0.96, 1.04), rng.uniform(0.88, 0.94)),
    }[str(style)]
    if style == "bulged":
        radius *= 0.94
    knots = [0.0, rng.uniform(0.4, 0.55) * height, height]
    values = [bottom * radius, middle * radius, radius]
    return lambda z: interpolate(z, knots, values)


class _Hook(NamedTuple):
    """What the fingers need to know of a handle, in [m]."""

    bar_x: float
    middle_z: float
    half_thickness: float
    inner_height: float


def _handle(
    rng: Generator, height: float, radius_at: _RadiusAt, wall: float
) -> tuple[Float[ndarray, "n points 3"], _Hook]:
    """Rings of a D-, C- or ear-shaped bar that starts and ends inside the wall."""
    is_small = rng.random() < 0.1
    gap = rng.uniform(0.021, 0.025) if is_small else rng.uniform(0.027, 0.036)
    inner_height = rng.uniform(0.042, 0.052) if is_small else rng.uniform(0.056, 0.080)
    half_thickness = rng.uniform(0.0038, 0.0052)
    half_width = rng.uniform(0.0055, 0.0100)
    # The swollen ends of the bar stay between the foot and the lip.
    margin = 1.3 * half_thickness + 0.002
    inner_height = min(inner_height, height - 2.0 * half_thickness - 2.0 * margin - 0.001)
    half_height = 0.5 * inner_height + half_thickness
    middle_z = rng.uniform(half_height + margin, height - half_height - margin)
    style = rng.choice(["D", "C", "ear"])
    exponent = {"D": rng.uniform(3.6, 5.0), "C": rng.uniform(2.2, 2.8), "ear": 2.5}[str(style)]
    lean = rng.uniform(0.15, 0.30) if style == "ear" else 0.0

    ends = radius_at(middle_z + np.array([half_height, -half_height])) - 0.5 * wall
    reach_from = float(
        radius_at(np.linspace(middle_z - half_height, middle_z + half_height, 9)).max()
    )
    depth = gap + half_thickness
    angle = np.linspace(0.5 * np.pi, -0.5 * np.pi, 60)
    c, s = np.cos(angle), np.sin(angle)
    z = np.sign(s) * np.abs(s) ** (2.0 / exponent)
    x = reach_from + depth * np.abs(c) ** (2.0 / exponent) * (1.0 + lean * z)
    bow = np.stack([x, middle_z + half_height * z], axis=1)
    path = np.concatenate([[[ends[0] - wall, bow[0, 1]]], bow, [[ends[1] - wall, bow[-1, 1]]]])
    path = _evenly(path, _SPACING)
    along = np.linspace(-1.0, 1.0, len(path))
    # The bar thickens where it meets the wall, as cast handles do.
    swell = 1.0 + 0.30 * np.abs(along) ** 6
    rings = sweep_rings(
        path,
        half_thickness * swell,
        half_width * swell,
        exponent=rng.uniform(2.0, 3.2),
        points=12,
    )
    hook = _Hook(float(path[:, 0].max()), middle_z, half_thickness, inner_height)
    return rings, hook


def _evenly(path: Float[ndarray, "n 2"], spacing: float) -> Float[ndarray, "m 2"]:
    """The same path with evenly spaced points."""
    dense = subdivide(path, 0.2 * spacing)
    length = np.concatenate([[0.0], np.linalg.norm(np.diff(dense, axis=0), axis=1).cumsum()])
    at = np.linspace(0.0, length[-1], round(length[-1] / spacing) + 1)
    return np.stack([np.interp(at, length, dense[:, k]) for k in (0, 1)], axis=1)
