"""Brushes along x: handle towards -x, head at +x; bristles down, around, or ahead (paint)."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hull, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    interpolate,
    loft,
    rings_along_x,
    superellipse,
)
from semgrasp.objects.procedural.tool_shapes import without_voids

_Rings = Float[ndarray, "n points 3"]

_STYLES = {
    # In [mm]: handle length, half width and half thickness of the handle, head length, half
    # width and half thickness of the head, bristle length.
    "paddle": ((95, 130), (10, 14), (7, 10), (85, 115), (30, 42), (6, 9), (12, 17)),
    "round": ((105, 135), (9, 12), (9, 12), (75, 100), (11, 19), (11, 19), (8, 12)),
    "dish": ((150, 200), (8, 11), (6, 8), (52, 68), (23, 30), (6, 9), (18, 26)),
    "hand": ((105, 135), (10, 14), (8, 11), (125, 165), (14, 20), (8, 11), (35, 50)),
    "paint": ((110, 160), (9, 14), (5, 7.5), (25, 40), (12, 38), (6, 9), (38, 60)),
}


def make_brush(rng: Generator) -> Draft:
    """A paddle or round hair brush, a dish brush, a dustpan's hand brush, or a paint brush.

    Sizes: typical retail dimensions; hair brushes 200 to 250 mm long, paddles 60 to 85 mm wide,
    round ones 40 to 60 mm across; dish brushes 220 to 270 mm with heads of 50 to 60 mm; hand
    brushes 250 to 300 mm; paint brushes 25 to 75 mm wide (1 to 3 inches) and 190 to 260 mm long.
    """
    style = str(rng.choice(list(_STYLES), p=[0.24, 0.17, 0.21, 0.13, 0.25]))
    length, half_width, half_height, head_length, head_width, head_height, bristle = (
        1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style]
    )
    if style == "round":
        head_height, half_height = head_width, half_width
    handle_rings = _handle_rings(rng, style, length, half_width, half_height, head_height)
    head_rings = _head_rings(rng, style, head_length, head_width, head_height)
    handle = Solid.of(loft(handle_rings), "handle")
    head = Solid.of(loft(head_rings), "head")
    if style == "paint":
        hair_rings = _paint_rings(rng, head_length, head_width, head_height, bristle)
        bristles = Solid.of(loft(hair_rings), "bristles")
        bristle_pieces = hulls_of_rings("bristles", hair_rings, 3)
    elif style == "round":
        bristles, bristle_pieces = _radial_tufts(rng, head_length, head_width, bristle)
    else:
        bristles, bristle_pieces = _tufts(rng, style, head_length, head_width, head_height, bristle)
    whole = without_voids(handle + head + bristles)
    grip_x = -0.52 * length
    ring = handle_rings[int(np.argmin(np.abs(handle_rings[:, 0, 0] - grip_x)))]
    grip_z = 0.5 * float(ring[:, 2].min() + ring[:, 2].max())
    width, height = float(ring[:, 1].max()), 0.5 * float(np.ptp(ring[:, 2]))
    pinch_x = -0.14 * length
    near = handle_rings[int(np.argmin(np.abs(handle_rings[:, 0, 0] - pinch_x)))]
    middle = head_rings[len(head_rings) // 2]
    return Draft(
        whole=whole,
        filled=whole,
        part_solids={"handle": handle, "head": head - handle, "bristles": bristles - head},
        sites=(
            # The palm from above and the right, the index finger towards the head.
            grasp_site("handle", "handle", "bar", (grip_x, 0, grip_z), (1, 0, 0), (0, -0.7, 0.7),
                       radius=0.5 * (width + height),
                       half_length=max(0.004, 0.5 * length - 0.045)),
            grasp_site("handle_pinch", "handle", "pinch",
                       (pinch_x, 0, 0.5 * float(near[:, 2].min() + near[:, 2].max())), (1, 0, 0),
                       (0, 0, 1), radius=float(near[:, 1].max()), half_length=0.05 * length),
            # By the head, with the bristles away from the palm.
            grasp_site("head", "head", "pinch", (0.5 * head_length, 0, 0), (1, 0, 0), (0, 0, 1),
                       radius=float(middle[:, 1].max()), half_length=0.2 * head_length),
        ),
        part_attributes={
            "handle": ("held_by_hand",),
            "head": ("connect_to_sth",),
            "bristles": ("brush_sth",),
        },
        convex_pieces=[
            *hulls_of_rings("handle", handle_rings, 6),
            *hulls_of_rings("head", head_rings, 5),
            *bristle_pieces,
        ],
        mass_kg=float(650.0 * (handle + head).manifold.volume() + 0.010),
        edge=0.010,
    )  # fmt: skip


def _handle_rings(
    rng: Generator, style: str, length: float, half_width: float, half_height: float,
    head_height: float,
) -> _Rings:  # fmt: skip
    """From the rounded butt to a little inside the head."""
    x = np.linspace(-length, 0.006, round(length / 0.007))
    x = np.concatenate([-length + half_height * np.array([0.0, 0.12, 0.4]),
                        x[x > -length + 0.8 * half_height]])  # fmt: skip
    u = (x + length) / length
    kind = str(rng.choice(["straight", "bellied", "tapered"]))
    shape = {
        "straight": [0.95, 1.0, 1.0, 0.9, 0.85],
        "bellied": [0.70, 1.05, 1.10, 0.75, 0.65],
        "tapered": [0.65, 0.75, 1.0, 1.0, 0.80],
    }[kind]
    if style == "paint":
        # The beaver tail: slim to hold like a pen behind, a broad belly before the ferrule.
        shape = [0.50, 0.55, 0.62, 1.05, 1.15]
    round_off = np.sqrt(1.0 - 0.93 * np.clip(1.0 - u * length / half_height, 0.0, 1.0) ** 2)
    size = interpolate(u, [0.0, 0.2, 0.5, 0.82, 1.0], shape) * round_off
    neck = np.clip((u - 0.8) / 0.2, 0.0, 1.0)
    height = half_height * size
    if style in ("paddle", "dish", "hand"):
        height = height + neck * (0.75 * head_height - height)
    arch = {"dish": rng.uniform(0.008, 0.020), "hand": rng.uniform(0.0, 0.012),
            "paddle": rng.uniform(0.0, 0.008)}.get(style, 0.0)  # fmt: skip
    z = arch * np.sin(np.pi * np.clip(u, 0.0, 1.0) * 0.5 + 0.5 * np.pi)
    return rings_along_x(x, half_width * size, height, z, superellipse(rng.uniform(2.1, 2.8), 18))


def _head_rings(
    rng: Generator, style: str, length: float, half_width: float, half_height: float
) -> _Rings:
    """The block that the bristles stand in; a paint brush's is the metal ferrule."""
    t = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, max(9, round(length / 0.007))))
    if style == "paint":
        flare = interpolate(t, [0.0, 0.15, 0.3, 1.0], [0.88, 0.95, 0.92, 1.0])
        return rings_along_x(
            -0.004 + (length + 0.004) * t, half_width * flare, half_height * (1.0 - 0.1 * t),
            0.0 * t, superellipse(4.0, 26),
        )  # fmt: skip
    roundness = {"paddle": rng.uniform(2.4, 4.5), "dish": 2.0, "hand": rng.uniform(4.0, 7.0),
                 "round": 9.0}[style]  # fmt: skip
    border = (1.0 - 0.998 * np.abs(2.0 * t - 1.0) ** roundness) ** (1.0 / roundness)
    border = np.maximum(border, 0.10)
    egg = 1.0 - rng.uniform(0.0, 0.15) * (1.0 - t) if style == "paddle" else 1.0
    height = half_height * (border if style == "round" else 0.55 + 0.45 * np.minimum(1.0, border))
    return rings_along_x(
        length * t, half_width * border * egg, height, 0.0 * t,
        superellipse(2.0 if style == "round" else 3.4, 22),
    )  # fmt: skip


