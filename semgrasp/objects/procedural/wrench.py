"""Wrenches that lie flat: the handle along x, the head that is used at +x."""

import itertools

import numpy as np
from jaxtyping import Float
from manifold3d import CrossSection
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hull, hulls_along
from semgrasp.objects.procedural.surfaces import (
    interpolate,
    loft,
    rings_along_x,
    superellipse,
)
from semgrasp.objects.procedural.tool_shapes import (
    outline,
    pin,
    plate,
    sector_pieces,
    without_voids,
)

_SPACING = 0.006
_EDGE = 0.007

_STYLES = ("combination", "open", "ring", "adjustable", "ratchet", "pipe")


def make_wrench(rng: Generator) -> Draft:
    """A combination, double open, double ring, adjustable, ratchet or pipe wrench.

    Sizes: ISO 7738 combination wrenches, about 13 times as long as the nut is wide (10 mm: 140 mm,
    13 mm: 165 mm, 19 mm: 235 mm, 22 mm: 265 mm); ISO 10102 for double-headed ones; ISO 6787
    adjustable wrenches 150, 200, 250 and 300 mm; ISO 3315 half-inch ratchets about 250 mm;
    pipe wrenches 10 and 12 inches (250 and 300 mm).
    """
    style = str(rng.choice(_STYLES, p=[0.24, 0.16, 0.14, 0.20, 0.14, 0.12]))
    if style in ("adjustable", "pipe"):
        return _adjustable(rng, is_pipe=style == "pipe")
    if style == "ratchet":
        return _ratchet(rng)
    nut = 1e-3 * float(rng.choice([10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 24]))
    length = nut * rng.uniform(9.8, 12.0) + 0.020
    thickness = 0.0035 + 0.22 * nut
    left, right = {"combination": ("ring", "open"), "open": ("open", "open"),
                   "ring": ("ring", "ring")}[style]  # fmt: skip
    other = nut * (rng.uniform(0.85, 1.0) if style != "combination" else 1.0)
    ends = [_end(right, nut, thickness, 0.26), _end(left, other, thickness, np.pi - 0.26)]
    half = 0.5 * length
    heads, pieces = None, list[ConvexPiece]()
    for (solid, local), at in zip(ends, (half, -half), strict=True):
        moved = Solid(solid.manifold.translate((at, 0.0, 0.0)), solid.parts)
        heads = moved if heads is None else heads + moved
        pieces += [(part, points + np.array([at, 0.0, 0.0])) for part, points in local]
    assert heads is not None
    slim = rng.uniform(0.62, 0.80)
    reach = (half - 0.62 * other - 0.0005, half - 0.62 * nut - 0.0005)
    bar = _bar(rng, -reach[0], reach[1], slim * nut * np.array([0.72, 0.5, 0.5, 0.72]),
               thickness * rng.uniform(0.36, 0.46))  # fmt: skip
    return _draft(bar, heads, pieces, head_x=half - 0.70 * nut, head_half=0.5 * thickness)


def _end(kind: str, nut: float, thickness: float, turn: float) -> tuple[Solid, list[ConvexPiece]]:
    """A ring or an open jaw around the origin; `turn` is where the jaw opens, in [rad]."""
    half = 0.5 * thickness
    if kind == "ring":
        disc = CrossSection.circle(0.78 * nut, 36)
        hole = CrossSection.circle(0.535 * nut, 12)
        solid = plate(disc - hole, -1.15 * half, 1.15 * half, "head", _EDGE)
    else:
        disc = CrossSection.circle(1.12 * nut, 40).scale((1.0, 0.97))
        corners = np.array([[-0.36, -0.5], [-0.36, 0.5], [2.0, 0.5], [2.0, -0.5]]) * nut
        c, s = np.cos(turn), np.sin(turn)
        slot = outline(corners @ np.array([[c, s], [-s, c]]))
        across = np.array([[0.62, -2.0], [0.62, 2.0], [2.0, 2.0], [2.0, -2.0]]) * nut
        front = outline(across @ np.array([[c, s], [-s, c]]))
        solid = plate(disc - slot - front, -half, half, "head", _EDGE)
    return solid, sector_pieces("head", solid, (0.0, 0.0), 20)


def _bar(
    rng: Generator, x_from: float, x_to: float, half_width: Float[ndarray, "4"], half_height: float,
    *, is_free: bool = False,
) -> Float[ndarray, "n points 3"]:  # fmt: skip
    """A flat handle, broad at both ends; a free end at -x is rounded."""
    x = np.linspace(x_from, x_to, max(8, round((x_to - x_from) / _SPACING)))
    along = np.linspace(0.0, 1.0, len(x))
    width = interpolate(along, [0.0, 0.15, 0.85, 1.0], list(half_width))
    height = half_height * np.ones_like(x)
    if is_free:
        into = np.clip(1.0 - (x - x_from) / half_width[0], 0.0, 1.0)
        width, height = width * np.sqrt(1.0 - 0.93 * into**2), height * (1.0 - 0.4 * into**4)
    return rings_along_x(x, width, height, 0.0 * x, superellipse(rng.uniform(2.6, 5.0), 16))


