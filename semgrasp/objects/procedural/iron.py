"""Clothes irons, sole down: the tip of the sole points to +x, the handle lies over the body."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hull, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    fillet,
    interpolate,
    loft,
    revolve,
    smooth_curve,
    sweep_rings,
)

_SPACING = 0.0095

_STYLES = {
    # Length and width of the sole in [mm], height of the body and room under the handle in [mm].
    "steam": ((265, 300), (108, 124), (62, 80), (38, 46)),
    "dry": ((225, 260), (98, 114), (42, 56), (38, 45)),
    "travel": ((165, 200), (82, 94), (34, 46), (34, 38)),
    "flat": ((150, 185), (88, 102), (38, 50), (42, 50)),
}


def make_iron(rng: Generator) -> Draft:
    """A steam, dry or travel iron or an old cast one, standing on its sole.

    Sizes: household steam irons are 270 to 310 mm long, 110 to 125 mm wide and 130 to 160 mm
    tall, travel irons 170 to 200 by 85 mm, cast sad irons 150 to 180 by 100 mm (2 to 3 kg); the
    handle is 32 to 40 mm thick in plastic, 26 to 30 mm in wood, with 35 to 45 mm of room below it.
    """
    style = str(rng.choice(list(_STYLES), p=[0.4, 0.25, 0.2, 0.15]))
    length, width, body_height, room = (1e-3 * rng.uniform(*b) for b in _STYLES[style])
    sole_height = rng.uniform(0.016, 0.026) if style == "flat" else rng.uniform(0.008, 0.013)
    outline = _outline(rng, length, width, has_two_tips=style == "flat" and rng.random() < 0.4)
    base = Solid.of(
        loft(_storeys(outline, np.array([0.0, 0.0015, 0.5 * sole_height, sole_height]),
                      np.array([0.985, 1.0, 1.0, 0.995]), np.zeros(4))), "base"
    )  # fmt: skip
    levels = sole_height + body_height * np.array([-0.02, 0.0, 0.12, 0.35, 0.60, 0.82, 0.95, 1.0])
    slim = rng.uniform(0.50, 0.66)
    scales = {
        "steam": np.array([0.95, 0.95, 0.94, 0.86, 0.5 * (0.8 + slim), 0.92 * slim + 0.06,
                           slim - 0.04, slim - 0.14]),
        "dry": np.array([0.96, 0.96, 0.95, 0.90, 0.82, 0.70, 0.58, 0.46]),
        "travel": np.array([0.95, 0.95, 0.94, 0.89, 0.80, 0.68, 0.56, 0.42]),
        "flat": np.array([0.97, 0.97, 0.96, 0.92, 0.86, 0.78, 0.72, 0.62]),
    }[style]  # fmt: skip
    back = rng.uniform(-0.10, 0.02) if style in ("steam", "dry") else rng.uniform(-0.03, 0.01)
    # The upper storeys move back or forward, so that the nose is steep or drawn out.
    shift = back * length * np.linspace(0.0, 1.0, 8) ** 1.5
    fine = np.linspace(levels[0], levels[-1], round(body_height / 0.008))
    scales, shift = (interpolate(fine, list(levels), list(v)) for v in (scales, shift))
    body = Solid.of(loft(_storeys(outline, fine, scales, shift)), "body")
    top = float(levels[-1])
    grip = _handle(rng, style, length, top, room, float(scales[-1]), float(shift[-1]))
    handle = Solid.of(loft(grip.rings), "handle")
    whole = base + body + handle
    parts = {"base": base, "body": body - base, "handle": handle - body - base}
    attributes: dict[str, tuple[str, ...]] = {
        "base": ("no_function",),
        "body": ("contain_sth",) if style != "flat" else ("no_function",),
        "handle": ("held_by_hand",),
    }
    pieces = [hull("base", base.surface()[0]),
              *hulls_along("body", body, 2, levels[1:]),
              *hulls_of_rings("handle", grip.rings, 16)]  # fmt: skip
    if style != "flat":
        knob_profile = _knob(rng, top)
        moved = np.array([grip.knob_x, 0.0, 0.0])
        vertices, faces = revolve(knob_profile, 0.7 * _SPACING)
        knob = Solid.of((vertices + moved, faces), "button")
        whole = whole + knob
        parts["button"] = knob - body - handle
        attributes["button"] = ("control_sth", "pressed/unpressed_by_hand")
        pieces.append(hull("button", knob.surface()[0]))
        if rng.random() < 0.8:
            cord_rings = _cord(rng, grip.back)
            cord = Solid.of(loft(cord_rings), "cord")
            whole = whole + cord
            parts["cord"] = cord - handle - body
            attributes["cord"] = ("connect_to_sth", "plugged/unplugged_by_hand")
            pieces += hulls_of_rings("cord", cord_rings, 6)
    rear_x, rear_z, rear_half = _narrow_rear(body, length, sole_height, body_height)
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=parts,
        sites=(
            # The palm comes down on the bar, the index finger towards the tip.
            grasp_site("handle", "handle", "bar", grip.centre, grip.axis, (0, 0, 1),
                       radius=grip.half_width, half_length=grip.half_length),
            # From behind, when a cold iron is put away or passed on.
            grasp_site("rear", "body", "pinch", (rear_x, 0.0, rear_z), (0, 0, 1), (-1, 0, 0),
                       radius=rear_half, half_length=0.006),
        ),
        part_attributes=attributes,
        convex_pieces=pieces,
        mass_kg={"steam": rng.uniform(1.0, 1.6), "dry": rng.uniform(0.8, 1.2),
                 "travel": rng.uniform(0.5, 0.8), "flat": rng.uniform(1.6, 2.8)}[style],
        edge=0.0150,
    )  # fmt: skip


def _narrow_rear(
    body: Solid, length: float, sole_height: float, body_height: float
) -> tuple[float, float, float]:
    """Where the rear of the body first becomes slim enough for a hand: x, z and half width."""
    x = -0.36 * length
    vertices, _ = body.surface()
    x_near = np.abs(vertices[:, 0] - x) < 0.012
    half = z = 0.0
    for share in (0.30, 0.45, 0.60, 0.70, 0.80):
        z = sole_height + share * body_height
        near = vertices[x_near & (np.abs(vertices[:, 2] - z) < 0.0065)]
        half = float(np.abs(near[:, 1]).max())
        if half < 0.044:
            break
    return x, z, half


def _outline(
    rng: Generator, length: float, width: float, has_two_tips: bool
) -> Float[ndarray, "n 2"]:
    """The sole seen from above, counter-clockwise from its rear middle: a boat with a point."""
    u = np.linspace(0.0, 1.0, 60)
    full = rng.uniform(0.24, 0.34)
    sharp = rng.uniform(0.62, 0.85)
    # Half width along the length: round at the rear, widest at a third, falling to the tip.
    nose = np.clip((u - full) / (1.0 - full), 0.0, 1.0)
    tail = np.clip((full - u) / full, 0.0, 1.0)
    half = (1.0 - nose ** rng.uniform(1.7, 2.2)) ** sharp
    if has_two_tips:
        half = (1.0 - np.abs(2.0 * u - 1.0) ** 2.0) ** 0.85
    else:
        squareness = rng.uniform(3.0, 6.0)
        half *= (1.0 - (rng.uniform(0.94, 1.0) * tail) ** squareness) ** (1.0 / squareness)
    x = length * (u - 0.5)
    right = np.stack([x, -0.5 * width * half], axis=1)
    left = np.stack([x, 0.5 * width * half], axis=1)[::-1]
    closed = np.concatenate([right, left[1:-1] if half[0] < 1e-6 else left[1:], right[:1]])
    step = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    run = np.concatenate([[0.0], step.cumsum()])
    at = np.linspace(0.0, run[-1], 4 * round(run[-1] / _SPACING / 4.0), endpoint=False)
    return np.stack([np.interp(at, run, closed[:, k]) for k in (0, 1)], axis=1)


def _storeys(
    outline: Float[ndarray, "n 2"],
    levels: Float[ndarray, " m"],
    scales: Float[ndarray, " m"],
    shift: Float[ndarray, " m"],
) -> Float[ndarray, "m n 3"]:
    """The outline at several heights, scaled and moved along x."""
    rings = np.empty((len(levels), len(outline), 3))
    rings[..., :2] = outline * scales[:, None, None]
    rings[..., 0] += shift[:, None]
    rings[..., 2] = levels[:, None]
    return rings


class _Grip(NamedTuple):
    """A handle and where the hand closes around it, in [m]."""

    rings: Float[ndarray, "n points 3"]
    centre: tuple[float, float, float]
    axis: tuple[float, float, float]
    half_width: float
    half_length: float
    knob_x: float
    back: tuple[float, float]


def _handle(
    rng: Generator, style: str, length: float, top: float, room: float, scale: float, shift: float
) -> _Grip:
    """A bar over the body that comes down at the rear, in front, or at both ends."""
    thick = rng.uniform(0.0125, 0.0150) if style == "flat" else rng.uniform(0.0140, 0.0175)
    wide = thick * rng.uniform(1.0, 1.15)
    half_top = 0.5 * scale * length
    bar_z = top + room + thick
    kind = "closed" if style == "flat" else str(rng.choice(["closed", "open_front", "open_rear"],
                                                           p=[0.6, 0.25, 0.15]))  # fmt: skip
    span = min(max(half_top - 0.6 * thick, 0.062 + thick), 0.44 * length - thick)
    rear, front = shift - span, shift + span
    tilt = rng.uniform(-0.010, 0.014)
    post_rear = [
        [rear, top - 0.020],
        [rear - 0.004, top + 0.35 * room],
        [rear + 0.006, bar_z - 0.008],
    ]
    post_front = [[front - 0.014, bar_z + tilt - 0.010], [front + 0.002, top + 0.35 * room],
                  [front - 0.012, top - 0.022]]  # fmt: skip
    bar = [
        [rear + 0.030, bar_z],
        [shift, bar_z + 0.5 * tilt + 0.003],
        [front - 0.040, bar_z + tilt],
    ]
    tip_front = [[front + 0.005, bar_z + tilt + 0.004]]
    tip_rear = [[rear - 0.010, bar_z - 0.002]]
    controls = {"closed": post_rear + bar + post_front, "open_front": post_rear + bar + tip_front,
                "open_rear": tip_rear + bar + post_front}[kind]  # fmt: skip
    path = smooth_curve(np.array(controls), _SPACING)
    along = np.linspace(0.0, 1.0, len(path))
    rings = sweep_rings(
        path,
        thick * interpolate(along, [0.0, 0.04, 0.3, 0.7, 0.96, 1.0],
                            [0.9, 1.1, 0.95, 0.95, 1.1, 0.9] if kind == "closed"
                            else [0.75, 1.0, 1.0, 1.0, 1.0, 0.65]),
        wide * interpolate(along, [0.0, 0.04, 0.3, 0.7, 0.96, 1.0],
                           [1.1, 1.15, 0.95, 0.95, 1.15, 1.1] if kind == "closed"
                           else [0.8, 1.05, 1.0, 1.0, 1.05, 0.7]),
        exponent=rng.uniform(2.0, 2.8), points=16,
    )  # fmt: skip
    middle = int(np.argmin(np.abs(path[:, 0] - shift) + 10.0 * (path[:, 1] < bar_z - 0.012)))
    tangent = path[middle + 1] - path[middle - 1]
    half_width = 0.5 * float(np.ptp(rings[middle, :, 1]))
    back = (float(path[:, 0].min()), bar_z - 0.002)
    if kind == "open_rear":
        back = (rear - 0.006, bar_z - 0.002)
    return _Grip(
        rings, (float(path[middle, 0]), 0.0, float(path[middle, 1])),
        (float(tangent[0]), 0.0, float(tangent[1])), half_width,
        max(0.004, span - thick - 0.045), front - 0.5 * span if kind == "open_rear" else shift,
        back,
    )  # fmt: skip


def _knob(rng: Generator, top: float) -> Float[ndarray, "n 2"]:
    """The dial for the temperature, flat on the body under the handle."""
    radius = rng.uniform(0.013, 0.019)
    thick = rng.uniform(0.006, 0.011)
    return np.concatenate([[[radius, top - 0.004]],
                           fillet(0.94 * radius, top + thick, 0.002, top=True)])  # fmt: skip


def _cord(rng: Generator, back: tuple[float, float]) -> Float[ndarray, "n points 3"]:
    """The stiff sleeve and the beginning of the cord, rising and falling backwards."""
    x, z = back
    reach = rng.uniform(0.035, 0.065)
    controls = np.array([[x + 0.012, z], [x - 0.4 * reach, z + 0.006],
                         [x - reach, z + rng.uniform(-0.018, 0.012)]])  # fmt: skip
    path = smooth_curve(controls, 0.006)
    along = np.linspace(0.0, 1.0, len(path))
    size = interpolate(along, [0.0, 0.6, 0.7, 1.0], [0.0068, 0.0050, 0.0036, 0.0034])
    return sweep_rings(path, size, size, points=10)