def _paint_rings(
    rng: Generator, start: float, half_width: float, half_height: float, length: float
) -> _Rings:
    """Hair from the ferrule to a thin, straight or rounded edge."""
    t = np.concatenate([np.linspace(0.0, 0.94, max(7, round(length / 0.006))), [0.98, 1.0]])
    x = start - 0.003 + (length + 0.003) * t
    width = half_width * interpolate(t, [0.0, 0.5, 0.94, 1.0], [
        0.92, rng.uniform(0.94, 1.03), rng.uniform(0.86, 1.0), rng.uniform(0.6, 0.9),
    ])  # fmt: skip
    height = half_height * interpolate(t, [0.0, 0.5, 0.9, 1.0], [0.80, 0.75, 0.35, 0.10])
    rings = rings_along_x(x, width, height, 0.0 * x, superellipse(3.2, 26))
    slant = rng.uniform(0.2, 0.45) if rng.random() < 0.25 else 0.0
    rings[..., 0] += slant * rings[..., 1] * t[:, None]
    return rings


def _tuft(radius: float, tip: float, length: float, sides: int) -> _Rings:
    """A tuft that hangs down from z = 0."""
    z = np.array([0.0, -0.5 * length, -length])
    r = np.array([radius, 0.5 * (radius + tip), tip])
    angle = np.linspace(0.0, 2.0 * np.pi, sides, endpoint=False)
    rings = np.empty((3, sides, 3))
    rings[..., 0], rings[..., 1] = np.outer(r, np.cos(angle)), np.outer(r, np.sin(angle))
    rings[..., 2] = z[:, None]
    return rings


