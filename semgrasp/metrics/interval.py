"""How far a measured mean or share can be from the true one."""

import math

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.errors import InputError

_MAX_DRAWS = 2_000_000
"""Resampled values held in memory at once."""


def confidence_interval(
    values: Float[ndarray, " n"], *, level: float = 0.95, seed: int = 0, resamples: int = 10_000
) -> tuple[float, float]:
    """Interval of the mean by the percentile bootstrap (Efron, 1979).

    It assumes nothing about the distribution except that the values are independent: grasps of one
    object are not quite, so that few objects with many grasps each give too narrow an interval. It
    is a little too narrow below some 20 values; `mean_interval` is not where values are normal.
    One value says nothing about the spread: its interval is the whole line.

    Args:
        level: Share of experiments whose interval holds the true mean.
        seed: The same values and seed give the same interval.
        resamples: How often n values are drawn anew, with replacement.
    """
    values = _checked(values, level)
    if len(values) == 1:
        return -math.inf, math.inf
    if resamples < 100:
        raise InputError(f"A bootstrap needs at least 100 resamples, got {resamples}.")
    rng = np.random.default_rng(seed)
    rows = max(1, _MAX_DRAWS // len(values))
    means = np.empty(resamples)
    for start in range(0, resamples, rows):
        part = means[start : start + rows]
        part[:] = values[rng.integers(len(values), size=(len(part), len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_interval(values: Float[ndarray, " n"], *, level: float = 0.95) -> tuple[float, float]:
    """Interval of the mean by Student's t: mean +- t s / sqrt(n), exact for normal values.

    One value says nothing about the spread: its interval is the whole line.
    """
    from scipy.special import stdtrit

    values = _checked(values, level)
    n = len(values)
    if n == 1:
        return -math.inf, math.inf
    half = float(stdtrit(n - 1, (1 + level) / 2) * values.std(ddof=1) / math.sqrt(n))
    mean = float(values.mean())
    return mean - half, mean + half


def proportion_interval(successes: int, trials: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson, 1927): within [0, 1] and never empty.

    The shares p with (p - successes / trials)^2 = z^2 p (1 - p) / trials; unlike the bootstrap it
    stays honest where all or none succeeded.
    """
    from scipy.special import ndtri

    _check_level(level)
    if trials < 1 or not 0 <= successes <= trials:
        raise InputError(
            f"A share needs at least one trial and 0 to that many successes, got {successes} of "
            f"{trials}."
        )
    square = float(ndtri((1 + level) / 2)) ** 2
    share = successes / trials
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    spread = share * (1 - share) / trials + square / (4 * trials**2)
    half = math.sqrt(square * spread) / (1 + square / trials)
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return low, high


def _checked(values: ndarray, level: float) -> ndarray:
    _check_level(level)
    values = np.asarray(values, dtype=np.float64)
    if len(values) == 0:
        raise InputError("An interval needs at least one value, got none.")
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise InputError(
            f"{bad} of {len(values)} values are not finite. Leave out and count what could not be "
            "measured before an interval is drawn."
        )
    return values


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InputError(f"The level of an interval must be between 0 and 1, got {level}.")
