"""Keys: as they go into an upright lock, flat in the x-z plane, blade towards +x from x = 0."""

import itertools

import numpy as np
from numpy.random import Generator

from semgrasp.objects.procedural.device_shapes import (
    Chunk,
    Place,
    assembled,
    oval,
    placed,
    rounded_rectangle,
    slab,
    united,
)
from semgrasp.objects.procedural.procedural_object import Draft
from semgrasp.objects.procedural.solids import Solid, hull
from semgrasp.objects.procedural.surfaces import subdivide
from semgrasp.objects.procedural.tool_shapes import (
    closed_loft,
    outline,
    pin,
    plate,
    ring_pieces,
    ring_rings,
    sector_pieces,
)

_REACH = 0.040
"""How far the one-sided solids extend the head."""

_Parts = dict[str, list[Chunk]]


def make_key(rng: Generator) -> Draft:
    """A cylinder key, a large old key with a bit, a car key or a dimple key.

    Sizes: makers' data sheets; cylinder keys 50 to 60 mm long with a bow of 22 to 27 mm and a
    blade of 2.0 to 2.5 x 8 mm (Yale, KESO), old keys for mortice and chest locks 70 to 120 mm
    (bit keys, DIN 18251), car keys with a plastic head 75 to 85 mm.
    """
    style = str(rng.choice(list(_STYLES), p=[0.34, 0.28, 0.2, 0.18]))
    parts, head_x, hold_z, density = _STYLES[style](rng)
    shaft_x = 0.012 if style != "bit" else 0.022
    return assembled(
        parts,
        [
            # Turned in a lock: from behind, thumb and the side of the index finger on the bow.
            Place("head", "head", "pinch", (head_x, 0, hold_z), (1, 0, 0), (0, 0, 1), 0.004),
            Place("head_behind", "head", "pinch", (head_x, 0, hold_z), (0, 0, 1), (-1, 0, 0),
                  0.004),
            Place("shaft", "shaft", "pinch", (shaft_x, 0, 0), (1, 0, 0), (0, 0, 1), 0.006),
        ],
        {
            "head": ("held_by_hand",),
            "shaft": ("connect_to_sth",),
            "tip": ("control_sth",),
            "button": ("pressed/unpressed_by_hand", "control_sth"),
            "collar": ("no_function",),
        },
        density=density,
        one_sided={"head": _extended_head(parts)},
    )  # fmt: skip


def _upright(solid: Solid) -> Solid:
    """A plate drawn in the x-y plane, stood up in the x-z plane."""
    return placed(solid, turn=(90, 0, 0))


def _extended_head(parts: _Parts) -> dict[str, Solid]:
    """The whole key with its head pulled to -y, away from the thumb, and to +y."""
    whole = united([chunk.solid for chunks in parts.values() for chunk in chunks])
    lying = placed(parts["head"][0].solid, turn=(-90, 0, 0))
    shadow = lying.manifold.project().simplify(5e-5)
    sides = {}
    for side, low, high in (("thumb", 0.0, _REACH), ("fingers", -_REACH, 0.0)):
        # What lies above the plane of drawing comes to lie at -y when it stands up.
        sides[side] = whole + _upright(plate(shadow, low, high, "head", 0.006))
    return sides


def _flat_head(rng: Generator, length: float, half_height: float, thick: float) -> Chunk:
    """A round, square, oval or clover bow with a hole for the ring."""
    half = 0.5 * length
    kind = str(rng.choice(["round", "square", "oval", "clover"]))
    angle = np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)
    if kind == "square":
        points = rounded_rectangle(half, half_height, 0.4 * half, 0.0015)
    elif kind == "oval":
        points = oval(half, half_height, 2.4, 0.0015)
    elif kind == "clover":
        radius = 1.0 + 0.14 * np.cos(3.0 * angle + np.pi)
        points = np.stack([half * radius * np.cos(angle), half_height * radius * np.sin(angle)], 1)
    else:
        points = oval(half, half, 2.0, 0.0015)
    middle = -half + 0.001
    section = outline(points + [middle, 0.0])
    hole_x = middle - rng.uniform(0.42, 0.55) * half
    radius = rng.uniform(0.0026, 0.0042)
    if rng.random() < 0.3:
        hole = rounded_rectangle(0.6 * radius, 2.0 * radius, 0.5 * radius, 0.001)
    else:
        hole = oval(radius, radius, 2.0, 0.001)
    section = section - outline(hole + [hole_x, 0.0])
    flat = plate(section, -0.5 * thick, 0.5 * thick, "head", 0.0018)
    pieces = sector_pieces("head", flat, (hole_x, 0.0), 12)
    turned = [(part, _stand(points)) for part, points in pieces]
    return Chunk(_upright(flat), pieces=turned)


