"""Spatulas lying as they turn food: handle towards -x and rising, the flat blade at +x."""

import numpy as np
from jaxtyping import Float
from manifold3d import CrossSection
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.cutlery import grip_place, handle_rings
from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_of_rings
from semgrasp.objects.procedural.surfaces import interpolate, loft, smooth_curve, sweep_rings
from semgrasp.objects.procedural.tool_shapes import plate, sheet_pieces, sheet_rings, without_voids

_STYLES = {
    # In [mm]: grip length, neck length, blade length and width, blade thickness, half width of
    # the neck, half width of the grip, rise of the grip's end above the blade.
    "turner": ((105, 140), (80, 120), (85, 110), (70, 90), (1.6, 2.4), (3.5, 6), (9, 13), (50, 90)),
    "fish": ((105, 125), (25, 45), (135, 165), (70, 85), (1.6, 2.0), (7, 9), (9, 12), (12, 30)),
    "scraper": ((150, 190), (10, 25), (85, 105), (48, 62), (5, 8), (5.5, 7.5), (7, 10), (0, 6)),
    "palette": ((100, 125), (8, 18), (140, 220), (28, 38), (1.6, 2.0), (7, 9), (9, 12), (2, 7)),
    "wooden": ((160, 200), (15, 30), (75, 100), (50, 68), (4.5, 6.0), (7, 9), (7.5, 10), (0, 10)),
    "pie": ((95, 120), (40, 60), (100, 125), (50, 62), (1.8, 2.4), (4, 5.5), (8, 12), (28, 45)),
}


def make_spatula(rng: Generator) -> Draft:
    """A turner, fish slice, rubber scraper, palette knife, wooden spatula or cake server.

    Sizes: typical retail dimensions; turners 300 to 350 mm with blades of 75 by 90 mm, fish slices
    about 300 mm with slotted blades of 160 mm, scrapers 250 to 300 mm, palette knives 250 to
    350 mm, wooden spatulas 270 to 300 mm, cake servers 240 to 280 mm.
    """
    style = str(rng.choice(list(_STYLES), p=[0.30, 0.15, 0.18, 0.12, 0.13, 0.12]))
    grip, neck, length, width, thickness, neck_half, grip_half, rise = (
        1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style]
    )
    blade_rings = _blade_rings(rng, style, length, width, thickness, neck_half)
    sheet = Solid.of(loft(blade_rings), "blade")
    blade = sheet
    is_slotted = style == "fish" or (style in ("turner", "wooden") and rng.random() < 0.65)
    if is_slotted:
        blade = sheet - _slots(rng, style, length, width, thickness)
    neck_rings = _neck_rings(neck, rise, thickness, neck_half)
    shaft = Solid.of(loft(neck_rings), "neck")
    shape = "wooden" if style in ("scraper", "wooden", "palette") else str(
        rng.choice(["rod", "wooden"])
    )  # fmt: skip
    slope = 0.5 * rise / (neck + 1e-9)
    grip_rings, path = handle_rings(
        rng, shape, grip, (0.8 * grip_half, 0.75 * grip_half), grip_half, 0.35 * rise, spacing=0.006
    )
    at = np.array([-neck + 0.003, 0.0, 0.65 * rise - 0.003 * min(slope, 1.0)])
    grip_rings, path = grip_rings + at, path + at[[0, 2]]
    handle = Solid.of(loft(grip_rings), "handle")
    whole = without_voids(handle + shaft + blade)
    centre, axis, half_width, half_thickness = grip_place(grip_rings, path, 0.50)
    border = blade_rings[int(0.55 * len(blade_rings)), 0]
    is_wood = style in ("wooden", "scraper")
    return Draft(
        whole=whole,
        filled=whole,
        part_solids={"handle": handle, "neck": shaft - handle - blade, "blade": blade},
        sites=(
            # The palm over the grip, or the grip between thumb and fingers.
            grasp_site("handle", "handle", "bar", centre, axis, (0, -0.5, 0.87),
                       radius=0.5 * (half_width + half_thickness),
                       half_length=max(0.004, 0.5 * grip - 0.042)),
            grasp_site("handle_pinch", "handle", "pinch", centre, axis, (0, 0, 1),
                       radius=half_width, half_length=0.3 * grip),
            grasp_site("blade", "blade", "pinch", (0.012, 0.0, float(blade_rings[3, 0, 2])),
                       (1, 0, 0), (0, 1, 0), radius=0.6 * thickness, half_length=0.004),
            grasp_site("blade_borders", "blade", "pinch", (float(border[0]), 0, float(border[2])),
                       (1, 0, 0), (0, 0, 1), radius=float(border[1]), half_length=0.010),
        ),
        part_attributes={
            "handle": ("held_by_hand",),
            "neck": ("connect_to_sth",),
            "blade": ("cut_sth", "contain_sth") if style == "pie" else ("contain_sth",),
        },
        convex_pieces=[
            *sheet_pieces("blade", blade_rings, 9, 3),
            *hulls_of_rings("neck", neck_rings, 4),
            *hulls_of_rings("handle", grip_rings, 7),
        ],
        mass_kg=float(
            (750.0 if is_wood else 1100.0) * (handle + shaft).manifold.volume()
            + (900.0 if is_wood else 6500.0) * blade.manifold.volume()
        ),
        edge=0.0085,
    )  # fmt: skip


