"""Points spread over the outside of a robot hand, to be kept out of the object."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import trimesh
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import KDTree
from torch import Tensor

from semgrasp.robots.carried import carriage, carried
from semgrasp.robots.pieces import ConvexPiece
from semgrasp.robots.robot_hand import RobotHand

_CANDIDATES_PER_POINT = 5
_BURIED = 5e-4
"""A point deeper than this in another piece is no part of the outside, in [m]."""


@dataclass(frozen=True, eq=False)
class RobotSurface:
    """Points on the collision shapes of a hand, each fixed to a body."""

    points_body: Float[Tensor, "n 3"]
    """In the frame of their bodies in [m], body by body."""
    normals_body: Float[Tensor, "n 3"]
    """Outward unit normals."""
    body: Int[Tensor, " n"]
    """Index of the body among the poses of `Kinematics.forward`, ascending."""

    @cached_property
    def carriage(self) -> Float[Tensor, "columns n"]:
        """The matrix that poses the points."""
        return carriage(self.points_body, self.body, are_points=True)

    @cached_property
    def turning(self) -> Float[Tensor, "columns n"]:
        """The matrix that turns the normals."""
        return carriage(self.normals_body, self.body, are_points=False)

    def points(
        self, Ts_object_body: Float[Tensor, "*batch bodies 4 4"]
    ) -> Float[Tensor, "*batch n 3"]:
        """The points in the frame the bodies' poses are given in, in [m]."""
        return carried(Ts_object_body, self.carriage)

    def normals(
        self, Ts_object_body: Float[Tensor, "*batch bodies 4 4"]
    ) -> Float[Tensor, "*batch n 3"]:
        """The outward normals in that frame."""
        return carried(Ts_object_body, self.turning)


def robot_surface(robot: RobotHand, spacing: float = 0.006, *, seed: int = 0) -> RobotSurface:
    """Points about `spacing` [m] apart on what an object can touch when the hand is open.

    Points inside another piece, of this body or of its neighbour in the open pose, are left out.
    """
    rng = np.random.default_rng(seed)
    Ts_base_body = robot.kinematics.forward(
        torch.eye(4, dtype=torch.float64), robot.open_qpos
    ).numpy()
    points, normals, bodies = [], [], []
    for body in sorted({piece.body for piece in robot.pieces}):
        pieces = [piece for piece in robot.pieces if piece.body == body]
        samples = [_outside(piece, robot, Ts_base_body, spacing, rng) for piece in pieces]
        its_points = np.concatenate([sample[0] for sample in samples])
        kept = _thinned(its_points, spacing)
        points.append(its_points[kept])
        normals.append(np.concatenate([sample[1] for sample in samples])[kept])
        bodies.append(np.full(len(kept), body))
    return RobotSurface(
        torch.tensor(np.concatenate(points)),
        torch.tensor(np.concatenate(normals)),
        torch.tensor(np.concatenate(bodies)),
    )


def _outside(
    piece: ConvexPiece,
    robot: RobotHand,
    Ts_base_body: Float[ndarray, "bodies 4 4"],
    spacing: float,
    rng: np.random.Generator,
) -> tuple[Float[ndarray, "n 3"], Float[ndarray, "n 3"]]:
    """Points of a piece that lie in no other, and their normals, in its body's frame."""
    points, normals = _sample(piece.vertices_body, piece.faces, spacing, rng)
    kept = _thinned(points, spacing)
    points, normals = points[kept], normals[kept]
    points_base = trimesh.transform_points(points, Ts_base_body[piece.body])
    keep = np.ones(len(points), dtype=bool)
    for other in robot.pieces:
        if other is not piece:
            T_other_base = np.linalg.inv(Ts_base_body[other.body])
            depth = other.depth(trimesh.transform_points(points_base, T_other_base))
            keep &= depth < _BURIED
    return points[keep], normals[keep]


def _sample(
    vertices: Float[ndarray, "n 3"],
    faces: Int[ndarray, "f 3"],
    spacing: float,
    rng: np.random.Generator,
) -> tuple[Float[ndarray, "m 3"], Float[ndarray, "m 3"]]:
    """Random points on a mesh, denser than wanted, and their normals."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    areas = mesh.area_faces
    count = max(_CANDIDATES_PER_POINT, int(_CANDIDATES_PER_POINT * areas.sum() / spacing**2))
    chosen = rng.choice(len(faces), size=count, p=areas / areas.sum())
    weights = rng.dirichlet(np.ones(3), size=count)
    points = (weights[..., None] * vertices[faces[chosen]]).sum(axis=1)
    return points, mesh.face_normals[chosen]


def _thinned(points: Float[ndarray, "n 3"], spacing: float) -> Int[ndarray, " m"]:
    """Points in their order, each unless one nearer than 0.8 spacings was taken before."""
    neighbours = KDTree(points).query_ball_point(points, 0.8 * spacing)
    taken = np.zeros(len(points), dtype=bool)
    for i, near in enumerate(neighbours):
        taken[i] = not taken[near].any()
    return np.flatnonzero(taken)
