"""From answers to scores: means with intervals, agreement, and differences between methods."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from eval.perceptual_study.agreement import ordinal_alpha
from eval.perceptual_study.answers import QUESTIONS, Answers, Key
from semgrasp.errors import InputError

NAMES = {"fit": "perceptual_score", "natural": "naturalness"}
"""The main question is the one that is compared with a published perceptual score."""
DRAWS = 4000
LEVEL = 0.95


@dataclass(frozen=True)
class Score:
    """Scores from 1 to 5 of one method."""

    mean: float
    """Over all ratings, that is over volunteers and grasps."""
    std: float
    """Of all ratings, as papers print it; says nothing about how well the mean is known."""
    ci95: tuple[float, float]
    """Percentile bootstrap over volunteers crossed with questions, and grasps within them."""


@dataclass(frozen=True)
class Difference:
    """How much better the first method is than the second on the questions both answered."""

    mean: float
    ci95: tuple[float, float]
    questions: int


@dataclass(frozen=True)
class StudyScore:
    """The outcome of a study."""

    study: str
    volunteers: tuple[str, ...]
    """Whose ratings count."""
    excluded: Mapping[str, str]
    """Volunteers who failed an attention check, and how."""
    grasps: Mapping[str, int]
    """How many grasps of each method were rated."""
    scores: Mapping[str, Mapping[str, Score]]
    """By method, then by `perceptual_score` and `naturalness`."""
    agreement: Mapping[str, float | None]
    """Krippendorff's ordinal alpha; None for one volunteer or if all ratings are equal."""
    differences: Mapping[str, Mapping[str, Difference]]
    """By "first - second", then as `scores`; empty where no question is shared."""
    median_seconds: float
    """Time per grasp in [s]."""
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {"format": "semgrasp-perceptual-study", "version": 1, **asdict(self)}

    def to_markdown(self) -> str:
        """Tables and the sentences that belong below them."""
        lines = [
            "| method | grasps | perceptual score (1-5) | std | naturalness (1-5) | std |",
            "|---|---|---|---|---|---|",
        ]
        for name, scores in self.scores.items():
            fit, natural = scores["perceptual_score"], scores["naturalness"]
            lines.append(
                f"| {_cell(name)} | {self.grasps[name]} | {_value(fit)} | {fit.std:.2f} "
                f"| {_value(natural)} | {natural.std:.2f} |"
            )
        if self.differences:
            lines += [
                "",
                "| difference | questions | perceptual score | naturalness |",
                "|---|---|---|---|",
            ]
            for name, both in self.differences.items():
                fit, natural = both["perceptual_score"], both["naturalness"]
                lines.append(
                    f"| {_cell(name)} | {fit.questions} | {_value(fit, '+.2f')} "
                    f"| {_value(natural, '+.2f')} |"
                )
        alpha = ", ".join(
            f"{name.replace('_', ' ')} {'undefined' if value is None else f'{value:.2f}'}"
            for name, value in self.agreement.items()
        )
        lines += [
            "",
            f"Study {self.study}; {len(self.volunteers)} volunteers; brackets: 95 % intervals "
            f"(bootstrap over volunteers and questions, {DRAWS} draws, seed {self.seed}).",
            f"Agreement (Krippendorff's alpha, ordinal): {alpha}. "
            f"Median time per grasp: {self.median_seconds:.0f} s.",
        ]
        lines += [f"Excluded: {name}, {reason}." for name, reason in self.excluded.items()]
        if len(self.volunteers) == 1:
            lines.append("One volunteer only: the intervals say nothing about other people.")
        return "\n".join(lines)


def score_study(key: Key, answers: Sequence[Answers], *, seed: int = 0) -> StudyScore:
    """Score the grasps by the volunteers who passed the attention checks.

    Raises:
        InputError: Nobody passed.
    """
    excluded = {one.volunteer: reason for one in answers if (reason := failed_check(one, key))}
    counted = [one for one in answers if one.volunteer not in excluded]
    if not counted:
        named = "; ".join(f"{name}: {reason}" for name, reason in excluded.items())
        raise InputError(f"No volunteer passed the attention checks, so nothing counts. {named}.")

    items = [name for name, item in key.items.items() if item.condition is not None]
    ratings = {
        NAMES[question]: np.array(
            [[getattr(one.ratings[item], question) for item in items] for one in counted],
            dtype=float,
        )
        for question in QUESTIONS
    }
    conditions = list(dict.fromkeys(key.items[item].condition or "" for item in items))
    conditions.sort()
    members = {
        name: np.array([i for i, item in enumerate(items) if key.items[item].condition == name])
        for name in conditions
    }
    questions = np.array([key.items[item].question for item in items])

    scores: dict[str, dict[str, Score]] = {}
    for name in conditions:
        own = members[name]
        scores[name] = {
            measure: mean_score(values[:, own], questions[own], seed=seed)
            for measure, values in ratings.items()
        }
    differences: dict[str, dict[str, Difference]] = {}
    for first, second in combinations(conditions, 2):
        a, b = members[first], members[second]
        if set(questions[a]) & set(questions[b]):
            differences[f"{first} - {second}"] = {
                measure: paired_difference(
                    values[:, a], questions[a], values[:, b], questions[b], seed=seed
                )
                for measure, values in ratings.items()
            }
    return StudyScore(
        study=key.study,
        volunteers=tuple(one.volunteer for one in counted),
        excluded=excluded,
        grasps={name: len(members[name]) for name in conditions},
        scores=scores,
        agreement={measure: ordinal_alpha(values) for measure, values in ratings.items()},
        differences=differences,
        median_seconds=float(
            np.median([one.ratings[item].seconds for one in counted for item in items])
        ),
        seed=seed,
    )


