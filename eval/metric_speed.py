"""How fast and how right PD, SIV and SD are, against the published scripts' way, in one run.

    OMP_NUM_THREADS=1 python -m eval.metric_speed --recorded ../shared/data/dexycb_grasps \
        --scans ../shared/data/ycb_objects --output out/metric_speed.json

Per grasp and core: penetration depth, intersection volume and simulation displacement by this
package (protocol `corrected`; preparing an object is counted in, shared among its grasps, 20 on a
scan as the published protocols generate) and by a straightforward implementation of the published
scripts (`eval/published_metrics.py`), with trimesh's own rays as they had them, and with Embree's.

Ours are measured on every grasp. Theirs keep nothing between grasps, so that `--few` grasps, spread
evenly over the objects, tell their time; and every `--check-every`-th of ours is compared with a
reference: PD with trimesh's closest points, SIV with a 1 mm lattice, SD with 0.25 ms steps.
Seconds are of processor time; work beside it on the machine still slows both ways.
"""

import argparse
import itertools
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import igl
import numpy as np
import torch
import trimesh

from eval import published_metrics as published
from eval.human_grasps import human_grasps
from semgrasp.errors import InputError
from semgrasp.evaluation import GraspSample
from semgrasp.metrics import SolidObject, intersection_volume, penetration_depth
from semgrasp.simulation import CORRECTED, DisplacementRule, DisplacementTest

_SCANS = {
    "025_mug": "drink from it by the handle",
    "019_pitcher_base": "pick it up by the handle to pour",
    "006_mustard_bottle": "hold the bottle",
    "021_bleach_cleanser": "hold it by the handle",
}
_LATTICE = 0.001
"""Spacing of the reference lattice in [m]."""
_FINE_STEP = 0.00025
"""Time step of the reference simulation in [s]."""


class Measured(NamedTuple):
    """What one way says of one grasp, and what it took."""

    depth: float
    """In [m]."""
    volume: float
    """In [m^3]."""
    displacement: float
    """In [m]."""
    seconds: dict[str, float]


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.process_time()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.process_time() - start


def ours(
    samples: Sequence[GraspSample], rule: DisplacementRule = CORRECTED
) -> tuple[list[Measured], float]:
    """Measure all grasps of one object; also the seconds that preparing the object took."""
    first = samples[0]
    start = time.process_time()
    solid = SolidObject(first.shape)
    simulation = DisplacementTest(first.shape, rule)
    preparing = time.process_time() - start

    results = []
    for sample in samples:
        seconds: dict[str, float] = {}
        with _timed(seconds, "PD"):
            vertices = torch.from_numpy(sample.hand_vertices_object)
            depth = float(penetration_depth(vertices, solid))
        with _timed(seconds, "SIV"):
            volume = intersection_volume((sample.hand_vertices_object, sample.hand_faces), solid)
        with _timed(seconds, "SD"):
            displacement = simulation.run(
                sample.hand_vertices_object,
                sample.hand_faces,
                hand_model=sample.hand_model,
                grasp=sample.grasp,
            ).mean
        results.append(Measured(depth, volume, displacement, seconds))
    return results, preparing


def theirs(
    sample: GraspSample, script: published.Script = published.GRASPTTA, *, embree: bool
) -> Measured:
    """Measure one grasp as the published scripts do, from meshes alone."""
    shape = sample.shape
    hand = trimesh.Trimesh(sample.hand_vertices_object, sample.hand_faces, process=False)
    obj = trimesh.Trimesh(shape.vertices_object, shape.faces, process=False)
    seconds: dict[str, float] = {}
    with _timed(seconds, "PD"):
        depth = published.penetration_depth(hand, obj, script, embree=embree)
    with _timed(seconds, "SIV"):
        volume = published.intersection_volume(hand, obj, script, embree=embree)
    with _timed(seconds, "SD"):
        displacement, seconds["V-HACD"] = published.simulation_displacement(hand, obj, script)
    return Measured(depth, volume, displacement, seconds)


