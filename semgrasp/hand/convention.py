"""How libraries and data sets write the same MANO hand, and conversions both ways.

MANO is one model, but its parameters are written in many ways: principal components or rotation
vectors, around the mean pose or the flat hand, translations that are added after the forward pass
or that place a joint, joints in several orders and units. A `HandConvention` names every such
choice; with a hand model it turns parameters into a `Grasp` and back.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.geometry import (
    axis_angle_to_matrix,
    make_transform,
    matrix_to_axis_angle,
    matrix_to_rotation_6d,
    rotation_6d_to_matrix,
)
from semgrasp.hand.mano_space import ManoSpace, signs_mano_hand
from semgrasp.hand.model import HandMesh, HandModel
from semgrasp.hand.quaternion import matrix_to_quaternion, quaternion_to_matrix
from semgrasp.types import Grasp, Side

Rotation = Literal["axis_angle", "quaternion", "6d", "matrix"]
_SIZES: dict[Rotation, int] = {"axis_angle": 3, "quaternion": 4, "6d": 6, "matrix": 9}

_FINGERS = ("index", "middle", "pinky", "ring", "thumb")
_MANO16 = ("wrist", *(f"{finger}{k}" for finger in _FINGERS for k in (1, 2, 3)))
_OURS21 = (
    "wrist",
    *(f"{finger}{k}" for finger in _FINGERS for k in (1, 2, 3, "_tip")),
)
_OPENPOSE21 = (
    "wrist",
    *(
        f"{finger}{k}"
        for finger in ("thumb", "index", "middle", "ring", "pinky")
        for k in (1, 2, 3, "_tip")
    ),
)
_TIP_ORDER = ("thumb", "index", "middle", "ring", "pinky")


@dataclass(frozen=True, eq=False)
class HandParameters:
    """A grasp written in a convention."""

    pose: Float[Tensor, "*b p"]
    """Root rotation, then the joints or their principal components."""
    translation: Float[Tensor, "*b 3"]
    betas: Float[Tensor, "*b 10"]
    residual: Float[Tensor, "*b"]
    """Largest error of a joint's rotation vector that few components leave, in [rad]."""


