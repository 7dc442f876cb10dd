"""PD, SIV and SD the way the published scripts compute them: the yardstick of the benchmark.

A straightforward implementation from their constants on trimesh, voxels and PyBullet, one grasp at
a time, nothing kept between grasps. It is written to be believed, not to be slow: every step is
the library call that those scripts, or a reader of them, would make. Two scripts are followed:

`GRASPTTA`  GraspTTA, `metric/*.py`: surface voxels of 5 mm, depth to the surface, V-HACD at 1,000
`OAKINK`    OakInk-Grasp-Generation, `lib/metrics`: solid voxels, 128 along the longest side, depth
            to the vertices, V-HACD at 100,000
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.spatial.distance import cdist
from trimesh.ray.ray_triangle import RayMeshIntersector
from trimesh.ray.ray_util import contains_points

from semgrasp.errors import require

STEPS = 35
GRAVITY = 9.8


@dataclass(frozen=True, kw_only=True)
class Script:
    """What the two scripts do differently."""

    pitch: float | None
    """Edge of a voxel in [m]; None for 128 along the longest side, filled."""
    depth_to_vertices: bool
    resolution: int
    """Voxels of V-HACD."""
    concavity: float
    is_recentred: bool
    """Whether the object is moved so that its mean vertex is the origin."""


GRASPTTA = Script(
    pitch=0.005, depth_to_vertices=False, resolution=1000, concavity=0.001, is_recentred=True
)
OAKINK = Script(
    pitch=None, depth_to_vertices=True, resolution=100_000, concavity=0.0025, is_recentred=False
)


def inside(
    mesh: trimesh.Trimesh, points: Float[ndarray, "n 3"], *, embree: bool
) -> Bool[ndarray, " n"]:
    """Which points a mesh contains, by the parity of a ray.

    Args:
        embree: Cast the ray with Embree where trimesh finds it; the scripts' own environments did
            not install it and used trimesh's rays.
    """
    if embree:
        return mesh.contains(points)
    return contains_points(RayMeshIntersector(mesh), points)


def penetration_depth(
    hand: trimesh.Trimesh, obj: trimesh.Trimesh, script: Script = GRASPTTA, *, embree: bool
) -> float:
    """Largest distance in [m] from a hand vertex inside the object to the object's surface."""
    deep = inside(obj, hand.vertices, embree=embree)
    if not deep.any():
        return 0.0
    if script.depth_to_vertices:
        return float(cdist(hand.vertices[deep], obj.vertices).min(axis=1).max())
    _, distance, _ = trimesh.proximity.closest_point(obj, hand.vertices[deep])
    return float(distance.max())


def intersection_volume(
    hand: trimesh.Trimesh, obj: trimesh.Trimesh, script: Script = GRASPTTA, *, embree: bool
) -> float:
    """Volume in [m^3] of the object's voxels whose centres the hand contains."""
    pitch = script.pitch or float(obj.extents.max()) / 128
    voxels = obj.voxelized(pitch)
    assert voxels is not None
    if script.pitch is None:
        voxels = voxels.fill()
    return float(inside(hand, voxels.points, embree=embree).sum() * pitch**3)


def simulation_displacement(
    hand: trimesh.Trimesh, obj: trimesh.Trimesh, script: Script = GRASPTTA
) -> tuple[float, float]:
    """Where the object is after 35 steps, in [m], and how long its V-HACD took, in [s]."""
    pybullet = require("pybullet", extra="pybullet")
    with tempfile.TemporaryDirectory() as folder:
        hand_file, obj_file = Path(folder, "hand.obj"), Path(folder, "object.obj")
        pieces = Path(folder, "pieces.obj")
        for mesh, file in ((obj, obj_file), (hand, hand_file)):
            placed = mesh.copy()
            if script.is_recentred:
                placed.apply_translation(-obj.vertices.mean(axis=0))
            placed.export(file)
        start = time.process_time()
        with _silence():
            pybullet.vhacd(
                str(obj_file), str(pieces), str(Path(folder, "log.txt")),
                resolution=script.resolution, concavity=script.concavity,
                alpha=0.05, beta=0.0, minVolumePerCH=1e-4,
            )  # fmt: skip
        decomposing = time.process_time() - start
        client = pybullet.connect(pybullet.DIRECT)
        try:
            pybullet.setGravity(0, GRAVITY, 0, physicsClientId=client)
            pybullet.setPhysicsEngineParameter(
                numSolverIterations=150, fixedTimeStep=1 / 240, physicsClientId=client
            )
            hand_shape = pybullet.createCollisionShape(
                pybullet.GEOM_MESH, fileName=str(hand_file),
                flags=pybullet.GEOM_FORCE_CONCAVE_TRIMESH, physicsClientId=client,
            )  # fmt: skip
            hand_body = pybullet.createMultiBody(0, hand_shape, physicsClientId=client)
            obj_shape = pybullet.createCollisionShape(
                pybullet.GEOM_MESH, fileName=str(pieces), physicsClientId=client
            )
            body = pybullet.createMultiBody(1.0, obj_shape, physicsClientId=client)
            for which, restitution in ((hand_body, 0.0), (body, 0.5)):
                pybullet.changeDynamics(
                    which, -1, lateralFriction=3, restitution=restitution, physicsClientId=client
                )
            for _ in range(STEPS):
                pybullet.stepSimulation(physicsClientId=client)
            position, _ = pybullet.getBasePositionAndOrientation(body, physicsClientId=client)
        finally:
            pybullet.disconnect(client)
    return float(np.linalg.norm(position)), decomposing


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """V-HACD prints from C, past Python's standard output."""
    kept = os.dup(1)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
