"""Spray bottles: an upright bottle with a pistol head that faces +x."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    fillet,
    interpolate,
    loft,
    revolve,
    rings_along_x,
    smooth_curve,
    superellipse,
    sweep_rings,
)

_SPACING = 0.006
_PALM_BELOW_TRIGGER = 0.030
"""The index finger lies this far above the middle of the palm."""


def make_trigger_sprayer(rng: Generator) -> Draft:
    """A bottle with collar, head, nozzle and a curved trigger, 200 to 280 mm tall."""
    radius = rng.uniform(0.032, 0.043)
    shoulder_z = rng.uniform(0.105, 0.150)
    neck_from = shoulder_z + rng.uniform(0.030, 0.050)
    neck_radius = rng.uniform(0.0125, 0.0155)
    collar_from = neck_from + rng.uniform(0.004, 0.012)
    collar_to = collar_from + rng.uniform(0.016, 0.020)
    collar_radius = neck_radius + rng.uniform(0.002, 0.0045)
    head_half_height, head_half_width = rng.uniform(0.011, 0.016), rng.uniform(0.0115, 0.0155)

    profile = _bottle_profile(rng, radius, shoulder_z, neck_from, neck_radius, collar_from + 0.004)
    # The trigger hangs free only above the height where the shoulder has become slim.
    free_from = float(profile[profile[:, 0] > collar_radius + 0.006, 1].max())
    column_to = collar_to + rng.uniform(0.008, 0.016)
    head_z = max(column_to + head_half_height, free_from + 0.052 + 0.4 * head_half_height)
    bottle = Solid.of(
        revolve(profile, _SPACING, flatten=_oval(rng, shoulder_z, neck_from)),
        lambda centres: np.where(centres[:, 2] > neck_from, "neck", "body"),
    )
    # The column ends inside the head, so it must be slimmer.
    column_radius = min(0.9 * neck_radius, 0.8 * head_half_width)
    collar = Solid.of(
        revolve(
            np.concatenate([
                fillet(collar_radius, collar_from, 0.0012, top=False),
                fillet(0.97 * collar_radius, collar_to, 0.003, top=True),
                [[column_radius, collar_to + 0.001], [column_radius, head_z]],
            ]),
            _SPACING,
        ),
        "neck",
    )  # fmt: skip
    neck = bottle.above(neck_from) + collar
    body = bottle.below(neck_from)

    front, back = rng.uniform(0.036, 0.048), rng.uniform(0.020, 0.034)
    head = Solid.of(
        loft(_head_rings(rng, front, back, head_z, head_half_height, head_half_width)), "head"
    )
    nozzle_rings = _nozzle_rings(rng, front, head_z, head_half_height)
    nozzle = Solid.of(loft(nozzle_rings), "nozzle")
    trigger_rings = _trigger_rings(
        rng, front, head_z - 0.4 * head_half_height, free_from, collar_radius
    )
    trigger = Solid.of(loft(trigger_rings), "trigger")
    trigger_z = float(trigger_rings[len(trigger_rings) * 3 // 5, :, 2].mean())
    palm_z = trigger_z - _PALM_BELOW_TRIGGER
    whole = bottle + collar + head + nozzle + trigger

    held = np.concatenate([body.surface()[0], neck.surface()[0]])
    held = held[np.abs(held[:, 2] - palm_z) < 0.015]
    palm_radius = float(np.hypot(held[:, 0], held[:, 1]).mean())
    top = head_z + head_half_height
    grip_radius = float(np.abs(body.surface()[0][:, 1]).max())
    return Draft(
        whole=whole,
        filled=whole,
        part_solids={
            "body": body,
            "neck": neck - head,
            "trigger": trigger - head,
            "nozzle": nozzle - head,
            "head": head,
        },
        sites=(
            grasp_site("trigger", "trigger", "trigger", (0.0, 0.0, palm_z), (0, 0, 1), (1, 0, 0),
                       radius=palm_radius, half_length=0.008),
            grasp_site("body", "body", "wrap", (0.0, 0.0, 0.5 * shoulder_z), (0, 0, 1), (-1, 0, 0),
                       radius=0.5 * (radius + grip_radius), half_length=0.5 * shoulder_z - 0.035),
            grasp_site("head", "head", "head", (0.5 * (front - back), 0.0, top - head_half_height),
                       (0, 0, 1), (1, 0, 0),
                       radius=float(np.abs(head.surface()[0][:, 1]).max()),
                       half_length=0.010),
        ),
        part_attributes={
            "body": ("contain_sth", "held_by_hand"),
            "neck": ("connect_to_sth", "held_by_hand"),
            "trigger": ("trigger_sth", "pressed/unpressed_by_hand"),
            "nozzle": ("spray_sth", "screwed/unscrewed_by_hand"),
            "head": ("pump_out_sth", "screwed/unscrewed_by_hand"),
        },
        convex_pieces=[
            *hulls_along("body", body, 2, [*np.linspace(0.0, shoulder_z, 6),
                                           *np.linspace(shoulder_z, neck_from, 4)[1:]]),
            *hulls_along("neck", neck, 2, [neck_from, collar_from, collar_to, head_z]),
            *hulls_along("head", head, 0, np.linspace(-back, front, 5)),
            *hulls_of_rings("nozzle", nozzle_rings, 1),
            *hulls_of_rings("trigger", trigger_rings, 6),
        ],
        mass_kg=rng.uniform(0.15, 0.60),
    )  # fmt: skip


def _bottle_profile(
    rng: Generator,
    radius: float,
    shoulder_z: float,
    neck_from: float,
    neck_radius: float,
    top: float,
) -> Float[ndarray, "n 2"]:
    """Straight or waisted wall, then a shoulder that is round, sloped or hollow."""
    corner = rng.uniform(0.004, 0.010)
    waist = 1.0 - (rng.uniform(0.04, 0.12) if rng.random() < 0.4 else 0.0)
    heights = np.linspace(corner, shoulder_z, 10)[1:]
    wall = radius * interpolate(heights, [0.0, 0.35 * shoulder_z, 0.75 * shoulder_z, shoulder_z],
                                [1.0, 1.0, waist, 0.5 + 0.5 * waist])  # fmt: skip
    t = np.linspace(0.0, 1.0, 9)[1:]
    power = float(rng.choice([1.0, 1.6], p=[0.6, 0.4]))
    fall = (1.0 - t**power) ** (1.0 / power) if power > 1.0 else 0.5 + 0.5 * np.cos(np.pi * t)
    shoulder = np.stack(
        [neck_radius + (wall[-1] - neck_radius) * fall,
         shoulder_z + (neck_from - shoulder_z) * t], axis=1
    )  # fmt: skip
    return np.concatenate(
        [
            fillet(radius, 0.0, corner, top=False),
            np.stack([wall, heights], axis=1),
            shoulder,
            [[neck_radius, top]],
        ]
    )


def _oval(
    rng: Generator, shoulder_z: float, neck_from: float
) -> Callable[[Float[ndarray, " n"]], Float[ndarray, " n"]]:
    """Half of the bottles are narrower along y; the neck is always round."""
    narrow = rng.uniform(0.68, 0.90) if rng.random() < 0.5 else 1.0
    return lambda z: interpolate(z, [0.0, shoulder_z, neck_from], [narrow, narrow, 1.0])


def _head_rings(
    rng: Generator,
    front: float,
    back: float,
    middle_z: float,
    half_height: float,
    half_width: float,
) -> Float[ndarray, "n points 3"]:
    """A rounded block along x, lower and narrower at the back."""
    along = np.linspace(0.0, 1.0, 15)
    x = -back + (front + back) * along
    knots = [0.0, 0.05, 0.35, 0.85, 1.0]
    tail = rng.uniform(0.55, 0.85)
    height = half_height * interpolate(along, knots, [0.7 * tail, 0.9 * tail, 1.0, 0.95, 0.85])
    width = half_width * interpolate(along, knots, [0.6, 0.8, 1.0, 0.9, 0.8])
    # The top line stays level, so the block tapers from below.
    z = middle_z + (half_height - height) * rng.uniform(0.2, 0.8)
    return rings_along_x(x, width, height, z, superellipse(rng.uniform(2.8, 4.5), 20))


def _nozzle_rings(
    rng: Generator, front: float, middle_z: float, half_height: float
) -> Float[ndarray, "n points 3"]:
    """A round or square cap at the front of the head."""
    length = rng.uniform(0.010, 0.018)
    radius = half_height * rng.uniform(0.60, 0.78)
    x = front + np.array([-0.004, 0.0, 0.33 * length, 0.66 * length, 0.92 * length, length])
    size = radius * np.array([1.0, 1.0, 0.98, 0.96, 0.94, 0.80])
    z = np.full_like(x, middle_z + 0.1 * half_height)
    return rings_along_x(x, size, size, z, superellipse(rng.choice([2.0, 4.5]), 16))


def _trigger_rings(
    rng: Generator, front: float, top: float, free_from: float, collar_radius: float
) -> Float[ndarray, "n points 3"]:
    """A lever that hangs from the head in front of the collar and curls forward at its end."""
    start = np.array([front - rng.uniform(0.011, 0.015), top])
    length = min(rng.uniform(0.046, 0.060), top - free_from + 0.002)
    middle = start + np.array([rng.uniform(-0.004, 0.000), -0.45 * length])
    middle[0] = max(middle[0], collar_radius + 0.009)
    low = np.array([middle[0] + rng.uniform(0.001, 0.005), start[1] - 0.80 * length])
    end = np.array([low[0] + rng.uniform(0.005, 0.009), start[1] - length])
    path = smooth_curve(np.stack([start, middle, low, end]), 0.004)
    along = np.linspace(0.0, 1.0, len(path))
    thickness = interpolate(along, [0.0, 0.4, 0.9, 1.0], [0.0045, 0.0034, 0.0030, 0.0020])
    width = interpolate(along, [0.0, 0.3, 0.9, 1.0], [0.0065, 0.0075, 0.0085, 0.0060])
    return sweep_rings(path, thickness, width, exponent=3.0, points=14)
