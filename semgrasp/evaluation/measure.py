"""One object, prepared once, and the numbers of many grasps of it under a protocol."""

import atexit
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError, SemgraspError
from semgrasp.evaluation.entry import Damaged, one_line
from semgrasp.evaluation.report import Measured, Value
from semgrasp.evaluation.sample import GraspSample
from semgrasp.hand import HandModel
from semgrasp.metrics import (
    Contacts,
    HandRegions,
    SolidObject,
    contact_points,
    contact_regions,
    disjointedness,
    held_part,
    intersection_volume,
    largest_radius,
    penetration_depth,
    self_penetration,
    touched_parts,
    wrench_quality,
)
from semgrasp.metrics.closing import check_hands
from semgrasp.metrics.object_depth import object_depth
from semgrasp.metrics.protocols import Protocol
from semgrasp.simulation import DisplacementTest, HandPieces, convex_decomposition
from semgrasp.simulation.dexgraspbench import dexgraspbench, dexgraspbench_static
from semgrasp.types import FINGERS, ObjectShape

Engine = Literal["mujoco", "pybullet"]

_CM, _CM3 = 100.0, 1e6


@dataclass(frozen=True)
class Plan:
    """What is measured, and how."""

    protocol: Protocol
    metrics: tuple[str, ...]
    engine: Engine = "mujoco"


@dataclass(frozen=True, eq=False)
class Batch:
    """Grasps of one object that are measured together."""

    shape: ObjectShape
    samples: tuple[GraspSample, ...]
    plan: Plan
    first_hands: Mapping[str, Float[ndarray, "_ 3"]] = field(default_factory=dict)
    """For each topology of bare hand meshes (`topology`), the one whose pieces serve all, so that
    a number does not depend on which grasps happen to be measured together."""


def topology(faces: Int[ndarray, "F 3"]) -> str:
    """A name for the triangles of a hand."""
    return hashlib.sha256(np.ascontiguousarray(faces, dtype=np.int64).tobytes()).hexdigest()


def measure_batch(batch: Batch) -> list[Measured | Damaged]:
    """The numbers of every grasp; what cannot be measured comes back with the reason."""
    try:
        bench = _bench(_BenchKey(_digest(batch.shape), batch.plan, batch.shape))
    except Exception as error:
        return [Damaged(sample.name, _reason(error)) for sample in batch.samples]
    return [_measured(bench, sample, batch.first_hands) for sample in batch.samples]


@dataclass(frozen=True)
class _BenchKey:
    """Batches of one object follow each other in a process; what was prepared is used again."""

    digest: str
    plan: Plan
    shape: ObjectShape = field(compare=False)


@lru_cache(maxsize=2)
def _bench(key: _BenchKey) -> "Bench":
    # libigl complains about whatever of it is still alive when Python ends.
    atexit.register(_bench.cache_clear)
    return Bench(key.shape, key.plan)


def _digest(shape: ObjectShape) -> str:
    digest = hashlib.sha256(repr((shape.name, shape.part_names, shape.is_watertight)).encode())
    for array in (shape.vertices_object, shape.faces, shape.face_parts):
        digest.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _measured(
    bench: "Bench", sample: GraspSample, first_hands: Mapping[str, ndarray]
) -> Measured | Damaged:
    try:
        return bench.measure(sample, first_hands)
    except Exception as error:
        return Damaged(sample.name, _reason(error))


def _reason(error: Exception) -> str:
    """One grasp in ten thousand must not lose the others: whatever went wrong, it is named."""
    kind = "" if isinstance(error, SemgraspError) else f"{type(error).__name__}: "
    return kind + one_line(error)


