"""Fill what would hold water, so that no hand reaches through the wall of a cup.

A wall is thinner than a finger: pushed to the nearest surface, a fingertip in the wall may end on
the wrong side. With the cavity filled there is only one side.
"""

import numpy as np
import torch
from numpy import ndarray

from semgrasp.objects import SignedDistanceGrid


def filled(grid: SignedDistanceGrid) -> SignedDistanceGrid:
    """The distance to the object with its upright cavities filled to the brim.

    Where nothing holds water the grid stays as it is. Inside, distances are true to the spacing.
    """
    from scipy.ndimage import binary_dilation, distance_transform_edt

    values = grid.values.numpy()
    thickened = values < 0.5 * grid.spacing
    water = _water(thickened)
    if not water.any():
        return grid
    # Water wets the wall: back to where it was before thickening.
    wet = np.asarray(binary_dilation(water), dtype=bool)
    inside = (values < 0.0) | water | (wet & thickened)
    # The way to the nearest grid point outside, less what lies beyond the surface.
    nearest = np.zeros((3, *inside.shape), dtype=np.int32)
    steps = distance_transform_edt(inside, return_indices=True, indices=nearest)
    beyond = values[tuple(nearest)].clip(0.0, grid.spacing)
    depth = np.asarray(steps) * grid.spacing - beyond
    deepened = np.where(inside, np.minimum(values, -depth), values)
    return SignedDistanceGrid(torch.from_numpy(deepened).float(), grid.origin, grid.spacing)


def _water(solid: ndarray) -> ndarray:
    """Cells that stay wet after rain: walled in at their height, on solid ground or on water.

    Args:
        solid: Occupied cells, thickened so that thin walls have no leaks; the last axis is up.
    """
    from scipy.ndimage import binary_fill_holes

    water = np.zeros_like(solid)
    for level in range(1, solid.shape[2]):
        enclosed = binary_fill_holes(solid[:, :, level]) & ~solid[:, :, level]
        ground = solid[:, :, level - 1] | water[:, :, level - 1]
        water[:, :, level] = _pools(enclosed, ground)
    return water


def _pools(enclosed: ndarray, ground: ndarray) -> ndarray:
    """The connected pieces of a level that have no hole in their floor."""
    from scipy.ndimage import label

    pieces = np.zeros(enclosed.shape, dtype=np.int32)
    label(enclosed, output=pieces)
    leaking = np.unique(pieces[enclosed & ~ground])
    return enclosed & ~np.isin(pieces, leaking)
