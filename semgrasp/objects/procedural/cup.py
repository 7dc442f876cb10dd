"""Cups without a handle: open upwards, or under a lid with a hole to drink from at +x."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    circle_angles,
    interpolate,
    loft,
    smooth_curve,
    sweep_rings,
)
from semgrasp.objects.procedural.vessels import (
    Section,
    faceted_section,
    open_vessel,
    round_section,
    turned,
)

_SPACING = 0.0058
_LID_SPACING = 0.0080


class _Style(NamedTuple):
    """Ranges of the sizes of a kind of cup."""

    radius: tuple[float, float]
    """Of the rim in [mm]."""
    height: tuple[float, float]
    """In [mm]."""
    foot: tuple[float, float]
    """Radius of the foot relative to the rim's."""
    wall: tuple[float, float]
    """In [mm]."""
    floor: tuple[float, float]
    """Thickness of the floor in [mm]."""
    mass: tuple[float, float]
    """In [kg]."""


_STYLES = {
    "tumbler": _Style((34, 41), (100, 150), (0.74, 1.00), (2.0, 3.0), (5, 10), (0.18, 0.35)),
    "rocks": _Style((40, 45), (80, 98), (0.86, 1.00), (2.6, 3.6), (8, 16), (0.25, 0.40)),
    "faceted": _Style((36, 42), (90, 125), (0.72, 0.90), (2.6, 3.6), (6, 12), (0.20, 0.35)),
    "paper": _Style((39, 45), (92, 138), (0.66, 0.75), (1.2, 1.5), (3, 6), (0.02, 0.25)),
    "party": _Style((45, 49), (110, 122), (0.62, 0.70), (1.2, 1.5), (2, 4), (0.02, 0.20)),
    "tea_bowl": _Style((34, 42), (58, 92), (0.48, 0.62), (2.8, 4.0), (4, 6), (0.12, 0.25)),
    "beaker": _Style((36, 43), (95, 125), (0.70, 0.84), (1.6, 2.4), (2, 4), (0.12, 0.25)),
    "shot": _Style((21, 26), (48, 75), (0.72, 0.92), (2.4, 3.2), (8, 14), (0.07, 0.14)),
    "travel": _Style((41, 46), (155, 185), (0.80, 0.88), (2.8, 3.6), (4, 6), (0.28, 0.45)),
}