def failed_check(answers: Answers, key: Key) -> str:
    """Why a volunteer cannot have looked; empty for those who did."""
    scores = [
        answers.ratings[name].fit
        for name, item in key.items.items()
        if item.fit_at_most is not None and answers.ratings[name].fit > item.fit_at_most
    ]
    if not scores:
        return ""
    given = ", ".join(str(score) for score in scores)
    return f"gave {given} to a hand that does not touch the object"


def mean_score(
    ratings: Float[ndarray, "volunteers items"], questions: ndarray, *, seed: int = 0
) -> Score:
    """Mean and spread of ratings, with an interval for other volunteers and other questions.

    Args:
        questions: The question of each item; items of one question are drawn together.
    """
    draw = np.random.default_rng(seed)
    groups = [np.flatnonzero(questions == name) for name in np.unique(questions)]
    people = _resampled_people(draw, len(ratings))
    weights = _resampled_items(draw, groups, _resampled_questions(draw, len(groups)))
    means = _weighted(people, ratings, weights) / weights.sum(axis=1)
    return Score(float(ratings.mean()), float(ratings.std()), _interval(means))


def paired_difference(
    first: Float[ndarray, "volunteers a"],
    first_questions: ndarray,
    second: Float[ndarray, "volunteers b"],
    second_questions: ndarray,
    *,
    seed: int = 0,
) -> Difference:
    """Difference of two methods, question by question and volunteer by volunteer."""
    draw = np.random.default_rng(seed)
    shared = np.intersect1d(first_questions, second_questions)
    people = _resampled_people(draw, len(first))
    copies = _resampled_questions(draw, len(shared))
    mean = 0.0
    drawn = np.zeros(DRAWS)
    for sign, ratings, questions in (
        (1.0, first, first_questions),
        (-1.0, second, second_questions),
    ):
        groups = [np.flatnonzero(questions == name) for name in shared]
        # Every question counts the same, however many grasps a method gave to it.
        share = np.zeros(ratings.shape[1])
        for group in groups:
            share[group] = 1.0 / len(group)
        mean += sign * float(ratings.mean(axis=0) @ share) / len(shared)
        weights = _resampled_items(draw, groups, copies, num_items=ratings.shape[1]) * share
        drawn += sign * _weighted(people, ratings, weights) / len(shared)
    return Difference(mean, _interval(drawn), len(shared))


def _resampled_people(draw: np.random.Generator, count: int) -> Float[ndarray, "draws people"]:
    """Weights of the volunteers, which sum to one in each draw."""
    return draw.multinomial(count, np.full(count, 1.0 / count), size=DRAWS) / count


def _resampled_questions(draw: np.random.Generator, count: int) -> Int[ndarray, "draws questions"]:
    return draw.multinomial(count, np.full(count, 1.0 / count), size=DRAWS)


def _resampled_items(
    draw: np.random.Generator,
    groups: Sequence[Int[ndarray, " n"]],
    copies: Int[ndarray, "draws questions"],
    *,
    num_items: int | None = None,
) -> Float[ndarray, "draws items"]:
    """How often each item is drawn: its question some number of times, and it within each."""
    width = sum(len(group) for group in groups) if num_items is None else num_items
    counts = np.zeros((DRAWS, width))
    for question, group in enumerate(groups):
        n = len(group)
        counts[:, group] = draw.multinomial(copies[:, question] * n, np.full(n, 1.0 / n))
    return counts


def _weighted(people: ndarray, ratings: ndarray, weights: ndarray) -> Float[ndarray, " draws"]:
    return np.einsum("dv,vi,di->d", people, ratings, weights, optimize=True)


def _interval(draws: Float[ndarray, " draws"]) -> tuple[float, float]:
    tail = 50.0 * (1.0 - LEVEL)
    low, high = np.percentile(draws, [tail, 100.0 - tail])
    return float(low), float(high)


def _value(score: Score | Difference, form: str = ".2f") -> str:
    low, high = score.ci95
    return f"{score.mean:{form}} [{low:{form}}, {high:{form}}]"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
