"""What an evaluation found: per grasp and in summary, as JSON, CSV or Markdown.

Lengths are reported in cm and volumes in cm^3, as the papers do; the names of the metrics say so.
"""

import csv
import dataclasses
import io
import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from semgrasp.evaluation.entry import Damaged
from semgrasp.metrics.interval import confidence_interval, proportion_interval
from semgrasp.metrics.protocols import Protocol

Value = float | bool | str | None

PROPORTIONS = ("contact_ratio", "force_closure", "success")
"""Metrics that are 0 or 1 per grasp; their mean is a share."""
TITLES = {
    "penetration_depth_cm": "penetration depth [cm]",
    "intersection_volume_cm3": "intersection volume [cm^3]",
    "simulation_displacement_cm": "simulation displacement [cm]",
    "simulation_displacement_worst_cm": "  worst direction [cm]",
    "contact_ratio": "contact ratio (grasps that touch)",
    "contact_share": "share of the hand in contact",
    "contact_distance_cm": "gap to the object [cm]",
    "disjointedness_cm": "disjointedness [cm]",
    "self_penetration_cm": "self-penetration [cm]",
    "epsilon": "epsilon (Ferrari-Canny Q1)",
    "wrench_volume": "wrench space volume",
    "force_closure": "force closure",
    "success": "success in simulation",
}
"""Every metric per grasp, in the order in which reports list them."""
_PLATFORM = ("numpy", "torch", "libigl", "manifold3d", "mujoco", "pybullet")