def make_cup(rng: Generator) -> Draft:
    """A drinking glass, tea bowl, beaker, shot glass, paper, party or travel cup, standing.

    Typical retail sizes: paper cups of 8, 12 and 16 oz have a rim of 80 or 90 mm and stand 92, 110
    and 136 mm tall; a party cup of 16 oz 95 x 120 mm; a long-drink glass 65 x 150 mm; an
    old-fashioned glass 85 x 90 mm; a Japanese yunomi 70 x 85 mm; a shot glass 48 x 60 mm; a travel
    tumbler of 20 oz 88 x 172 mm. Paper and travel cups may have a lid, a sleeve or a straw.
    """
    name = str(rng.choice(list(_STYLES)))
    style = _STYLES[name]
    radius, height = 1e-3 * rng.uniform(*style.radius), 1e-3 * rng.uniform(*style.height)
    foot = radius * rng.uniform(*style.foot)
    wall, floor = 1e-3 * rng.uniform(*style.wall), 1e-3 * rng.uniform(*style.floor)
    outside = _outside(rng, name, radius, height, foot)
    base_to = 0.009 if name == "tea_bowl" else 0.005
    has_lid = name == "travel" or (name == "paper" and rng.random() < 0.55)
    rim_from = height - (0.014 if has_lid else min(0.011, 0.15 * height))
    section: Section = round_section
    if name == "faceted":
        # Four points to each facet.
        facets = len(circle_angles(radius, _SPACING)) // 4
        section = faceted_section(facets, 1.0)

    def part_at(centres: Float[ndarray, "F 3"]) -> ndarray:
        z = centres[:, 2]
        return np.where(z > rim_from, "rim", np.where(z < base_to, "base", "body"))

    floor_z = floor + (0.005 if name == "tea_bowl" else 0.0)
    borders = (base_to, rim_from)
    bead = _bead(float(outside[-1, 0]), height) if name in ("paper", "party") else None
    vessel = open_vessel(outside, wall, floor_z, _SPACING, part_at, section, borders, bead)
    outside = vessel.outside
    whole, filled = vessel.shell, vessel.outer
    parts = {
        "body": whole.above(base_to).below(rim_from),
        "rim": whole.above(rim_from),
        "base": whole.below(base_to),
    }
    attributes: dict[str, tuple[str, ...]] = {
        "body": ("contain_sth", "held_by_hand"),
        "rim": ("flow_in_sth", "flow_out_sth"),
        "base": ("no_function",),
    }
    pieces = [
        *hulls_along("base", filled.below(base_to), 2, [0.0, 0.5 * base_to, base_to]),
        *hulls_along("rim", filled, 2, [rim_from, height]),
    ]
    inner_radius = float(vessel.inside[-1, 0])
    if name == "paper" and rng.random() < 0.5:
        low, high = height * rng.uniform(0.24, 0.32), height * rng.uniform(0.62, 0.72)
        z = np.linspace(low, high, 6)
        band = np.stack([np.interp(z, outside[:, 1], outside[:, 0]) + 0.0014, z], axis=1)
        sleeve = turned(band, _SPACING, "sleeve") - vessel.outer
        whole, filled = whole + sleeve, filled + sleeve
        parts["sleeve"], attributes["sleeve"] = sleeve, ("held_by_hand",)
        # The hull of the sleeve stands for the body within it.
        pieces += hulls_along("sleeve", sleeve, 2, [low, high])
        pieces += hulls_along("body", vessel.outer, 2, [base_to, low])
        pieces += hulls_along("body", vessel.outer, 2, [high, rim_from])
    else:
        pieces += hulls_along("body", vessel.outer, 2, np.linspace(base_to, rim_from, 6))
    if has_lid:
        top = float(outside[:, 0].max())
        lid, lid_filled, lid_pieces = _lid(rng, name, top, inner_radius, height)
        parts["rim"] = parts["rim"] - lid_filled
        parts["lid"], attributes["lid"] = lid, ("cover_sth", "flow_out_sth")
        whole, filled, pieces = whole + lid, filled + lid_filled, pieces + lid_pieces
        if name == "travel" and rng.random() < 0.4:
            rings = _straw_rings(rng, inner_radius, height, floor_z)
            straw = Solid.of(loft(rings), "straw")
            whole, filled = whole + straw, filled + straw
            parts["straw"], attributes["straw"] = straw, ("flow_out_sth",)
            pieces += hulls_of_rings("straw", rings, 5)

    middle = 0.5 * (base_to + rim_from)
    side = float(section(np.linspace(0.0, 2.0 * np.pi, 60)).mean())
    return Draft(
        whole=whole,
        filled=filled,
        part_solids=parts,
        sites=(
            grasp_site("body", "body", "wrap", (0.0, 0.0, middle), (0, 0, 1), (-1, 0, 0),
                       radius=side * float(np.interp(middle, outside[:, 1], outside[:, 0])),
                       half_length=middle - 0.036),
            grasp_site("rim", "rim", "rim",
                       (0.0, 0.0, height - (0.008 if has_lid else 0.0)), (0, 0, 1), (1, 0, 0),
                       radius=side * (inner_radius + 0.5 * wall), half_length=0.5 * wall),
        ),
        part_attributes=attributes,
        convex_pieces=pieces,
        mass_kg=rng.uniform(*style.mass),
        edge=0.0098,
    )  # fmt: skip


