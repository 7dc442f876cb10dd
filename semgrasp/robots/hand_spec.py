"""A robot hand cut out of a model file and rebuilt as one specification, whatever the file was.

What is kept: frames, joints with their limits, mass, shapes and colours. What is not: arms above
the hand, actuators, tendons, sensors, friction, constraints. In their place come one servo per
independent joint and one constraint per coupling of the description, so that hands from different
files behave alike.
"""

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

VISUAL_GROUP, COLLISION_GROUP = 2, 3
_LINEAR_JOINTS = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
_SOLID = (
    mujoco.mjtGeom.mjGEOM_SPHERE,
    mujoco.mjtGeom.mjGEOM_CAPSULE,
    mujoco.mjtGeom.mjGEOM_ELLIPSOID,
    mujoco.mjtGeom.mjGEOM_CYLINDER,
    mujoco.mjtGeom.mjGEOM_BOX,
    mujoco.mjtGeom.mjGEOM_MESH,
)
# Stiff enough that a coupled joint lags by less than the servo does.
_COUPLING_SOLREF, _COUPLING_SOLIMP = (0.005, 1.0), (0.95, 0.99, 0.001, 0.5, 2.0)


def hand_spec(
    file: mujoco.MjModel, source: ModelSource, description: RobotDescription
) -> mujoco.MjSpec:
    """The specification of a hand: its only root body is the base, moved as `mocap`.

    Raises:
        InputError: Bodies or joints of the description are not in the file, joints have no
            limits or are of an unknown type; all are named.
    """
    hand = _Hand(file, source, description)
    hand.check()
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.modelname = description.name
    bodies: dict[int, mujoco.MjsBody] = {}
    for link in hand.links:
        bodies[link] = _add_body(spec, hand, link, bodies)
    _add_servos(spec, hand)
    _add_couplings(spec, description)
    _add_exclusions(spec, hand)
    return spec


class _Hand:
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


def _add_body(
    spec: mujoco.MjSpec, hand: _Hand, link: int, bodies: dict[int, mujoco.MjsBody]
) -> mujoco.MjsBody:
    name = hand.body_name(link)
    if link == hand.root:
        body = spec.worldbody.add_body(name=name, mocap=True)
    else:
        parent = hand.file.body_parentid[link]
        T_parent_link = hand.T_parent_link[link]
        body = bodies[hand.link_of[parent]].add_body(name=name)
        body.pos = T_parent_link[:3, 3]
        body.quat = quaternion(T_parent_link[:3, :3])
        inertia = _inertia(hand, link)
        body.explicitinertial = True
        body.mass, body.ipos = inertia.mass, inertia.centre
        body.iquat, body.inertia = inertia.quaternion, inertia.moments
        _add_joints(hand, link, body)
    for member in hand.bodies_of(link):
        first = hand.file.body_geomadr[member]
        for geom in range(first, first + hand.file.body_geomnum[member]):
            _add_geom(spec, hand, geom, hand.T_link_body[member], body)
    return body


def _add_joints(hand: _Hand, link: int, body: mujoco.MjsBody) -> None:
    file, drive = hand.file, hand.description.drive
    for name, joint in hand.joints(link):
        sign = -1.0 if name in hand.source.reversed_joints else 1.0
        limits = sign * file.jnt_range[joint]
        body.add_joint(
            name=name,
            type=mujoco.mjtJoint(file.jnt_type[joint]),
            axis=sign * file.jnt_axis[joint],
            pos=file.jnt_pos[joint],
            limited=True,
            range=np.sort(limits),
            ref=sign * file.qpos0[file.jnt_qposadr[joint]],
            damping=drive.damping,
            armature=drive.armature,
            frictionloss=drive.friction_loss,
        )


