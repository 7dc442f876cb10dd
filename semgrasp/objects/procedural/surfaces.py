"""Closed surfaces as arrays: lofts, revolves and sweeps with evenly sized triangles.

All lengths are in [m]. A surface is a stack of rings (closed curves with the same number of
points), joined ring to ring and closed by a flat disc at both ends.
"""

import itertools
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.interpolate import CubicSpline, PchipInterpolator

Surface = tuple[Float[ndarray, "_ 3"], Int[ndarray, "_ 3"]]
"""Vertices in [m] and counter-clockwise faces."""


def loft(rings: Float[ndarray, "rings points 3"]) -> Surface:
    """Join rings in order and close both ends; the triangles face outwards."""
    count, points = rings.shape[:2]
    vertices = rings.reshape(-1, 3)
    here = np.arange((count - 1) * points).reshape(count - 1, points)
    a, b = here, np.roll(here, -1, axis=1)
    c, d = a + points, b + points
    # Alternating the diagonals keeps a coarse tube from looking twisted.
    flip = (np.add.outer(np.arange(count - 1), np.arange(points)) % 2 == 0)[..., None]
    first = np.where(flip, np.stack([a, b, d], -1), np.stack([a, b, c], -1))
    second = np.where(flip, np.stack([a, d, c], -1), np.stack([b, d, c], -1))
    side = np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)])
    bottom_points, bottom = _disc(rings[0], np.arange(points), len(vertices))
    top_ring = np.arange(points) + (count - 1) * points
    top_points, top = _disc(rings[-1], top_ring, len(vertices) + len(bottom_points))
    vertices = np.concatenate([vertices, bottom_points, top_points])
    faces = np.concatenate([side, bottom[:, ::-1], top])
    return (vertices, faces) if _volume(vertices, faces) > 0 else (vertices, faces[:, ::-1].copy())


def revolve(
    profile_rz: Float[ndarray, "n 2"],
    spacing: float,
    *,
    flatten: Callable[[Float[ndarray, " m"]], Float[ndarray, " m"]] | None = None,
) -> Surface:
    """Turn a profile of (radius, height) about +z; every given height stays an edge.

    Args:
        spacing: Edge length aimed at.
        flatten: Factor on y as a function of height, for oval cross-sections.
    """
    profile_rz = subdivide(profile_rz, spacing)
    radius, height = profile_rz.T
    angle = circle_angles(radius.max(), spacing)
    rings = np.empty((len(radius), len(angle), 3))
    rings[..., 0] = radius[:, None] * np.cos(angle)
    rings[..., 1] = radius[:, None] * np.sin(angle)
    rings[..., 2] = height[:, None]
    if flatten is not None:
        rings[..., 1] *= flatten(height)[:, None]
    return loft(rings)


def sweep(
    path_xz: Float[ndarray, "n 2"],
    half_thickness: Float[ndarray, " n"],
    half_width: Float[ndarray, " n"],
    *,
    exponent: float = 2.0,
    points: int = 14,
) -> Surface:
    """Carry a superellipse along a path in the x-z plane; see `sweep_rings`."""
    return loft(sweep_rings(path_xz, half_thickness, half_width, exponent=exponent, points=points))


