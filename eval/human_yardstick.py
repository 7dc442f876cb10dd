"""What real human grasps measure under every protocol: the yardstick for generated ones.

    python -m eval.human_yardstick --recorded ../shared/data/dexycb_grasps \\
        --output docs/human_grasps.md

The grasps are people's (DexYCB, motion captured), the hand is the open hand on the recorded
skeleton: contact is as loose, and penetration as deep, as a recording with one mean hand for
everybody makes it. A generator that scores better than people does not grasp better than people.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from eval.human_grasps import human_grasps
from semgrasp.evaluation import Evaluation, evaluate
from semgrasp.evaluation.report import Summary, described
from semgrasp.metrics.protocols import PROTOCOLS


def table(evaluations: Sequence[Evaluation]) -> str:
    """A Markdown table: a row per metric, a column per protocol, mean +- std [95 % interval]."""
    names = [e.protocol.name for e in evaluations]
    summaries = [e.summary() for e in evaluations]
    metrics = list(dict.fromkeys(metric for summary in summaries for metric in summary))
    lines = ["| metric | " + " | ".join(f"`{n}`" for n in names) + " |"]
    lines.append("|---" * (len(names) + 1) + "|")
    for metric in metrics:
        cells = [_cell(summary.get(metric)) for summary in summaries]
        lines.append(f"| `{metric}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(summary: Summary | None) -> str:
    if summary is None:
        return "-"
    low, high = summary.ci95
    return f"{summary.mean:.3f} +- {summary.std:.3f} [{low:.3f}, {high:.3f}]"


def of_sets(evaluations: Sequence[Evaluation]) -> str:
    """What is measured of all grasps together, protocol by protocol."""
    lines = [
        f"| `{evaluation.protocol.name}` | {name} | {value} |"
        for evaluation in evaluations
        for name, value in described(evaluation.set_metrics)
    ]
    return "\n".join(["| protocol | of all grasps together | |", "|---|---|---|", *lines])


def page(evaluations: Sequence[Evaluation], count: int, objects: int) -> str:
    """The document."""
    damaged = {d.name: d.reason for e in evaluations for d in e.damaged}
    left_out = "".join(f"- {name}: {reason}\n" for name, reason in sorted(damaged.items()))
    return (
        "# Human grasps under every protocol\n\n"
        f"{count} grasps by people on {objects} household objects (DexYCB, CC BY-NC 4.0; those of "
        "501 in which the hand visibly holds the object), replayed with the open hand on the "
        "recorded skeleton. Mean +- standard deviation [95 % interval of the mean].\n\n"
        f"{table(evaluations)}\n\n{of_sets(evaluations)}\n\n"
        "How to read it: the recording fits one mean hand to everybody, so contact is loose and "
        "penetrations of 5 to 15 mm are normal in it. That is why the object is pushed around in "
        "the simulations, and why a generated grasp with less penetration is not more human. "
        "`-` marks what a protocol does not define.\n\n"
        + (f"Left out:\n\n{left_out}\n" if left_out else "")
        + "Made by `python -m eval.human_yardstick --recorded <folder> --output <this page>`; the "
        "constants of each protocol are in [metrics.md](metrics.md).\n"
    )


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recorded", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="take every n-th grasp")
    parser.add_argument("--workers", type=int, default=0, help="processes (default: all cores)")
    parser.add_argument("--output", type=Path, help="Markdown page to write")
    options = parser.parse_args()

    samples = human_grasps(options.recorded)[:: options.every]
    evaluations = []
    with Progress(refresh_per_second=1) as progress:
        for name in PROTOCOLS:
            task = progress.add_task(name, total=len(samples))
            evaluations.append(
                evaluate(
                    samples,
                    name,
                    workers=options.workers,
                    progress=lambda n, task=task: progress.advance(task, n),
                )
            )
    objects = len({sample.shape.name for sample in samples})
    text = page(evaluations, len(samples), objects)
    print(text)
    if options.output:
        options.output.write_text(text)


if __name__ == "__main__":
    main()
