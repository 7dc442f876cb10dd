"""Spoons lying with the bowl up: handle towards -x, bowl at +x from x = 0."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.cutlery import grip_place, handle_rings, levels_of_middle, mass
from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_of_rings
from semgrasp.objects.procedural.surfaces import loft
from semgrasp.objects.procedural.tool_shapes import sheet_pieces, sheet_rings, without_voids

_STYLES = {
    # In [mm]: whole length, length and width of the bowl, its depth, thickness of the bowl, half
    # width and half thickness of the neck, half width of the handle's end.
    "table": ((190, 215), (60, 72), (40, 46), (8, 11), (2.0, 2.6),
             (3.5, 5.0), (1.6, 2.2), (9, 13)),
    "tea": ((125, 150), (42, 50), (28, 33), (6, 8), (1.8, 2.2), (2.8, 3.8), (1.3, 1.8), (6.5, 9)),
    "soup": ((165, 185), (50, 56), (46, 52), (9, 12), (2.0, 2.6), (3.5, 4.8), (1.6, 2.2), (9, 12)),
    "latte": ((185, 220), (30, 38), (22, 26), (5, 7), (1.8, 2.2), (2.2, 3.0), (1.6, 2.2), (3, 5)),
    "wooden": ((240, 320), (70, 90), (48, 62), (8, 14), (4.5, 6.0), (6, 8), (4.5, 6.0), (7, 9.5)),
    "ladle": ((240, 300), (75, 92), (72, 90), (24, 34), (2.2, 2.8), (4, 5.5), (2.2, 3.0), (9, 13)),
    "measuring": ((90, 125), (34, 46), (33, 45), (13, 18), (2.0, 2.6),
             (5, 6.5), (1.6, 2.2), (6, 9)),
}  # fmt: skip
_HANDLES = {
    "table": ("flat", "fiddle", "rod"), "tea": ("flat", "fiddle", "rod"),
    "soup": ("flat", "fiddle"), "latte": ("flat", "rod"), "wooden": ("wooden",),
    "ladle": ("flat", "rod", "wooden"), "measuring": ("flat",),
}  # fmt: skip


def make_spoon(rng: Generator) -> Draft:
    """A table, tea, soup, latte, wooden or measuring spoon, or a ladle.

    Sizes: typical cutlery (ISO 8442-2 gives its properties, makers the lengths): table spoons 190
    to 215 mm, tea spoons 125 to 150 mm, round soup spoons 170 to 185 mm, latte spoons 185 to
    220 mm; wooden spoons 250 to 300 mm, ladles 250 to 300 mm, measuring spoons of 5 to 15 ml.
    """
    style = str(rng.choice(list(_STYLES), p=[0.24, 0.18, 0.13, 0.09, 0.15, 0.12, 0.09]))
    whole_length, length, width, depth, thickness, neck, neck_half, end = (
        1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style]
    )
    shape = str(rng.choice(_HANDLES[style]))
    upright = {"ladle": rng.uniform(0.25, 0.7), "measuring": 0.0, "wooden": rng.uniform(0.0, 0.05)}
    rise = (whole_length - length) * upright.get(style, rng.uniform(0.06, 0.14))
    bowl_rings = _bowl_rings(rng, style, length, width, depth, thickness, neck)
    bowl = Solid.of(loft(bowl_rings), "bowl")
    rings, path = handle_rings(rng, shape, whole_length - length, (neck, neck_half), end, rise)
    # The handle begins a little inside the bowl's edge.
    rings = rings + np.array([0.0015, 0.0, 0.0])
    handle = Solid.of(loft(rings), "handle")
    whole = without_voids(handle + bowl)
    centre, axis, half_width, half_thickness = grip_place(rings, path, 0.55)
    near, near_axis, near_width, _ = grip_place(rings, path, 0.30)
    half = 0.5 * (whole_length - length)
    middle = len(bowl_rings) // 2
    rim = bowl_rings[middle, 0]
    low, high = levels_of_middle(bowl_rings[middle])
    return Draft(
        whole=whole,
        filled=whole,
        part_solids={"handle": handle - bowl, "bowl": bowl},
        sites=(
            # As a pen is held, above the neck; flat between thumb and finger; or in the fist.
            grasp_site("handle", "handle", "pinch", near, near_axis, (0, 0, 1),
                       radius=near_width, half_length=0.15 * half),
            grasp_site("handle_flat", "handle", "pinch", centre, axis, (0, 1, 0),
                       radius=half_thickness, half_length=0.2 * half),
            grasp_site("handle_fist", "handle", "bar", centre, axis, (0, -0.5, 0.87),
                       radius=0.5 * (half_width + half_thickness), half_length=0.2 * half),
            grasp_site("bowl", "bowl", "pinch", (float(rim[0]), 0.0, float(rim[2])), (1, 0, 0),
                       (0, 0, 1), radius=float(rim[1]), half_length=0.003),
            grasp_site("bowl_flat", "bowl", "pinch", (float(rim[0]), 0.0, 0.5 * (low + high)),
                       (1, 0, 0), (0, 1, 0), radius=0.5 * (high - low), half_length=0.003),
        ),
        part_attributes={
            "handle": ("held_by_hand",),
            "bowl": ("contain_sth", "flow_in_sth", "flow_out_sth"),
        },
        convex_pieces=[
            *sheet_pieces("bowl", bowl_rings, 10, 6 if depth > 0.012 else 5),
            *hulls_of_rings("handle", rings, 9),
        ],
        mass_kg=mass(style, shape, bowl.manifold.volume(), handle.manifold.volume()),
        edge=0.006,
    )  # fmt: skip


def _bowl_rings(
    rng: Generator, style: str, length: float, width: float, depth: float, thickness: float,
    neck: float,
) -> Float[ndarray, "n points 3"]:  # fmt: skip
    """Egg-shaped or round, deepest behind its middle, its borders level."""
    is_round = style in ("soup", "ladle", "measuring")
    count = max(13, round(length / 0.0035))
    # Stations crowd at both ends, where the border turns.
    u = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, count))
    egg = 1.0 if is_round else rng.uniform(1.05, 1.45)
    border = np.sqrt(np.clip(1.0 - (2.0 * u - 1.0) ** 2, 0.0, 1.0))
    border = border * (1.0 + 0.18 * (egg - 1.0) * 2.0 * (1.0 - 2.0 * u))
    half_width = np.maximum(0.5 * width * border, 0.0012)
    # The border runs into the neck with a fillet.
    half_width = np.maximum(half_width, 0.9 * neck * np.exp(-(((u * length) / (1.6 * neck)) ** 2)))
    dish = depth * np.clip(border, 0.0, 1.0) ** (1.0 if style in ("ladle", "measuring") else 1.3)
    columns = max(9, round(width / 0.0045))
    columns += 1 - columns % 2
    return sheet_rings(length * u, half_width, 0.0 * u, dish, thickness * np.ones_like(u), columns)
