"""Buckets: an open pail with a hinged wire or a rope from ear to ear along x."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hull, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    fillet,
    loft,
    rings_along_x,
    smooth_curve,
    superellipse,
    sweep_rings,
)
from semgrasp.objects.procedural.vessels import Vessel, open_vessel, squared_section, turned

_SPACING = 0.0136
_REACH = 0.040
"""How far the one-sided solid extends the wall."""

_STYLES = {
    # Radius at the rim and height in [mm], foot to rim radius, exponent of the section.
    "household": ((112, 125), (195, 225), (0.68, 0.80), 2.0),
    "small": ((82, 105), (135, 185), (0.68, 0.82), 2.0),
    "zinc": ((108, 124), (190, 222), (0.56, 0.66), 2.0),
    "paint": ((80, 100), (165, 205), (0.95, 0.99), 2.0),
    "squared": ((100, 118), (185, 230), (0.72, 0.84), 3.2),
}


def make_bucket(rng: Generator) -> Draft:
    """A bucket of 2 to 8 litres, standing empty, its handle up or leaning to +y.

    Sizes: household buckets of 5 to 8 litres (220 to 250 mm across the rim, 190 to 230 mm
    tall), zinc pails of 7 litres, paint pails of 2.5 and 5 litres (160 to 200 mm wide); bails of
    5 to 6 mm wire with a grip of 20 to 28 mm diameter and 90 to 110 mm length, or a rope of
    12 to 16 mm.
    """
    style = str(rng.choice(list(_STYLES)))
    radius, height = (1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style][:2])
    wall = rng.uniform(0.0022, 0.0032)
    rim_from = height - rng.uniform(0.009, 0.014)
    outside = _outside(rng, radius, height, rng.uniform(*_STYLES[style][2]))
    exponent = _STYLES[style][3]
    vessel = open_vessel(
        outside, wall, 0.0035, _SPACING,
        lambda centres: np.where(centres[:, 2] > rim_from, "rim", "body"),
        squared_section(exponent) if exponent > 2.0 else None, (rim_from,),
    )  # fmt: skip
    lipped = _with_lip(rng, vessel.outside, rim_from)
    lip = turned(lipped[lipped[:, 1] >= rim_from], _SPACING, "rim", vessel.section)
    outer, shell = vessel.outer + lip, vessel.shell + (lip - vessel.cavity)
    is_rope = rng.random() < 0.3
    ear_z = rim_from - rng.uniform(0.012, 0.020)
    ear_x = float(np.interp(ear_z, vessel.outside[:, 1], vessel.outside[:, 0])) + 0.006
    ears = _ear_rings(rng, ear_x, ear_z, is_rope)
    core = _core(vessel, 0.6 * wall)
    ear = Solid.of(loft(ears), "body") + Solid.of(loft(ears * [-1.0, -1.0, 1.0]), "body") - core
    ear = ear.refined(0.009)
    bail = _bail(rng, ear_x, ear_z, radius, height, is_rope)
    handle = Solid.of(loft(bail.wire), "handle")
    pieces = hulls_of_rings("handle", bail.wire, 20)
    if bail.roller is not None:
        handle = handle + Solid.of(loft(bail.roller), "handle")
        pieces.append(hull("handle", bail.roller))
    pieces += [hull("body", ears), hull("body", ears * [-1.0, -1.0, 1.0])]
    storeys = [("body", 0.0, 0.5 * height), ("body", 0.5 * height, rim_from)]
    storeys.append(("rim", rim_from, height))
    pieces += replace(vessel, outside=lipped).pieces(storeys, 16)
    # The bail may pass through the ears, never through the wall.
    handle = handle - core
    body = shell.below(rim_from) + (ear - outer)

    turn = float(vessel.section(np.array([-0.5 * np.pi]))[0])
    lip_z = 0.5 * (rim_from + height)
    lip_out, lip_in = (
        turn * float(np.interp(lip_z, side[:, 1], side[:, 0])) for side in (lipped, vessel.inside)
    )
    return Draft(
        whole=shell + ear + handle,
        filled=outer + ear + handle,
        part_solids={
            "body": body,
            "rim": shell.above(rim_from),
            "handle": handle - outer - ear,
        },
        sites=(
            grasp_site("handle", "handle", "hook", bail.centre, (1, 0, 0), bail.front,
                       radius=bail.half_thickness, half_length=bail.half_length),
            # From the side, where the handle's ears are not in the way; fingers reach inside.
            grasp_site("rim", "rim", "pinch", (0.0, -0.5 * (lip_out + lip_in), lip_z),
                       (-1, 0, 0), (0, 0, 1),
                       radius=0.5 * (lip_out - lip_in), half_length=0.015),
        ),
        part_attributes={
            "body": ("contain_sth",),
            "rim": ("flow_in_sth", "flow_out_sth"),
            "handle": ("held_by_hand", "pulled_by_hand"),
        },
        convex_pieces=pieces,
        mass_kg=rng.uniform(0.25, 0.40) + 0.6 * (radius - 0.08) / 0.06,
        edge=0.0198,
        one_sided={"rim": {"thumb": outer + ear + handle,
                           "fingers": vessel.widened(_REACH, _SPACING) + handle}},
    )  # fmt: skip


def _outside(rng: Generator, radius: float, height: float, taper: float) -> Float[ndarray, "n 2"]:
    """A straight cone with a rounded foot."""
    foot_radius = radius * taper
    corner = rng.uniform(0.003, 0.010)
    foot = fillet(foot_radius, 0.0, corner, top=False)
    z = np.linspace(corner, height, round(height / _SPACING) + 1)
    r = foot_radius + (radius - foot_radius) * z / height
    return np.concatenate([foot[:-1], np.stack([r, z], axis=1)])


def _with_lip(
    rng: Generator, outside: Float[ndarray, "n 2"], rim_from: float
) -> Float[ndarray, "m 2"]:
    """The profile with a rolled rim, which leaves the inner side straight."""
    height = float(outside[-1, 1])
    lip = rng.uniform(0.0020, 0.0055)
    z = np.array([rim_from, rim_from + 0.0020, height - 0.0030, height - 0.0004])
    r = np.interp(z, outside[:, 1], outside[:, 0]) + lip * np.array([0.0, 1.0, 1.0, 0.4])
    below = outside[outside[:, 1] < rim_from - 0.0005]
    return np.concatenate([below, np.stack([r, z], axis=1)])


def _core(vessel: Vessel, inset: float) -> Solid:
    """The outside moved into the wall: what is cut with it leaves nothing inside the bucket."""
    profile = vessel.outside - [inset, 0.0]
    profile[-1, 1] += 0.001
    return turned(profile, _SPACING, "handle", vessel.section)


def _ear_rings(
    rng: Generator, ear_x: float, ear_z: float, is_rope: bool
) -> Float[ndarray, "n points 3"]:
    """A round or oblong boss on the wall at +x that the handle turns in."""
    tall = rng.uniform(0.009, 0.012)
    wide = tall * rng.uniform(1.0, 1.9)
    x = ear_x + np.array([-0.014, -0.004, 0.004, 0.0065])
    size = np.array([1.0, 1.0, 0.95, 0.75]) * (1.1 if is_rope else 1.0)
    return rings_along_x(x, wide * size, tall * size, np.full(4, ear_z),
                         superellipse(rng.uniform(2.0, 4.0), 20))  # fmt: skip


class _Bail(NamedTuple):
    """A handle and where the fingers go under it, in [m]."""

    wire: Float[ndarray, "n points 3"]
    roller: Float[ndarray, "m points 3"] | None
    centre: tuple[float, float, float]
    front: tuple[float, float, float]
    half_thickness: float
    half_length: float


def _bail(
    rng: Generator, ear_x: float, ear_z: float, radius: float, height: float, is_rope: bool
) -> _Bail:
    """A bow over the opening: a wire with or without a roller, or a rope."""
    rise = height - ear_z + max(radius * rng.uniform(0.70, 1.0), 0.085)
    square = rng.uniform(1.7, 2.0) if is_rope else rng.uniform(2.0, 2.7)
    angle = np.linspace(np.pi, 0.0, 41)
    s, c = np.sin(angle), np.cos(angle)
    x = ear_x * np.sign(c) * np.abs(c) ** (2.0 / square)
    arc = np.stack([x, ear_z + rise * np.abs(s) ** (2.0 / square)], axis=1)
    half_grip = rng.uniform(0.045, 0.055)
    has_roller = not is_rope and rng.random() < 0.8
    path = smooth_curve(arc, 0.010)
    thick = rng.uniform(0.0060, 0.0080) if is_rope else rng.uniform(0.0026, 0.0036)
    wire = sweep_rings(path, np.full(len(path), thick), np.full(len(path), thick), points=10)
    crown = float(path[:, 1].max())
    roller, grip_radius = None, thick
    if has_roller:
        grip_radius = rng.uniform(0.0100, 0.0140)
        at = np.linspace(-half_grip, half_grip, 11)
        waist = rng.choice([0.0, 0.08, -0.08])
        size = grip_radius * (1.0 - waist * (1.0 - (at / half_grip) ** 2))
        size[[0, -1]] *= 0.82
        # A long roller bends with its wire.
        drop = np.interp(at, path[:, 0], path[:, 1])
        roller = rings_along_x(at, size, size, drop, superellipse(2.0, 16))
        grip_radius = float(size[5])
    lean = rng.uniform(0.0, 0.5) if rng.random() < 0.5 else 0.0
    centre = _leaning(np.array([0.0, 0.0, crown]), ear_z, lean)
    return _Bail(
        _leaning(wire, ear_z, lean),
        None if roller is None else _leaning(roller, ear_z, lean),
        (float(centre[0]), float(centre[1]), float(centre[2])),
        (0.0, float(np.sin(lean)), float(np.cos(lean))),
        grip_radius,
        half_grip,
    )


def _leaning(
    points: Float[ndarray, "*shape 3"], hinge_z: float, lean: float
) -> Float[ndarray, "*shape 3"]:
    """Turned about the ears towards +y by an angle in [rad]."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2] - hinge_z
    c, s = np.cos(lean), np.sin(lean)
    return np.stack([x, c * y + s * z, hinge_z + c * z - s * y], axis=-1)
