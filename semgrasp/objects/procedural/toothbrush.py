"""Toothbrushes lying on their back: handle towards -x, head at +x, bristles up."""

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
    # In [mm]: handle length, neck length, half width and half thickness of the handle, head
    # length, half width of the head.
    "straight": ((95, 115), (35, 48), (5.0, 6.5), (3.2, 4.5), (24, 31), (4.8, 6.2)),
    "contoured": ((95, 115), (32, 46), (6.0, 8.0), (4.5, 6.5), (24, 31), (5.0, 6.5)),
    "angled": ((95, 112), (35, 48), (5.0, 7.0), (3.8, 5.5), (22, 29), (4.8, 6.0)),
    "child": ((75, 95), (18, 26), (6.5, 9.0), (5.5, 7.5), (18, 23), (4.2, 5.2)),
    "electric": ((140, 175), (48, 62), (12, 15), (12, 15), (13, 26), (5.5, 6.8)),
}


def make_toothbrush(rng: Generator) -> Draft:
    """A straight, contoured, angled, children's or electric toothbrush.

    Sizes: typical retail dimensions within ISO 20126; adult brushes 170 to 200 mm long with heads
    of 24 to 31 by 10 to 13 mm and bristles of 10 to 12 mm; children's 130 to 150 mm; electric ones
    (ISO 20127) 220 to 250 mm with grips of 25 to 30 mm across.
    """
    style = str(rng.choice(list(_STYLES), p=[0.22, 0.28, 0.18, 0.14, 0.18]))
    length, neck_length, half_width, half_height, head_length, head_width = (
        1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style]
    )
    drop = {"angled": rng.uniform(0.004, 0.010)}.get(style, rng.uniform(-0.001, 0.003))
    if style == "electric":
        drop = 0.0
    handle_rings = _handle_rings(rng, style, length, half_width, half_height)
    neck_rings = _neck_rings(style, neck_length, half_width, half_height, head_width, drop)
    head_rings = _head_rings(head_length, head_width, neck_length, drop)
    handle, neck, head = (
        Solid.of(loft(rings), part)
        for rings, part in ((handle_rings, "handle"), (neck_rings, "neck"), (head_rings, "head"))
    )
    bristles, bristle_pieces = _bristles(rng, style, head_length, head_width, neck_length, drop)
    whole = without_voids(handle + neck + head + bristles)
    grip_x, thumb_x = -0.50 * length, -0.22 * length
    sizes = []
    for x in (grip_x, thumb_x):
        ring = handle_rings[int(np.argmin(np.abs(handle_rings[:, 0, 0] - x)))]
        sizes.append((float(ring[:, 1].max()), 0.5 * float(np.ptp(ring[:, 2])),
                      0.5 * float(ring[:, 2].min() + ring[:, 2].max())))  # fmt: skip
    (grip_width, grip_height, grip_z), (thumb_width, _, thumb_z) = sizes
    neck_ring = neck_rings[len(neck_rings) // 2]
    return Draft(
        whole=whole,
        filled=whole,
        part_solids={"handle": handle, "neck": neck - handle - head, "head": head,
                     "bristles": bristles - head},
        sites=(
            # In the fist with the thumb towards the head, between the fingertips, by the neck.
            grasp_site("handle", "handle", "bar", (grip_x, 0, grip_z), (1, 0, 0), (0, -0.9, -0.4),
                       radius=0.5 * (grip_width + grip_height),
                       half_length=max(0.004, 0.5 * length - 0.042)),
            grasp_site("handle_pinch", "handle", "pinch", (thumb_x, 0, thumb_z), (1, 0, 0),
                       (0, 0, 1), radius=thumb_width, half_length=0.12 * length),
            grasp_site("neck", "neck", "pinch",
                       (float(neck_ring[0, 0]), 0, float(neck_ring[:, 2].mean())), (1, 0, 0),
                       (0, 0, 1), radius=float(neck_ring[:, 1].max()),
                       half_length=0.2 * neck_length),
        ),
        part_attributes={
            "handle": ("held_by_hand",),
            "neck": ("connect_to_sth",),
            "head": ("connect_to_sth",),
            "bristles": ("brush_sth",),
        },
        convex_pieces=[
            *hulls_of_rings("handle", handle_rings, 8),
            *hulls_of_rings("neck", neck_rings, 4),
            *hulls_of_rings("head", head_rings, 3),
            *bristle_pieces,
        ],
        mass_kg=float((1000.0 if style == "electric" else 1050.0) * whole.manifold.volume()),
        edge=0.006,
    )  # fmt: skip


def _handle_rings(
    rng: Generator, style: str, length: float, half_width: float, half_height: float
) -> _Rings:
    x = np.linspace(-length, 0.002, round(length / 0.0045))
    x = np.concatenate([-length + half_width * np.array([0.0, 0.1, 0.35]),
                        x[x > -length + 0.7 * half_width]])  # fmt: skip
    u = np.clip((x + length) / length, 0.0, 1.0)
    knots = [0.0, 0.15, 0.40, 0.65, 0.88, 1.0]
    width, height = {
        "straight": ([1.0, 1.0, 1.0, 1.0, 0.9, 0.75], [0.8, 0.9, 1.0, 1.0, 1.0, 0.9]),
        "contoured": ([0.85, 1.0, 0.80, 1.05, 0.75, 0.60], [0.7, 1.0, 0.85, 1.1, 0.8, 0.65]),
        "angled": ([0.9, 1.0, 0.95, 1.0, 0.80, 0.70], [0.8, 1.0, 0.95, 1.0, 0.9, 0.75]),
        "child": ([0.9, 1.1, 0.95, 1.05, 0.75, 0.55], [0.8, 1.05, 0.95, 1.1, 0.8, 0.6]),
        "electric": ([0.97, 1.0, 0.98, 0.95, 0.82, 0.50], [0.97, 1.0, 0.98, 0.95, 0.82, 0.50]),
    }[style]
    round_off = np.sqrt(1.0 - 0.9 * np.clip(1.0 - u * length / half_width, 0.0, 1.0) ** 2)
    if style == "electric":
        # It stands on a flat foot.
        round_off = np.maximum(round_off, 0.9)
    sway = rng.uniform(-0.0015, 0.0035) if style in ("contoured", "angled", "child") else 0.0
    return rings_along_x(
        x,
        half_width * interpolate(u, knots, width) * round_off,
        half_height * interpolate(u, knots, height) * (0.4 + 0.6 * round_off),
        sway * np.sin(2.0 * np.pi * u),
        superellipse(2.0 if style == "electric" else rng.uniform(2.2, 3.4), 16),
    )


def _neck_rings(
    style: str, length: float, half_width: float, half_height: float, head_width: float,
    drop: float,
) -> _Rings:  # fmt: skip
    """A slim bar from inside the handle into the head."""
    x = np.linspace(-0.004, length + 0.003, max(9, round(length / 0.004)))
    u = np.clip(x / length, 0.0, 1.0)
    root = 0.40 if style == "electric" else 0.48
    width = interpolate(u, [0.0, 0.3, 0.7, 1.0], [root * half_width, 0.0030, 0.0025,
                                                  0.6 * head_width])  # fmt: skip
    height = interpolate(u, [0.0, 0.3, 1.0], [min(root * half_height, 0.006), 0.0026, 0.0020])
    return rings_along_x(
        x, width, height, -drop * interpolate(u, [0.0, 0.3, 1.0], [0.0, 0.3, 1.0]),
        superellipse(2.3, 14),
    )  # fmt: skip


def _head_rings(length: float, half_width: float, start: float, drop: float) -> _Rings:
    t = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, max(9, round(length / 0.003))))
    border = np.maximum((1.0 - np.abs(2.0 * t - 1.0) ** 3.2) ** (1.0 / 3.2), 0.12)
    return rings_along_x(
        start + length * t, half_width * border, 0.0023 * np.maximum(border, 0.5), -drop + 0.0 * t,
        superellipse(3.2, 18),
    )  # fmt: skip


