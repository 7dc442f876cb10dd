"""The bars, loops, hooks, wheels and forks that assemblies are put together from.

Each stands on the origin and rises along +z in its own frame. Lengths are in [m].
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.assembly_component import Component, single, site_name, turn
from semgrasp.objects.procedural.procedural_object import SiteKind, grasp_site
from semgrasp.objects.procedural.solids import Solid, hull, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    Surface,
    fillet,
    interpolate,
    loft,
    revolve,
    smooth_curve,
    superellipse,
    sweep_rings,
)

_HELD = ("held_by_hand",)


def bar(
    rng: Generator,
    name: str,
    length: float,
    radius: float,
    *,
    ends: tuple[float, float] = (1.0, 1.0),
    flat: float = 1.0,
    profile: str = "any",
    sag: float = 0.0,
    rounded: tuple[bool, bool] = (False, False),
    palm: tuple[float, float, float] = (-0.46, -0.89, 0.0),
    attributes: tuple[str, ...] = _HELD,
) -> Component:
    """A straight or bent bar for a fist or, when short, for fingertips.

    Args:
        ends: Thickness at the two ends, as a factor on the radius.
        flat: Thickness along x over thickness along y.
        profile: "straight", "swollen", "waisted", "ribbed", or "any" of these.
        sag: How far the middle lies off the axis, towards -x.
        rounded: Which ends are free and therefore rounded.
        palm: Direction from which the palm comes; lying, this is from the right and above.
    """
    if profile == "any":
        profile = str(rng.choice(["straight", "swollen", "waisted", "ribbed"], p=_PROFILE_ODDS))
    spacing = float(np.clip(0.45 * radius, 0.0030, 0.0060))
    cap = min(0.7 * radius * max(flat, 0.5), 0.25 * length)
    z = np.linspace(0.0, length, max(6, round(length / spacing)))
    for is_round, end, inwards in ((rounded[0], 0.0, 1.0), (rounded[1], length, -1.0)):
        if is_round:
            z = z[np.abs(z - end) > cap]
            z = np.sort(np.concatenate([z, end + inwards * cap * np.array([0, 0.15, 0.45, 1.0])]))
        else:
            z = np.sort(np.append(z, end + inwards * 0.0012))
    t = z / length
    scale = _PROFILES[profile](t) * interpolate(
        t, [0.0, 0.18, 0.82, 1.0], [ends[0], 1.0, 1.0, ends[1]]
    )
    for is_round, depth in ((rounded[0], z), (rounded[1], length - z)):
        if is_round:
            inside = np.clip(1.0 - depth / cap, 0.0, 1.0)
            scale = scale * (0.35 + 0.65 * np.sqrt(1.0 - inside**2))
        else:
            # A broken edge, as turned and moulded things have it.
            scale = scale * np.where(depth < 0.0005, 0.93, 1.0)
    x = -4.0 * sag * t * (1.0 - t)
    points = 2 * max(6, round(np.pi * radius / spacing))
    rings = sweep_rings(
        np.stack([x, z], axis=1),
        flat * radius * scale,
        radius * scale,
        exponent=float(rng.choice([2.0, 2.6, 3.6], p=[0.6, 0.25, 0.15])),
        points=points,
    )
    pieces = hulls_of_rings(name, rings, max(4, round(length / 0.014)))
    middle = len(z) // 2
    held = radius * float(scale[middle])
    centre = (float(x[middle]), 0.0, float(z[middle]))
    kind: SiteKind = "wrap" if held > 0.020 else "bar"
    axis = (0.0, 0.0, 1.0)
    sites = []
    if length >= 0.065 and held >= 0.0055:
        sites.append(
            grasp_site(site_name(name), name, kind, centre, axis, palm,
                       radius=0.5 * held * (1.0 + flat), half_length=0.5 * length - 0.040)
        )  # fmt: skip
    if length < 0.065 or held < 0.009:
        sites.append(
            grasp_site(site_name(name, "pinch"), name, "pinch", centre, axis, (0.0, -1.0, 0.0),
                       radius=held * flat, half_length=0.3 * length)
        )  # fmt: skip
    return single(name, Solid.of(loft(rings), name), pieces, sites, attributes, length)


_PROFILE_ODDS = (0.35, 0.30, 0.2, 0.15)


_PROFILES: dict[str, Callable[[Float[ndarray, " n"]], Float[ndarray, " n"]]] = {
    "straight": np.ones_like,
    "swollen": lambda t: interpolate(t, [0.0, 0.5, 1.0], [0.80, 1.08, 0.80]),
    "waisted": lambda t: interpolate(t, [0.0, 0.5, 1.0], [1.05, 0.74, 1.05]),
    "ribbed": lambda t: 1.0 - 0.09 * (0.5 + 0.5 * np.cos(8.0 * np.pi * t)),
}


def crossbar(rng: Generator, name: str, width: float, radius: float) -> Component:
    """A bar across the axis, as on a corkscrew or a spade; the palm comes from above."""
    lying = bar(
        rng, name, width, radius, rounded=(True, True), flat=rng.uniform(0.75, 1.0),
        profile=str(rng.choice(["straight", "swollen", "waisted"])),
    ).placed(turn("y", 90), (-0.5 * width, 0, 0.85 * radius))  # fmt: skip
    site = grasp_site(site_name(name), name, "bar", (0, 0, 0.85 * radius), (1, 0, 0), (0, 0, 1),
                      radius=radius, half_length=0.5 * width - 0.038)  # fmt: skip
    return replace(lying, sites=(site,), length=1.7 * radius)


def ring(
    rng: Generator,
    name: str,
    inner_half_width: float,
    inner_half_height: float,
    thickness: float,
    width: float,
    *,
    attributes: tuple[str, ...] = _HELD,
) -> Component:
    """A closed loop in the x-z plane: round, oval, squarish or three-cornered.

    Args:
        thickness: Half thickness of the loop within its plane.
        width: Half thickness across the plane.
    """
    style = str(rng.choice(["round", "square", "corners"], p=[0.6, 0.2, 0.2]))
    half_x, half_z = inner_half_width + thickness, inner_half_height + thickness
    count = 4 * max(7, round(0.5 * np.pi * max(half_x, half_z) / 0.0045))
    unit = superellipse(3.0 if style == "square" else 2.0, count)
    if style == "corners":
        angle = np.arctan2(unit[:, 1], unit[:, 0])
        unit = unit * (1.0 + 0.10 * np.cos(3.0 * (angle - 0.5 * np.pi)))[:, None]
    path = unit * [half_x, half_z]
    # Three of the points are repeated so that the tangents at the seam are right as well.
    around = np.concatenate([path[-1:], path, path[:1]])
    size = np.ones(len(around))
    rings = sweep_rings(around, thickness * size, width * size,
                        exponent=float(rng.choice([2.0, 3.0])), points=12)[1:-1]  # fmt: skip
    low = float(path[:, 1].min()) - thickness
    rings[..., 2] -= low
    high = float(path[:, 1].max()) - low
    closed = np.concatenate([rings, rings[:1]])
    top = (0.0, 0.0, high)
    sites = [
        grasp_site(site_name(name), name, "hook", top, (1, 0, 0), (0, 0, 1),
                   radius=thickness, half_length=inner_half_width),
        grasp_site(site_name(name, "pinch"), name, "pinch", top, (1, 0, 0), (0, 0, 1),
                   radius=width, half_length=0.3 * inner_half_width),
    ]  # fmt: skip
    return single(name, Solid.of(_torus(rings), name), hulls_of_rings(name, closed, 14), sites,
                   attributes, high + thickness)  # fmt: skip


def wheel(rng: Generator, name: str, radius: float, thickness: float) -> Component:
    """A hand wheel across the axis: a rim, a hub and three to five spokes."""
    angle = np.linspace(0.0, 2.0 * np.pi, 4 * round(0.5 * np.pi * radius / 0.006), endpoint=False)
    section = superellipse(2.0, 12) * thickness
    out = np.stack([np.cos(angle), np.sin(angle), 0.0 * angle], axis=1)[:, None, :]
    rings = (radius + section[None, :, :1]) * out
    rings[..., 2] = section[:, 1] + thickness
    solid = Solid.of(_torus(rings), name)
    pieces = hulls_of_rings(name, np.concatenate([rings, rings[:1]]), 16)
    hub = revolve(
        np.concatenate([fillet(0.3 * radius, 0.0, 0.2 * thickness, top=False),
                        fillet(0.26 * radius, 2.2 * thickness, 0.5 * thickness, top=True)]), 0.005
    )  # fmt: skip
    solid = solid + Solid.of(hub, name)
    pieces.append(hull(name, hub[0]))
    spokes = int(rng.integers(3, 6))
    for k in range(spokes):
        spoke = bar(rng, name, radius, 0.7 * thickness, profile="straight")
        spoke = spoke.placed(turn("z", 360.0 * k / spokes) @ turn("y", 90), (0, 0, thickness))
        solid = solid + spoke.outer
        pieces += spoke.pieces[1:]
    if radius > 0.045:
        site = grasp_site(site_name(name), name, "bar", (radius, 0, thickness), (0, 1, 0),
                          (1, 0, 0), radius=thickness, half_length=0.01)  # fmt: skip
    else:
        site = grasp_site(site_name(name), name, "rim", (0, 0, thickness), (0, 0, 1), (1, 0, 0),
                          radius=radius + thickness, half_length=thickness)  # fmt: skip
    return single(name, solid, pieces, [site], ("control_sth", "held_by_hand"), 2.2 * thickness)


def bow(
    name: str,
    controls: Float[ndarray, "n 2"],
    half_thickness: float,
    half_width: float,
    *,
    kind: SiteKind | None = None,
    front: tuple[float, float] = (1.0, 0.0),
    room: float = 0.0,
    at: float = 0.5,
    taper: float = 1.0,
    attributes: tuple[str, ...] = _HELD,
) -> Component:
    """A bar bent along a smooth curve of (x, z): loop handles, hooks, spouts and triggers.

    Args:
        kind: Kind of the one site, at the share `at` of the curve; None: the caller adds one.
        front: Direction (x, z) of the site's front.
        room: Half the inner height of a loop that fingers pass through.
        taper: Thickness at the end over thickness at the start.
    """
    path = smooth_curve(controls, float(np.clip(0.9 * half_thickness, 0.0035, 0.006)))
    scale = np.linspace(1.0, taper, len(path))
    rings = sweep_rings(path, half_thickness * scale, half_width * scale, exponent=2.6, points=14)
    i = round(at * (len(path) - 1))
    tangent = path[min(i + 1, len(path) - 1)] - path[max(i - 1, 0)]
    if abs(tangent[1]) > abs(tangent[0]):
        tangent = tangent * np.sign(tangent[1])
    sites = []
    if kind is not None:
        radius = half_width if kind == "pinch" else half_thickness
        sites.append(
            grasp_site(site_name(name), name, kind, (float(path[i, 0]), 0.0, float(path[i, 1])),
                       (float(tangent[0]), 0.0, float(tangent[1])), (front[0], 0.0, front[1]),
                       radius=radius * float(scale[i]), half_length=room or 0.012)
        )  # fmt: skip
    length = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
    pieces = hulls_of_rings(name, rings, max(6, round(length / 0.011)))
    return single(name, Solid.of(loft(rings), name), pieces, sites, attributes, length)


def fork(rng: Generator, name: str, length: float, width: float, radius: float) -> Component:
    """Two to four prongs on a crosspiece, in the y-z plane."""
    count = int(rng.integers(2, 5))
    half = 0.5 * width
    bridge = bar(rng, name, width + 2 * radius, radius, profile="straight", rounded=(True, True))
    bridge = bridge.placed(turn("x", 90), (0.0, half + radius, 0.8 * radius))
    solid, pieces = bridge.outer, list(bridge.pieces)
    for y in np.linspace(-half, half, count):
        prong = bar(rng, name, length, 0.85 * radius, profile="straight", ends=(1.0, 0.6),
                    rounded=(False, True)).placed(None, (0.0, float(y), 0.5 * radius))  # fmt: skip
        solid = solid + prong.outer
        pieces += prong.pieces
    site = grasp_site(site_name(name), name, "pinch", (0, 0, 0.8 * radius), (0, 1, 0), (0, 0, 1),
                      radius=radius, half_length=0.3 * width)  # fmt: skip
    return single(name, solid, pieces, [site], ("stab_sth",), length)


def _torus(rings: Float[ndarray, "n points 3"]) -> Surface:
    """Rings in a closed circle, joined ring to ring and the last to the first."""
    count, points = rings.shape[:2]
    a = np.arange(count * points).reshape(count, points)
    b, c = np.roll(a, -1, axis=1), np.roll(a, -1, axis=0)
    d = np.roll(b, -1, axis=0)
    faces = np.concatenate([np.stack(f, -1).reshape(-1, 3) for f in ((a, b, d), (a, d, c))])
    vertices = rings.reshape(-1, 3)
    p, q, r = (vertices[faces[:, k]] for k in range(3))
    inwards = float((p * np.cross(q, r)).sum()) < 0.0
    return vertices, faces[:, ::-1].copy() if inwards else faces