class Bench:
    """An object and a plan, with whatever the metrics need prepared once.

    Raises:
        InputError: The object cannot be measured.
    """

    def __init__(self, shape: ObjectShape, plan: Plan) -> None:
        self.plan = plan
        self.solid = SolidObject(shape)
        self._pieces: dict[str, HandPieces] = {}
        self._regions: dict[int, tuple[HandModel, HandRegions]] = {}

    def regions(self, model: HandModel) -> HandRegions:
        """Fingers and phalanges of a hand, prepared once per model."""
        if id(model) not in self._regions:
            self._regions[id(model)] = (model, HandRegions.of_model(model))
        return self._regions[id(model)][1]

    def fingertips(self, model: HandModel) -> list[Int[ndarray, " n"]]:
        """Vertices of each finger's last phalanx."""
        regions = self.regions(model)
        last = regions.vertex_phalanx == 3
        return [
            np.flatnonzero(last & (regions.vertex_finger == finger))
            for finger, name in enumerate(FINGERS)
            if name != "palm"
        ]

    @cached_property
    def mended_shape(self) -> ObjectShape:
        """The surface that is measured: closed, outward, each point inside once."""
        if not self.solid.repairs:
            return replace(self.solid.shape, is_watertight=True)
        return replace(
            self.solid.shape,
            vertices_object=self.solid.vertices_object,
            faces=self.solid.faces,
            face_parts=None,
            part_names=(),
            is_watertight=True,
        )

    @cached_property
    def centre_of_mass(self) -> Float[ndarray, "3"]:
        """Centroid of the enclosed volume in the object frame, in [m]."""
        import trimesh

        mesh = trimesh.Trimesh(self.solid.vertices_object, self.solid.faces, process=False)
        return np.asarray(mesh.center_mass, dtype=np.float64)

    @cached_property
    def convex_pieces(self) -> list[Float[ndarray, "_ 3"]]:
        """Corners of convex pieces of the object, in [m]."""
        return list(convex_decomposition(self.solid.vertices_object, self.solid.faces))

    @cached_property
    def displacement_test(self) -> DisplacementTest:
        """The object in the simulator."""
        rule = self.plan.protocol.displacement
        assert rule is not None
        return DisplacementTest(self.mended_shape, rule, engine=self.plan.engine)

    def pieces(self, sample: GraspSample, first_hands: Mapping[str, ndarray]) -> HandPieces:
        """The near-convex pieces of a hand, found once per model or topology."""
        key = topology(sample.hand_faces)
        if key not in self._pieces:
            if sample.hand_model is not None:
                self._pieces[key] = HandPieces.of_model(sample.hand_model)
            else:
                first = first_hands.get(key, sample.hand_vertices_object)
                self._pieces[key] = HandPieces.of_mesh(first, sample.hand_faces)
        return self._pieces[key]

    def measure(
        self, sample: GraspSample, first_hands: Mapping[str, Float[ndarray, "_ 3"]]
    ) -> Measured:
        """The numbers of one grasp.

        Raises:
            InputError: The hand is none, or not one number can be computed.
        """
        check_hands(sample.hand_vertices_object)
        values: dict[str, Value] = {}
        reasons = []
        grasp = _OneGrasp(self, sample, first_hands)
        for names, compute in _METRICS.items():
            wanted = [name for name in names if name in self.plan.metrics]
            if not wanted:
                continue
            try:
                found = compute(grasp)
            except SemgraspError as error:
                values.update(dict.fromkeys(wanted))
                reasons.append(f"No {', '.join(wanted)}: {one_line(error)}")
            else:
                values.update({name: found[name] for name in wanted})
        if reasons and not any(isinstance(value, float) for value in values.values()):
            raise InputError(" ".join(reasons))
        notes = (*self.solid.repairs, *grasp.notes, *reasons)
        return Measured(sample.name, sample.shape.name, values, notes)


@dataclass(frozen=True, eq=False)
class _OneGrasp:
    """A grasp on the bench; quantities that several metrics share are computed once."""

    bench: Bench
    sample: GraspSample
    first_hands: Mapping[str, ndarray]
    notes: list[str] = field(default_factory=list)

    @property
    def protocol(self) -> Protocol:
        return self.bench.plan.protocol

    @property
    def vertices(self) -> Float[ndarray, "V 3"]:
        return self.sample.hand_vertices_object

    @property
    def model(self) -> HandModel:
        """The hand model, for what needs to know the fingers."""
        if self.sample.hand_model is None:
            raise InputError("The fingers of a bare hand mesh are not known.")
        return self.sample.hand_model

    @cached_property
    def distance(self) -> Float[ndarray, " V"]:
        """Signed distance of every hand vertex to the object in [m]."""
        return self.bench.solid.signed_distance(self.vertices)

    @cached_property
    def volume(self) -> float:
        """Shared volume in [m^3]."""
        rule = self.protocol.volume
        assert rule is not None
        hand = (self.vertices, self.sample.hand_faces)
        return intersection_volume(hand, self.bench.solid, rule=rule)

    def contacts(self, threshold: float) -> Contacts:
        """Where the skin touches; with its fingers, where they are known."""
        model = self.sample.hand_model
        return contact_points(
            self.vertices,
            self.sample.hand_faces,
            self.bench.solid,
            threshold=threshold,
            regions=None if model is None else self.bench.regions(model),
        )

    @property
    def touched_part(self) -> str | None:
        """The part held first and foremost; None without labels, model or touch."""
        sample = self.sample
        if sample.shape.face_parts is None or sample.hand_model is None:
            return None
        touched = touched_parts(
            sample.shape, self.vertices, sample.hand_model.vertex_finger.numpy()
        )
        return held_part(touched, sample.shape)


def _depth(grasp: _OneGrasp) -> Mapping[str, Value]:
    rule = grasp.protocol.depth
    assert rule is not None
    if rule.kind == "object_to_hand":
        assert rule.num_points is not None
        hand = (grasp.vertices, grasp.sample.hand_faces)
        depth = object_depth(hand, grasp.sample.shape, num_points=rule.num_points)
    else:
        to = "vertices" if rule.kind == "hand_to_vertices" else "surface"
        depth = float(penetration_depth(grasp.vertices, grasp.bench.solid, to=to))
    return {"penetration_depth_cm": _CM * depth}


