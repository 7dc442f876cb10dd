"""A robot hand cut out of a model file and rebuilt as one specification, whatever the file was.

What is kept: frames, joints with their limits, mass, shapes and colours. What is not: arms above
the hand, actuators, tendons, sensors, friction, constraints. In their place come one servo per
independent joint and one constraint per coupling of the description, so that hands from different
files behave alike.
"""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

import itertools

import mujoco
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.robots.description import ModelSource, RobotDescription
from semgrasp.robots.hand_file import HandFile, link_inertia, mesh_of, quaternion, transform

VISUAL_GROUP, COLLISION_GROUP = 2, 3
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
    hand = HandFile(file, source, description)
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


def _add_body(
    spec: mujoco.MjSpec, hand: HandFile, link: int, bodies: dict[int, mujoco.MjsBody]
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
        inertia = link_inertia(hand, link)
        body.explicitinertial = True
        body.mass, body.ipos = inertia.mass, inertia.centre
        body.iquat, body.inertia = inertia.quaternion, inertia.moments
        _add_joints(hand, link, body)
    for member in hand.bodies_of(link):
        first = hand.file.body_geomadr[member]
        for geom in range(first, first + hand.file.body_geomnum[member]):
            _add_geom(spec, hand, geom, hand.T_link_body[member], body)
    return body


def _add_joints(hand: HandFile, link: int, body: mujoco.MjsBody) -> None:
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
    spec: mujoco.MjSpec, hand: HandFile, geom: int, T_link_body: ndarray, body: mujoco.MjsBody
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


def _colour(file: mujoco.MjModel, geom: int) -> Float[ndarray, "4"]:
    material = file.geom_matid[geom]
    colour = file.geom_rgba[geom] if material < 0 else file.mat_rgba[material]
    return np.append(colour[:3], 1.0)


def _add_servos(spec: mujoco.MjSpec, hand: HandFile) -> None:
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


def _add_exclusions(spec: mujoco.MjSpec, hand: HandFile) -> None:
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
