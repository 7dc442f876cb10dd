"""Open vessels: a turned outside, a wall of even thickness, and the convex pieces of both."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.objects.procedural.solids import ConvexPiece, PartsAlong, Solid, hull
from semgrasp.objects.procedural.surfaces import revolve

Section = Callable[[Float[ndarray, " n"]], Float[ndarray, " n"]]
"""Factor on the radius as a function of the angle about +z in [rad]."""


@dataclass(frozen=True, eq=False)
class Vessel:
    """A vessel open at the top, standing on z = 0 around the z axis."""

    outside: Float[ndarray, "n 2"]
    """Radius and height of the outer side in [m], upwards."""
    inside: Float[ndarray, "m 2"]
    """Radius and height of the cavity in [m], from its floor to the rim."""
    outer: Solid
    """The vessel without its cavity."""
    cavity: Solid
    """What the vessel can hold, reaching a little above the rim."""
    section: Section

    @property
    def shell(self) -> Solid:
        """The vessel itself."""
        return self.outer - self.cavity

    def widened(self, reach: float, spacing: float) -> Solid:
        """The shell with its outer side moved outwards by `reach`, in [m]."""
        moved = self.outside + [reach, 0.0]
        return turned(moved, spacing, "rim", self.section) - self.cavity

    def pieces(self, storeys: list[tuple[str, float, float]], sectors: int) -> list[ConvexPiece]:
        """The floor as the first storey's part, and each storey's wall in sectors."""
        floor_z = float(self.inside[0, 1])
        floor = self.outside[self.outside[:, 1] < floor_z]
        edge = np.interp(floor_z, self.outside[:, 1], self.outside[:, 0])
        floor = np.concatenate([floor, [[edge, floor_z]]])
        pieces = [hull(storeys[0][0], self._around(floor, np.linspace(0.0, 2.0 * np.pi, 48)))]
        for start in 2.0 * np.pi * np.arange(sectors) / sectors:
            angles = start + np.linspace(0.0, 2.0 * np.pi / sectors, 4)
            for part, low, high in storeys:
                z = np.linspace(max(low, floor_z), high, 4)
                both = [
                    np.stack([np.interp(z, side[:, 1], side[:, 0]), z], axis=1)
                    for side in (self.outside, self.inside)
                ]
                pieces.append(hull(part, self._around(np.concatenate(both), angles)))
        return pieces

    def _around(
        self, profile_rz: Float[ndarray, "n 2"], angles: Float[ndarray, " m"]
    ) -> Float[ndarray, "k 3"]:
        r = profile_rz[:, :1] * self.section(angles)
        z = np.broadcast_to(profile_rz[:, 1:], r.shape)
        return np.stack([r * np.cos(angles), r * np.sin(angles), z], axis=-1).reshape(-1, 3)


def open_vessel(
    outside: Float[ndarray, "n 2"],
    wall: float,
    floor_z: float,
    spacing: float,
    part: str | PartsAlong,
    section: Section | None = None,
    borders: tuple[float, ...] = (),
    bead: Float[ndarray, "k 2"] | None = None,
) -> Vessel:
    """A vessel from the profile of its outside.

    Args:
        outside: Radius and height in [m], from z = 0 to the rim; the heights increase.
        wall: Thickness across the wall in [m].
        floor_z: Where the cavity begins, in [m].
        spacing: Edge length aimed at, in [m].
        borders: Heights at which parts meet, in [m]; edges run along them.
        bead: Profile of a rolled rim that replaces the outside from its first height upwards and
            leaves the cavity as it is.
    """
    outside = with_heights(outside, borders)
    section = section or round_section
    r, z = outside.T
    height = float(z[-1])
    # Across a sloping wall the same thickness takes more of the radius.
    across = wall * np.sqrt(1.0 + np.gradient(r, z) ** 2)
    heights = np.concatenate([[floor_z], z[z > floor_z + 0.001]])
    radius = np.maximum(np.interp(heights, z, r - across), 0.002)
    corner = min(0.003, 0.2 * float(radius[0]))
    inside = np.stack([radius, heights], axis=1)
    inside = np.concatenate([[[radius[0] - corner, floor_z]], inside[1:]])
    if bead is not None:
        outside = np.concatenate([outside[z < bead[0, 1]], bead])
    opening = np.concatenate([inside, [[inside[-1, 0], height + 0.001]]])
    return Vessel(
        outside,
        inside,
        turned(outside, spacing, part, section),
        turned(opening, spacing, part, section),
        section,
    )


def with_heights(
    profile_rz: Float[ndarray, "n 2"], heights: tuple[float, ...]
) -> Float[ndarray, "m 2"]:
    """The profile with points at given heights, in place of points that are too near to them."""
    r, z = profile_rz.T
    inner = [h for h in heights if z[0] < h < z[-1]]
    keep = np.array([min((abs(h - v) for h in inner), default=1.0) > 4e-4 for v in z])
    keep[[0, -1]] = True
    z_all = np.sort(np.concatenate([z[keep], inner]))
    return np.stack([np.interp(z_all, z, r), z_all], axis=1)


def turned(
    profile_rz: Float[ndarray, "n 2"],
    spacing: float,
    part: str | PartsAlong,
    section: Section | None = None,
) -> Solid:
    """The solid of a profile turned about +z, with any cross-section."""
    vertices, faces = revolve(profile_rz, spacing)
    if section is not None:
        factor = section(np.arctan2(vertices[:, 1], vertices[:, 0]))
        vertices = vertices * np.stack([factor, factor, np.ones_like(factor)], axis=1)
    return Solid.of((vertices, faces), part)


def round_section(angle: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
    """A circle."""
    return np.ones_like(angle)


def squared_section(exponent: float) -> Section:
    """A superellipse |x|^e + |y|^e = 1; 2 is a circle, 4 a rounded square."""
    return lambda angle: (
        (np.abs(np.cos(angle)) ** exponent + np.abs(np.sin(angle)) ** exponent) ** (-1.0 / exponent)
    )


def faceted_section(sides: int, depth: float) -> Section:
    """A polygon inside the unit circle (depth 1), or something between it and the circle."""

    def factor(angle: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        half = np.pi / sides
        flat = np.cos(half) / np.cos(np.mod(angle, 2.0 * half) - half)
        return 1.0 + depth * (flat - 1.0)

    return factor


def fluted_section(count: int, depth: float) -> Section:
    """Ribs around a circle; `depth` is their relative height."""
    return lambda angle: 1.0 - depth * (0.5 + 0.5 * np.cos(count * angle))
