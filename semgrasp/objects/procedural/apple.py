"""Apples: the stem upwards."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from manifold3d import Manifold
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import ConvexPiece, Solid, hull, hulls_along, hulls_of_rings
from semgrasp.objects.procedural.surfaces import (
    Surface,
    interpolate,
    loft,
    smooth_curve,
    sweep_rings,
)

_SPACING = 0.0050
_DENSITY = 830.0

_STYLES = {
    # Width in [mm], height relative to it, height of the widest place, slimness of the lower
    # end, strength of the five ribs; likelihood.
    "round": ((65, 84), (0.84, 0.95), (0.50, 0.56), (0.00, 0.14), (0.000, 0.012), 0.40),
    "flat": ((70, 90), (0.72, 0.82), (0.48, 0.54), (0.00, 0.08), (0.000, 0.010), 0.18),
    "conic": ((64, 80), (0.95, 1.10), (0.58, 0.65), (0.16, 0.32), (0.025, 0.045), 0.22),
    "ribbed": ((72, 88), (0.88, 0.98), (0.54, 0.60), (0.12, 0.24), (0.025, 0.045), 0.12),
    "small": ((42, 56), (0.88, 1.00), (0.50, 0.56), (0.00, 0.12), (0.000, 0.015), 0.08),
}


def make_apple(rng: Generator) -> Draft:
    """A round, flat, conic, ribbed or small apple with its stem; some have a leaf or are bitten.

    Sizes of the trade: 60 to 90 mm across the equator and 90 to 350 g (UNECE standard FFV-50;
    Regulation (EU) No 543/2011), small snack apples from 45 mm; stems 10 to 30 mm. Forms after the
    fruit shapes of the UPOV descriptors for apple (TG/14/9): flat, globose, conic, ribbed.
    """
    name = str(rng.choice(list(_STYLES), p=[style[-1] for style in _STYLES.values()]))
    width, tall, widest, slim, ribs = (rng.uniform(*pair) for pair in _STYLES[name][:5])
    radius = 0.5e-3 * width
    height = 2.0 * radius * tall
    profile = _profile(rng, radius, height, widest, slim)
    flesh = Solid.of(_body(rng, profile, ribs, radius, height), "body")
    dimple_z = float(profile[-1, 1])
    stem_rings = _stem_rings(rng, dimple_z, height, _SPACING)
    stem = Solid.of(loft(stem_rings), "stem")
    middle_z = widest * height
    whole = flesh
    pieces: list[ConvexPiece] = [
        *hulls_along("body", flesh, 2, np.linspace(0.0, height, 4)),
        *hulls_of_rings("stem", stem_rings, 3),
    ]
    parts = {"body": flesh}
    attributes: dict[str, tuple[str, ...]] = {"body": ("held_by_hand",), "stem": ("held_by_hand",)}
    if rng.random() < 0.15:
        bite = _bite(rng, radius, middle_z)
        whole = flesh - bite
        parts["body"] = whole
    if rng.random() < 0.25:
        leaf, leaf_piece = _leaf(rng, stem_rings)
        whole = whole + leaf
        parts["leaf"], attributes["leaf"] = leaf, ("no_function",)
        pieces.append(leaf_piece)
    whole = whole + stem
    parts["stem"] = stem - flesh
    # The free end, above the dimple.
    ring = stem_rings[len(stem_rings) * 3 // 4]
    above = stem_rings[-1].mean(axis=0) - stem_rings[len(stem_rings) // 2].mean(axis=0)
    stem_radius = float(np.linalg.norm(ring - ring.mean(axis=0), axis=1).mean())
    x, y, z = (float(v) for v in ring.mean(axis=0))
    return Draft(
        whole=whole,
        filled=whole,
        part_solids=parts,
        sites=(
            grasp_site("body", "body", "wrap", (0, 0, middle_z), (0, 0, 1), (0, -1, 0),
                       radius=radius, half_length=0.10 * height),
            # From above around the equator, the stem in the hollow of the hand.
            grasp_site("above", "body", "rim", (0, 0, middle_z), (0, 0, 1), (1, 0, 0),
                       radius=radius, half_length=0.008),
            # Resting on the palm.
            grasp_site("below", "body", "rim", (0, 0, 0.45 * height), (0, 0, -1), (1, 0, 0),
                       radius=0.96 * radius, half_length=0.008),
            grasp_site("stem", "stem", "pinch", (x, y, z),
                       (float(above[0]), float(above[1]), float(above[2])), (0, -1, 0),
                       radius=stem_radius, half_length=0.003),
        ),
        part_attributes=attributes,
        convex_pieces=pieces,
        mass_kg=_DENSITY * float(whole.manifold.volume()),
        edge=0.0085,
    )  # fmt: skip


def _profile(
    rng: Generator, radius: float, height: float, widest: float, slim: float
) -> Float[ndarray, "n 2"]:
    """Radius against height from the middle of the lower hollow, outside, to the upper one."""
    hollow = rng.uniform(0.10, 0.17) * height
    calyx = rng.uniform(0.04, 0.08) * height
    low = 1.0 - slim
    controls = np.array(
        [
            [0.02, calyx],
            [0.16 * low, 0.35 * calyx],
            [0.36 * low, 0.0],
            [0.68 * low + 0.04 * slim, 0.09 * height],
            [0.90 - 0.30 * slim, 0.28 * height],
            [1.0, widest * height],
            [0.93, (0.5 * widest + 0.5 * 0.90) * height],
            [0.62, 0.965 * height],
            [0.42, height],
            [0.22, height - 0.30 * hollow],
            [0.10, height - 0.75 * hollow],
            [0.02, height - hollow],
        ]
    ) * [radius, 1.0]
    return smooth_curve(controls, 0.8 * _SPACING)


def _body(
    rng: Generator, profile: Float[ndarray, "n 2"], ribs: float, radius: float, height: float
) -> Surface:
    """The turned profile with five ribs, strongest at the ends, and a slight lean."""
    count = 4 * round(2.0 * np.pi * radius / _SPACING / 4.0)
    angle = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    phase, lobes = rng.uniform(0.0, 2.0 * np.pi), _uneven(rng)
    along = np.clip(profile[:, 1] / height, 0.0, 1.0)
    strength = ribs * (0.35 + 1.3 * (2.0 * along - 1.0) ** 2) + 0.004
    swell = 1.0 + strength[:, None] * np.cos(5.0 * (angle + phase)) + lobes(angle)
    lean = rng.uniform(-0.05, 0.05, size=2)
    rings = np.empty((len(profile), count, 3))
    rings[..., 0] = profile[:, :1] * swell * np.cos(angle) + lean[0] * (profile[:, 1:] - height / 2)
    rings[..., 1] = profile[:, :1] * swell * np.sin(angle) + lean[1] * (profile[:, 1:] - height / 2)
    # The five bumps around the lower hollow of ribbed apples.
    bumps = 1.1 * ribs * radius * np.clip(1.0 - along / 0.25, 0.0, 1.0) ** 2
    rings[..., 2] = profile[:, 1:] - bumps[:, None] * (np.cos(5.0 * (angle + phase)) - 1.0)
    return loft(rings)


def _uneven(rng: Generator) -> Callable[[Float[ndarray, " n"]], Float[ndarray, " n"]]:
    """No apple is round: a little of the second and third harmonic."""
    a, b = rng.uniform(0.0, 0.018), rng.uniform(0.0, 0.008)
    p, q = rng.uniform(0.0, 2.0 * np.pi, size=2)
    return lambda angle: a * np.cos(2.0 * angle + p) + b * np.cos(3.0 * angle + q)


def _stem_rings(
    rng: Generator, dimple_z: float, height: float, spacing: float
) -> Float[ndarray, "n points 3"]:
    """A woody stem that leans out of the hollow, thicker where it broke off the twig."""
    out = rng.uniform(0.007, 0.022)
    lean = rng.uniform(0.15, 0.7) * (height - dimple_z + out)
    top = height + out
    controls = np.array(
        [[0.0, dimple_z - 0.004], [0.12 * lean, dimple_z + 0.45 * (top - dimple_z)], [lean, top]]
    )
    path = smooth_curve(controls, 0.0028)
    along = np.linspace(0.0, 1.0, len(path))
    size = rng.uniform(0.0014, 0.0021) * interpolate(along, [0.0, 0.5, 0.85, 1.0],
                                                     [1.1, 0.9, 1.15, 1.5])  # fmt: skip
    rings = sweep_rings(path, size, size, points=10)
    turn = rng.uniform(0.0, 2.0 * np.pi)
    c, s = np.cos(turn), np.sin(turn)
    return rings @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def _leaf(rng: Generator, stem_rings: Float[ndarray, "n points 3"]) -> tuple[Solid, ConvexPiece]:
    """A pointed oval leaf that grows from the stem and droops."""
    start = stem_rings[len(stem_rings) * 2 // 3].mean(axis=0)
    length, width = rng.uniform(0.030, 0.048), rng.uniform(0.0075, 0.0115)
    along = np.linspace(0.0, 1.0, 14)
    reach = length * along
    rise = length * (0.30 * along - rng.uniform(0.25, 0.5) * along**2)
    half_width = 0.0009 + width * np.sin(np.pi * along**0.8) ** 0.9
    thick = np.full_like(along, 0.0009)
    rings = sweep_rings(np.stack([reach, rise], axis=1), thick, half_width, exponent=2.4, points=14)
    turn = rng.uniform(0.0, 2.0 * np.pi)
    c, s = np.cos(turn), np.sin(turn)
    rings = rings @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]]) + start
    return Solid.of(loft(rings), "leaf"), hull("leaf", rings)


def _bite(rng: Generator, radius: float, middle_z: float) -> Solid:
    """What teeth took out at +x: three round scoops side by side."""
    scoops = Manifold()
    size = rng.uniform(0.36, 0.44) * radius
    for angle in (-0.42, 0.0, 0.42):
        r = radius - rng.uniform(0.0, 0.10) * radius
        scoop = Manifold.sphere(size, 40).scale((1.0, 1.0, 1.35))
        scoops = scoops + scoop.translate(
            (r * np.cos(angle), r * np.sin(angle), middle_z + 0.04 * radius)
        )
    return Solid.of(Solid(scoops, {}).surface(), "body")
