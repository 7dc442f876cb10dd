"""Scores against loops, and intervals against what they promise."""

import numpy as np
import pytest

from eval.perceptual_study.answers import Answers, Key, KeyItem, Rating
from eval.perceptual_study.score import mean_score, paired_difference, score_study
from semgrasp.errors import InputError


def key_of(questions=6, grasps=1, methods=("base", "ours")):
    items = {
        f"{method}{q}{g}": KeyItem(method, f"object {q}: lift", None)
        for method in methods
        for q in range(questions)
        for g in range(grasps)
    }
    return Key("abc", items | {"sly": KeyItem(None, "", 2)})


def answers_of(key, volunteer, fit, natural=3, check=1):
    """`fit` maps an item's name to its score."""
    return Answers(
        volunteer,
        {
            name: Rating(check if item.condition is None else fit(name), natural, 4.0)
            for name, item in key.items.items()
        },
    )


def test_mean_and_spread_are_those_of_all_ratings():
    rng = np.random.default_rng(0)
    ratings = rng.integers(1, 6, size=(5, 8)).astype(float)
    score = mean_score(ratings, np.array([f"q{i // 2}" for i in range(8)]))
    flat = [x for row in ratings for x in row]
    mean = sum(flat) / 40
    assert score.mean == pytest.approx(mean)
    assert score.std == pytest.approx((sum((x - mean) ** 2 for x in flat) / 40) ** 0.5)
    assert score.ci95[0] < score.mean < score.ci95[1]


def test_the_interval_is_the_one_of_a_bootstrap_by_loops():
    rng = np.random.default_rng(3)
    ratings = rng.integers(1, 6, size=(4, 6)).astype(float)
    questions = np.array(["a", "a", "b", "b", "c", "c"])
    groups = [[0, 1], [2, 3], [4, 5]]
    means = []
    for _ in range(4000):
        people = rng.integers(4, size=4)
        items = []
        for question in rng.integers(3, size=3):
            items += [groups[question][k] for k in rng.integers(2, size=2)]
        means.append(ratings[np.ix_(people, items)].mean())
    low, high = np.percentile(means, [2.5, 97.5])
    score = mean_score(ratings, questions)
    assert score.ci95[0] == pytest.approx(low, abs=0.06)
    assert score.ci95[1] == pytest.approx(high, abs=0.06)


