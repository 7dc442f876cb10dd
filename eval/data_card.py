"""The data card of the open data set: what it holds, how it measures, what is weak about it.

    python -m eval.data_card --root data/open --output docs/data_card.md

Reads the grasps of `<root>/raw/` with their labels and yields, and the report of
`scripts/check_dataset.py`, which is run where none is given. Pictures of random grasps are written
beside the page; what was seen in them and what else is weak is in `docs/known_weaknesses.md`,
written by hand, and becomes a part of the page.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from semgrasp.objects.procedural import CATEGORIES
from semgrasp.synthesis.raw import RawGrasp, Tally, load_unit
from semgrasp.types import FINGERS, INTENTS

METRICS = {
    "penetration_depth_cm": "penetration depth [cm]",
    "intersection_volume_cm3": "intersection volume [cm^3]",
    "simulation_displacement_cm": "simulation displacement [cm]",
}
CAPGRASP = {
    "penetration_depth_cm": "0.11",
    "intersection_volume_cm3": "0.62",
    "simulation_displacement_cm": "0.94 +- 1.62",
}
"""What SemGrasp (Li et al., ECCV 2024) reports of CapGrasp's own grasps."""
_STORED = {
    "depth": ("deepest vertex in the filled object [mm]", 1e3),
    "volume": ("volume shared [cm^3]", 1e6),
    "displacement": ("largest displacement, six directions, while it was made [mm]", 1e3),
    "displacement_corrected": ("simulation displacement, `corrected` [mm]", 1e3),
    "displacement_oakink": ("simulation displacement, `oakink` [mm]", 1e3),
}
"""Measurements kept with each grasp, with the factor from SI."""


def read_units(folder: Path) -> tuple[list[RawGrasp], dict[str, Tally]]:
    """All grasps of a folder of work units, and how many attempts at each case succeeded."""
    grasps: list[RawGrasp] = []
    totals: dict[str, Tally] = defaultdict(Tally)
    for path in sorted(folder.glob("*_*.json")):
        loaded, tallies = load_unit(path)
        grasps += loaded
        for case, tally in tallies.items():
            totals[case].add(tally)
    return grasps, dict(totals)


def page(
    grasps: Sequence[RawGrasp],
    tallies: Mapping[str, Tally],
    report: Mapping[str, Any],
    pictures: Sequence[str],
    weaknesses: str,
) -> str:
    """The document.

    Args:
        report: What `scripts/check_dataset.py --json` writes.
        pictures: Paths of contact sheets, relative to the page.
        weaknesses: Written by hand, in Markdown without a title.
    """
    sheets = [f"![random grasps, sheet {i}]({path})" for i, path in enumerate(pictures, start=1)]
    return "\n".join(
        [
            "# Data card of the open grasp data set",
            "",
            "Grasps of one right hand on household objects made from code, with the intent, the "
            "part that is held, the parts that are left free, and instructions in words. All of "
            "it is synthesised: objects, hands and captions; nothing was recorded or scraped. "
            "Hand: the open hand of this package (CC0 sources). What is kept in git is the table "
            "of grasps; `python scripts/rebuild_dataset.py` makes the rest from it.",
            "",
            "## Counts",
            "",
            *_counts(grasps, report),
            "",
            "## Measurements",
            "",
            f"{report.get('sample') or 'Nothing was measured'}; mean +- standard deviation [95 % "
            "interval of the mean]. The two protocols are described in [metrics.md](metrics.md); "
            "`oakink` reports how far the object ends from the origin, not from where it began, "
            "so it is also given for objects that are moved onto the origin first; "
            "CapGrasp's column is what its paper reports of its own grasps, on its own objects, "
            "with PyBullet.",
            "",
            *_measurements(report),
            "",
            "Of all grasps, as stored with each of them:",
            "",
            *_stored(grasps),
            "",
            "How far postures and contacts are from people's: "
            "[human_likeness.md](human_likeness.md).",
            "",
            "## Categories",
            "",
            "The yield is the share of optimised hands that pass every check, over the cases of "
            "the category: lowest to highest.",
            "",
            *_categories(grasps, tallies),
            "",
            "## GRASP types",
            "",
            "In the taxonomy of Feix et al. (2016).",
            "",
            *_types(grasps),
            "",
            "## Parts and intents",
            "",
            "Grasps for each part and intent. A dot is an empty cell; parts that are only "
            "touched, never meant to be held, are listed with dots throughout.",
            "",
            *_parts(grasps),
            "",
            "## Fingers and hands",
            "",
            *_hands(grasps),
            "",
            "## Known weaknesses",
            "",
            weaknesses.strip() or "None were written down.",
            "",
            "## Random grasps",
            "",
            "Drawn at random from all grasps, each from two sides.",
            "",
            *sheets,
            "",
            "Made by `python -m eval.data_card`.",
            "",
        ]
    )


