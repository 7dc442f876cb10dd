"""How an object is cut into the convex pieces that a simulator collides."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Decomposition:
    """Method and constants of a convex decomposition.

    V-HACD exists in two versions whose constants have no counterparts in each other: 2 inside
    PyBullet, which the published scripts call, and 4 in the package vhacdx.
    """

    method: Literal["cuts", "vhacd"] = "cuts"
    """Exact planar cuts (`semgrasp.simulation.exact_cuts`), or V-HACD."""
    max_pieces: int = 64
    """Pieces at most (cuts and version 4)."""
    thickening: float = 0.0003
    """Cuts: go on until the hulls add less than this to the surface on average, in [m], or the
    pieces run out. A cup of thin walls ends with 1 to 2 mm on its inside."""
    resolution: int = 100_000
    """Voxels over the object, of either version of V-HACD."""
    max_corners: int = 64
    """Corners of a piece at most, of either version of V-HACD."""
    volume_error: float = 1.0
    """Version 4: a piece is not cut further once its hull is larger by less than this, in percent
    of the object's volume."""
    concavity: float = 0.0025
    """Version 2: largest concavity, relative to the size of the object."""
    plane_downsampling: int = 4
    hull_downsampling: int = 4
    alpha: float = 0.05
    """Version 2: bias towards cuts along symmetry planes."""
    beta: float = 0.05
    """Version 2: bias towards cuts along axes of revolution."""
    min_volume_per_piece: float = 1e-4
    """Version 2: relative volume that adds corners to a piece."""