def _stand(points):
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1)


def _cylinder(rng: Generator):
    thick = rng.uniform(0.0022, 0.0028)
    length = rng.uniform(0.022, 0.027)
    head = _flat_head(rng, length, 0.5 * length * rng.uniform(0.92, 1.15), thick)
    blade_length, half = rng.uniform(0.027, 0.034), rng.uniform(0.0038, 0.0046)
    shaft, teeth = _cut_blade(rng, blade_length, half, 0.86 * thick)
    return {"head": [head], "shaft": [shaft], "tip": [teeth]}, -0.45 * length, 0.0, 7500.0


def _cut_blade(rng: Generator, length: float, half: float, thick: float) -> tuple[Chunk, Chunk]:
    """The blade with a row of cuts in its upper edge and a pointed end."""
    count = int(rng.integers(5, 7))
    start, end = 0.20 * length, 0.90 * length
    pitch = (end - start) / count
    upper = [[-0.004, 0.75 * half], [0.0, half], [start, half]]
    for k in range(count):
        depth = rng.uniform(0.15, 0.85) * half
        x = start + k * pitch
        upper += [[x + 0.35 * pitch, half - depth], [x + 0.65 * pitch, half - depth],
                  [x + pitch, half - 0.25 * depth]]  # fmt: skip
    upper += [[length, -0.45 * half]]
    lower = [[0.94 * length, -half], [0.0, -half], [-0.004, -0.75 * half]]
    shape = np.array(lower + upper)
    section = outline(shape)
    shaft_to = start
    flat = plate(section, -0.5 * thick, 0.5 * thick, "shaft", 0.0018)
    solids = []
    for part, low, high in (("shaft", -0.005, shaft_to + 0.0003), ("tip", shaft_to, length + 1e-3)):
        cut = flat.manifold.trim_by_plane((1.0, 0.0, 0.0), low)
        cut = cut.trim_by_plane((-1.0, 0.0, 0.0), -high)
        # The teeth are a hair thicker, so that the two do not share a surface.
        cut = cut.scale((1.0, 1.0, 1.04 if part == "tip" else 1.0))
        solids.append(_upright(Solid.of(Solid(cut, {}).surface(), part)))
    return Chunk(solids[0]), Chunk(solids[1], 0, 3 * count)


def _bit(rng: Generator):
    """A ring or a heart, a round shaft with a collar, and a bit at its end."""
    length = rng.uniform(0.045, 0.078)
    radius = rng.uniform(0.0024, 0.0036)
    bow = rng.uniform(0.010, 0.0155)
    tall = bow * rng.uniform(0.95, 1.35)
    angle = np.linspace(0.0, 2.0 * np.pi, 40, endpoint=False)
    dent = rng.choice([0.0, 0.0, 0.22])
    path = np.stack([bow * np.cos(angle) - bow + 0.001, tall * np.sin(angle)], axis=1)
    path[:, 0] += dent * bow * np.exp(-((angle - np.pi) ** 2) / 0.12)
    bar = rng.uniform(0.0017, 0.0026)
    rings = ring_rings(path, np.full(40, bar), np.full(40, 0.9 * bar), points=10)
    ring = Chunk(Solid.of(closed_loft(rings), "head"), pieces=ring_pieces("head", rings, 12))
    stem = np.array([[0.8 * radius, -0.0015], [radius, 0.0], [radius, length - 0.001],
                     [0.7 * radius, length]])  # fmt: skip
    shaft = pin("shaft", stem, "x", (0.0, 0.0, 0.0), 0.0022)
    wide = rng.uniform(1.35, 1.7) * radius
    hoop = np.array([[radius, 0.002], [wide, 0.0035], [wide, 0.0055], [radius, 0.007]])
    collar = pin("collar", hoop, "x", (0.0, 0.0, 0.0), 0.002)
    bit_length, drop = rng.uniform(0.009, 0.015), rng.uniform(0.010, 0.017)
    at = length - rng.uniform(0.003, 0.008) - bit_length
    thick = rng.uniform(0.0018, 0.0026)
    section = outline(np.array([[at, -drop], [at + bit_length, -drop], [at + bit_length, 0.0],
                                [at, 0.0]]))  # fmt: skip
    pieces = []
    notch = rng.uniform(0.0014, 0.0022)
    cuts = [(0.5, 0.45)] if rng.random() < 0.5 else [(0.28, 0.4), (0.72, 0.55)]
    edges = [at]
    for share, depth in cuts:
        x = at + share * bit_length
        slot = rounded_rectangle(0.5 * notch, depth * drop, 0.1 * notch)
        section = section - outline(slot + [x, -drop])
        edges += [x - notch / 2, x + notch / 2]
    edges.append(at + bit_length)
    flat = _upright(plate(section, -0.5 * thick, 0.5 * thick, "tip", 0.0018))
    for low, high in itertools.pairwise(edges):
        slabbed = flat.manifold.trim_by_plane((1.0, 0.0, 0.0), low)
        slabbed = slabbed.trim_by_plane((-1.0, 0.0, 0.0), -high)
        pieces.append(hull("tip", np.asarray(slabbed.to_mesh64().vert_properties)[:, :3]))
    parts = {
        "head": [ring],
        "shaft": [Chunk(shaft)],
        "tip": [Chunk(flat, pieces=pieces)],
        "collar": [Chunk(collar)],
    }
    # Held where the ring is a bar: at its top.
    return parts, -bow + 0.001, float(path[:, 1].max()), 7300.0


