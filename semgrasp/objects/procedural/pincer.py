"""Pliers, tongs and tweezers in the x-z plane: handles towards -x, jaws towards +x."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hull, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    interpolate,
    loft,
    rings_along_x,
    smooth_curve,
    superellipse,
    sweep_rings,
)
from semgrasp.objects.procedural.tool_shapes import (
    pin,
    turned_points,
    turned_solid,
    without_voids,
)

_SPACING = 0.005

_PLIERS = {
    # In [mm]: jaw length, jaw height at the joint and at the tip, half width at both, handle
    # length, half spread of the handles.
    "combination": ((32, 42), (11, 14), (5.0, 7.5), (4.5, 6.0), (3.0, 4.5), (105, 130), (20, 25)),
    "needle_nose": ((48, 75), (9, 12), (1.8, 2.8), (4.2, 5.5), (1.4, 2.2), (95, 120), (19, 24)),
    "cutter": ((17, 22), (11, 14), (2.5, 4.0), (5.0, 6.5), (3.5, 5.0), (100, 125), (20, 25)),
    "water_pump": ((34, 46), (11, 14), (6.5, 9.0), (4.0, 5.5), (3.5, 4.5), (135, 180), (20, 25)),
}

_SPRUNG = {
    # In [mm]: length, half spread, half width of the arms and of the tips, half thickness.
    "tongs": ((220, 320), (22, 30), (8, 11), (14, 20), (1.2, 1.7)),
    "tweezers": ((90, 150), (6, 10), (4.0, 5.5), (0.8, 2.5), (0.7, 1.0)),
}


def make_pincer(rng: Generator) -> Draft:
    """Combination, needle-nose, cutting or water pump pliers, kitchen tongs or tweezers.

    Sizes: ISO 5746 combination pliers 160, 180 and 200 mm, ISO 5745 needle-nose pliers 140 to
    200 mm, ISO 5749 diagonal cutters 125 to 200 mm, ISO 8976 water pump pliers 200 to 250 mm;
    typical kitchen tongs 9 to 12 inches (230 to 300 mm), tweezers 90 to 150 mm.
    """
    style = str(rng.choice([*_PLIERS, *_SPRUNG], p=[0.22, 0.18, 0.14, 0.16, 0.20, 0.10]))
    return _pliers(rng, style) if style in _PLIERS else _sprung(rng, style)


def _pliers(rng: Generator, style: str) -> Draft:
    """Two crossed levers; each half's jaw lies opposite its handle."""
    jaw_length, root, tip, wide, wide_tip, handle_length, spread = (
        1e-3 * rng.uniform(*bounds) for bounds in _PLIERS[style]
    )
    opening = rng.uniform(0.0, 0.12)
    jaw_turn = rng.uniform(0.45, 0.75) if style == "water_pump" else 0.0
    jaw_rings = _jaw_rings(style, jaw_length, root, tip, wide, wide_tip)
    sleeve_from = rng.uniform(0.16, 0.26)
    steel_rings, sleeve_rings = _lever_rings(
        rng, handle_length, spread - 0.5 * opening * handle_length, root, wide, sleeve_from
    )
    jaw, shank, sleeve = (
        Solid.of(loft(rings), part)
        for rings, part in ((jaw_rings, "jaw"), (steel_rings, "pivot"), (sleeve_rings, "handle"))
    )
    local = [
        *hulls_of_rings("pivot", steel_rings, 3),
        *hulls_of_rings("handle", sleeve_rings, 6),
    ]
    jaws = levers = handles = None
    pieces = list[ConvexPiece]()
    for angle, mirrored in ((0.5 * opening, False), (-0.5 * opening, True)):
        bite = turned_solid(jaw, jaw_turn + angle, mirrored=mirrored)
        lever = turned_solid(shank, angle, mirrored=mirrored)
        grip = turned_solid(sleeve, angle, mirrored=mirrored)
        jaws = bite if jaws is None else jaws + bite
        levers = lever if levers is None else levers + lever
        handles = grip if handles is None else handles + grip
        pieces += [
            (p, turned_points(points, jaw_turn + angle, mirrored=mirrored))
            for p, points in hulls_of_rings("jaw", jaw_rings, 4)
        ]
        pieces += [(p, turned_points(points, angle, mirrored=mirrored)) for p, points in local]
    assert jaws is not None
    assert levers is not None
    assert handles is not None
    boss_radius = rng.uniform(0.78, 0.95) * root
    out = 1.05 * wide
    boss = pin("pivot", _boss(boss_radius, out), "y", (0.0, 0.0, 0.0))
    pieces.append(hull("pivot", boss.surface()[0]))
    middle = boss + levers
    bite_at = 0.55 * jaw_length * np.array([np.cos(jaw_turn), np.sin(jaw_turn)])
    return _draft(
        {"handle": handles, "jaw": jaws - middle, "pivot": middle - handles},
        handles + middle + jaws, pieces, grip_x=-0.56 * handle_length,
        grip_half=0.5 * handle_length - 0.042, jaw_xz=(float(bite_at[0]), float(bite_at[1])),
        jaw_turn=jaw_turn, pivot_x=0.0, density=5200.0,
    )  # fmt: skip