def reference_depth(sample: GraspSample) -> float:
    """Depth of the deepest vertex in [m], by another library."""
    shape = sample.shape
    obj = trimesh.Trimesh(shape.vertices_object, shape.faces, process=False)
    hand = trimesh.Trimesh(sample.hand_vertices_object, sample.hand_faces, process=False)
    return published.penetration_depth(hand, obj, embree=True)


def reference_volume(sample: GraspSample) -> float:
    """Volume in [m^3] of the 1 mm cells whose centres are inside both surfaces."""
    hand, shape = sample.hand_vertices_object, sample.shape
    low = np.maximum(hand.min(axis=0), shape.vertices_object.min(axis=0))
    high = np.minimum(hand.max(axis=0), shape.vertices_object.max(axis=0))
    if (low >= high).any():
        return 0.0
    axes = [np.arange(a, b, _LATTICE) + _LATTICE / 2 for a, b in zip(low, high, strict=True)]
    points = np.array(list(itertools.product(*axes)))
    for vertices, faces in (
        (hand, sample.hand_faces),
        (shape.vertices_object, shape.faces),
    ):
        if len(points):
            winding = igl.fast_winding_number(
                np.ascontiguousarray(vertices), np.ascontiguousarray(faces, dtype=np.int64), points
            )
            points = points[np.asarray(winding).ravel() > 0.5]
    return len(points) * _LATTICE**3


def measurable(samples: Sequence[GraspSample]) -> list[GraspSample]:
    """Grasps on objects with a defined inside; the others are named on the way."""
    refused = set()
    for group in _by_object(samples):
        try:
            SolidObject(group[0].shape)
        except InputError as error:
            print(f"left out {len(group)} grasps: {error}")
            refused.add(group[0].shape.name)
    return [sample for sample in samples if sample.shape.name not in refused]


def _by_object(samples: Sequence[GraspSample]) -> list[list[GraspSample]]:
    ordered = sorted(samples, key=lambda sample: sample.shape.name)
    return [list(group) for _, group in itertools.groupby(ordered, key=lambda s: s.shape.name)]


def scan_grasps(folder: Path, per_object: int) -> list[GraspSample]:
    """What the shipped model answers on scans of 16,000 faces."""
    from semgrasp import GraspGenerator, load_object

    generator = GraspGenerator.from_pretrained()
    samples = []
    for name, instruction in _SCANS.items():
        shape = load_object(folder / f"{name}.ply", units="m")
        predictions = generator.generate(shape, instruction, num_grasps=per_object)
        for i, prediction in enumerate(predictions):
            hand, grasp = prediction.hand_model, prediction.grasp
            vertices = hand.pose(grasp).vertices_object.double().numpy()
            samples.append(
                GraspSample(f"{name}#{i}", shape, vertices, hand.faces.numpy(), hand, grasp)
            )
    return samples


def _row(results: Sequence[Measured], seconds: Sequence[float]) -> dict[str, float]:
    parts = {
        f"{name} seconds": statistics.median(result.seconds[name] for result in results)
        for name in ("PD", "SIV", "SD")
    }
    return {
        "seconds": statistics.median(seconds),
        "mean seconds": statistics.fmean(seconds),
        **parts,
        "mean PD cm": 100 * statistics.fmean(result.depth for result in results),
        "mean SIV cm3": 1e6 * statistics.fmean(result.volume for result in results),
        "mean SD cm": 100 * statistics.fmean(result.displacement for result in results),
    }


def _deviation(
    values: Sequence[float], reference: Sequence[float], smallest: float
) -> dict[str, float]:
    """How far values are from a reference: of the mean, and the median of single grasps."""
    single = [
        abs(value - truth) / truth
        for value, truth in zip(values, reference, strict=True)
        if truth > smallest
    ]
    return {
        "of the mean": abs(sum(values) - sum(reference)) / max(sum(reference), 1e-12),
        "median of single grasps": statistics.median(single) if single else 0.0,
    }


