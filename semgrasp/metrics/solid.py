"""One object prepared once and asked many times: distances, volumes and voxels of a solid."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.metrics.closing import check_mesh, closed_faces
from semgrasp.metrics.overlap import to_manifold, to_mesh, without_overlap
from semgrasp.metrics.voxels import Voxels, filled_voxels, solid_voxels, surface_voxels
from semgrasp.types import ObjectShape

SMALLEST_OBJECT, LARGEST_OBJECT = 0.002, 2.0
"""Longest side in [m] of what a hand can hold on to."""
_WINDING_ACCURACY = 1.3
"""How many radii of a cluster of triangles away from it their sum is approximated. Winding numbers
of a closed surface are whole; with 2.0, libigl's default, 17,000 points of real hands came out on
the same side as with 1.0, in four times the time."""


@dataclass(frozen=True, eq=False)
class SolidObject:
    """A closed object with everything that is expensive and does not depend on the hand.

    Made from a shape that encloses a volume. Equal vertices are joined, repeated faces dropped,
    faces turned outward and overlapping pieces united; `repairs` names what was done. Acceleration
    structures are built when first needed and kept.

    Raises:
        InputError: The shape cannot be measured: empty, not finite, of implausible size, open, or
            with more than 5 % of its surface running through itself. The message says which and
            what to do.
    """

    shape: ObjectShape

    def __post_init__(self) -> None:
        _ = self._prepared

    @classmethod
    def of_mesh(
        cls, vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"], *, name: str = "object"
    ) -> "SolidObject":
        """An object from the arrays of any mesh library.

        Args:
            vertices: In [m], in the frame in which the hands will be given, whichever that is.
            faces: Vertex indices.

        Raises:
            InputError: As for the class.
        """
        return cls(
            ObjectShape(
                name, np.asarray(vertices, dtype=np.float64), np.asarray(faces, dtype=np.int64)
            )
        )

    def __reduce__(self):
        # The trees of libigl and the solid of manifold3d do not travel between processes.
        return SolidObject, (self.shape,)

    @property
    def vertices_object(self) -> Float[ndarray, "V 3"]:
        """Vertices of the surface that is measured, in [m]."""
        return self._prepared[0]

    @property
    def faces(self) -> Int[ndarray, "F 3"]:
        """Its triangles: closed, outward, inside nowhere twice."""
        return self._prepared[1]

    @property
    def repairs(self) -> tuple[str, ...]:
        """What was mended before measuring, and what could not be, one sentence each."""
        return self._prepared[2]

    @cached_property
    def manifold(self):
        """The object as a solid of the manifold3d library."""
        return to_manifold(self.vertices_object, self.faces)

    @cached_property
    def hull(self):
        """Its convex hull as a solid of the manifold3d library."""
        return self.manifold.hull()

    @cached_property
    def bounds(self) -> Float[ndarray, "2 3"]:
        """Lowest and highest corner in [m]."""
        return np.stack([self.vertices_object.min(axis=0), self.vertices_object.max(axis=0)])

    def signed_distance(
        self, points_object: Float[ndarray, "n 3"], *, within: float = np.inf
    ) -> Float[ndarray, " n"]:
        """Exact distance of points to the surface in [m], negative inside.

        Args:
            within: Points that are farther than this from the bounding box, in [m], get infinity
                and cost nothing; 0 measures only what can be inside.
        """
        points = np.ascontiguousarray(points_object, dtype=np.float64)
        low, high = self.bounds
        gap = np.linalg.norm(np.maximum(np.maximum(low - points, points - high), 0.0), axis=1)
        distance = np.full(len(points), np.inf)
        (near,) = np.nonzero(gap <= within)
        if len(near) == 0:
            return distance
        squared, _, _ = self._tree.squared_distance(self.vertices_object, self.faces, points[near])
        distance[near] = np.sqrt(np.asarray(squared).reshape(-1))
        (boxed,) = np.nonzero(gap == 0.0)
        if len(boxed):
            distance[boxed[self._is_inside(points[boxed])]] *= -1.0
        return distance

    def depth(self, points_object: Float[ndarray, "n 3"]) -> Float[ndarray, " n"]:
        """Exact distance in [m] to the surface of the points that are inside; 0 for the others."""
        points = np.ascontiguousarray(points_object, dtype=np.float64)
        low, high = self.bounds
        depth = np.zeros(len(points))
        (inside,) = np.nonzero(((points >= low) & (points <= high)).all(axis=1))
        if len(inside):
            inside = inside[self._is_inside(points[inside])]
        if len(inside):
            squared, _, _ = self._tree.squared_distance(
                self.vertices_object, self.faces, points[inside]
            )
            depth[inside] = np.sqrt(np.asarray(squared).reshape(-1))
        return depth

    def nearest(
        self, points_object: Float[ndarray, "n 3"]
    ) -> tuple[Float[ndarray, " n"], Int[ndarray, " n"], Float[ndarray, "n 3"]]:
        """Signed distance of points in [m], the triangle nearest to each and its nearest point."""
        points = np.ascontiguousarray(points_object, dtype=np.float64)
        _, face, closest = self._tree.squared_distance(self.vertices_object, self.faces, points)
        # libigl gives "long long", which numpy does not take for its int64.
        face = np.asarray(face).reshape(-1).astype(np.int64)
        return self.signed_distance(points), face, np.asarray(closest)

    def distance_to_vertices(self, points_object: Float[ndarray, "n 3"]) -> Float[ndarray, " n"]:
        """Distance in [m] from points to the nearest vertex of the shape as it was given."""
        return np.asarray(self._vertex_tree.query(points_object)[0]).reshape(-1)

    def _is_inside(self, points_object: Float[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        winding = self._winding.winding_number(points_object, _WINDING_ACCURACY)
        return np.asarray(winding).reshape(-1) > 0.5

    def surface_voxels(self, pitch: float) -> Voxels:
        """Voxels that the surface passes through; see `semgrasp.metrics.voxels`."""
        return self._voxels(("surface", pitch))

    def filled_voxels(self, pitch: float) -> Voxels:
        """Those voxels and what they shut in."""
        return self._voxels(("filled", pitch))

    def solid_voxels(self, resolution: int) -> Voxels:
        """Voxels of a cube around the object whose centre is inside it."""
        return self._voxels(("solid", resolution))

    def _voxels(self, key: tuple[str, int | float]) -> Voxels:
        if key not in self._kept_voxels:
            kind, size = key
            if kind == "solid":
                made = solid_voxels(self.vertices_object, self.faces, int(size))
            else:
                make = surface_voxels if kind == "surface" else filled_voxels
                made = make(self.shape.vertices_object, self.shape.faces, size)
            self._kept_voxels[key] = made
        return self._kept_voxels[key]

    @cached_property
    def _kept_voxels(self) -> dict[tuple[str, int | float], Voxels]:
        return {}

    @cached_property
    def _prepared(self) -> tuple[ndarray, ndarray, tuple[str, ...]]:
        import manifold3d

        what = f"object {self.shape.name!r}"
        vertices = np.ascontiguousarray(self.shape.vertices_object, dtype=np.float64)
        check_mesh(vertices, self.shape.faces, what=what)
        size = float(np.ptp(vertices[self.shape.faces.reshape(-1)], axis=0).max())
        if not SMALLEST_OBJECT <= size <= LARGEST_OBJECT:
            raise InputError(
                f"The {what} is {size:.4g} m long; what a hand holds measures "
                f"{SMALLEST_OBJECT * 1000:.0f} mm to {LARGEST_OBJECT:.0f} m. Its vertices must be "
                "in metres: load_object reads and converts other units."
            )
        faces, repairs = closed_faces(vertices, self.shape.faces, what=what)
        solid = to_manifold(vertices, faces)
        if solid.status() != manifold3d.Error.NoError:
            raise InputError(
                f"The {what} does not enclose a volume ({solid.status().name}). Rebuild its "
                "surface, for example with ManifoldPlus."
            )
        plain, resolved = without_overlap(solid, what=what)
        if plain is not solid:
            vertices, faces = to_mesh(plain)
        else:
            # The given triangles, not manifold3d's copy without slivers.
            used, flat = np.unique(faces, return_inverse=True)
            vertices, faces = vertices[used], flat.reshape(-1, 3)
        return vertices, np.ascontiguousarray(faces, dtype=np.int64), repairs + resolved

    @cached_property
    def _tree(self):
        import igl

        tree = igl.AABB()
        tree.init(self.vertices_object, self.faces)
        return tree

    @cached_property
    def _winding(self):
        import igl

        hierarchy = igl.FastWindingNumberBVH()
        hierarchy.init(self.vertices_object, self.faces)
        return hierarchy

    @cached_property
    def _vertex_tree(self):
        from scipy.spatial import KDTree

        return KDTree(self.shape.vertices_object)


def as_solid(shape: ObjectShape | SolidObject) -> SolidObject:
    """The prepared object; prepare it once yourself where many hands are measured."""
    return shape if isinstance(shape, SolidObject) else SolidObject(shape)