def _counts(grasps: Sequence[RawGrasp], report: Mapping[str, Any]) -> Iterable[str]:
    objects = {(raw.category, raw.object_seed) for raw in grasps}
    yield "| | objects | grasps |"
    yield "|---|---|---|"
    yield f"| all | {len(objects)} | {len(grasps)} |"
    for split, count in report.get("per_split", {}).items():
        yield f"| {split} | {count['objects']} | {count['grasps']} |"
    yield ""
    assemblies = sum(category == "assembly" for category, _ in objects)
    yield (
        f"{len({raw.category for raw in grasps})} of {len(CATEGORIES)} categories, "
        f"{assemblies} assemblies among the objects, "
        f"{len({raw.grasp_type for raw in grasps})} GRASP types, {report['captions']} captions "
        f"({report['captions'] / max(1, len(grasps)):.1f} per grasp). "
        f"`scripts/check_dataset.py` found {len(report['problems'])} problems."
    )


def _measurements(report: Mapping[str, Any]) -> Iterable[str]:
    # Displacement is measured in most ways.
    columns = report["simulation_displacement_cm"]
    names = [k for k, v in columns.items() if isinstance(v, dict)]
    yield "| metric | " + " | ".join(f"`{name}`" for name in names) + " | CapGrasp |"
    yield "|---" * (len(names) + 2) + "|"
    for metric, title in METRICS.items():
        cells = []
        for name in names:
            value = report[metric].get(name)
            if value is None:
                cells.append("")
                continue
            low, high = value["ci95"]
            cells.append(f"{value['mean']:.3f} +- {value['std']:.3f} [{low:.3f}, {high:.3f}]")
        yield f"| {title} | " + " | ".join(cells) + f" | {CAPGRASP[metric]} |"


def _stored(grasps: Sequence[RawGrasp]) -> Iterable[str]:
    yield "| measurement | mean | median | 5 % | 95 % |"
    yield "|---|---|---|---|---|"
    for name, (title, factor) in _STORED.items():
        values = np.array([getattr(raw, name, np.nan) for raw in grasps], dtype=float) * factor
        values = values[np.isfinite(values)]
        if len(values):
            low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
            yield f"| {title} | {values.mean():.2f} | {middle:.2f} | {low:.2f} | {high:.2f} |"


def _categories(grasps: Sequence[RawGrasp], tallies: Mapping[str, Tally]) -> Iterable[str]:
    shapes: dict[str, set[int]] = defaultdict(set)
    count: Counter[str] = Counter()
    rates: dict[str, list[float]] = defaultdict(list)
    for raw in grasps:
        shapes[raw.category].add(raw.object_seed)
        count[raw.category] += 1
    for case, tally in tallies.items():
        rates[case.split(".")[0]].append(tally.rate)
    yield "| category | objects | grasps | cases | yield |"
    yield "|---|---|---|---|---|"
    for category in CATEGORIES:
        some = rates[category]
        spread = f"{min(some):.2f} to {max(some):.2f}" if some else "."
        yield (
            f"| {category} | {len(shapes[category]) or '.'} | {count[category] or '.'} | "
            f"{len(some) or '.'} | {spread} |"
        )


def _types(grasps: Sequence[RawGrasp]) -> Iterable[str]:
    count = Counter(raw.grasp_type for raw in grasps)
    where: dict[str, set[str]] = defaultdict(set)
    for raw in grasps:
        where[raw.grasp_type].add(raw.category)
    yield "| type | grasps | categories |"
    yield "|---|---|---|"
    for name, number in count.most_common():
        yield f"| {name} | {number} | {len(where[name])} |"


