"""The bars, rings, knobs, discs, plates, shells and triggers that assemblies are put together from.

Each stands on the origin and rises along +z in its own frame; its grasp sites, convex pieces and
attributes travel with it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import GraspSite, SiteKind, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hull, hulls_along, hulls_of_rings
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
_Rings = Float[ndarray, "n points 3"]


@dataclass(frozen=True, eq=False)
class Component:
    """One piece of an assembly: mostly one part, a shell may have a rim as well."""

    outer: Solid
    """The piece with its cavity filled."""
    parts: dict[str, Solid]
    pieces: tuple[ConvexPiece, ...]
    sites: tuple[GraspSite, ...]
    attributes: dict[str, tuple[str, ...]]
    length: float
    """Where the next piece of a chain starts, along +z."""
    cavity: Solid | None = None
    """What is cut out of everything in the end."""

    def placed(
        self,
        R: Float[ndarray, "3 3"] | None = None,
        t: tuple[float | int, float | int, float | int] = (0.0, 0.0, 0.0),
    ) -> "Component":
        """The component turned by `R` and then moved by `t`."""
        rotation = np.eye(3) if R is None else R
        shift = np.asarray(t, dtype=np.float64)
        matrix = np.concatenate([rotation, shift[:, None]], axis=1)

        def moved(solid: Solid) -> Solid:
            return Solid(solid.manifold.transform(matrix), solid.parts)

        return replace(
            self,
            outer=moved(self.outer),
            parts={name: moved(solid) for name, solid in self.parts.items()},
            pieces=tuple((part, points @ rotation.T + shift) for part, points in self.pieces),
            sites=tuple(
                replace(
                    site,
                    centre_object=rotation @ site.centre_object + shift,
                    axis_object=rotation @ site.axis_object,
                    front_object=rotation @ site.front_object,
                )
                for site in self.sites
            ),
            cavity=None if self.cavity is None else moved(self.cavity),
        )

    def renamed(self, old: str, new: str) -> "Component":
        """The component with one of its parts under another name."""
        if old not in self.parts:
            return self

        def word(name: str) -> str:
            return new if name == old else name

        def relabelled(solid: Solid) -> Solid:
            return Solid(solid.manifold, {k: word(name) for k, name in solid.parts.items()})

        return replace(
            self,
            outer=relabelled(self.outer),
            parts={word(name): relabelled(solid) for name, solid in self.parts.items()},
            pieces=tuple((word(part), points) for part, points in self.pieces),
            sites=tuple(
                replace(site, part=new, name=site.name.replace(_key(old), _key(new), 1))
                if site.part == old
                else site
                for site in self.sites
            ),
            attributes={word(name): phrases for name, phrases in self.attributes.items()},
            cavity=None if self.cavity is None else relabelled(self.cavity),
        )


def turn(axis: str, degrees: float | int) -> Float[ndarray, "3 3"]:
    """Rotation about a coordinate axis."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


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
    index_towards: float = 1.0,
    attributes: tuple[str, ...] = _HELD,
) -> Component:
    """A straight or bent bar for a fist or, when short, for fingertips.

    Args:
        ends: Thickness at the two ends, as a factor on the radius.
        flat: Thickness along x over thickness along y.
        profile: "straight", "swollen", "waisted", "ribbed", or "any" of these.
        sag: How far the middle lies off the axis, towards -x.
        rounded: Which ends are free and therefore rounded.
        index_towards: -1 where the index finger belongs at the lower end.
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
    t = z / length
    scale = _PROFILES[profile](t) * interpolate(
        t, [0.0, 0.18, 0.82, 1.0], [ends[0], 1.0, 1.0, ends[1]]
    )
    for is_round, depth in ((rounded[0], z), (rounded[1], length - z)):
        if is_round:
            inside = np.clip(1.0 - depth / cap, 0.0, 1.0)
            scale = scale * (0.35 + 0.65 * np.sqrt(1.0 - inside**2))
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
    axis = (0.0, 0.0, index_towards)
    sites = []
    if length >= 0.065 and held >= 0.0055:
        sites.append(
            grasp_site(_key(name), name, kind, centre, axis, (-0.46, -0.89, 0.0),
                       radius=0.5 * held * (1.0 + flat), half_length=0.5 * length - 0.040)
        )  # fmt: skip
    if length < 0.065 or held < 0.009:
        sites.append(
            grasp_site(_key(name, "pinch"), name, "pinch", centre, axis, (0.0, -1.0, 0.0),
                       radius=held * flat, half_length=0.3 * length)
        )  # fmt: skip
    return _single(name, Solid.of(loft(rings), name), pieces, sites, attributes, length)


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
    site = grasp_site(_key(name), name, "bar", (0, 0, 0.85 * radius), (1, 0, 0), (0, 0, 1),
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
        grasp_site(_key(name), name, "hook", top, (1, 0, 0), (0, 0, 1),
                   radius=thickness, half_length=inner_half_width),
        grasp_site(_key(name, "pinch"), name, "pinch", top, (1, 0, 0), (0, 0, 1),
                   radius=width, half_length=0.3 * inner_half_width),
    ]  # fmt: skip
    return _single(name, Solid.of(_torus(rings), name), hulls_of_rings(name, closed, 14), sites,
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
        site = grasp_site(_key(name), name, "bar", (radius, 0, thickness), (0, 1, 0), (1, 0, 0),
                          radius=thickness, half_length=0.01)  # fmt: skip
    else:
        site = grasp_site(_key(name), name, "rim", (0, 0, thickness), (0, 0, 1), (1, 0, 0),
                          radius=radius, half_length=thickness)  # fmt: skip
    return _single(name, solid, pieces, [site], ("control_sth", "held_by_hand"), 2.2 * thickness)


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
        grasp_site(_key(name), name, "rim", centre, (0, 0, 1), (1, 0, 0),
                   radius=radius, half_length=0.2 * high)
    ]  # fmt: skip
    if radius < 0.022:
        sites.append(
            grasp_site(_key(name, "pinch"), name, "pinch", centre, (0, 0, 1), (-1, 0, 0),
                       radius=radius, half_length=0.15 * high)
        )  # fmt: skip
    if radius > 0.018:
        sites.append(
            grasp_site(_key(name, "palm"), name, "head", centre, (0, 0, 1), (1, 0, 0),
                       radius=radius, half_length=0.1 * high)
        )  # fmt: skip
    pieces = hulls_along(name, solid, 2, np.linspace(0.0, high, 7))
    return _single(name, solid, pieces, sites, attributes, high)


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
    sites = [
        grasp_site(_key(name), name, "rim", (0, 0, 0.5 * height), (0, 0, 1), (1, 0, 0),
                   radius=radius, half_length=0.5 * height)
    ]  # fmt: skip
    if height < 0.03 and radius > 0.018:
        sites.append(
            grasp_site(_key(name, "edge"), name, "pinch", (at, 0, 0.5 * height), (0, 1, 0),
                       (1, 0, 0), radius=0.5 * height, half_length=0.3 * radius)
        )  # fmt: skip
    pieces = hulls_along(name, solid, 2, [0.0, 0.5 * height, 0.8 * high, high])
    return _single(name, solid, pieces, sites, attributes, high)


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
    if outline in ("spade", "paddle") and width > 0.045 and rng.random() < 0.4:
        for y in np.linspace(-0.45, 0.45, int(rng.integers(2, 5))) * half:
            slot = bar(rng, name, 0.35 * length, 0.0030, profile="straight", flat=5.0)
            solid = solid - slot.placed(None, (0.4 * bow, float(y), 0.42 * length)).outer
    end = 0.90 * length if outline in ("spade", "slab") else 0.78 * length
    i = int(np.argmin(np.abs(path[:, 1] - end)))
    away = path[min(i + 1, len(path) - 1)] - path[i - 1]
    far = (float(path[i, 0]), 0.0, float(path[i, 1]))
    j = int(np.argmax(across[: int(0.8 * len(t))]))
    side = (float(path[j, 0]), float(across[j]) - 0.009, float(path[j, 1]))
    sites = [
        grasp_site(_key(name), name, "pinch", far, (0, 1, 0), (float(away[0]), 0, float(away[1])),
                   radius=float(deep[i]), half_length=0.4 * float(across[i])),
        grasp_site(_key(name, "side"), name, "pinch", side, (0, 0, 1), (0, 1, 0),
                   radius=float(deep[j]), half_length=0.15 * length),
    ]  # fmt: skip
    pieces = hulls_of_rings(name, rings, max(5, round(length / 0.012)))
    return _single(name, solid, pieces, sites, attributes, length)


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

    knots = np.concatenate([outside[:-1], [np.array([np.interp(rim_from, outside[:, 1],
                            outside[:, 0]), rim_from])], outside[-1:]])  # fmt: skip
    outside = knots[np.argsort(knots[:, 1])]
    outer = Solid.of(revolve(outside, 0.0058), label)
    cavity = Solid.of(revolve(inside, 0.0058), label)
    hollow = outer - cavity
    middle = float(np.interp(0.6 * depth, outside[:, 1], outside[:, 0]))
    sites = [
        grasp_site(_key(rim), rim, "rim", (0, 0, depth), (0, 0, 1), (1, 0, 0),
                   radius=radius - 0.5 * wall, half_length=0.5 * wall),
    ]  # fmt: skip
    if depth > 0.035 and 0.016 < middle < 0.050:
        sites.append(
            grasp_site(_key(name), name, "wrap", (0, 0, 0.6 * depth), (0, 0, 1), (-1, 0, 0),
                       radius=middle, half_length=0.5 * depth - 0.035)
        )  # fmt: skip
    else:
        low = float(np.interp(0.3 * depth, outside[:, 1], outside[:, 0]))
        sites.append(
            grasp_site(_key(name), name, "rim", (0, 0, 0.3 * depth), (0, 0, -1), (1, 0, 0),
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
            grasp_site(_key(name), name, "wrap", centre, (0, 0, 1), (-1, 0, 0),
                       radius=0.5 * (half_x + half_y), half_length=0.5 * length - 0.038)
        )  # fmt: skip
    else:
        sites.append(
            grasp_site(_key(name), name, "rim", centre, (0, 0, 1), (1, 0, 0),
                       radius=0.5 * (half_x + half_y), half_length=0.3 * length)
        )  # fmt: skip
    if thin < 0.024:
        front = (0, -1, 0) if half_x < half_y else (-1, 0, 0)
        sites.append(
            grasp_site(_key(name, "pinch"), name, "pinch", centre, (0, 0, 1), front,
                       radius=thin, half_length=0.25 * length)
        )  # fmt: skip
    pieces = hulls_of_rings(name, rings, 6)
    return _single(name, Solid.of(loft(rings), name), pieces, sites, attributes, length)


def tip(rng: Generator, name: str, length: float, radius: float) -> Component:
    """A round point, a blunt cone or a chisel end."""
    end = rng.uniform(0.18, 0.5)
    bulge = rng.uniform(0.55, 1.2)
    z = np.linspace(0.0, length, 10)
    r = radius * (1.0 - (1.0 - end) * (z / length) ** (1.0 / bulge))
    profile = np.concatenate([np.stack([r, z], axis=1), [[0.6 * r[-1], length + 0.4 * r[-1]]]])
    solid = Solid.of(revolve(profile, float(np.clip(0.4 * radius, 0.0025, 0.005))), name)
    held = float(np.interp(0.35 * length, z, r))
    site = grasp_site(_key(name), name, "pinch", (0, 0, 0.35 * length), (0, 0, 1), (0, -1, 0),
                      radius=held, half_length=0.15 * length)  # fmt: skip
    pieces = hulls_along(name, solid, 2, np.linspace(0.0, float(profile[-1, 1]), 6))
    return _single(name, solid, pieces, [site], ("point_to_sth", "stab_sth"), length)


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
            grasp_site(_key(name), name, kind, (float(path[i, 0]), 0.0, float(path[i, 1])),
                       (float(tangent[0]), 0.0, float(tangent[1])), (front[0], 0.0, front[1]),
                       radius=radius * float(scale[i]), half_length=room or 0.012)
        )  # fmt: skip
    length = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
    pieces = hulls_of_rings(name, rings, max(6, round(length / 0.011)))
    return _single(name, Solid.of(loft(rings), name), pieces, sites, attributes, length)


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
    site = grasp_site(_key(name), name, "pinch", (0, 0, 0.8 * radius), (0, 1, 0), (0, 0, 1),
                      radius=radius, half_length=0.3 * width)  # fmt: skip
    return _single(name, solid, pieces, [site], ("stab_sth",), length)


def _torus(rings: _Rings) -> Surface:
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


def _single(
    name: str,
    solid: Solid,
    pieces: list[ConvexPiece],
    sites: list[GraspSite],
    attributes: tuple[str, ...],
    length: float,
) -> Component:
    """A component of one part."""
    return Component(solid, {name: solid}, tuple(pieces), tuple(sites), {name: attributes}, length)


def _key(name: str, way: str = "") -> str:
    """Name of a site: the part's, and how it is held where there are several ways."""
    return "_".join([*name.split(), *way.split()])