@dataclass(frozen=True, kw_only=True)
class HandConvention:
    """Every choice in which writers of MANO parameters and joints differ."""

    name: str
    num_pca: int | None = None
    """Principal components of the finger pose; None where all 45 numbers are written."""
    flat_hand_mean: bool = True
    """Whether zero is the flat hand; else MANO's mean pose is added to what is written."""
    root_rotation: Rotation = "axis_angle"
    """How the global rotation is written; quaternions are (w, x, y, z), matrices row by row, 6d is
    the first column, then the second."""
    joint_rotation: Rotation = "axis_angle"
    """How the 15 finger joints are written, in MANO's order."""
    translation: Literal["added", "wrist", "middle_knuckle"] = "added"
    """What the translation is: added to every point after the forward pass (which leaves the wrist
    at its rest position), or the position of the wrist, or of the middle finger's first joint."""
    translation_unit: float = 1.0
    """Metres per unit of the translation."""
    joint_names: tuple[str, ...] = _OPENPOSE21
    """Order of the joints that the library gives: 16, or 21 with the fingertips."""
    point_unit: float = 1.0
    """Metres per unit of the joints and vertices that the library gives."""
    centre: Literal["none", "wrist", "middle_knuckle"] = "none"
    """The joint that is subtracted from the points that the library gives."""
    palm_vertices: tuple[int, int] | None = None
    """Where the library replaces the wrist joint by the middle of two vertices."""
    right_tips: tuple[int, int, int, int, int] = (745, 317, 444, 556, 673)
    """Fingertip vertices of the right hand: thumb, index, middle, ring, pinky."""
    left_tips: tuple[int, int, int, int, int] = (745, 317, 445, 556, 673)

    def __post_init__(self) -> None:
        if self.num_pca is not None and self.joint_rotation != "axis_angle":
            raise InputError(
                f"num_pca={self.num_pca} needs joint_rotation='axis_angle', got "
                f"{self.joint_rotation!r}: principal components are of rotation vectors."
            )
        if self.num_pca is not None and not 1 <= self.num_pca <= 45:
            raise InputError(f"num_pca must be 1 to 45 or None, got {self.num_pca}.")
        if not self.flat_hand_mean and self.joint_rotation != "axis_angle":
            raise InputError(
                "flat_hand_mean=False needs joint_rotation='axis_angle', got "
                f"{self.joint_rotation!r}: the mean pose is added to rotation vectors."
            )
        if sorted(self.joint_names) not in (sorted(_MANO16), sorted(_OPENPOSE21)):
            raise InputError(
                f"joint_names must be the 16 or 21 names in any order: {', '.join(_OURS21)}; got "
                f"{', '.join(self.joint_names)}."
            )

    @property
    def pose_size(self) -> int:
        """Numbers that a pose takes."""
        joints = 15 * _SIZES[self.joint_rotation] if self.num_pca is None else self.num_pca
        return _SIZES[self.root_rotation] + joints

    def grasp(
        self,
        pose: Tensor | ndarray,
        translation: Tensor | ndarray,
        betas: Tensor | ndarray,
        hand: HandModel,
    ) -> Grasp:
        """The grasp that parameters mean, in the frame they are written in.

        Shape coefficients pass through unchanged: they mean the same person only to the hand model
        they were fitted with.

        Args:
            pose: `(*b, pose_size)`; see `root_rotation` and `joint_rotation`.
            translation: `(*b, 3)` in `translation_unit`.
            betas: `(*b, 10)`.
            hand: Knows the side, the wrist's rest position and the principal components.

        Raises:
            InputError: The sizes do not fit, or the hand lacks what the convention needs.
        """
        pose_mano, moved, shape = (_tensor(values) for values in (pose, translation, betas))
        if pose_mano.shape[-1:] != (self.pose_size,):
            raise InputError(
                f"A pose in the convention {self.name!r} has {self.pose_size} numbers, got "
                f"{tuple(pose_mano.shape)}. Choose another of: {', '.join(CONVENTIONS)}; or change "
                "one field, as in dataclasses.replace(SMPLX, num_pca=None)."
            )
        if moved.shape[-1:] != (3,) or shape.shape[-1:] != (10,):
            raise InputError(
                f"A translation has 3 numbers and betas 10, got {tuple(moved.shape)} and "
                f"{tuple(shape.shape)}."
            )
        moved, shape = moved.to(pose_mano), shape.to(pose_mano)
        root_size = _SIZES[self.root_rotation]
        R_file_mano = _as_matrix(pose_mano[..., :root_size], self.root_rotation)
        signs = pose_mano.new_tensor(signs_mano_hand(hand.side))
        R_file_hand = R_file_mano * signs
        finger_angles = self._finger_angles(pose_mano[..., root_size:], hand) * signs
        wrist_file = moved * self.translation_unit + self._wrist_offset(R_file_hand, shape, hand)
        T_file_hand = make_transform(R_file_hand.expand(*wrist_file.shape, 3), wrist_file)
        return Grasp(T_file_hand, finger_angles, shape, hand.side)

    def parameters(self, grasp: Grasp, hand: HandModel) -> HandParameters:
        """A grasp in the numbers of this convention; the inverse of `grasp`.

        Fewer than 45 principal components cannot hold every pose: `residual` says what is lost.
        """
        if grasp.side != hand.side:
            raise InputError(f"A {grasp.side} grasp needs a {grasp.side} hand, got {hand.side}.")
        R_file_hand = grasp.T_object_hand[..., :3, :3]
        signs = R_file_hand.new_tensor(signs_mano_hand(hand.side))
        angles_mano = grasp.finger_angles * signs
        joints, residual = self._joint_numbers(angles_mano, hand)
        root = _from_matrix(R_file_hand * signs, self.root_rotation)
        wrist_file = grasp.T_object_hand[..., :3, 3]
        moved = wrist_file - self._wrist_offset(R_file_hand, grasp.betas, hand)
        return HandParameters(
            torch.cat([root, joints], dim=-1),
            moved / self.translation_unit,
            grasp.betas,
            residual,
        )

    def joints(self, mesh: HandMesh, hand: HandModel) -> Float[Tensor, "*b j 3"]:
        """Joints of a posed hand as the library gives them: its order, tips, centre and unit."""
        ours = mesh.joints21()
        points = {name: ours[..., i, :] for i, name in enumerate(_OURS21)}
        if len(hand.template_vertices) == 778:
            tips = zip(_TIP_ORDER, self.tip_vertices(hand.side), strict=True)
            points |= {f"{finger}_tip": mesh.vertices_object[..., v, :] for finger, v in tips}
        if self.palm_vertices is not None:
            points["wrist"] = mesh.vertices_object[..., list(self.palm_vertices), :].mean(-2)
        joints = torch.stack([points[name] for name in self.joint_names], dim=-2)
        if self.centre != "none":
            centre = points["wrist" if self.centre == "wrist" else "middle1"]
            joints = joints - centre[..., None, :]
        return joints / self.point_unit

    def joints21(self, joints: Tensor | ndarray) -> Float[Tensor, "*b 21 3"]:
        """Joints of this convention in ours, in [m]: each finger's joints and tip in MANO's order.

        Raises:
            InputError: The convention has 16 joints, or the array does not fit it.
        """
        return self._reordered(joints, _OURS21)

    def joints16(self, joints: Tensor | ndarray) -> Float[Tensor, "*b 16 3"]:
        """Joints of this convention in MANO's order without fingertips, in [m]."""
        return self._reordered(joints, _MANO16)

    def from_joints21(self, joints: Tensor | ndarray) -> Float[Tensor, "*b j 3"]:
        """The inverse of `joints21`; leaves out the fingertips where the convention has none."""
        ours = _tensor(joints)
        if ours.shape[-2:] != (21, 3):
            raise InputError(f"Expected 21 joints of 3 numbers, got {tuple(ours.shape)}.")
        order = [_OURS21.index(name) for name in self.joint_names]
        return ours[..., order, :] / self.point_unit

    def tip_vertices(self, side: Side) -> tuple[int, int, int, int, int]:
        """Fingertip vertices of MANO's surface: thumb, index, middle, ring, pinky."""
        return self.right_tips if side == "right" else self.left_tips

    def _reordered(self, joints: Tensor | ndarray, names: tuple[str, ...]) -> Tensor:
        given = _tensor(joints)
        if given.shape[-2:] != (len(self.joint_names), 3):
            raise InputError(
                f"The convention {self.name!r} has {len(self.joint_names)} joints of 3 numbers, "
                f"got {tuple(given.shape)}."
            )
        missing = [name for name in names if name not in self.joint_names]
        if missing:
            raise InputError(f"The convention {self.name!r} has no {', '.join(missing)}.")
        return given[..., [self.joint_names.index(name) for name in names], :] * self.point_unit

    def _finger_angles(self, numbers: Tensor, hand: HandModel) -> Float[Tensor, "*b 15 3"]:
        if self.joint_rotation != "axis_angle":
            rotations = numbers.unflatten(-1, (15, _SIZES[self.joint_rotation]))
            return matrix_to_axis_angle(_as_matrix(rotations, self.joint_rotation))
        if self.num_pca is not None:
            numbers = numbers @ self._components(hand).to(numbers)
        return (numbers + self._mean(hand, numbers)).unflatten(-1, (15, 3))

    def _joint_numbers(self, angles_mano: Tensor, hand: HandModel) -> tuple[Tensor, Tensor]:
        if self.joint_rotation != "axis_angle":
            numbers = _from_matrix(axis_angle_to_matrix(angles_mano), self.joint_rotation)
            return numbers.flatten(-2), torch.zeros_like(angles_mano[..., 0, 0])
        flat = angles_mano.flatten(-2)
        flat = flat - self._mean(hand, flat)
        if self.num_pca is None:
            return flat, torch.zeros_like(flat[..., 0])
        components = self._components(hand).to(flat)
        numbers = flat @ torch.linalg.pinv(components)
        lost = (flat - numbers @ components).unflatten(-1, (15, 3)).norm(dim=-1)
        return numbers, lost.amax(-1)

    def _components(self, hand: HandModel) -> Float[Tensor, "k 45"]:
        components = self._mano(hand).pose_components
        if components is None or len(components) < (self.num_pca or 0):
            raise InputError(
                f"The convention {self.name!r} needs {self.num_pca} principal components of the "
                f"pose (hands_components), which the file of the hand {hand.name!r} does not hold."
            )
        return components[: self.num_pca]

    def _mean(self, hand: HandModel, like: Tensor) -> Tensor:
        if self.flat_hand_mean:
            return like.new_zeros(45)
        mean = self._mano(hand).pose_mean
        if mean is None:
            raise InputError(
                f"The convention {self.name!r} adds the mean pose (hands_mean), which the file of "
                f"the hand {hand.name!r} does not hold."
            )
        return mean.to(like)

    def _wrist_offset(self, R_file_hand: Tensor, betas: Tensor, hand: HandModel) -> Tensor:
        """From what the translation means to the wrist, in [m]."""
        if self.translation == "wrist":
            return R_file_hand.new_zeros(3)
        if self.translation == "added":
            # The root turns about the wrist, so that only the translation moves it from its rest.
            return self._mano(hand).wrist(betas)
        joints = hand.to(dtype=betas.dtype, device=betas.device).with_shape(betas).joints_rest
        knuckle = joints[..., 4, :] - joints[..., 0, :]
        return -(R_file_hand @ knuckle[..., None])[..., 0]

    def _mano(self, hand: HandModel) -> ManoSpace:
        if hand.mano is None:
            raise InputError(
                f"The convention {self.name!r} needs MANO's rest wrist, mean pose or principal "
                f"components, which the hand {hand.name!r} has not. Load your MANO file "
                "(semgrasp.hand.load_mano), or write the poses as rotation vectors with the "
                "position of the wrist (convention 'oakink')."
            )
        return hand.mano


