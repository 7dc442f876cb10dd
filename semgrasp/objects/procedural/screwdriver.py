"""Screwdrivers: handle towards -x, shaft and tip towards +x from x = 0."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    interpolate,
    loft,
    rings_along_x,
    superellipse,
)

_SPACING = 0.005
_INSIDE = 0.020
"""How deep the shaft sits in the handle."""


def make_screwdriver(rng: Generator) -> Draft:
    """A slotted or cross-tip screwdriver with a round, fluted or lobed handle."""
    handle_length, radius = rng.uniform(0.085, 0.120), rng.uniform(0.0125, 0.0175)
    shaft_length, shaft_radius = rng.uniform(0.070, 0.150), rng.uniform(0.0028, 0.0042)
    tip_length = rng.uniform(0.010, 0.016)
    handle = Solid.of(loft(_handle_rings(rng, handle_length, radius)), "handle")
    rings, tip_from = _shaft_rings(rng, shaft_length, shaft_radius, tip_length)
    shaft = Solid.of(loft(rings[: tip_from + 1]), "shaft")
    tip = Solid.of(loft(rings[tip_from:]), "tip")
    steel = Solid.of(
        loft(rings), lambda centres: np.where(centres[:, 0] > shaft_length, "tip", "shaft")
    )
    palm = (0, -0.89, 0.46)
    return Draft(
        whole=handle + steel,
        filled=handle + steel,
        part_solids={"handle": handle, "shaft": shaft - handle, "tip": tip},
        sites=(
            grasp_site("handle", "handle", "bar", (-0.5 * handle_length, 0, 0), (1, 0, 0), palm,
                       radius=radius, half_length=0.5 * handle_length - 0.040),
            grasp_site("handle_pinch", "handle", "pinch", (-0.25 * handle_length, 0, 0), (1, 0, 0),
                       (0, 0, 1), radius=0.9 * radius, half_length=0.010),
            grasp_site("shaft", "shaft", "pinch", (0.45 * shaft_length, 0, 0), (1, 0, 0),
                       (0, 0, 1), radius=shaft_radius, half_length=0.5 * shaft_length - 0.025),
        ),
        part_attributes={
            "handle": ("held_by_hand",),
            "shaft": ("connect_to_sth",),
            "tip": ("tighten_sth", "loosen_sth"),
        },
        convex_pieces=[
            *hulls_along("handle", handle, 0, np.linspace(-handle_length, 0.0, 8)),
            *hulls_of_rings("shaft", rings[: tip_from + 1], 1),
            *hulls_of_rings("tip", rings[tip_from:], 2),
        ],
        mass_kg=rng.uniform(0.08, 0.16),
        edge=0.007,
    )  # fmt: skip


def _handle_rings(rng: Generator, length: float, radius: float) -> Float[ndarray, "n points 3"]:
    """A grip with a domed butt and a neck; the flutes fade out at both ends."""
    along = np.linspace(0.0, 1.0, round(length / 0.0045) + 1)
    along = np.sort(np.concatenate([along, [0.012, 0.988]]))
    neck = rng.uniform(0.70, 0.92)
    knots = [0.0, 0.012, 0.05, 0.14, 0.45, 0.74, 0.90, 0.988, 1.0]
    values = [0.50, 0.70, 0.90, 1.0, 0.97, neck, 0.5 + 0.5 * neck, 0.62, 0.50]
    scale = radius * interpolate(along, knots, values)
    style = str(rng.choice(["round", "fluted", "lobed"]))
    count, depth = {
        "round": (0, 0.0),
        "fluted": (int(rng.choice([6, 8])), rng.uniform(0.07, 0.14)),
        "lobed": (int(rng.choice([3, 4])), rng.uniform(0.10, 0.17)),
    }[style]
    # Six points to a flute show its shape; a plain round handle needs fewer.
    points = {0: 20, 3: 24, 4: 24, 6: 36, 8: 48}[count]
    angle = np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
    groove = depth * (0.5 - 0.5 * np.cos(count * angle))
    fade = interpolate(along, [0.0, 0.06, 0.16, 0.62, 0.74, 1.0], [0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    section = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rings = rings_along_x(length * (along - 1.0), scale, scale, np.zeros_like(along), section)
    rings[..., 1:] *= (1.0 - fade[:, None] * groove)[..., None]
    return rings


def _shaft_rings(
    rng: Generator, length: float, radius: float, tip_length: float
) -> tuple[Float[ndarray, "n points 3"], int]:
    """Rings of shaft and tip, and the number of the ring where the tip begins."""
    points = 16
    x = np.linspace(-_INSIDE, length, round((length + _INSIDE) / _SPACING) + 1)
    tip_x = length + tip_length * np.array([0.2, 0.45, 0.7, 1.0])
    flat = np.full_like(x, radius)
    circle = superellipse(2.0, points)
    shaft = rings_along_x(x, flat, flat, np.zeros_like(x), circle)
    if rng.random() < 0.5:
        width = radius * np.array([0.85, 0.55, 0.33, 0.0])
        width[-1] = rng.uniform(0.0004, 0.0006)
        height = radius * np.array([1.05, 1.20, 1.30, 1.25])
        tip = np.stack(
            [
                rings_along_x(
                    tip_x[i : i + 1], width[i : i + 1], height[i : i + 1], np.zeros(1),
                    superellipse(exponent, points),
                )[0]
                for i, exponent in enumerate([2.4, 3.5, 5.0, 6.0])
            ]
        )  # fmt: skip
    else:
        size = radius * np.array([1.0, 0.85, 0.60, 0.22])
        tip = rings_along_x(tip_x, size, size, np.zeros(4), circle)
        angle = np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
        groove = np.array([0.05, 0.35, 0.45, 0.30])[:, None] * (0.5 - 0.5 * np.cos(4.0 * angle))
        tip[..., 1:] *= (1.0 - groove)[..., None]
    return np.concatenate([shaft, tip]), len(x) - 1
