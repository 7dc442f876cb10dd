"""The part of a compiled model file that is the hand, by the names of its description."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

import itertools
from typing import NamedTuple

import mujoco
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.robots.description import ModelSource, RobotDescription

_LINEAR_JOINTS = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)


class HandFile:
    """The part of a compiled file below the root body, by names of the description.

    Bodies without joints are part of the nearest body above that has some, here called a link.
    """

    def __init__(
        self, file: mujoco.MjModel, source: ModelSource, description: RobotDescription
    ) -> None:
        self.file = file
        self.source = source
        self.description = description
        self._new_names = dict(source.rename)
        self.root = self._root()
        self.links: list[int] = []
        self.link_of: dict[int, int] = {}
        self.T_link_body: dict[int, ndarray] = {}
        self.T_parent_link: dict[int, ndarray] = {}
        for body in range(self.root, file.nbody):
            self._place(body)

    def _root(self) -> int:
        file, name = self.file, self.source.root_body
        names = [file.body(b).name for b in range(file.nbody)]
        if name == "" and file.nbody > 1:
            return 1
        if name not in names[1:]:
            raise InputError(
                f"{self.source.path} has no body {name!r} to be the base of "
                f"{self.description.name}. Bodies: {', '.join(names[1:])}."
            )
        return names.index(name)

    def _place(self, body: int) -> None:
        file, parent = self.file, self.file.body_parentid[body]
        if body != self.root and parent not in self.link_of:
            return
        T_link_body = np.eye(4)
        if body != self.root:
            T_parent_body = transform(file.body_pos[body], file.body_quat[body])
            T_link_body = self.T_link_body[parent] @ T_parent_body
        if body == self.root or file.body_jntnum[body] > 0:
            self.links.append(body)
            self.link_of[body] = body
            self.T_parent_link[body], T_link_body = T_link_body, np.eye(4)
        else:
            self.link_of[body] = self.link_of[parent]
        self.T_link_body[body] = T_link_body

    def body_name(self, body: int) -> str:
        """Name of a body in the description; one made up where it has none."""
        name = self.file.body(body).name or ("base" if body == self.root else f"body{body}")
        return self._new_names.get(name, name)

    def joints(self, link: int) -> list[tuple[str, int]]:
        """Names and numbers of a link's joints; those of the base are what moved the hand."""
        if link == self.root:
            return []
        first = self.file.body_jntadr[link]
        numbers = range(first, first + self.file.body_jntnum[link])
        names = [self.file.joint(j).name or f"joint{j}" for j in numbers]
        return [(self._new_names.get(n, n), j) for n, j in zip(names, numbers, strict=True)]

    def bodies_of(self, link: int) -> list[int]:
        """The bodies that make up a link."""
        return [body for body, its_link in self.link_of.items() if its_link == link]

    def check(self) -> None:
        """Refuse a file that does not fit the description."""
        description = self.description
        bodies = {self.body_name(link) for link in self.links}
        joints = dict(itertools.chain.from_iterable(self.joints(link) for link in self.links))
        followers = {coupling.joint for coupling in description.couplings}
        wanted_bodies = {pad.body for finger in description.fingers for pad in finger.pads}
        wanted_bodies |= {body for body, _ in self.source.turned_bodies}
        wanted_joints = (
            {joint for finger in description.fingers for joint in finger.joints}
            | {coupling.driver for coupling in description.couplings}
            | {name for name, _ in description.force_limits}
            | {*description.open_qpos, *description.closed_qpos, *followers}
            | set(self.source.reversed_joints)
        )
        problems = [
            f"no moving body {name!r}. Bodies: {', '.join(sorted(bodies))}"
            for name in sorted(wanted_bodies - bodies)
        ] + [
            f"no joint {name!r}. Joints: {', '.join(sorted(joints))}"
            for name in sorted(wanted_joints - set(joints))
        ]
        in_file = {self.file.body(b).name for b in self.link_of}
        in_file |= {self.file.joint(j).name for j in range(self.file.njnt)}
        problems += [
            f"nothing is called {name!r} that could be renamed"
            for name in self._new_names
            if name not in in_file
        ]
        for name, joint in joints.items():
            if mujoco.mjtJoint(self.file.jnt_type[joint]) not in _LINEAR_JOINTS:
                problems.append(f"joint {name!r} is neither a hinge nor a slide")
            elif not self.file.jnt_limited[joint]:
                problems.append(f"joint {name!r} has no limits; give it a range in the model")
        for pose in ("open", "closed"):
            given = description.open_qpos if pose == "open" else description.closed_qpos
            problems += [
                f"the {pose} pose moves {name!r}, which follows another joint"
                for name in sorted(followers & set(given))
            ]
        if problems:
            raise InputError(
                f"{self.source.path} does not fit the description of {description.name}:\n  "
                + "\n  ".join(problems)
            )


class Inertia(NamedTuple):
    """Mass in [kg], centre in the link's frame in [m], principal axes, moments in [kg m^2]."""

    mass: float
    centre: Float[ndarray, "3"]
    quaternion: Float[ndarray, "4"]
    moments: Float[ndarray, "3"]


def link_inertia(hand: HandFile, link: int) -> Inertia:
    """Of a link and all that is fixed to it, about their common centre."""
    file, members = hand.file, hand.bodies_of(link)
    masses = file.body_mass[members]
    Ts = [hand.T_link_body[b] @ transform(file.body_ipos[b], file.body_iquat[b]) for b in members]
    mass = float(masses.sum())
    centre = masses @ np.stack([T[:3, 3] for T in Ts]) / mass
    tensor = np.zeros((3, 3))
    for body, m, T in zip(members, masses, Ts, strict=True):
        offset = T[:3, 3] - centre
        tensor += T[:3, :3] @ np.diag(file.body_inertia[body]) @ T[:3, :3].T
        tensor += m * (offset @ offset * np.eye(3) - np.outer(offset, offset))
    moments, R_link_inertia = np.linalg.eigh(tensor)
    R_link_inertia[:, 2] *= np.linalg.det(R_link_inertia)
    return Inertia(mass, centre, quaternion(R_link_inertia), moments)


def mesh_of(model: mujoco.MjModel, geom: int) -> tuple[Float[ndarray, "n 3"], ndarray]:
    """Vertices in the geom's frame in [m], and triangles, of a geom that is a mesh."""
    mesh = model.geom_dataid[geom]
    first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
    vertices = model.mesh_vert[first : first + count].astype(np.float64)
    first, count = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
    return vertices, model.mesh_face[first : first + count].copy()


def transform(position: Float[ndarray, "3"], quat: Float[ndarray, "4"]) -> Float[ndarray, "4 4"]:
    """Homogeneous transform from MuJoCo's position in [m] and quaternion (w first)."""
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, quat)
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation.reshape(3, 3), position
    return T


def quaternion(rotation: Float[ndarray, "3 3"]) -> Float[ndarray, "4"]:
    """MuJoCo's quaternion (w first) of a rotation matrix."""
    quat = np.empty(4)
    mujoco.mju_mat2Quat(quat, np.ascontiguousarray(rotation).ravel())
    return quat
