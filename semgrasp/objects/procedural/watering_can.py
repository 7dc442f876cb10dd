"""Watering cans: an open can, the spout at -x, the handle at +x or arched over the opening."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hull, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    fillet,
    interpolate,
    loft,
    smooth_curve,
    sweep_rings,
)
from semgrasp.objects.procedural.vessels import Vessel, open_vessel, squared_section, turned

_RIM = 0.008
_REACH = 0.040
"""How far the one-sided solid extends the wall."""

_STYLES = {
    # Foot radius and height in [mm]; radius against height, relative; wall in [mm].
    "garden": ((76, 96), (160, 215), [1.0, 1.0, 0.99, 0.97], (2.2, 3.0)),
    "cone": ((62, 88), (130, 200), [1.0, 0.90, 0.76, 0.62], (2.0, 2.8)),
    "pot": ((50, 68), (105, 150), [0.86, 1.0, 0.98, 0.80], (2.0, 2.6)),
    "tumbler": ((48, 62), (120, 170), [1.0, 1.0, 1.02, 1.04], (1.8, 2.4)),
}


def make_watering_can(rng: Generator) -> Draft:
    """A can of 1 to 5 litres, standing empty; it pours towards -x.

    Sizes: retail indoor cans of 1 to 2 litres (body 100 to 140 mm wide, 280 to 400 mm over the
    spout) and garden cans of 3 to 5 litres (body 150 to 190 mm wide, 450 to 580 mm over the
    spout); the mouth of the spout is as high as the rim, or water would leave it while filling.
    """
    style = str(rng.choice(list(_STYLES)))
    radius, height = (1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style][:2])
    wall = 1e-3 * rng.uniform(*_STYLES[style][3])
    spacing = 0.0090 if radius < 0.070 else 0.0130
    rim_from = height - _RIM
    corner = rng.uniform(0.004, 0.010)
    z = np.linspace(corner, height, round(height / spacing) + 1)
    knots = [0.0, 0.33 * height, 0.66 * height, height]
    r = radius * interpolate(z, knots, [v * rng.uniform(0.98, 1.02) for v in _STYLES[style][2]])
    foot = fillet(float(r[0]), 0.0, corner, top=False)
    outside = np.concatenate([foot[:-1], np.stack([r, z], axis=1)])
    section = squared_section(rng.uniform(2.6, 4.0)) if rng.random() < 0.2 else None
    vessel = open_vessel(
        outside, wall, 0.003, spacing,
        lambda centres: np.where(centres[:, 2] > rim_from, "rim", "body"),
        section, (rim_from,),
    )  # fmt: skip
    # What is cut at the middle of the wall overlaps it and leaves nothing inside the can.
    core_profile = vessel.outside - [0.5 * wall, 0.0]
    core_profile[-1, 1] += 0.001
    core = turned(core_profile, spacing, "handle", vessel.section)

    grip = _handle(rng, vessel, style)
    bar = Solid.of(loft(grip.rings), "handle")
    spout = _spout(rng, vessel, style, height)
    pipe = Solid.of(loft(spout.rings), "spout")
    mouth = Solid.of(loft(spout.bore), "spout")
    outer, shell = vessel.outer + bar + pipe, vessel.shell + (bar - core) + (pipe - core - mouth)
    parts = {
        "body": vessel.shell.below(rim_from),
        "rim": vessel.shell.above(rim_from),
        "handle": bar - vessel.outer,
        "spout": pipe - mouth - vessel.outer,
    }
    attributes = {
        "body": ("contain_sth", "held_by_hand"),
        "rim": ("flow_in_sth",),
        "handle": ("held_by_hand",),
        "spout": ("flow_out_sth",),
    }
    pieces = [*vessel.pieces([("body", 0.0, 0.5 * height), ("body", 0.5 * height, rim_from),
                              ("rim", rim_from, height)], 12),
              *hulls_of_rings("handle", grip.rings, 14),
              *hulls_of_rings("spout", spout.rings, 8)]  # fmt: skip
    if spout.rose is not None:
        rose = Solid.of(loft(spout.rose), "head")
        outer, shell = outer + rose, shell + rose
        parts["head"] = rose - pipe
        attributes["head"] = ("spray_sth",)
        pieces.append(hull("head", spout.rose))
    if rng.random() < {"garden": 0.8, "cone": 0.3}.get(style, 0.15):
        cover = _cover(vessel, height, spacing, rng.uniform(-0.25, 0.15) * radius)
        outer, shell = outer + cover, shell + (cover - bar)
        parts["body"] = parts["body"] + (cover - parts["rim"])
        pieces.append(hull("body", cover.surface()[0]))

    hold_z = 0.45 * height
    rim_radius = float(vessel.outside[-1, 0]) * float(vessel.section(np.array([-0.5 * np.pi]))[0])
    return Draft(
        whole=shell,
        filled=outer,
        part_solids=parts,
        sites=(
            grasp_site("handle", "handle", "hook", grip.centre, grip.axis, grip.front,
                       radius=grip.half_thickness, half_length=grip.half_length),
            grasp_site("body", "body", "wrap", (0.0, 0.0, hold_z), (0, 0, 1), (0, -1, 0),
                       radius=float(np.interp(hold_z, vessel.outside[:, 1], vessel.outside[:, 0])),
                       half_length=0.5 * height - 0.045),
            # From the side, where neither spout nor handle is in the way; fingers reach inside.
            grasp_site("rim", "rim", "pinch", (0.0, -rim_radius + 0.5 * wall, height - 0.5 * _RIM),
                       (-1, 0, 0), (0, 0, 1), radius=0.5 * wall, half_length=0.012),
        ),
        part_attributes=attributes,
        convex_pieces=pieces,
        mass_kg=rng.uniform(0.25, 0.45) + (rng.uniform(0.1, 0.5) if style == "garden" else 0.0),
        edge=1.48 * spacing,
        one_sided={"rim": {"thumb": outer,
                           "fingers": vessel.widened(_REACH, spacing) + bar + pipe}},
    )  # fmt: skip


class _Grip(NamedTuple):
    """A handle and where the fingers go through it, in [m]."""

    rings: Float[ndarray, "n points 3"]
    centre: tuple[float, float, float]
    axis: tuple[float, float, float]
    front: tuple[float, float, float]
    half_thickness: float
    half_length: float


def _handle(rng: Generator, vessel: Vessel, style: str) -> _Grip:
    """An ear at the back, a hoop over the opening, or a bow from the opening to the back."""
    height = float(vessel.outside[-1, 1])

    def wall_x(z: float) -> float:
        return float(np.interp(z, vessel.outside[:, 1], vessel.outside[:, 0]))

    kind = str(rng.choice(["ear", "hoop", "bow"], p=[0.4, 0.2, 0.4]))
    half_thickness = rng.uniform(0.0055, 0.0080) if style != "garden" else rng.uniform(0.008, 0.012)
    half_width = half_thickness * rng.uniform(1.0, 1.5)
    top_x = wall_x(height)
    rise = rng.uniform(0.055, 0.085)
    if kind == "hoop":
        angle = np.linspace(np.pi, 0.0, 21)
        s, c = np.sin(angle), np.cos(angle)
        square = 2.0 / rng.uniform(2.2, 3.2)
        x = (top_x - 0.002) * np.sign(c) * np.abs(c) ** square
        hoop = np.stack([x, height + rise * s**square], axis=1)
        foot = np.array([[-1.0, 0.0], [1.0, 0.0]]) * (top_x - 0.002) + [0.0, height - 0.022]
        controls = np.concatenate([foot[:1], hoop, foot[1:]])
    else:
        low = height * rng.uniform(0.16, 0.34)
        reach = max(wall_x(z) for z in np.linspace(low, height, 7)) + rng.uniform(0.042, 0.060)
        lean = rng.uniform(0.0, 0.35) * (reach - wall_x(low))
        back = [[reach - 0.10 * lean, 0.5 * (low + height)],
                [reach - lean, low + 0.22 * (height - low)],
                [wall_x(low) + 0.010, low - 0.005], [wall_x(low) - 0.006, low - 0.006]]  # fmt: skip
        if kind == "ear":
            high = height * rng.uniform(0.84, 0.92)
            over = rng.uniform(0.005, 0.030)
            start = [[wall_x(high) - 0.006, high], [wall_x(high) + 0.012, high + 0.6 * over],
                     [0.4 * wall_x(high) + 0.6 * reach, high + over],
                     [reach, high - 0.18 * (high - low)]]  # fmt: skip
        else:
            front_x = -top_x + 0.002
            start = [[front_x, height - 0.022], [front_x, height - 0.004],
                     [front_x + 0.25 * top_x, height + 0.75 * rise],
                     [0.2 * top_x, height + rise], [0.80 * reach, height + 0.62 * rise],
                     [reach, 0.82 * height]]  # fmt: skip
        controls = np.array(start + back)
    path = smooth_curve(np.asarray(controls, dtype=float), 0.0095)
    rings = sweep_rings(path, np.full(len(path), half_thickness), np.full(len(path), half_width),
                        exponent=rng.uniform(2.0, 3.0), points=12)  # fmt: skip
    if kind == "ear":
        outer = path[path[:, 0] > path[:, 0].max() - 0.025]
        at = outer[np.argmin(np.abs(outer[:, 1] - path[:, 1].mean()))]
        axis, front = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)
        half_length = 0.5 * float(np.ptp(path[:, 1])) - half_thickness
    else:
        at = path[np.argmax(path[:, 1])]
        axis, front = (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
        half_length = 0.6 * top_x
    return _Grip(rings, (float(at[0]), 0.0, float(at[1])), axis, front, half_thickness, half_length)


class _Spout(NamedTuple):
    """The pipe, the hole at its end, and the rose where there is one."""

    rings: Float[ndarray, "n points 3"]
    bore: Float[ndarray, "m points 3"]
    rose: Float[ndarray, "k points 3"] | None


def _spout(rng: Generator, vessel: Vessel, style: str, height: float) -> _Spout:
    """A straight, bent or swan-necked pipe from low on the wall to the height of the rim."""
    shape = str(
        rng.choice(
            ["straight", "bent", "swan"],
            p=[0.55, 0.35, 0.10] if style == "garden" else [0.35, 0.25, 0.40],
        )
    )
    start_z = height * rng.uniform(0.16, 0.30)
    tip_z = height * rng.uniform(1.0, 1.16)
    wall_x = float(np.interp(start_z, vessel.outside[:, 1], vessel.outside[:, 0]))
    run = (tip_z - start_z) * rng.uniform(0.85, 1.25) + (0.03 if shape == "swan" else 0.0)
    rise = tip_z - start_z
    bends = {"straight": [(0.5, 0.5)], "bent": [(0.35, 0.18), (0.75, 0.62)],
             "swan": [(0.40, 0.16), (0.58, 0.55), (0.78, 0.92)]}[shape]  # fmt: skip
    slope = rise / run if shape == "straight" else 0.25
    controls = [(wall_x - 0.012, start_z - 0.012 * slope)]
    controls += [(wall_x + a * run, start_z + b * rise) for a, b in bends]
    controls.append((wall_x + run, tip_z + (0.0 if shape != "swan" else -0.01)))
    path = smooth_curve(np.array(controls) * [-1.0, 1.0], 0.0100)
    slim = style in ("pot", "tumbler")
    base = rng.uniform(0.010, 0.016) if slim else rng.uniform(0.017, 0.026)
    tip = rng.uniform(0.0055, 0.0075) if slim else rng.uniform(0.0095, 0.0130)
    base = min(base, start_z - 0.003)
    along = np.linspace(0.0, 1.0, len(path))
    size = interpolate(along, [0.0, 0.35, 1.0], [base, 0.62 * base + 0.38 * tip, tip])
    rings = sweep_rings(path, size, size, points=14)
    tangent = (path[-1] - path[-2]) / np.linalg.norm(path[-1] - path[-2])

    def beyond(steps: list[float], radii: list[float]) -> Float[ndarray, "n points 3"]:
        ends = path[-1] + tangent * np.array(steps)[:, None]
        return sweep_rings(ends, np.array(radii), np.array(radii), points=20)

    bore = beyond([-0.020, -0.010, 0.002], [0.72 * tip] * 3)
    if shape == "swan" or rng.random() < (0.2 if style == "garden" else 0.5):
        return _Spout(rings, bore, None)
    wide = rng.uniform(1.9, 2.8) * tip
    length = rng.uniform(0.018, 0.034)
    # The rose covers the hole; its face bulges a little.
    rose = beyond(
        [-0.024, -0.010, 0.0, 0.5 * length, 0.92 * length, length, length + 0.004],
        [1.1 * tip, 1.12 * tip, 1.15 * tip, 0.5 * (wide + tip), wide, wide, 0.6 * wide],
    )
    return _Spout(rings, bore, rose)


def _cover(vessel: Vessel, height: float, spacing: float, edge_x: float) -> Solid:
    """A plate over the front of the opening, just below the rim."""
    slab = vessel.outer.below(height - 0.002).above(height - 0.0055)
    plate = slab.manifold.trim_by_plane((-1.0, 0.0, 0.0), -edge_x)
    # Joined to the middle of the wall, so that it does not reach the outside.
    plate = plate.scale((0.985, 0.985, 1.0))
    return Solid.of(Solid(plate, {}).refined(1.48 * spacing).surface(), "body")
