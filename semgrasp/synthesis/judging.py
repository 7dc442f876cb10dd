"""The costly checks of a hand that passed the batch checks: label, volume, physics."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.hand import HandModel
from semgrasp.objects.procedural import ProceduralObject
from semgrasp.simulation import (
    CORRECTED,
    OAKINK,
    DisplacementTest,
    HandPieces,
    SimulationFailedError,
    StabilityProtocol,
    StabilityTest,
)
from semgrasp.synthesis.filters import FilterLimits, PartLabels, shared_volume
from semgrasp.synthesis.raw import RawGrasp, Tally
from semgrasp.synthesis.scene import object_manifold
from semgrasp.synthesis.stopwatch import Stopwatch
from semgrasp.synthesis.tasks import Task
from semgrasp.types import Grasp, Intent


@dataclass(eq=False)
class Survivor:
    """A hand that passed the batch checks."""

    T_object_hand: Float[Tensor, "4 4"]
    dofs: Float[Tensor, "21"]
    finger_angles: Float[Tensor, "15 3"]
    region_distance: Float[Tensor, "17"]
    vertices_object: Float[Tensor, "V 3"]
    depth: float
    is_accepted: bool = False


class ObjectChecks:
    """What the checks of all cases of one object share."""

    def __init__(self, obj: ProceduralObject) -> None:
        pieces = [corners for _, corners in obj.convex_pieces]
        self.labels = PartLabels(obj.shape)
        self.solid = object_manifold(obj)
        self.displacements = [
            DisplacementTest(obj.shape, rule, object_pieces=pieces) for rule in (CORRECTED, OAKINK)
        ]


class Judge:
    """The costly checks of one task."""

    def __init__(
        self,
        task: Task,
        checks: ObjectChecks,
        hand: HandModel,
        hand_pieces: HandPieces,
        limits: FilterLimits,
        protocol: StabilityProtocol,
    ) -> None:
        self._task = task
        self._checks = checks
        self._limits = limits
        self._hand_pieces = hand_pieces
        self._stability = StabilityTest(
            hand, task.betas, task.obj.convex_pieces, task.obj.mass_kg, protocol
        )
        self._faces = hand.faces.numpy()
        self._vertex_finger = hand.vertex_finger.numpy()

    def accept(
        self, survivor: Survivor, intent: Intent, tally: Tally, watch: Stopwatch
    ) -> RawGrasp | None:
        """The finished record, or None; counts what was passed."""
        task, case, limits = self._task, self._task.case, self._limits
        vertices = survivor.vertices_object.double().numpy()
        tally.judged += 1
        with watch.stage("label"):
            parts = self._checks.labels.touched(vertices, self._vertex_finger, near=limits.near)
            if not case.accepts_parts(task.obj.shape.part_names, parts, limits.on_target):
                return None
        tally.label += 1
        with watch.stage("volume"):
            volume = shared_volume((vertices, self._faces), self._checks.solid)
            if not volume < limits.volume:
                return None
        tally.volume += 1
        grasp = Grasp(survivor.T_object_hand, survivor.finger_angles, task.betas)
        with watch.stage("stability"):
            result = self._stability.run(grasp)
            if not result.worst < self._stability.protocol.displacement_limit:
                return None
        tally.stable += 1
        with watch.stage("displacement"):
            try:
                tests = self._checks.displacements
                hand = tests[0].compile_hand(vertices, self._hand_pieces)
                corrected, oakink = (test.run_compiled(hand).mean for test in tests)
            except SimulationFailedError:
                return None
            if not corrected < limits.displacement:
                return None
        tally.held += 1
        return RawGrasp(
            category=case.category,
            object_seed=task.object_seed,
            case=case.name,
            site=case.site,
            target_part=case.target_part,
            intent=intent,
            grasp_type=case.manner.grasp_type,
            avoid_parts=tuple(part for part, _ in case.avoid),
            part_names=task.obj.shape.part_names,
            T_object_hand=survivor.T_object_hand,
            finger_angles=survivor.finger_angles,
            betas=task.betas,
            contacts=torch.from_numpy(parts.by_finger),
            region_distance=survivor.region_distance,
            depth=survivor.depth,
            volume=volume,
            displacement=result.worst,
            displacement_corrected=corrected,
            displacement_oakink=oakink,
        )
