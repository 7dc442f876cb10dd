"""Measure many grasps: object by object, over all cores, to be continued after an interruption."""

import hashlib
import itertools
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from semgrasp.errors import InputError
from semgrasp.evaluation.entry import Damaged
from semgrasp.evaluation.fan_out import WorkerDiedError, fan_out
from semgrasp.evaluation.measure import Batch, Engine, Plan, measure_batch, topology
from semgrasp.evaluation.report import Evaluation, Measured, plain
from semgrasp.evaluation.sample import GraspSample
from semgrasp.evaluation.set_metrics import set_metrics
from semgrasp.metrics.protocols import Protocol
from semgrasp.metrics.protocols import protocol as protocol_named

_BATCH = 32
"""Grasps of one object that go to a process together."""
_FAR = 0.5
"""Distance in [m] from an object at which nobody is about to grasp it."""
_WORTH_A_PROCESS = 8
"""Grasps below which starting a process takes longer than measuring."""


def evaluate(
    samples: Sequence[GraspSample],
    protocol: Protocol | str = "corrected",
    *,
    damaged: Sequence[Damaged] = (),
    notes: Sequence[str] = (),
    metrics: Sequence[str] | None = None,
    engine: Engine = "mujoco",
    seed: int = 0,
    workers: int = 1,
    ray_address: str | None = None,
    reference: Sequence[GraspSample] | None = None,
    pointnet: str | Path | None = None,
    partial: Path | None = None,
    progress: Callable[[int], object] | None = None,
) -> Evaluation:
    """Measure grasps under a protocol; the result does not depend on their order.

    Args:
        damaged: What could not be read, to be listed in the report.
        notes: What the reader assumed, to be said in the report.
        metrics: Names of the metrics to compute; all that the protocol defines by default.
        engine: Simulator of the displacement.
        seed: Of the bootstrap intervals, of clustering and of points drawn from surfaces.
        workers: Processes; 0 for all cores.
        ray_address: Fan out with Ray: "local", "auto" or the address of a cluster.
        reference: Real grasps, for metrics that compare two sets.
        pointnet: Weights of P-FID's feature extractor.
        partial: File that keeps finished results; a run with the same grasps goes on from it.
        progress: Told how many more grasps are done.

    Raises:
        InputError: The protocol does not define a metric that was asked for.
    """
    if isinstance(protocol, str):
        protocol = protocol_named(protocol)
    per_grasp, of_sets = _chosen(metrics, protocol)
    if (reference is None) != (pointnet is None):
        raise InputError("P-FID needs both: real grasps to compare with, and pointnet.pt.")
    plan = Plan(protocol, per_grasp, engine)
    samples = sorted(samples, key=lambda sample: sample.name)
    _refuse_same_names(samples)

    results: dict[str, Measured | Damaged] = {}
    keys = {sample.name: _key(sample, plan) for sample in samples} if partial else {}
    if partial is not None:
        results = _load(partial, keys)
        if progress is not None and results:
            progress(len(results))
    todo = [sample for sample in samples if sample.name not in results]
    workers = _workers(workers, len(todo))
    batches = _batches(todo, plan, workers)
    if partial is not None:
        partial.parent.mkdir(parents=True, exist_ok=True)
    with closing(
        fan_out(measure_batch, batches, workers=workers, ray_address=ray_address)
    ) as finished:
        for index, outcome in finished:
            if isinstance(outcome, WorkerDiedError):
                names = [sample.name for sample in batches[index].samples]
                outcome = [Damaged(name, str(outcome)) for name in names]
            results.update({result.name: result for result in outcome})
            if partial is not None:
                _keep(partial, outcome, keys)
            if progress is not None:
                progress(len(outcome))

    ordered = [results[sample.name] for sample in samples]
    measured = [result for result in ordered if isinstance(result, Measured)]
    names = {result.name for result in measured}
    together, missing = set_metrics(
        [sample for sample in samples if sample.name in names],
        measured,
        protocol,
        of_sets,
        seed=seed,
        reference=reference,
        pointnet=None if pointnet is None else Path(pointnet),
    )
    return Evaluation(
        protocol=protocol,
        engine=engine,
        seed=seed,
        measured=measured,
        damaged=sorted([*damaged, *(r for r in ordered if isinstance(r, Damaged))]),
        set_metrics=together,
        notes=(*notes, *_far_away(samples), *missing),
        hands=dict(sorted(Counter(_hand_of(s) for s in samples if s.name in names).items())),
    )


def _far_away(samples: Sequence[GraspSample]) -> list[str]:
    """A sentence about hands that are so far off that their unit or frame must be wrong."""
    far = [sample.name for sample in samples if _gap(sample) > _FAR]
    if not far:
        return []
    what = "1 hand is" if len(far) == 1 else f"{len(far)} hands are"
    return [
        f"{what} more than {_FAR} m from the object (first: {far[0]}): are units, frame and "
        "--convention right?"
    ]


