"""How far a predicted hand is from the true one, joint by joint and vertex by vertex."""

from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.errors import InputError

Alignment = Literal["none", "root", "procrustes"]
_ALIGNMENTS = ("none", "root", "procrustes")


def joint_error(
    joints: Float[ndarray, "*b n 3"],
    true_joints: Float[ndarray, "*b m 3"],
    *,
    align: Alignment | str = "none",
) -> Float[ndarray, "*b"]:
    """Mean distance of joints to their true places in [m]; its mean over grasps is MPJPE.

    Args:
        align: "none" compares in the object frame; "root" first moves joint 0, the wrist, to its
            true place; "procrustes" first applies the similarity that fits best (PA-MPJPE).
    """
    return _error(joints, true_joints, align, root=joints[..., :1, :], true=true_joints[..., :1, :])


def vertex_error(
    vertices: Float[ndarray, "*b n 3"],
    true_vertices: Float[ndarray, "*b m 3"],
    *,
    align: Alignment | str = "none",
) -> Float[ndarray, "*b"]:
    """Mean distance of vertices to their true places in [m]; its mean over grasps is MPVPE.

    Args:
        align: "none" compares in the object frame, as SemGrasp does; "root" first moves the mean
            vertex to its true place; "procrustes" first applies the similarity that fits best.
    """
    return _error(
        vertices,
        true_vertices,
        align,
        root=vertices.mean(axis=-2, keepdims=True),
        true=true_vertices.mean(axis=-2, keepdims=True),
    )


def _error(points: ndarray, truth: ndarray, align: str, *, root: ndarray, true: ndarray) -> ndarray:
    if align not in _ALIGNMENTS:
        raise InputError(f"Unknown alignment {align!r}. Allowed: {', '.join(_ALIGNMENTS)}.")
    if points.shape != truth.shape:
        raise InputError(
            f"Compared points need the same shape, got {points.shape} and {truth.shape}."
        )
    if not (np.isfinite(points).all() and np.isfinite(truth).all()):
        raise InputError("Compared points hold numbers that are not finite.")
    if align == "root":
        points = points - root + true
    elif align == "procrustes":
        points = _fitted(points, truth)
    return np.asarray(np.linalg.norm(points - truth, axis=-1).mean(axis=-1))


def _fitted(points: ndarray, truth: ndarray) -> ndarray:
    """The points moved by the similarity of least squares (Umeyama, PAMI 1991)."""
    mean, true_mean = points.mean(axis=-2, keepdims=True), truth.mean(axis=-2, keepdims=True)
    centred, true_centred = points - mean, truth - true_mean
    u, singular, vt = np.linalg.svd(np.swapaxes(true_centred, -1, -2) @ centred)
    # A reflection would fit a left hand to a right one.
    sign = np.sign(np.linalg.det(u @ vt))
    singular = singular * np.stack([np.ones_like(sign), np.ones_like(sign), sign], axis=-1)
    u = np.concatenate([u[..., :2], u[..., 2:] * sign[..., None, None]], axis=-1)
    R_true_points = u @ vt
    extent = np.square(centred).sum(axis=(-1, -2))
    scale = singular.sum(axis=-1) / np.where(extent > 0, extent, 1.0)
    turned = centred @ np.swapaxes(R_true_points, -1, -2)
    return scale[..., None, None] * turned + true_mean
