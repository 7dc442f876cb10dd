"""Computer mice: lying on the desk, buttons and wheel at +x, back under the palm at -x."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.device_shapes import (
    Chunk,
    Place,
    assembled,
    block,
    placed,
    rounded_rectangle,
    slab,
    tube,
)
from semgrasp.objects.procedural.procedural_object import Draft
from semgrasp.objects.procedural.solids import Solid
from semgrasp.objects.procedural.surfaces import (
    interpolate,
    loft,
    rings_along_x,
    smooth_curve,
    superellipse,
)
from semgrasp.objects.procedural.tool_shapes import pin

_STYLES = {
    # In [mm]: length, width, height; then the exponent of the cross-section.
    "desk": ((110, 126), (60, 68), (36, 42), (2.3, 2.9)),
    "travel": ((92, 102), (52, 58), (27, 33), (2.4, 3.0)),
    "flat": ((108, 115), (55, 60), (20, 24), (2.6, 3.4)),
    "box": ((98, 112), (58, 66), (32, 38), (4.5, 6.0)),
    "upright": ((108, 122), (62, 70), (60, 68), (2.2, 2.6)),
}


def make_mouse(rng: Generator) -> Draft:
    """A desk, travel, flat, box-shaped or upright mouse, with or without a cable.

    Sizes: makers' data sheets; desk mice 115 to 126 x 62 to 68 x 38 to 43 mm (Logitech M500,
    Microsoft IntelliMouse), travel mice 95 to 100 x 55 x 30 mm, Apple Magic Mouse 113.5 x 57 x
    21.6 mm, upright mice 120 x 79 x 70 mm (Logitech MX Vertical).
    """
    style = str(rng.choice(list(_STYLES), p=[0.38, 0.2, 0.14, 0.14, 0.14]))
    length, width, height = (1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style][:3])
    rings = _rings(rng, style, length, 0.5 * width, height)
    body = Solid.of(Solid.of(loft(rings), "body").above(0.0).surface(), "body")
    split = rng.uniform(0.02, 0.10) * length
    floor = rng.uniform(0.40, 0.60) * height if style != "upright" else 0.62 * height
    buttons = _buttons(rings, split, floor, length, width, height)
    wheel_x = rng.uniform(0.24, 0.30) * length
    column = body.surface()[0]
    beside = (np.abs(column[:, 0] - wheel_x) < 0.006) & (np.abs(column[:, 1]) < 0.008)
    top = float(column[beside, 2].max())
    radius, half = rng.uniform(0.0095, 0.0120), rng.uniform(0.0030, 0.0042)
    tyre = np.array([[0.85 * radius, -half], [radius, -0.6 * half], [radius, 0.6 * half],
                     [0.85 * radius, half]])  # fmt: skip
    wheel = pin("wheel", tyre, "y", (wheel_x, 0.0, top + 0.0035 - radius), 0.003)
    parts = {
        "body": [Chunk(body, 0, 5)],
        "button": [Chunk(button, 0, 3) for button in buttons],
        "wheel": [Chunk(wheel)],
    }
    if style == "desk" and rng.random() < 0.45:
        parts["button"] += [Chunk(key) for key in _thumb_buttons(body, height)]
    if style in ("desk", "box") and rng.random() < 0.6:
        parts["cable"] = [_cable(rng, length, height)]
    if style == "upright":
        # The back leans so that the hand rests on its edge, thumb on the left.
        parts = {
            part: [Chunk(_leaned(c.solid), c.axis, c.slabs) for c in chunks]
            for part, chunks in parts.items()
        }
    lean = _LEAN * 0.5 * height if style == "upright" else 0.0
    middle = (-0.10 * length, lean, 0.42 * height)
    return assembled(
        parts,
        [
            Place("body", "body", "head", middle, (0, 0, 1), (1, 0, 0), 0.004),
            Place("sides", "body", "pinch", middle, (1, 0, 0), (0, 0, 1), 0.1 * length),
            Place("back", "body", "pinch", (-0.28 * length, lean, 0.40 * height), (0, 0, 1),
                  (-1, 0, 0), 0.004),
        ],
        {
            "body": ("held_by_hand",),
            "button": ("pressed/unpressed_by_hand", "trigger_sth"),
            "wheel": ("control_sth",),
            "cable": ("connect_to_sth",),
        },
        density=650.0,
    )  # fmt: skip


_LEAN = -0.45


def _leaned(solid: Solid) -> Solid:
    matrix = np.array([[1.0, 0, 0, 0], [0, 1.0, _LEAN, 0], [0, 0, 1.0, 0]])
    return Solid(solid.manifold.transform(matrix), solid.parts)


def _rings(
    rng: Generator, style: str, length: float, half_width: float, height: float
) -> Float[ndarray, "n points 3"]:
    """A hump whose lower half, under z = 0, is cut off."""
    along = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, 25))
    front = rng.uniform(0.42, 0.55)
    hump = rng.uniform(0.30, 0.45)
    waist = rng.uniform(0.86, 0.96)
    if style == "box":
        tall = [0.62, 0.80, 0.98, 1.0, rng.uniform(0.55, 0.8), 0.40]
        wide = [0.86, 0.94, 1.0, 1.0, 0.97, 0.90]
    elif style == "flat":
        tall = [0.16, 0.42, 0.92, 1.0, 0.52, 0.20]
        wide = [0.62, 0.80, 1.0, 0.98, 0.84, 0.66]
    else:
        tall = [0.20, 0.55, 1.0, 0.97, front, 0.5 * front]
        wide = [0.42, 0.72, 1.0, waist, 0.92 * waist + 0.05, 0.62]
    knots = [0.0, 0.07, hump, 0.60, 0.95, 1.0]
    return rings_along_x(
        length * (along - 0.5),
        half_width * interpolate(along, knots, wide),
        height * interpolate(along, knots, tall),
        np.zeros_like(along),
        superellipse(rng.uniform(*_STYLES[style][3]), 36),
    )


def _buttons(
    rings: Float[ndarray, "n points 3"], split: float, floor: float, length: float, width: float,
    height: float,
) -> list[Solid]:  # fmt: skip
    """Two plates, half a millimetre proud of the front of the back."""
    proud = rings.copy()
    proud[..., 1:] *= 1.0 + 0.0006 / (0.5 * height)
    proud[..., 0] += 0.0006
    shell = Solid.of(loft(proud), "button")
    inner = rings.copy()
    inner[..., 1:] *= 1.0 - 0.0030 / (0.5 * height)
    core = Solid.of(loft(inner), "button")
    low = min(floor, 0.36 * height) if floor < 0.6 * height else 0.3 * height
    plates = []
    for sign in (-1, 1):
        y_from, y_to = sorted((sign * 0.0007, sign * width))
        region = block("button", (split, y_from, low), (length, y_to, 2 * height))
        cut = shell.manifold ^ region.manifold
        plates.append(Solid(cut, shell.parts | region.parts) - core)
    return plates


def _thumb_buttons(body: Solid, height: float) -> list[Solid]:
    """Two small buttons on the left flank."""
    keys = []
    vertices = body.surface()[0]
    for x in (0.004, 0.021):
        near = vertices[np.abs(vertices[:, 0] - x) < 0.008]
        near = near[np.abs(near[:, 2] - 0.55 * height) < 0.15 * height]
        side = float(near[:, 1].max())
        key = slab(
            "button", rounded_rectangle(0.0070, 0.0028, 0.0024, 0.003), -0.008, 0.0010, 0.0006
        )
        keys.append(placed(key, turn=(-90, 0, 0), shift=(x, side, 0.55 * height)))
    return keys


def _cable(rng: Generator, length: float, height: float) -> Chunk:
    """The first stretch of the cable, ahead of the mouse."""
    reach = rng.uniform(0.025, 0.045)
    z = 0.16 * height + 0.002
    start = np.array([0.5 * length - 0.008, 0.0, z])
    controls = start + np.array([[0, 0, 0], [0.5 * reach, 0.0, 0], [reach, 0.10 * reach, 0.0]])
    path = smooth_curve(controls, 0.003)
    thick = interpolate(np.linspace(0, 1, len(path)), [0.0, 0.4, 0.5, 1.0],
                        [0.0036, 0.0030, 0.0019, 0.0018])  # fmt: skip
    return Chunk(tube("cable", path, thick, thick, points=10), 0, 4)
