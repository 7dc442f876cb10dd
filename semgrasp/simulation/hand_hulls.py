"""The hand as rigid convex pieces: one per phalanx, eight for the palm."""

import itertools
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import ConvexHull, QhullError
from torch import Tensor

from semgrasp.hand import HandModel

_PALM_SLABS = 4
_MIN_EXTENT = 1e-3
"""Thinner groups of vertices [m] span no volume a simulator could collide."""


class HandHull(NamedTuple):
    """A convex piece that moves with one joint."""

    joint: int
    """Index of the joint, 0 for the wrist."""
    vertices_joint: Float[ndarray, "n 3"]
    """Corners of the hull in the joint's frame, in [m]."""


def hand_hulls(hand_model: HandModel, betas: Float[Tensor, "10"]) -> list[HandHull]:
    """Cut a hand of the given shape into convex pieces fixed to its joints.

    Every vertex goes to the joint that moves it most. The palm is concave between the thumb's
    base and the little finger, so it is cut into 4 slabs across its width and 2 along it.
    """
    identity = torch.eye(4, dtype=betas.dtype, device=betas.device)
    flat = betas.new_zeros(15, 3)
    mesh = hand_model.with_shape(betas).with_pose(identity, flat).mesh()
    vertices = mesh.vertices_object.double().cpu().numpy()
    joints = mesh.joints_object.double().cpu().numpy()
    owner = hand_model.skinning_weights.argmax(-1).cpu().numpy()

    hulls = []
    for joint in range(1, len(joints)):
        hulls += _hull(joint, vertices[owner == joint] - joints[joint])
    palm = vertices[owner == 0] - joints[0]
    width_edges = np.quantile(palm[:, 2], np.linspace(0, 1, _PALM_SLABS + 1))
    middle = np.median(palm[:, 0])
    for low, high in itertools.pairwise(width_edges):
        # Slabs overlap a little, as the triangles between them belong to both.
        slab = palm[(palm[:, 2] >= low - 2e-3) & (palm[:, 2] <= high + 2e-3)]
        hulls += _hull(0, slab[slab[:, 0] <= middle + 4e-3])
        hulls += _hull(0, slab[slab[:, 0] >= middle - 4e-3])
    return hulls


def _hull(joint: int, points: Float[ndarray, "n 3"]) -> list[HandHull]:
    if len(points) < 4 or np.ptp(points, axis=0).min() < _MIN_EXTENT:
        return []
    try:
        corners = points[ConvexHull(points).vertices]
    except QhullError:
        return []
    return [HandHull(joint, corners)]
