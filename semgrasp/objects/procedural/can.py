"""Cans: closed tins that stand on their base; a pull tab points its ring to +x."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from manifold3d import CrossSection, FillRule
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, PartsAlong, Solid, hull, hulls_along
from semgrasp.objects.procedural.surfaces import superellipse
from semgrasp.objects.procedural.vessels import (
    round_section,
    squared_section,
    turned,
    with_heights,
)

_SPACING = 0.0060


class _Style(NamedTuple):
    """Ranges of the sizes of a kind of can."""

    radius: tuple[float, float]
    """Of the body in [mm]."""
    height: tuple[float, float]
    """In [mm]."""
    mass: tuple[float, float]
    """In [kg], full or empty."""


_STYLES = {
    "beverage": _Style((32.6, 33.4), (113, 170), (0.02, 0.40)),
    "slim": _Style((26.0, 29.0), (130, 158), (0.02, 0.35)),
    "food": _Style((32.0, 43.0), (95, 124), (0.30, 0.60)),
    "low": _Style((38.0, 50.0), (32, 62), (0.12, 0.40)),
    "fish": _Style((46.0, 54.0), (21, 30), (0.12, 0.25)),
    "powder": _Style((36.0, 49.0), (100, 165), (0.25, 0.60)),
    "tube": _Style((32.0, 38.0), (180, 235), (0.15, 0.30)),
}


def make_can(rng: Generator) -> Draft:
    """A can for drinks, vegetables, tuna, sardines, powder or crisps, standing, closed.

    Drink cans: body 66.2 mm, end 54 mm, 115 mm (330 ml), 122 mm (355 ml) and 168 mm (500 ml) tall;
    slim and sleek ones 53 and 58 mm by 134 to 157 mm (CE/Metal Packaging Europe). Round food cans
    after ISO 90-1: 73 x 110 mm, 83 x 113 mm, 99 x 119 mm; tuna 85 x 35 mm. Sardine tins
    ("quarter club") 105 x 60 x 22 mm. Powder tins and tubes of crisps: 75 x 130, 75 x 230 mm.
    """
    name = str(rng.choice(list(_STYLES), p=[0.22, 0.12, 0.20, 0.14, 0.10, 0.12, 0.10]))
    style = _STYLES[name]
    radius, height = 1e-3 * rng.uniform(*style.radius), 1e-3 * rng.uniform(*style.height)
    flatten, section = 1.0, round_section
    if name == "fish":
        flatten, section = rng.uniform(0.56, 0.72), squared_section(rng.uniform(3.4, 6.0))
    elif name == "powder" and rng.random() < 0.4:
        flatten, section = rng.uniform(0.65, 1.0), squared_section(rng.uniform(4.0, 6.0))

    def made(profile: Float[ndarray, "n 2"], part: str | PartsAlong) -> Solid:
        solid = turned(profile, _SPACING, part, section)
        return Solid(solid.manifold.scale((1.0, flatten, 1.0)), solid.parts)

    def column(r: float, low: float, high: float, part: str) -> Solid:
        return made(np.array([[r - 0.001, low], [r, low + 0.001], [r, high]]), part)

    has_cover = name in ("powder", "tube")
    rim_to = height - rng.uniform(0.010, 0.018) if has_cover else height
    rim_from = rim_to - 0.0056
    is_drink = name in ("beverage", "slim")
    base_to = 0.0105 if is_drink else 0.0042
    profile = with_heights(_profile(rng, name, radius, rim_to), (base_to, rim_from))

    def part_at(centres: Float[ndarray, "F 3"]) -> ndarray:
        z = centres[:, 2]
        return np.where(z > rim_from, "rim", np.where(z < base_to, "base", "body"))

    can = made(profile, part_at)
    rim_radius = float(profile[-2, 0])
    end_radius = rim_radius - rng.uniform(0.0018, 0.0024)
    panel_z = rim_to - rng.uniform(0.0025, 0.0036)
    if is_drink:
        # The base is vaulted upwards within its ring.
        vault = [[0.82 * profile[0, 0], -0.001], [0.78 * profile[0, 0], 0.001],
                 [0.55 * profile[0, 0], 0.006], [0.2 * profile[0, 0], 0.0085]]  # fmt: skip
        can = can - made(np.array(vault), "base")
    if has_cover:
        cover = made(_cover(radius + 0.0012, rim_to, height), "lid")
        can = can + cover
        top, lid = can.above(rim_from).below(rim_to), cover
        pieces = hulls_along("lid", cover, 2, [rim_to, height])
    else:
        # The end panel lies lower than the seam around it.
        can = can - column(end_radius, panel_z - 0.001, height + 0.001, "lid")
        top = can.above(rim_from)
        lid = top - (top - column(end_radius, 0.0, height + 0.001, "lid"))
        pieces = []
    rim = top - column(end_radius, 0.0, height + 0.001, "lid")
    parts = {
        "body": can.above(base_to).below(rim_from),
        "rim": rim,
        "lid": lid,
        "base": can.below(base_to),
    }
    attributes: dict[str, tuple[str, ...]] = {
        "body": ("contain_sth", "held_by_hand"),
        "rim": ("secure_sth",),
        "lid": ("cover_sth", "flow_out_sth"),
        "base": ("no_function",),
    }
    pieces += hulls_along("base", can, 2, [0.0, min(0.0042, 0.9 * base_to), base_to])
    pieces += hulls_along("body", can, 2, [base_to, 0.0125, *np.linspace(0.014, rim_from, 6)[1:]])
    pieces += hulls_along("rim", top, 2, [rim_from, rim_to])
    if is_drink or (not has_cover and rng.random() < 0.6):
        tab, tab_piece = _tab(rng, end_radius, panel_z - 0.001, rim_to, is_drink=is_drink)
        can = can + tab
        parts["lid"] = parts["lid"] - tab
        parts["tab"], attributes["tab"] = tab, ("pulled_by_hand",)
        pieces.append(tab_piece)
    middle = 0.5 * (base_to + rim_from)
    angle = np.linspace(0.0, 2.0 * np.pi, 60)
    factor = section(angle) * np.hypot(np.cos(angle), flatten * np.sin(angle))
    mean = float(factor.mean())
    return Draft(
        whole=can,
        filled=can,
        part_solids=parts,
        sites=(
            grasp_site("body", "body", "wrap", (0.0, 0.0, middle), (0, 0, 1), (-1, 0, 0),
                       radius=mean * radius, half_length=middle - 0.036),
            # From above, as a hand lifts a can out of a box.
            grasp_site("rim", "rim", "rim", (0.0, 0.0, rim_to), (0, 0, 1), (1, 0, 0),
                       radius=mean * rim_radius, half_length=0.002),
        ),
        part_attributes=attributes,
        convex_pieces=pieces,
        mass_kg=rng.uniform(*style.mass),
        edge=0.0100,
    )  # fmt: skip


def _profile(rng: Generator, name: str, radius: float, height: float) -> Float[ndarray, "n 2"]:
    """Radius against height of a can without its lid: foot, wall and seam."""
    if name in ("beverage", "slim"):
        end = rng.uniform(0.79, 0.83) * radius if name == "beverage" else 0.90 * radius
        neck = height - rng.uniform(0.012, 0.018) - (radius - end)
        wall = np.array(
            [[0.76 * radius, 0.0], [0.80 * radius, 0.0015], [0.90 * radius, 0.0042],
             [0.97 * radius, 0.008], [radius, 0.012], [radius, neck]]
        )  # fmt: skip
        t = np.linspace(0.0, 1.0, 7)[1:, None]
        slope = np.concatenate(
            [radius + (end - 0.0008 - radius) * (3 * t**2 - 2 * t**3),
             neck + (height - 0.006 - neck) * t], axis=1
        )  # fmt: skip
        return np.concatenate([wall, slope, _seam(end, height)])
    z = np.linspace(0.006, height - 0.006, max(6, round(height / 0.0032)))
    r = np.full_like(z, radius)
    if name == "food" and rng.random() < 0.75:
        # Ribs stiffen the wall of tall tins.
        low, high = np.sort(rng.uniform([0.12, 0.72], [0.28, 0.88])) * height
        period = rng.uniform(0.0100, 0.0130)
        within = (z > low) & (z < high)
        r = r - np.where(within, 0.0008 * (1.0 - np.cos(2.0 * np.pi * (z - low) / period)), 0.0)
    if name in ("low", "fish") and rng.random() < 0.5:
        # Drawn tins have one piece for wall and base, rounded below and slightly conical.
        r = radius * np.linspace(rng.uniform(0.93, 0.98), 1.0, len(z))
        foot = np.array([[r[0] - 0.005, 0.0], [r[0] - 0.0025, 0.0008], [r[0] - 0.0005, 0.0030]])
    elif name in ("powder", "tube"):
        foot = np.array([[radius, 0.0], [radius + 0.0010, 0.0008], [radius + 0.0010, 0.0032],
                         [radius, 0.0042]])  # fmt: skip
    else:
        foot = np.array([[radius, 0.0], [radius + 0.0014, 0.0008], [radius + 0.0014, 0.0032],
                         [radius, 0.0042]])  # fmt: skip
    return np.concatenate([foot, np.stack([r, z], axis=1), _seam(radius + 0.0014, height)])


def _seam(radius: float, height: float) -> Float[ndarray, "4 2"]:
    """The double seam that joins wall and end."""
    return np.array(
        [[radius - 0.0014, height - 0.0042], [radius, height - 0.0034], [radius, height - 0.0006],
         [radius - 0.0006, height]]
    )  # fmt: skip


def _cover(radius: float, low: float, high: float) -> Float[ndarray, "n 2"]:
    """A plastic cover that snaps over the seam, with a lower middle."""
    return np.array(
        [[radius, low - 0.002], [radius + 0.0012, low - 0.001], [radius + 0.0014, high - 0.001],
         [radius + 0.0004, high], [radius - 0.003, high]]
    )  # fmt: skip


def _tab(
    rng: Generator, reach: float, low: float, rim_z: float, *, is_drink: bool
) -> tuple[Solid, ConvexPiece]:
    """A riveted lever with a ring for the finger at +x."""
    length, width = rng.uniform(0.023, 0.026), rng.uniform(0.0145, 0.0165)
    rivet_x = rng.uniform(-0.001, 0.002) if is_drink else reach - length + 0.001
    end_x = rivet_x + length - 0.007
    top = rim_z + rng.uniform(-0.0006, 0.0008)
    outline = superellipse(3.0, 28) * 0.5 * [length, width] + [end_x - 0.5 * length, 0.0]
    ring = superellipse(2.4, 20) * [0.24 * length, 0.32 * width] + [end_x - 0.32 * length, 0.0]
    rivet = superellipse(2.0, 16) * 0.0032 + [rivet_x, 0.0]
    lever = _slab(outline, top - 0.0013, top) - _slab(ring, top - 0.01, top + 0.01)
    whole = lever + _slab(rivet, low - 0.0004, top - 0.0006)
    return whole, hull("tab", lever.surface()[0])


def _slab(outline_xy: Float[ndarray, "n 2"], low: float, high: float) -> Solid:
    section = CrossSection([outline_xy.tolist()], FillRule.NonZero)
    plate = section.extrude(high - low).translate((0.0, 0.0, low))
    return Solid.of(Solid(plate, {}).surface(), "tab")
