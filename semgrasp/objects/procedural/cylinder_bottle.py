"""Straight-sided bottles and flasks: an upright cylinder under a cap about as wide."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import circle_angles, fillet, loft, sweep_rings
from semgrasp.objects.procedural.vessels import fluted_section, turned, with_heights

_SPACING = 0.0062


class _Style(NamedTuple):
    """Ranges of the sizes of a kind of bottle; the cap is measured where it is widest."""

    radius: tuple[float, float]
    """In [mm]."""
    height: tuple[float, float]
    """Without the cap, in [mm]."""
    shoulder: tuple[float, float]
    """Height of the shoulder in [mm]."""
    neck: tuple[float, float]
    """Radius of the neck relative to the body's."""
    cap: tuple[float, float]
    """Height of the cap in [mm]."""
    cap_radius: tuple[float, float]
    """Relative to the body's."""
    mass: tuple[float, float]
    """In [kg]."""


_STYLES = {
    "thermos": _Style((33, 38), (165, 215), (8, 18), (0.74, 0.84), (38, 62), (0.90, 1.00),
                      (0.28, 0.70)),
    "flask": _Style((34, 41), (175, 230), (16, 30), (0.58, 0.70), (26, 36), (0.66, 0.78),
                    (0.25, 0.60)),
    "shaker": _Style((40, 46), (140, 175), (2, 4), (0.94, 0.98), (26, 40), (1.02, 1.06),
                     (0.12, 0.40)),
    "pill": _Style((20, 34), (55, 95), (4, 9), (0.70, 0.82), (15, 24), (0.80, 1.02),
                   (0.03, 0.20)),
    "toiletry": _Style((19, 29), (105, 165), (2, 6), (0.70, 0.85), (18, 55), (0.96, 1.00),
                       (0.06, 0.30)),
    "aerosol": _Style((22, 29), (120, 185), (6, 12), (0.62, 0.74), (28, 48), (0.90, 1.01),
                      (0.10, 0.35)),
    "glass": _Style((28, 36), (140, 190), (12, 26), (0.42, 0.60), (16, 30), (0.48, 0.66),
                    (0.25, 0.60)),
}  # fmt: skip


def make_cylinder_bottle(rng: Generator) -> Draft:
    """A vacuum flask, sports flask, shaker, pill, toiletry, aerosol or glass bottle, standing.

    Typical retail sizes: vacuum flask 0.5 l 70 x 245 mm, drinking flask 21 oz 73 x 265 mm, shaker
    0.7 l 92 x 200 mm, supplement bottle 250 ml 62 x 110 mm, deodorant 52 x 150 mm. Aerosol cans
    are 45, 50, 53 and 57 mm wide (FEA standards). Some flasks have a loop to carry them by, some
    stand in a soft boot.
    """
    name = str(rng.choice(list(_STYLES), p=[0.18, 0.20, 0.12, 0.14, 0.12, 0.12, 0.12]))
    style = _STYLES[name]
    radius, wall_to, shoulder = (1e-3 * rng.uniform(*pair) for pair in style[:3])
    neck_radius = radius * rng.uniform(*style.neck)
    cap_radius = max(radius * rng.uniform(*style.cap_radius), neck_radius + 0.0012)
    neck_from = wall_to + shoulder
    cap_from = neck_from + rng.uniform(0.003, 0.006)
    top = cap_from + 1e-3 * rng.uniform(*style.cap)
    body_profile = _body(rng, name, radius, wall_to, neck_from, neck_radius)
    boot_to = rng.uniform(0.030, 0.055) if name == "flask" and rng.random() < 0.35 else 0.0
    glass_profile = np.concatenate([body_profile, [[neck_radius, cap_from + 0.004]]])

    glass = turned(
        with_heights(glass_profile, (neck_from,)),
        _SPACING,
        lambda centres: np.where(centres[:, 2] > neck_from, "neck", "body"),
    )
    cap, cap_pieces, grip_z = _cap(rng, name, cap_radius, cap_from, top)
    body, neck = glass.below(neck_from), glass.above(neck_from) - cap
    whole = glass + cap
    parts = {"body": body, "neck": neck, "cap": cap}
    attributes: dict[str, tuple[str, ...]] = {
        "body": ("contain_sth", "held_by_hand"),
        "neck": ("flow_in_sth", "flow_out_sth"),
        "cap": ("cover_sth", "screwed/unscrewed_by_hand"),
    }
    body_cuts = [*np.linspace(boot_to, wall_to, 5), *np.linspace(wall_to, neck_from, 4)[1:]]
    pieces = [
        *hulls_along("body", body, 2, body_cuts),
        *hulls_along("neck", neck, 2, [neck_from, cap_from]),
        *cap_pieces,
    ]
    if boot_to > 0.0:
        z = np.array([-0.0015, 0.0, 0.001, *np.linspace(0.003, boot_to, 8)])
        sock = np.array([radius - 0.004, radius - 0.0005, radius + 0.0008, *[radius + 0.0015] * 8])
        boot = turned(np.stack([sock, z], axis=1), _SPACING, "base")
        whole = whole + boot
        parts["base"] = boot
        parts["body"] = body - boot
        attributes["base"] = ("no_function",)
        pieces += hulls_along("base", boot, 2, [-0.0015, 0.003, boot_to])
    if name in ("flask", "thermos", "shaker") and rng.random() < 0.6:
        rings = _loop_rings(rng, name, cap_radius, top)
        loop = Solid.of(loft(rings), "handle")
        inside = loop - cap
        whole = whole + loop
        parts["handle"], attributes["handle"] = inside, ("held_by_hand",)
        pieces += hulls_of_rings("handle", rings, 10)

    middle = 0.5 * (boot_to + wall_to)
    grip = float(np.interp(middle, body_profile[:, 1], body_profile[:, 0]))
    cap_points = cap.surface()[0]
    near_grip = np.abs(cap_points[:, 2] - grip_z) < 0.006
    cap_grip = float(np.hypot(cap_points[near_grip, 0], cap_points[near_grip, 1]).max())
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=parts,
        sites=(
            grasp_site("body", "body", "wrap", (0.0, 0.0, middle), (0, 0, 1), (-1, 0, 0),
                       radius=grip, half_length=0.5 * (wall_to - boot_to) - 0.038),
            # Around the cap from the side, as one unscrews it.
            grasp_site("cap", "cap", "wrap", (0.0, 0.0, grip_z), (0, 0, 1), (-1, 0, 0),
                       radius=cap_grip, half_length=0.004),
            # The fingertips around it, the palm over it.
            grasp_site("cap_from_above", "cap", "rim", (0.0, 0.0, grip_z), (0, 0, 1), (1, 0, 0),
                       radius=cap_grip, half_length=0.006),
        ),
        part_attributes=attributes,
        convex_pieces=pieces,
        mass_kg=rng.uniform(*style.mass),
        edge=0.0105,
    )  # fmt: skip


