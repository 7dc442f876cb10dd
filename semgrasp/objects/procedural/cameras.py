"""Still cameras: upright, lens towards +x, the grip and the shutter button at -y."""

import numpy as np
from numpy.random import Generator

from semgrasp.objects.procedural.device_shapes import (
    Chunk,
    Place,
    assembled,
    block,
    oval,
    placed,
    rounded_rectangle,
    slab,
)
from semgrasp.objects.procedural.procedural_object import Draft
from semgrasp.objects.procedural.solids import Solid
from semgrasp.objects.procedural.tool_shapes import pin

_STYLES = {
    # In [mm]: width, height and depth of the body; radius and reach of the lens.
    "compact": ((92, 108), (54, 62), (21, 29), (18, 23), (7, 22)),
    "reflex": ((122, 145), (72, 84), (38, 48), (31, 39), (60, 115)),
    "rangefinder": ((118, 140), (66, 78), (28, 35), (23, 29), (24, 48)),
    "mirrorless": ((104, 126), (60, 72), (28, 36), (27, 33), (28, 75)),
    "instant": ((100, 118), (96, 112), (50, 60), (24, 30), (16, 26)),
}


def make_cameras(rng: Generator) -> Draft:
    """A compact, reflex, rangefinder, mirrorless or instant camera.

    Sizes: makers' data sheets; compact cameras 100 x 58 x 28 mm (Canon IXUS), reflex cameras
    129 x 101 x 78 mm (EOS 2000D) with lenses of 63 to 80 mm across, Leica M 139 x 80 x 39 mm,
    mirrorless 120 x 67 x 35 mm (Sony Alpha 6000), instant 104 x 122 x 67 mm (Instax Mini 12).
    """
    style = str(rng.choice(list(_STYLES), p=[0.22, 0.28, 0.16, 0.18, 0.16]))
    width, height, depth, radius, reach = (1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style])
    corner = {"compact": 0.008, "rangefinder": 0.45 * depth, "instant": 0.020}.get(style, 0.012)
    # Drawn from above: the outline lies in the x-y plane, the front at x = 0.
    if style == "instant":
        outline = rounded_rectangle(0.5 * height, 0.5 * width, corner)
        body = placed(slab("body", outline, -depth, 0.0, 0.010), turn=(0, 90, 0),
                      shift=(0, 0, 0.5 * height))  # fmt: skip
    else:
        outline = rounded_rectangle(0.5 * depth, 0.5 * width, corner * rng.uniform(0.7, 1.0))
        body = placed(slab("body", outline, 0.0, height, rng.uniform(0.0015, 0.0045)),
                      shift=(-0.5 * depth, 0, 0))  # fmt: skip
    lens_y = {"compact": rng.uniform(0.05, 0.18) * width, "rangefinder": 0.04 * width,
              "reflex": 0.06 * width, "mirrorless": 0.10 * width,
              "instant": 0.0}[style]  # fmt: skip
    radius = min(radius, 0.46 * height, 0.5 * width - lens_y - 0.004)
    lens_z = max(0.48 * height, radius + 0.001) if style != "instant" else 0.46 * height
    lens = _lens(rng, style, radius, reach, (0.0, lens_y, lens_z))
    grip = _grip(rng, style, width, height, depth)
    parts = {
        "body": [Chunk(body, 1, 3)],
        "lens": [Chunk(solid, 0, 8 if k == 0 else 1) for k, solid in enumerate(lens)],
        "grip": [Chunk(grip)],
        "button": [Chunk(solid) for solid in _buttons(rng, style, width, height, depth)],
    }
    finder = _viewfinder(rng, style, width, height, depth, lens_y)
    if finder:
        parts["viewfinder"] = [Chunk(solid, 2, 4) for solid in finder]
    grip_y = -0.5 * width + 0.014
    half = 0.5 * depth
    return assembled(
        parts,
        [
            Place("grip", "grip", "pinch", (0.002, grip_y, 0.45 * height), (0, 0, 1), (1, 0, 0),
                  0.15 * height),
            Place("right", "body", "bar", (-half, grip_y, 0.5 * height), (0, 0, 1), (0, -1, 0),
                  0.1 * height),
            Place("left", "body", "pinch", (-half, 0.5 * width - 0.014, 0.5 * height), (0, 0, 1),
                  (0, 1, 0), 0.12 * height),
            Place("lens", "lens", "wrap", (0.5 * reach, lens_y, lens_z), (1, 0, 0), (0, 0, -1),
                  0.15 * reach),
            Place("top", "body", "pinch", (-half, -0.25 * width, height - 0.012), (0, 1, 0),
                  (0, 0, 1), 0.008),
        ],
        {
            "body": ("held_by_hand",),
            "lens": ("observe_sth", "screwed/unscrewed_by_hand"),
            "grip": ("held_by_hand",),
            "button": ("pressed/unpressed_by_hand", "trigger_sth"),
            "viewfinder": ("observe_sth",),
        },
        density=720.0,
    )  # fmt: skip


