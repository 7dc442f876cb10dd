"""Squeeze tubes along x: the flat sealed end at -x, the cap at +x, as they lie on a shelf."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_along, prism
from semgrasp.objects.procedural.surfaces import (
    circle_angles,
    interpolate,
    loft,
    rings_along_x,
    subdivide,
    superellipse,
)

_SPACING = 0.0042
_REACH = 0.040
"""How far the one-sided solid extends the seal."""

_STYLES = {
    # Radius, length of the tube, length and radius of the cap in [mm].
    "toothpaste": ((16, 19), (115, 150), (14, 24), (9, 14)),
    "cosmetic": ((15, 20), (85, 130), (20, 32), (15, 21)),
    "stand": ((20, 25), (105, 150), (24, 36), (21, 27)),
    "travel": ((11, 14), (60, 85), (10, 18), (7, 11)),
    "glue": ((9.5, 13), (75, 105), (22, 34), (5.5, 7.5)),
}


def make_squeezable(rng: Generator) -> Draft:
    """A tube of toothpaste, cream, gel or glue, full or partly used, with its cap on.

    Sizes: laminate tubes by diameter in the trade's steps of 19, 22, 25, 28, 35, 38, 40 and 50 mm;
    a 75 ml toothpaste tube is 35 to 38 mm across and 150 to 180 mm long with its cap, a 20 ml
    travel tube 22 to 25 mm and 90 mm, a 20 g tube of glue 19 to 22 mm and 110 mm; the seal is as
    wide as half the circumference.
    """
    style = str(rng.choice(list(_STYLES), p=[0.25, 0.25, 0.20, 0.15, 0.15]))
    radius, length, cap_length, cap_radius = (1e-3 * rng.uniform(*b) for b in _STYLES[style])
    seal_to = rng.uniform(0.006, 0.011)
    if style in ("cosmetic", "stand"):
        shoulder = rng.uniform(0.001, 0.002)
        cap_radius = max(cap_radius, 0.98 * radius)
    else:
        shoulder = rng.uniform(0.006, 0.012)
    neck = (0.90 if shoulder < 0.003 else 0.72) * min(cap_radius, radius)
    wall_rings = _tube_rings(rng, radius, length, shoulder, seal_to, neck)
    tube = Solid.of(
        loft(wall_rings), lambda centres: np.where(centres[:, 0] < seal_to, "end", "body")
    )
    cap_from = length + shoulder
    cap_profile = _cap_profile(rng, style, cap_from, cap_length, cap_radius)
    cap = Solid.of(loft(_round_rings(cap_profile)), "cap")
    whole = tube + cap
    end, body = _split(tube, seal_to)

    grip_x = seal_to + rng.uniform(0.48, 0.56) * (length - seal_to)
    half_grip = max(0.002, 0.25 * (length - seal_to) - 0.015)
    half_width, half_height = (0.5 * float(np.ptp(wall_rings[0, :, k])) for k in (1, 2))
    cap_to = cap_from + cap_length
    middle = 0.45 * cap_length if style != "glue" else 0.30 * cap_length
    cap_grip = float(np.interp(cap_from + middle, cap_profile[:, 1], cap_profile[:, 0]))
    return Draft(
        whole=whole,
        filled=whole,
        part_solids={"body": body - cap, "end": end, "cap": cap},
        sites=(
            # The index finger lies towards the cap, the palm over the upper broad side.
            grasp_site("body", "body", "wrap", (grip_x, 0.0, 0.0), (1, 0, 0), (0, -1, 0),
                       radius=_mean_radius(body, grip_x, half_grip), half_length=half_grip),
            grasp_site("body_pinch", "body", "pinch", (grip_x, 0.0, 0.0), (1, 0, 0), (0, -1, 0),
                       radius=_half_thickness(body, grip_x), half_length=half_grip),
            grasp_site("end", "end", "pinch", (0.5 * seal_to, 0.0, 0.0), (1, 0, 0), (0, -1, 0),
                       radius=half_height, half_length=0.3 * seal_to),
            grasp_site("cap", "cap", "pinch", (cap_from + middle, 0.0, 0.0), (1, 0, 0), (0, -1, 0),
                       radius=cap_grip, half_length=0.25 * cap_length),
        ),
        part_attributes={
            "body": ("contain_sth", "squeezed/unsqueezed_by_hand", "held_by_hand"),
            "end": ("secure_sth", "held_by_hand"),
            "cap": ("cover_sth", "screwed/unscrewed_by_hand"),
        },
        convex_pieces=[
            *hulls_along("end", end, 0, [0.0, seal_to]),
            *hulls_along("body", body, 0, [*np.linspace(seal_to, length, 8), cap_from + 0.006]),
            *hulls_along("cap", cap, 0, np.linspace(cap_from, cap_to, 6)),
        ],
        mass_kg=rng.uniform(0.35, 1.0) * 2.2 * radius**2 * length * 1100.0 + 0.008,
        edge=0.0065,
        # The thumb comes down on the seal, the fingers are below.
        one_sided={"end": {
            "thumb": whole + _upright(seal_to, half_width, -_REACH, half_height),
            "fingers": whole + _upright(seal_to, half_width, -half_height, _REACH),
        }},
    )  # fmt: skip


def _upright(seal_to: float, half_width: float, low: float, high: float) -> Solid:
    """A block over or under the seal."""
    corners = np.array([[0.0, low], [seal_to, low], [seal_to, high], [0.0, high]])
    return prism(corners, -half_width, half_width, "end")


def _tube_rings(
    rng: Generator, radius: float, length: float, shoulder: float, seal_to: float, neck: float
) -> Float[ndarray, "n points 3"]:
    """From the seal, a straight line across, to the round shoulder and the neck inside the cap.

    The wall does not stretch: where the tube is flat it is as wide as half its circumference.
    """
    fullness = rng.uniform(0.45, 1.0)
    x = np.concatenate([
        [0.0, 0.5 * seal_to, seal_to],
        np.linspace(seal_to, length, round((length - seal_to) / _SPACING) + 1)[1:],
    ])  # fmt: skip
    seal = rng.uniform(0.0007, 0.0011)
    u = np.clip((x - seal_to) / (length - seal_to), 0.0, 1.0)
    # A used tube is pressed flat from its end on and stays round only near the cap.
    begin = 0.55 * (1.0 - fullness)
    knots = [0.0, max(begin, 0.01), 0.5 + 0.4 * begin, 0.93, 1.0]
    flat = seal + 0.05 * radius
    share = 0.70 - 0.15 * begin
    pressed = max(flat, 3.0 * seal) if begin > 0.05 else 1.2 * seal
    half_height = interpolate(u, knots, [seal, pressed, share * radius, 0.97 * radius, radius])
    half_width = radius * (1.571 - 0.571 * np.clip(half_height / radius, 0.0, 1.0) ** 1.5)
    bend = rng.uniform(-0.10, 0.10) * radius * np.sin(np.pi * u) * (1.5 - fullness)
    t = np.linspace(0.0, 1.0, 4)[1:]
    curve = neck + (radius - neck) * np.sqrt(1.0 - t**2) if shoulder > 0.0055 else neck + 0.0 * t
    x = np.concatenate([x, length + shoulder * t, [length + shoulder + 0.006]])
    tail = np.concatenate([curve, [neck]])
    half_height, half_width = (np.concatenate([h, tail]) for h in (half_height, half_width))
    bend = np.concatenate([bend, np.zeros(4)])
    points = len(circle_angles(1.25 * radius, _SPACING))
    return rings_along_x(x, half_width, half_height, bend, superellipse(2.0, points))


def _cap_profile(
    rng: Generator, style: str, start: float, length: float, radius: float
) -> Float[ndarray, "n 2"]:
    """Radius against x: a broad flip top, a screw cap, or a slender cone for glue."""
    if style == "glue":
        foot = min(0.40 * length, 0.010)
        tip = rng.uniform(0.0022, 0.0034)
        rows = [
            [0.95 * radius, 0.0], [radius, 0.001], [radius, foot],
            [0.75 * radius, foot + 0.001], [tip, length - 0.001], [0.7 * tip, length],
        ]  # fmt: skip
    else:
        taper = rng.uniform(0.80, 1.0) if style != "stand" else rng.uniform(0.98, 1.06)
        rows = [[0.97 * radius, 0.0], [radius, 0.001], [radius, 0.3 * length],
                [taper * radius, length - 0.002], [taper * radius - 0.0008, length - 0.0006],
                [taper * radius - 0.002, length]]  # fmt: skip
        if style != "stand" and rng.random() < 0.5:
            # A broad base with a narrower lid.
            step = rng.uniform(0.70, 0.85)
            rows = [[0.97 * radius, 0.0], [radius, 0.001], [radius, 0.45 * length],
                    [step * radius, 0.45 * length + 0.001], [step * radius, length - 0.0015],
                    [step * radius - 0.0015, length]]  # fmt: skip
    return np.array(rows) + np.array([0.0, start])


def _round_rings(profile: Float[ndarray, "n 2"]) -> Float[ndarray, "m points 3"]:
    """Circles about the x axis through a profile of (radius, x)."""
    profile = subdivide(profile, _SPACING)
    radius, x = profile.T
    points = len(circle_angles(float(radius.max()), _SPACING))
    return rings_along_x(x, radius, radius, np.zeros_like(x), superellipse(2.0, points))


def _split(solid: Solid, x: float) -> tuple[Solid, Solid]:
    """What lies before and behind an upright plane across x."""
    before, behind = solid.manifold.split_by_plane((-1.0, 0.0, 0.0), -x)
    return Solid(before, solid.parts), Solid(behind, solid.parts)


def _mean_radius(body: Solid, x: float, reach: float) -> float:
    """Mean distance of the surface around a place along x from the axis."""
    vertices, _ = body.surface()
    near = vertices[np.abs(vertices[:, 0] - x) < max(reach, 0.008)]
    return float(np.hypot(near[:, 1], near[:, 2]).mean())


def _half_thickness(body: Solid, x: float) -> float:
    vertices, _ = body.surface()
    near = vertices[np.abs(vertices[:, 0] - x) < 0.008]
    return 0.5 * float(np.ptp(near[:, 2]))