def _boss(radius: float, out: float) -> Float[ndarray, "n 2"]:
    return np.array(
        [[0.85 * radius, -out], [radius, -out + 0.001], [radius, out - 0.001], [0.85 * radius, out]]
    )


def _jaw_rings(
    style: str, length: float, root: float, tip: float, wide: float, wide_tip: float
) -> Float[ndarray, "n points 3"]:
    """The upper jaw; its lower side is the parting line."""
    along = np.linspace(0.0, 1.0, max(8, round(length / 0.004)))
    bulge = {"cutter": 1.10, "water_pump": 1.15}.get(style, 1.0)
    knots = [0.0, 0.3, 0.7, 0.95, 1.0]
    top = interpolate(along, knots, [
        0.9 * root, bulge * (0.65 * root + 0.35 * tip), bulge * (0.3 * root + 0.7 * tip), tip,
        0.65 * tip,
    ])  # fmt: skip
    width = interpolate(along, knots, [
        wide, 0.75 * wide + 0.25 * wide_tip, 0.35 * wide + 0.65 * wide_tip, wide_tip,
        0.85 * wide_tip,
    ])  # fmt: skip
    parting = -0.0001 + 0.0 * along
    if style == "combination":
        # The hole for pipes, behind the flat end of the jaws.
        parting = parting + 0.0022 * np.exp(-(((along - 0.45) / 0.14) ** 2))
    return rings_along_x(
        0.4 * root + (length - 0.4 * root) * along, width, 0.5 * (top - parting),
        0.5 * (top + parting), superellipse(4.5, 16),
    )  # fmt: skip


def _lever_rings(
    rng: Generator, length: float, spread: float, root: float, wide: float, sleeve_from: float
) -> tuple[Float[ndarray, "n around 3"], Float[ndarray, "m beside 3"]]:
    """The steel from the joint into the sleeve, and the sleeve to the end of the handle."""
    flare = rng.uniform(-0.10, 0.12)
    controls = np.array([
        [0.3 * root, 0.1 * root],
        [-0.10 * length, -0.36 * spread],
        [-0.36 * length, -0.86 * spread],
        [-0.72 * length, -0.98 * spread],
        [-length, -(1.0 + flare) * spread],
    ])  # fmt: skip
    path = smooth_curve(controls, _SPACING)
    along = np.linspace(0.0, 1.0, len(path))
    cut = round(sleeve_from * (len(path) - 1))
    steel = sweep_rings(
        path[: cut + 3],
        interpolate(along, [0.0, 0.15, 0.4, 1.0], [0.42 * root, 0.42 * root, 0.003, 0.003])[
            : cut + 3
        ],
        interpolate(along, [0.0, 0.4, 1.0], [0.92 * wide, 0.003, 0.003])[: cut + 3],
        exponent=3.5,
        points=14,
    )
    sleeve, at = path[cut:], along[cut:]
    at = (at - at[0]) / (1.0 - at[0])
    # Thick sleeves have a guard against slipping towards the jaws.
    guard = rng.uniform(1.0, 1.5)
    thick, broad = rng.uniform(0.0045, 0.0065), rng.uniform(0.0055, 0.0080)
    knots = [0.0, 0.05, 0.16, 0.5, 0.9, 0.98, 1.0]
    shape = [0.85 * guard, guard, 0.95, 1.05, 1.0, 0.80, 0.5]
    return steel, sweep_rings(
        sleeve, thick * interpolate(at, knots, shape),
        broad * interpolate(at, knots, [0.9, 1.0, 0.95, 1.0, 0.95, 0.75, 0.45]),
        exponent=2.5, points=16,
    )  # fmt: skip


