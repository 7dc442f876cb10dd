"""Bananas: lying on the side, bent within the x-y plane, the stem towards -x."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hulls_of_rings
from semgrasp.objects.procedural.surfaces import interpolate, loft, sweep_rings

_SPACING = 0.0042
_DENSITY = 960.0

_STYLES = {
    # Length along the curve and thickness in [mm], bend from end to end in [rad], likelihood.
    "long": ((175, 215), (33, 39), (1.0, 1.6), 0.40),
    "bent": ((165, 205), (33, 38), (1.7, 2.3), 0.20),
    "straight": ((165, 200), (33, 38), (0.35, 0.7), 0.12),
    "baby": ((88, 125), (25, 31), (0.5, 1.1), 0.14),
    "plantain": ((215, 265), (42, 50), (0.7, 1.2), 0.14),
}


def make_banana(rng: Generator) -> Draft:
    """A dessert banana, a baby banana or a plantain, whole or half peeled.

    Sizes: at least 140 mm long and 27 mm thick (UNECE/Codex STAN 205-1997, Regulation (EU) No
    1333/2011), usually 180 to 210 x 35 mm and 120 to 180 g; baby bananas about 100 x 28 mm,
    plantains up to 300 x 50 mm.
    """
    name = str(rng.choice(list(_STYLES), p=[style[-1] for style in _STYLES.values()]))
    length, thickness, bend = (rng.uniform(*pair) for pair in _STYLES[name][:3])
    length, half = 1e-3 * length, 0.5e-3 * thickness
    is_peeled = rng.random() < 0.2 and name != "plantain"
    along = np.linspace(0.0, 1.0, round(length / _SPACING) + 1)
    path = _path(length, bend, along, uneven=rng.uniform(-0.3, 0.6))
    stem_to, tip_from = rng.uniform(0.11, 0.17), rng.uniform(0.955, 0.970)
    stem = rng.uniform(0.19, 0.26) * (1.0 if name != "baby" else 1.15)
    size = half * interpolate(
        along,
        [0.0, 0.02, stem_to - 0.03, stem_to + 0.09, 0.45, 0.78, 0.92, tip_from, 1.0],
        [1.25 * stem, 1.05 * stem, stem, 0.80, 1.0, 0.97, 0.60, 0.24, 0.18],
    )
    # Ripe bananas keep five soft ridges, plantains sharp ones.
    ridge = rng.uniform(0.02, 0.05) if name != "plantain" else rng.uniform(0.05, 0.08)
    rings = _lying(_ridged(path, size, ridge, along, float(rng.uniform(0.0, 2.0 * np.pi))))
    # Edges run along the borders of the parts.
    first = int(np.searchsorted(along, stem_to - 0.02))
    last = min(int(np.searchsorted(along, tip_from)), len(along) - 2)
    parts: dict[str, Solid] = {}
    pieces: list[ConvexPiece]
    if is_peeled:
        parts, pieces, whole = _peeled(rng, path, size, rings, first, half)
    else:
        whole = _cut(rings, first, last, "tip")
        stretches = {"stem": (0, first), "body": (first, last), "tip": (last, len(rings) - 1)}
        parts = {part: Solid.of(loft(rings[a : b + 1]), part) for part, (a, b) in stretches.items()}
        pieces = [
            *hulls_of_rings("stem", rings[: first + 1], 2),
            *hulls_of_rings("body", rings[first : last + 1], 8),
            *hulls_of_rings("tip", rings[last:], 1),
        ]

    def site_at(index: int) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        centre = rings[index].mean(axis=0)
        ahead = rings[index + 1].mean(axis=0) - rings[index - 1].mean(axis=0)
        return tuple(map(float, centre)), tuple(map(float, ahead))  # type: ignore[return-value]

    attributes: dict[str, tuple[str, ...]] = {
        "stem": ("held_by_hand", "pulled_by_hand"),
        "body": ("held_by_hand",),
        "tip": ("no_function",),
        "peel": ("cover_sth", "pulled_by_hand"),
    }
    count = len(rings)
    middle = round((0.34 if is_peeled else 0.52) * count)
    body_at, body_axis = site_at(middle)
    stem_at, stem_axis = site_at(max(1, first // 2))
    stem_size = float(size[max(1, first // 2)])
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=parts,
        sites=(
            # The palm comes from the outside of the bend.
            grasp_site("body", "body", "bar", body_at, body_axis, (0, 1, 0),
                       radius=float(size[middle]), half_length=0.10 * length),
            # The fingertips from above, as one picks it up from the table.
            grasp_site("above", "body", "head", body_at, (0, 0, 1), body_axis,
                       radius=float(size[middle]), half_length=0.010),
            grasp_site("stem", "stem", "pinch", stem_at, stem_axis, (0, 0, 1),
                       radius=stem_size, half_length=0.25 * stem_to * length),
        ),
        part_attributes={part: attributes[part] for part in parts},
        convex_pieces=pieces,
        mass_kg=_DENSITY * float(whole.manifold.volume()),
        edge=0.0092,
    )  # fmt: skip


def _path(
    length: float, bend: float, along: Float[ndarray, " n"], *, uneven: float
) -> Float[ndarray, "n 2"]:
    """The middle line: an arc that bends more towards the tip or the stem, open to +z."""
    heading = bend * (along - 0.5 + 0.5 * uneven * (along - 0.5) * np.abs(along - 0.5) * 2.0)
    step = length / (len(along) - 1)
    middle = 0.5 * (heading[1:] + heading[:-1])
    moves = step * np.stack([np.cos(middle), np.sin(middle)], axis=1)
    return np.concatenate([[[0.0, 0.0]], moves.cumsum(axis=0)])


def _ridged(
    path: Float[ndarray, "n 2"],
    size: Float[ndarray, " n"],
    ridge: float,
    along: Float[ndarray, " n"],
    phase: float,
) -> Float[ndarray, "n points 3"]:
    """Rings across the path with five ridges that fade at both ends."""
    rings = sweep_rings(path, size, size, points=24)
    middle = rings.mean(axis=1, keepdims=True)
    angle = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    strength = ridge * interpolate(along, [0.0, 0.2, 0.85, 1.0], [0.4, 1.0, 1.0, 0.2])
    swell = 1.0 + strength[:, None] * np.cos(5.0 * angle + phase)
    return middle + (rings - middle) * swell[..., None]


def _lying(rings: Float[ndarray, "n points 3"]) -> Float[ndarray, "n points 3"]:
    """From the x-z plane into the x-y plane."""
    return rings @ np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]).T


def _cut(rings: Float[ndarray, "n points 3"], first: int, last: int, end: str) -> Solid:
    """One solid that is stem up to a ring, body up to another, and then the part `end`."""
    points = rings.shape[1]
    vertices, faces = loft(rings)
    # Points are numbered ring by ring; those of the two ends come after the last ring.
    ring_of = np.minimum(np.arange(len(vertices)) // points, len(rings))
    at = ring_of[faces]
    lowest = np.where(at < len(rings), at, len(rings)).min(axis=1)
    in_disc = at.max(axis=1) == len(rings)
    near_start = np.linalg.norm(vertices[faces].mean(axis=1) - rings[0].mean(axis=0), axis=1)
    is_first = in_disc & (near_start < 3.0 * np.ptp(rings[0], axis=0).max())
    lowest = np.where(is_first, 0, np.where(in_disc, len(rings), lowest))
    names = np.where(lowest < first, "stem", np.where(lowest < last, "body", end))
    return Solid.of((vertices, faces), lambda _: names)


def _peeled(
    rng: Generator,
    path: Float[ndarray, "n 2"],
    size: Float[ndarray, " n"],
    rings: Float[ndarray, "n points 3"],
    first: int,
    half: float,
) -> tuple[dict[str, Solid], list[ConvexPiece], Solid]:
    """Peel up to the middle, bare fruit beyond it, and flaps of peel that hang back."""
    count = len(rings)
    border = round(rng.uniform(0.46, 0.58) * count)
    end = round(0.95 * count)
    centres = rings.mean(axis=1, keepdims=True)
    bare = np.clip(np.arange(count) - border, 0, 3)[:, None, None] / 3.0
    fruit_rings = (centres + (rings - centres) * (0.93 - 0.07 * bare))[border - 2 : end + 1]
    # The bare end is blunt.
    fruit_rings[-1] = centres[end] + (fruit_rings[-1] - centres[end]) * 0.75
    fruit = Solid.of(loft(fruit_rings), "tip")
    stem = Solid.of(loft(rings[: first + 1]), "stem")
    peel = Solid.of(loft(rings[first : border + 1]), "body")
    whole = _cut(rings[: border + 1], first, border, "body") + fruit
    pieces: list[ConvexPiece] = [
        *hulls_of_rings("stem", rings[: first + 1], 2),
        *hulls_of_rings("body", rings[first : border + 1], 5),
        *hulls_of_rings("tip", fruit_rings[2:], 5),
    ]
    flaps: Solid | None = None
    ahead = centres[border, 0] - centres[border - 1, 0]
    ahead /= np.linalg.norm(ahead)
    up = np.array([0.0, 0.0, 1.0])
    side = np.cross(up, ahead)
    count_flaps = int(rng.integers(3, 5))
    turn = rng.uniform(0.0, 2.0 * np.pi)
    for k in range(count_flaps):
        angle = turn + 2.0 * np.pi * k / count_flaps
        out = np.cos(angle) * side + np.sin(angle) * up
        flap_rings = _flap(rng, half, float(size[border]))
        frame = np.stack([out, np.cross(ahead, out), ahead])
        placed = centres[border, 0] + flap_rings @ frame
        flap = Solid.of(loft(placed), "peel")
        flaps = flap if flaps is None else flaps + flap
        pieces += hulls_of_rings("peel", placed, 7)
    assert flaps is not None
    whole = whole + flaps
    parts = {"stem": stem, "body": peel, "tip": fruit - peel, "peel": flaps - peel - fruit}
    return parts, pieces, whole


def _flap(rng: Generator, half: float, radius: float) -> Float[ndarray, "n points 3"]:
    """A strip that rises from the border, curls outwards and hangs back; z is along the fruit."""
    length = rng.uniform(2.4, 3.4) * half
    along = np.linspace(0.0, 1.0, 16)
    # Heading from straight ahead to backwards.
    heading = 0.15 + rng.uniform(2.3, 2.9) * np.clip(along / 0.55, 0.0, 1.0) ** 0.8
    moves = length / 15 * np.stack([np.sin(heading), np.cos(heading)], axis=1)
    path = np.concatenate([[[0.0, 0.0]], moves[1:].cumsum(axis=0)])
    # The root lies within the peel.
    path += [0.93 * radius - 0.0022, -0.006]
    width = radius * interpolate(along, [0.0, 0.6, 1.0], [0.62, 0.48, 0.10])
    return sweep_rings(path, np.full(16, 0.0014), width, exponent=2.6, points=12)
