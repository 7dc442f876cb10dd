"""Balls: for tennis, baseball, golf, table tennis, petanque, throwing, catching and kicking."""

import itertools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from manifold3d import Manifold, OpType
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_along
from semgrasp.objects.procedural.surfaces import Surface


class _Style(NamedTuple):
    """What is known of a kind of ball."""

    diameter: tuple[float, float]
    """In [mm]."""
    mass: tuple[float, float]
    """In [kg]."""
    likelihood: float


_STYLES = {
    "tennis": _Style((65.4, 68.6), (0.056, 0.0594), 0.16),
    "baseball": _Style((72.6, 74.8), (0.142, 0.149), 0.14),
    "softball": _Style((95.0, 98.5), (0.178, 0.199), 0.06),
    "golf": _Style((42.67, 43.0), (0.044, 0.0459), 0.08),
    "smooth": _Style((38.0, 62.0), (0.05, 0.17), 0.10),
    "petanque": _Style((70.5, 80.0), (0.65, 0.80), 0.10),
    "basketball": _Style((110.0, 160.0), (0.15, 0.30), 0.10),
    "football": _Style((120.0, 165.0), (0.12, 0.30), 0.10),
    "rugby": _Style((66.0, 92.0), (0.08, 0.20), 0.10),
    "spiky": _Style((60.0, 90.0), (0.05, 0.12), 0.06),
}


def make_ball(rng: Generator) -> Draft:
    """A ball that one hand holds, with its seam, stitches, grooves, panels or knobs.

    Sizes of the rules of the games: tennis 65.4 to 68.6 mm (ITF), baseball 229 to 235 mm around
    (MLB 3.01), softball 12 in around, golf at least 42.67 mm (R&A), petanque 70.5 to 80 mm
    (FIPJP), smooth ones from table tennis 40 mm to billiards 57.15 mm. The basketballs, footballs
    and egg-shaped ones are those of children, 110 to 165 mm; massage balls 60 to 90 mm.
    """
    name = str(rng.choice(list(_STYLES), p=[style.likelihood for style in _STYLES.values()]))
    style = _STYLES[name]
    radius = 0.5e-3 * rng.uniform(*style.diameter)
    stretch = rng.uniform(1.45, 1.75) if name == "rugby" else 1.0
    spin = _rotation(rng) if name not in ("rugby", "smooth") else np.eye(3)
    ball = _body(name, radius)
    parts = {"body": ball}
    attributes: dict[str, tuple[str, ...]] = {"body": ("held_by_hand",)}
    whole = ball
    detail = _detail(rng, name, radius, spin)
    if detail is not None:
        part, solid, is_raised = detail
        whole = ball + solid if is_raised else ball - solid
        parts = {"body": whole - solid if is_raised else whole, part: solid}
        attributes[part] = ("no_function",)
    if name == "rugby":
        whole, parts = (
            _stretched(whole, stretch),
            {part: _stretched(solid, stretch) for part, solid in parts.items()},
        )
    cuts = np.linspace(-1.0, 1.0, 4) * stretch * radius * 1.2
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=parts,
        sites=(
            grasp_site("side", "body", "wrap", (0, 0, 0), (0, 0, 1), (0, -1, 0),
                       radius=radius, half_length=0.25 * radius),
            # The hand on top, all fingers spread.
            grasp_site("above", "body", "rim", (0, 0, 0), (0, 0, 1), (1, 0, 0),
                       radius=radius, half_length=0.20 * radius),
            # In the palm of the hand.
            grasp_site("below", "body", "rim", (0, 0, 0), (0, 0, -1), (1, 0, 0),
                       radius=radius, half_length=0.20 * radius),
        ),
        part_attributes=attributes,
        convex_pieces=hulls_along("body", _stretched(ball, stretch), 0, cuts),
        mass_kg=rng.uniform(*style.mass),
        edge=float(np.clip(0.19 * radius, 0.0048, 0.0130)),
    )  # fmt: skip


