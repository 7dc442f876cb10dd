"""Measurements of all grasps together: variety, and whether the asked part is the one held."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from semgrasp.evaluation.measure import Plan
from semgrasp.evaluation.report import Measured
from semgrasp.evaluation.sample import GraspSample


def set_metrics(
    samples: Sequence[GraspSample],
    measured: Sequence[Measured],
    plan: Plan,
    *,
    seed: int,
    reference: Sequence[GraspSample] | None,
    pointnet: Path | None,
) -> dict[str, Any]:
    """What the protocol defines for sets, by name; what cannot be computed is left out."""
    return {}