def _tensor(values: Tensor | ndarray) -> Tensor:
    tensor = (
        torch.from_numpy(np.ascontiguousarray(values)) if isinstance(values, ndarray) else values
    )
    return tensor if tensor.is_floating_point() else tensor.double()


def _as_matrix(rotation: Tensor, kind: Rotation) -> Float[Tensor, "*b 3 3"]:
    match kind:
        case "axis_angle":
            return axis_angle_to_matrix(rotation)
        case "quaternion":
            return quaternion_to_matrix(rotation)
        case "6d":
            return rotation_6d_to_matrix(rotation)
        case "matrix":
            return rotation.unflatten(-1, (3, 3))


def _from_matrix(R: Tensor, kind: Rotation) -> Float[Tensor, "*b n"]:
    match kind:
        case "axis_angle":
            return matrix_to_axis_angle(R)
        case "quaternion":
            return matrix_to_quaternion(R)
        case "6d":
            return matrix_to_rotation_6d(R)
        case "matrix":
            return R.flatten(-2)


MANOPTH = HandConvention(name="manopth", num_pca=6, point_unit=0.001)
"""manopth's ManoLayer as it comes: 6 components around the flat hand, points in millimetres (the
translation stays in metres, and is added); `center_idx` counts only without a translation."""
MANOTORCH = HandConvention(name="manotorch")
"""manotorch's ManoLayer as it comes, with a translation added to what it gives."""
SMPLX = HandConvention(
    name="smplx",
    num_pca=6,
    flat_hand_mean=False,
    joint_names=_MANO16,
    right_tips=(744, 320, 443, 554, 671),
    left_tips=(744, 320, 443, 554, 671),
)
"""smplx.MANO as it comes: 6 components around the mean pose, 16 joints in MANO's order."""
OAKINK = HandConvention(name="oakink", translation="wrist")
"""hand_param.pkl of OakInk-Shape: manotorch with `center_idx=0`; `tsl` places the wrist."""
OAKINK_LOADER = HandConvention(name="oakink_loader", translation="middle_knuckle")
"""As OakInk's loader returns it: `hand_tsl` is replaced by the position of joint 9."""
DEXYCB = HandConvention(name="dexycb")
"""DexYCB as D-Grasp relabelled it: 48 rotation-vector numbers around the flat hand."""
DEXYCB_RAW = HandConvention(name="dexycb_raw", num_pca=45, flat_hand_mean=False)
"""`pose_m` of DexYCB's own label files: rotation, 45 components around the mean pose; then the
translation, which is added."""

CONVENTIONS: dict[str, HandConvention] = {
    convention.name: convention
    for convention in (
        MANOPTH,
        replace(MANOPTH, name="manopth_axis_angle", num_pca=None),
        replace(
            MANOPTH, name="manopth_6d", num_pca=None, root_rotation="6d", joint_rotation="matrix"
        ),
        MANOTORCH,
        replace(
            MANOTORCH,
            name="manotorch_quaternion",
            root_rotation="quaternion",
            joint_rotation="quaternion",
        ),
        SMPLX,
        replace(SMPLX, name="smplx_axis_angle", num_pca=None),
        replace(SMPLX, name="smplx_flat", num_pca=None, flat_hand_mean=True),
        OAKINK,
        OAKINK_LOADER,
        DEXYCB,
        DEXYCB_RAW,
    )
}
"""All named conventions."""


def hand_convention(name: str) -> HandConvention:
    """A convention by its name."""
    if name not in CONVENTIONS:
        raise InputError(f"Unknown hand convention {name!r}. Available: {', '.join(CONVENTIONS)}.")
    return CONVENTIONS[name]
