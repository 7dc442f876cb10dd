"""Scissors in the x-z plane: blades towards +x, rings towards -x, the thumb's ring on top."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hull, hulls_of_rings, prism
from semgrasp.objects.procedural.surfaces import interpolate, loft, smooth_curve, sweep_rings
from semgrasp.objects.procedural.tool_shapes import (
    closed_loft,
    pin,
    ring_pieces,
    ring_rings,
    turned_points,
    turned_solid,
    without_voids,
)

_SPACING = 0.005
_WALL_REACH, _WALL_DEPTH = 0.03, 0.005
"""How far the wall of `_one_ring_each` reaches beyond the scissors, and half its thickness."""

_STYLES = {
    # In [mm]: blade beyond the pivot, its height there, inner half length of the upper and the
    # lower ring, inner half height of a ring, half thickness and half width of the ring's bar.
    "office": ((75, 110), (12, 16), (13, 17), (18, 24), (11, 13), (3.2, 4.5), (4.0, 5.5)),
    "tailor": ((110, 145), (17, 22), (14, 18), (28, 36), (12, 15), (4.0, 5.5), (5.0, 6.5)),
    "kitchen": ((80, 105), (16, 20), (20, 26), (24, 32), (12, 14), (4.0, 5.0), (5.0, 6.5)),
    "school": ((48, 62), (11, 14), (12, 15), (12, 17), (9, 11), (3.2, 4.2), (4.0, 5.0)),
    "nail": ((27, 36), (6, 8), (9, 11), (9, 11), (8, 9.5), (1.8, 2.4), (1.8, 2.6)),
    "barber": ((60, 85), (8, 10), (10, 12), (10, 12), (9, 10.5), (2.0, 2.6), (2.2, 3.0)),
}


def make_scissors(rng: Generator) -> Draft:
    """Office, tailor's, kitchen, school, nail or barber's scissors, shut or a little open.

    Sizes: typical retail lengths; office scissors 160 to 210 mm, tailor's shears 8 to 11 inches
    (203 to 280 mm), kitchen scissors 200 to 230 mm, school scissors 5 inches (130 mm), nail
    scissors 90 to 105 mm, barber's scissors 5.5 to 7 inches (140 to 178 mm).
    """
    style = str(rng.choice(list(_STYLES), p=[0.27, 0.18, 0.18, 0.15, 0.10, 0.12]))
    length, height, upper, lower, inner, bar, width = (
        1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style]
    )
    thickness = 0.0010 + 0.05 * height + rng.uniform(0.0, 0.0005)
    opening = rng.uniform(0.03, 0.15) if rng.random() < 0.6 else 0.0
    slender = {"nail": 0.034, "barber": 0.045}
    usual = slender[style] if style in slender else 0.016 + 0.9 * height
    shank = rng.uniform(0.95, 1.2) * usual
    gap = rng.uniform(0.001, 0.003)
    tilt = rng.uniform(0.0, 0.25) if style in ("office", "kitchen", "tailor") else 0.0
    blunt = style == "school"
    blade_rings = _blade_rings(rng, length, height, thickness, blunt=blunt)
    loops = {
        "upper": _loop(rng, upper, inner, bar, width, shank, gap, tilt),
        "lower": _loop(rng, lower, inner * rng.uniform(1.0, 1.15), bar, width, shank, gap, tilt),
    }
    # The half with the lower ring carries the upper blade.
    halves = {"lower": (opening, False), "upper": (-opening, True)}
    blade, handle, pieces = None, None, list[ConvexPiece]()
    blade_solid = Solid.of(loft(blade_rings), "blade")
    for name, (angle, mirrored) in halves.items():
        loop = loops[name]
        ring = Solid.of(closed_loft(loop.rings), "handle") + Solid.of(loft(loop.shank), "handle")
        ring = turned_solid(ring, angle, mirrored=mirrored)
        steel = turned_solid(blade_solid, angle, mirrored=mirrored)
        handle = ring if handle is None else handle + ring
        blade = steel if blade is None else blade + steel
        local = [
            *(hull("blade", blade_rings[i : i + 3]) for i in range(0, len(blade_rings) - 1, 2)),
            *ring_pieces("handle", loop.rings, 14),
            *hulls_of_rings("handle", loop.shank, 4),
        ]
        pieces += [(p, turned_points(points, angle, mirrored=mirrored)) for p, points in local]
    assert handle is not None
    assert blade is not None
    screw_radius = rng.uniform(0.22, 0.30) * height
    out = max(thickness, 0.72 * width) + rng.uniform(0.0008, 0.0016)
    screw_profile = np.array([[0.8 * screw_radius, -out], [screw_radius, -out + 0.0006],
                              [screw_radius, out - 0.0006], [0.8 * screw_radius, out]])  # fmt: skip
    screw = pin("pivot", screw_profile, "y", (0.0, 0.0, 0.0), 0.003)
    pieces.append(hull("pivot", screw.surface()[0]))
    whole = without_voids(handle + blade + screw)

    bars = {
        name: turned_points(loops[name].outer_bar, angle, mirrored=mirrored)
        for name, (angle, mirrored) in halves.items()
    }
    grip_x = float(loops["lower"].shank[len(loops["lower"].shank) // 3, :, 0].mean())
    shank_width = float(np.abs(loops["lower"].shank[len(loops["lower"].shank) // 3, :, 1]).max())
    return Draft(
        whole=whole,
        filled=whole,
        part_solids={"handle": handle, "blade": blade - handle, "pivot": screw},
        sites=(
            grasp_site("fingers", "handle", "hook", tuple(bars["lower"]), (1, 0, 0), (0, 0, -1),
                       radius=bar, half_length=lower),
            grasp_site("thumb", "handle", "hook", tuple(bars["upper"]), (1, 0, 0), (0, 0, 1),
                       radius=bar, half_length=upper),
            grasp_site("handle", "handle", "pinch", (grip_x, 0, 0), (1, 0, 0), (0, 0, 1),
                       radius=shank_width, half_length=0.004),
            grasp_site("blade", "blade", "pinch", (max(0.25 * length, 0.008), 0, 0), (1, 0, 0),
                       (0, 0, 1), radius=thickness, half_length=0.1 * length),
        ),
        part_attributes={
            "handle": ("held_by_hand", "control_sth"),
            "blade": ("shear_sth", "cut_sth"),
            "pivot": ("connect_to_sth",),
        },
        convex_pieces=pieces,
        mass_kg=float(1400.0 * handle.manifold.volume() + 7800.0 * blade.manifold.volume()),
        edge=0.007,
        one_sided={"handle": _one_ring_each(whole, loops, halves)},
    )  # fmt: skip


def _one_ring_each(
    whole: Solid, loops: dict[str, "_Loop"], halves: dict[str, tuple[float, bool]]
) -> dict[str, Solid]:
    """The scissors in a wall that lets the thumb through the upper ring only, fingers below it."""
    vertices = whole.surface()[0][:, [0, 2]]
    low, high = vertices.min(0) - _WALL_REACH, vertices.max(0) + _WALL_REACH
    angle, mirrored = halves["upper"]
    rings = loops["upper"].rings
    points = turned_points(rings.reshape(-1, 3), angle, mirrored=mirrored).reshape(rings.shape)
    points = points[..., [0, 2]]
    inwards = np.linalg.norm(points - points.mean(axis=(0, 1)), axis=-1).argmin(axis=1)
    hole = prism(points[np.arange(len(points)), inwards], -0.02, 0.02, "handle")

    def wall(x_to: float, z_from: float) -> Solid:
        corners = [[low[0], z_from], [x_to, z_from], [x_to, high[1]], [low[0], high[1]]]
        return prism(np.array(corners), -_WALL_DEPTH, _WALL_DEPTH, "handle")

    return {"thumb": whole + (wall(high[0], low[1]) - hole), "fingers": whole + wall(0.0, 0.004)}


def _blade_rings(
    rng: Generator, length: float, height: float, thickness: float, *, blunt: bool
) -> Float[ndarray, "n points 3"]:
    """One blade from the tang behind the pivot to the tip, on the +y side, its edge below."""
    u = np.linspace(0.0, 1.0, max(8, round(length / _SPACING)))
    u = 1.0 - (1.0 - u) ** 1.3
    edge = -0.32 * height * (1.0 - 0.85 * u)
    if blunt:
        spine = edge + height * (0.85 - 0.25 * u) * np.sqrt(1.0 - 0.97 * u**8)
    else:
        spine = edge + height * (0.85 * (1.0 - u ** rng.uniform(1.2, 2.2)) + 0.05)
    x = np.concatenate([[-1.0 * height, -0.5 * height], length * u])
    spine = np.concatenate([[0.28 * height, 0.48 * height], spine])
    edge = np.concatenate([[-0.28 * height, -0.42 * height], edge])
    up = np.linspace(0.0, 1.0, max(3, round(height / _SPACING) + 1))
    z = edge[:, None] + (spine - edge)[:, None] * up
    outer = thickness * np.interp(up, [0.0, 0.4, 1.0], [0.4, 1.0, 0.9]) * np.ones_like(z)
    rings = np.empty((len(x), 2 * len(up), 3))
    rings[..., 0] = x[:, None]
    rings[:, : len(up), 1], rings[:, len(up) :, 1] = outer, -0.0002
    rings[:, : len(up), 2], rings[:, len(up) :, 2] = z, z[:, ::-1]
    return rings


class _Loop(NamedTuple):
    """A finger ring below the x axis and the shank that carries it."""

    rings: Float[ndarray, "n points 3"]
    shank: Float[ndarray, "m points 3"]
    outer_bar: Float[ndarray, "3"]


def _loop(
    rng: Generator, inner_length: float, inner_height: float, bar: float, width: float,
    shank: float, gap: float, tilt: float,
) -> _Loop:  # fmt: skip
    a, b = inner_length + bar, inner_height + bar
    angle = np.linspace(0.0, 2.0 * np.pi, max(20, round(5.0 * (a + b) / 0.006)), endpoint=False)
    egg = 1.0 + rng.uniform(-0.10, 0.15) * np.cos(angle)
    local = np.stack([a * np.cos(angle), b * egg * np.sin(angle)], axis=1)
    c, s = np.cos(tilt), np.sin(tilt)
    local = local @ np.array([[c, s], [-s, c]])
    # The ring's highest point stays under the x axis, so that the rings do not meet.
    centre = np.array([-shank - a, -local[:, 1].max() - bar - 0.5 * gap])
    path = centre + local
    swell = 1.0 + 0.15 * np.cos(angle - 0.25 * np.pi)
    rings = ring_rings(path, bar * swell, width * np.ones_like(angle), exponent=2.6, points=12)
    join = path[int(np.argmin(np.abs(angle - 0.55)))]
    knee = np.array([-0.35 * shank, -0.08 * shank])
    controls = np.array([[0.10 * shank, 0.0], knee, 0.5 * (join + knee) + [0.0, 0.0006], join])
    curve = smooth_curve(controls, _SPACING)
    along = np.linspace(0.0, 1.0, len(curve))
    thick = interpolate(along, [0.0, 0.3, 1.0], [0.9 * bar, 1.1 * bar, 1.15 * bar])
    wide = interpolate(along, [0.0, 0.4, 1.0], [0.65 * width, 0.9 * width, width])
    return _Loop(
        rings,
        sweep_rings(curve, thick, wide, exponent=2.6, points=12),
        np.array([centre[0], 0.0, path[:, 1].min()]),
    )
