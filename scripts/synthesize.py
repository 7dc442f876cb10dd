"""Synthesise human grasps on procedural objects.

    python scripts/synthesize.py --output data/open --shapes 44 --workers 2 --minutes 50

Work is cut into units (a category and a few shapes) that are written whole to `<output>/raw/`.
Units that exist are skipped, so a killed or timed-out run is continued by the same command.
Units of all categories alternate, so a partial run is balanced.
"""

import argparse
import json
import multiprocessing
import os
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path

# Two processes with one thread each beat two threads; spinning barriers cost a factor of 20.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@dataclass(frozen=True)
class Unit:
    """One file's worth of work."""

    category: str
    first: int
    count: int
    seed: int
    per_case: int
    folder: Path
    suffix: str
    only_cases: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Path without extension of the unit's two files."""
        return self.folder / f"{self.category}_{self.first:04d}{self.suffix}"

    @property
    def is_done(self) -> bool:
        """Whether an earlier run finished it; the json is written last."""
        return self.path.with_suffix(".json").exists()


_hands = None


def run_unit(unit: Unit) -> Path:
    """Synthesise and write one unit; runs in a worker process."""
    global _hands
    import torch

    from semgrasp.hand import open_hand
    from semgrasp.synthesis.raw import save_unit
    from semgrasp.synthesis.unit import Hands, SynthesisSettings, synthesise_unit

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    if _hands is None:
        _hands = Hands.of(open_hand())
    begin = time.perf_counter()
    seeds = list(range(unit.first, unit.first + unit.count))
    # One seed per unit: the order and number of workers do not change the result.
    unit_seed = unit.seed * 1_000_003 + unit.first * 101 + sum(map(ord, unit.category))
    settings = SynthesisSettings(per_case=unit.per_case)
    grasps, tallies = synthesise_unit(
        unit.category, seeds, _hands, settings, seed=unit_seed, only_cases=unit.only_cases
    )
    save_unit(unit.path, unit.category, grasps, tallies, time.perf_counter() - begin)
    return unit.path


def plan(arguments: argparse.Namespace) -> list[Unit]:
    """All units, categories alternating."""
    units = []
    for first in range(0, arguments.shapes, arguments.chunk):
        count = min(arguments.chunk, arguments.shapes - first)
        for category in arguments.categories:
            units.append(
                Unit(
                    category, first, count, arguments.seed, arguments.per_case,
                    arguments.output / "raw", arguments.suffix, tuple(arguments.only_cases),
                )
            )  # fmt: skip
    return units


def write_yield(folder: Path) -> dict:
    """Sum the tallies of all units into yield.json."""
    from semgrasp.synthesis.raw import Tally

    totals: dict[str, Tally] = {}
    grasps, seconds = 0, 0.0
    for path in sorted(folder.glob("*_*.json")):
        header = json.loads(path.read_text())
        grasps += len(header["grasps"])
        seconds += header["seconds"]
        for case, counts in header["tallies"].items():
            totals.setdefault(case, Tally()).add(Tally(**counts))
    table = {
        "grasps": grasps,
        "worker_seconds": round(seconds, 1),
        "cases": {
            case: asdict(tally) | {"yield": round(tally.rate, 3)}
            for case, tally in sorted(totals.items())
        },
    }
    temporary = folder / ".yield.partial"
    temporary.write_text(json.dumps(table, indent=1))
    temporary.replace(folder / "yield.json")
    return table


def main() -> None:
    """Run the units that are missing, within the time budget."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from semgrasp.synthesis.cases import GRASPED_CATEGORIES

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("data/open"))
    parser.add_argument("--categories", nargs="+", default=list(GRASPED_CATEGORIES))
    parser.add_argument("--shapes", type=int, default=44, help="objects per category")
    parser.add_argument("--per-case", type=int, default=8, help="grasps per case and object")
    parser.add_argument("--chunk", type=int, default=4, help="objects per unit")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=50.0, help="start no unit after this")
    parser.add_argument("--only-cases", nargs="*", default=[], help="case names; empty for all")
    parser.add_argument("--suffix", default="", help="added to unit names, for extra cases")
    arguments = parser.parse_args()
    unknown = set(arguments.categories) - set(GRASPED_CATEGORIES)
    if unknown:
        parser.error(
            f"unknown categories {sorted(unknown)}; known: {', '.join(GRASPED_CATEGORIES)}"
        )

    units = plan(arguments)
    waiting = [unit for unit in units if not unit.is_done]
    print(f"{len(units)} units, {len(units) - len(waiting)} already done", flush=True)
    begin = time.monotonic()
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    context = multiprocessing.get_context("spawn")
    new = 0
    with (
        ProcessPoolExecutor(arguments.workers, mp_context=context) as pool,
        Progress(*columns, refresh_per_second=0.5) as progress,
    ):
        bar = progress.add_task("units", total=len(waiting))
        running = set()
        while waiting or running:
            has_time = time.monotonic() - begin < arguments.minutes * 60
            while waiting and has_time and len(running) < arguments.workers:
                running.add(pool.submit(run_unit, waiting.pop(0)))
            if not running:
                break
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                path = future.result()
                header = json.loads(path.with_suffix(".json").read_text())
                new += len(header["grasps"])
                rate = new / (time.monotonic() - begin)
                cases = ", ".join(
                    f"{case} {t['stable']}/{t['attempted']}"
                    for case, t in header["tallies"].items()
                )
                progress.console.print(
                    f"{path.name}: {len(header['grasps'])} in {header['seconds']} s; "
                    f"total {new}, {rate:.2f}/s; {cases}",
                    soft_wrap=True,
                )
                progress.update(bar, advance=1, description=f"{new} grasps, {rate:.2f}/s")
            write_yield(arguments.output / "raw")
    table = write_yield(arguments.output / "raw")
    print(f"{table['grasps']} grasps in {arguments.output / 'raw'}")


if __name__ == "__main__":
    main()
