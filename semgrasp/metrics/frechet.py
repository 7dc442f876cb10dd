"""Frechet distance between two sets of features, and P-FID between two sets of grasps."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.types import ObjectShape

CloudConvention = Literal["object_and_hand", "hand_only"]
"""What a grasp looks like to P-FID. "object_and_hand": 1024 points of the object's surface, then
1024 of the hand's (DexGYS). "hand_only": 1024 points of the hand's surface. SemGrasp does not say
which it takes; numbers of the two cannot be compared."""

_POINTS = 1024
_BATCH = 16
"""Clouds that go through the network at once."""


def frechet_distance(features_a: Float[ndarray, "n d"], features_b: Float[ndarray, "m e"]) -> float:
    """Squared Wasserstein-2 distance between normal distributions fitted to two sets.

    |mean_a - mean_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)) (Dowson and Landau, 1982) with unbiased
    covariances. For centred features X and Y, scaled so that C_a = X' X and C_b = Y' Y, the trace
    of the root is the sum of the singular values of X Y': exact also where the covariances are
    singular, as with fewer samples than features. So few samples make the distance too large:
    compare only sets of the same size.

    Raises:
        InputError: A set has fewer than two samples, which have no covariance.
    """
    if features_a.shape[1] != features_b.shape[1]:
        raise InputError(
            f"Both sets need features of one length, got {features_a.shape[1]} and "
            f"{features_b.shape[1]}."
        )
    for features in (features_a, features_b):
        if len(features) < 2:
            raise InputError(
                f"A Frechet distance needs at least 2 samples in each set, got {len(features)}: "
                "one has no covariance."
            )
        if not np.isfinite(features).all():
            raise InputError("A feature is not finite (NaN or infinity): leave that sample out.")
    mean_a, root_a = _mean_and_root(features_a)
    mean_b, root_b = _mean_and_root(features_b)
    between = np.linalg.svd(root_a @ root_b.T, compute_uv=False).sum()
    spread = (root_a**2).sum() + (root_b**2).sum() - 2.0 * between
    return max(0.0, float(((mean_a - mean_b) ** 2).sum() + spread))


def p_fid(
    clouds_a: Float[ndarray, "n points 3"],
    clouds_b: Float[ndarray, "m other 3"],
    extractor: Callable[[Float[Tensor, "b points 3"]], Float[Tensor, "b d"]],
) -> float:
    """Frechet distance between features of point clouds, as in point-e (Nichol et al., 2022).

    Args:
        clouds_a: Points of each grasp, as `grasp_cloud` draws them; they are moved to their mean
            and scaled into the unit sphere here.
        clouds_b: Those it is compared with.
        extractor: Features of unit clouds; `PointNetFeatures` for published numbers.
    """
    return frechet_distance(_features(clouds_a, extractor), _features(clouds_b, extractor))


def grasp_cloud(
    hand: tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]],
    shape: ObjectShape,
    *,
    convention: CloudConvention = "object_and_hand",
    seed: int = 0,
) -> Float[ndarray, "points 3"]:
    """Points drawn uniformly over a grasp, in [m].

    Args:
        hand: Vertices in the object frame, in [m], and faces.
        seed: The same seed draws the same points of an object for all of its grasps.
    """
    generator = torch.Generator().manual_seed(seed)
    skin = ObjectShape("hand", np.asarray(hand[0], dtype=np.float64), hand[1])
    surfaces = {"object_and_hand": (shape, skin), "hand_only": (skin,)}
    if convention not in surfaces:
        raise InputError(
            f"Unknown cloud convention {convention!r}. Available: {', '.join(surfaces)}."
        )
    points = [s.sample(_POINTS, generator=generator).points_object for s in surfaces[convention]]
    return torch.cat(points).double().numpy()


def unit_clouds(clouds: Float[ndarray, "*b points 3"]) -> Float[ndarray, "*b points 3"]:
    """Clouds about their mean, with the farthest point at distance 1."""
    centred = clouds - clouds.mean(axis=-2, keepdims=True)
    size = np.linalg.norm(centred, axis=-1).max(axis=-1)[..., None, None]
    if not (np.isfinite(size).all() and (size > 0).all()):
        raise InputError("A cloud is a single point or not finite and cannot be scaled.")
    return centred / size


def _mean_and_root(features: ndarray) -> tuple[ndarray, ndarray]:
    """Mean, and R with R' R the covariance, of as few rows as can be."""
    features = features.astype(np.float64)
    mean = features.mean(axis=0)
    return mean, np.linalg.qr(features - mean, mode="r") / np.sqrt(len(features) - 1)


def _features(clouds: ndarray, extractor: Callable[[Tensor], Tensor]) -> ndarray:
    unit = torch.from_numpy(unit_clouds(clouds)).float()
    with torch.no_grad():
        parts = [extractor(part) for part in unit.split(_BATCH)]
    return torch.cat(parts).double().numpy(force=True)
