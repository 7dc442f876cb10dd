"""How close a hand is to an object."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from semgrasp.metrics.closing import check_hands
from semgrasp.metrics.solid import SolidObject, as_solid
from semgrasp.types import ObjectShape

CONTACT_RATIO_DISTANCE = 0.005
"""A vertex within this distance of the surface is in contact, in [m]."""


def contact_distance(distance: Float[Tensor, "*b V"]) -> Float[Tensor, "*b"]:
    """Gap between hand and object in [m]; 0 when a vertex touches or is inside.

    Args:
        distance: Signed distance of each hand vertex to the object in [m], negative inside.
    """
    return distance.amin(dim=-1).clamp(min=0.0)


def contact_ratio(
    distance: Float[Tensor, "*b V"], threshold: float = CONTACT_RATIO_DISTANCE
) -> Float[Tensor, "*b"]:
    """Fraction of the hand's vertices that touch the object or are inside it.

    Papers also call "contact ratio" the share of grasps with any contact: that is the mean over
    grasps of `in_contact`.

    Args:
        distance: Signed distance of each hand vertex to the object in [m], negative inside.
        threshold: A vertex nearer than this counts as touching, in [m].
    """
    return (distance < threshold).to(distance.dtype).mean(dim=-1)


def in_contact(
    hand_vertices_object: Float[Tensor, "*b V 3"] | Float[ndarray, "*b V 3"],
    shape: ObjectShape | SolidObject,
    threshold: float = CONTACT_RATIO_DISTANCE,
) -> Bool[Tensor, "*b"] | Bool[ndarray, "*b"]:
    """Whether each hand touches the object; GraspTTA's contact ratio is its mean over grasps.

    Args:
        hand_vertices_object: Vertices of one or many hands in the object frame, in [m].
        shape: The object; prepare it as a `SolidObject` where many hands are measured.
        threshold: A hand with a vertex inside the object or nearer than this touches, in [m].
    """
    is_tensor = isinstance(hand_vertices_object, Tensor)
    hands = hand_vertices_object.double().numpy(force=True) if is_tensor else hand_vertices_object
    check_hands(hands)
    distance = as_solid(shape).signed_distance(hands.reshape(-1, 3), within=threshold)
    touching = np.asarray((distance < threshold).reshape(hands.shape[:-1]).any(axis=-1))
    return torch.from_numpy(touching).to(hand_vertices_object.device) if is_tensor else touching
