"""Bowls: open upwards; two small lugs at +x and -x where there are any."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hull
from semgrasp.objects.procedural.surfaces import circle_angles
from semgrasp.objects.procedural.vessels import (
    Section,
    fluted_section,
    open_vessel,
    round_section,
    squared_section,
    turned,
)

_REACH = 0.040
"""How far the one-sided solid extends the wall."""

_STYLES = {
    # Rim radius and height in [mm]; foot radius relative to the rim's, exponent of the wall's
    # curve (1 is a cone), height of the foot ring in [mm], width of a flat rim in [mm].
    "cereal": ((70, 82), (52, 70), (0.42, 0.55), (1.7, 2.3), (2.0, 5.0), (0, 0)),
    "rice": ((54, 64), (54, 68), (0.40, 0.48), (1.6, 2.2), (6.0, 10.0), (0, 0)),
    "ramen": ((82, 96), (70, 85), (0.34, 0.42), (1.15, 1.5), (8.0, 13.0), (0, 0)),
    "mixing": ((85, 105), (80, 100), (0.45, 0.60), (1.9, 2.6), (0.0, 0.0), (5, 8)),
    "soup_plate": ((98, 115), (36, 48), (0.40, 0.48), (1.8, 2.3), (2.0, 4.0), (22, 32)),
    "dip": ((38, 50), (28, 42), (0.55, 0.75), (1.6, 3.0), (0.0, 2.0), (0, 0)),
    "square": ((62, 78), (48, 65), (0.50, 0.65), (1.5, 2.2), (2.0, 4.0), (0, 0)),
    "ramekin": ((42, 56), (42, 56), (0.86, 0.95), (2.0, 3.0), (0.0, 0.0), (0, 0)),
    "crock": ((56, 66), (58, 72), (0.60, 0.72), (2.2, 3.0), (2.0, 4.0), (0, 0)),
}


def make_bowl(rng: Generator) -> Draft:
    """A bowl for cereal, rice, noodles, mixing, soup, dips or baking, standing.

    Typical retail sizes: cereal bowl 150 x 60 mm, Japanese rice bowl 115 x 60 mm (4 sun), noodle
    bowl 180 x 80 mm, mixing bowl 1.5 l 200 x 90 mm, soup plate 220 x 42 mm, ramekin 90 x 50 mm.
    """
    style = str(rng.choice(list(_STYLES)))
    bounds = _STYLES[style]
    radius, height = (1e-3 * rng.uniform(*pair) for pair in bounds[:2])
    foot, power = rng.uniform(*bounds[2]) * radius, rng.uniform(*bounds[3])
    foot_height, flange = (1e-3 * rng.uniform(*pair) for pair in bounds[4:])
    wall = rng.uniform(0.0018, 0.0026) if style == "mixing" else rng.uniform(0.0030, 0.0046)
    spacing = float(np.clip(0.0066 * (radius / 0.075) ** 0.8, 0.0042, 0.0092))
    section = _section(rng, style, radius, spacing)
    outside = _outside(rng, radius, height, foot, power, foot_height, flange)
    base_to = max(foot_height, 0.003)
    rim_from = height - (0.004 if flange > 0.010 else 0.010)

    def part_at(centres: Float[ndarray, "F 3"]) -> ndarray:
        z = centres[:, 2]
        return np.where(z > rim_from, "rim", np.where(z < base_to, "base", "body"))

    floor_z = foot_height + wall + 0.001
    vessel = open_vessel(outside, wall, floor_z, spacing, part_at, section, (base_to, rim_from))
    shell, filled = vessel.shell, vessel.outer
    parts = {
        "body": shell.above(base_to).below(rim_from),
        "rim": shell.above(rim_from),
        "base": shell.below(base_to),
    }
    attributes: dict[str, tuple[str, ...]] = {
        "body": ("contain_sth", "held_by_hand"),
        "rim": ("flow_in_sth", "flow_out_sth"),
        "base": ("no_function",),
    }
    storeys = [("body", floor_z, 0.4 * rim_from), ("body", 0.4 * rim_from, rim_from)]
    pieces = vessel.pieces([*storeys, ("rim", rim_from, height)], sectors=16)
    lugs: Solid | None = None
    if style == "crock":
        lugs, lug_pieces = _lugs(rng, radius, height)
        outwards = lugs - vessel.outer
        shell = shell + (lugs - vessel.cavity)
        filled = filled + lugs
        parts["handle"] = outwards
        attributes["handle"] = ("held_by_hand",)
        pieces += lug_pieces

    # At +x the section of a squared or fluted bowl has its own factor.
    side = float(section(np.zeros(1))[0])
    lip = np.array([np.interp(rim_from, outside[:, 1], outside[:, 0]), rim_from])
    up = (outside[-1] - lip) * [side, 1.0]
    up /= np.linalg.norm(up)
    grip = wall
    if 0.0 < flange < 0.010:
        # Thumb and fingers have the wall and its turned-out edge between them.
        up, grip = np.array([0.0, 1.0]), wall + flange
    pinch_r, pinch_z = outside[-1] * [side, 1.0] - 0.007 * up + 0.5 * grip * up[::-1] * [-1, 1]
    thick = vessel.widened(_REACH, spacing)
    under = float(outside[outside[:, 1] < base_to + 1e-6, 0].max()) * side
    # The pinch leaves the lugs of a crock alone.
    at = np.array([0.0, -1.0]) if lugs is not None else np.array([1.0, 0.0])
    return Draft(
        whole=shell,
        filled=filled,
        part_solids=parts,
        sites=(
            # From outside, palm down: the fingers come into the bowl, the thumb stays out.
            grasp_site("rim", "rim", "pinch", (at[0] * pinch_r, at[1] * pinch_r, pinch_z),
                       (at[1], -at[0], 0), (at[0] * up[0], at[1] * up[0], up[1]),
                       radius=0.5 * grip, half_length=0.010),
            # The bowl rests in the palm.
            grasp_site("below", "base", "head", (0, 0, 0.5 * base_to), (0, 0, -1), (1, 0, 0),
                       radius=min(under, 0.050), half_length=0.008),
            grasp_site("side", "body", "wrap", (0, 0, 0.55 * height), (0, 0, 1), (-1, 0, 0),
                       radius=float(np.interp(0.55 * height, outside[:, 1], outside[:, 0])),
                       half_length=0.004),
        ),
        part_attributes=attributes,
        convex_pieces=pieces,
        mass_kg=float(shell.manifold.volume() * (rng.uniform(2000, 2500) if wall > 0.0028
                                                 else rng.uniform(1000, 2200))),
        edge=1.8 * spacing,
        one_sided={"rim": {"thumb": filled,
                           "fingers": thick + lugs if lugs is not None else thick}},
    )  # fmt: skip


def _section(rng: Generator, style: str, radius: float, spacing: float) -> Section:
    if style == "square":
        return squared_section(rng.uniform(3.2, 5.0))
    if style == "ramekin" and rng.random() < 0.7:
        # Four points to each flute.
        return fluted_section(len(circle_angles(radius, spacing)) // 4, 0.03)
    return round_section


def _outside(
    rng: Generator,
    radius: float,
    height: float,
    foot: float,
    power: float,
    foot_height: float,
    flange: float,
) -> Float[ndarray, "n 2"]:
    """Foot ring, a curve of superellipse kind, and a flared, upright or flat rim."""
    rim_height = 0.006 if flange > 0.010 else 0.003 if flange > 0.0 else 0.0
    top = height - rim_height
    t = np.linspace(0.0, 1.0, 22) ** 1.7
    widest = radius - flange
    start = foot + 0.002 if foot_height > 0.0 else foot
    curve = start + (widest - start) * (1.0 - (1.0 - t) ** power) ** (1.0 / power)
    lip = rng.uniform(0.0, 0.004) * np.clip((t - 0.75) / 0.25, 0.0, 1.0) ** 2
    side = np.stack([curve + lip, foot_height + (top - foot_height) * t], axis=1)
    profile = side
    if foot_height > 0.0:
        ring = [[foot - 0.001, 0.0], [foot, 0.4 * foot_height], [foot, foot_height - 0.0005]]
        profile = np.concatenate([ring, side])
    else:
        profile = np.concatenate([[[foot - 0.0015, 0.0]], side[1:]])
    if flange > 0.0:
        out = np.linspace(0.0, 1.0, 5)[1:, None]
        profile = np.concatenate([profile, profile[-1] + out * [flange, rim_height]])
    return profile


def _lugs(rng: Generator, radius: float, height: float) -> tuple[Solid, list[ConvexPiece]]:
    """Two flat half discs at +x and -x, as on soup crocks and French onion bowls."""
    size, half = rng.uniform(0.017, 0.022), rng.uniform(0.0035, 0.0050)
    z = height - rng.uniform(0.012, 0.018)
    profile = np.array(
        [[size - half, -half], [size, -0.4 * half], [size, 0.4 * half], [size - half, half]]
    )
    disc = turned(profile, 0.005, "handle").manifold
    both = [disc.translate((sign * (radius - 0.004), 0.0, z)) for sign in (1, -1)]
    lugs = Solid.of(Solid(both[0], {}).surface(), "handle")
    lugs = lugs + Solid.of(Solid(both[1], {}).surface(), "handle")
    pieces = []
    for solid in both:
        points = Solid(solid, {}).surface()[0]
        pieces.append(hull("handle", points[np.abs(points[:, 0]) > radius - 0.006]))
    return lugs, pieces
