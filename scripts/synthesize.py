"""Synthesise human grasps on procedural objects.

    python scripts/synthesize.py --output data/open --workers 2

Work is cut into units (a category and a few objects), each written whole to `<output>/raw/`. Units
that are there are skipped: after a kill the same command goes on, without loss and without
duplicates. A unit's files are the same bytes whatever the number of workers and their order. Units
of all categories alternate, so that a part of the run is balanced.

`--ray-address local` fans out with Ray on this machine, an address does so over a cluster; results
travel back as bytes, and only this process writes files. `--device cuda` optimises on a GPU.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

# Two processes with one thread each beat two threads; spinning barriers cost a factor of 20.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ASSEMBLY = "assembly"


def main() -> None:
    """Run the units that are missing, within the time budget."""
    from semgrasp.errors import SemgraspError
    from semgrasp.synthesis.cases import GRASPED_CATEGORIES
    from semgrasp.synthesis.work import missing, objects_of, plan

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("data/open"))
    parser.add_argument("--categories", nargs="+", default=list(GRASPED_CATEGORIES))
    parser.add_argument(
        "--shapes", type=int, default=40,
        help="objects per category, up to 1.6 times as many where there are few ways to hold them",
    )  # fmt: skip
    parser.add_argument("--assemblies", type=int, default=340, help="objects without a category")
    parser.add_argument("--per-case", type=int, default=8, help="grasps per case and object")
    parser.add_argument("--chunk", type=int, default=4, help="objects per unit")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--ray-address", help='"local", or the address of a Ray cluster')
    parser.add_argument("--device", default="cpu", help="where hands are optimised: cpu, cuda")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="then begin no unit")
    parser.add_argument("--only-cases", nargs="*", default=[], help="case names; empty for all")
    parser.add_argument("--suffix", default="", help="added to unit names, for extra cases")
    arguments = parser.parse_args()
    unknown = set(arguments.categories) - set(GRASPED_CATEGORIES)
    if unknown:
        parser.error(
            f"unknown categories {sorted(unknown)}; known: {', '.join(GRASPED_CATEGORIES)}"
        )
    counts = {
        category: arguments.assemblies
        if category == ASSEMBLY
        else objects_of(category, arguments.shapes)
        for category in arguments.categories
    }
    units = plan(
        counts, arguments.chunk, seed=arguments.seed, per_case=arguments.per_case,
        only_cases=tuple(arguments.only_cases), suffix=arguments.suffix, device=arguments.device,
        not_after=time.time() + 60.0 * arguments.minutes,
    )  # fmt: skip
    folder = arguments.output / "raw"
    try:
        waiting = missing(units, folder)
        objects = sum(counts.values())
        done = len(units) - len(waiting)
        print(f"{objects} objects in {len(units)} units, {done} already done", flush=True)
        failed = run(waiting, folder, arguments.workers, arguments.ray_address)
    except SemgraspError as error:
        parser.error(str(error))
    table = write_yield(folder)
    print(f"{table['grasps']} grasps in {folder}")
    if failed:
        sys.exit(f"{len(failed)} units failed and are left out: {', '.join(failed)}")


def run(waiting: list, folder: Path, workers: int, ray_address: str | None) -> list[str]:
    """Do the units and write them as they come; the names of those that failed."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from semgrasp.evaluation.fan_out import WorkerDiedError, fan_out
    from semgrasp.synthesis.work import WorkFailed, do

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    begin, grasps, failed = time.monotonic(), 0, []
    with Progress(*columns, refresh_per_second=0.5) as progress:
        bar = progress.add_task("units", total=len(waiting))
        for index, done in fan_out(do, waiting, workers=workers, ray_address=ray_address):
            name = waiting[index].name
            if isinstance(done, WorkerDiedError | WorkFailed):
                failed.append(name)
                reason = done.trace if isinstance(done, WorkFailed) else done
                progress.console.print(f"{name} failed: {reason}", markup=False, soft_wrap=True)
                continue
            if done is None:
                continue
            done.files.write(folder / name)
            write_seconds(folder, name, done.seconds)
            grasps += done.grasps
            rate = grasps / (time.monotonic() - begin)
            progress.console.print(
                f"{name}: {done.grasps} of {done.tried} in {done.seconds['wall']:.1f} s",
                soft_wrap=True,
            )
            progress.update(bar, advance=1, description=f"{grasps} grasps, {rate:.2f}/s")
    return failed


def write_seconds(folder: Path, name: str, seconds: dict[str, float]) -> None:
    """Beside the unit, not in it: times differ from run to run, units do not."""
    path = folder / "seconds" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({stage: round(spent, 2) for stage, spent in seconds.items()}))


def write_yield(folder: Path) -> dict:
    """Sum the tallies of all units, and the seconds of each stage, into yield.json."""
    from dataclasses import asdict

    from semgrasp.synthesis.raw import Tally

    totals: dict[str, Tally] = {}
    seconds: Counter[str] = Counter()
    grasps = 0
    for path in sorted(folder.glob("*_*.json")):
        header = json.loads(path.read_text())
        grasps += len(header["grasps"])
        for case, counts in header["tallies"].items():
            totals.setdefault(case, Tally()).add(Tally(**counts))
        times = folder / "seconds" / path.name
        if times.exists():
            seconds.update(json.loads(times.read_text()))
    table = {
        "grasps": grasps,
        "seconds": {stage: round(spent, 1) for stage, spent in seconds.most_common()},
        "cases": {
            case: asdict(tally) | {"yield": round(tally.rate, 3)}
            for case, tally in sorted(totals.items())
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / ".yield.partial"
    temporary.write_text(json.dumps(table, indent=1))
    temporary.replace(folder / "yield.json")
    return table


if __name__ == "__main__":
    main()