def _blade_rings(
    rng: Generator, style: str, length: float, width: float, thickness: float, neck_half: float
) -> Float[ndarray, "n points 3"]:
    """The outline from the neck to the front edge, slightly bent upwards in some."""
    x = np.linspace(0.0, length, round(length / 0.006))
    x = np.concatenate([x[:-1], length - np.array([0.0035, 0.0015, 0.0004, 0.0])])
    u = x / length
    half, root = 0.5 * width, 1.15 * neck_half
    knots, shares = {
        "turner": ([0.0, 0.10, 0.28, 0.75, 1.0], [0.0, 0.45, rng.uniform(0.78, 0.95), 0.97, 1.0]),
        "fish": ([0.0, 0.15, 0.45, 0.80, 1.0], [0.0, 0.18, 0.55, 0.92, 1.0]),
        "scraper": ([0.0, 0.12, 0.35, 0.80, 1.0], [0.0, 0.55, 0.90, 1.0, 0.96]),
        "palette": ([0.0, 0.06, 0.20, 0.85, 1.0], [0.0, 0.45, 0.85, 1.0, 1.0]),
        "wooden": ([0.0, 0.25, 0.55, 0.85, 1.0], [0.0, 0.45, 0.82, 0.98, 1.0]),
        "pie": ([0.0, 0.12, 0.30, 0.60, 1.0], [0.0, 0.75, 1.0, 0.68, 0.10]),
    }[style]
    half_width = interpolate(u, knots, [root + share * (half - root) for share in shares])
    corner = {"palette": half, "pie": 0.15 * half}.get(style, rng.uniform(0.12, 0.40) * half)
    if style == "scraper":
        corner = rng.uniform(0.3, 0.8) * half
    into = np.clip(1.0 - (length - x) / corner, 0.0, 1.0)
    half_width = half_width - np.minimum(corner, half_width - 0.001) * (
        1.0 - np.sqrt(1.0 - 0.999 * into**2)
    )
    slant = rng.uniform(0.0, 0.12) * width if style in ("fish", "wooden") else 0.0
    bend = rng.uniform(0.0, 0.05) * length * u**2 if style in ("turner", "fish", "pie") else 0.0 * u
    thins = 0.6 if style in ("scraper", "wooden") else 0.85
    columns = max(7, 2 * round(width / 0.014) + 1)
    rings = sheet_rings(
        x, half_width, bend, 0.0 * u, thickness * (1.0 + (thins - 1.0) * u), columns
    )
    # The front edge runs askew.
    rings[..., 0] += slant * u[:, None] ** 2 * rings[..., 1] / half
    return rings


def _slots(rng: Generator, style: str, length: float, width: float, thickness: float) -> Solid:
    """Long holes with round ends."""
    count = {"fish": 5, "wooden": int(rng.choice([1, 3]))}.get(style, int(rng.choice([3, 4, 5])))
    half = min(0.0032, 0.20 * width / count)
    start, end = (0.38, 0.86) if style == "fish" else (0.36, 0.82)
    reach = 0.62 if style == "fish" else 0.66
    slots = CrossSection()
    places = np.linspace(-0.5, 0.5, count) * reach * width if count > 1 else np.zeros(1)
    for y in places:
        from_x = length * (start + (0.45 * abs(y) / width if style == "fish" else 0.0))
        to_x = length * end
        bar = CrossSection.square((to_x - from_x, 2.0 * half)).translate((from_x, y - half))
        slots = slots + bar + CrossSection.circle(half, 12).translate((from_x, y))
        slots = slots + CrossSection.circle(half, 12).translate((to_x, y))
    return plate(slots, -0.02 - thickness, 0.03 + thickness, "blade", 0.2)


def _neck_rings(
    length: float, rise: float, thickness: float, half_width: float
) -> Float[ndarray, "n points 3"]:
    """From inside the blade up into the grip."""
    controls = np.array([
        [0.010, 0.0], [0.0, 0.0004], [-0.35 * length, 0.30 * rise], [-length, 0.65 * rise],
        [-length - 0.012, 0.65 * rise + 0.012 * min(1.0, 0.5 * rise / length)],
    ])  # fmt: skip
    path = smooth_curve(controls, 0.005)
    along = np.linspace(0.0, 1.0, len(path))
    thick = interpolate(along, [0.0, 0.3, 1.0], [0.55 * thickness, 0.5 * thickness + 0.0010,
                                                 0.5 * thickness + 0.0015])  # fmt: skip
    wide = half_width * interpolate(along, [0.0, 0.3, 0.6, 1.0], [1.1, 1.0, 0.9, 0.8])
    return sweep_rings(path, thick, wide, exponent=2.6, points=14)
