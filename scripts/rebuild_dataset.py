"""Make the whole open data set again from the table that is kept in git.

    python scripts/rebuild_dataset.py --table data/open_grasps --output data/open

Makes every object again from its seed and checks that it is the object the grasps were made for,
writes the grasps to `<output>/raw/` as synthesis did, then objects, parts, samples of their
surfaces, grasps and captions: `<output>/packed/` for training, and the tree of OakInk-Shape,
OakBase and CapGrasp. The same table, captions per grasp and seed give the same files.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")


def main() -> None:
    """Check the objects, write the grasps, put them into words."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", type=Path, default=Path("data/open_grasps"))
    parser.add_argument("--output", type=Path, default=Path("data/open"))
    parser.add_argument("--categories", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument(
        "--split", choices=("train", "val", "test"), help="objects of one split (default: all)"
    )
    parser.add_argument("--captions-per-grasp", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0, help="of the words")
    parser.add_argument(
        "--packed-only", action="store_true", help="do not write the OakInk tree: much faster"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.captions_per_grasp < 1:
        parser.error("--captions-per-grasp must be at least 1")

    from rich.progress import Progress

    from semgrasp.errors import SemgraspError

    try:
        with Progress(refresh_per_second=1) as progress:
            _run(arguments, progress)
    except SemgraspError as error:
        parser.error(" ".join(str(error).split()))


def _run(arguments: argparse.Namespace, progress) -> None:
    import torch

    from semgrasp.errors import InputError
    from semgrasp.hand import open_hand
    from semgrasp.synthesis.captioning import write_dataset
    from semgrasp.synthesis.grasp_table import GraspTable
    from semgrasp.synthesis.packing import write_units

    torch.set_num_threads(1)
    begin = time.monotonic()
    table = GraspTable.load(arguments.table)
    if arguments.categories:
        table = table.of_categories(arguments.categories)
    if arguments.split:
        table = table.of_split(arguments.split)
    progress.console.print(f"{len(table)} grasps on {len(table.objects)} objects")
    rounded, other = _compare(table, arguments.workers, progress)
    if other:
        raise InputError(
            f"{len(other)} objects are not those the grasps were made for, such as {other[0]}: the "
            "code that makes objects is of another version than the table. Check out the version "
            "that came with it."
        )
    if rounded:
        progress.console.print(
            f"{len(rounded)} objects came out rounded differently on this machine, such as "
            f"{rounded[0]}; their grasps fit, captions and hashes are the same."
        )
    raw = arguments.output / "raw"
    if foreign := sorted(
        path.stem
        for path in raw.glob("*_*.json")
        if path.stem not in {unit.name for unit in table.units}
    ):
        raise InputError(
            f"{raw} holds {len(foreign)} units that the table does not have, such as {foreign[0]}. "
            "Choose another --output, or move them away."
        )
    write_units(table, raw, open_hand(dtype=torch.float64))
    data = write_dataset(
        arguments.output,
        count=arguments.captions_per_grasp,
        seed=arguments.seed,
        with_tree=not arguments.packed_only,
        track=lambda items, name: progress.track(items, description=name),
    )
    progress.console.print(
        f"{len(data.objects)} objects, {len(data)} grasps and {sum(map(len, data.captions))} "
        f"captions in {arguments.output} after {time.monotonic() - begin:.0f} s"
    )


def _compare(table, workers: int, progress) -> tuple[list[str], list[str]]:
    """Objects that came out rounded differently, and objects that are others."""
    from semgrasp.evaluation.fan_out import WorkerDiedError, fan_out
    from semgrasp.synthesis.object_print import print_of

    tasks = [(entry.category, entry.seed) for entry in table.objects]
    bar = progress.add_task("objects", total=len(tasks))
    rounded, other = [], []
    for index, found in fan_out(print_of, tasks, workers=workers):
        progress.advance(bar)
        if isinstance(found, WorkerDiedError):
            raise found
        entry = table.objects[index]
        if found.checksum != entry.print.checksum:
            name = f"{entry.category} {entry.seed}"
            (rounded if found.serves(entry.print) else other).append(name)
    return sorted(rounded), sorted(other)


if __name__ == "__main__":
    main()