@dataclass(frozen=True)
class Measured:
    """One grasp and its numbers."""

    name: str
    object: str
    values: Mapping[str, Value]
    """By metric; None where the metric is defined but could not be computed, as a note says.
    Besides `TITLES`: `contact_regions` and `touched_part`, in words."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Summary:
    """A metric over all grasps that have it."""

    mean: float
    std: float
    """Of the grasps (population), as the published scripts print it; not of the mean."""
    median: float
    ci95: tuple[float, float]
    """95 % interval of the mean: bootstrap over grasps, Wilson's for shares; infinite where one
    grasp alone says nothing about the spread."""
    n: int
    """Grasps with a value."""

    @property
    def interval(self) -> str:
        """The interval in words."""
        low, high = self.ci95
        return f"{low:.3f} to {high:.3f}" if math.isfinite(low) else "unknown"


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """Grasps measured under one protocol."""

    protocol: Protocol
    engine: str
    """Simulator of the displacement."""
    seed: int
    measured: Sequence[Measured]
    """In order of their names."""
    damaged: Sequence[Damaged]
    """What could not be read or measured."""
    set_metrics: Mapping[str, Any] = field(default_factory=dict)
    """Measurements of all grasps together, such as diversity."""
    notes: Sequence[str] = ()
    """What the reader assumed; what could not be measured of all grasps together, and why."""
    hands: Mapping[str, int] = field(default_factory=dict)
    """Grasps by the hand they are shown with: model and side, or "mesh"."""

    def summary(self) -> dict[str, Summary]:
        """Every metric that at least one grasp has."""
        columns = {
            name: [
                float(value)
                for grasp in self.measured
                if (value := grasp.values.get(name)) is not None and not isinstance(value, str)
            ]
            for name in TITLES
        }
        return {
            name: _summary(np.array(column), is_share=name in PROPORTIONS, seed=self.seed)
            for name, column in columns.items()
            if column
        }

    def to_dict(self) -> dict[str, Any]:
        """Everything, in types that JSON has."""
        return {
            "protocol": self.protocol.name,
            "version": self.protocol.version,
            "engine": self.engine,
            "seed": self.seed,
            "grasps": len(self.measured),
            "hands": dict(self.hands),
            "objects": len({grasp.object for grasp in self.measured}),
            "metrics": plain(self.summary()),
            "set_metrics": plain(self.set_metrics),
            "notes": list(self.notes),
            "per_grasp": [
                {
                    "name": grasp.name,
                    "object": grasp.object,
                    **grasp.values,
                    "notes": list(grasp.notes),
                }
                for grasp in self.measured
            ],
            "damaged": [damaged._asdict() for damaged in self.damaged],
            "protocol_constants": plain(self.protocol),
            "semgrasp": _version("semgrasp"),
            "platform": {
                "python": platform.python_version(),
                "machine": platform.machine(),
                **{name: _version(name) for name in _PLATFORM},
            },
        }

    def to_json(self) -> str:
        """The whole report."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def to_csv(self) -> str:
        """One row per grasp, damaged ones included with their reason."""
        names = [
            name
            for name in (*TITLES, "contact_regions", "touched_part")
            if any(name in grasp.values for grasp in self.measured)
        ]
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["name", "object", *names, "notes", "damaged"])
        for grasp in self.measured:
            values = [_cell(grasp.values.get(name)) for name in names]
            writer.writerow([grasp.name, grasp.object, *values, " ".join(grasp.notes), ""])
        for damaged in self.damaged:
            writer.writerow([damaged.name, "", *[""] * len(names), "", damaged.reason])
        return stream.getvalue()

    def to_markdown(self) -> str:
        """A table with the protocol and what is known to be wrong with it."""
        protocol = self.protocol
        lines = [
            f"Protocol **{protocol.label}** ({self.engine}), seed {self.seed}: "
            f"{len(self.measured)} grasps on {len({g.object for g in self.measured})} objects, "
            f"{len(self.damaged)} damaged.",
            "",
            "| metric | mean | std | 95 % interval | median | n |",
            "|---|---|---|---|---|---|",
        ]
        for name, s in self.summary().items():
            lines.append(
                f"| {TITLES[name].strip()} | {s.mean:.3f} | {s.std:.3f} | "
                f"{s.interval} | {s.median:.3f} | {s.n} |"
            )
        if self.set_metrics:
            lines += ["", "| of all grasps together | value |", "|---|---|"]
            lines += [f"| {name} | {text} |" for name, text in described(self.set_metrics)]
        lines += ["", *self.notes] if self.notes else []
        lines += ["", f"Source: {protocol.source}."]
        if protocol.known_defects:
            lines += ["", "Known defects of this protocol:", ""]
            lines += [f"- {defect}" for defect in protocol.known_defects]
        if self.damaged:
            lines += ["", "Damaged, not part of the numbers:", ""]
            lines += [f"- `{damaged.name}`: {damaged.reason}" for damaged in self.damaged]
        return "\n".join(lines) + "\n"


def described(set_metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Set metrics as pairs of a name and a readable value, nested ones with dotted names."""
    rows = []
    for name, value in plain(set_metrics).items():
        if isinstance(value, dict):
            rows += [(f"{name}.{inner}", text) for inner, text in described(value)]
        elif isinstance(value, float):
            rows.append((name, f"{value:.3f}"))
        elif isinstance(value, list):
            texts = [f"{v:.3f}" if isinstance(v, float) else str(v) for v in value]
            rows.append((name, " to ".join(texts) if len(texts) == 2 else ", ".join(texts)))
        elif value is not None:
            rows.append((name, str(value)))
    return rows


def plain(value: Any) -> Any:
    """A value in the types that JSON has; numbers that are not finite become None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple) and (names := getattr(value, "_fields", None)):
        return {name: plain(entry) for name, entry in zip(names, value, strict=True)}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _summary(values: np.ndarray, *, is_share: bool, seed: int) -> Summary:
    if is_share:
        low, high = proportion_interval(int(values.sum()), len(values))
    else:
        low, high = confidence_interval(values, level=0.95, seed=seed)
    return Summary(
        mean=float(values.mean()),
        std=float(values.std()),
        median=float(np.median(values)),
        ci95=(float(low), float(high)),
        n=len(values),
    )


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