def _bristles(
    rng: Generator, style: str, length: float, half_width: float, start: float, drop: float
) -> tuple[Solid, list[ConvexPiece]]:
    """Rows of tufts across the head, trimmed flat, wavy, or with a raised tip."""
    pitch = 0.0027
    count = max(4, int(0.86 * length / pitch))
    x = (np.arange(count) - 0.5 * (count - 1)) * pitch
    u = np.linspace(0.0, 1.0, count)
    trim = str(rng.choice(["flat", "wavy", "raised"]))
    tall = rng.uniform(0.0090, 0.0115) * (0.8 if style in ("child", "electric") else 1.0)
    extra = {"flat": 0.0 * u, "wavy": 0.0013 * np.sin(3.0 * np.pi * u), "raised": 0.0025 * u**4}
    bristles, pieces = None, list[ConvexPiece]()
    for at, grown in zip(x, extra[trim], strict=True):
        reach = half_width * (1.0 - abs(2.0 * at / length) ** 3.2) ** (1.0 / 3.2) - 0.0008
        top = tall + grown
        z = np.array([0.0, 0.35, 0.7, 1.0]) * top - drop
        rings = np.empty((4, 14, 3))
        section = superellipse(4.0, 14)
        fan = np.array([0.97, 1.0, 1.03, 1.04])[:, None]
        rings[..., 0] = start + 0.5 * length + at + 0.00105 * section[:, 0]
        rings[..., 1] = reach * fan * section[:, 1]
        rings[..., 2] = z[:, None]
        solid = Solid.of(loft(rings), "bristles")
        bristles = solid if bristles is None else bristles + solid
        pieces.append(hull("bristles", rings))
    assert bristles is not None
    return bristles, pieces