def _sprung(rng: Generator, style: str) -> Draft:
    """Two arms joined at the back that spring apart."""
    length, spread, half_width, tip_width, half_thickness = (
        1e-3 * rng.uniform(*bounds) for bounds in _SPRUNG[style]
    )
    is_tongs = style == "tongs"
    gap = rng.uniform(0.25, 0.9) * spread
    start = 0.35 * spread if is_tongs else 0.0
    controls = np.array([
        [-0.5 * length, 0.4 * start], [-0.25 * length, 0.78 * spread], [0.12 * length, spread],
        [0.36 * length, 0.5 * (spread + gap)], [0.5 * length, gap],
    ])  # fmt: skip
    path = smooth_curve(controls, 0.006 if is_tongs else 0.004)
    along = np.linspace(0.0, 1.0, len(path))
    jaw_from = rng.uniform(0.80, 0.86)
    if is_tongs:
        widths = [half_width, half_width, 0.85 * half_width, tip_width, tip_width, 0.55 * tip_width]
        thicks = np.array([1.0, 1.0, 1.0, 1.2, 1.2, 0.8])
        thicks = thicks * (rng.uniform(1.5, 2.2) if rng.random() < 0.4 else 1.0)
    else:
        widths = [0.8 * half_width, half_width, 0.9 * half_width, 0.5 * half_width,
                  tip_width, 0.8 * tip_width]  # fmt: skip
        thicks = np.array([1.2, 1.0, 1.1, 1.1, 0.9, 0.6])
    knots = [0.0, 0.30, jaw_from - 0.06, jaw_from + 0.04, 0.95, 1.0]
    rings = sweep_rings(
        path, half_thickness * interpolate(along, knots, list(thicks)),
        interpolate(along, knots, widths), exponent=3.5, points=18,
    )  # fmt: skip
    cut = round(jaw_from * (len(path) - 1))
    arm = Solid.of(loft(rings[: cut + 1]), "handle")
    tip = Solid.of(loft(rings[cut:]), "jaw")
    jaw_x = rings[cut, :, 0].mean()
    upper = Solid.of(loft(rings), lambda c: np.where(c[:, 0] > jaw_x, "jaw", "handle"))
    mid = path[(cut + len(path)) // 2]
    flipped = [turned_solid(solid, 0.0, mirrored=True) for solid in (arm, tip, upper)]
    radius = 0.4 * start + rng.uniform(1.7, 2.4) * half_thickness
    out = 1.08 * half_width if is_tongs else 0.8 * half_width
    hinge = pin("pivot", _boss(radius, out), "y", (-0.5 * length, 0.0, 0.0), 0.004)
    local = [*hulls_of_rings("handle", rings[: cut + 1], 9), *hulls_of_rings("jaw", rings[cut:], 4)]
    pieces = [*local, *((p, turned_points(x, 0.0, mirrored=True)) for p, x in local)]
    pieces.append(hull("pivot", hinge.surface()[0]))
    return _draft(
        {"handle": arm + flipped[0], "jaw": tip + flipped[1], "pivot": hinge},
        upper + flipped[2] + hinge, pieces, grip_x=-0.02 * length, grip_half=0.08 * length,
        jaw_xz=(float(mid[0]), float(mid[1])), jaw_turn=0.0, pivot_x=-0.5 * length, density=4200.0,
    )  # fmt: skip


def _draft(
    parts: dict[str, Solid], whole: Solid, pieces: list[ConvexPiece], *,
    grip_x: float, grip_half: float, jaw_xz: tuple[float, float], jaw_turn: float, pivot_x: float,
    density: float,
) -> Draft:  # fmt: skip
    """The finished tool; the sites measure the parts where they stand."""
    whole = without_voids(whole)
    handles = parts["handle"].refined(0.006).surface()[0]
    near = handles[np.abs(handles[:, 0] - grip_x) < max(grip_half, 0.008)]
    jaw_axis = (float(np.cos(jaw_turn)), 0.0, float(np.sin(jaw_turn)))
    jaw_up = (-jaw_axis[2], 0.0, jaw_axis[0])
    jaws = parts["jaw"].surface()[0]
    beside = jaws[np.linalg.norm(jaws[:, [0, 2]] - np.array(jaw_xz), axis=1) < 0.008]
    # Fingers close around both handles, not in between.
    shut = whole + Solid.of(Solid(parts["handle"].manifold.hull(), {}).surface(), "handle")
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=parts,
        sites=(
            # The palm over the upper handle, the fingers around the lower one.
            grasp_site("handle", "handle", "wrap", (grip_x, 0, 0), (1, 0, 0), (0, 0, 1),
                       radius=float(np.hypot(near[:, 1], near[:, 2]).mean()),
                       half_length=grip_half),
            grasp_site("jaw", "jaw", "pinch", (jaw_xz[0], 0, jaw_xz[1]), jaw_axis, jaw_up,
                       radius=float(np.abs(beside[:, 1]).max()), half_length=0.004),
            grasp_site("pivot", "pivot", "pinch", (pivot_x, 0, 0), (1, 0, 0), (0, 0, 1),
                       radius=float(parts["pivot"].surface()[0][:, 1].max()), half_length=0.004),
        ),
        part_attributes={
            "handle": ("held_by_hand", "control_sth"),
            "jaw": ("clamp_sth",),
            "pivot": ("connect_to_sth",),
        },
        convex_pieces=pieces,
        mass_kg=float(density * whole.manifold.volume()),
        edge=0.0085,
        one_sided={"handle": {"thumb": shut, "fingers": shut}},
    )  # fmt: skip
