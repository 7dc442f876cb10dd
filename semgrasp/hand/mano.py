"""The MANO hand from the user's own licensed file.

MANO (Romero, Tzionas, Black, SIGGRAPH Asia 2017) is not free to pass on: it is read from where the
user keeps it and becomes a `HandModel` like the open hand. The hand frame has its origin at the
wrist joint of each person; its axes are MANO's for the right hand, and MANO's turned by half a
turn about y for the left (`semgrasp.hand.mano_space`). Poses in MANO's own numbers are converted
by `semgrasp.hand.convention`.
"""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.hand.anatomy import find_pads, find_tips
from semgrasp.hand.closing import closing_faces
from semgrasp.hand.convention import MANOTORCH, HandConvention
from semgrasp.hand.mano_file import PARENTS, ManoArrays, find_mano, read_mano_file
from semgrasp.hand.mano_space import ManoSpace, signs_mano_hand
from semgrasp.hand.model import HandModel
from semgrasp.hand.open_hand import open_hand
from semgrasp.types import Side

_TIP_OF_FINGER = (1, 2, 4, 3, 0)
"""Index, middle, pinky, ring, thumb among a convention's thumb, index, middle, ring, pinky."""


def load_mano(
    path: str | Path | None = None,
    side: Side = "right",
    *,
    flip_left_shape: bool | None = None,
    tips: HandConvention = MANOTORCH,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> HandModel:
    """The MANO hand of a file, as a hand model with a closed surface.

    The faces are the file's own, followed by those that close the wrist.

    Args:
        path: The file, or a folder that holds MANO_RIGHT.pkl or MANO_LEFT.pkl (or .npz); the
            folder in SEMGRASP_MANO_DIR where None.
        side: Which hand. The path of the other side's file stands for its neighbour.
        flip_left_shape: The distributed left hand has the x of its shape directions with the
            right hand's sign, so that shape coefficients deform it wrongly. None corrects it where
            the right hand's file lies beside it and shows the fault; True or False decides.
        tips: Convention whose fingertip vertices are used; other surfaces than MANO's 778
            vertices have the farthest vertex of each finger.

    Raises:
        AssetNotFoundError: No file; says where it comes from.
        InputError: The file is not a MANO hand of this side, or asks for more than data.
    """
    if side not in ("right", "left"):
        raise InputError(f"Unknown side {side!r}. Available: right, left.")
    file = find_mano(path, side)
    arrays = read_mano_file(file)
    shape_directions = arrays.shape_directions
    if side == "left" and _must_flip(flip_left_shape, arrays, file):
        shape_directions = shape_directions * np.array([-1.0, 1.0, 1.0])[:, None]
    hand = _hand_model(arrays, shape_directions, side, tips, file)
    return hand.to(dtype=dtype, device=device)


def _must_flip(decided: bool | None, left: ManoArrays, file: Path) -> bool:
    """Whether the left shape directions carry the right hand's sign in x.

    The two files number their vertices alike, and the hands are mirror images in x = 0 up to a
    little: a sound left hand has nearly opposite x, a faulty one nearly equal x.
    """
    if decided is not None:
        return decided
    try:
        right = read_mano_file(find_mano(file.parent, "right")).shape_directions[:, 0]
    except AssetNotFoundError as error:
        raise InputError(
            f"{file} may carry the known sign fault of MANO's left shape directions, which only "
            "the right hand shows: put MANO_RIGHT.pkl beside it, or pass flip_left_shape=True (as "
            "distributed) or False (already corrected)."
        ) from error
    x = left.shape_directions[:, 0]
    if right.shape != x.shape:
        raise InputError(f"{file} and its right hand have different numbers of vertices.")
    return bool(np.linalg.norm(x - right) < np.linalg.norm(x + right))


def _hand_model(
    arrays: ManoArrays,
    shape_directions: Float[ndarray, "V 3 S"],
    side: Side,
    tips: HandConvention,
    file: Path,
) -> HandModel:
    regressor, weights = arrays.joint_regressor, arrays.skinning_weights
    joints_mano = regressor @ arrays.template
    joint_directions_mano = np.einsum("jv,vcs->jcs", regressor, shape_directions)
    points_along = joints_mano[4, 0] - joints_mano[0, 0]
    if (points_along < 0) != (side == "right"):
        raise InputError(
            f"{file} does not hold MANO's {side} hand: its middle finger points along "
            f"{'-' if points_along < 0 else '+'}x, the {side} hand's along "
            f"{'-' if side == 'right' else '+'}x. Check which file it is."
        )
    # Into the hand frame: axes of the package, origin at each person's wrist.
    signs = np.array(signs_mano_hand(side))
    template = (arrays.template - joints_mano[0]) * signs
    directions = (shape_directions - joint_directions_mano[0]) * signs[:, None]
    joints = (joints_mano - joints_mano[0]) * signs
    joint_directions = (joint_directions_mano - joint_directions_mano[0]) * signs[:, None]
    # Entry (i, j) of each joint's rotation changes sign with both axes.
    turn = np.tile(np.outer(signs, signs).ravel(), 15)
    pose_directions = arrays.pose_directions * signs[:, None] * turn

    tip_ids = _tip_ids(template, joints, weights, side, tips)
    axes = _flexion_axes(joints, template[tip_ids], side, file)
    try:
        cap = closing_faces(template, arrays.faces)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
    faces = np.concatenate([arrays.faces, cap])
    mirror = np.array([1.0, 1.0, 1.0 if side == "right" else -1.0])
    pads = find_pads(
        template * mirror,
        faces if side == "right" else faces[:, ::-1],
        joints * mirror,
        axes if side == "right" else -axes * mirror,
        weights,
        template[tip_ids] * mirror,
    )
    tensor = torch.from_numpy
    mano = ManoSpace(
        tensor(joints_mano[0]),
        tensor(joint_directions_mano[0]),
        None if arrays.pose_components is None else tensor(arrays.pose_components),
        None if arrays.pose_mean is None else tensor(arrays.pose_mean),
    )
    return HandModel(
        name="mano",
        side=side,
        template_vertices=tensor(template),
        faces=tensor(faces),
        shape_directions=tensor(directions),
        joint_template=tensor(joints),
        joint_shape_directions=tensor(joint_directions),
        tip_template=tensor(template[tip_ids]),
        tip_shape_directions=tensor(directions[tip_ids]),
        tip_skinning_weights=tensor(weights[tip_ids]),
        skinning_weights=tensor(weights),
        parents=PARENTS,
        flexion_axes=tensor(axes),
        vertex_finger=tensor((weights.argmax(1) + 2) // 3),
        pads={name: tensor(vertices) for name, vertices in pads},
        pose_directions=tensor(pose_directions),
        tip_pose_directions=tensor(pose_directions[tip_ids]),
        mano=mano,
    )


def _tip_ids(
    template: ndarray, joints: ndarray, weights: ndarray, side: Side, tips: HandConvention
) -> Int[ndarray, "5"]:
    """Fingertip vertices: index, middle, pinky, ring, thumb."""
    if len(template) != 778:
        return find_tips(template, joints, weights)
    return np.array(tips.tip_vertices(side))[list(_TIP_OF_FINGER)]


def _flexion_axes(
    joints: Float[ndarray, "16 3"], tips: Float[ndarray, "5 3"], side: Side, file: Path
) -> Float[ndarray, "15 3"]:
    """The open hand's axes of flexion, carried along by the rotation of each bone.

    MANO has no such axes; those of the open hand are anatomical, and both hands rest flat.
    """
    fingers = np.concatenate([joints[1:].reshape(5, 3, 3), tips[:, None]], axis=1)
    joints21 = torch.from_numpy(np.concatenate([joints[:1], fingers.reshape(20, 3)]))
    try:
        return open_hand(side, dtype=torch.float64).rerested(joints21).flexion_axes.numpy()
    except InputError as error:
        raise InputError(f"{file} does not hold a flat {side} hand. {error}") from error
