"""Stemmed glasses: base, stem and an open bowl."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.procedural_object import Draft, grasp_site
from semgrasp.objects.procedural.solids import Solid, hulls_along
from semgrasp.objects.procedural.surfaces import interpolate, revolve

_SPACING = 0.006

_STYLES = {
    # Bowl height, greatest radius and stem length in [mm]; rim radius, height of the greatest
    # radius, both relative.
    "red": ((90, 110), (40, 48), (70, 95), (0.68, 0.80), (0.38, 0.48)),
    "white": ((80, 100), (34, 40), (75, 100), (0.74, 0.88), (0.35, 0.48)),
    "flute": ((120, 145), (24, 29), (65, 90), (0.80, 0.95), (0.45, 0.65)),
    "goblet": ((75, 95), (36, 43), (55, 75), (0.92, 1.0), (0.70, 0.90)),
}


def make_wineglass(rng: Generator) -> Draft:
    """A glass for red wine, white wine or champagne, or a goblet, standing."""
    style = str(rng.choice(list(_STYLES)))
    bounds = _STYLES[style]
    bowl_height, radius, stem_length = (1e-3 * rng.uniform(*pair) for pair in bounds[:3])
    rim, widest = rng.uniform(*bounds[3]), rng.uniform(*bounds[4])
    wall = rng.uniform(0.0014, 0.0022)
    stem_radius = rng.uniform(0.0036, 0.0052)
    base_radius = rng.uniform(0.031, 0.039) - (0.003 if style == "flute" else 0.0)
    stem_from = rng.uniform(0.010, 0.015)
    bowl_from = stem_from + stem_length
    height = bowl_from + bowl_height

    heights, bowl = _bowl(rng, radius, rim, widest, stem_radius, bowl_from, bowl_height)
    foot = _foot(base_radius, stem_radius, stem_from)
    stem_z = np.linspace(stem_from, bowl_from, 16)[1:-1]
    waist = stem_radius * (1.0 - 0.15 * np.sin(np.pi * (stem_z - stem_from) / stem_length))
    outside = np.concatenate(
        [foot, np.stack([waist, stem_z], axis=1), np.stack([bowl, heights], axis=1)]
    )
    # The glass is thick where the bowl meets the stem.
    inner_from = bowl_from + rng.uniform(0.006, 0.010)
    inner_z = np.linspace(inner_from, height, 20)
    inner = np.interp(inner_z, heights, bowl) - wall
    inner *= interpolate((inner_z - inner_from) / bowl_height, [0.0, 0.12, 1.0], [0.35, 1.0, 1.0])
    inside = np.concatenate([np.stack([inner, inner_z], axis=1), [[inner[-1], height + 0.002]]])

    def part_at(centres: Float[ndarray, "F 3"]) -> ndarray:
        z = centres[:, 2]
        return np.where(z > bowl_from, "bowl", np.where(z > stem_from, "stem", "base"))

    outer = Solid.of(revolve(outside, _SPACING), part_at)
    glass = outer - Solid.of(revolve(inside, _SPACING), "bowl")
    stem = outer.above(stem_from).below(bowl_from)
    filled_bowl = outer.above(bowl_from)
    base = outer.below(stem_from)
    return Draft(
        whole=glass,
        filled=outer,
        part_solids={"bowl": glass.above(bowl_from), "stem": stem, "base": base},
        sites=(
            grasp_site("stem", "stem", "pinch", (0.0, 0.0, stem_from + 0.55 * stem_length),
                       (0, 0, 1), (-1, 0, 0),
                       radius=stem_radius, half_length=0.5 * stem_length - 0.022),
            grasp_site("bowl", "bowl", "wrap", (0.0, 0.0, bowl_from + 0.42 * bowl_height),
                       (0, 0, 1), (-1, 0, 0),
                       radius=0.94 * radius, half_length=0.12 * bowl_height),
            grasp_site("rim", "bowl", "rim", (0.0, 0.0, height), (0, 0, 1), (1, 0, 0),
                       radius=float(bowl[-1]) - 0.5 * wall, half_length=0.5 * wall),
            grasp_site("base", "base", "pinch", (-0.72 * base_radius, 0.0, 0.0025),
                       (0, -1, 0), (-1, 0, 0), radius=0.002, half_length=0.004),
        ),
        part_attributes={
            "bowl": ("contain_sth", "flow_in_sth", "flow_out_sth"),
            "stem": ("held_by_hand",),
            "base": ("no_function",),
        },
        convex_pieces=[
            *hulls_along("bowl", filled_bowl, 2, np.linspace(bowl_from, height, 8)),
            *hulls_along("stem", stem, 2, np.linspace(stem_from, bowl_from, 4)),
            *hulls_along("base", base, 2, [0.0, 0.0025, 0.5 * (0.0025 + stem_from), stem_from]),
        ],
        mass_kg=rng.uniform(0.10, 0.22),
    )  # fmt: skip


def _bowl(
    rng: Generator,
    radius: float,
    rim: float,
    widest: float,
    stem_radius: float,
    low: float,
    height: float,
) -> tuple[Float[ndarray, " n"], Float[ndarray, " n"]]:
    """Heights and outer radii of the bowl, from the stem to the rim."""
    t = np.linspace(0.0, 1.0, 22)
    power = rng.uniform(1.8, 2.6)
    # A superellipse up to the greatest radius, then a cosine towards the rim.
    lower = (1.0 - np.clip(1.0 - t / widest, 0.0, 1.0) ** power) ** (1.0 / power)
    over = np.clip((t - widest) / max(1.0 - widest, 1e-6), 0.0, 1.0)
    upper = rim + (1.0 - rim) * np.cos(0.5 * np.pi * over) ** 1.0
    relative = np.where(t < widest, lower, upper)
    return low + height * t, stem_radius + (radius - stem_radius) * relative


def _foot(radius: float, stem_radius: float, stem_from: float) -> Float[ndarray, "n 2"]:
    """A thin disc that sweeps up into the stem."""
    t = np.linspace(0.0, 1.0, 9)[1:]
    sweep = stem_radius + (0.94 * radius - stem_radius) * (1.0 - t) ** 1.6
    rise = 0.0026 + (stem_from - 0.0026) * t**2.2
    return np.concatenate(
        [
            [[radius - 0.001, 0.0], [radius, 0.0009], [radius - 0.0005, 0.0018]],
            np.stack([sweep, rise], axis=1),
        ]
    )
