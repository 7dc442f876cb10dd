"""Robot hands of a few boxes, made in code: a parallel jaw and three fingers around a palm."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

import mujoco
import numpy as np

from semgrasp.robots.description import (
    ContactPad,
    Coupling,
    Drive,
    ModelSource,
    RobotDescription,
    RobotFinger,
)
from semgrasp.robots.robot_hand import RobotHand, assemble

_SOURCE = ModelSource("file", "made in code", "base")
_DRIVE = Drive(force_limit=2.0)
_BOX, _SLIDE, _HINGE = (
    mujoco.mjtGeom.mjGEOM_BOX,
    mujoco.mjtJoint.mjJNT_SLIDE,
    mujoco.mjtJoint.mjJNT_HINGE,
)


def _box(body: mujoco.MjsBody, centre: list[float], half: list[float]) -> None:
    body.add_geom(type=_BOX, pos=centre, size=half)


def _pad(name: str, body: str, point: list[float], normal: list[float]) -> ContactPad:
    return ContactPad(name, body, np.array(point), np.array(normal), 0.006)


def parallel_jaw(opening: float = 0.08) -> RobotHand:
    """Two jaws, 2 cm wide, that slide along y and reach 9 cm along z."""
    spec = mujoco.MjSpec()
    base = spec.worldbody.add_body(name="base")
    _box(base, [0.0, 0.0, 0.02], [0.02, 0.06, 0.02])
    for name, side in (("left", 1.0), ("right", -1.0)):
        jaw = base.add_body(name=f"{name}_jaw")
        _box(jaw, [0.0, side * 0.005, 0.065], [0.01, 0.005, 0.025])
        slide = [0.0, side, 0.0]
        jaw.add_joint(
            name=f"{name}_slide", type=_SLIDE, axis=slide, limited=True, range=[0.0, opening / 2]
        )
    T_base_palm = np.eye(4)
    T_base_palm[:3, :3] = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], dtype=np.float64)
    T_base_palm[:3, 3] = 0.0, 0.0, 0.04
    right = _pad("right_tip", "right_jaw", [0.0, 0.0, 0.08], [0.0, 1.0, 0.0])
    left = _pad("left_tip", "left_jaw", [0.0, 0.0, 0.08], [0.0, -1.0, 0.0])
    description = RobotDescription(
        name="tiny_jaw",
        title="Parallel jaw of boxes",
        embodiment="parallel_gripper",
        sources=(_SOURCE,),
        T_base_palm=T_base_palm,
        fingers=(
            RobotFinger("right", ("thumb",), ("right_slide",), (right,)),
            RobotFinger("left", ("index", "middle"), ("left_slide",), (left,)),
        ),
        couplings=(Coupling("right_slide", "left_slide", 1.0),),
        open_qpos={"left_slide": opening / 2},
        closed_qpos={"left_slide": 0.0},
        opening=opening,
        grip_force=60.0,
        licence="none",
        drive=Drive(stiffness=2000.0, force_limit=60.0, damping=40.0, armature=0.05),
    )
    return assemble(description, _SOURCE, spec.compile())


def three_fingers(drive: Drive = _DRIVE) -> RobotHand:
    """A thumb and two fingers of two hinges each around a square palm; they reach along z."""
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    base = spec.worldbody.add_body(name="base")
    _box(base, [0.0, 0.0, -0.01], [0.045, 0.045, 0.01])
    fingers = []
    for name, x, y, humans in (
        ("thumb", 0.0, -0.04, ("thumb",)),
        ("first", -0.01, 0.04, ("index", "middle")),
        ("second", 0.01, 0.04, ("middle", "ring", "index")),
    ):
        inwards = -np.sign(y)
        parent, at = base, [x, y, 0.0]
        for link in ("near", "far"):
            body = parent.add_body(name=f"{name}_{link}", pos=at)
            # Positive turns the finger inwards: +z goes to the palm's middle.
            axis = [-inwards, 0.0, 0.0]
            limits = [-0.6, 1.4]
            body.add_joint(
                name=f"{name}_{link}", type=_HINGE, axis=axis, limited=True, range=limits
            )
            _box(body, [0.0, 0.0, 0.025], [0.008, 0.008, 0.024])
            parent, at = body, [0.0, 0.0, 0.05]
        normal = [0.0, inwards, 0.0]
        pads = tuple(
            _pad(f"{name}_{pad}", f"{name}_{link}", [0.0, inwards * 0.008, z], normal)
            for pad, link, z in (("base", "near", 0.03), ("tip", "far", 0.038))
        )
        joints = (f"{name}_near", f"{name}_far")
        fingers.append(RobotFinger(name, humans, joints, pads))
    palm = _pad("palm_centre", "base", [0.0, 0.0, 0.0], [0.0, 0.0, 1.0])
    T_base_palm = np.eye(4)
    T_base_palm[:3, :3] = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], dtype=np.float64)
    joints = [joint for finger in fingers for joint in finger.joints]
    description = RobotDescription(
        name="tiny_three",
        title="Three fingers of boxes",
        embodiment="hand",
        sources=(_SOURCE,),
        T_base_palm=T_base_palm,
        fingers=(*fingers, RobotFinger("palm", ("palm",), (), (palm,))),
        couplings=(),
        open_qpos=dict.fromkeys(joints, -0.1),
        closed_qpos={joint: 0.3 if joint.endswith("near") else 0.5 for joint in joints},
        opening=None,
        grip_force=30.0,
        licence="none",
        drive=drive,
    )
    return assemble(description, _SOURCE, spec.compile())