def _body(
    rng: Generator, name: str, radius: float, wall_to: float, neck_from: float, neck: float
) -> Float[ndarray, "n 2"]:
    """Profile from the foot to the neck: straight, grooved, tapered or slightly waisted."""
    corner = rng.uniform(0.002, 0.006)
    z = np.linspace(corner, wall_to, 30)[1:]
    along = z / wall_to
    r = np.full_like(z, radius)
    finish = rng.random()
    if name == "shaker":
        foot_factor = rng.uniform(0.76, 0.90)
        r = radius * (foot_factor + (1.0 - foot_factor) * along)
    elif name == "thermos" and finish < 0.5:
        # Two grooves around the body.
        for at in (0.10, 0.90):
            r = r - 0.0016 * np.exp(-(((along - at) / 0.025) ** 2))
    elif name in ("toiletry", "pill", "glass") and finish < 0.3:
        r = r * (1.0 - rng.uniform(0.02, 0.05) * np.sin(np.pi * along))
    elif name == "flask" and finish < 0.3:
        # The lower part is slimmer.
        step = np.clip((along - rng.uniform(0.25, 0.45)) / 0.1, 0.0, 1.0)
        r = radius * (1.0 - rng.uniform(0.05, 0.10) * (1.0 - step))
    t = np.linspace(0.0, 1.0, 8)[1:]
    shape = str(rng.choice(["round", "cone", "bell"]))
    fall = {
        "round": np.sqrt(1.0 - t**2),
        "cone": 1.0 - t,
        "bell": 0.5 + 0.5 * np.cos(np.pi * t),
    }[shape]
    shoulder = np.stack([neck + (r[-1] - neck) * fall, wall_to + (neck_from - wall_to) * t], axis=1)
    foot = fillet(float(r[0]), 0.0, corner, top=False)
    return np.concatenate([foot, np.stack([r, z], axis=1), shoulder])