def test_volunteers_who_differ_widen_the_interval_that_questions_alone_would_give():
    questions = np.array([f"q{i}" for i in range(20)])
    alike = np.full((5, 20), 3.0)
    strict_and_mild = np.tile(np.array([[1.0], [2.0], [3.0], [4.0], [5.0]]), (1, 20))
    assert mean_score(alike, questions).ci95 == (3.0, 3.0)
    low, high = mean_score(strict_and_mild, questions).ci95
    assert high - low > 2.0


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Volunteers and questions with effects of their own; 95 % is the promise.

    The percentile bootstrap is a little narrow for twelve volunteers, hence the lower bound.
    """
    rng = np.random.default_rng(7)
    questions = np.array([f"q{i}" for i in range(15)])
    hits = 0
    for _ in range(60):
        ratings = 3 + rng.normal(0, 0.5, (12, 1)) + rng.normal(0, 0.5, (1, 15))
        ratings = ratings + rng.normal(0, 0.7, (12, 15))
        low, high = mean_score(ratings, questions).ci95
        hits += low <= 3 <= high
    assert 0.85 <= hits / 60 <= 1.0


def test_a_difference_is_taken_volunteer_by_volunteer_and_question_by_question():
    """Strictness of volunteers and difficulty of questions cancel: the interval has no width."""
    rng = np.random.default_rng(0)
    base = rng.normal(3, 1, (5, 1)) + rng.normal(0, 1, (1, 8))
    questions = np.array([f"q{i}" for i in range(8)])
    order = rng.permutation(8)
    difference = paired_difference(base[:, order] + 0.5, questions[order], base, questions)
    assert difference.mean == pytest.approx(0.5)
    assert difference.ci95 == pytest.approx((0.5, 0.5))
    assert difference.questions == 8


def test_a_difference_counts_shared_questions_only_and_each_the_same():
    first = np.array([[5.0, 5.0, 5.0, 1.0]])
    second = np.array([[1.0, 4.0]])
    # q0: mean of three grasps 5 against 1; q1 and q2 are not shared.
    a = np.array(["q0", "q0", "q0", "q1"])
    b = np.array(["q0", "q2"])
    difference = paired_difference(first, a, second, b)
    assert (difference.mean, difference.questions) == (4.0, 1)
    both = paired_difference(first, a, second, np.array(["q0", "q1"]))
    assert both.mean == pytest.approx(((5 - 1) + (1 - 4)) / 2)


def test_swapping_methods_turns_the_sign():
    rng = np.random.default_rng(2)
    a, b = rng.normal(3, 1, (2, 4, 6))
    questions = np.array([f"q{i}" for i in range(6)])
    there = paired_difference(a, questions, b, questions)
    back = paired_difference(b, questions, a, questions)
    assert back.mean == pytest.approx(-there.mean)
    assert back.ci95[0] == pytest.approx(-there.ci95[1], abs=0.05)


def test_volunteers_who_fail_the_check_are_named_and_do_not_count():
    key = key_of()
    fair = [answers_of(key, f"v{i}", lambda n: 4 if n.startswith("ours") else 2) for i in range(3)]
    asleep = answers_of(key, "sleepy", lambda n: 5, check=5)
    outcome = score_study(key, [*fair, asleep])
    assert outcome.volunteers == ("v0", "v1", "v2")
    assert outcome.excluded == {"sleepy": "gave 5 to a hand that does not touch the object"}
    assert outcome.scores["ours"]["perceptual_score"].mean == 4.0
    assert outcome.scores["base"]["perceptual_score"].mean == 2.0
    assert "Excluded: sleepy" in outcome.to_markdown()


def test_attention_checks_do_not_enter_scores_agreement_or_times():
    key = key_of()
    answers = [answers_of(key, f"v{i}", lambda n: 3, check=1 + i) for i in range(2)]
    outcome = score_study(key, answers)
    assert outcome.scores["ours"]["perceptual_score"].std == 0.0
    assert outcome.agreement["perceptual_score"] is None
    assert outcome.grasps == {"base": 6, "ours": 6}


def test_the_table_says_methods_differences_agreement_and_seed():
    key = key_of()
    answers = [
        answers_of(key, f"v{i}", lambda n, i=i: 3 + (n.startswith("ours")) + (i > 2))
        for i in range(5)
    ]
    text = score_study(key, answers, seed=4).to_markdown()
    assert "| ours | 6 | 4.40 [" in text
    assert "| base - ours | 6 | -1.00 [-1.00, -1.00] |" in text
    assert "5 volunteers" in text
    assert "seed 4" in text
    assert "naturalness undefined" in text


def test_methods_without_a_common_question_are_not_compared():
    key = Key(
        "abc", {"a": KeyItem("base", "mug: lift", None), "b": KeyItem("ours", "pan: lift", None)}
    )
    outcome = score_study(key, [answers_of(key, "v", lambda n: 3)])
    assert outcome.differences == {}
    assert "One volunteer only" in outcome.to_markdown()


def test_a_study_that_everybody_failed_is_refused_with_the_reasons():
    key = key_of()
    with pytest.raises(InputError, match=r"No volunteer passed.*v1: gave 4"):
        score_study(key, [answers_of(key, "v1", lambda n: 4, check=4)])


def test_the_same_seed_gives_the_same_intervals():
    key = key_of()
    rng = np.random.default_rng(0)
    table = {name: int(rng.integers(1, 6)) for name in key.items}
    answers = [answers_of(key, f"v{i}", table.__getitem__) for i in range(3)]
    assert score_study(key, answers).to_json() == score_study(key, answers).to_json()