def compare(
    samples: Sequence[GraspSample], few: int, check_every: int
) -> dict[str, dict[str, float]]:
    """Time and check both ways; the published scripts on a few, the references on every n-th."""
    groups = _by_object(samples)
    mine: list[Measured] = []
    preparing: list[float] = []
    for group in groups:
        results, seconds = ours(group)
        mine += results
        preparing += [seconds / len(group)] * len(group)
    ordered = [sample for group in groups for sample in group]
    own = [sum(r.seconds.values()) + p for r, p in zip(mine, preparing, strict=True)]
    table = {"ours": _row(mine, own) | {"preparing seconds": statistics.median(preparing)}}

    timed = ordered[:: max(1, len(ordered) // few)][:few]
    ways = (
        ("GraspTTA's script, trimesh's rays", published.GRASPTTA, False),
        ("GraspTTA's script, rays by Embree", published.GRASPTTA, True),
        # Through 128^3 voxels trimesh's own rays want over 20 GB; that script has compiled ones.
        ("OakInk's script, rays by Embree", published.OAKINK, True),
    )
    for name, script, embree in ways:
        results = [theirs(sample, script, embree=embree) for sample in timed]
        whole = [sum(r.seconds[k] for k in ("PD", "SIV", "SD")) for r in results]
        kept = [w - r.seconds["V-HACD"] for w, r in zip(whole, results, strict=True)]
        table[name] = _row(results, whole) | {
            "times ours": statistics.median(whole) / statistics.median(own),
            "times ours, of means": statistics.fmean(whole) / statistics.fmean(own),
            "times ours, were V-HACD kept per object": statistics.median(kept)
            / statistics.median(own),
        }

    fine = replace(CORRECTED, time_step=_FINE_STEP, steps=round(35 / 240 / _FINE_STEP))
    checked, found = ordered[::check_every], mine[::check_every]
    reference = [r.displacement for group in _by_object(checked) for r in ours(group, fine)[0]]
    depths = [reference_depth(sample) for sample in checked]
    volumes = [reference_volume(sample) for sample in checked]
    table[f"PD against trimesh, {len(checked)} grasps"] = _deviation(
        [r.depth for r in found], depths, 5e-4
    )
    table["SIV against 1 mm cells"] = _deviation([r.volume for r in found], volumes, 2e-7)
    table["SD against 0.25 ms steps"] = _deviation([r.displacement for r in found], reference, 1e-3)
    return table


def main() -> None:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recorded", type=Path, help="folder of recorded human grasps")
    parser.add_argument("--scans", type=Path, help="folder of scanned objects of 16,000 faces")
    parser.add_argument("--every", type=int, default=1, help="take every n-th recorded grasp")
    parser.add_argument("--per-object", type=int, default=20, help="grasps on each scan")
    parser.add_argument(
        "--few", type=int, default=8, help="grasps on which the published scripts are timed"
    )
    parser.add_argument(
        "--check-every", type=int, default=12, help="compare every n-th grasp with the references"
    )
    parser.add_argument("--output", type=Path, help="JSON file to write")
    options = parser.parse_args()
    torch.set_num_threads(1)

    sets: dict[str, list[GraspSample]] = {}
    if options.recorded:
        sets["human grasps"] = measurable(human_grasps(options.recorded)[:: options.every])
    if options.scans:
        sets["generated grasps on scans"] = scan_grasps(options.scans, options.per_object)
    if not sets:
        parser.error("give --recorded, --scans or both")
    report = {}
    for name, samples in sets.items():
        faces = statistics.median(len(sample.shape.faces) for sample in samples)
        print(f"{name}: {len(samples)} grasps, objects of {faces:.0f} faces")
        report[name] = compare(samples, options.few, options.check_every)
        for row, numbers in report[name].items():
            print(f"  {row}")
            for key, value in numbers.items():
                print(f"    {key:42s} {value:10.4f}")
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
