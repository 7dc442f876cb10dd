"""Krippendorff's alpha against its author's example, a naive loop and its limits."""

from itertools import permutations

import numpy as np
import pytest

from eval.perceptual_study.agreement import ordinal_alpha

_ = np.nan
# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C: four observers.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ],
    dtype=float,
)


def naive_alpha(ratings):
    """The definition: all pairs within items against all pairs of values at all."""
    units = [[v for v in column if not np.isnan(v)] for column in ratings.T]
    units = [unit for unit in units if len(unit) > 1]
    every = [v for unit in units for v in unit]

    def distance(a, b):
        low, high = min(a, b), max(a, b)
        between = sum(1 for v in every if low <= v <= high)
        return (between - (every.count(low) + every.count(high)) / 2) ** 2 if a != b else 0.0

    within = sum(
        sum(distance(a, b) for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units
    )
    across = sum(distance(a, b) for a, b in permutations(every, 2)) / (len(every) - 1)
    return 1.0 - within / across


def test_the_published_example_gives_its_published_value():
    assert round(ordinal_alpha(PUBLISHED), 3) == 0.815


@pytest.mark.parametrize("seed", range(4))
def test_alpha_equals_the_definition_by_loops_with_gaps_in_the_table(seed):
    rng = np.random.default_rng(seed)
    ratings = rng.integers(1, 6, size=(4, 9)).astype(float)
    ratings[rng.random(ratings.shape) < 0.2] = np.nan
    assert ordinal_alpha(ratings) == pytest.approx(naive_alpha(ratings), abs=1e-12)


def test_volunteers_who_agree_on_everything_have_alpha_one():
    assert ordinal_alpha(np.tile([1.0, 3.0, 5.0, 5.0], (3, 1))) == pytest.approx(1.0)


def test_ratings_at_random_have_alpha_near_zero():
    ratings = np.random.default_rng(0).integers(1, 6, size=(5, 2000)).astype(float)
    assert abs(ordinal_alpha(ratings)) < 0.02


def test_neighbouring_scores_count_as_nearer_than_opposite_ones():
    near = np.array([[1, 2, 3, 4, 5, 1], [1, 2, 3, 4, 4, 1]], dtype=float)
    far = np.array([[1, 2, 3, 4, 5, 1], [1, 2, 3, 4, 1, 1]], dtype=float)
    assert ordinal_alpha(near) > ordinal_alpha(far)


def test_order_of_volunteers_and_items_does_not_matter():
    rng = np.random.default_rng(1)
    shuffled = PUBLISHED[rng.permutation(4)][:, rng.permutation(12)]
    assert ordinal_alpha(shuffled) == pytest.approx(ordinal_alpha(PUBLISHED), abs=1e-12)


@pytest.mark.parametrize("ratings", [np.full((3, 4), 2.0), np.array([[1.0, 2.0, 5.0]])])
def test_alpha_is_undefined_without_variation_or_a_second_volunteer(ratings):
    assert ordinal_alpha(ratings) is None
