"""Pack synthesised grasps into the table that is kept in git.

    python scripts/pack_grasps.py --root data/open --table data/open_grasps

Reads `<root>/raw/` and writes `<table>/grasps.safetensors` and `labels.json`, some 150 bytes per
grasp. `scripts/rebuild_dataset.py` makes the whole data set of them again.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")


def main() -> None:
    """Pack, check, report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=Path("data/open"))
    parser.add_argument("--table", type=Path, default=Path("data/open_grasps"))
    arguments = parser.parse_args()

    import torch
    from rich.progress import Progress

    from semgrasp.errors import SemgraspError
    from semgrasp.hand import open_hand
    from semgrasp.synthesis.packing import pack_units

    torch.set_num_threads(1)
    hand = open_hand(dtype=torch.float64)
    try:
        with Progress(refresh_per_second=1) as progress:
            table, shift = pack_units(
                arguments.root / "raw",
                hand,
                track=lambda items, name: progress.track(items, description=name),
            )
    except SemgraspError as error:
        parser.error(str(error))
    table.save(arguments.table)
    size = sum(file.stat().st_size for file in arguments.table.iterdir())
    print(
        f"{len(table)} grasps on {len(table.objects)} objects, {len(table.labels)} kinds, from "
        f"{len(table.units)} units: {size / 1e6:.2f} MB in {arguments.table}, "
        f"{size / len(table):.0f} bytes per grasp; no vertex moved by more than "
        f"{shift * 1000:.3f} mm"
    )


if __name__ == "__main__":
    main()