def _outside(
    rng: Generator, name: str, radius: float, height: float, foot: float
) -> Float[ndarray, "n 2"]:
    """Radius against height, from the foot to the rim."""
    z = np.linspace(0.0, height, 26)
    along = z / height
    r = foot + (radius - foot) * along
    if name == "tea_bowl":
        power = rng.uniform(2.0, 3.4)
        rise = np.linspace(0.0, 1.0, 20) ** 1.6
        wide = 0.004 + foot + (radius - foot - 0.004) * (1.0 - (1.0 - rise) ** power) ** (1 / power)
        curve = np.stack([wide, 0.006 + (height - 0.006) * rise], axis=1)
        return np.concatenate([[[foot - 0.001, 0.0], [foot, 0.002], [foot, 0.0055]], curve])
    if name in ("tumbler", "rocks"):
        # Some glasses curve in at the foot, some bulge.
        belly = rng.uniform(0.0, 0.07) if rng.random() < 0.5 else 0.0
        r = r * (1.0 + belly * np.sin(np.pi * along))
        r = r - rng.uniform(0.0, 0.12) * foot * np.exp(-along / 0.08)
    elif name == "beaker":
        waist = rng.uniform(0.80, 0.95)
        r = radius * interpolate(along, [0.0, 0.45, 1.0], [foot / radius, waist * 0.92, 1.0])
    elif name == "travel":
        # The lower part fits a cup holder.
        step = rng.uniform(0.30, 0.55)
        r = interpolate(along, [0.0, step - 0.05, step + 0.05, 1.0],
                        [foot - 0.002, foot, radius - 0.002, radius])  # fmt: skip
    profile = np.stack([r, z], axis=1)
    if name == "party":
        for at in (0.30, 0.62, 0.86):
            profile[along > at, 0] += 0.0012
        profile[:, 0] -= 0.0036
    corner = 0.0015
    return np.concatenate([[[profile[0, 0] - corner, 0.0]], [[profile[0, 0], corner]], profile[1:]])


def _bead(radius: float, height: float) -> Float[ndarray, "n 2"]:
    """The rim of a paper or plastic cup, rolled outwards."""
    roll = 0.0017
    angle = np.linspace(-0.5 * np.pi, 0.45 * np.pi, 6)
    return np.stack([radius + roll * np.cos(angle), height - roll + roll * np.sin(angle)], axis=1)


def _lid(
    rng: Generator, name: str, radius: float, inner_radius: float, height: float
) -> tuple[Solid, Solid, list[ConvexPiece]]:
    """A lid, the same without its openings, and its convex pieces."""
    low, skirt = height - 0.006, radius + 0.0012
    if name == "paper":
        top, step = height + rng.uniform(0.009, 0.013), skirt - 0.0055
        recess, plate = rng.uniform(0.003, 0.006), 0.0024
        cut = step - 0.005
    else:
        top, step = height + rng.uniform(0.005, 0.009), skirt - 0.002
        recess, plate = rng.uniform(0.0, 0.002) + 0.0008, 0.0030
        cut = step - 0.004
    profile = np.array(
        [[skirt - 0.0008, low], [skirt, low + 0.001], [skirt, height + 0.0015],
         [step, height + 0.003], [step - 0.0008, top - 0.001], [step - 0.002, top]]
    )  # fmt: skip
    filled = turned(profile, _LID_SPACING, "lid")
    dish = np.array([[cut - 0.001, top - recess], [cut, top + 0.001]])
    inner = inner_radius - 0.0006
    under = np.array(
        [[inner, low - 0.001], [inner, height - 0.001], [min(inner, step - 0.003), height],
         [min(inner, step - 0.003), max(height + 0.0005, top - recess - plate)]]
    )  # fmt: skip
    hole_radius = rng.uniform(0.0040, 0.0055)
    hole = turned(np.array([[hole_radius, low], [hole_radius, top + 0.001]]), 0.003, "lid")
    at = cut - hole_radius - 0.004
    hole = Solid(hole.manifold.scale((0.8, 1.3, 1.0)).translate((at, 0.0, 0.0)), hole.parts)
    filled = filled - turned(dish, _LID_SPACING, "lid")
    lid = filled - turned(under, _LID_SPACING, "lid") - hole
    return lid, filled, hulls_along("lid", filled, 2, [low, height + 0.002, top])


def _straw_rings(
    rng: Generator, inner_radius: float, height: float, floor_z: float
) -> Float[ndarray, "n points 3"]:
    """A straight or bent drinking straw that leans backwards and sticks out of the lid."""
    radius = rng.uniform(0.0030, 0.0042)
    out = rng.uniform(0.050, 0.080)
    foot = np.array([0.35 * inner_radius, floor_z + 0.012])
    top = np.array([-0.25 * inner_radius, height + out])
    path = foot + np.linspace(0.0, 1.0, 30)[:, None] * (top - foot)
    if rng.random() < 0.4:
        bend = top + [[-0.004, 0.010], [-0.016, 0.020], [-0.034, 0.028]]
        path = np.concatenate([path, smooth_curve(np.stack([top, *bend]), 0.006)[1:]])
    size = np.full(len(path), radius)
    return sweep_rings(path, size, size, points=12)
