"""Check the licensed OakInk-Shape, OakBase and CapGrasp on disk, and pack them for training.

    python scripts/pack_oakink.py --root data/oakink_capgrasp
    python scripts/pack_oakink.py --root data/oakink_capgrasp --check

The tree is that of data/oakink_capgrasp/README.md. Every grasp is read once (the index is kept
under <root>/packed/), counted and compared with the published counts; meshes, parts and captions
are looked for; what is damaged is named and left out. Packing measures which parts each hand
touches, so it needs the hand the parameters belong to: MANO from SEMGRASP_MANO_DIR, or --hand open
for a tree of scripts/caption_dataset.py.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

_SHOWN = 10


def main() -> None:
    """Index, check, pack."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("SEMGRASP_OAKINK_DIR", "data/oakink_capgrasp")
    parser.add_argument(
        "--root", type=Path, default=Path(default),
        help=f"folder that holds shape/ (default: $SEMGRASP_OAKINK_DIR, here {default})",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, help="folder to write (default: <root>/packed)")
    parser.add_argument("--check", action="store_true", help="index and count only")
    parser.add_argument("--hand", choices=("mano", "open"), default="mano")
    parser.add_argument("--categories", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument(
        "--captions", nargs="+", type=Path, metavar="DIR",
        help="folders of captions, paths in them counted from their end (default: all of <root>)",
    )  # fmt: skip
    parser.add_argument(
        "--object-markers", nargs="+", default=[], metavar="WORD",
        help="further words that stand for objects when written <WORD> in captions",
    )  # fmt: skip
    parser.add_argument(
        "--grasp-markers", nargs="+", default=[], metavar="WORD",
        help="further words that stand for grasps",
    )  # fmt: skip
    parser.add_argument("--num-points", type=int, default=8192, help="samples of each object")
    arguments = parser.parse_args()

    from rich.progress import Progress

    from semgrasp.errors import SemgraspError

    try:
        with Progress(refresh_per_second=1) as progress:
            _run(arguments, progress)
    except SemgraspError as error:
        parser.error(" ".join(str(error).split()))


def _run(arguments: argparse.Namespace, progress) -> None:
    import torch

    from semgrasp.dataset.capgrasp import find_captions
    from semgrasp.dataset.conversation import MARKERS, Markers
    from semgrasp.dataset.oakink_check import tree_notes
    from semgrasp.dataset.oakink_index import read_index
    from semgrasp.hand import named_hand
    from semgrasp.synthesis.published import GRASPING, pack_published

    torch.set_num_threads(1)
    output = arguments.output or arguments.root / "packed"
    # A missing hand is said before the long work, not after it.
    hand = None if arguments.check else named_hand(arguments.hand)
    index = read_index(
        arguments.root,
        cache=output / "index",
        track=lambda folders: iter(progress.track(folders, description="grasps")),
    )
    objects = {entry.oid for entry in index.entries}
    print(f"{len(index)} grasps of {len(objects)} objects; {len(index.damaged)} entries damaged")
    _list(index.damaged)
    differences = index.differences_from_published()
    print("Counts are those of OakInk-Shape v2." if not differences else "Counts differ:")
    for sentence in differences:
        print(f"  {sentence}")
    captions = find_captions(arguments.root, arguments.captions)
    notes = tree_notes(arguments.root, index, captions)
    for sentence in notes:
        print(sentence)
    if hand is None:
        return
    rows = index.select(actions=GRASPING, categories=arguments.categories, only_paired=False)
    packing = pack_published(
        arguments.root,
        index,
        hand,
        rows=rows,
        num_points=arguments.num_points,
        captions=captions,
        markers=Markers(
            MARKERS.things + tuple(arguments.object_markers),
            MARKERS.grasps + tuple(arguments.grasp_markers),
        ),
        track=lambda items, name: progress.track(items, description=name),
    )
    packing.data.save(output)
    print(
        f"Packed {len(packing.data)} grasps of {len(packing.data.objects)} objects with "
        f"{sum(map(len, packing.data.captions))} captions into {output}; "
        f"{packing.without_captions} grasps have none; {len(packing.left_out)} entries left out"
    )
    for sentence in packing.notes:
        if sentence not in notes:
            print(sentence)
    _list(packing.left_out)


def _list(damaged) -> None:
    for entry in damaged[:_SHOWN]:
        print(f"  {entry.path}: {entry.reason}")
    if len(damaged) > _SHOWN:
        print(f"  and {len(damaged) - _SHOWN} more")


if __name__ == "__main__":
    main()
