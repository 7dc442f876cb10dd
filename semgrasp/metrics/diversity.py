"""How different grasps are from one another, by the conventions of the papers.

Numbers of two conventions cannot be compared: they cluster different things, in different units.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.geometry import matrix_to_axis_angle
from semgrasp.hand import JOINT_LIMITS, HandModel, dofs_from_finger_angles
from semgrasp.types import Grasp

Features = Literal["joints", "canonical_joints", "mano_parameters", "joint_angles"]

_MAX_STEPS = 300


@dataclass(frozen=True, kw_only=True)
class DiversityRule:
    """What is compared, and how its spread becomes a number."""

    features: Features
    """"joints": 21 joints in the object frame, in [m] (63 numbers). "canonical_joints": the same in
    the hand frame, so that only posture and size count. "mano_parameters": 10 shape coefficients,
    48 angles in [rad] and the wrist in [m] (61), as they are. "joint_angles": 21 anatomical angles
    in [rad]."""
    kind: Literal["clusters", "bins"] = "clusters"
    """"clusters": k-means; entropy of the cluster sizes, mean distance to the centre. "bins": mean
    over the features of the entropy of a histogram between fixed limits."""
    groups: int = 20
    """Clusters, or bins per feature."""
    log_base: Literal["e", "2"] = "e"
    """Base of the logarithm: entropies in nats or in bits."""
    whiten: bool = False
    """Whether each feature is divided by its standard deviation before clustering."""
    restarts: int = 10
    """Runs of k-means from different starts, of which the tightest counts."""
    source: str = ""
    """Paper or script that computes it so."""

    def __post_init__(self) -> None:
        if self.groups < 2 or self.restarts < 1:
            raise InputError(
                f"Diversity needs 2 groups and 1 start at least, got {self.groups} and "
                f"{self.restarts}."
            )
        if self.kind == "bins" and self.features != "joint_angles":
            raise InputError(f"Bins need features with limits: joint_angles, not {self.features}.")


HALO_DIVERSITY = DiversityRule(
    features="canonical_joints", source="HALO (Karunratanakul et al., 3DV 2021)"
)
FASTGRASP_DIVERSITY = DiversityRule(features="joints", whiten=True, source="FastGrasp")
DVQVAE_DIVERSITY = DiversityRule(
    features="mano_parameters",
    source="D-VQVAE (Zhao et al., ECCV 2024): radians, metres and shape coefficients in one sum",
)
DEXGYS_DIVERSITY = DiversityRule(
    features="joint_angles",
    kind="bins",
    groups=100,
    source="DexGYS: 100 bins for each joint of its robot hand, here of the human hand's 21 angles",
)


class Diversity(NamedTuple):
    """Spread of a set of grasps; higher is more varied."""

    entropy: float
    """In nats or bits; at most the logarithm of the number of groups."""
    largest_entropy: float
    """That logarithm: all groups equally full."""
    cluster_size: float | None
    """Mean distance of a grasp to its cluster's centre, in the units of the features; None for
    bins."""
    num_grasps: int


def diversity(features: Float[ndarray, "n d"], rule: DiversityRule, *, seed: int = 0) -> Diversity:
    """Entropy and cluster size of a set of grasps.

    Args:
        features: One row per grasp, as `diversity_features` makes them for the rule.
        seed: Of the starts of k-means.

    Raises:
        InputError: There are fewer grasps than clusters, or a feature is not finite.
    """
    if not np.isfinite(features).all():
        raise InputError("A feature is not finite (NaN or infinity): leave that grasp out.")
    count = len(features)
    base = 1.0 if rule.log_base == "e" else np.log(2.0)
    largest = float(np.log(rule.groups) / base)
    if rule.kind == "bins":
        if count == 0:
            raise InputError("Diversity needs at least one grasp, got none.")
        entropy = _binned_entropy(features, rule.groups)
        return Diversity(entropy / base, largest, None, count)
    if count < rule.groups:
        raise InputError(
            f"{rule.groups} clusters need at least {rule.groups} grasps, got {count}. Generate "
            "more grasps per object, or report no diversity."
        )
    data = features.astype(np.float64)
    if rule.whiten:
        deviation = data.std(axis=0)
        data = data / np.where(deviation > 0, deviation, 1.0)
    label, distance = kmeans(data, rule.groups, restarts=rule.restarts, seed=seed)
    entropy = _entropy(np.bincount(label, minlength=rule.groups))
    return Diversity(entropy / base, largest, float(distance.mean()), count)


def diversity_features(hand: HandModel, grasp: Grasp, features: Features) -> Float[ndarray, "n d"]:
    """What a rule compares, one row per grasp.

    Args:
        grasp: With one batch axis.
    """
    if features == "joint_angles":
        return dofs_from_finger_angles(hand, grasp.finger_angles).double().numpy(force=True)
    if features == "mano_parameters":
        turn = matrix_to_axis_angle(grasp.T_object_hand[:, :3, :3])
        wrist = grasp.T_object_hand[:, :3, 3]
        parts = [grasp.betas, turn, grasp.finger_angles.flatten(-2), wrist]
        return torch.cat(parts, dim=-1).double().numpy(force=True)
    if features == "canonical_joints":
        at_rest = torch.eye(4).to(grasp.T_object_hand).expand_as(grasp.T_object_hand)
        grasp = Grasp(at_rest, grasp.finger_angles, grasp.betas, grasp.side)
    return hand.pose(grasp).joints21().flatten(-2).double().numpy(force=True)


def kmeans(
    data: Float[ndarray, "n d"], clusters: int, *, restarts: int = 10, seed: int = 0
) -> tuple[Int[ndarray, " n"], Float[ndarray, " n"]]:
    """Cluster of each row and its distance to the centre, by Lloyd's iteration.

    Starts are spread by k-means++ (Arthur and Vassilvitskii, 2007); the start with the smallest
    sum of squared distances wins. A cluster that runs empty moves to the row farthest from its
    own centre.
    """
    rng = np.random.default_rng(seed)
    runs = [_lloyd(data, _spread_start(data, clusters, rng)) for _ in range(restarts)]
    return min(runs, key=lambda run: float((run[1] ** 2).sum()))


def _spread_start(data: ndarray, clusters: int, rng: np.random.Generator) -> ndarray:
    chosen = [int(rng.integers(len(data)))]
    square = np.full(len(data), np.inf)
    for _ in range(clusters - 1):
        square = np.minimum(square, ((data - data[chosen[-1]]) ** 2).sum(axis=1))
        total = square.sum()
        weights = square / total if total > 0 else None
        chosen.append(int(rng.choice(len(data), p=weights)))
    return data[chosen]


def _lloyd(data: ndarray, centres: ndarray) -> tuple[ndarray, ndarray]:
    from scipy.cluster.vq import vq

    label, distance = vq(data, centres)
    for _ in range(_MAX_STEPS):
        count = np.bincount(label, minlength=len(centres))
        sums = np.zeros_like(centres)
        np.add.at(sums, label, data)
        centres = sums / np.maximum(count, 1)[:, None]
        farthest = iter(np.argsort(-distance))
        for empty in np.flatnonzero(count == 0):
            centres[empty] = data[next(farthest)]
        before = label
        label, distance = vq(data, centres)
        if np.array_equal(label, before):
            break
    return label.astype(np.int64), distance


def _entropy(count: ndarray) -> float:
    """Of shares proportional to the counts, in nats."""
    share = count[count > 0] / count.sum()
    return max(0.0, float(-(share * np.log(share)).sum()))


def _binned_entropy(angles: ndarray, bins: int) -> float:
    """Mean over the joints; angles beyond a joint's limits count in its first or last bin."""
    low, high = (limit.double().numpy() for limit in JOINT_LIMITS)
    if angles.shape[1] != len(low):
        raise InputError(f"Expected {len(low)} joint angles per grasp, got {angles.shape[1]}.")
    place = np.floor((angles - low) / (high - low) * bins).astype(np.int64).clip(0, bins - 1)
    return float(np.mean([_entropy(np.bincount(column)) for column in place.T]))
