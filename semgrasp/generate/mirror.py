"""Left hands: grasp the mirror image of the object with the right hand, then mirror the grasp."""

import dataclasses

import numpy as np
import torch

from semgrasp.types import Grasp, ObjectShape

_FLIP_OBJECT = (1.0, -1.0, 1.0)
"""Objects are mirrored left to right, in the plane y = 0 of their frame."""
_FLIP_HAND = (1.0, 1.0, -1.0)
"""Hands are mirrored in the plane z = 0 of the hand frame, as `HandModel.mirrored` does."""


def mirror_shape(shape: ObjectShape) -> ObjectShape:
    """The mirror image of an object; it is no longer the object of the file."""
    return dataclasses.replace(
        shape,
        vertices_object=shape.vertices_object * np.array(_FLIP_OBJECT),
        faces=np.ascontiguousarray(shape.faces[:, ::-1]),
    )


def mirror_grasp(grasp: Grasp) -> Grasp:
    """The grasp of the other hand on the mirror image of the object; its own inverse."""
    T = grasp.T_object_hand
    rows = torch.diag(T.new_tensor([*_FLIP_OBJECT, 1.0]))
    columns = torch.diag(T.new_tensor([*_FLIP_HAND, 1.0]))
    # A rotation vector is a pseudovector: mirroring in z = 0 turns x and y around, not z.
    angles = grasp.finger_angles * T.new_tensor([-1.0, -1.0, 1.0])
    other = "left" if grasp.side == "right" else "right"
    return Grasp(rows @ T @ columns, angles, grasp.betas, other)