def _body(name: str, radius: float) -> Solid:
    """The round part; golf balls have their dimples."""
    segments = 132 if name == "golf" else 40 if name in ("football", "rugby") else 48
    sphere = Manifold.sphere(radius, segments).rotate((7.0, 11.0, 0.0))
    vertices, faces = Solid(sphere, {}).surface()
    if name == "golf":
        # Fewer, wider and deeper dimples than real ones, so that the triangles can show them.
        towards = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
        angle = np.arccos(np.clip((towards @ _spiral(200).T).max(axis=1), -1.0, 1.0))
        depth = 0.00065 * np.clip(1.0 - (angle / 0.115) ** 2, 0.0, 1.0)
        vertices = vertices - towards * depth[:, None]
    return Solid.of((vertices, faces), "body")


def _detail(
    rng: Generator, name: str, radius: float, spin: Float[ndarray, "3 3"]
) -> tuple[str, Solid, bool] | None:
    """What is added to or cut from the sphere: its part, the solid, whether it is added."""
    if name in ("tennis", "baseball", "softball"):
        curve = _seam(rng.uniform(0.70, 0.77)) @ spin.T
        if name == "tennis":
            return "seam", _tubes([curve], radius, 0.0015, 0.0005), False
        return "seam", _tubes([curve], radius, 0.0017, 0.0005), True
    if name == "petanque":
        circles = _grooves(rng)
        return (
            "groove",
            _tubes([c @ spin.T for c in circles], radius, 0.0011, 0.0003, "groove"),
            False,
        )
    if name == "basketball":
        waved = [_circle(0.0, 0), _circle(0.0, 1), _bow(1.0), _bow(-1.0)]
        return "seam", _tubes([c @ spin.T for c in waved], radius, 0.0016, 0.0005), False
    if name == "football":
        edges = [edge @ spin.T for edge in _icosahedral_edges()]
        return "seam", _bars(edges, radius, 0.0015), False
    if name == "rugby":
        laces = [_circle(0.0, 0), _circle(0.0, 1)]
        return "seam", _tubes(laces, radius, 0.0014, 0.0004), False
    if name == "spiky":
        knob = Manifold.sphere(1.0, 12)
        height, width = rng.uniform(0.0026, 0.0040), rng.uniform(0.08, 0.12) * radius
        knobs = []
        for towards in _spiral(int(rng.integers(46, 66))) @ spin.T:
            scaled = knob.scale((width, width, height))
            tilt, turn = np.degrees(np.arccos(towards[2])), np.degrees(np.arctan2(*towards[1::-1]))
            placed = scaled.rotate((0.0, float(tilt), 0.0)).rotate((0.0, 0.0, float(turn)))
            x, y, z = (float(v) for v in 0.995 * radius * towards)
            knobs.append(placed.translate((x, y, z)))
        every = Manifold.batch_boolean(knobs, OpType.Add)
        return "knob", Solid.of(Solid(every, {}).surface(), "knob"), True
    return None


def _seam(a: float) -> Float[ndarray, "n 3"]:
    """The closed curve that divides a tennis ball or a baseball into two equal pieces."""
    t = np.linspace(0.0, 2.0 * np.pi, 96, endpoint=False)
    b = 1.0 - a
    curve = np.stack(
        [a * np.sin(t) + b * np.sin(3 * t), a * np.cos(t) - b * np.cos(3 * t),
         2.0 * np.sqrt(a * b) * np.cos(2 * t)], axis=1
    )  # fmt: skip
    return curve / np.linalg.norm(curve, axis=1, keepdims=True)


def _circle(height: float, axis: int) -> Float[ndarray, "n 3"]:
    """A circle on the unit sphere at a height along z (axis 0), y (axis 1) or x (axis 2)."""
    t = np.linspace(0.0, 2.0 * np.pi, 56, endpoint=False)
    r = np.sqrt(1.0 - height**2)
    return np.roll(np.stack([r * np.cos(t), r * np.sin(t), np.full_like(t, height)], 1), -axis, 1)


def _bow(sign: float) -> Float[ndarray, "n 3"]:
    """One of the two bent seams of a basketball."""
    t = np.linspace(0.0, 2.0 * np.pi, 56, endpoint=False)
    curve = np.stack([sign * (0.72 + 0.22 * np.cos(2 * t)), np.cos(t), np.sin(t)], axis=1)
    return curve / np.linalg.norm(curve, axis=1, keepdims=True)