def _gap(sample: GraspSample) -> float:
    """Distance in [m] between the bounding boxes of hand and object."""
    hand, held = sample.hand_vertices_object, sample.shape.vertices_object
    apart = np.maximum(hand.min(0) - held.max(0), held.min(0) - hand.max(0))
    return float(np.linalg.norm(np.maximum(apart, 0.0)))


def _hand_of(sample: GraspSample) -> str:
    """Which hand a grasp is shown with."""
    if sample.hand_model is None:
        return "mesh"
    return f"{sample.hand_model.name} {sample.hand_model.side}"


def _chosen(
    metrics: Sequence[str] | None, protocol: Protocol
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Metrics per grasp and of sets."""
    available = (*protocol.metrics, *protocol.set_metrics)
    names = available if metrics is None else tuple(name.strip() for name in metrics)
    for name in names:
        if name not in available:
            raise InputError(
                f"The protocol {protocol.name!r} does not define the metric {name!r}. "
                f"Available: {', '.join(available)}."
            )
    return (
        tuple(name for name in protocol.metrics if name in names),
        tuple(name for name in protocol.set_metrics if name in names),
    )


def _refuse_same_names(samples: Sequence[GraspSample]) -> None:
    for before, after in itertools.pairwise(samples):
        if before.name == after.name:
            raise InputError(f"Two grasps are named {after.name!r}; names must be unique.")


def _workers(asked: int, num_samples: int) -> int:
    if asked < 0:
        raise InputError(f"The number of workers must be 0 (all cores) or more, got {asked}.")
    if asked > 0:
        return asked
    return max(1, min(os.cpu_count() or 1, num_samples // _WORTH_A_PROCESS))


def _batches(samples: Sequence[GraspSample], plan: Plan, workers: int) -> list[Batch]:
    by_shape: dict[int, list[GraspSample]] = {}
    for sample in samples:
        by_shape.setdefault(id(sample.shape), []).append(sample)
    # Many grasps of few objects are shared between the workers, too.
    size = max(1, min(_BATCH, -(-len(samples) // max(1, 2 * workers))))
    first_hands: dict[str, np.ndarray] = {}
    for sample in samples:
        if sample.hand_model is None:
            first_hands.setdefault(topology(sample.hand_faces), sample.hand_vertices_object)
    return [
        _batch(tuple(group[start : start + size]), plan, first_hands)
        for group in by_shape.values()
        for start in range(0, len(group), size)
    ]


def _batch(
    samples: tuple[GraspSample, ...], plan: Plan, first_hands: dict[str, np.ndarray]
) -> Batch:
    bare = {topology(sample.hand_faces) for sample in samples if sample.hand_model is None}
    return Batch(samples[0].shape, samples, plan, {key: first_hands[key] for key in sorted(bare)})


def _key(sample: GraspSample, plan: Plan) -> str:
    """What a result depends on: the meshes and the plan."""
    digest = hashlib.sha256()
    plan_text = json.dumps([plain(plan.protocol), plan.metrics, plan.engine], sort_keys=True)
    digest.update(plan_text.encode())
    for array in (
        sample.hand_vertices_object,
        sample.hand_faces,
        sample.shape.vertices_object,
        sample.shape.faces,
    ):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _keep(partial: Path, results: Sequence[Measured | Damaged], keys: dict[str, str]) -> None:
    """Append finished results, one line each."""
    with partial.open("a", encoding="utf-8") as stream:
        if stream.tell() and not _ends_with_line(partial):
            stream.write("\n")
        for result in results:
            record: dict[str, Any] = {"key": keys[result.name]}
            if isinstance(result, Measured):
                record["measured"] = plain(result)
            else:
                record["damaged"] = result._asdict()
            stream.write(json.dumps(record) + "\n")


def _ends_with_line(path: Path) -> bool:
    """Whether the last line was written whole; that of a killed run may be cut."""
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def _load(partial: Path, keys: dict[str, str]) -> dict[str, Measured | Damaged]:
    """Results of an earlier run of the same grasps under the same plan."""
    if not partial.exists():
        return {}
    results: dict[str, Measured | Damaged] = {}
    for record in _records(partial):
        value = record.get("measured") or record.get("damaged")
        if not isinstance(value, dict) or keys.get(value.get("name", "")) != record.get("key"):
            continue
        if "measured" in record:
            value["notes"] = tuple(value["notes"])
            results[value["name"]] = Measured(**value)
        else:
            results[value["name"]] = Damaged(**value)
    return results


def _records(partial: Path) -> Iterator[dict[str, Any]]:
    for line in partial.read_bytes().splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            # The last line of an interrupted run may be cut; its grasp is measured again.
            continue
        if isinstance(record, dict):
            yield record
