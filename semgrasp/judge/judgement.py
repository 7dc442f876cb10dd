"""What a judge said about many grasps, and how far it can be trusted."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from semgrasp import __version__
from semgrasp.judge.agreement import Agreement, agreement
from semgrasp.judge.answer import Answer
from semgrasp.judge.chat import Traffic
from semgrasp.judge.separation import separation
from semgrasp.judge.settings import JudgeSettings
from semgrasp.metrics.interval import confidence_interval

GOOD = "good"
_TRUSTED_AUC = 0.8


@dataclass(frozen=True)
class Scored:
    """All answers about one grasp."""

    name: str
    object: str
    instruction: str
    answers: tuple[Answer | None, ...]
    """One per repeat; None for a question without a usable answer."""
    control: str = ""
    """Empty for a grasp under judgement, "good" or the kind of wrong for a control."""

    @property
    def score(self) -> float | None:
        """Mean over the answers, 0 to 100; None without any."""
        scores = [answer.score for answer in self.answers if answer is not None]
        return sum(scores) / len(scores) if scores else None


@dataclass(frozen=True)
class Failure:
    """A question that got no usable answer, or could not be asked."""

    name: str
    reason: str
    repeat: int | None = None
    """None where the grasp could not be asked about at all."""


@dataclass(frozen=True)
class Mean:
    """A mean score with its 95 % bootstrap interval over grasps."""

    mean: float
    std: float
    ci95: tuple[float, float] | None
    """None for a single grasp, which says nothing about the spread."""
    n: int

    @staticmethod
    def of(scored: Sequence[Scored], *, seed: int) -> "Mean | None":
        """Over the grasps that have a score; None where none has."""
        values = np.array([s.score for s in scored if s.score is not None], dtype=float)
        if len(values) == 0:
            return None
        interval = confidence_interval(values, level=0.95, seed=seed) if len(values) > 1 else None
        return Mean(float(values.mean()), float(values.std()), interval, len(values))

    def __str__(self) -> str:
        if self.ci95 is None:
            return f"{self.mean:.1f} (n {self.n})"
        return f"{self.mean:.1f} [{self.ci95[0]:.1f}, {self.ci95[1]:.1f}] (n {self.n})"


@dataclass(frozen=True)
class Calibration:
    """How the judge scored grasps whose verdict is known, mixed in blind."""

    good: Mean
    wrong: Mean
    auc: float
    """Probability that a good grasp scores above a wrong one; 0.5 is guessing."""
    ci95: tuple[float, float]
    auc_by_kind: dict[str, float]
    """The same against each kind of wrong alone."""
    mean_by_kind: dict[str, float]

    @property
    def warning(self) -> str:
        """Why the scores should not be trusted; empty where they may be."""
        said = f"AUC {self.auc:.2f} [{self.ci95[0]:.2f}, {self.ci95[1]:.2f}]"
        if self.ci95[0] <= 0.5:
            return f"The judge does not demonstrably tell good grasps from wrong ones: {said}."
        if self.auc < _TRUSTED_AUC:
            return f"The judge tells good grasps from wrong ones poorly: {said}."
        blind = [kind for kind, auc in self.auc_by_kind.items() if auc < _TRUSTED_AUC]
        if blind:
            return f"The judge overlooks some kinds of wrong grasps: {', '.join(blind)}."
        return ""


@dataclass(frozen=True)
class Judgement:
    """The result of a run."""

    settings: JudgeSettings
    prompt: str
    """The text with the place of the instruction still marked."""
    seed: int
    repeats: int
    scored: tuple[Scored, ...]
    """Grasps under judgement, in the order given."""
    controls: tuple[Scored, ...]
    """Good and wrong grasps that were mixed in."""
    failures: tuple[Failure, ...]
    traffic: Traffic
    from_cache: int
    """Answers that were already there."""

    @property
    def score(self) -> Mean | None:
        """Over all grasps under judgement that have a score."""
        return Mean.of(self.scored, seed=self.seed)

    @property
    def agreement(self) -> Agreement | None:
        """Between repeats, over all grasps and controls; None without repeats."""
        rows = [
            [math.nan if answer is None else answer.score for answer in entry.answers]
            for entry in (*self.scored, *self.controls)
        ]
        return agreement(np.array(rows, dtype=float)) if rows and self.repeats > 1 else None

    @property
    def calibration(self) -> Calibration | None:
        """None where controls of either sort are missing."""
        good = [c for c in self.controls if c.control == GOOD and c.score is not None]
        wrong = [c for c in self.controls if c.control != GOOD and c.score is not None]
        good_mean, wrong_mean = Mean.of(good, seed=self.seed), Mean.of(wrong, seed=self.seed)
        if good_mean is None or wrong_mean is None:
            return None
        good_scores = np.array([c.score for c in good], dtype=float)
        by_kind = {
            kind: np.array([c.score for c in wrong if c.control == kind], dtype=float)
            for kind in sorted({c.control for c in wrong})
        }
        whole = separation(good_scores, np.concatenate(list(by_kind.values())))
        return Calibration(
            good=good_mean,
            wrong=wrong_mean,
            auc=whole.auc,
            ci95=whole.ci95,
            auc_by_kind={k: separation(good_scores, v).auc for k, v in by_kind.items()},
            mean_by_kind={k: float(v.mean()) for k, v in by_kind.items()},
        )

    def to_json(self) -> str:
        """The whole report; it holds no key."""
        return json.dumps(self._record(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def _record(self) -> dict[str, Any]:
        calibration, agreed, score = self.calibration, self.agreement, self.score
        return {
            "semgrasp": __version__,
            "model": self.settings.model,
            "base_url": self.settings.base_url,
            "temperature": self.settings.temperature,
            "prompt_sha256": hashlib.sha256(self.prompt.encode()).hexdigest(),
            "seed": self.seed,
            "repeats": self.repeats,
            "score": None if score is None else asdict(score),
            "agreement": None if agreed is None else agreed._asdict(),
            "calibration": None
            if calibration is None
            else {**asdict(calibration), "warning": calibration.warning},
            "grasps": [_entry(scored) for scored in self.scored],
            "controls": [{**_entry(c), "control": c.control} for c in self.controls],
            "failures": [asdict(failure) for failure in self.failures],
            "traffic": {**asdict(self.traffic), "from_cache": self.from_cache},
        }


def _entry(scored: Scored) -> dict[str, Any]:
    return {
        "name": scored.name,
        "object": scored.object,
        "instruction": scored.instruction,
        "score": scored.score,
        "answers": [None if answer is None else asdict(answer) for answer in scored.answers],
    }