def _lens(
    rng: Generator, style: str, radius: float, reach: float, at: tuple[float, float, float]
) -> list[Solid]:
    """A barrel with rings, and the front glass sunk into it."""
    rings = [[0.98 * radius, -0.012]]
    if style == "compact":
        # Tubes that slide out of each other.
        steps = int(rng.integers(1, 4))
        for k in range(steps):
            size = radius * (1.0 - 0.13 * k)
            rings += [[size, reach * k / steps + 0.0002], [size, reach * (k + 1) / steps]]
    else:
        flare = rng.uniform(0.92, 1.08) if style != "instant" else 0.86
        count = max(4, round(reach / 0.005))
        for k in range(1, count + 1):
            along = k / count
            size = radius * (1.0 + (flare - 1.0) * along)
            grooved = 0.20 < along < 0.48 or 0.62 < along < 0.88
            size -= 0.0012 if grooved and k % 2 else 0.0
            rings.append([size, reach * along])
    mouth = rings[-1][0]
    barrel = pin("lens", np.array(rings), "x", at)
    depth = 0.006 if style != "compact" else 0.003
    hole = np.array([[0.72 * mouth, reach - depth], [0.88 * mouth, reach + 0.002]])
    barrel = barrel - pin("lens", hole, "x", at)
    dome = [[0.70 * mouth, reach - depth - 0.003], [0.71 * mouth, reach - depth],
            [0.4 * mouth, reach - 0.45 * depth], [0.1 * mouth, reach - 0.3 * depth]]  # fmt: skip
    return [barrel, pin("lens", np.array(dome), "x", at)]


def _grip(rng: Generator, style: str, width: float, height: float, depth: float) -> Solid:
    """A bulge for the right hand's fingers at the front; a mere ridge on flat cameras."""
    bulge = {"compact": rng.uniform(0.004, 0.007), "rangefinder": rng.uniform(0.003, 0.006),
             "reflex": rng.uniform(0.018, 0.027), "mirrorless": rng.uniform(0.010, 0.018),
             "instant": rng.uniform(0.007, 0.012)}[style]  # fmt: skip
    half_y = 0.0125 if style in ("compact", "rangefinder") else 0.015
    inside = min(0.5 * depth, 0.5 * (bulge + 0.016))
    half_x = 0.5 * (bulge + inside)
    outline = rounded_rectangle(half_x, half_y, 0.95 * min(half_x, half_y))
    top = (0.94 if style in ("reflex", "mirrorless") else 0.82) * height
    low = 0.04 * height if style in ("reflex", "mirrorless") else 0.18 * height
    grip = slab("grip", outline, low, top, 0.4 * half_x)
    return placed(grip, shift=(bulge - half_x, -0.5 * width + half_y + 0.0015, 0.0))


def _buttons(rng: Generator, style: str, width: float, height: float, depth: float) -> list[Solid]:
    """The shutter button, and dials on cameras that have them."""
    if style == "instant":
        at = (0.0, -0.5 * width + 0.017, 0.86 * height)
        return [pin("button", np.array([[0.0075, -0.005], [0.0080, 0.0015], [0.0070, 0.0030]]),
                    "x", at, 0.003)]  # fmt: skip
    y = -0.5 * width + 0.018
    shutter = slab("button", oval(0.0055, 0.0055, 2.0, 0.003), -0.006, 0.0035, 0.0010)
    found = [placed(shutter, shift=(-0.3 * depth, y, height))]
    if style in ("reflex", "mirrorless", "rangefinder"):
        dial = slab("button", oval(0.0095, 0.0095, 2.0, 0.004), -0.004, rng.uniform(0.004, 0.007),
                    0.0012)  # fmt: skip
        found.append(placed(dial, shift=(-0.55 * depth, y + 0.020, height)))
    if style == "rangefinder":
        knob = slab("button", oval(0.0085, 0.0085, 2.0, 0.004), -0.004, 0.006, 0.0012)
        found.append(placed(knob, shift=(-0.5 * depth, 0.5 * width - 0.018, height)))
    return found


def _viewfinder(
    rng: Generator, style: str, width: float, height: float, depth: float, lens_y: float
) -> list[Solid]:
    """The prism's hump over the lens, a flash, a window or an eyepiece."""
    if style == "reflex" or (style == "mirrorless" and rng.random() < 0.5):
        rise = rng.uniform(0.017, 0.026) if style == "reflex" else rng.uniform(0.009, 0.015)
        base = rounded_rectangle(0.58 * depth, 0.19 * width, 0.008)
        hump = slab("viewfinder", base, -0.010, rise, 0.45 * rise)
        # Narrower towards its top, as the prism inside is.
        vertices, faces = hump.surface()
        high = np.clip(vertices[:, 2] / rise, 0.0, 1.0)
        vertices[:, 1] *= 1.0 - 0.32 * high
        vertices[:, 0] *= 1.0 - 0.10 * high
        hump = Solid.of((vertices, faces), "viewfinder")
        return [placed(hump, shift=(-0.46 * depth, lens_y, height))]
    if style == "instant":
        window = slab("viewfinder", rounded_rectangle(0.011, 0.008, 0.003, 0.004), -0.004, 0.002)
        flash = slab("viewfinder", rounded_rectangle(0.010, 0.015, 0.003, 0.004), -0.004, 0.0025)
        return [
            placed(window, turn=(0, 90, 0), shift=(0, 0.0, 0.86 * height)),
            placed(flash, turn=(0, 90, 0), shift=(0, 0.5 * width - 0.026, 0.85 * height)),
        ]
    if style == "rangefinder":
        cell = block("viewfinder", (-0.004, 0.30 * width, 0.82 * height),
                     (0.0012, 0.30 * width + 0.014, 0.94 * height))  # fmt: skip
        shoe = block("viewfinder", (-0.75 * depth, -0.008, height - 0.003),
                     (-0.30 * depth, 0.010, height + 0.0028))  # fmt: skip
        return [cell, shoe]
    if style == "mirrorless":
        shoe = block("viewfinder", (-0.75 * depth, lens_y - 0.010, height - 0.003),
                     (-0.25 * depth, lens_y + 0.010, height + 0.0028))  # fmt: skip
        return [shoe]
    return []
