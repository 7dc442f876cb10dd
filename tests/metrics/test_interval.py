"""Intervals against closed forms, published tables and the share of experiments they cover."""

import math

import numpy as np
import pytest

from semgrasp.errors import InputError
from semgrasp.metrics.interval import confidence_interval, mean_interval, proportion_interval


def test_bootstrap_agrees_with_a_naive_loop():
    values = np.random.default_rng(1).gamma(2.0, size=15)
    rng = np.random.default_rng(5)
    means = []
    for _ in range(500):
        means.append(np.mean([values[i] for i in rng.integers(15, size=15)]))
    expected = np.quantile(means, [0.05, 0.95])
    drawn = confidence_interval(values, level=0.9, seed=5, resamples=500)
    np.testing.assert_allclose(drawn, expected, rtol=1e-12)


def test_bootstrap_of_many_normal_values_is_mean_plus_minus_two_standard_errors():
    values = np.random.default_rng(0).normal(3.0, 2.0, size=400)
    low, high = confidence_interval(values)
    error = 1.96 * values.std() / math.sqrt(400)
    assert low == pytest.approx(values.mean() - error, abs=0.05 * error)
    assert high == pytest.approx(values.mean() + error, abs=0.05 * error)


def test_bootstrap_covers_the_true_mean_in_nearly_95_percent_of_experiments():
    rng = np.random.default_rng(2)
    hits = 0
    for seed in range(1000):
        values = rng.uniform(size=40)
        low, high = confidence_interval(values, seed=10_000 + seed, resamples=500)
        hits += low <= 0.5 <= high
    # 0.02 is three standard deviations of the count; the percentile bootstrap of 40 values misses
    # about 1 % of the experiments more than it should.
    assert hits / 1000 == pytest.approx(0.94, abs=0.02)


def test_t_interval_covers_the_mean_of_five_normal_values_in_95_percent_of_experiments():
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(4000):
        low, high = mean_interval(rng.normal(7.0, 3.0, size=5))
        hits += low <= 7.0 <= high
    assert hits / 4000 == pytest.approx(0.95, abs=0.0105)


def test_t_interval_uses_the_tabulated_quantile():
    # t of 4 degrees of freedom at 97.5 % is 2.776.
    low, high = mean_interval(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    half = 2.7764451 * math.sqrt(2.5 / 5)
    assert (low, high) == pytest.approx((3 - half, 3 + half), abs=1e-6)


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (3, 10), (81, 263), (10, 10)])
def test_ends_of_the_wilson_interval_solve_its_equation(successes, trials):
    low, high = proportion_interval(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    for p in (low, high):
        if 0 < p < 1:
            error = p - successes / trials
            assert error**2 == pytest.approx(1.959964**2 * p * (1 - p) / trials, rel=1e-6)


def test_wilson_interval_agrees_with_a_published_value():
    # Newcombe (Statistics in Medicine 1998), table I, method 3: 81 of 263.
    assert proportion_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_wilson_interval_covers_a_rare_event_in_nearly_95_percent_of_experiments():
    counts = np.random.default_rng(4).binomial(40, 0.1, size=4000)
    ends = {count: proportion_interval(int(count), 40) for count in set(counts.tolist())}
    covered = np.mean([ends[count][0] <= 0.1 <= ends[count][1] for count in counts.tolist()])
    assert 0.93 <= covered <= 0.98


def test_the_same_seed_gives_the_same_interval_and_another_one_another():
    values = np.random.default_rng(0).normal(size=20)
    assert confidence_interval(values, seed=3) == confidence_interval(values, seed=3)
    assert confidence_interval(values, seed=3) != confidence_interval(values, seed=4)


def test_an_interval_of_more_values_than_fit_in_memory_at_once_is_drawn_in_parts():
    values = np.random.default_rng(0).normal(size=30_000)
    low, high = confidence_interval(values, resamples=200)
    assert high - low == pytest.approx(2 * 1.96 / math.sqrt(30_000), rel=0.2)


def test_a_higher_level_gives_a_wider_interval():
    values = np.random.default_rng(0).normal(size=30)
    for interval in (confidence_interval, mean_interval):
        low90, high90 = interval(values, level=0.9)
        low99, high99 = interval(values, level=0.99)
        assert low99 < low90 < high90 < high99


def test_one_value_leaves_its_mean_open():
    for interval in (confidence_interval, mean_interval):
        assert interval(np.array([2.0])) == (-math.inf, math.inf)


def test_equal_values_give_an_interval_of_no_width():
    for interval in (confidence_interval, mean_interval):
        assert interval(np.full(8, 0.25)) == (0.25, 0.25)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: confidence_interval(np.zeros(0)), "at least one value"),
        (lambda: confidence_interval(np.array([1.0, np.nan])), "1 of 2 values are not finite"),
        (lambda: mean_interval(np.zeros(3), level=95.0), "between 0 and 1, got 95.0"),
        (lambda: confidence_interval(np.zeros(3), resamples=5), "at least 100 resamples"),
        (lambda: proportion_interval(0, 0), "at least one trial"),
        (lambda: proportion_interval(5, 4), "5 of 4"),
    ],
)
def test_what_has_no_interval_is_refused(ask, message):
    with pytest.raises(InputError, match=message):
        ask()
