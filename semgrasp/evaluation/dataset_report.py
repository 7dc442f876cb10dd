"""What checking a data set found: counts, measurements and problems, as JSON or as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semgrasp.dataset.tree_problems import Problem
from semgrasp.evaluation.report import Evaluation, plain

METRICS = ("penetration_depth_cm", "intersection_volume_cm3", "simulation_displacement_cm")


@dataclass(frozen=True, eq=False, kw_only=True)
class DatasetReport:
    """What a data set has, how its grasps measure, and what is wrong with it."""

    root: Path
    grasps: int = 0
    captions: int = 0
    """Conversations, of all kinds."""
    objects: int = 0
    """Objects that are grasped."""
    per_category: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Objects and grasps."""
    per_split: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    per_intent: Mapping[str, int] = field(default_factory=dict)
    per_grasp_type: Mapping[str, int] = field(default_factory=dict)
    """Empty where nothing in the folder names the types."""
    measured: Mapping[str, Evaluation] = field(default_factory=dict)
    """By the name of the protocol, and what was done to the objects before."""
    sample: str = ""
    """Which grasps were measured, in words."""
    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything, in types that JSON has."""
        return {
            "root": str(self.root),
            "objects": self.objects,
            "categories": len(self.per_category),
            "grasps": self.grasps,
            "captions": self.captions,
            "grasp_types": len(self.per_grasp_type),
            **{metric: self._metric(metric) for metric in METRICS},
            "sample": self.sample,
            "per_category": plain(self.per_category),
            "per_split": plain(self.per_split),
            "per_intent": plain(self.per_intent),
            "per_grasp_type": plain(self.per_grasp_type),
            "notes": list(self.notes),
            "problems": [problem._asdict() for problem in self.problems],
        }

    def _metric(self, name: str) -> dict[str, Any]:
        """The numbers of the first protocol, and those of each by its name."""
        by_protocol = {
            label: plain(summary[name])
            for label, evaluation in self.measured.items()
            if name in (summary := evaluation.summary())
        }
        first = next(iter(by_protocol), None)
        empty = {"mean": None, "std": None, "ci95": None, "n": 0}
        return {**(by_protocol[first] if first else empty), "protocol": first, **by_protocol}

    def to_markdown(self) -> str:
        """Counts and measurements as tables."""
        lines = [
            f"{self.grasps} grasps of {self.objects} objects in {len(self.per_category)} "
            f"categories, {self.captions} captions, {len(self.per_grasp_type)} grasp types.",
            "",
            "| split | objects | grasps |",
            "|---|---|---|",
            *(f"| {k} | {v['objects']} | {v['grasps']} |" for k, v in self.per_split.items()),
        ]
        if self.measured:
            lines += [
                "",
                f"Measured on {self.sample}: mean +- std [95 % interval of the mean].",
                "",
            ]
            lines += ["| metric | " + " | ".join(f"`{n}`" for n in self.measured) + " |"]
            lines += ["|---" * (len(self.measured) + 1) + "|"]
            for metric in METRICS:
                cells = [_cell(evaluation, metric) for evaluation in self.measured.values()]
                lines.append(f"| `{metric}` | " + " | ".join(cells) + " |")
        return "\n".join(lines)


def _cell(evaluation: Evaluation, metric: str) -> str:
    summary = evaluation.summary().get(metric)
    if summary is None:
        return "-"
    return f"{summary.mean:.3f} +- {summary.std:.3f} [{summary.interval}]"
