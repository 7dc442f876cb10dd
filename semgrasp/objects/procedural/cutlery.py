"""What spoons, forks and spatulas share: a slender handle towards -x that rises to its end."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from semgrasp.objects.procedural.surfaces import interpolate, smooth_curve, sweep_rings


def handle_rings(
    rng: Generator,
    style: str,
    length: float,
    neck: tuple[float, float],
    end_width: float,
    rise: float,
    *,
    neck_z: float = 0.0,
    spacing: float = 0.005,
) -> tuple[Float[ndarray, "n points 3"], Float[ndarray, "n 2"]]:
    """Rings and middle line of a handle from x = 0 back to -length.

    Args:
        neck: Half width and half thickness at x = 0 in [m].
        end_width: Half width of the broadest place in [m].
        rise: How much higher the end lies than the neck in [m].
    """
    bow = rng.uniform(0.2, 0.5)
    controls = np.array([
        [0.0, neck_z],
        [-0.18 * length, neck_z + (0.25 + 0.35 * bow) * rise],
        [-0.55 * length, neck_z + (0.65 + 0.25 * bow) * rise],
        [-length, neck_z + rise],
    ])  # fmt: skip
    path = smooth_curve(controls, spacing)
    # More rings where the end is rounded.
    rest = np.linalg.norm(np.diff(path, axis=0), axis=1)[::-1].cumsum()[::-1]
    rest = np.append(rest, 0.0)
    crowded = end_width * np.array([1.0, 0.75, 0.5, 0.28, 0.12, 0.03, 0.0])
    at = np.concatenate([rest[rest > crowded[0] + 0.3 * spacing], crowded])
    path = np.stack([np.interp(-at, -rest, path[:, k]) for k in (0, 1)], axis=1)
    along = 1.0 - at / rest[0]
    round_off = np.sqrt(1.0 - 0.96 * np.clip(1.0 - at / end_width, 0.0, 1.0) ** 2)
    half_width, half_thickness = neck
    knots = [0.0, 0.15, 0.40, 0.75, 0.93, 1.0]
    waist = rng.uniform(0.75, 0.95)
    widths = {
        "flat": [1.0, 0.0, 0.35, 0.8, 1.0, 1.0],
        "fiddle": [1.0, 0.0, 0.05, 0.75, 1.0, 0.9],
        "rod": [1.0, 0.3, 0.6, 0.9, 1.0, 1.0],
        "wooden": [1.0, 0.6, 0.75, 1.0, 1.0, 0.95],
    }[style]
    width = [half_width * waist + w * (end_width - half_width * waist) for w in widths]
    width[0] = half_width
    thin = {
        "flat": [1.0, 1.0, 0.85, 0.7, 0.65, 0.6],
        "fiddle": [1.0, 1.05, 0.9, 0.7, 0.6, 0.55],
    }
    if style in ("rod", "wooden"):
        end_thickness = end_width * rng.uniform(0.75, 1.0)
        mix = [0.0, 0.4, 0.6, 1.0, 1.0, 1.0]
        thick_m = [half_thickness + m * (end_thickness - half_thickness) for m in mix]
        thickness = interpolate(along, knots, thick_m) * round_off
    else:
        thickness = interpolate(along, knots, [half_thickness * t for t in thin[style]])
        thickness *= 0.5 + 0.5 * round_off
    rings = sweep_rings(
        path,
        thickness,
        interpolate(along, knots, width) * round_off,
        exponent=2.0 if style in ("rod", "wooden") else 2.8,
        points=14,
    )
    return rings, path


def grip_place(
    rings: Float[ndarray, "n points 3"], path: Float[ndarray, "n 2"], share: float
) -> tuple[tuple[float, float, float], tuple[float, float, float], float, float]:
    """Centre, axis towards the neck, half width and half thickness at a share of the handle."""
    middle = round(share * (len(path) - 1))
    axis = path[middle - 1] - path[middle + 1]
    ring = rings[middle]
    across = np.hypot(ring[:, 0] - path[middle, 0], ring[:, 2] - path[middle, 1]).max()
    return (
        (float(path[middle, 0]), 0.0, float(path[middle, 1])),
        (float(axis[0]), 0.0, float(axis[1])),
        float(ring[:, 1].max()),
        float(across),
    )


def levels_of_middle(section: Float[ndarray, "points 3"]) -> tuple[float, float]:
    """Lowest and highest z in [m] of a sheet's cross-section in the plane y = 0."""
    near = np.argsort(np.abs(section[:, 1]), kind="stable")[:2]
    low, high = np.sort(section[near, 2])
    return float(low), float(high)


def mass(style: str, shape: str, head_volume: float, handle_volume: float) -> float:
    """Mass in [kg] of all wood, of steel with a grip of plastic, or of all steel."""
    if style == "wooden":
        return 700.0 * (head_volume + handle_volume)
    return 7000.0 * head_volume + (1300.0 if shape == "wooden" else 6500.0) * handle_volume
