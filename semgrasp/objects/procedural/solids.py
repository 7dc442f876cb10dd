"""Closed solids whose triangles remember their part through unions and cuts."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import manifold3d
import numpy as np
from jaxtyping import Float, Int
from manifold3d import Manifold
from numpy import ndarray

from semgrasp.objects.procedural.surfaces import Surface

ConvexPiece = tuple[str, Float[ndarray, "_ 3"]]
"""Part name and corner points of a convex hull."""

PartsAlong = Callable[[Float[ndarray, "F 3"]], ndarray]
"""Part name of each triangle from the triangles' centres."""


@dataclass(frozen=True, eq=False)
class Solid:
    """A closed volume; `+` unites, `-` cuts, and faces keep the part they were made with."""

    manifold: Manifold
    parts: dict[int, str]
    """Part name for each original mesh id inside the manifold."""

    @staticmethod
    def of(surface: Surface, part: str | PartsAlong) -> "Solid":
        """A solid of one part, or of several told apart by the centre of each triangle."""
        vertices, faces = surface
        if callable(part):
            face_parts = np.asarray(part(vertices[faces].mean(axis=1)))
        else:
            face_parts = np.full(len(faces), part)
        names, index = np.unique(face_parts, return_inverse=True)
        order = np.argsort(index, kind="stable")
        first_id = Manifold.reserve_ids(len(names))
        run_ends = np.bincount(index, minlength=len(names)).cumsum()
        mesh = manifold3d.Mesh64(
            np.array(vertices, dtype=np.float64, order="C"),
            np.array(faces[order], dtype=np.uint64, order="C"),
            run_index=np.concatenate([[0], 3 * run_ends]).astype(np.uint64),
            run_original_id=np.arange(first_id, first_id + len(names), dtype=np.uint32),
            # A face id per triangle stops the kernel from merging coplanar neighbours, so the
            # triangles stay as even as they were made.
            face_id=np.arange(len(faces), dtype=np.uint64),
        )
        manifold = Manifold(mesh)
        assert manifold.status() == manifold3d.Error.NoError, manifold.status()
        return Solid(manifold, {first_id + i: str(name) for i, name in enumerate(names)})

    def __add__(self, other: "Solid") -> "Solid":
        return Solid(self.manifold + other.manifold, self.parts | other.parts)

    def __sub__(self, other: "Solid") -> "Solid":
        return Solid(self.manifold - other.manifold, self.parts | other.parts)

    def below(self, height: float) -> "Solid":
        """What lies under a horizontal plane."""
        return Solid(self.manifold.trim_by_plane((0.0, 0.0, -1.0), -height), self.parts)

    def above(self, height: float) -> "Solid":
        """What lies over a horizontal plane."""
        return Solid(self.manifold.trim_by_plane((0.0, 0.0, 1.0), height), self.parts)

    def refined(self, edge: float) -> "Solid":
        """Edges longer than `edge` split, slivers shorter than a tenth of a millimetre removed."""
        return Solid(self.manifold.simplify(1e-4).refine_to_length(edge), self.parts)

    def surface(self) -> Surface:
        """Vertices and faces, without the part labels."""
        mesh = self.manifold.to_mesh64()
        return np.array(mesh.vert_properties)[:, :3], np.array(mesh.tri_verts).astype(np.int64)

    def labelled(
        self,
    ) -> tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"], ndarray]:
        """Vertices, faces and the part name of each face."""
        mesh = self.manifold.to_mesh64()
        vertices, faces = self.surface()
        runs = np.diff(np.asarray(mesh.run_index).astype(np.int64)) // 3
        names = [self.parts[int(original)] for original in mesh.run_original_id]
        return vertices, faces, np.repeat(np.array(names), runs)


def prism(outline_xz: Float[ndarray, "n 2"], y_from: float, y_to: float, part: str) -> Solid:
    """The outline in the x-z plane, pulled along y."""
    section = manifold3d.CrossSection([outline_xz.tolist()], manifold3d.FillRule.NonZero)
    # Extrusion runs along z; turning z to -y makes the section's second axis point up.
    standing = section.extrude(y_to - y_from).rotate((90.0, 0.0, 0.0)).translate((0.0, y_to, 0.0))
    return Solid.of(Solid(standing, {}).surface(), part)


def hull(part: str, points: Float[ndarray, "... 3"]) -> ConvexPiece:
    """The corners of the convex hull of the points."""
    flat: Any = points.reshape(-1, 3)
    corners = Manifold.hull_points(flat).to_mesh64().vert_properties
    return part, np.asarray(corners)[:, :3].astype(np.float64)


def hulls_along(
    part: str, solid: Solid, axis: int, cuts: list[float] | Float[ndarray, " n"]
) -> list[ConvexPiece]:
    """Convex hulls of the slabs between consecutive cuts across an axis."""
    normal = [float(k == axis) for k in range(3)]
    opposite = [-value for value in normal]
    pieces = []
    for low, high in itertools.pairwise(cuts):
        slab = solid.manifold.trim_by_plane(normal, float(low))
        slab = slab.trim_by_plane(opposite, -float(high))
        if not slab.is_empty():
            pieces.append(hull(part, np.asarray(slab.to_mesh64().vert_properties)[:, :3]))
    return pieces


def hulls_of_rings(
    part: str, rings: Float[ndarray, "rings points 3"], count: int
) -> list[ConvexPiece]:
    """Convex hulls of `count` consecutive stretches of a bent bar."""
    ends = np.linspace(0, len(rings) - 1, count + 1).round().astype(int)
    return [hull(part, rings[i : j + 1]) for i, j in itertools.pairwise(ends)]
