"""Doughnuts: a ring that lies flat, iced on its upper side where it is iced."""

import numpy as np
from jaxtyping import Float, Int
from manifold3d import Manifold
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hull
from semgrasp.objects.procedural.surfaces import Surface

_AROUND = 72
_ACROSS = 26
_DENSITY = 480.0

_STYLES = {
    # Outer diameter in [mm], diameter of the hole and height relative to it, ridges, likelihood.
    "ring": ((76, 92), (0.20, 0.32), (0.32, 0.42), 0.22),
    "iced": ((76, 95), (0.18, 0.30), (0.34, 0.44), 0.38),
    "cruller": ((78, 96), (0.24, 0.34), (0.32, 0.40), 0.14),
    "old_fashioned": ((76, 92), (0.16, 0.26), (0.30, 0.38), 0.12),
    "mini": ((44, 58), (0.20, 0.30), (0.34, 0.44), 0.14),
}


def make_donut(rng: Generator) -> Draft:
    """A plain, iced, twisted (cruller), cracked (old-fashioned) or mini doughnut; some bitten.

    Typical retail sizes: 75 to 95 mm across, 25 to 38 mm high, hole 15 to 28 mm, 45 to 75 g;
    mini doughnuts 45 to 55 mm.
    """
    name = str(rng.choice(list(_STYLES), p=[style[-1] for style in _STYLES.values()]))
    outer, hole, tall = (rng.uniform(*pair) for pair in _STYLES[name][:3])
    outer *= 0.5e-3
    ring, half_width = 0.5 * outer * (1.0 + hole), 0.5 * outer * (1.0 - hole)
    half_height = min(outer * tall, 0.95 * half_width)
    is_iced = name == "iced" or (name in ("mini", "old_fashioned") and rng.random() < 0.5)
    turn = 2.0 * np.pi * np.arange(_AROUND) / _AROUND
    across = 2.0 * np.pi * np.arange(_ACROSS) / _ACROSS
    swell = _swell(rng, name, turn, across)
    # Doughnuts rest on a flattened side.
    flat = rng.uniform(0.80, 0.95)

    def rings_of(grown: Float[ndarray, "around across"]) -> Float[ndarray, "around across 3"]:
        s = np.sin(across) * half_height
        z = np.where(s < 0.0, flat * s, s)
        r = ring + half_width * np.cos(across) * grown
        return np.stack(
            [r * np.cos(turn)[:, None], r * np.sin(turn)[:, None],
             np.broadcast_to(z, r.shape) * grown], axis=-1
        )  # fmt: skip

    rings = rings_of(swell)
    dough = Solid.of(_torus(rings), "body")
    whole = dough
    parts = {"body": dough}
    attributes: dict[str, tuple[str, ...]] = {"body": ("held_by_hand",)}
    outermost = rings
    if is_iced:
        # The icing is a second, thicker ring that dives into the dough along a wavy line.
        edge = _wavy_edge(rng, turn)
        depth = rng.uniform(0.0014, 0.0024) / half_width
        level = np.sin(across)[None, :] - edge[:, None]
        icing_rings = rings_of(swell + depth * np.clip(4.0 * level, -1.0, 1.0))
        icing = Solid.of(_torus(icing_rings), "icing")
        outermost = np.where((level > 0.0)[..., None], icing_rings, rings)
        whole = dough + icing
        parts = {"body": dough, "icing": icing - dough}
        attributes["icing"] = ("cover_sth",)
    if rng.random() < 0.15:
        bite = _bite(rng, ring, half_width)
        whole = whole - bite
        parts = {part: solid - bite for part, solid in parts.items()}
    pieces = _pieces(outermost)
    # The bite is at +x: people hold the other side.
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=parts,
        sites=(
            # Thumb below, fingers above, as one eats it.
            grasp_site("side", "body", "pinch", (-ring, 0, 0), (0, 1, 0), (-1, 0, 0),
                       radius=half_height, half_length=0.006),
            # The fingertips from above around the ring, as one takes it out of its box.
            grasp_site("above", "body", "rim", (0, 0, 0), (0, 0, 1), (-1, 0, 0),
                       radius=ring + 0.8 * half_width, half_length=0.006),
            # The index finger through the hole.
            grasp_site("hole", "body", "hook", (-ring, 0, 0), (0, 1, 0), (-1, 0, 0),
                       radius=half_width, half_length=0.5 * (ring - half_width)),
        ),
        part_attributes=attributes,
        convex_pieces=pieces,
        mass_kg=_DENSITY * float(whole.manifold.volume()),
        edge=0.0095,
    )  # fmt: skip