def sweep_rings(
    path_xz: Float[ndarray, "n 2"],
    half_thickness: Float[ndarray, " n"],
    half_width: Float[ndarray, " n"],
    *,
    exponent: float = 2.0,
    points: int = 14,
) -> Float[ndarray, "n points 3"]:
    """Rings across a path in the x-z plane.

    Args:
        half_thickness: Extent across the path within the plane.
        half_width: Extent along y.
    """
    tangent = np.gradient(path_xz, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    section = superellipse(exponent, points)
    rings = np.empty((len(path_xz), points, 3))
    in_plane = half_thickness[:, None, None] * section[None, :, :1] * normal[:, None, :]
    rings[..., 0] = path_xz[:, None, 0] + in_plane[..., 0]
    rings[..., 2] = path_xz[:, None, 1] + in_plane[..., 1]
    rings[..., 1] = half_width[:, None] * section[None, :, 1]
    return rings


def rings_along_x(
    x: Float[ndarray, " n"],
    half_width: Float[ndarray, " n"],
    half_height: Float[ndarray, " n"],
    middle_z: Float[ndarray, " n"],
    section: Float[ndarray, "points 2"],
) -> Float[ndarray, "n points 3"]:
    """Upright rings across the x axis: the unit section scaled in y and z at each x."""
    rings = np.empty((len(x), len(section), 3))
    rings[..., 0] = x[:, None]
    rings[..., 1] = half_width[:, None] * section[:, 0]
    rings[..., 2] = middle_z[:, None] + half_height[:, None] * section[:, 1]
    return rings


def superellipse(exponent: float, points: int) -> Float[ndarray, "points 2"]:
    """Evenly spaced points on |x|^e + |y|^e = 1: 2 is a circle, 4 a rounded square."""
    angle = np.linspace(0.0, 2.0 * np.pi, 361)
    c, s = np.cos(angle), np.sin(angle)
    curve = np.stack([np.sign(v) * np.abs(v) ** (2.0 / exponent) for v in (c, s)], axis=1)
    length = np.concatenate([[0.0], np.linalg.norm(np.diff(curve, axis=0), axis=1).cumsum()])
    at = np.linspace(0.0, length[-1], points, endpoint=False)
    return np.stack([np.interp(at, length, curve[:, k]) for k in (0, 1)], axis=1)


def subdivide(polyline: Float[ndarray, "n k"], spacing: float) -> Float[ndarray, "m k"]:
    """Split long segments; all given points stay."""
    pieces = [polyline[:1]]
    for start, end in itertools.pairwise(polyline):
        steps = max(1, round(float(np.linalg.norm(end - start)) / spacing))
        pieces.append(start + (end - start) * np.arange(1, steps + 1)[:, None] / steps)
    return np.concatenate(pieces)


def smooth_curve(controls: Float[ndarray, "n k"], spacing: float) -> Float[ndarray, "m k"]:
    """A smooth curve through control points, with evenly spaced points."""
    chord = np.concatenate([[0.0], np.linalg.norm(np.diff(controls, axis=0), axis=1).cumsum()])
    fine = CubicSpline(chord, controls)(np.linspace(0.0, chord[-1], 200))
    length = np.concatenate([[0.0], np.linalg.norm(np.diff(fine, axis=0), axis=1).cumsum()])
    at = np.linspace(0.0, length[-1], max(3, round(length[-1] / spacing) + 1))
    return np.stack([np.interp(at, length, fine[:, k]) for k in range(fine.shape[1])], axis=1)


def interpolate(
    at: Float[ndarray, " n"], knots: list[float], values: list[float]
) -> Float[ndarray, " n"]:
    """Smooth interpolation that never overshoots its knots."""
    return PchipInterpolator(knots, values)(np.clip(at, knots[0], knots[-1]))


def fillet(radius: float, height: float, size: float, *, top: bool) -> Float[ndarray, "4 2"]:
    """Rounded edge of a revolved profile, ordered upwards, at the given outer radius and height."""
    angle = np.linspace(0.0, np.pi / 2, 4)
    if top:
        return np.stack(
            [radius - size + size * np.cos(angle), height - size + size * np.sin(angle)], axis=1
        )
    return np.stack(
        [radius - size + size * np.sin(angle), height + size - size * np.cos(angle)], axis=1
    )


def circle_angles(radius: float, spacing: float) -> Float[ndarray, " n"]:
    """Angles in [rad] that divide a circle into edges of about `spacing`."""
    count = max(12, 4 * round(2.0 * np.pi * radius / spacing / 4.0))
    return np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)


def _disc(
    ring: Float[ndarray, "n 3"], ring_ids: Int[ndarray, " n"], next_id: int
) -> tuple[Float[ndarray, "m 3"], Int[ndarray, "f 3"]]:
    """New points and faces that fill a ring with ever fewer triangles towards its centre."""
    centre = ring.mean(axis=0)
    radius = float(np.linalg.norm(ring - centre, axis=1).mean())
    edge = float(np.linalg.norm(ring - np.roll(ring, -1, axis=0), axis=1).mean())
    steps = max(1, round(radius / max(edge, 1e-9)))
    new_points, faces = [], []
    ids, points = ring_ids, ring
    for step in range(1, steps):
        scale = 1.0 - step / steps
        halve = len(ids) % 2 == 0 and len(ids) >= 12 and scale * len(ring) < 0.7 * len(ids)
        source = points[::2] if halve else points
        shrunk = centre + (source - centre) * (1.0 - step / steps) / (1.0 - (step - 1) / steps)
        inner = np.arange(len(shrunk)) + next_id
        next_id += len(shrunk)
        following, inner_next = np.roll(ids, -1), np.roll(inner, -1)
        if halve:
            even, odd, after = ids[::2], ids[1::2], np.roll(ids[::2], -1)
            faces += [
                np.stack([even, odd, inner], 1),
                np.stack([odd, inner_next, inner], 1),
                np.stack([odd, after, inner_next], 1),
            ]
        else:
            faces += [
                np.stack([ids, following, inner_next], 1),
                np.stack([ids, inner_next, inner], 1),
            ]
        new_points.append(shrunk)
        ids, points = inner, shrunk
    new_points.append(centre[None])
    faces.append(np.stack([ids, np.roll(ids, -1), np.full_like(ids, next_id)], axis=1))
    return np.concatenate(new_points), np.concatenate(faces)


def _volume(vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"]) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6.0)
