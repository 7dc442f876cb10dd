"""The convex pieces a robot hand collides with: what MuJoCo sees of it."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterable
from dataclasses import dataclass

import mujoco
import numpy as np
import trimesh
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import ConvexHull

from semgrasp.robots.hand_file import mesh_of, transform

_ROUND_SEGMENTS = 32
"""Sides of what is round: a finger of 1 cm radius is 0.05 mm too thin at most."""


@dataclass(frozen=True, eq=False)
class ConvexPiece:
    """A convex solid fixed to a body."""

    body: int
    """Index among the poses of `Kinematics.forward`."""
    vertices_body: Float[ndarray, "n 3"]
    """Corners in the body's frame in [m]."""
    faces: Int[ndarray, "faces 3"]
    """Triangles, wound so that normals point out."""
    planes_body: Float[ndarray, "planes 4"]
    """Outward unit normals, and offsets in [m]: inside is where n . p + d <= 0 for all."""

    def depth(self, points_body: Float[ndarray, "n 3"]) -> Float[ndarray, " n"]:
        """How deep points in the body's frame lie inside, in [m]; negative outside, where it is
        no farther from zero than the distance."""
        return -(points_body @ self.planes_body[:, :3].T + self.planes_body[:, 3]).max(axis=1)


def convex_pieces(model: mujoco.MjModel) -> tuple[ConvexPiece, ...]:
    """Every geom of a compiled hand that collides; a mesh by its convex hull, as in MuJoCo."""
    does_collide = (model.geom_contype | model.geom_conaffinity) != 0
    return tuple(_piece(model, int(geom)) for geom in np.flatnonzero(does_collide))


def surface_hit(
    pieces: Iterable[ConvexPiece], origin: Float[ndarray, "3"], direction: Float[ndarray, "3"]
) -> Float[ndarray, "3"] | None:
    """Where a ray first meets any of the pieces of one body, in its frame; None if nowhere."""
    nearest = np.inf
    for piece in pieces:
        slope = piece.planes_body[:, :3] @ direction
        height = piece.planes_body[:, :3] @ origin + piece.planes_body[:, 3]
        if (height[np.abs(slope) < 1e-12] > 0.0).any():
            continue
        enters, leaves = slope < -1e-12, slope > 1e-12
        first = (-height[enters] / slope[enters]).max(initial=-np.inf)
        last = (-height[leaves] / slope[leaves]).min(initial=np.inf)
        if 0.0 <= first <= last:
            nearest = min(nearest, first)
    return origin + nearest * direction if np.isfinite(nearest) else None


def _piece(model: mujoco.MjModel, geom: int) -> ConvexPiece:
    T_body_geom = transform(model.geom_pos[geom], model.geom_quat[geom])
    vertices = trimesh.transform_points(_corners(model, geom), T_body_geom)
    hull = ConvexHull(vertices)
    used, faces = np.unique(hull.simplices, return_inverse=True)
    corners, faces = vertices[used], faces.reshape(-1, 3)
    a, b, c = (corners[faces[:, k]] for k in range(3))
    is_inward = (np.cross(b - a, c - a) * hull.equations[:, :3]).sum(axis=1) < 0.0
    faces[is_inward] = faces[is_inward][:, ::-1]
    return ConvexPiece(int(model.geom_bodyid[geom]) - 1, corners, faces, hull.equations)


def _corners(model: mujoco.MjModel, geom: int) -> Float[ndarray, "n 3"]:
    """Points in the geom's frame whose convex hull is the geom, in [m]."""
    kind, size = mujoco.mjtGeom(model.geom_type[geom]), model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        return mesh_of(model, geom)[0]
    if kind == mujoco.mjtGeom.mjGEOM_BOX:
        return size * np.array(np.meshgrid(*[[-1.0, 1.0]] * 3)).reshape(3, -1).T
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        circle = size[0] * _circle()
        return np.concatenate([circle + [0.0, 0.0, z] for z in (-size[1], size[1])])
    ball = trimesh.creation.uv_sphere(count=[_ROUND_SEGMENTS // 2, _ROUND_SEGMENTS]).vertices
    if kind == mujoco.mjtGeom.mjGEOM_ELLIPSOID:
        return ball * size
    ball = ball * size[0]
    if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        return ball
    assert kind == mujoco.mjtGeom.mjGEOM_CAPSULE
    return np.concatenate([ball + [0.0, 0.0, z] for z in (-size[1], size[1])])


def _circle() -> Float[ndarray, "n 3"]:
    angle = np.linspace(0.0, 2.0 * np.pi, _ROUND_SEGMENTS, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1)
