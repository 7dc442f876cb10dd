"""Forks lying with the tines curved up: handle towards -x, tines at +x from x = 0."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.cutlery import grip_place, handle_rings, levels_of_middle, mass
from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hulls_of_rings
from semgrasp.objects.procedural.surfaces import interpolate, loft, sweep_rings
from semgrasp.objects.procedural.tool_shapes import sheet_pieces, sheet_rings, without_voids

_STYLES = {
    # In [mm]: whole length, length of the head, share of the tines, width, depth of the curve,
    # thickness, half width and half thickness of the neck, half width of the handle's end.
    "table": ((190, 212), (66, 76), (23, 27), (7, 10), (2.0, 2.6),
             (3.2, 4.5), (1.7, 2.2), (9, 13)),
    "dessert": ((145, 180), (52, 60), (20, 23), (5, 8), (1.8, 2.3),
             (2.8, 3.8), (1.5, 2.0), (7, 10)),
    "salad": ((220, 260), (80, 95), (44, 54), (10, 15), (2.4, 3.0), (4, 5.5), (2.2, 2.8), (9, 13)),
    "carving": ((240, 310), (90, 115), (22, 28), (5, 11), (2.8, 3.6),
             (4, 5), (2.8, 3.6), (11, 14)),
    "wooden": ((250, 300), (75, 95), (48, 60), (4, 9), (5.0, 6.5), (6, 8), (5, 6.5), (7.5, 9.5)),
}  # fmt: skip
_HANDLES = {
    "table": ("flat", "fiddle", "rod"), "dessert": ("flat", "fiddle", "rod"),
    "salad": ("flat", "fiddle", "wooden"), "carving": ("wooden", "rod"), "wooden": ("wooden",),
}  # fmt: skip
_TINES = {"table": (4,), "dessert": (3, 4), "salad": (4, 5), "carving": (2,), "wooden": (3, 4)}


def make_fork(rng: Generator) -> Draft:
    """A table, dessert, salad serving, carving or wooden fork with two to five tines.

    Sizes: typical cutlery (ISO 8442-2 gives its properties, makers the lengths): table forks 190
    to 210 mm by 25 mm, cake and dessert forks 145 to 180 mm, salad servers 220 to 260 mm, carving
    forks 250 to 310 mm, wooden forks 250 to 300 mm.
    """
    style = str(rng.choice(list(_STYLES), p=[0.36, 0.22, 0.16, 0.14, 0.12]))
    whole_length, length, width, depth, thickness, neck, neck_half, end = (
        1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style]
    )
    count = int(rng.choice(_TINES[style]))
    tine_share = {"carving": rng.uniform(0.78, 0.86), "wooden": rng.uniform(0.35, 0.5),
                  "salad": rng.uniform(0.40, 0.55)}.get(style, rng.uniform(0.56, 0.66))  # fmt: skip
    shape = str(rng.choice(_HANDLES[style]))
    rise = (whole_length - length) * (0.02 if style == "wooden" else rng.uniform(0.06, 0.14))
    root_x = (1.0 - tine_share) * length
    base_rings = _base_rings(style, root_x, length, width, depth, thickness, neck)
    base = Solid.of(loft(base_rings), "head")
    tine_width = (0.26 if style == "carving" else 0.58) * width / count
    tips, pieces = None, list[ConvexPiece]()
    spread = np.linspace(-1.0, 1.0, count) * (0.5 * width - 0.5 * tine_width)
    for y in spread:
        rings = _tine_rings(root_x, length, depth, thickness, 0.5 * tine_width, y)
        tine = Solid.of(loft(rings), "tines")
        tips = tine if tips is None else tips + tine
        pieces += hulls_of_rings("tines", rings, 4)
    assert tips is not None
    handle_at, path = handle_rings(rng, shape, whole_length - length, (neck, neck_half), end, rise)
    handle_at = handle_at + np.array([0.0015, 0.0, 0.0])
    handle = Solid.of(loft(handle_at), "handle")
    whole = without_voids(handle + base + tips)
    centre, axis, half_width, half_thickness = grip_place(handle_at, path, 0.55)
    near, near_axis, near_width, _ = grip_place(handle_at, path, 0.25)
    half = 0.5 * (whole_length - length)
    pinch_x = 0.8 * root_x
    section = base_rings[int(np.argmin(np.abs(base_rings[:, 0, 0] - pinch_x)))]
    edge = section[0]
    low, high = levels_of_middle(section)
    return Draft(
        whole=whole,
        filled=whole,
        part_solids={"handle": handle - base, "head": base, "tines": tips - base},
        sites=(
            # As a pen is held, above the neck; flat between thumb and finger; or in the fist.
            grasp_site("handle", "handle", "pinch", near, near_axis, (0, 0, 1),
                       radius=near_width, half_length=0.15 * half),
            grasp_site("handle_flat", "handle", "pinch", centre, axis, (0, 1, 0),
                       radius=half_thickness, half_length=0.2 * half),
            grasp_site("handle_fist", "handle", "bar", centre, axis, (0, -0.5, 0.87),
                       radius=0.5 * (half_width + half_thickness), half_length=0.2 * half),
            grasp_site("head", "head", "pinch", (float(edge[0]), 0.0, float(edge[2])), (1, 0, 0),
                       (0, 0, 1), radius=float(edge[1]), half_length=0.003),
            grasp_site("head_flat", "head", "pinch", (float(edge[0]), 0.0, 0.5 * (low + high)),
                       (1, 0, 0), (0, 1, 0), radius=0.5 * (high - low), half_length=0.003),
        ),
        part_attributes={
            "handle": ("held_by_hand",),
            "head": ("connect_to_sth",),
            "tines": ("stab_sth",),
        },
        convex_pieces=[
            *sheet_pieces("head", base_rings, 5, 3),
            *pieces,
            *hulls_of_rings("handle", handle_at, 9),
        ],
        mass_kg=mass(style, shape, (base + tips).manifold.volume(), handle.manifold.volume()),
        edge=0.005,
    )  # fmt: skip


def _curve(x: Float[ndarray, " n"], length: float, depth: float) -> Float[ndarray, " n"]:
    """Height of the head's middle: low in the middle, up again at the tips."""
    return interpolate(x / length, [-0.05, 0.15, 0.45, 0.75, 1.0],
                       [0.0, -0.45 * depth, -depth, -0.85 * depth, 0.0])  # fmt: skip


