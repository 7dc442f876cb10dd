"""How an object is cut into the convex pieces that a simulator collides."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Decomposition:
    """Constants of a convex decomposition.

    MuJoCo gets exact planar cuts (`semgrasp.simulation.exact_cuts`) under every rule: V-HACD 4
    (vhacdx 0.1.1) leaves a plain box hollow, whatever its fill mode. PyBullet gets the V-HACD 2
    that is part of it, as the published scripts do, unless pieces are passed.
    """

    max_pieces: int = 64
    """Cuts: pieces at most."""
    thickening: float = 0.0003
    """Cuts: go on until the hulls add less than this to the surface on average, in [m], or the
    pieces run out. A cup of thin walls ends with 1 to 2 mm on its inside."""
    resolution: int = 100_000
    """V-HACD: voxels over the object."""
    concavity: float = 0.0025
    """V-HACD: largest concavity, relative to the size of the object."""
    plane_downsampling: int = 4
    hull_downsampling: int = 4
    alpha: float = 0.05
    """V-HACD: bias towards cuts along symmetry planes."""
    beta: float = 0.05
    """V-HACD: bias towards cuts along axes of revolution."""
    max_corners: int = 64
    """V-HACD: corners of a piece at most."""
    min_volume_per_piece: float = 1e-4
    """V-HACD: relative volume that adds corners to a piece."""
