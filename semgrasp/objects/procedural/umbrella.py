"""Folded umbrellas along x: the handle at -x, the tip at +x."""

from typing import NamedTuple

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
    smooth_curve,
    superellipse,
    sweep_rings,
)

_STYLES = {
    # Length from the handle's end to the tip and of the canopy, and its radius, in [mm].
    "stick": ((820, 930), (540, 620), (20, 27)),
    "golf": ((930, 1020), (650, 740), (26, 34)),
    "child": ((600, 680), (400, 460), (17, 22)),
    "compact": ((250, 320), (165, 215), (21, 30)),
    "mini": ((190, 235), (120, 155), (22, 29)),
}


def make_umbrella(rng: Generator) -> Draft:
    """A folded stick umbrella or a short telescopic one, with a crook or a straight handle.

    Sizes: retail stick umbrellas are 830 to 920 mm long (ribs of 580 to 620 mm), golf umbrellas
    950 to 1020 mm, children's 600 to 680 mm, telescopic ones 230 to 320 mm and mini ones 180 to
    240 mm when folded; shafts are 8 to 14 mm thick, straight handles 24 to 36 mm, crooks 16 to
    24 mm thick with 60 to 80 mm between their legs.
    """
    style = str(rng.choice(list(_STYLES), p=[0.40, 0.12, 0.13, 0.23, 0.12]))
    is_short = style in ("compact", "mini")
    length, canopy_length, radius = (1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style])
    has_crook = rng.random() < (0.25 if style == "compact" else 0.0 if style == "mini"
                                else 0.15 if style == "golf" else 0.7)  # fmt: skip
    spacing = 0.0070 if is_short else 0.0135
    tip_length = rng.uniform(0.004, 0.010) if is_short else rng.uniform(0.055, 0.085)
    canopy_to = length - tip_length
    canopy_from = canopy_to - canopy_length
    canopy_rings = _canopy(rng, canopy_from, canopy_to, radius, spacing, is_short)
    canopy = Solid.of(loft(canopy_rings), "canopy")

    crook_radius = rng.uniform(0.0085, 0.0120)
    grip = (_crook(rng, canopy_from, crook_radius, style == "child") if has_crook
            else _straight(rng, canopy_from, is_short))  # fmt: skip
    handle = Solid.of(loft(grip.rings), "handle")
    shaft_radius = rng.uniform(0.0042, 0.0065)
    shaft_x = np.linspace(
        grip.to_x - 0.010,
        canopy_from + 0.02,
        max(4, round((canopy_from - grip.to_x + 0.03) / 0.012)),
    )
    shaft_rings = _round(shaft_x, np.full(len(shaft_x), shaft_radius), 12)
    shaft = Solid.of(loft(shaft_rings), "shaft")
    tip_rings = _tip(rng, canopy_to, tip_length, shaft_radius, is_short)
    tip = Solid.of(loft(tip_rings), "tip")
    whole = canopy + handle + shaft + tip

    middle = 0.5 * (canopy_from + canopy_to)
    carry = 0.5 * (middle + canopy_from) if not is_short else middle
    half_carry = 0.10 if not is_short else max(0.002, 0.5 * canopy_length - 0.055)
    pieces = hulls_of_rings("handle", grip.rings, grip.pieces)
    cuts = np.linspace(canopy_rings[0, 0, 0], canopy_rings[-1, 0, 0], 9)
    pieces += hulls_along("canopy", canopy, 0, cuts)
    pieces += hulls_of_rings("shaft", shaft_rings, 1) + hulls_of_rings("tip", tip_rings, 3)
    return Draft(
        whole=whole,
        filled=whole,
        part_solids={
            "handle": handle,
            "shaft": shaft - handle - canopy,
            "canopy": canopy - handle,
            "tip": tip - canopy,
        },
        sites=(
            # The index finger lies towards the shaft; the palm comes from the right.
            grasp_site("handle", "handle", "bar", (grip.x, 0.0, 0.0), (1, 0, 0), (0, -1, 0.3),
                       radius=grip.radius, half_length=grip.half_length),
            grasp_site("canopy", "canopy", "wrap", (carry, 0.0, 0.0), (1, 0, 0), (0, -0.3, 1),
                       radius=_mean_radius(canopy, carry, half_carry), half_length=half_carry),
        ),
        part_attributes={
            "handle": ("held_by_hand",),
            "shaft": ("connect_to_sth",),
            "canopy": ("cover_sth", "held_by_hand"),
            "tip": ("point_to_sth",),
        },
        convex_pieces=pieces,
        mass_kg=rng.uniform(0.20, 0.40) if is_short else rng.uniform(0.32, 0.65),
        edge=1.35 * spacing,
    )  # fmt: skip


class _Grip(NamedTuple):
    """A handle, its end towards the canopy, and where the hand closes around it, in [m]."""

    rings: Float[ndarray, "n points 3"]
    to_x: float
    x: float
    radius: float
    half_length: float
    pieces: int


def _round(
    x: Float[ndarray, " n"], radius: Float[ndarray, " n"], points: int, exponent: float = 2.0
) -> Float[ndarray, "n points 3"]:
    return rings_along_x(x, radius, radius, np.zeros_like(x), superellipse(exponent, points))


