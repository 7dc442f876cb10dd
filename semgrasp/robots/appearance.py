"""What a robot hand looks like: the visible triangles of each body of its model."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from typing import NamedTuple

import mujoco
import numpy as np
import torch
import trimesh
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.robots.robot_grasp import RobotGrasp
from semgrasp.robots.robot_hand import RobotHand

_COLLISION_GROUP = 3
"""Geometry of this group and above is hidden by MuJoCo's viewer, and so it is here."""
_PALE = 0.35
"""Colours are mixed with this much white: black fingers show no shape in a small picture."""


class BodyMesh(NamedTuple):
    """Triangles that move with one body."""

    body: int
    """Index of the body in the model."""
    vertices_body: Float[ndarray, "V 3"]
    """In the body's frame, in [m]."""
    faces: Int[ndarray, "F 3"]
    colour: tuple[float, float, float]
    """Red, green, blue in [0, 1]."""


def visible_meshes(model: mujoco.MjModel) -> list[BodyMesh]:
    """Everything one sees of a model: what only looks, or what collides where nothing else is."""
    shown = [i for i in range(model.ngeom) if _is_shown(model, i)]
    seen = [i for i in shown if not model.geom_contype[i] and not model.geom_conaffinity[i]]
    dressed = {int(model.geom_bodyid[i]) for i in seen}
    bare = [i for i in shown if i not in seen and int(model.geom_bodyid[i]) not in dressed]
    if not seen and not bare:
        bare = [i for i in range(model.ngeom) if model.geom_type[i] != mujoco.mjtGeom.mjGEOM_PLANE]
    return [_body_mesh(model, i) for i in (*seen, *bare)]


def body_poses(robot: RobotHand, grasp: RobotGrasp) -> Float[ndarray, "bodies 4 4"]:
    """Poses in [m] of the bodies of `robot.model` at a grasp, that of the world first."""
    T_object_base, qpos = torch.from_numpy(grasp.T_object_base), torch.from_numpy(grasp.qpos)
    # The kinematics begin at the base.
    Ts_object_body = robot.kinematics.forward(T_object_base, qpos).numpy()
    return np.concatenate([np.eye(4)[None], Ts_object_body])


def _is_shown(model: mujoco.MjModel, geom: int) -> bool:
    is_solid = model.geom_type[geom] != mujoco.mjtGeom.mjGEOM_PLANE
    return bool(is_solid and model.geom_group[geom] < _COLLISION_GROUP and _rgba(model, geom)[3])


def _rgba(model: mujoco.MjModel, geom: int) -> Float[ndarray, "4"]:
    material = model.geom_matid[geom]
    return np.asarray(model.mat_rgba[material] if material >= 0 else model.geom_rgba[geom])


def _body_mesh(model: mujoco.MjModel, geom: int) -> BodyMesh:
    vertices, faces = _triangles(model, geom)
    R_body_geom = np.empty(9)
    mujoco.mju_quat2Mat(R_body_geom, model.geom_quat[geom])
    vertices = vertices @ R_body_geom.reshape(3, 3).T + model.geom_pos[geom]
    red, green, blue = (1.0 - _PALE) * _rgba(model, geom)[:3] + _PALE
    body = int(model.geom_bodyid[geom])
    return BodyMesh(body, vertices, faces, (float(red), float(green), float(blue)))


def _triangles(
    model: mujoco.MjModel, geom: int
) -> tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]]:
    """The surface of a geom in its own frame, in [m]."""
    kind, size = model.geom_type[geom], model.geom_size[geom]
    types = mujoco.mjtGeom
    if kind == types.mjGEOM_MESH:
        mesh = model.geom_dataid[geom]
        first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
        vertices = model.mesh_vert[first : first + count].astype(np.float64)
        first, count = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
        return vertices, model.mesh_face[first : first + count].astype(np.int64)
    if kind == types.mjGEOM_BOX:
        shape = trimesh.creation.box(extents=2.0 * size)
    elif kind == types.mjGEOM_CAPSULE:
        shape = trimesh.creation.capsule(height=2.0 * size[1], radius=size[0], count=[12, 12])
    elif kind == types.mjGEOM_CYLINDER:
        shape = trimesh.creation.cylinder(radius=size[0], height=2.0 * size[1], sections=24)
    else:
        shape = trimesh.creation.icosphere(subdivisions=2, radius=1.0)
        shape.apply_scale(size if kind == types.mjGEOM_ELLIPSOID else size[0])
    vertices = np.asarray(shape.vertices, dtype=np.float64)
    return vertices, np.asarray(shape.faces, dtype=np.int64)
