"""Agreement against the worked examples of the papers that define it."""

import numpy as np
import pytest

from semgrasp.judge.agreement import agreement, icc_2_1, krippendorff_alpha

NAN = float("nan")
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
    dtype=float,
)
"""Table 2 of Shrout and Fleiss (1979): six targets, four judges."""
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T
"""Section C of Krippendorff (2011): twelve units, four observers, missing values."""


def test_icc_matches_the_published_example():
    assert icc_2_1(SHROUT_FLEISS) == pytest.approx(0.29, abs=0.005)


def test_alpha_matches_the_published_example():
    assert krippendorff_alpha(KRIPPENDORFF) == pytest.approx(0.849, abs=0.0005)


def test_alpha_agrees_with_a_loop_over_pairs():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 100, (9, 3)).astype(float)
    scores[2, 1] = scores[5, 0] = NAN
    units = [[x for x in unit if not np.isnan(x)] for unit in scores]
    observed = sum(
        (a - b) ** 2 / (len(unit) - 1)
        for unit in units
        for i, a in enumerate(unit)
        for j, b in enumerate(unit)
        if i != j
    )
    pooled = [x for unit in units for x in unit]
    expected = sum((a - b) ** 2 for a in pooled for b in pooled) / (len(pooled) - 1)
    assert krippendorff_alpha(scores) == pytest.approx(1 - observed / expected)


def test_repeats_that_agree_reach_one_and_a_constant_shift_costs_agreement():
    once = np.array([10.0, 40.0, 90.0])
    same = np.stack([once, once, once], axis=1)
    assert icc_2_1(same) == pytest.approx(1.0)
    assert krippendorff_alpha(same) == pytest.approx(1.0)
    shifted = np.stack([once, once + 30.0], axis=1)
    assert icc_2_1(shifted) < 0.9


def test_agreement_is_undefined_rather_than_perfect_when_nothing_varies():
    agreed = agreement(np.full((4, 2), 70.0))
    assert agreed is not None
    assert (agreed.icc, agreed.alpha, agreed.spread) == (None, None, 0.0)


def test_grasps_with_one_answer_do_not_count():
    assert agreement(np.array([[50.0, NAN], [NAN, 20.0]])) is None
    agreed = agreement(np.array([[50.0, NAN], [10.0, 20.0], [70.0, 60.0]]))
    assert agreed is not None
    assert agreed.grasps == 2
