"""Put synthesised grasps into words and write the data set.

    python scripts/caption_dataset.py --root data/open --captions-per-grasp 6 --seed 0

Reads `<root>/raw/`, makes every object again from its seed, and writes `<root>/packed/` for
training and the tree of OakInk-Shape, OakBase and CapGrasp under `<root>`. Running it again on
more raw data brings both up to date; the words about a grasp stay the same.
"""

import argparse
import os
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")


def main() -> None:
    """Read, caption, write, count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path("data/open"))
    parser.add_argument("--captions-per-grasp", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--packed-only", action="store_true", help="leave the OakInk tree as it is: much faster"
    )
    parser.add_argument(
        "--more-captions", type=Path, metavar="DIR",
        help="add the captions of another tree, such as scripts/caption_with_llm.py writes",
    )  # fmt: skip
    arguments = parser.parse_args()
    if arguments.captions_per_grasp < 1:
        parser.error("--captions-per-grasp must be at least 1")

    import torch
    from rich.progress import Progress

    from semgrasp.errors import InputError
    from semgrasp.synthesis.captioning import write_dataset

    torch.set_num_threads(1)
    try:
        with Progress(refresh_per_second=1) as progress:
            data = write_dataset(
                arguments.root,
                count=arguments.captions_per_grasp,
                seed=arguments.seed,
                with_tree=not arguments.packed_only,
                track=lambda items, name: progress.track(items, description=name),
                more_captions=arguments.more_captions,
            )
    except InputError as error:
        parser.error(str(error))
    report(data)


def report(data) -> None:
    """Print how many grasps and captions there are, and of what."""
    from semgrasp.types import INTENTS

    kinds = Counter(
        (caption["bank"], caption["kind"]) for captions in data.captions for caption in captions
    )
    texts = {
        tuple(turn["value"] for turn in caption["turns"] if turn["from"] == "human")
        for captions in data.captions
        for caption in captions
    }
    total = sum(kinds.values())
    print(f"{len(data.objects)} objects, {len(data)} grasps, {total} captions,")
    print(f"{len(texts)} of them ({len(texts) / total:.0%}) in words of their own")
    print("captions: " + ", ".join(f"{b} {k} {n}" for (b, k), n in sorted(kinds.items())))
    rows: Counter[tuple[str, str, str]] = Counter()
    splits: Counter[tuple[str, str]] = Counter()
    for i in range(len(data)):
        owner = data.objects[int(data.object_index[i])]
        part = data.part_names[int(data.target_part[i])]
        rows[(owner.category, INTENTS[int(data.intent[i])], part)] += 1
        splits[(owner.category, owner.split)] += 1
    shapes = Counter((owner.category, owner.split) for owner in data.objects)
    print("category, split: shapes, grasps")
    for (category, split), count in sorted(splits.items()):
        print(f"  {category:16} {split:6} {shapes[category, split]:4} {count:6}")
    print("category, intent, part: grasps")
    for (category, intent, part), count in sorted(rows.items()):
        print(f"  {category:16} {intent:9} {part:10} {count:6}")


if __name__ == "__main__":
    main()
