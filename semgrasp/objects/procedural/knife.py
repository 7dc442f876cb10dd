"""Kitchen knives: handle at -x, blade at +x from x = 0, edge down, blade plane upright."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hull, hulls_along, prism
from semgrasp.objects.procedural.surfaces import (
    interpolate,
    loft,
    rings_along_x,
    superellipse,
)

_SPACING = 0.005
_EDGE_THICKNESS = 0.0005
_TANG = 0.010
_REACH = 0.040
"""How far the one-sided solids extend the blade."""


def make_knife(rng: Generator) -> Draft:
    """A chef's, utility, paring, santoku or butcher's knife, with or without a bolster."""
    blade = _blade_outline(rng)
    grip = _Grip(
        length=rng.uniform(0.092, 0.106) if blade.length < 0.11 else rng.uniform(0.105, 0.128),
        half_width=rng.uniform(0.0085, 0.0115),
        half_height=rng.uniform(0.0105, 0.0140),
        end_x=-rng.uniform(0.010, 0.018) if rng.random() < 0.5 else 0.0,
        middle_z=-rng.uniform(0.0, 0.002),
    )
    grip = grip._replace(middle_z=grip.middle_z - grip.half_height)
    handle = Solid.of(loft(_handle_rings(rng, grip)), "handle")
    rings = _blade_rings(blade, grip)
    steel = Solid.of(loft(rings), "blade")
    first = int(np.argmin(np.abs(rings[:, 0, 0])))
    handle_cuts = np.linspace(grip.end_x - grip.length, grip.end_x, 7)
    pieces = hulls_along("handle", handle, 0, handle_cuts)
    pieces += [hull("blade", rings[i : i + 3]) for i in range(first, len(rings) - 1, 2)]
    part_solids = {"handle": handle, "blade": steel - handle}
    part_attributes = {"handle": ("held_by_hand",), "blade": ("cut_sth", "stab_sth")}
    whole = handle + steel
    if grip.end_x < 0.0:
        bolster = Solid.of(loft(_bolster_rings(grip, blade.thickness)), "bolster")
        whole = whole + bolster
        part_solids = {
            "handle": handle - bolster,
            "blade": steel - bolster - handle,
            "bolster": bolster,
        }
        part_attributes["bolster"] = ("no_function",)
        pieces += hulls_along("bolster", bolster, 0, [grip.end_x - 0.002, 0.5 * grip.end_x, 0.004])

    outline_xz = np.concatenate([rings[first:, 0], rings[first:, rings.shape[1] // 2][::-1]])[
        :, [0, 2]
    ]
    pinch_x = min(0.045, 0.35 * blade.length)
    top = float(np.interp(pinch_x, blade.x, blade.spine))
    bottom = float(np.interp(pinch_x, blade.x, blade.edge))
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=part_solids,
        sites=(
            # The palm comes from the right and above, so that the knuckles clear the board.
            grasp_site("handle", "handle", "bar",
                       (grip.end_x - 0.5 * grip.length, 0.0, grip.middle_z),
                       (1, 0, 0), (0, -0.89, 0.46),
                       radius=0.5 * (grip.half_width + grip.half_height),
                       half_length=0.5 * grip.length - 0.042),
            grasp_site("blade", "blade", "pinch",
                       (pinch_x, 0.0, top - min(0.012, 0.5 * (top - bottom))),
                       (1, 0, 0), (0, 0, 1),
                       radius=0.5 * blade.thickness, half_length=0.015),
        ),
        part_attributes=part_attributes,
        convex_pieces=pieces,
        mass_kg=rng.uniform(0.08, 0.12) + max(0.0, blade.length - 0.1),
        edge=0.008,
        one_sided={
            "blade": {
                "thumb": whole + prism(outline_xz, -_REACH, 0.0, "blade"),
                "fingers": whole + prism(outline_xz, 0.0, _REACH, "blade"),
            }
        },
    )  # fmt: skip


class _Blade(NamedTuple):
    """Side view of a blade; the spine at the heel is at z = 0."""

    length: float
    thickness: float
    x: Float[ndarray, " n"]
    spine: Float[ndarray, " n"]
    edge: Float[ndarray, " n"]


class _Grip(NamedTuple):
    """Outer sizes of a handle that ends at `end_x`, in [m]."""

    length: float
    half_width: float
    half_height: float
    end_x: float
    middle_z: float


def _blade_outline(rng: Generator) -> _Blade:
    style = str(rng.choice(["chef", "utility", "paring", "santoku", "butcher"]))
    length = rng.uniform(
        *{"chef": (0.16, 0.21), "utility": (0.12, 0.15), "paring": (0.08, 0.10),
          "santoku": (0.15, 0.18), "butcher": (0.15, 0.18)}[style]
    )  # fmt: skip
    height = rng.uniform(
        *{"chef": (0.040, 0.050), "utility": (0.027, 0.034), "paring": (0.021, 0.026),
          "santoku": (0.044, 0.050), "butcher": (0.070, 0.085)}[style]
    )  # fmt: skip
    # Stations crowd towards the tip, where the outline bends most.
    u = np.linspace(0.0, 1.0, round(length / _SPACING) + 4)
    u = 1.0 - (1.0 - u) ** 1.25
    if style == "butcher":
        spine = np.zeros_like(u)
        edge = -height * (1.0 - 0.05 * u**3)
    elif style == "santoku":
        drop = rng.uniform(0.60, 0.75)
        spine = -drop * height * u ** rng.uniform(5.0, 7.0)
        edge = -height + (1.0 - drop) * height * u**4
    else:
        drop = rng.uniform(0.15, 0.45)
        spine = -drop * height * u**2.5
        edge = -height + (1.0 - drop) * height * u ** rng.uniform(2.4, 4.5)
    edge = np.minimum(edge, spine - 0.0015)
    thickness = rng.uniform(0.0018, 0.0030) + (0.0008 if style == "butcher" else 0.0)
    return _Blade(length, thickness, length * u, spine, edge)


def _blade_rings(blade: _Blade, grip: _Grip) -> Float[ndarray, "n points 3"]:
    """Wedge sections from a short tang inside the handle to the tip.

    The first half of a ring runs up the +y side, the second half down the -y side.
    """
    tang = 0.7 * grip.half_height
    x = np.concatenate([[-_TANG, -0.5 * _TANG, -0.001], blade.x])
    spine = np.concatenate([[grip.middle_z + tang] * 3, blade.spine])
    edge = np.concatenate([[grip.middle_z - tang] * 3, blade.edge])
    side_points = max(3, round(float((blade.spine - blade.edge).max()) / _SPACING)) + 1
    up = np.linspace(0.0, 1.0, side_points)
    z = edge[:, None] + (spine - edge)[:, None] * up
    grown = np.minimum(1.0, up / 0.7)
    thins = np.interp(x, [0.3 * blade.length, blade.length], [1.0, 0.6])[:, None]
    half = 0.5 * (_EDGE_THICKNESS + (blade.thickness * thins - _EDGE_THICKNESS) * grown)
    rings = np.empty((len(x), 2 * side_points, 3))
    rings[..., 0] = x[:, None]
    rings[:, :side_points, 1], rings[:, side_points:, 1] = half, -half[:, ::-1]
    rings[:, :side_points, 2], rings[:, side_points:, 2] = z, z[:, ::-1]
    return rings


def _handle_rings(rng: Generator, grip: _Grip) -> Float[ndarray, "n points 3"]:
    """A straight, contoured or hooked grip from the butt to `end_x`."""
    style = str(rng.choice(["straight", "contoured", "hooked"]))
    heights = {
        "straight": [0.80, 0.97, 1.00, 0.98, 0.95, 0.90],
        "contoured": [0.75, 1.04, 0.98, 1.06, 0.96, 0.82],
        "hooked": [0.85, 1.18, 0.92, 1.04, 0.94, 0.86],
    }[style]
    sag = {"straight": 0.0, "contoured": 0.0015, "hooked": 0.004}[style]
    along = np.linspace(0.0, 1.0, round(grip.length / _SPACING) + 1)
    knots = [0.0, 0.06, 0.30, 0.60, 0.85, 1.0]
    half_height = grip.half_height * interpolate(along, knots, heights)
    half_width = grip.half_width * interpolate(along, knots, [0.80, 0.97, 0.94, 1.0, 0.95, 0.85])
    z = grip.middle_z - sag * interpolate(along, [0.0, 0.25, 1.0], [1.0, 0.3, 0.0])
    return rings_along_x(
        grip.end_x - grip.length * (1.0 - along),
        half_width,
        half_height,
        z,
        superellipse(rng.uniform(2.4, 3.6), 16),
    )


def _bolster_rings(grip: _Grip, thickness: float) -> Float[ndarray, "n points 3"]:
    """A collar that narrows from the handle to the blade."""
    x = np.linspace(grip.end_x - 0.002, 0.003, 5)
    along = np.linspace(0.0, 1.0, 5)
    width = np.linspace(0.88 * grip.half_width, 0.5 * thickness + 0.0015, 5)
    height = grip.half_height * (0.92 - 0.10 * along)
    return rings_along_x(x, width, height, np.full(5, grip.middle_z), superellipse(3.0, 16))
