"""The area under the curve, against counting pairs and a published example."""

import math

import numpy as np
import pytest

from semgrasp.judge.separation import _variance, separation

# Hanley and McNeil (1982), table I: ratings 1 to 5 of 58 normal and 51 abnormal images.
NORMAL = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], [33, 6, 6, 11, 2])
ABNORMAL = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], [3, 2, 2, 11, 33])


def test_auc_matches_the_published_example():
    result = separation(ABNORMAL, NORMAL)
    assert result.auc == pytest.approx(0.893, abs=0.0005)
    assert math.sqrt(_variance(result.auc, 51, 58)) == pytest.approx(0.032, abs=0.0005)
    # The ends of a score interval are just 1.96 of their own standard errors away.
    for end in result.ci95:
        errors = abs(end - result.auc) / math.sqrt(_variance(end, 51, 58))
        assert errors == pytest.approx(1.96, abs=1e-3)


def test_auc_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(0)
    good, wrong = rng.integers(0, 8, 13) + 1.0, rng.integers(0, 8, 17) + 0.0
    pairs = [(g > w) + 0.5 * (g == w) for g in good for w in wrong]
    assert separation(good, wrong).auc == pytest.approx(np.mean(pairs))


def test_perfect_separation_of_few_grasps_stays_uncertain():
    few = separation(np.array([80.0, 90.0, 95.0]), np.array([10.0, 20.0, 30.0]))
    many = separation(np.linspace(80, 90, 60), np.linspace(10, 20, 60))
    assert few.auc == many.auc == 1.0
    assert few.ci95[0] < 0.75 < 0.9 < many.ci95[0]
    assert few.ci95[1] == 1.0


def test_interval_mirrors_when_good_and_wrong_change_places():
    forth, back = separation(ABNORMAL, NORMAL), separation(NORMAL, ABNORMAL)
    assert forth.auc == pytest.approx(1 - back.auc)
    assert forth.ci95[0] == pytest.approx(1 - back.ci95[1], abs=1e-6)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    # Two normal distributions one apart: the area is Phi(1 / sqrt(2)) = 0.760.
    covered = 0
    for _ in range(400):
        low, high = separation(rng.normal(1, 1, 20), rng.normal(0, 1, 40)).ci95
        covered += low <= 0.7602 <= high
    assert 0.92 <= covered / 400 <= 0.99
