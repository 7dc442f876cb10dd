"""Pump bottles for soap and lotion: an upright bottle whose pump head points to +x."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    circle_angles,
    fillet,
    interpolate,
    loft,
    revolve,
    smooth_curve,
    subdivide,
    superellipse,
    sweep_rings,
)

_SPACING = 0.0065

_STYLES = {
    # Half width along x and height of the shoulder in [mm], depth to width, exponent of the
    # section, and how far up the shoulder reaches in [mm].
    "round": ((29, 38), (95, 150), (1.0, 1.0), 2.0, (10, 24)),
    "oval": ((34, 44), (105, 160), (0.58, 0.75), 2.2, (12, 24)),
    "square": ((28, 36), (85, 130), (0.85, 1.0), 4.5, (5, 12)),
    "jar": ((31, 38), (85, 120), (1.0, 1.0), 2.0, (3, 7)),
    "bell": ((32, 40), (70, 105), (0.9, 1.0), 2.0, (35, 55)),
    "slim": ((20, 25), (95, 130), (1.0, 1.0), 2.0, (6, 14)),
}


def make_lotion_pump(rng: Generator) -> Draft:
    """A bottle with collar, stem and pump head, standing; the nozzle points to +x.

    Sizes: retail bottles of 100 to 500 ml (44 to 85 mm wide, 150 to 230 mm tall with the pump) with
    closures of the 24/410 and 28/410 neck finishes (24 and 28 mm thread); the head of such a
    dispenser is 20 to 30 mm wide, rises 15 to 25 mm when unlocked and reaches 30 to 50 mm forward.
    """
    style = str(rng.choice(list(_STYLES), p=[0.22, 0.22, 0.16, 0.15, 0.15, 0.10]))
    half_width, shoulder_z = (1e-3 * rng.uniform(*bounds) for bounds in _STYLES[style][:2])
    depth = rng.uniform(*_STYLES[style][2])
    neck_from = shoulder_z + 1e-3 * rng.uniform(*_STYLES[style][4])
    collar_radius = rng.uniform(0.0125, 0.0140) if style == "slim" else rng.uniform(0.0140, 0.0175)
    profile = _bottle_profile(rng, half_width, shoulder_z, neck_from, 0.88 * collar_radius)
    body = Solid.of(
        loft(_bottle_rings(profile, _STYLES[style][3], depth, shoulder_z, neck_from)), "body"
    )

    collar_to = neck_from + rng.uniform(0.014, 0.022)
    stem_radius = rng.uniform(0.0038, 0.0055)
    is_locked = rng.random() < 0.3
    head_from = collar_to + (0.0015 if is_locked else rng.uniform(0.012, 0.024))
    neck_profile = np.concatenate([
        fillet(collar_radius, neck_from - 0.0005, 0.0010, top=False),
        fillet(rng.uniform(0.86, 1.0) * collar_radius, collar_to, 0.0022, top=True),
        [[1.7 * stem_radius, collar_to + 0.0005], [1.6 * stem_radius, collar_to + 0.0012],
         [stem_radius, collar_to + 0.0014], [stem_radius, head_from + 0.004]],
    ])  # fmt: skip
    neck = Solid.of(revolve(neck_profile, 0.8 * _SPACING), "neck")

    head_profile = _head_profile(rng, head_from, stem_radius)
    top = float(head_profile[-1, 1])
    head_radius = float(head_profile[:, 0].max())
    plate = _plate(rng)
    head = Solid.of(revolve(head_profile, 0.8 * _SPACING, flatten=plate), "head")
    beak_rings = _beak(rng, top, head_radius)
    beak = Solid.of(loft(beak_rings), "nozzle")
    whole = body + neck + head + beak

    aside = np.abs(body.surface()[0][:, 1]).max()
    middle_z = 0.5 * shoulder_z
    cap_z = max(float(head_profile[np.argmax(head_profile[:, 0]), 1]), top - 0.008)
    return Draft(
        whole=whole,
        filled=whole,
        part_solids={
            "body": body,
            "neck": neck - body - head,
            "head": head,
            "nozzle": beak - head,
        },
        sites=(
            grasp_site("body", "body", "wrap", (0.0, 0.0, middle_z), (0, 0, 1), (-1, 0, 0),
                       radius=_mean_radius(body, middle_z, 0.5 * shoulder_z - 0.035),
                       half_length=0.5 * shoulder_z - 0.035),
            grasp_site("body_flat", "body", "wrap", (0.0, 0.0, middle_z), (0, 0, 1), (0, -1, 0),
                       radius=_mean_radius(body, middle_z, 0.5 * shoulder_z - 0.035),
                       half_length=0.5 * shoulder_z - 0.035),
            # The head is pressed from above while the bottle stands.
            grasp_site("head", "head", "head", (0.0, 0.0, cap_z), (0, 0, 1), (1, 0, 0),
                       radius=head_radius * float(plate(np.array([cap_z]))[0]), half_length=0.008),
            grasp_site("neck", "neck", "pinch", (0.0, 0.0, 0.5 * (neck_from + collar_to)),
                       (0, 0, 1), (-1, 0, 0), radius=collar_radius, half_length=0.003),
        ),
        part_attributes={
            "body": ("contain_sth", "held_by_hand"),
            "neck": ("connect_to_sth", "screwed/unscrewed_by_hand"),
            "head": ("pump_out_sth", "pressed/unpressed_by_hand"),
            "nozzle": ("flow_out_sth",),
        },
        convex_pieces=[
            *hulls_along("body", body, 2, [*np.linspace(0.0, shoulder_z, 5),
                                           *np.linspace(shoulder_z, neck_from, 5)[1:]]),
            *hulls_along("neck", neck, 2, [neck_from - 0.0005, collar_to, collar_to + 0.0013,
                                           head_from + 0.004]),
            *hulls_along("head", head, 2, np.linspace(float(head_profile[0, 1]), top, 5)),
            *hulls_of_rings("nozzle", beak_rings, 4),
        ],
        mass_kg=(rng.uniform(0.2, 0.9) * 4.0 * aside * half_width * shoulder_z * 1000.0 + 0.05),
        edge=0.0105,
    )  # fmt: skip


def _bottle_profile(
    rng: Generator, half_width: float, shoulder_z: float, neck_from: float, neck: float
) -> Float[ndarray, "n 2"]:
    """Half width against height: straight, waisted or tapered, with a round or sloping shoulder."""
    corner = rng.uniform(0.003, 0.009)
    waist, end = 1.0, 1.0
    kind = str(rng.choice(["straight", "waisted", "tapered"], p=[0.5, 0.2, 0.3]))
    if kind == "waisted":
        waist = rng.uniform(0.84, 0.93)
    if kind == "tapered":
        end = rng.uniform(0.74, 0.92)
        waist = 0.5 + 0.5 * end
    heights = np.linspace(corner, shoulder_z, 14)[1:]
    knots = [0.0, 0.15 * shoulder_z, 0.55 * shoulder_z, 0.92 * shoulder_z, shoulder_z]
    wall = half_width * interpolate(heights, knots, [1.0, 1.0, waist, end, end])
    t = np.linspace(0.0, 1.0, 8)[1:]
    power = float(rng.choice([1.4, 2.0]))
    fall = (1.0 - t**power) ** (1.0 / power)
    if neck_from - shoulder_z > 0.03:
        fall = 0.5 + 0.5 * np.cos(np.pi * t)
    shoulder = np.stack(
        [neck + (wall[-1] - neck) * fall, shoulder_z + (neck_from - shoulder_z) * t], axis=1
    )
    foot = fillet(half_width, 0.0, corner, top=False)
    return np.concatenate([foot, np.stack([wall, heights], axis=1), shoulder,
                           [[neck, neck_from + 0.006]]])  # fmt: skip


def _bottle_rings(
    profile: Float[ndarray, "n 2"],
    exponent: float,
    depth: float,
    shoulder_z: float,
    neck_from: float,
) -> Float[ndarray, "m points 3"]:
    """Rings of the section below the shoulder that become circles at the neck."""
    profile = subdivide(profile, _SPACING)
    points = len(circle_angles(float(profile[:, 0].max()), _SPACING))
    round_from = interpolate(profile[:, 1], [0.0, shoulder_z, neck_from], [0.0, 0.0, 1.0])
    section = superellipse(exponent, points) * np.array([1.0, depth])
    circle = superellipse(2.0, points)
    outline = section + round_from[:, None, None] * (circle - section)
    rings = np.empty((len(profile), points, 3))
    rings[..., :2] = profile[:, :1, None] * outline
    rings[..., 2] = profile[:, 1:]
    return rings


def _head_profile(rng: Generator, low: float, stem_radius: float) -> Float[ndarray, "n 2"]:
    """A flat saddle, a dome or a plain button on the stem."""
    radius = rng.uniform(0.0115, 0.0150)
    shape = str(rng.choice(["saddle", "dome", "button"]))
    if shape == "saddle":
        cup = rng.uniform(0.008, 0.012)
        thick = rng.uniform(0.007, 0.010)
        return np.concatenate([
            [[1.5 * stem_radius, low], [1.6 * stem_radius, low + cup]],
            fillet(radius, low + cup + 0.001, 0.002, top=False),
            fillet(radius, low + cup + thick, 0.0025, top=True),
        ])  # fmt: skip
    height = rng.uniform(0.017, 0.024)
    if shape == "dome":
        t = np.linspace(0.0, 0.45 * np.pi, 6)
        dome = np.stack([radius * np.cos(t), low + 0.45 * height + 0.55 * height * np.sin(t)], 1)
        return np.concatenate([fillet(radius, low, 0.0015, top=False), dome])
    return np.concatenate([fillet(0.92 * radius, low, 0.0015, top=False),
                           fillet(radius, low + height, 0.0025, top=True)])  # fmt: skip


def _plate(rng: Generator) -> Callable[[Float[ndarray, " n"]], Float[ndarray, " n"]]:
    """Factor on y: heads are round or a little longer than wide."""
    narrow = float(rng.choice([1.0, rng.uniform(0.80, 0.92)]))
    return lambda z: np.full_like(z, narrow)


def _beak(rng: Generator, top: float, head_radius: float) -> Float[ndarray, "n points 3"]:
    """A nozzle that leaves the head forward: level, rising, or bent down at its end."""
    length = rng.uniform(0.016, 0.036)
    size = rng.uniform(0.0042, 0.0058)
    z = top - size - 0.0012
    shape = str(rng.choice(["level", "swan", "down"]))
    rise, drop = {"level": (0.0, 0.0), "swan": (0.003, 0.006), "down": (0.0, 0.010)}[shape]
    start = 0.3 * head_radius
    end = head_radius + length
    controls = np.array([[start, z], [0.5 * (start + end), z + rise],
                         [start + 0.85 * (end - start), z + 0.5 * rise - 0.25 * drop],
                         [end, z - drop]])  # fmt: skip
    path = smooth_curve(controls, 0.005)
    along = np.linspace(0.0, 1.0, len(path))
    thick = size * interpolate(along, [0.0, 0.5, 1.0], [1.0, 0.95, 0.62])
    wide = size * interpolate(along, [0.0, 0.5, 1.0], [1.5, 1.1, 0.62])
    return sweep_rings(path, thick, wide, exponent=2.4, points=14)


def _mean_radius(body: Solid, z: float, reach: float) -> float:
    """Mean distance of the surface around a height from the axis."""
    vertices, _ = body.surface()
    near = vertices[np.abs(vertices[:, 2] - z) < max(reach, 0.008)]
    return float(np.hypot(near[:, 0], near[:, 1]).mean())
