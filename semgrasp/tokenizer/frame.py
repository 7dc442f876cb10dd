"""The model frame: the object frame turned about z so that an object's heading is +x.

Networks see objects and grasps here, so a mug whose handle points anywhere looks the same.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.geometry import make_transform, rotation_about_z, transform_points
from semgrasp.objects import heading
from semgrasp.types import Grasp


@dataclass(frozen=True, eq=False)
class ModelFrame:
    """Rotation about z between the object frame and the model frame, for one or many objects."""

    heading: Float[Tensor, "*h"]
    """Yaw of the object's heading in the object frame, in [rad]."""

    @staticmethod
    def of(points_object: Float[Tensor, "n 3"]) -> "ModelFrame":
        """The frame that the geometry of an object suggests."""
        return ModelFrame(torch.tensor(float(heading(points_object)), dtype=points_object.dtype))

    @property
    def T_model_object(self) -> Float[Tensor, "*h 4 4"]:  # noqa: N802
        """Takes object coordinates to model coordinates."""
        return _yaw_transform(-self.heading)

    def points_to_model(self, points_object: Float[Tensor, "*h n 3"]) -> Float[Tensor, "*h n 3"]:
        """Express points of the objects in the model frame."""
        return transform_points(self.T_model_object, points_object)

    def grasp_to_model(self, grasp: Grasp) -> Grasp:
        """Express grasps of shape (*h, *b) in the model frame: `T_object_hand` is T_model_hand."""
        return _turn(grasp, self.T_model_object)

    def grasp_to_object(self, grasp: Grasp) -> Grasp:
        """Inverse of `grasp_to_model`."""
        return _turn(grasp, _yaw_transform(self.heading))


def _yaw_transform(angle: Float[Tensor, "*h"]) -> Float[Tensor, "*h 4 4"]:
    R = rotation_about_z(angle)
    return make_transform(R, torch.zeros_like(R[..., 0]))


def _turn(grasp: Grasp, T_a_b: Float[Tensor, "*h 4 4"]) -> Grasp:
    # The axes of the objects lead; the grasps of one object follow.
    extra = grasp.T_object_hand.dim() - T_a_b.dim()
    T_a_b = T_a_b.reshape(*T_a_b.shape[:-2], *[1] * extra, 4, 4).to(grasp.T_object_hand)
    return Grasp(T_a_b @ grasp.T_object_hand, grasp.finger_angles, grasp.betas, grasp.side)