def _parts(grasps: Sequence[RawGrasp]) -> Iterable[str]:
    held = Counter((raw.category, raw.target_part, raw.intent) for raw in grasps)
    parts: dict[str, dict[str, None]] = defaultdict(dict)
    for raw in grasps:
        parts[raw.category].update(dict.fromkeys(raw.part_names))
    yield "| category | part | " + " | ".join(INTENTS) + " |"
    yield "|---" * (len(INTENTS) + 2) + "|"
    for category in (name for name in CATEGORIES if name in parts):
        total = {p: sum(held[category, p, intent] for intent in INTENTS) for p in parts[category]}
        for part in sorted(total, key=lambda part: -total[part]):
            cells = [str(held[category, part, intent] or ".") for intent in INTENTS]
            yield f"| {category} | {part} | " + " | ".join(cells) + " |"


def _hands(grasps: Sequence[RawGrasp]) -> Iterable[str]:
    touching = np.stack([raw.contacts.any(dim=1).numpy() for raw in grasps])
    yield "| touches within 3 mm | " + " | ".join(FINGERS) + " |"
    yield "|---" * (len(FINGERS) + 1) + "|"
    yield "| share of grasps | " + " | ".join(f"{x:.2f}" for x in touching.mean(0)) + " |"
    size = np.array([float(raw.betas[0]) for raw in grasps])
    # The palm faces -y of the hand: where it looks in the object frame says how a hand comes.
    palm = -np.stack([raw.T_object_hand[:3, 1].numpy() for raw in grasps])
    down, up = (palm[:, 2] < -0.5).mean(), (palm[:, 2] > 0.5).mean()
    yield ""
    yield (
        f"Hand size (first shape coefficient): {size.mean():.2f} +- {size.std():.2f} standard "
        f"deviations of the population. The palm looks down in {down:.0%} of the grasps, up in "
        f"{up:.0%}, sideways in {1 - down - up:.0%}. Hand-overs leave parts free in "
        f"{_share_avoiding(grasps, 'handover'):.0%}, other grasps in "
        f"{_share_avoiding(grasps, 'use', 'hold', 'liftup'):.0%}."
    )


def _share_avoiding(grasps: Sequence[RawGrasp], *intents: str) -> float:
    chosen = [bool(raw.avoid_parts) for raw in grasps if raw.intent in intents]
    return float(np.mean(chosen)) if chosen else 0.0


def _report(options: argparse.Namespace) -> dict[str, Any]:
    """The given report, or a fresh one beside the data."""
    path = options.report or options.root / "report.json"
    if options.report is None:
        script = Path(__file__).parents[1] / "scripts" / "check_dataset.py"
        command = [sys.executable, str(script), str(options.root), "--json", str(path)]
        # Problems end it with 1; they are told on the page.
        if subprocess.run(command).returncode not in (0, 1):
            sys.exit("The data set could not be checked; see above.")
    return json.loads(path.read_text())


def main() -> None:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=Path("data/open"))
    parser.add_argument("--report", type=Path, help="of check_dataset.py; made where not given")
    parser.add_argument("--output", type=Path, default=Path("docs/data_card.md"))
    parser.add_argument("--weaknesses", type=Path, default=Path("docs/known_weaknesses.md"))
    parser.add_argument("--pictures", type=int, default=200, help="random grasps to draw")
    parser.add_argument("--seed", type=int, default=0, help="of the random grasps")
    options = parser.parse_args()
    grasps, tallies = read_units(options.root / "raw")
    if not grasps:
        parser.error(f"No grasps in {options.root / 'raw'}; rebuild_dataset.py writes them.")
    report = _report(options)
    folder = options.output.with_suffix("")
    sheets: list[str] = []
    if options.pictures:
        from eval.grasp_sheets import write_sheets

        written = write_sheets(grasps, folder, count=options.pictures, seed=options.seed)
        sheets = [path.relative_to(options.output.parent).as_posix() for path in written]
    text = options.weaknesses.read_text() if options.weaknesses.is_file() else ""
    text = "\n".join(line for line in text.splitlines() if not line.startswith("# "))
    options.output.write_text(page(grasps, tallies, report, sheets, text), encoding="utf-8")
    print(f"Wrote {options.output} and {len(sheets)} sheets.")


if __name__ == "__main__":
    main()
