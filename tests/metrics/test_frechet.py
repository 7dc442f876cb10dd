"""Frechet distance against closed forms, and the clouds that P-FID compares."""

import numpy as np
import pytest
import scipy.linalg
import torch
import trimesh

from semgrasp.errors import InputError
from semgrasp.metrics.frechet import frechet_distance, grasp_cloud, p_fid, unit_clouds
from semgrasp.types import ObjectShape


def samples_with(mean: np.ndarray, deviation: np.ndarray, count: int = 400) -> np.ndarray:
    """Samples whose mean and covariance diag(deviation^2) are exactly those asked for."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(count, len(mean)))
    noise -= noise.mean(axis=0)
    root = np.linalg.cholesky(np.cov(noise, rowvar=False))
    return mean + np.linalg.solve(root, noise.T).T * deviation


@pytest.fixture
def ball() -> ObjectShape:
    mesh = trimesh.creation.icosphere(subdivisions=3, radius=0.03)
    return ObjectShape("ball", np.asarray(mesh.vertices), np.asarray(mesh.faces))


def test_a_set_is_at_no_distance_from_itself():
    features = np.random.default_rng(0).normal(size=(50, 20))
    assert frechet_distance(features, features) == pytest.approx(0.0, abs=1e-12)
    few = features[:5]
    assert frechet_distance(few, few[::-1].copy()) == pytest.approx(0.0, abs=1e-12)


def test_a_shift_costs_its_square():
    features = np.random.default_rng(0).normal(size=(50, 20))
    shift = np.linspace(-1, 2, 20)
    expected = (shift**2).sum()
    assert frechet_distance(features, features + shift) == pytest.approx(expected, rel=1e-9)


def test_diagonal_covariances_have_their_closed_form():
    a, b = np.array([1.0, 2.0, 0.5]), np.array([3.0, 0.1, 0.5])
    mean_a, mean_b = np.zeros(3), np.array([1.0, 0.0, -2.0])
    expected = 5.0 + ((a - b) ** 2).sum()
    measured = frechet_distance(samples_with(mean_a, a), samples_with(mean_b, b))
    assert measured == pytest.approx(expected, rel=1e-9)


def test_full_covariances_agree_with_the_matrix_square_root():
    rng = np.random.default_rng(1)
    a = rng.normal(size=(300, 12)) @ rng.normal(size=(12, 12))
    b = rng.normal(size=(200, 12)) @ rng.normal(size=(12, 12)) + 1.0
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


def test_fewer_samples_than_features_are_exact_in_the_space_that_they_span():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(40, 6)), 2.0 * rng.normal(size=(30, 6)) + 0.5
    turned = np.linalg.qr(rng.normal(size=(512, 6)))[0]
    expected = frechet_distance(a, b)
    assert frechet_distance(a @ turned.T, b @ turned.T) == pytest.approx(expected, rel=1e-9)


def test_two_samples_on_lines_at_right_angles_add_their_variances():
    a, b = np.zeros((2, 512)), np.zeros((2, 512))
    a[:, 0], b[:, 1] = [-1, 1], [-3, 3]
    # Variances 2 and 18 along directions that share nothing.
    assert frechet_distance(a, b) == pytest.approx(20.0)


def test_distance_does_not_depend_on_the_order_of_sets_or_samples():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(60, 8)), rng.normal(size=(70, 8)) + 0.3
    expected = frechet_distance(a, b)
    assert expected > 0
    assert frechet_distance(b, a) == pytest.approx(expected)
    assert frechet_distance(a[::-1].copy(), b) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.zeros((1, 4)), np.zeros((5, 4)), "at least 2 samples in each set, got 1"),
        (np.zeros((3, 4)), np.zeros((5, 3)), "of one length, got 4 and 3"),
        (np.full((3, 4), np.inf), np.zeros((5, 4)), "not finite"),
    ],
)
def test_sets_without_a_distance_are_refused(a, b, message):
    with pytest.raises(InputError, match=message):
        frechet_distance(a, b)


def test_unit_clouds_are_centred_and_reach_the_unit_sphere():
    clouds = np.random.default_rng(0).normal(size=(2, 3, 50, 3)) * 0.04 + 7.0
    unit = unit_clouds(clouds)
    np.testing.assert_allclose(unit.mean(axis=-2), 0.0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=-1).max(axis=-1), 1.0)
    with pytest.raises(InputError, match="single point"):
        unit_clouds(np.ones((4, 3)))


def test_p_fid_is_the_distance_of_the_features_of_unit_clouds():
    def moments(clouds: torch.Tensor) -> torch.Tensor:
        assert clouds.norm(dim=-1).amax() < 1.0001
        return clouds.square().mean(dim=1)

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 64, 3)), rng.normal(size=(35, 48, 3)) * [1.0, 2.0, 0.5]
    naive = [
        np.array([(unit_clouds(cloud) ** 2).mean(axis=0) for cloud in clouds]) for clouds in (a, b)
    ]
    assert p_fid(a, b, moments) == pytest.approx(frechet_distance(*naive), rel=1e-4)
    # Position and size of a grasp are divided out.
    assert p_fid(a, 0.1 * a + 3.0, moments) == pytest.approx(0.0, abs=1e-9)


def test_a_grasp_cloud_has_the_object_first_and_the_hand_second(ball):
    box = trimesh.creation.box((0.02, 0.02, 0.02)).apply_translation((0.1, 0, 0))
    hand = np.asarray(box.vertices), np.asarray(box.faces)
    cloud = grasp_cloud(hand, ball)
    assert cloud.shape == (2048, 3)
    assert (np.abs(np.linalg.norm(cloud[:1024], axis=1) - 0.03) < 1e-3).all()
    assert (np.abs(np.abs(cloud[1024:] - [0.1, 0, 0]).max(axis=1) - 0.01) < 1e-6).all()
    only = grasp_cloud(hand, ball, convention="hand_only")
    assert only.shape == (1024, 3)
    assert (only[:, 0] > 0.08).all()


def test_clouds_of_one_seed_share_the_points_of_the_object(ball):
    near, far = (
        (np.asarray(ball.vertices_object) + [0, 0, z], np.asarray(ball.faces)) for z in (0.05, 0.06)
    )
    np.testing.assert_array_equal(grasp_cloud(near, ball)[:1024], grasp_cloud(far, ball)[:1024])
    assert not np.array_equal(grasp_cloud(near, ball, seed=1), grasp_cloud(near, ball, seed=2))