def _base_rings(
    style: str, root_x: float, length: float, width: float, depth: float, thickness: float,
    neck: float,
) -> Float[ndarray, "n points 3"]:  # fmt: skip
    """From the neck it broadens to the full width, where the tines begin."""
    reach = root_x + 0.004
    x = np.linspace(0.0, reach, max(8, round(reach / 0.0035)))
    knots = [0.0, 0.12, 0.45, 0.75, 1.0]
    half = 0.5 * width
    shoulder = 0.92 if style == "wooden" else 0.85
    half_width = interpolate(
        x / reach, knots, [neck, 0.75 * neck + 0.05 * half, 0.6 * half, shoulder * half, half]
    )
    columns = max(7, 2 * round(width / 0.008) + 1)
    dish = 0.04 * width * np.clip(x / reach, 0.0, 1.0)
    return sheet_rings(
        x, half_width, _curve(x, length, depth) + dish, dish, thickness * np.ones_like(x), columns
    )


def _tine_rings(
    root_x: float, length: float, depth: float, thickness: float, half_width: float, y: float
) -> Float[ndarray, "n points 3"]:
    """A tine that tapers to a blunt point."""
    x = np.linspace(root_x + 0.0015, length, max(8, round((length - root_x) / 0.004)))
    along = np.linspace(0.0, 1.0, len(x))
    path = np.stack([x, _curve(x, length, depth) + 0.0001], axis=1)
    size = interpolate(along, [0.0, 0.6, 0.92, 1.0], [1.0, 0.85, 0.55, 0.25])
    rings = sweep_rings(
        path, 0.44 * thickness * (0.4 + 0.6 * size), half_width * size, exponent=2.6, points=10
    )
    return rings + np.array([0.0, y, 0.0])