def _add_geom(
    spec: mujoco.MjSpec, hand: _Hand, geom: int, T_link_body: ndarray, body: mujoco.MjsBody
) -> None:
    file = hand.file
    kind = mujoco.mjtGeom(file.geom_type[geom])
    if kind not in _SOLID:
        return
    does_collide = bool(file.geom_contype[geom] or file.geom_conaffinity[geom])
    T_link_geom = T_link_body @ transform(file.geom_pos[geom], file.geom_quat[geom])
    added = body.add_geom(
        name=f"geom{geom}",
        type=kind,
        pos=T_link_geom[:3, 3],
        quat=quaternion(T_link_geom[:3, :3]),
        rgba=_colour(file, geom),
        group=COLLISION_GROUP if does_collide else VISUAL_GROUP,
        contype=int(does_collide),
        conaffinity=int(does_collide),
        density=0.0,
    )
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        vertices, faces = mesh_of(file, geom)
        mesh = spec.add_mesh(name=f"mesh{geom}", uservert=vertices.ravel())
        if does_collide:
            mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
        else:
            # Pictures need not be watertight; their mass is not used.
            mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
            mesh.userface = faces.ravel()
        added.meshname = f"mesh{geom}"
    else:
        added.size = file.geom_size[geom]


def mesh_of(model: mujoco.MjModel, geom: int) -> tuple[Float[ndarray, "n 3"], ndarray]:
    """Vertices in the geom's frame in [m], and triangles, of a geom that is a mesh."""
    mesh = model.geom_dataid[geom]
    first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
    vertices = model.mesh_vert[first : first + count].astype(np.float64)
    first, count = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
    return vertices, model.mesh_face[first : first + count].copy()


def _colour(file: mujoco.MjModel, geom: int) -> Float[ndarray, "4"]:
    material = file.geom_matid[geom]
    colour = file.geom_rgba[geom] if material < 0 else file.mat_rgba[material]
    return np.append(colour[:3], 1.0)


class _Inertia(NamedTuple):
    mass: float
    centre: Float[ndarray, "3"]
    quaternion: Float[ndarray, "4"]
    moments: Float[ndarray, "3"]


def _inertia(hand: _Hand, link: int) -> _Inertia:
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
    return _Inertia(mass, centre, quaternion(R_link_inertia), moments)


def _add_servos(spec: mujoco.MjSpec, hand: _Hand) -> None:
    description = hand.description
    limits = dict(description.force_limits)
    followers = {coupling.joint for coupling in description.couplings}
    for name, _ in itertools.chain.from_iterable(hand.joints(link) for link in hand.links):
        if name in followers:
            continue
        limit = limits.get(name, description.drive.force_limit)
        servo = spec.add_actuator(
            name=name,
            target=name,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            forcelimited=True,
            forcerange=[-limit, limit],
        )
        servo.set_to_position(kp=description.drive.stiffness)


def _add_couplings(spec: mujoco.MjSpec, description: RobotDescription) -> None:
    references = {joint.name: joint.ref for joint in spec.joints}
    for coupling in description.couplings:
        # MuJoCo counts both joints from their references.
        driver, joint = references[coupling.driver], references[coupling.joint]
        offset = coupling.offset + coupling.ratio * driver - joint
        constraint = spec.add_equality(
            name=coupling.joint,
            type=mujoco.mjtEq.mjEQ_JOINT,
            objtype=mujoco.mjtObj.mjOBJ_JOINT,
            name1=coupling.joint,
            name2=coupling.driver,
            solref=_COUPLING_SOLREF,
            solimp=_COUPLING_SOLIMP,
        )
        constraint.data[:5] = offset, coupling.ratio, 0.0, 0.0, 0.0


def _add_exclusions(spec: mujoco.MjSpec, hand: _Hand) -> None:
    """Pairs of bodies that the file excludes, or that overlap in the open pose by design."""
    file, pairs = hand.file, set()
    for signature in file.exclude_signature:
        first, second = int(signature) >> 16, int(signature) & 0xFFFF
        if first in hand.link_of and second in hand.link_of:
            links = hand.link_of[first], hand.link_of[second]
            pairs.add(frozenset(hand.body_name(link) for link in links))
    model = spec.copy().compile()
    data = mujoco.MjData(model)
    for name, position in hand.description.open_qpos.items():
        data.joint(name).qpos[0] = position
    for coupling in hand.description.couplings:
        driver = data.joint(coupling.driver).qpos[0]
        data.joint(coupling.joint).qpos[0] = coupling.ratio * driver + coupling.offset
    mujoco.mj_kinematics(model, data)
    mujoco.mj_collision(model, data)
    for contact in data.contact:
        bodies = model.geom_bodyid[list(contact.geom)]
        pairs.add(frozenset(model.body(b).name for b in bodies))
    for pair in sorted(sorted(pair) for pair in pairs if len(pair) == 2):
        spec.add_exclude(bodyname1=pair[0], bodyname2=pair[1])


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