def _adjustable(rng: Generator, *, is_pipe: bool) -> Draft:
    """A fixed jaw, a sliding jaw and the knurled screw that moves it."""
    length = rng.uniform(0.23, 0.31) if is_pipe else rng.uniform(0.15, 0.26)
    size = length / 0.25
    half = size * rng.uniform(0.0065, 0.0080)
    gap = size * rng.uniform(0.006, 0.024)
    mm = 1e-3 * size
    # Jaws open towards +y; x runs on from the handle's end at the origin.
    fixed = outline(mm * np.array([
        [-12, -8], [6, -16], [24, -20], [44, -17], [50, -10], [50, 24], [46, 28], [39, 26],
        [38, -1], [22, -2], [8, 8], [-4, 12], [-12, 9],
    ]))  # fmt: skip
    slide = 38.0 * mm - gap
    movable = outline(np.array([
        [slide - 13 * mm, -7 * mm], [slide, -7 * mm], [slide, 25 * mm],
        [slide - 5 * mm, 26 * mm], [slide - 11 * mm, 14 * mm], [slide - 13 * mm, 4 * mm],
    ]))  # fmt: skip
    if is_pipe:
        # The hooked jaw of a pipe wrench reaches over and back.
        fixed = outline(mm * np.array([
            [-12, -9], [10, -11], [30, -11], [62, -12], [67, -8], [67, 26], [62, 30], [52, 29],
            [51, 10], [40, 4], [20, 12], [-2, 12], [-12, 9],
        ]))  # fmt: skip
        slide = 51.0 * mm - gap
        movable = outline(np.array([
            [slide - 24 * mm, 0.0], [slide - 9 * mm, -2 * mm], [slide, 8 * mm], [slide, 29 * mm],
            [slide - 10 * mm, 28 * mm], [slide - 22 * mm, 12 * mm],
        ]))  # fmt: skip
    body = plate(fixed, -half, half, "head", _EDGE)
    jaw = plate(movable, -0.82 * half, 0.82 * half, "jaw", _EDGE)
    radius = 0.0068 * size
    screw_at = (4.0 * mm, 10.5 * mm) if is_pipe else (18.0 * mm, -9.0 * mm)
    radius *= 1.5 if is_pipe else 1.0
    screw_profile = np.array(
        [[0.80, -9.0 * mm], [1.0, -8.0 * mm], [1.0, 8.0 * mm], [0.80, 9.0 * mm]]
    )
    screw_profile[:, 0] *= 1.25 * radius
    screw = pin("screw", screw_profile, "x", (screw_at[0], screw_at[1], 0.0), 0.004)
    screw_piece = hull("screw", screw.surface()[0])
    pieces = [*_plate_pieces(body, "head", mm), *_plate_pieces(jaw, "jaw", mm), screw_piece]
    wide = size * rng.uniform(0.0105, 0.0130)
    bar = _bar(rng, 0.055 * size - length, -6.0 * mm,
               wide * np.array([1.15, 1.1, 0.85, 0.80]), 0.80 * half, is_free=True)  # fmt: skip
    jaw_only = jaw - body
    return _draft(bar, body, pieces, head_x=-4.0 * mm, head_half=half,
                  extra={"jaw": jaw_only, "screw": screw - body - jaw})  # fmt: skip


def _plate_pieces(solid: Solid, part: str, mm: float) -> list[ConvexPiece]:
    """A jaw outline cut into columns, and each column into what hangs together."""
    low, high = solid.manifold.bounding_box()[0], solid.manifold.bounding_box()[3]
    pieces = []
    cuts = np.unique(np.concatenate([np.linspace(low, high, 12), [38.02 * mm, 51.02 * mm]]))
    cuts = cuts[(cuts >= low) & (cuts <= high)]
    for start, end in itertools.pairwise(cuts):
        slab = solid.manifold.trim_by_plane((1.0, 0.0, 0.0), float(start))
        slab = slab.trim_by_plane((-1.0, 0.0, 0.0), -float(end))
        for body in slab.decompose():
            pieces.append(hull(part, np.asarray(body.to_mesh64().vert_properties)[:, :3]))
    return pieces


