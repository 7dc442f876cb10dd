"""Frying pans: an open pan around the z axis, handle towards -x."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hull, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    interpolate,
    loft,
    revolve,
    smooth_curve,
    sweep_rings,
)

_SPACING = 0.009
_REACH = 0.040
"""How far the one-sided solid extends the wall."""


def make_fryingpan(rng: Generator) -> Draft:
    """A pan of 16 to 26 cm, standing."""
    radius, depth = rng.uniform(0.080, 0.130), rng.uniform(0.034, 0.052)
    wall = rng.uniform(0.0025, 0.0038)
    flare = rng.uniform(0.10, 0.24) * radius
    rim_from = depth - 0.010
    power = rng.uniform(1.6, 3.0)

    def vessel(inset: float, overshoot: float, outwards: float = 0.0) -> Float[ndarray, "n 2"]:
        """Profile of the outside moved inwards, open at the top plus some overshoot."""
        t = np.linspace(0.0, 1.0, 12) ** 1.6
        z = np.concatenate([t * rim_from, [rim_from + 0.005, depth]])
        r = radius - flare * (1.0 - z / depth) ** power
        side = np.stack([r - inset + outwards, z], axis=1)
        side = side[side[:, 1] >= inset]
        side[0] = side[0, 0] - 0.002, inset
        if overshoot == 0.0:
            return side
        return np.concatenate([side, [[side[-1, 0], depth + overshoot]]])

    def rim_or_pan(centres: Float[ndarray, "F 3"]) -> ndarray:
        return np.where(centres[:, 2] > rim_from, "rim", "pan")

    outer = Solid.of(revolve(vessel(0.0, 0.0), _SPACING), rim_or_pan)
    cavity = Solid.of(revolve(vessel(wall, 0.001), _SPACING), rim_or_pan)
    shell = outer - cavity
    rings, path = _handle_rings(rng, radius, flare, depth)
    bar = Solid.of(loft(rings), "handle")
    whole = shell + (bar - Solid.of(revolve(vessel(0.5 * wall, 0.01), _SPACING), "pan"))
    filled = outer + bar
    thick = Solid.of(revolve(vessel(0.0, 0.0, _REACH), _SPACING), "rim") - cavity

    grip = len(path) * 5 // 8
    grip_axis = path[grip - 3] - path[grip + 3]
    half = 0.5 * np.ptp(rings[grip], axis=0)
    profile = vessel(0.0, 0.0)
    wall_direction = profile[-1] - profile[-3]
    return Draft(
        whole=whole,
        filled=filled,
        part_solids={
            "pan": shell.below(rim_from),
            "handle": bar - outer,
            "rim": shell.above(rim_from),
        },
        sites=(
            grasp_site("handle", "handle", "bar", (path[grip, 0], 0, path[grip, 1]),
                       (grip_axis[0], 0, grip_axis[1]), (0, -0.89, 0.46),
                       radius=0.5 * (half[1] + half[2]), half_length=0.020),
            # From above and outside: the thumb comes into the pan, the fingers stay out.
            grasp_site("rim", "rim", "pinch", (profile[-1, 0] - 0.5 * wall, 0, depth - 0.008),
                       (0, 1, 0), (wall_direction[0], 0, wall_direction[1]),
                       radius=0.5 * wall, half_length=0.010),
        ),
        part_attributes={
            "pan": ("contain_sth",),
            "handle": ("held_by_hand",),
            "rim": ("flow_out_sth",),
        },
        convex_pieces=[*_shell_pieces(profile, vessel(wall, 0.0), wall, rim_from),
                       *hulls_of_rings("handle", rings, 8)],
        mass_kg=rng.uniform(0.45, 0.90),
        edge=0.013,
        one_sided={"rim": {"thumb": thick + bar, "fingers": filled}},
    )  # fmt: skip


def _shell_pieces(
    outer: Float[ndarray, "n 2"], inner: Float[ndarray, "m 2"], wall: float, rim_from: float
) -> list[ConvexPiece]:
    """The floor, and the wall in sectors and storeys, from the profiles of the two sides."""
    floor = outer[outer[:, 1] <= 2.0 * wall]
    turns = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    pieces = [hull("pan", _turned(np.concatenate([floor, [[floor[-1, 0], wall]]]), turns))]
    middle = 0.35 * rim_from
    storeys = [("pan", 0.0, middle), ("pan", middle, rim_from), ("rim", rim_from, outer[-1, 1])]
    for start in np.arange(16) * np.pi / 8:
        sector = start + np.linspace(0.0, np.pi / 8, 4)
        for part, low, high in storeys:
            z = np.linspace(low, high, 4)
            outline = [
                np.stack([np.interp(z, profile[:, 1], profile[:, 0]), z], axis=1)
                for profile in (outer, inner)
            ]
            pieces.append(hull(part, _turned(np.concatenate(outline), sector)))
    return pieces


def _turned(
    profile_rz: Float[ndarray, "n 2"], turns: Float[ndarray, " m"]
) -> Float[ndarray, "k 3"]:
    """The profile at several angles about z, as one set of points."""
    r, z = profile_rz[:, :1], profile_rz[:, 1:]
    x, y = r * np.cos(turns), r * np.sin(turns)
    return np.stack([x, y, np.broadcast_to(z, x.shape)], axis=-1).reshape(-1, 3)


def _handle_rings(
    rng: Generator, radius: float, flare: float, depth: float
) -> tuple[Float[ndarray, "n points 3"], Float[ndarray, "n 2"]]:
    """A bar that leaves the wall, rises and levels out; slim at the pan, full in the hand."""
    length = rng.uniform(0.150, 0.195)
    rise = rng.uniform(0.10, 0.32) * length
    start_z = 0.66 * depth
    start_x = -(radius - flare * (1.0 - start_z / depth) ** 2)
    controls = np.array(
        [
            [start_x + 0.010, start_z - 0.002],
            [start_x - 0.25 * length, start_z + 0.38 * rise],
            [start_x - 0.60 * length, start_z + 0.85 * rise],
            [start_x - length, start_z + rise * rng.uniform(0.90, 1.05)],
        ]
    )
    path = smooth_curve(controls, 0.0065)
    along = np.linspace(0.0, 1.0, len(path))
    thickness = rng.uniform(0.0080, 0.0110)
    width = rng.uniform(0.0110, 0.0145)
    knots = [0.0, 0.12, 0.35, 0.75, 0.96, 1.0]
    rings = sweep_rings(
        path,
        thickness * interpolate(along, knots, [0.65, 0.60, 0.95, 1.0, 0.90, 0.60]),
        width * interpolate(along, knots, [1.15, 0.75, 0.92, 1.0, 0.95, 0.70]),
        exponent=rng.uniform(2.2, 3.4),
        points=16,
    )
    return rings, path