def _canopy(
    rng: Generator, start: float, end: float, radius: float, spacing: float, is_short: bool
) -> Float[ndarray, "n points 3"]:
    """Rolled cloth in eight or more folds that wind a little; the band pinches it together."""
    x = np.linspace(start, end, round((end - start) / spacing) + 1)
    u = (x - start) / (end - start)
    folds = int(rng.choice([8, 8, 10]))
    points = folds * 4
    band = rng.uniform(0.16, 0.30) if not is_short else rng.uniform(0.35, 0.55)
    pinch = rng.uniform(0.06, 0.18) * np.exp(
        -(((u - band) / (0.035 if not is_short else 0.10)) ** 2)
    )
    if is_short:
        size = interpolate(u, [0.0, 0.06, 0.5, 0.93, 1.0], [0.80, 0.96, 1.0, 0.92, 0.62])
    else:
        # Widest where the ribs' ends gather, slim towards the tip.
        belly = rng.uniform(0.82, 0.98)
        size = interpolate(
            u, [0.0, 0.03, 0.15, 0.5, 0.85, 1.0], [0.62, 0.90, 1.0, belly, 0.60, 0.34]
        )
    angle = np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
    wind = rng.uniform(0.2, 1.4) * (0.5 if is_short else 1.5) * u
    depth = rng.uniform(0.10, 0.24) * (1.0 - np.clip(3.0 * pinch, 0.0, 0.6))
    wave = 0.5 - 0.5 * np.cos(folds * angle)
    # Each fold leans over the next, as cloth does that was wound around a shaft.
    turned = angle + 0.5 / folds * np.sin(folds * angle) + wind[:, None]
    r = radius * (size * (1.0 - pinch))[:, None] * (1.0 - depth[:, None] * wave)
    rings = np.empty((len(x), points, 3))
    rings[..., 0] = x[:, None]
    rings[..., 1] = r * np.cos(turned)
    rings[..., 2] = r * np.sin(turned)
    return rings


def _crook(rng: Generator, to_x: float, radius: float, is_small: bool) -> _Grip:
    """A J: a straight part along x whose end bends back below it."""
    bow = rng.uniform(0.026, 0.031) if is_small else rng.uniform(0.032, 0.041)
    straight = rng.uniform(0.075, 0.100)
    leg = rng.uniform(0.005, 0.040)
    end_x = to_x - rng.uniform(0.004, 0.045)
    bend_x = end_x - straight
    angle = np.linspace(0.5 * np.pi, 1.5 * np.pi, 14)
    arc = np.stack([bend_x + bow * np.cos(angle), -bow + bow * np.sin(angle)], axis=1)
    first = np.stack([np.linspace(end_x, bend_x, 8)[:-1], np.zeros(7)], axis=1)
    last = np.array([[bend_x + leg, -2.0 * bow + 0.12 * leg]])
    path = smooth_curve(np.concatenate([first, arc, last]), 0.0085)
    along = np.linspace(0.0, 1.0, len(path))
    size = radius * interpolate(along, [0.0, 0.04, 0.5, 0.96, 1.0], [0.80, 1.0, 1.0, 0.95, 0.65])
    rings = sweep_rings(path, size, size, points=14)
    return _Grip(rings, end_x, bend_x + 0.45 * straight, radius, 0.5 * straight - 0.036, 14)


def _straight(rng: Generator, to_x: float, is_short: bool) -> _Grip:
    """A cylinder, a barrel, a cone or a knob at the end of the shaft."""
    length = rng.uniform(0.050, 0.085) if is_short else rng.uniform(0.110, 0.165)
    end_x = to_x - (rng.uniform(0.004, 0.010) if is_short else rng.uniform(0.002, 0.040))
    radius = rng.uniform(0.0125, 0.0180)
    shape = str(rng.choice(["cylinder", "barrel", "cone", "waisted"]))
    sizes = {
        "cylinder": [0.86, 1.0, 1.0, 1.0, 1.0, 0.80],
        "barrel": [0.66, 0.86, 1.0, 1.04, 0.90, 0.62],
        "cone": [1.06, 1.18, 1.08, 0.98, 0.88, 0.66],
        "waisted": [0.92, 1.16, 0.96, 0.92, 1.04, 0.76],
    }[shape]
    x = np.linspace(end_x - length, end_x, round(length / 0.0065) + 1)
    u = (x - x[0]) / length
    size = radius * interpolate(u, [0.0, 0.05, 0.35, 0.65, 0.95, 1.0], sizes)
    rings = _round(x, size, 18, exponent=float(rng.choice([2.0, 2.0, 3.2])))
    middle = len(x) // 2
    grip_radius = 0.5 * float(np.ptp(rings[middle, :, 2]))
    half_length = max(0.002, 0.5 * length - 0.042)
    return _Grip(rings, end_x, float(x[middle]), grip_radius, half_length, 4)


def _tip(
    rng: Generator, start: float, length: float, shaft_radius: float, is_short: bool
) -> Float[ndarray, "n points 3"]:
    """A ferrule that carries on from the shaft, or the flat cap of a short umbrella."""
    if is_short:
        x = start + np.array([-0.010, -0.001, 0.4 * length, 0.85 * length, length])
        size = rng.uniform(0.010, 0.015) * np.array([1.0, 1.0, 1.0, 0.8, 0.5])
        return _round(x, size, 16)
    x = start + np.concatenate([[-0.020], np.linspace(-0.004, length, 9)])
    u = np.clip((x - start) / length, 0.0, 1.0)
    thick = shaft_radius * rng.uniform(0.9, 1.2)
    size = thick * interpolate(
        u, [0.0, 0.12, 0.16, 0.8, 0.97, 1.0], [1.5, 1.4, 1.0, 0.75, 0.7, 0.4]
    )
    return _round(x, size, 12)


def _mean_radius(canopy: Solid, x: float, reach: float) -> float:
    """Mean distance of the surface around a place along x from the axis."""
    vertices, _ = canopy.surface()
    near = vertices[np.abs(vertices[:, 0] - x) < max(reach, 0.008)]
    return float(np.hypot(near[:, 1], near[:, 2]).mean())
