"""How far volunteers agree beyond chance: Krippendorff's alpha for ordered categories."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray


def ordinal_alpha(ratings: Float[ndarray, "volunteers items"]) -> float | None:
    """Krippendorff's alpha with the ordinal metric; 1 is perfect agreement, 0 chance.

    Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), steps C and D.

    Args:
        ratings: One row per volunteer; NaN where a volunteer did not rate an item.

    Returns:
        None where it is not defined: fewer than two ratings of any item, or all ratings equal.
    """
    ratings = ratings[:, (~np.isnan(ratings)).sum(axis=0) >= 2]
    values = np.unique(ratings[~np.isnan(ratings)])
    if len(values) < 2:
        return None
    counts = (ratings[None] == values[:, None, None]).sum(axis=1).astype(float)
    raters = counts.sum(axis=0)
    # Pairs of values within an item, each item weighted by one over (its raters - 1).
    weighted = counts / (raters - 1)
    coincidence = weighted @ counts.T - np.diag(weighted.sum(axis=1))
    total = coincidence.sum(axis=1)

    # Ranks between two values, each end counted half: (sum_{g=c}^{k} n_g - (n_c + n_k) / 2)^2.
    middle = np.cumsum(total) - total / 2
    distance = (middle[:, None] - middle[None, :]) ** 2
    observed = (coincidence * distance).sum()
    expected = (np.outer(total, total) * distance).sum() / (total.sum() - 1)
    return float(1.0 - observed / expected)
