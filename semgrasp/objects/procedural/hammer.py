"""Hammers: handle towards -x, head across it at x = 0 with the striking face down."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hull, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    interpolate,
    loft,
    rings_along_x,
    smooth_curve,
    superellipse,
    sweep,
    sweep_rings,
)

_SPACING = 0.005

_Stations = list[tuple[float, float, float, float]]
"""Height, half extents along x and y, and exponent of the superellipse, upwards."""


def make_hammer(rng: Generator) -> Draft:
    """A claw hammer, a ball-peen or cross-peen hammer, or a mallet."""
    style = str(rng.choice(["claw", "ball", "cross", "mallet"], p=[0.4, 0.2, 0.25, 0.15]))
    length = rng.uniform(0.24, 0.31)
    half_width, half_height = rng.uniform(0.0100, 0.0130), rng.uniform(0.0125, 0.0165)
    cheek = rng.uniform(0.0120, 0.0150)
    stations = _head_stations(rng, style, cheek)
    cheek_x = max(half_x for _, half_x, _, _ in stations) if style == "mallet" else cheek
    cheek_y = max(half_y for _, _, half_y, _ in stations) if style == "mallet" else cheek

    handle_rings = _handle_rings(rng, length, half_width, half_height, cheek, cheek_x + 0.003)
    handle = Solid.of(loft(handle_rings), "handle")
    rings = _rings_along_z(stations)
    head = Solid.of(loft(rings), "head")
    pieces: list[ConvexPiece] = [hull("head", rings[i : i + 2]) for i in range(len(rings) - 1)]
    if style == "claw":
        claw, claw_pieces = _claw(rng, cheek)
        head = head + claw
        pieces += claw_pieces
    pieces += hulls_along("handle", handle, 0, np.linspace(-length, -0.8 * cheek_x, 9))

    grip_radius = 0.5 * (half_width + half_height)
    near_end, near_head = -length + 0.055, -cheek_x - 0.060
    # The palm comes from the right and above, so that the head strikes downwards.
    palm = (0, -0.89, 0.46)
    return Draft(
        whole=handle + head,
        filled=handle + head,
        part_solids={"handle": handle - head, "head": head},
        sites=(
            grasp_site("handle", "handle", "bar", (near_end, 0, 0), (1, 0, 0), palm,
                       radius=grip_radius, half_length=0.012),
            grasp_site("handle_near_head", "handle", "bar", (near_head, 0, 0), (1, 0, 0), palm,
                       radius=0.9 * grip_radius, half_length=0.012),
            grasp_site("head", "head", "wrap", (0, 0, 0), (0, 0, 1), (1, 0, 0),
                       radius=0.5 * (cheek_x + cheek_y), half_length=0.008),
            grasp_site("head_pinch", "head", "pinch", (0, 0, 0), (0, 0, 1), (1, 0, 0),
                       radius=cheek_y, half_length=0.008),
        ),
        part_attributes={"handle": ("held_by_hand",), "head": ("knock_sth",)},
        convex_pieces=pieces,
        mass_kg=rng.uniform(0.35, 0.75),
        edge=0.008,
    )  # fmt: skip


def _head_stations(rng: Generator, style: str, cheek: float) -> _Stations:
    """Cross-sections of the head from the striking face upwards; the handle enters at z = 0."""
    if style == "mallet":
        half, radius = rng.uniform(0.045, 0.058), rng.uniform(0.026, 0.034)
        barrel = rng.uniform(1.0, 1.06)
        steps = np.linspace(-half + 0.003, half - 0.003, 17)
        body = [(z, r, r, 2.0) for z in steps for r in [_barrel(radius, barrel, z / half)]]
        edge = 0.92 * radius
        return [(-half, edge, edge, 2.0), *body, (half, edge, edge, 2.0)]
    face = cheek * rng.uniform(0.92, 1.12)
    neck = rng.uniform(0.72, 0.84) * cheek
    face_z = -rng.uniform(0.048, 0.060)
    square = 4.5 if style == "cross" else 2.0
    stations = [
        (face_z, 0.90 * face, 0.90 * face, square),
        (face_z + 0.002, face, face, square),
        (face_z + 0.009, face, face, square),
        (face_z + 0.016, face, face, square),
    ]
    if style == "cross":
        neck = 0.94 * face
    stations += [
        (face_z + 0.021, neck, neck, square),
        (0.5 * (face_z + 0.021) - 0.010, neck, neck, square),
        (-0.020, neck, neck, 3.0),
        (-0.015, cheek, cheek, 4.0),
        (-0.010, cheek, cheek, 4.0),
        (-0.005, cheek, cheek, 4.0),
        (0.0, cheek, cheek, 4.0),
        (0.005, cheek, cheek, 4.0),
        (0.010, cheek, cheek, 4.0),
        (0.015, cheek, cheek, 4.0),
    ]
    if style == "claw":
        return [*stations, (0.019, 0.75 * cheek, 0.9 * cheek, 4.0)]
    if style == "ball":
        ball = cheek * rng.uniform(0.85, 1.0)
        centre = 0.026 + 0.7 * ball
        angles = np.linspace(-0.25 * np.pi, 0.45 * np.pi, 8)
        tip = [(centre + ball * np.sin(a), ball * np.cos(a), ball * np.cos(a), 2.0) for a in angles]
        return [*stations, (0.020, neck, neck, 3.0), *tip]
    top, thin = rng.uniform(0.048, 0.062), rng.uniform(0.0018, 0.0030)
    wedge = [
        (0.018 + (top - 0.018) * t, cheek + (thin - cheek) * t**0.8, 0.95 * cheek, 4.0)
        for t in np.linspace(0.1, 1.0, 8)
    ]
    return [*stations, *wedge]


def _barrel(radius: float, bulge: float, relative: float) -> float:
    return radius * (1.0 + (bulge - 1.0) * (1.0 - relative**2))


def _rings_along_z(stations: _Stations, points: int = 20) -> Float[ndarray, "n points 3"]:
    rings = np.empty((len(stations), points, 3))
    for ring, (z, half_x, half_y, exponent) in zip(rings, stations, strict=True):
        ring[:, :2] = superellipse(exponent, points) * [half_x, half_y]
        ring[:, 2] = z
    return rings


def _claw(rng: Generator, cheek: float) -> tuple[Solid, list[ConvexPiece]]:
    """Two prongs that curve back towards the handle, with a tapering slot between them."""
    height, back = rng.uniform(0.055, 0.068), rng.uniform(0.022, 0.038)
    controls = np.array(
        [[0.0, 0.008], [-0.05 * back, 0.5 * height], [-0.40 * back, 0.82 * height], [-back, height]]
    )
    path = smooth_curve(controls, 0.004)
    along = np.linspace(0.0, 1.0, len(path))
    thickness = interpolate(along, [0.0, 0.4, 1.0], [0.80 * cheek, 0.0065, 0.0014])
    width = interpolate(along, [0.0, 0.4, 1.0], [0.85 * cheek, 0.0115, 0.0145])
    rings = sweep_rings(path, thickness, width, exponent=4.0, points=18)
    start = len(path) // 2
    ahead = path[-1] + 0.4 * (path[-1] - path[-3])
    slot_path = np.concatenate([path[start:], ahead[None]])
    slot_width = np.linspace(0.0008, 0.0055, len(slot_path))
    slot = sweep(slot_path, np.full(len(slot_path), 0.010), slot_width, exponent=6.0)
    claw = Solid.of(loft(rings), "head") - Solid.of(slot, "head")
    return claw, hulls_of_rings("head", rings, 5)


def _handle_rings(
    rng: Generator,
    length: float,
    half_width: float,
    half_height: float,
    cheek: float,
    end_x: float,
) -> Float[ndarray, "n points 3"]:
    """An oval shaft from the butt through the head, thickest where the hand is."""
    along = np.linspace(0.0, 1.0, round((length + end_x) / _SPACING) + 1)
    eye = min(0.72 * cheek / half_height, 0.9)
    waist = rng.uniform(0.68, 0.90)
    knots = [0.0, 0.025, 0.10, 0.35, 0.60, 0.85, 1.0]
    swell = rng.uniform(1.02, 1.12)
    scale = interpolate(along, knots, [0.75, 0.98, swell, 1.0, waist, max(waist, eye), eye])
    # At the head the shaft must fit through the eye sideways as well.
    sideways = np.minimum(half_width * scale, np.interp(along, [0.6, 0.85], [1.0, 0.72 * cheek]))
    return rings_along_x(
        -length + (length + end_x) * along,
        sideways,
        np.minimum(half_height * scale, np.interp(along, [0.6, 0.9], [1.0, 0.0125])),
        np.zeros_like(along),
        superellipse(rng.uniform(2.0, 3.0), 18),
    )