def _grooves(rng: Generator) -> list[Float[ndarray, "n 3"]]:
    """The turned rings by which players tell their boules apart."""
    count = int(rng.integers(1, 4))
    gap = rng.uniform(0.16, 0.30)
    heights = gap * (np.arange(count) - 0.5 * (count - 1))
    circles = [_circle(float(height), 0) for height in heights]
    if rng.random() < 0.4:
        circles += [_circle(float(height), 2) for height in heights]
    return circles


def _tubes(
    curves: list[Float[ndarray, "n 3"]],
    radius: float,
    size: float,
    depth: float,
    part: str = "seam",
) -> Solid:
    """Closed round bars along curves on the unit sphere, at a depth below the surface."""
    united = Manifold()
    for curve in curves:
        surface = _closed_tube((radius - depth) * curve, size)
        united = united + Solid.of(surface, part).manifold
    return Solid.of(Solid(united, {}).surface(), part)


def _closed_tube(path: Float[ndarray, "n 3"], size: float, points: int = 6) -> Surface:
    tangent = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    up = path / np.linalg.norm(path, axis=1, keepdims=True)
    side = np.cross(tangent, up)
    angle = 2.0 * np.pi * np.arange(points) / points
    rings = path[:, None] + size * (
        np.cos(angle)[None, :, None] * side[:, None] + np.sin(angle)[None, :, None] * up[:, None]
    )
    here: Int[ndarray, "n points"] = np.arange(len(path) * points).reshape(len(path), points)
    ahead, beside = np.roll(here, -1, axis=0), np.roll(here, -1, axis=1)
    both = np.roll(ahead, -1, axis=1)
    faces = np.concatenate(
        [np.stack([here, both, ahead], -1), np.stack([here, beside, both], -1)]
    ).reshape(-1, 3)
    vertices = rings.reshape(-1, 3)
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    outwards = (a * np.cross(b, c)).sum() > 0.0
    return vertices, faces if outwards else faces[:, ::-1].copy()


def _bars(edges: list[Float[ndarray, "2 3"]], radius: float, size: float) -> Solid:
    """Bars under the great-circle arcs between pairs of points, thick enough to cut the sphere."""
    bars = []
    for start, end in edges:
        arc = start + np.linspace(0.0, 1.0, 3)[:, None] * (end - start)
        arc /= np.linalg.norm(arc, axis=1, keepdims=True)
        for a, b in itertools.pairwise(arc):
            side = np.cross(a, b)
            side *= size / radius / np.linalg.norm(side)
            across = np.stack([a - side, a + side, b - side, b + side])
            corners = np.concatenate([(radius - 0.0012) * across, (radius + 0.002) * across])
            bars.append(Manifold.hull_points(corners))
    united = Manifold.batch_boolean(bars, OpType.Add)
    return Solid.of(Solid(united, {}).surface(), "seam")


def _icosahedral_edges() -> list[Float[ndarray, "2 3"]]:
    """The 90 edges of a truncated icosahedron, the classic football, on the unit sphere."""
    golden = 0.5 * (1.0 + np.sqrt(5.0))
    corners = np.array(
        [np.roll((0.0, s, t * golden), k) for s in (-1, 1) for t in (-1, 1) for k in range(3)]
    )
    pairs = [(i, j) for i in range(12) for j in range(12)
             if i != j and np.linalg.norm(corners[i] - corners[j]) < 2.1]  # fmt: skip
    points = np.array([(2.0 * corners[i] + corners[j]) / 3.0 for i, j in pairs])
    side = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = side[side > 1e-6].min() * 1.05
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return [np.stack([points[i], points[j]])
            for i in range(60) for j in range(i) if side[i, j] < near]  # fmt: skip


def _spiral(count: int) -> Float[ndarray, "n 3"]:
    """Evenly spread directions (a Fibonacci spiral)."""
    k = np.arange(count) + 0.5
    z = 1.0 - 2.0 * k / count
    turn = k * np.pi * (3.0 - np.sqrt(5.0))
    r = np.sqrt(1.0 - z**2)
    return np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1)


def _stretched(solid: Solid, factor: float) -> Solid:
    """Longer along x, and pointed like the ball of rugby and American football."""
    return Solid(solid.manifold.scale((factor, 1.0, 1.0)), solid.parts)


def _rotation(rng: Generator) -> Float[ndarray, "3 3"]:
    """A random rotation."""
    q = rng.normal(size=4)
    w, x, y, z = q / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
