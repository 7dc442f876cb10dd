"""Say what is wrong with which file of a data set, and how its grasps measure.

    python scripts/check_dataset.py data/open --json report.json
    python scripts/check_dataset.py data/oakink_capgrasp --sample 0 --json report.json

Reads any tree in the layout of OakInk-Shape, OakBase and CapGrasp, ours or the licensed one: all
grasps, meshes, parts and captions. Grasps of the test split are measured under the protocols
`corrected` and `oakink` side by side (`semgrasp evaluate --list-protocols`). Pickles are read
without running them. Exits with 1 where there are problems.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

_SHOWN = 20


def main() -> None:
    """Check, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, help="folder that holds shape/")
    parser.add_argument("--json", type=Path, help="report to write")
    parser.add_argument(
        "--hand", default="auto", metavar="auto|open|PATH",
        help="hand of the parameters: the open hand, or a MANO file or folder (default: the open "
        "hand for procedural objects, else MANO from SEMGRASP_MANO_DIR)",
    )  # fmt: skip
    parser.add_argument("--split", choices=("train", "val", "test", "all"), default="test")
    parser.add_argument(
        "--sample", type=int, default=500, help="grasps to measure, drawn at random; 0 for all"
    )
    parser.add_argument("--no-metrics", action="store_true", help="measure nothing")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=0, help="processes (default: all cores)")
    arguments = parser.parse_args()
    if not arguments.root.is_dir():
        parser.error(f"No folder at {arguments.root}.")
    if arguments.sample < 0:
        parser.error("--sample must be 0 (all) or more")

    from rich.console import Console
    from rich.progress import Progress

    from semgrasp.errors import SemgraspError

    try:
        with Progress(console=Console(stderr=True), refresh_per_second=1) as progress:
            report = _check(arguments, progress)
    except SemgraspError as error:
        parser.error(" ".join(str(error).split()))
    print(report.to_markdown())
    for note in report.notes:
        print(f"note: {note}")
    print(f"{len(report.problems)} problems" if report.problems else "No problems.")
    for problem in report.problems[:_SHOWN]:
        print(f"  {problem.file}: {problem.what}")
    if len(report.problems) > _SHOWN:
        print(f"  and {len(report.problems) - _SHOWN} more; --json lists them all")
    if arguments.json is not None:
        from semgrasp.dataset.atomic import written_whole

        with written_whole(arguments.json) as temporary:
            temporary.write_text(json.dumps(report.to_dict(), indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if report.problems else 0)


def _check(arguments: argparse.Namespace, progress):
    from dataclasses import replace

    import torch

    from semgrasp.evaluation.dataset_check import check_dataset
    from semgrasp.evaluation.hand_source import HandSource

    torch.set_num_threads(1)

    def steps(name: str, total: int):
        bar = progress.add_task(name, total=total)
        return lambda count: progress.advance(bar, count)

    hand, note = (None, "") if arguments.no_metrics else _hand(arguments)
    report = check_dataset(
        arguments.root,
        hand,
        reach=hand or HandSource("open"),
        split=None if arguments.split == "all" else arguments.split,
        sample=arguments.sample,
        seed=arguments.seed,
        workers=arguments.workers or os.cpu_count() or 1,
        steps=steps,
    )
    return replace(report, notes=[*report.notes, note]) if note else report


def _hand(arguments: argparse.Namespace):
    """The hand that shows the grasps; where there is none, a sentence that says so."""
    from semgrasp.dataset.oakink import shape_folder
    from semgrasp.dataset.split import PROCEDURAL_ORIGIN
    from semgrasp.errors import AssetNotFoundError
    from semgrasp.evaluation.hand_source import HandSource
    from semgrasp.hand import load_mano

    if arguments.hand != "auto":
        return HandSource(arguments.hand), ""
    ids = (folder.name for folder in shape_folder(arguments.root).glob("*/*"))
    if all(oid.startswith(PROCEDURAL_ORIGIN) for oid in ids):
        return HandSource("open"), ""
    try:
        return HandSource(load_mano(None, "right")), ""
    except AssetNotFoundError as error:
        return None, f"Nothing was measured: {error}"


if __name__ == "__main__":
    main()
