"""How much DexGraspBench's success depends on what a still grasp leaves open: squeeze and support.

    python -m eval.bench_sensitivity --packed data/open/packed \
        --recorded ../shared/data/dexycb_grasps

The benchmark takes three postures from its generators; a human grasp is one. The force of the
squeeze is therefore ours to choose (20 N by default), and so is whether the object is held up
while the hand closes (it is not, as published; rigid hands that overlap it then push it away).
"""

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from eval.human_grasps import human_grasps
from semgrasp.dataset import PackedDataset
from semgrasp.hand import HandModel, open_hand
from semgrasp.objects.procedural import make_object
from semgrasp.simulation import convex_decomposition
from semgrasp.simulation.articulated_hand import ArticulatedHand
from semgrasp.simulation.bench import DEXGRASPBENCH, SUPPORTED
from semgrasp.simulation.dexgraspbench import DexGraspBenchTest
from semgrasp.simulation.squeeze import Squeeze
from semgrasp.types import Grasp


class Case(NamedTuple):
    """A grasp and the convex pieces of its object."""

    hand: HandModel
    grasp: Grasp
    pieces: Sequence[Float[ndarray, "_ 3"]]


def recorded_cases(folder: Path, count: int) -> Iterator[Case]:
    """Grasps by people, drawn at random."""
    samples = human_grasps(folder)
    pieces: dict[str, list[ndarray]] = {}
    for i in sorted(np.random.default_rng(0).choice(len(samples), count, replace=False)):
        sample = samples[i]
        shape = sample.shape
        if shape.name not in pieces:
            pieces[shape.name] = convex_decomposition(shape.vertices_object, shape.faces)
        assert sample.hand_model is not None
        assert sample.grasp is not None
        yield Case(sample.hand_model, sample.grasp, pieces[shape.name])


def synthesised_cases(folder: Path, count: int) -> Iterator[Case]:
    """Grasps of the open data set, equally many of every category."""
    data, hand = PackedDataset.load(folder), open_hand(dtype=torch.float64)
    rows: dict[str, list[int]] = {}
    for row, owner in enumerate(data.object_index.tolist()):
        rows.setdefault(data.objects[owner].category, []).append(row)
    rng = np.random.default_rng(0)
    for category in sorted(rows):
        for row in rng.choice(rows[category], count // len(rows), replace=False).tolist():
            owner = data.objects[int(data.object_index[row])]
            made = make_object(owner.category, owner.seed)
            yield Case(hand, data.grasps(row), [points for _, points in made.convex_pieces])


def main() -> None:
    """Simulate every case under every choice; print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recorded", type=Path, help="folder of recorded human grasps")
    parser.add_argument("--packed", type=Path, help="a packed data set of procedural objects")
    parser.add_argument("--count", type=int, default=64, help="grasps of each set")
    parser.add_argument("--forces", type=float, nargs="+", default=[10.0, 20.0], help="in [N]")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sets: dict[str, list[Case]] = {}
    if options.recorded:
        sets["by people"] = list(recorded_cases(options.recorded, options.count))
    if options.packed:
        sets["synthesised"] = list(synthesised_cases(options.packed, options.count))
    if not sets:
        parser.error("give --recorded, --packed or both")
    print("| grasps | object while the hand closes | squeeze | success | median CPU time |")
    print("|---|---|---|---|---|")
    for name, cases in sets.items():
        for support, rule in (("free, as published", DEXGRASPBENCH), ("held up", SUPPORTED)):
            for force in options.forces:
                held, seconds = [], []
                for case in cases:
                    test = DexGraspBenchTest(
                        ArticulatedHand(case.hand, case.grasp.betas),
                        case.pieces,
                        rule=rule,
                        squeeze=Squeeze(grip_force=force),
                    )
                    start = time.process_time()
                    held.append(test.run(case.grasp).success)
                    seconds.append(time.process_time() - start)
                print(
                    f"| {name} | {support} | {force:g} N | {sum(held)} of {len(held)} | "
                    f"{1000 * statistics.median(seconds):.0f} ms |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
