"""Diversity of sets whose clusters, entropy and spread are known."""

import dataclasses

import numpy as np
import pytest
import torch

from semgrasp.errors import InputError
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.hand import JOINT_LIMITS, finger_angles_from_dofs, open_hand
from semgrasp.metrics.diversity import (
    DEXGYS_DIVERSITY,
    DVQVAE_DIVERSITY,
    FASTGRASP_DIVERSITY,
    HALO_DIVERSITY,
    _lloyd,
    diversity,
    diversity_features,
    kmeans,
)
from semgrasp.types import Grasp


def clusters_of(sizes: list[int], *, radius: float = 0.0, dims: int = 5) -> np.ndarray:
    """Points at a radius around centres far from one another, in pairs opposite to each other."""
    rng = np.random.default_rng(0)
    centres = 100.0 * np.stack(
        [np.arange(len(sizes)), np.arange(len(sizes)) ** 2, *[np.zeros(len(sizes))] * (dims - 2)],
        axis=1,
    )
    points = []
    for centre, size in zip(centres, sizes, strict=True):
        way = rng.normal(size=(size // 2, dims))
        way *= radius / np.linalg.norm(way, axis=1, keepdims=True)
        points += [centre + way, centre - way]
    return np.concatenate(points)


def random_grasps(count: int) -> Grasp:
    generator = torch.Generator().manual_seed(0)
    low, high = (limit.double() for limit in JOINT_LIMITS)
    q = low + (high - low) * torch.rand(count, 21, generator=generator, dtype=torch.float64)
    hand = open_hand(dtype=torch.float64)
    turn = torch.randn(count, 3, generator=generator, dtype=torch.float64)
    return Grasp(
        make_transform(axis_angle_to_matrix(turn), 0.1 * turn.flip(-1)),
        finger_angles_from_dofs(hand, q),
        torch.randn(count, 10, generator=generator, dtype=torch.float64),
    )


def test_twenty_equal_clusters_have_the_entropy_of_ln_20():
    measured = diversity(clusters_of([4] * 20, radius=0.5), HALO_DIVERSITY)
    assert measured.entropy == pytest.approx(np.log(20))
    assert measured.largest_entropy == pytest.approx(np.log(20))
    assert measured.num_grasps == 80


def test_entropy_in_bits_is_that_in_nats_over_ln_2():
    features = clusters_of([2, 4, 6, 8] * 5, radius=0.5)
    nats = diversity(features, HALO_DIVERSITY)
    bits = diversity(features, dataclasses.replace(HALO_DIVERSITY, log_base="2"))
    share = np.array([2, 4, 6, 8] * 5) / 100
    assert bits.entropy == pytest.approx(-(share * np.log2(share)).sum())
    assert nats.entropy == pytest.approx(bits.entropy * np.log(2))
    assert bits.largest_entropy == pytest.approx(np.log2(20))


def test_cluster_size_is_the_distance_to_the_centre():
    measured = diversity(clusters_of([6] * 20, radius=0.25), HALO_DIVERSITY)
    assert measured.cluster_size == pytest.approx(0.25)


def test_whitening_makes_the_units_of_a_feature_irrelevant():
    features = np.random.default_rng(0).normal(size=(100, 6))
    scaled = features * [1, 1000, 0.001, 1, 1, 1]
    assert diversity(scaled, FASTGRASP_DIVERSITY) == pytest.approx(
        diversity(features, FASTGRASP_DIVERSITY)
    )
    plain = diversity(scaled, HALO_DIVERSITY).cluster_size
    assert plain != pytest.approx(diversity(features, HALO_DIVERSITY).cluster_size)


def test_a_feature_that_never_changes_is_left_as_it_is():
    features = np.random.default_rng(0).normal(size=(60, 4))
    constant = np.column_stack([features, np.full(60, 7.0)])
    assert diversity(constant, FASTGRASP_DIVERSITY) == pytest.approx(
        diversity(features, FASTGRASP_DIVERSITY)
    )


def test_equal_grasps_have_no_diversity():
    measured = diversity(np.ones((30, 63)), HALO_DIVERSITY)
    assert measured.entropy == 0.0
    assert measured.cluster_size == 0.0


def test_the_same_seed_gives_the_same_number():
    features = np.random.default_rng(1).normal(size=(200, 10))
    first = diversity(features, HALO_DIVERSITY, seed=3)
    assert first == diversity(features, HALO_DIVERSITY, seed=3)
    assert first != diversity(features, HALO_DIVERSITY, seed=4)


def test_order_of_grasps_hardly_matters():
    features = clusters_of([4, 6] * 10, radius=0.5)
    order = np.random.default_rng(0).permutation(len(features))
    assert diversity(features[order], HALO_DIVERSITY) == pytest.approx(
        diversity(features, HALO_DIVERSITY)
    )


def test_no_row_is_nearer_to_another_centre_than_to_its_own():
    data = np.random.default_rng(2).normal(size=(150, 3))
    label, distance = kmeans(data, 12, restarts=2, seed=1)
    centres = np.array([data[label == k].mean(axis=0) for k in range(12)])
    for row, own, length in zip(data, label, distance, strict=True):
        gaps = [np.sqrt(((row - centre) ** 2).sum()) for centre in centres]
        assert int(np.argmin(gaps)) == own
        assert min(gaps) == pytest.approx(length)


def test_more_starts_never_give_looser_clusters():
    data = np.random.default_rng(3).normal(size=(120, 4))
    spread = [(kmeans(data, 10, restarts=n, seed=0)[1] ** 2).sum() for n in (1, 3, 10)]
    assert spread == sorted(spread, reverse=True)


def test_a_cluster_that_runs_empty_moves_to_the_loneliest_row():
    data = np.array([[0.0], [1.0], [10.0], [11.0], [30.0]])
    label, distance = _lloyd(data, np.array([[0.0], [12.0], [500.0]]))
    assert len(set(label.tolist())) == 3
    np.testing.assert_allclose(distance, [0.5, 0.5, 0.5, 0.5, 0.0])


def test_fewer_grasps_than_clusters_are_refused():
    with pytest.raises(InputError, match="20 clusters need at least 20 grasps, got 19"):
        diversity(np.zeros((19, 63)), HALO_DIVERSITY)


def test_a_feature_that_is_no_number_is_refused():
    features = np.zeros((25, 3))
    features[4, 1] = np.nan
    with pytest.raises(InputError, match="not finite"):
        diversity(features, HALO_DIVERSITY)


def test_bins_of_uniform_angles_are_nearly_all_full():
    low, high = (limit.double().numpy() for limit in JOINT_LIMITS)
    steps = (np.arange(100) + 0.5) / 100
    angles = low + (high - low) * steps[:, None]
    measured = diversity(angles, DEXGYS_DIVERSITY)
    assert measured.entropy == pytest.approx(np.log(100))
    assert measured.cluster_size is None


def test_angles_beyond_their_limits_share_the_outer_bins():
    low, high = (limit.double().numpy() for limit in JOINT_LIMITS)
    angles = np.stack([low - 1.0, low - 0.1, high + 0.1, high + 2.0])
    assert diversity(angles, DEXGYS_DIVERSITY).entropy == pytest.approx(np.log(2))


def test_bins_are_for_joint_angles_only():
    with pytest.raises(InputError, match="joint_angles, not joints"):
        dataclasses.replace(DEXGYS_DIVERSITY, features="joints")
    with pytest.raises(InputError, match="Expected 21 joint angles per grasp, got 63"):
        diversity(np.zeros((5, 63)), DEXGYS_DIVERSITY)


@pytest.mark.parametrize(
    ("rule", "width"),
    [
        (HALO_DIVERSITY, 63),
        (FASTGRASP_DIVERSITY, 63),
        (DVQVAE_DIVERSITY, 61),
        (DEXGYS_DIVERSITY, 21),
    ],
)
def test_every_convention_measures_a_set_of_grasps(rule, width):
    features = diversity_features(open_hand(dtype=torch.float64), random_grasps(40), rule.features)
    assert features.shape == (40, width)
    measured = diversity(features, rule)
    assert 0 < measured.entropy <= measured.largest_entropy


def test_canonical_joints_do_not_see_where_the_hand_is():
    hand, grasps = open_hand(dtype=torch.float64), random_grasps(6)
    elsewhere = Grasp(grasps.T_object_hand.flip(0), grasps.finger_angles, grasps.betas)
    here = diversity_features(hand, grasps, "canonical_joints")
    np.testing.assert_allclose(here, diversity_features(hand, elsewhere, "canonical_joints"))
    assert not np.allclose(
        diversity_features(hand, grasps, "joints"), diversity_features(hand, elsewhere, "joints")
    )


def test_mano_parameters_are_shape_then_pose_then_wrist():
    grasps = random_grasps(5)
    row = diversity_features(open_hand(dtype=torch.float64), grasps, "mano_parameters")[3]
    np.testing.assert_allclose(row[:10], grasps.betas[3])
    R = axis_angle_to_matrix(torch.from_numpy(row[10:13]))
    torch.testing.assert_close(R, grasps.T_object_hand[3, :3, :3])
    np.testing.assert_allclose(row[13:58], grasps.finger_angles[3].flatten())
    np.testing.assert_allclose(row[58:], grasps.T_object_hand[3, :3, 3])
