"""What the package must know of a robot hand; everything else is in its model file."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from numpy import ndarray

HumanFinger = Literal["thumb", "index", "middle", "ring", "pinky", "palm"]
Embodiment = Literal["hand", "parallel_gripper"]


@dataclass(frozen=True, eq=False)
class ContactPad:
    """A patch of the robot that is meant to touch objects."""

    name: str
    body: str
    """Body of the model it is fixed to."""
    point_body: Float[ndarray, "3"]
    """Its centre on the surface, in the body's frame, in [m]."""
    normal_body: Float[ndarray, "3"]
    """Outward unit normal there."""
    radius: float
    """About how far it reaches from its centre, in [m]."""


@dataclass(frozen=True, eq=False)
class RobotFinger:
    """One finger, or the palm, from its base to its tip."""

    name: str
    humans: tuple[HumanFinger, ...]
    """Human fingers it may stand in for, the likeliest first; which one is solved per grasp."""
    joints: tuple[str, ...]
    """Joints that move it, from base to tip; empty for a palm."""
    pads: tuple[ContactPad, ...]
    """From base to tip; the last is the fingertip's."""


@dataclass(frozen=True)
class Coupling:
    """A joint that follows another: position = ratio x driver + offset."""

    joint: str
    driver: str
    ratio: float
    offset: float = 0.0


@dataclass(frozen=True)
class ModelSource:
    """Where a model file may be found."""

    kind: Literal["menagerie", "gymnasium_robotics", "example_robot_data", "file"]
    path: str
    """Path inside the source (`wonik_allegro/right_hand.xml`), or of the user's file."""
    root_body: str
    """Body of that file which becomes the base; what is above it (an arm) is cut off."""
    rename: tuple[tuple[str, str], ...] = ()
    """(name in the file, name in the description) of bodies and joints that differ."""
    reversed_joints: tuple[str, ...] = ()
    """Joints, by their names in the description, that the file counts the other way round."""
    turned_bodies: tuple[tuple[str, tuple[float, float, float, float]], ...] = ()
    """(body in the description, unit quaternion w, x, y, z) of bodies whose frame the file turns:
    the rotation takes coordinates in the description's frame to coordinates in the file's."""


@dataclass(frozen=True, kw_only=True)
class Drive:
    """The servo on every independent joint, in simulation; replaces what the model file has.

    Units are [N m] and [rad] for a hinge, [N] and [m] for a slide. The defaults are
    DexGraspBench's for the Shadow Hand.
    """

    stiffness: float = 5.0
    """Force per error of position."""
    force_limit: float = 3.0
    """Greatest force."""
    damping: float = 0.05
    """Force per speed."""
    armature: float = 0.0002
    """Inertia of the drive in [kg m^2] or [kg]."""
    friction_loss: float = 0.01
    """Dry friction of the joint, as a force."""


@dataclass(frozen=True, eq=False)
class RobotDescription:
    """A robot hand as data, read from YAML (`semgrasp/robots/hands/*.yaml` or the user's)."""

    name: str
    title: str
    embodiment: Embodiment
    sources: tuple[ModelSource, ...]
    """Tried in order."""
    T_base_palm: Float[ndarray, "4 4"]
    """The palm frame in the base frame: origin where an enclosed object's centre would touch the
    palm, +x from the palm out towards the object (a gripper's approach direction), +z across the
    palm from the thumb's side to the other (a gripper's opening direction, from the jaw that
    stands in for the thumb to the other), in [m]. So +y runs along the fingers of a right hand."""
    fingers: tuple[RobotFinger, ...]
    couplings: tuple[Coupling, ...]
    open_qpos: dict[str, float]
    """Pose of the joints, in [rad] or [m], in which an object is approached."""
    closed_qpos: dict[str, float]
    """Pose towards which the joints close."""
    opening: float | None
    """Greatest distance in [m] between the pads of a parallel gripper; None for a hand."""
    grip_force: float
    """Sum of normal forces in [N] it can hold continuously (data sheet)."""
    licence: str
    """Licence and origin of the model."""
    drive: Drive = Drive()
    """What moves the joints in simulation."""
    force_limits: tuple[tuple[str, float], ...] = ()
    """(joint, greatest force) where it is not the drive's, in [N m] or [N]."""