def _ratchet(rng: Generator) -> Draft:
    """A round head with a square drive below it, often with a socket on, and a thick handle."""
    length, radius = rng.uniform(0.17, 0.27), rng.uniform(0.0135, 0.0185)
    half = rng.uniform(0.0075, 0.0105)
    head = Solid.of(loft(_disc_rings(radius, half)), "head")
    socket_radius = rng.uniform(0.55, 0.80) * radius
    depth = rng.uniform(0.022, 0.036)
    if rng.random() < 0.3:
        square = CrossSection.square((0.0125, 0.0125), True)
        drive = plate(square, -half - 0.011, 0.0, "socket", _EDGE)
    else:
        ring = CrossSection.circle(socket_radius, 24)
        hole = CrossSection.circle(0.68 * socket_radius, 6)
        drive = plate(ring, -half - depth, 0.0, "socket", _EDGE) - plate(
            hole, -half - depth - 0.001, -half - 0.5 * depth, "socket", _EDGE
        )
    x_to = -0.7 * radius
    x = np.linspace(-length, x_to, round(length / 0.005))
    along = np.linspace(0.0, 1.0, len(x))
    grip, neck = rng.uniform(0.0105, 0.0145), rng.uniform(0.0060, 0.0075)
    knots = [0.0, 0.02, 0.10, 0.45, 0.56, 0.62, 0.92, 1.0]
    size = interpolate(along, knots, [0.7 * grip, 0.95 * grip, grip, 0.93 * grip, grip, neck, neck,
                                      1.3 * neck])  # fmt: skip
    flat = interpolate(along, [0.0, 0.6, 1.0], [1.0, 1.0, min(1.0, 0.7 * half / neck)])
    bar = rings_along_x(x, size, flat * size, 0.0 * x, superellipse(2.2, 18))
    pieces = [hull("head", head.surface()[0]), hull("socket", drive.surface()[0])]
    return _draft(bar, head, pieces, head_x=-0.2 * radius, head_half=half,
                  extra={"socket": drive - head}, thick_grip=True)  # fmt: skip


def _disc_rings(radius: float, half: float) -> Float[ndarray, "n points 3"]:
    """A disc with rounded edges, around z."""
    z = half * np.array([-1.0, -0.8, 0.0, 0.8, 1.0])
    r = radius * np.array([0.88, 1.0, 1.02, 1.0, 0.88])
    angle = np.linspace(0.0, 2.0 * np.pi, 28, endpoint=False)
    rings = np.empty((5, 28, 3))
    rings[..., 0], rings[..., 1] = r[:, None] * np.cos(angle), r[:, None] * np.sin(angle)
    rings[..., 2] = z[:, None]
    return rings


def _draft(
    bar: Float[ndarray, "n points 3"], head: Solid, pieces: list[ConvexPiece], *,
    head_x: float, head_half: float, extra: dict[str, Solid] | None = None,
    thick_grip: bool = False,
) -> Draft:  # fmt: skip
    """The finished wrench from its handle's rings, its head and the parts between."""
    handle = Solid.of(loft(bar), "handle")
    others = extra or {}
    whole = handle + head
    for solid in others.values():
        whole = whole + solid
    whole = without_voids(whole)
    x_from, x_to = float(bar[:, :, 0].min()), float(bar[:, :, 0].max())
    grip_x = x_from + (0.30 if thick_grip else 0.45) * (x_to - x_from)
    ring = bar[int(np.argmin(np.abs(bar[:, 0, 0] - grip_x)))]
    width, height = ring[:, 1].max(), ring[:, 2].max()
    attributes = {
        "handle": ("held_by_hand",),
        "head": ("tighten_sth", "loosen_sth"),
        "jaw": ("clamp_sth", "tighten_sth", "loosen_sth"),
        "screw": ("control_sth", "screwed/unscrewed_by_hand"),
        "socket": ("tighten_sth", "loosen_sth", "attach_to_sth"),
    }
    parts = {"handle": handle - head, "head": head, **others}
    cuts = np.linspace(x_from, x_to, 7 if not thick_grip else 12)
    whole_pieces = [*hulls_along("handle", handle, 0, cuts), *pieces]
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=parts,
        sites=(
            # Palm from above and the right, the index finger towards the head.
            grasp_site("handle", "handle", "bar", (grip_x, 0, 0), (1, 0, 0), (0, -0.5, 0.87),
                       radius=0.5 * (width + height), half_length=0.15 * (x_to - x_from)),
            grasp_site("handle_pinch", "handle", "pinch", (grip_x, 0, 0), (1, 0, 0), (0, 1, 0),
                       radius=height, half_length=0.2 * (x_to - x_from)),
            grasp_site("head", "head", "pinch", (head_x, 0, 0), (1, 0, 0), (0, 1, 0),
                       radius=head_half, half_length=0.003),
        ),
        part_attributes={name: attributes[name] for name in parts},
        convex_pieces=whole_pieces,
        mass_kg=float((5500.0 if thick_grip else 7400.0) * whole.manifold.volume()),
        edge=0.008,
    )  # fmt: skip
