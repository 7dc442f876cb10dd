"""Eggs: lying along x, the pointed end at +x."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_along
from semgrasp.objects.procedural.surfaces import loft, rings_along_x, superellipse

_STYLES = {
    # Length and width in [mm], shift of the greatest width relative to the length, likelihood.
    "hen": ((52, 62), (40.5, 46.5), (0.02, 0.06), 0.48),
    "round": ((48, 55), (43, 47), (0.00, 0.02), 0.10),
    "pointed": ((56, 66), (40, 45), (0.07, 0.11), 0.14),
    "quail": ((31, 36), (25, 28), (0.03, 0.06), 0.10),
    "duck": ((62, 72), (44, 50), (0.02, 0.05), 0.12),
    "goose": ((78, 90), (52, 60), (0.02, 0.06), 0.06),
}
_DENSITY = 1050.0


def make_egg(rng: Generator) -> Draft:
    """An egg of a hen, quail, duck or goose, after Huegelschaeffer's curve.

    Hen's eggs of the classes S to XL (Regulation (EC) No 589/2008: below 53 g to above 73 g) are
    50 to 66 mm long; quail's 33 x 26 mm and 12 g, duck's 65 x 46 mm, goose's 85 x 58 mm. The
    curve: Narushin, Romanov and Griffin, "Egg and math" (Ann. N. Y. Acad. Sci. 2021), eq. 1.
    """
    name = str(rng.choice(list(_STYLES), p=[style[3] for style in _STYLES.values()]))
    lengths, widths, shifts, _ = _STYLES[name]
    length, width = 1e-3 * rng.uniform(*lengths), 1e-3 * rng.uniform(*widths)
    shift = rng.uniform(*shifts) * length
    half = 0.5 * length
    spacing = 0.075 * width
    # Stations crowd at the ends, where the curve bends most.
    x = -half * np.cos(np.linspace(0.09, np.pi - 0.09, round(1.45 * length / spacing)))
    radius = _radius(x, length, width, shift)
    points = round(np.pi * width / spacing)
    # No egg is perfectly round.
    oval = rng.uniform(0.985, 1.0)
    middle = np.zeros_like(x)
    rings = rings_along_x(x, radius, oval * radius, middle, superellipse(2.0, points))
    tip_from, base_to = (float(x[np.argmin(np.abs(x - at * length))]) for at in (0.27, -0.30))

    def part_at(centres: Float[ndarray, "F 3"]) -> ndarray:
        x = centres[:, 0]
        return np.where(x > tip_from, "tip", np.where(x < base_to, "base", "body"))

    egg = Solid.of(loft(rings), part_at)
    sides = {"base": (-1.0, base_to), "body": (base_to, tip_from), "tip": (tip_from, 1.0)}
    parts = {}
    for part in ("body", "tip", "base"):
        low, high = sides[part]
        slab = egg.manifold.trim_by_plane((1.0, 0.0, 0.0), low)
        parts[part] = Solid(slab.trim_by_plane((-1.0, 0.0, 0.0), -high), egg.parts)
    widest = float(x[np.argmax(radius)])
    tip_x = 0.33 * length
    tip_radius = float(_radius(np.array([tip_x]), length, width, shift)[0])
    base_radius = float(_radius(np.array([-0.36 * length]), length, width, shift)[0])
    return Draft(
        whole=egg,
        filled=egg,
        part_solids=parts,
        sites=(
            # In the palm, fingers around the middle.
            grasp_site("body", "body", "wrap", (widest, 0, 0), (1, 0, 0), (0, -1, 0),
                       radius=0.5 * width, half_length=0.05 * length),
            # From above, thumb and fingers on the two long sides.
            grasp_site("above", "body", "head", (widest, 0, 0), (0, 0, 1), (1, 0, 0),
                       radius=0.5 * width, half_length=0.008),
            # Fingertips around one end, as an egg is put into a cup or a carton.
            grasp_site("tip", "tip", "head", (tip_x, 0, 0), (1, 0, 0), (0, 0, 1),
                       radius=tip_radius, half_length=0.004),
            grasp_site("base", "base", "head", (-0.36 * length, 0, 0), (-1, 0, 0), (0, 0, 1),
                       radius=base_radius, half_length=0.004),
        ),
        part_attributes={
            "body": ("contain_sth", "held_by_hand"),
            "tip": ("no_function",),
            "base": ("no_function",),
        },
        convex_pieces=[
            *hulls_along("base", egg, 0, [-1.0, base_to]),
            *hulls_along("body", egg, 0, [base_to, tip_from]),
            *hulls_along("tip", egg, 0, [tip_from, 1.0]),
        ],
        mass_kg=_DENSITY * float(egg.manifold.volume()),
        edge=1.55 * spacing,
    )  # fmt: skip


def _radius(
    x: Float[ndarray, " n"], length: float, width: float, shift: float
) -> Float[ndarray, " n"]:
    """Half the width at a place along the egg, which is widest at x = -shift."""
    return (
        0.5
        * width
        * np.sqrt(
            np.clip(length**2 - 4.0 * x**2, 0.0, None)
            / (length**2 + 8.0 * shift * x + 4.0 * shift**2)
        )
    )