def _car(rng: Generator):
    length, half = rng.uniform(0.036, 0.052), rng.uniform(0.0125, 0.0165)
    thick = rng.uniform(0.0090, 0.0125)
    shape = oval(0.5 * length, half, rng.uniform(2.6, 4.0), 0.003)
    hole = placed(slab("head", oval(0.0026, 0.0032, 2.0, 0.0015), -0.02, 0.02),
                  shift=(0.0055 - length, 0, 0))  # fmt: skip
    shell = slab("head", shape, -0.5 * thick, 0.5 * thick, 0.38 * thick, spacing=0.003)
    shell = placed(shell, shift=(0.001 - 0.5 * length, 0, 0)) - hole
    count = int(rng.integers(1, 4))
    keys = []
    for k in range(count):
        button = slab("button", oval(0.0042, 0.55 * half, 2.5, 0.0018), -0.002, 0.0009, 0.0004,
                      spacing=0.002)  # fmt: skip
        x = -0.22 * length - k * 0.0105
        keys.append(Chunk(_upright(placed(button, shift=(x, 0, 0.5 * thick)))))
    blade_length, blade_half = rng.uniform(0.034, 0.042), rng.uniform(0.0036, 0.0046)
    if rng.random() < 0.5:
        shaft, teeth = _cut_blade(rng, blade_length, blade_half, 0.0026)
    else:
        shaft, teeth = _plain_blade(rng, blade_length, blade_half, 0.0030)
    parts = {"head": [Chunk(_upright(shell))], "shaft": [shaft], "tip": [teeth], "button": keys}
    return parts, -0.5 * length, 0.0, 1900.0


def _plain_blade(rng: Generator, length: float, half: float, thick: float) -> tuple[Chunk, Chunk]:
    """A flat blade with dimples in its sides and a rounded end."""
    ends = np.array([
        [-0.004, -0.8 * half], [0.0, -half], [0.93 * length, -half], [length, -0.4 * half],
        [length, 0.4 * half], [0.93 * length, half], [0.0, half], [-0.004, 0.8 * half],
    ])  # fmt: skip
    closed = subdivide(np.concatenate([ends, ends[:1]]), 0.002)[:-1]
    split = 0.22 * length
    flat = plate(outline(closed), -0.5 * thick, 0.5 * thick, "shaft", 0.0018)
    shaft = flat.manifold.trim_by_plane((-1.0, 0.0, 0.0), -split - 0.0003)
    bit = flat.manifold.trim_by_plane((1.0, 0.0, 0.0), split).scale((1.0, 1.0, 1.03))
    tip = Solid.of(Solid(bit, {}).surface(), "tip")
    for k in range(5):
        for side in (-1, 1):
            dimple = slab("tip", oval(0.0013, 0.0013, 2.0, 0.0009), -0.0006, 0.0006)
            at = split + (0.14 + 0.19 * k) * (length - split)
            shift = (at, float(rng.choice([-0.4, 0.4])) * half, side * 0.515 * thick)
            tip = tip - placed(dimple, shift=shift)
    return (
        Chunk(_upright(Solid.of(Solid(shaft, {}).surface(), "shaft"))),
        Chunk(_upright(tip)),
    )


def _dimple(rng: Generator):
    thick = rng.uniform(0.0026, 0.0032)
    length = rng.uniform(0.023, 0.028)
    head = _flat_head(rng, length, 0.5 * length * rng.uniform(0.85, 1.05), thick)
    shaft, teeth = _plain_blade(
        rng, rng.uniform(0.028, 0.034), rng.uniform(0.0040, 0.0046), 0.9 * thick
    )
    return {"head": [head], "shaft": [shaft], "tip": [teeth]}, -0.45 * length, 0.0, 7500.0


_STYLES = {"cylinder": _cylinder, "bit": _bit, "car": _car, "dimple": _dimple}
