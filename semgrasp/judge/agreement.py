"""How far repeated judgements of the same grasps agree.

ICC(2,1) of Shrout and Fleiss (1979), Intraclass correlations: uses in assessing rater
reliability, Psychological Bulletin 86(2), for grasps that every repeat scored; and Krippendorff's
alpha with the interval metric (2011, Computing Krippendorff's alpha-reliability), which also uses
grasps that some repeat failed on.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray


class Agreement(NamedTuple):
    """Between repeats; 1 is perfect, 0 is chance, None is undefined (no variation, too few)."""

    icc: float | None
    """ICC(2,1): share of the variance of a single score that is due to the grasp."""
    alpha: float | None
    """Krippendorff's alpha."""
    spread: float
    """Mean over grasps of the standard deviation of their scores."""
    grasps: int
    """Grasps with at least two scores."""


def agreement(scores: Float[ndarray, "grasps repeats"]) -> Agreement | None:
    """Agreement of repeats (columns); NaN marks a missing score. None without two repeats."""
    pairable = (~np.isnan(scores)).sum(axis=1) >= 2
    if not pairable.any():
        return None
    spread = float(np.nanstd(scores[pairable], axis=1, ddof=1).mean())
    return Agreement(icc_2_1(scores), krippendorff_alpha(scores), spread, int(pairable.sum()))


def icc_2_1(scores: Float[ndarray, "targets judges"]) -> float | None:
    """Single-score agreement in a two-way random model, over targets that all judges scored.

    (BMS - EMS) / (BMS + (k-1) EMS + k (JMS - EMS) / n) for n targets and k judges with the mean
    squares between targets (BMS), between judges (JMS) and of the residual (EMS).
    """
    complete = scores[~np.isnan(scores).any(axis=1)]
    n, k = complete.shape
    if n < 2 or k < 2:
        return None
    mean = complete.mean()
    targets, judges = complete.mean(axis=1), complete.mean(axis=0)
    between_targets = k * ((targets - mean) ** 2).sum() / (n - 1)
    between_judges = n * ((judges - mean) ** 2).sum() / (k - 1)
    residual = complete - targets[:, None] - judges[None] + mean
    error = (residual**2).sum() / ((n - 1) * (k - 1))
    total = between_targets + (k - 1) * error + k * (between_judges - error) / n
    return None if total <= 1e-12 else float((between_targets - error) / total)


def krippendorff_alpha(scores: Float[ndarray, "units observers"]) -> float | None:
    """1 - observed / expected disagreement, with squared differences between scores.

    A unit with m scores contributes each of its ordered pairs with weight 1 / (m - 1).
    """
    units = [unit[~np.isnan(unit)] for unit in scores]
    units = [unit for unit in units if len(unit) >= 2]
    if not units:
        return None
    # The sum of squared differences over ordered pairs is 2 m times the sum about the mean.
    observed = sum(2 * len(u) * ((u - u.mean()) ** 2).sum() / (len(u) - 1) for u in units)
    pooled = np.concatenate(units)
    expected = 2 * len(pooled) * ((pooled - pooled.mean()) ** 2).sum() / (len(pooled) - 1)
    return None if expected <= 1e-12 else float(1 - observed / expected)