def _tufts(
    rng: Generator, style: str, length: float, half_width: float, half_height: float,
    bristle: float,
) -> tuple[Solid, list[ConvexPiece]]:  # fmt: skip
    """Pins of a hair brush or thick tufts, in rows below the head."""
    radius, pitch = {"paddle": (0.0012, 0.0115), "dish": (0.0030, 0.0088),
                     "hand": (0.0042, 0.0120)}[style]  # fmt: skip
    along = max(3, int(0.90 * length / pitch))
    across = max(2, int(1.80 * half_width / pitch))
    splay = {"paddle": 0.0, "dish": 0.35, "hand": 0.25}[style]
    tip = {"paddle": 0.8, "dish": 1.25, "hand": 1.3}[style] * radius
    bristles, pieces, row = None, list[ConvexPiece](), list[ndarray]()
    for x in (np.arange(along) - 0.5 * (along - 1)) * pitch:
        row.clear()
        for y in (np.arange(across) - 0.5 * (across - 1)) * pitch:
            inside = np.hypot(x / (0.5 * length), y / half_width)
            if inside > 0.88 and style != "hand":
                continue
            tuft = _tuft(radius, tip, bristle + 0.6 * half_height, 8)
            lean = splay * np.array([x / (0.5 * length) * (style == "dish"), y / half_width])
            tuft[..., :2] -= tuft[..., 2:] * lean
            tuft += np.array([0.5 * length + x, y, -0.35 * half_height])
            solid = Solid.of(loft(tuft), "bristles")
            bristles = solid if bristles is None else bristles + solid
            row.append(tuft)
        if not row:
            continue
        if style == "paddle":
            pieces.append(hull("bristles", np.concatenate(row)))
        else:
            pieces += [hull("bristles", tuft) for tuft in row]
    assert bristles is not None
    return bristles, pieces


def _radial_tufts(
    rng: Generator, length: float, radius: float, bristle: float
) -> tuple[Solid, list[ConvexPiece]]:
    """Pins all around a round brush; opposite pins share a convex piece."""
    around, along = 2 * int(rng.integers(5, 7)), max(5, round(0.8 * length / 0.012))
    pin = _tuft(0.0016, 0.0011, 0.35 * radius + bristle, 6)
    pin = pin - np.array([0.0, 0.0, 0.65 * radius])
    bristles, pieces = None, list[ConvexPiece]()
    for i, x in enumerate(np.linspace(0.12, 0.88, along) * length):
        both = list[ndarray]()
        for k in range(around):
            turn = 2.0 * np.pi * (k + 0.5 * (i % 2)) / around
            c, s = np.cos(turn), np.sin(turn)
            moved = pin @ np.array([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]])
            both.append(moved + np.array([x, 0.0, 0.0]))
            solid = Solid.of(loft(both[-1]), "bristles")
            bristles = solid if bristles is None else bristles + solid
        half = around // 2
        pieces += [hull("bristles", np.stack([both[k], both[k + half]])) for k in range(half)]
    assert bristles is not None
    return bristles, pieces