def _volume(grasp: _OneGrasp) -> Mapping[str, Value]:
    return {"intersection_volume_cm3": _CM3 * grasp.volume}


def _displacement(grasp: _OneGrasp) -> Mapping[str, Value]:
    bench, sample = grasp.bench, grasp.sample
    # PyBullet takes the hand as it is.
    pieces = bench.pieces(sample, grasp.first_hands) if bench.plan.engine == "mujoco" else None
    moved = bench.displacement_test.run(grasp.vertices, sample.hand_faces, pieces=pieces)
    if moved.is_stand_in:
        grasp.notes.append(f"The simulation failed; {_CM * moved.mean:.0f} cm stand for it.")
    return {
        "simulation_displacement_cm": _CM * moved.mean,
        "simulation_displacement_worst_cm": _CM * moved.worst,
    }


def _contact(grasp: _OneGrasp) -> Mapping[str, Value]:
    rule = grasp.protocol.contact
    assert rule is not None
    if rule.kind == "intersecting":
        return {"contact_ratio": float(grasp.volume > 0)}
    return {"contact_ratio": float((grasp.distance < rule.distance).any())}


def _closeness(grasp: _OneGrasp) -> Mapping[str, Value]:
    near = grasp.protocol.contact_share
    assert near is not None
    return {
        "contact_share": float((grasp.distance < near).mean()),
        "contact_distance_cm": _CM * max(0.0, float(grasp.distance.min())),
    }


def _disjointedness(grasp: _OneGrasp) -> Mapping[str, Value]:
    to = grasp.protocol.disjointedness
    assert to is not None
    tips = grasp.bench.fingertips(grasp.model)
    return {
        "disjointedness_cm": _CM
        * float(disjointedness(grasp.vertices, tips, grasp.bench.solid, to=to))
    }


def _self_penetration(grasp: _OneGrasp) -> Mapping[str, Value]:
    depth = self_penetration(grasp.vertices, grasp.bench.regions(grasp.model))
    return {"self_penetration_cm": _CM * float(depth)}


def _wrench(grasp: _OneGrasp) -> Mapping[str, Value]:
    rule = grasp.protocol.wrench
    assert rule is not None
    com = grasp.bench.centre_of_mass
    if grasp.protocol.torques_about == "origin":
        com = np.zeros(3)
    radius = largest_radius(grasp.bench.solid.vertices_object, com)
    contacts = grasp.contacts(rule.contact_threshold)
    quality = wrench_quality(contacts, com, rule, radius=radius)
    return {
        "epsilon": quality.epsilon,
        "wrench_volume": quality.volume,
        "force_closure": float(quality.is_force_closure),
    }


def _success(grasp: _OneGrasp) -> Mapping[str, Value]:
    rule, squeeze = grasp.protocol.success, grasp.protocol.squeeze
    assert rule is not None
    sample, bench = grasp.sample, grasp.bench
    if sample.hand_model is not None and sample.grasp is not None:
        result = dexgraspbench(
            sample.hand_model, sample.grasp, bench.mended_shape,
            object_pieces=bench.convex_pieces, rule=rule, squeeze=squeeze,
        )  # fmt: skip
    else:
        result = dexgraspbench_static(
            grasp.vertices, sample.hand_faces, bench.mended_shape,
            hand_pieces=bench.pieces(sample, grasp.first_hands),
            object_pieces=bench.convex_pieces, rule=rule,
        )  # fmt: skip
    grasp.notes.extend(text for text in (result.reason, result.note) if text)
    return {"success": float(result.success)}


def _regions(grasp: _OneGrasp) -> Mapping[str, Value]:
    threshold = grasp.protocol.contact_regions
    assert threshold is not None
    if grasp.sample.hand_model is None:
        return {"contact_regions": None, "touched_part": None}
    touching = contact_regions(grasp.contacts(threshold), grasp.sample.shape.part_names)
    names = ", ".join(region.region for region in touching.fingers)
    return {"contact_regions": names, "touched_part": grasp.touched_part}


_METRICS: dict[tuple[str, ...], Callable[[_OneGrasp], Mapping[str, Value]]] = {
    ("penetration_depth_cm",): _depth,
    ("intersection_volume_cm3",): _volume,
    ("simulation_displacement_cm", "simulation_displacement_worst_cm"): _displacement,
    ("contact_ratio",): _contact,
    ("contact_share", "contact_distance_cm"): _closeness,
    ("disjointedness_cm",): _disjointedness,
    ("self_penetration_cm",): _self_penetration,
    ("epsilon", "wrench_volume", "force_closure"): _wrench,
    ("success",): _success,
    ("contact_regions", "touched_part"): _regions,
}
"""Metrics by the names of what they give."""