def _swell(
    rng: Generator, name: str, turn: Float[ndarray, " a"], across: Float[ndarray, " b"]
) -> Float[ndarray, "a b"]:
    """Factor on the section's size: uneven dough, the ridges of a cruller, cracks."""
    p, q = rng.uniform(0.0, 2.0 * np.pi, size=2)
    uneven = rng.uniform(0.0, 0.05) * np.cos(2.0 * turn + p) + rng.uniform(0.0, 0.03) * np.cos(
        3.0 * turn + q
    )
    swell = 1.0 + np.repeat(uneven[:, None], len(across), axis=1)
    if name == "cruller":
        # Six points to each ridge.
        ridges = int(rng.integers(10, 13))
        twist = int(rng.integers(1, 3))
        wave = np.cos(ridges * turn[:, None] + twist * across[None, :])
        swell = swell - rng.uniform(0.10, 0.16) * (0.5 - 0.5 * wave)
    elif name == "old_fashioned":
        # A crack runs around the upper side.
        at = np.pi / 2 + 0.25 * np.cos(3.0 * turn + p) + 0.12 * np.cos(7.0 * turn + q)
        for offset in (-0.45, 0.55):
            gap = (across[None, :] - at[:, None] - offset) / 0.20
            swell = swell - rng.uniform(0.08, 0.13) * np.exp(-(gap**2))
    return swell


def _wavy_edge(rng: Generator, turn: Float[ndarray, " a"]) -> Float[ndarray, " a"]:
    """Sine of the angle across the section down to which the icing has run."""
    drips = int(rng.integers(5, 10))
    p, q = rng.uniform(0.0, 2.0 * np.pi, size=2)
    low = rng.uniform(-0.05, 0.20)
    return low + rng.uniform(0.06, 0.20) * np.cos(drips * turn + p) + 0.08 * np.cos(3.0 * turn + q)


def _torus(rings: Float[ndarray, "a b 3"]) -> Surface:
    """Rings joined to a closed loop."""
    around, across = rings.shape[:2]
    here: Int[ndarray, "a b"] = np.arange(around * across).reshape(around, across)
    ahead, beside = np.roll(here, -1, axis=0), np.roll(here, -1, axis=1)
    both = np.roll(ahead, -1, axis=1)
    faces = np.concatenate(
        [np.stack([here, ahead, both], -1), np.stack([here, both, beside], -1)]
    ).reshape(-1, 3)
    return rings.reshape(-1, 3), faces


def _bite(rng: Generator, ring: float, half_width: float) -> Solid:
    """Three round scoops at +x."""
    size = rng.uniform(0.62, 0.78) * half_width
    scoops = Manifold()
    spread = rng.uniform(0.22, 0.32)
    for angle in (-spread, 0.0, spread):
        column = Manifold.cylinder(0.2, size, circular_segments=40, center=True)
        r = ring + half_width - 0.35 * size
        scoops = scoops + column.translate((r * np.cos(angle), r * np.sin(angle), 0.0))
    return Solid.of(Solid(scoops, {}).surface(), "body")


def _pieces(rings: Float[ndarray, "a b 3"]) -> list[ConvexPiece]:
    """Hulls of sectors."""
    step = 4
    return [
        hull("body", np.take(rings, range(start, start + step + 1), axis=0, mode="wrap"))
        for start in range(0, len(rings), step)
    ]
