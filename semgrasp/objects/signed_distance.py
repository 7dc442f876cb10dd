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

    def __call__(
        self, points_object: Float[Tensor, "b n 3"], which: Tensor
    ) -> Float[Tensor, "b n"]:
        """Distance in [m] of each point in the grid its batch element (or it itself) names.

        Args:
            points_object: Points in the frame of their own grid, in [m].
            which: Index of the grid, shape (b,) or (b, n).
        """
        if which.ndim == 1:
            which = which[:, None].expand(points_object.shape[:2])
        return _Lookup.apply(points_object, which, self)

    def value_and_gradient(
        self, points_object: Float[Tensor, "b n 3"], which: Tensor
    ) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b n 3"]]:
        """Distance and its exact gradient, without building a graph."""
        if which.ndim == 1:
            which = which[:, None].expand(points_object.shape[:2])
        return _trilinear(self, points_object.detach(), which)


class _Lookup(torch.autograd.Function):
    """Trilinear interpolation whose gradient is computed along with the value."""

    @staticmethod
    def forward(ctx, points, which, stack):
        value, gradient = _trilinear(stack, points, which)
        ctx.save_for_backward(gradient)
        return value

    @staticmethod
    def backward(ctx, *upstream):
        (gradient,) = ctx.saved_tensors
        return upstream[0][..., None] * gradient, None, None


def _trilinear(stack: GridStack, points: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
    size = stack.sizes[which]
    spacing = stack.spacings[which].to(points.dtype)[..., None]
    position = (points - stack.origins[which].to(points.dtype)) / spacing
    top = (size - 1).to(points.dtype)
    clamped = torch.minimum(position.clamp(min=0), top)
    cell = torch.minimum(clamped.floor(), top - 1).long()
    t = clamped - cell
    nz = size[..., 2]
    nyz = size[..., 1] * nz
    base = stack.offsets[which] + cell[..., 0] * nyz + cell[..., 1] * nz + cell[..., 2]

    def corner(index: Tensor) -> Tensor:
        # Three times faster than indexing with a tensor of two axes.
        return stack.values.index_select(0, index.reshape(-1)).reshape(index.shape)

    c000, c001 = corner(base), corner(base + 1)
    c010, c011 = corner(base + nz), corner(base + nz + 1)
    base = base + nyz
    c100, c101 = corner(base), corner(base + 1)
    c110, c111 = corner(base + nz), corner(base + nz + 1)
    x, y, z = t.unbind(-1)
    d00, d01, d10, d11 = c001 - c000, c011 - c010, c101 - c100, c111 - c110
    e00, e01 = c000 + z * d00, c010 + z * d01
    e10, e11 = c100 + z * d10, c110 + z * d11
    f0, f1 = e00 + y * (e01 - e00), e10 + y * (e11 - e10)
    value = f0 + x * (f1 - f0)
    dz0, dz1 = d00 + y * (d01 - d00), d10 + y * (d11 - d10)
    dy0, dy1 = e01 - e00, e11 - e10
    gradient = torch.stack([f1 - f0, dy0 + x * (dy1 - dy0), dz0 + x * (dz1 - dz0)], -1) / spacing

    outside = (position - clamped) * spacing
    if outside.any():
        # Spelled out: reductions over three neighbours in memory are slow.
        ox, oy, oz = outside.unbind(-1)
        away = (ox * ox + oy * oy + oz * oz).sqrt()
        direction = outside / away.clamp(min=1e-12)[..., None]
        # Beyond the border the border's value is constant along the clamped axes.
        gradient = torch.where(outside != 0, torch.zeros_like(gradient), gradient) + direction
        value = value + away
    return value, gradient
