"""Signed distance to a closed surface: exact by libigl, and a torch grid for optimisation loops.

Distances are metres, negative inside.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from semgrasp.types import ObjectShape

_COARSE = 4
"""Cells of the fine grid per cell of the coarse one."""


def signed_distance(shape: ObjectShape, points_object: Float[Tensor, "n 3"]) -> Float[Tensor, " n"]:
    """Exact signed distance of points to the surface of an object, by libigl.

    The sign comes from the angle-weighted pseudonormal (Baerentzen and Aanaes, 2005) of a closed
    surface, and from the winding number (Barill et al., 2018) of an open one.
    """
    distance = _exact(
        points_object.double().numpy(force=True),
        shape.vertices_object,
        shape.faces,
        is_closed=shape.is_watertight,
    )
    return torch.from_numpy(distance).to(points_object)


def _exact(
    points: ndarray, vertices: ndarray, faces: ndarray, *, is_closed: bool = True
) -> ndarray:
    import igl

    kind = igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL
    if not is_closed:
        kind = igl.SIGNED_DISTANCE_TYPE_FAST_WINDING_NUMBER
    return np.asarray(
        igl.signed_distance(
            np.ascontiguousarray(points, dtype=np.float64),
            np.ascontiguousarray(vertices, dtype=np.float64),
            np.ascontiguousarray(faces, dtype=np.int64),
            sign_type=kind,
        )[0]
    )


@dataclass(frozen=True, eq=False)
class SignedDistanceGrid:
    """Signed distance sampled on a regular grid, looked up by trilinear interpolation."""

    values: Float[Tensor, "nx ny nz"]
    """Distance at the grid points in [m]."""
    origin: Float[Tensor, "3"]
    """Position of the first grid point in [m]."""
    spacing: float
    """Distance between grid points in [m]."""

    @staticmethod
    def build(
        vertices: Float[ndarray, "V 3"],
        faces: Int[ndarray, "F 3"],
        spacing: float = 0.002,
        padding: float = 0.03,
        band: float = 0.012,
        is_closed: bool = True,
    ) -> "SignedDistanceGrid":
        """Sample the distance: exactly within `band` of the surface, from a coarser grid beyond.

        Args:
            spacing: Distance between grid points in [m].
            padding: Margin around the bounding box in [m].
            band: Half-width in [m] of the shell in which every grid point is exact.
            is_closed: False takes the sign from the winding number.
        """
        low = vertices.min(axis=0) - padding
        high = vertices.max(axis=0) + padding
        coarse_spacing = spacing * _COARSE
        cells = np.maximum(np.ceil((high - low) / coarse_spacing).astype(int), 1)
        coarse_axes = [low[i] + coarse_spacing * np.arange(cells[i] + 1) for i in range(3)]
        coarse_points = np.stack(np.meshgrid(*coarse_axes, indexing="ij"), -1).reshape(-1, 3)
        coarse = _exact(coarse_points, vertices, faces, is_closed=is_closed).reshape(cells + 1)

        fine = torch.nn.functional.interpolate(
            torch.from_numpy(coarse)[None, None],
            size=tuple((cells * _COARSE + 1).tolist()),
            mode="trilinear",
            align_corners=True,
        )[0, 0]
        # Distance is 1-Lipschitz, so a point whose interpolated value exceeds the band by this
        # much cannot lie inside it.
        near = (fine.abs() < band + 0.5 * coarse_spacing).numpy()
        index = np.argwhere(near)
        fine_values = fine.numpy()
        fine_values[near] = _exact(low + spacing * index, vertices, faces, is_closed=is_closed)
        return SignedDistanceGrid(
            torch.from_numpy(fine_values).float(), torch.from_numpy(low).float(), spacing
        )

    def __call__(self, points_object: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b"]:
        """Distance at points; beyond the grid, that of its border plus the way to it."""
        flat = points_object.reshape(1, -1, 3)
        which = torch.zeros(1, dtype=torch.long, device=flat.device)
        return GridStack.of([self])(flat, which).reshape(points_object.shape[:-1])

    def normal(self, points_object: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b 3"]:
        """Unit gradient of the distance: the outward direction of the nearest surface."""
        with torch.enable_grad():
            points = points_object.detach().requires_grad_(True)
            (gradient,) = torch.autograd.grad(self(points).sum(), points)
        return torch.nn.functional.normalize(gradient, dim=-1)


@dataclass(frozen=True, eq=False)
class GridStack:
    """Many grids in one tensor, so that each element of a batch looks up its own."""

    values: Float[Tensor, " total"]
    offsets: Int[Tensor, " grids"]
    sizes: Int[Tensor, "grids 3"]
    origins: Float[Tensor, "grids 3"]
    spacings: Float[Tensor, " grids"]

    @staticmethod
    def of(grids: list[SignedDistanceGrid]) -> "GridStack":
        """Stack grids; `which` in a look-up counts in this order."""
        if not grids:
            raise ValueError("A stack of distance grids needs at least one grid.")
        counts = torch.tensor([0] + [grid.values.numel() for grid in grids[:-1]])
        device = grids[0].values.device
        return GridStack(
            torch.cat([grid.values.reshape(-1) for grid in grids]),
            counts.cumsum(0).to(device),
            torch.tensor([list(grid.values.shape) for grid in grids], device=device),
            torch.stack([grid.origin for grid in grids]),
            torch.tensor([grid.spacing for grid in grids], device=device),
        )

    def to(self, device: torch.device | str) -> "GridStack":
        """The same grids on another device."""
        return GridStack(**{name: tensor.to(device) for name, tensor in vars(self).items()})

    def at(self, which: Int[Tensor, "b m"]) -> "BoundGrids":
        """The grids that points will ask again and again; m is 1 or the number of points."""
        size = self.sizes[which]
        top = size.to(self.origins.dtype) - 1.0
        row = size[..., 2].int()
        return BoundGrids(
            self.values,
            self.offsets[which].int(),
            (size[..., 1] * size[..., 2]).int(),
            row,
            self.origins[which].movedim(-1, 0).contiguous(),
            top.movedim(-1, 0).contiguous(),
            self.spacings[which],
        )

    def __call__(
        self, points_object: Float[Tensor, "b n 3"], which: Tensor
    ) -> Float[Tensor, "b n"]:
        """Distance in [m] of each point in the grid its batch element (or it itself) names.

        Args:
            points_object: Points in the frame of their own grid, in [m].
            which: Index of the grid, shape (b,) or (b, n).
        """
        return self.at(which[:, None] if which.ndim == 1 else which)(points_object)

    def value_and_gradient(
        self, points_object: Float[Tensor, "b n 3"], which: Tensor
    ) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b n 3"]]:
        """Distance and its exact gradient, without building a graph."""
        grids = self.at(which[:, None] if which.ndim == 1 else which)
        return _trilinear(grids, points_object.detach())


@dataclass(frozen=True, eq=False)
class BoundGrids:
    """For each point of a batch, the grid it is looked up in: found once, used many times.

    Coordinates come first, so that every operation runs along contiguous memory.
    """

    values: Float[Tensor, " total"]
    offset: Int[Tensor, "b m"]
    plane: Int[Tensor, "b m"]
    """Grid points per step along x."""
    row: Int[Tensor, "b m"]
    """Grid points per step along y."""
    origin: Float[Tensor, "3 b m"]
    top: Float[Tensor, "3 b m"]
    """Index of the last grid point."""
    spacing: Float[Tensor, "b m"]

    def __call__(self, points_object: Float[Tensor, "b n 3"]) -> Float[Tensor, "b n"]:
        """Distance in [m], as `GridStack` gives it."""
        return _Lookup.apply(points_object, self)


class _Lookup(torch.autograd.Function):
    """Trilinear interpolation whose gradient is computed along with the value."""

    @staticmethod
    def forward(ctx, points, grids):
        value, gradient = _trilinear(grids, points)
        ctx.save_for_backward(gradient)
        return value

    @staticmethod
    def backward(ctx, *upstream):
        (gradient,) = ctx.saved_tensors
        return upstream[0][..., None] * gradient, None


def _trilinear(grids: BoundGrids, points: Tensor) -> tuple[Tensor, Tensor]:
    inverse = 1.0 / grids.spacing
    cells, shares, beyond = [], [], []
    for p, origin, top in zip(points.unbind(-1), grids.origin, grids.top, strict=True):
        position = (p - origin) * inverse
        clamped = torch.minimum(position.clamp(min=0.0), top)
        cell = torch.minimum(clamped.floor(), top - 1.0)
        cells.append(cell.int())
        shares.append(clamped - cell)
        beyond.append(position - clamped)
    x, y, z = shares
    base = grids.offset + cells[0] * grids.plane + cells[1] * grids.row + cells[2]

    def corner(index: Tensor) -> Tensor:
        # Three times faster than indexing with a tensor of two axes.
        return grids.values.index_select(0, index.reshape(-1)).reshape(index.shape)

    c000, c001 = corner(base), corner(base + 1)
    base_y = base + grids.row
    c010, c011 = corner(base_y), corner(base_y + 1)
    base = base + grids.plane
    c100, c101 = corner(base), corner(base + 1)
    base_y = base + grids.row
    c110, c111 = corner(base_y), corner(base_y + 1)
    d00, d01, d10, d11 = c001 - c000, c011 - c010, c101 - c100, c111 - c110
    e00, e01 = torch.addcmul(c000, z, d00), torch.addcmul(c010, z, d01)
    e10, e11 = torch.addcmul(c100, z, d10), torch.addcmul(c110, z, d11)
    dy0, dy1 = e01 - e00, e11 - e10
    f0, f1 = torch.addcmul(e00, y, dy0), torch.addcmul(e10, y, dy1)
    dx = f1 - f0
    value = torch.addcmul(f0, x, dx)
    dz0, dz1 = torch.addcmul(d00, y, d01 - d00), torch.addcmul(d10, y, d11 - d10)
    slopes = (dx, torch.addcmul(dy0, x, dy1 - dy0), torch.addcmul(dz0, x, dz1 - dz0))
    gradient = [slope * inverse for slope in slopes]

    ox, oy, oz = beyond
    squared = ox * ox + oy * oy + oz * oz
    if squared.any():
        # Beyond the border the border's value is constant along the clamped axes.
        away = squared.sqrt()
        unit = 1.0 / away.clamp(min=1e-12)
        gradient = [
            torch.where(o != 0, torch.zeros_like(g), g) + o * unit
            for g, o in zip(gradient, beyond, strict=True)
        ]
        value = value + away * grids.spacing
    # Of the same layout as points from skinning: coordinates first in memory.
    return value, torch.stack(gradient, -2).mT
