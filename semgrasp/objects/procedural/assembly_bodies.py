"""The knobs, discs, plates, shells, blocks and tips that assemblies are put together from.

Each stands on the origin and rises along +z in its own frame. Lengths are in [m].
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.assembly_bars import bar
from semgrasp.objects.procedural.assembly_component import Component, single, site_name
from semgrasp.objects.procedural.procedural_object import grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import fillet, interpolate, loft, revolve, sweep_rings

_HELD = ("held_by_hand",)


def knob(
    rng: Generator, name: str, radius: float, *, attributes: tuple[str, ...] = _HELD
) -> Component:
    """A ball, an onion, a mushroom, a drum, or a lobed star knob."""
    style = str(rng.choice(["ball", "pear", "mushroom", "drum", "star"]))
    foot = 0.45 * radius
    if style == "ball":
        angle = np.linspace(-1.1, 0.5 * np.pi - 0.15, 12)
        height = rng.uniform(0.85, 1.1) * radius
        profile = np.stack([radius * np.cos(angle), height * (np.sin(angle) + 0.89)], axis=1)
    elif style == "pear":
        z = np.linspace(0.0, 2.4 * radius, 14)
        knots, values = [0.0, 0.2, 0.62, 0.9, 1.0], [0.5, 0.6, 1.0, 0.62, 0.2]
        profile = np.stack([radius * interpolate(z / z[-1], knots, values), z], axis=1)
    elif style == "mushroom":
        angle = np.linspace(-0.3, 0.5 * np.pi - 0.15, 9)
        head = np.stack([radius * np.cos(angle), 0.85 * radius + 0.6 * radius * np.sin(angle)], 1)
        profile = np.concatenate([[[foot, 0.0], [0.9 * foot, 0.35 * radius]], head])
    else:
        height = rng.uniform(0.6, 1.3) * radius
        edge = rng.uniform(0.12, 0.3) * min(radius, height)
        profile = np.concatenate(
            [fillet(radius, 0.0, edge, top=False),
             fillet(rng.uniform(0.85, 1.0) * radius, height, edge, top=True)])  # fmt: skip
    vertices, faces = revolve(profile, float(np.clip(0.2 * radius, 0.003, 0.0055)))
    if style == "star":
        lobes = int(rng.integers(3, 8))
        angle = np.arctan2(vertices[:, 1], vertices[:, 0])
        vertices[:, :2] *= (1.0 + 0.10 * np.cos(lobes * angle))[:, None]
    solid = Solid.of((vertices, faces), name)
    high = float(profile[-1, 1])
    widest = float(profile[np.argmax(profile[:, 0]), 1]) if style != "drum" else 0.5 * high
    widest = 0.5 * high if style == "star" else widest
    centre = (0.0, 0.0, widest)
    sites = [
        grasp_site(site_name(name), name, "rim", centre, (0, 0, 1), (1, 0, 0),
                   radius=radius, half_length=0.2 * high)
    ]  # fmt: skip
    if radius < 0.022:
        sites.append(
            grasp_site(site_name(name, "pinch"), name, "pinch", centre, (0, 0, 1), (-1, 0, 0),
                       radius=radius, half_length=0.15 * high)
        )  # fmt: skip
    if radius > 0.018:
        sites.append(
            grasp_site(site_name(name, "palm"), name, "head", centre, (0, 0, 1), (1, 0, 0),
                       radius=radius, half_length=0.1 * high)
        )  # fmt: skip
    pieces = hulls_along(name, solid, 2, np.linspace(0.0, high, 7))
    return single(name, solid, pieces, sites, attributes, high)


def disc(
    rng: Generator, name: str, radius: float, height: float, *, attributes: tuple[str, ...] = _HELD
) -> Component:
    """A round plate across the axis, flat, bevelled or domed."""
    style = str(rng.choice(["flat", "bevelled", "domed"]))
    edge = 0.3 * height
    top = fillet(radius, height, edge, top=True)
    if style == "bevelled":
        top = fillet(0.82 * radius, height, edge, top=True)
    elif style == "domed":
        angle = np.linspace(0.1, 0.5 * np.pi - 0.35, 7)
        rise = min(0.35 * radius, 1.3 * height)
        top = np.stack([radius * np.cos(angle), 0.5 * height + rise * np.sin(angle)], axis=1)
    profile = np.concatenate([fillet(radius, 0.0, edge, top=False), top])
    solid = Solid.of(revolve(profile, float(np.clip(0.13 * radius, 0.0035, 0.006))), name)
    high = float(profile[-1, 1])
    at = radius - min(0.010, 0.3 * radius)
    thick = float(np.interp(at, top[::-1, 0], top[::-1, 1]))
    sites = [
        grasp_site(site_name(name), name, "rim", (0, 0, 0.5 * height), (0, 0, 1), (1, 0, 0),
                   radius=radius, half_length=0.5 * height)
    ]  # fmt: skip
    if height < 0.03 and radius > 0.018:
        sites.append(
            grasp_site(site_name(name, "edge"), name, "pinch", (at, 0, 0.5 * thick), (0, 1, 0),
                       (1, 0, 0), radius=0.5 * thick, half_length=0.3 * radius)
        )  # fmt: skip
    pieces = hulls_along(name, solid, 2, [0.0, 0.5 * height, 0.8 * high, high])
    return single(name, solid, pieces, sites, attributes, high)


def plate(
    rng: Generator,
    name: str,
    length: float,
    width: float,
    thickness: float,
    *,
    start: float,
    outline: str = "any",
    bow: float = 0.0,
    attributes: tuple[str, ...] = _HELD,
) -> Component:
    """A flat piece in the y-z plane: spade, leaf, pointed, tongue or paddle; perhaps slotted.

    Args:
        start: Half width where it is joined.
        bow: How far the far end bends towards +x.
    """
    if outline == "any":
        outline = str(rng.choice(["spade", "leaf", "tongue", "paddle"]))
    half = 0.5 * width
    knots, values = {
        "spade": ([0.0, 0.30, 0.94, 1.0], [start, 0.80 * half, half, 0.88 * half]),
        "leaf": ([0.0, 0.45, 0.85, 1.0], [start, half, 0.55 * half, 0.10 * half]),
        "tongue": ([0.0, 0.15, 0.80, 0.95, 1.0], [start, 0.9 * half, half, 0.7 * half, 0.3 * half]),
        "paddle": ([0.0, 0.25, 0.5, 0.85, 1.0],
                   [start, 0.75 * half, half, 0.75 * half, 0.25 * half]),
        "slab": ([0.0, 0.05, 0.95, 1.0], [0.88 * half, half, half, 0.88 * half]),
        "iron": ([0.0, 0.06, 0.35, 0.8, 1.0],
                 [0.80 * half, half, half, 0.55 * half, 0.10 * half]),
    }[outline]  # fmt: skip
    t = np.linspace(0.0, 1.0, max(12, round(length / 0.005)))
    path = np.stack([bow * t**2, length * t], axis=1)
    across = interpolate(t, knots, values)
    thin = rng.uniform(0.6, 1.0) if outline in ("spade", "leaf", "tongue") else 1.0
    deep = 0.5 * thickness * np.linspace(1.0, thin, len(t))
    points = 4 * max(4, round(2.0 * width / 0.006 / 4)) + 4
    rings = sweep_rings(path, deep, across, exponent=5.0, points=points)
    solid = Solid.of(loft(rings), name)
    if outline in ("spade", "paddle") and width > 0.055 and rng.random() < 0.4:
        for y in np.linspace(-0.45, 0.45, int(rng.integers(2, 5))) * half:
            slot = bar(rng, name, 0.35 * length, 0.0030, profile="straight", flat=5.0)
            solid = solid - slot.placed(None, (0.4 * bow, float(y), 0.42 * length)).outer
    end = {"spade": 0.90, "slab": 0.93, "iron": 0.86}.get(outline, 0.78) * length
    i = int(np.argmin(np.abs(path[:, 1] - end)))
    away = path[min(i + 1, len(path) - 1)] - path[i - 1]
    far = (float(path[i, 0]), 0.0, float(path[i, 1]))
    j = len(t) // 2 if outline == "slab" else int(np.argmax(across[: int(0.8 * len(t))]))
    side = (float(path[j, 0]), float(across[j]) - 0.009, float(path[j, 1]))
    sites = [
        grasp_site(site_name(name), name, "pinch", far, (0, 1, 0),
                   (float(away[0]), 0, float(away[1])),
                   radius=float(deep[i]), half_length=0.4 * float(across[i])),
        grasp_site(site_name(name, "side"), name, "pinch", side, (0, 0, 1), (0, 1, 0),
                   radius=float(deep[j]), half_length=0.15 * length),
    ]  # fmt: skip
    pieces = hulls_of_rings(name, rings, max(5, round(length / 0.012)))
    return single(name, solid, pieces, sites, attributes, length)


def shell(
    rng: Generator,
    name: str,
    radius: float,
    depth: float,
    *,
    foot: float,
    attributes: tuple[str, ...] = ("contain_sth", "held_by_hand"),
) -> Component:
    """A bowl, bell, funnel or beaker: closed and `foot` wide at z = 0, open at z = `depth`."""
    style = str(rng.choice(["bowl", "bell", "funnel", "beaker"]))
    wall = rng.uniform(0.0026, 0.0045)
    t = np.linspace(0.0, 1.0, 14)
    shape = {
        "bowl": np.sqrt(1.0 - (1.0 - t) ** 2),
        "bell": interpolate(t, [0.0, 0.12, 0.3, 0.8, 1.0], [0.0, 0.5, 0.66, 0.80, 1.0]),
        "funnel": t**0.9,
        "beaker": interpolate(t, [0.0, 0.10, 0.25, 1.0], [0.0, 0.78, 0.88, 1.0]),
    }[style]
    outside = np.stack([foot + (radius - foot) * shape, depth * t], axis=1)
    across = np.gradient(outside, axis=0)
    across = np.stack([-across[:, 1], across[:, 0]], axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    inside = outside + wall * across
    inside = inside[(inside[:, 0] > 0.3 * foot) & (inside[:, 1] > wall)]
    inside = np.concatenate([[[max(0.5 * foot, 0.001), wall]], inside])
    inside = inside[np.concatenate([[True], np.diff(inside[:, 1]) > 1e-5])]
    inside[-1, 1] = depth
    lip = inside[-1, 0]
    inside = np.concatenate([inside, [[lip, depth + 0.002]]])
    rim_from = depth - min(0.010, 0.25 * depth)
    rim = "rim"

    def label(centres: Float[ndarray, "F 3"]) -> ndarray:
        return np.where(centres[:, 2] > rim_from, rim, name)

    outside, inside = _through(outside, rim_from), _through(inside, rim_from)
    outer = Solid.of(revolve(outside, 0.0058), label)
    cavity = Solid.of(revolve(inside, 0.0058), label)
    hollow = outer - cavity
    middle = float(np.interp(0.6 * depth, outside[:, 1], outside[:, 0]))
    sites = [
        grasp_site(site_name(rim), rim, "rim", (0, 0, depth), (0, 0, 1), (1, 0, 0),
                   radius=radius - 0.5 * wall, half_length=0.5 * wall),
    ]  # fmt: skip
    if depth > 0.035 and 0.016 < middle < 0.050:
        sites.append(
            grasp_site(site_name(name), name, "wrap", (0, 0, 0.6 * depth), (0, 0, 1), (-1, 0, 0),
                       radius=middle, half_length=0.5 * depth - 0.035)
        )  # fmt: skip
    else:
        low = float(np.interp(0.3 * depth, outside[:, 1], outside[:, 0]))
        sites.append(
            grasp_site(site_name(name), name, "rim", (0, 0, 0.3 * depth), (0, 0, -1), (1, 0, 0),
                       radius=low, half_length=0.004)
        )  # fmt: skip
    return Component(
        outer=outer,
        parts={name: hollow.below(rim_from), rim: hollow.above(rim_from)},
        pieces=(
            *hulls_along(name, outer.below(rim_from), 2, np.linspace(0.0, rim_from, 7)),
            *hulls_along(rim, outer.above(rim_from), 2, [rim_from, depth]),
        ),
        sites=tuple(sites),
        attributes={name: attributes, rim: ("flow_in_sth", "flow_out_sth")},
        length=depth,
        cavity=cavity,
    )


def block(
    rng: Generator,
    name: str,
    length: float,
    half_x: float,
    half_y: float,
    *,
    attributes: tuple[str, ...] = _HELD,
) -> Component:
    """A solid barrel, egg or brick along z, for a palm."""
    style = str(rng.choice(["barrel", "egg", "brick"]))
    cap = 0.25 * min(half_x, half_y)
    z = np.concatenate([[0.0, 0.25 * cap], np.linspace(cap, length - cap, max(7, round(
        (length - 2 * cap) / 0.006))), [length - 0.25 * cap, length]])  # fmt: skip
    t = z / length
    if style == "egg":
        scale = 0.45 + 0.55 * np.sqrt(np.clip(1.0 - (2.0 * t - 1.0) ** 2, 0.0, 1.0))
    else:
        bulge = 1.0 - rng.uniform(0.0, 0.14) * (2.0 * t - 1.0) ** 2
        inside = np.clip(1.0 - np.minimum(z, length - z) / cap, 0.0, 1.0)
        scale = bulge * (1.0 - 0.25 * (1.0 - np.sqrt(1.0 - inside**2)) * cap / cap)
    exponent = 4.5 if style == "brick" else 2.0
    points = 4 * max(5, round(0.5 * np.pi * max(half_x, half_y) / 0.0055))
    path = np.stack([0.0 * z, z], axis=1)
    rings = sweep_rings(path, half_x * scale, half_y * scale, exponent=exponent, points=points)
    centre = (0.0, 0.0, 0.5 * length)
    sites = []
    thin = min(half_x, half_y)
    if length > 0.045:
        sites.append(
            grasp_site(site_name(name), name, "wrap", centre, (0, 0, 1), (-1, 0, 0),
                       radius=0.5 * (half_x + half_y), half_length=0.5 * length - 0.038)
        )  # fmt: skip
    else:
        sites.append(
            grasp_site(site_name(name), name, "rim", centre, (0, 0, 1), (1, 0, 0),
                       radius=0.5 * (half_x + half_y), half_length=0.3 * length)
        )  # fmt: skip
    if thin < 0.024:
        front = (0, -1, 0) if half_x < half_y else (-1, 0, 0)
        sites.append(
            grasp_site(site_name(name, "pinch"), name, "pinch", centre, (0, 0, 1), front,
                       radius=thin, half_length=0.25 * length)
        )  # fmt: skip
    pieces = hulls_of_rings(name, rings, 6)
    return single(name, Solid.of(loft(rings), name), pieces, sites, attributes, length)


def tip(rng: Generator, name: str, length: float, radius: float) -> Component:
    """A round point, a blunt cone or a chisel end."""
    end = rng.uniform(0.18, 0.5)
    bulge = rng.uniform(0.55, 1.2)
    z = np.linspace(0.0, length, 10)
    r = radius * (1.0 - (1.0 - end) * (z / length) ** (1.0 / bulge))
    profile = np.concatenate([np.stack([r, z], axis=1), [[0.6 * r[-1], length + 0.4 * r[-1]]]])
    solid = Solid.of(revolve(profile, float(np.clip(0.4 * radius, 0.0025, 0.005))), name)
    held = float(np.interp(0.35 * length, z, r))
    site = grasp_site(site_name(name), name, "pinch", (0, 0, 0.35 * length), (0, 0, 1), (0, -1, 0),
                      radius=held, half_length=0.15 * length)  # fmt: skip
    pieces = hulls_along(name, solid, 2, np.linspace(0.0, float(profile[-1, 1]), 6))
    return single(name, solid, pieces, [site], ("point_to_sth", "stab_sth"), length)


def _through(profile_rz: Float[ndarray, "n 2"], height: float) -> Float[ndarray, "m 2"]:
    """The rising profile with a point at a height, so that two parts meet in an even line."""
    radius = float(np.interp(height, profile_rz[:, 1], profile_rz[:, 0]))
    apart = np.abs(profile_rz[:, 1] - height) > 0.0015
    apart[[0, -2, -1]] = True
    below = profile_rz[apart & (profile_rz[:, 1] < height)]
    above = profile_rz[apart & (profile_rz[:, 1] > height)]
    return np.concatenate([below, [[radius, height]], above])