def _cap(
    rng: Generator, name: str, radius: float, low: float, high: float
) -> tuple[Solid, list[ConvexPiece], float]:
    """A cup, screw cap, spouted lid, ribbed cap, dome, spray button or stopper.

    With its convex pieces, and the height at which fingers from above close around it.
    """
    foot = fillet(radius, low, 0.0010, top=False)
    height = high - low
    ledge = low + rng.uniform(0.35, 0.55) * height
    grip_z = low + 0.55 * height
    if name == "shaker":
        ledge = high - rng.uniform(0.008, 0.014)
        profile = np.concatenate([foot, fillet(radius, ledge, 0.003, top=True)])
        spout_radius = rng.uniform(0.011, 0.015)
        spout = turned(
            np.concatenate([[[spout_radius, ledge - 0.004]],
                            fillet(spout_radius, high, 0.003, top=True)]), 0.005, "cap",
        )  # fmt: skip
        at = radius - spout_radius - 0.007
        spout = Solid(spout.manifold.translate((at, 0.0, 0.0)), spout.parts)
        lid = turned(profile, _SPACING, "cap")
        pieces = hulls_along("cap", lid, 2, [low, ledge - 0.003, ledge])
        pieces += hulls_along("cap", spout, 2, [ledge - 0.004, high])
        return lid + spout, pieces, ledge - 0.004
    if name == "pill":
        # Four points to each rib of the grip.
        section = fluted_section(len(circle_angles(radius, 0.0036)) // 4, 0.035)
        profile = np.concatenate([foot, fillet(radius, high, 0.0015, top=True)])
        cap = turned(profile, 0.0036, "cap", section)
        return cap, hulls_along("cap", cap, 2, [low, high]), grip_z
    if name == "aerosol" and rng.random() < 0.6:
        # A collar and the button one presses, without an overcap.
        button = rng.uniform(0.34, 0.50) * radius
        ledge = low + rng.uniform(0.30, 0.50) * height
        profile = np.concatenate(
            [foot, fillet(0.80 * radius, ledge, 0.003, top=True), [[1.05 * button, ledge + 0.001]],
             fillet(button, high, 0.002, top=True)]
        )  # fmt: skip
        cuts = [low, ledge - 0.003, ledge, high - 0.002, high]
        grip_z = 0.5 * (low + ledge)
    elif name == "glass" and rng.random() < 0.5:
        # A ball stopper.
        angle = np.linspace(-0.35 * np.pi, 0.49 * np.pi, 9)
        ball = 0.5 * (high - ledge) + 0.004
        middle = high - ball
        profile = np.concatenate(
            [fillet(0.86 * radius, low, 0.001, top=False), [[0.86 * radius, middle - 0.9 * ball]],
             np.stack([1.1 * ball * np.cos(angle), middle + ball * np.sin(angle)], axis=1)]
        )  # fmt: skip
        profile = profile[np.concatenate([[True], np.diff(profile[:, 1]) > 1e-5])]
        cuts = list(np.linspace(low, high, 6))
        grip_z = middle
    elif name in ("toiletry", "aerosol") and rng.random() < 0.5:
        # A dome.
        angle = np.linspace(0.0, 0.47 * np.pi, 8)
        rise = min(0.8 * height, radius)
        profile = np.concatenate(
            [foot, np.stack([radius * np.cos(angle), high - rise + rise * np.sin(angle)], axis=1)]
        )
        cuts = [low, *np.linspace(high - rise, high, 5)]
        grip_z = high - 0.9 * rise
    else:
        taper = rng.uniform(0.86, 1.0)
        edge = rng.uniform(0.002, 0.007)
        profile = np.concatenate([foot, fillet(taper * radius, high, edge, top=True)])
        cuts = [low, high - edge, high - 0.4 * edge, high]
    cap = turned(profile, _SPACING, "cap")
    return cap, hulls_along("cap", cap, 2, cuts), grip_z


def _loop_rings(
    rng: Generator, name: str, radius: float, top: float
) -> Float[ndarray, "n points 3"]:
    """An arch over the cap, in the x-z plane, for one to three fingers."""
    half = rng.uniform(0.72, 0.90) * radius
    rise = rng.uniform(0.022, 0.034)
    low = top - (0.016 if name == "shaker" else 0.006)
    angle = np.linspace(np.pi, 0.0, 30)
    exponent = rng.uniform(2.0, 3.6)
    c, s = np.cos(angle), np.sin(angle)
    path = np.stack(
        [half * np.sign(c) * np.abs(c) ** (2.0 / exponent),
         low + (rise + top - low) * np.abs(s) ** (2.0 / exponent)], axis=1
    )  # fmt: skip
    thickness = np.full(len(path), rng.uniform(0.0024, 0.0038))
    width = np.full(len(path), rng.uniform(0.0050, 0.0085))
    return sweep_rings(path, thickness, width, exponent=3.0, points=12)
