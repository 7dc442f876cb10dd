"""One unit of work: all cases of a few objects of one category, as one batch."""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.hand import HandModel, finger_angles_from_dofs
from semgrasp.objects.procedural import GraspSite, ProceduralObject, make_object
from semgrasp.objects.signed_distance import GridStack
from semgrasp.simulation import StabilityProtocol, StabilityTest
from semgrasp.synthesis.batch import GraspProblems
from semgrasp.synthesis.cases import ANY_PART, GraspCase, cases_of
from semgrasp.synthesis.closing import close_fingers
from semgrasp.synthesis.energy import (
    EnergyWeights,
    HandState,
    energy,
    find_contacts,
    pose_surface,
)
from semgrasp.synthesis.filters import (
    FilterLimits,
    PartLabels,
    check_batch,
    shared_volume,
)
from semgrasp.synthesis.hand_surface import REGIONS, HandSurface
from semgrasp.synthesis.optimise import HandPose, Schedule, optimise
from semgrasp.synthesis.placement import perturb, sample_placements
from semgrasp.synthesis.raw import RawGrasp, Tally
from semgrasp.synthesis.scene import (
    FILLED,
    WHOLE,
    FieldStack,
    edge_field,
    object_manifold,
    one_sided_field,
    part_field,
    rod_field,
)
from semgrasp.types import FINGERS, Grasp, Intent

_CHUNK = 1024
"""Hands closed at once."""
_BATCH = 256
"""Hands optimised at once; smaller and larger ones cost more per hand."""
_AVOID_SLOTS = 3
_ROD_ARC = 8.0
"""Half range in [deg] of the palm direction around that of the walls behind a rod."""


@dataclass(frozen=True, kw_only=True)
class SynthesisSettings:
    """How much to try."""

    per_case: int = 8
    """Grasps wanted for each case of each object."""
    tries_per_grasp: float = 1.3
    """Optimised hands per grasp wanted; a case with a low yield asks for more."""
    beta_std: float = 0.5
    """Spread of the first four shape coefficients of the hand."""
    schedule: Schedule = field(default_factory=Schedule)
    weights: EnergyWeights = field(default_factory=EnergyWeights)
    limits: FilterLimits = field(default_factory=FilterLimits)
    stability: StabilityProtocol = field(default_factory=StabilityProtocol)


@dataclass(frozen=True, eq=False)
class Hands:
    """The hand model at the three resolutions synthesis uses."""

    full: HandModel
    surface: HandSurface
    coarse: HandSurface

    @staticmethod
    def of(model: HandModel) -> "Hands":
        """Cut the sparse surfaces once."""
        return Hands(model, HandSurface.of(model, 300, 8), HandSurface.of(model, 100, 3))


@dataclass(frozen=True, eq=False)
class _Task:
    """One case on one object, with one hand shape."""

    number: int
    object_seed: int
    obj: ProceduralObject
    case: GraspCase
    site: GraspSite
    betas: Float[Tensor, "10"]
    azimuth: float
    """Direction in [deg] from which all hands of a rod's task come."""


def synthesise_unit(
    category: str,
    object_seeds: list[int],
    hands: Hands,
    settings: SynthesisSettings,
    *,
    seed: int,
    only_cases: tuple[str, ...] = (),
) -> tuple[list[RawGrasp], dict[str, Tally]]:
    """Accepted grasps, and how many attempts each check let through.

    Args:
        only_cases: Names of the cases to try; empty for all.
    """
    generator = torch.Generator().manual_seed(seed)
    stack = FieldStack()
    tasks, rows = [], []
    for number, object_seed in enumerate(object_seeds):
        obj = make_object(category, object_seed)
        sites = {site.name: site for site in obj.sites}
        for case in (on_site for each in cases_of(category) for on_site in each.on(obj)):
            if only_cases and case.name not in only_cases:
                continue
            betas = torch.zeros(10)
            betas[:4] = settings.beta_std * torch.randn(4, generator=generator).clamp(-2, 2)
            low, high = case.arc
            azimuth = low + (high - low) * float(torch.rand((), generator=generator))
            task = _Task(number, object_seed, obj, case, sites[case.site], betas, azimuth)
            tasks.append(task)
            rows.append(_problem(task, stack))
    fields = stack.stack()

    accepted: list[list[RawGrasp]] = [[] for _ in tasks]
    tallies = {task.case.name: Tally() for task in tasks}
    starts = []
    for task, row in zip(tasks, rows, strict=True):
        keep = round(settings.per_case * settings.tries_per_grasp * task.case.effort)
        starts.append(_best_starts(task, row, fields, hands, settings, keep, generator=generator))
    owner = [i for i, start in enumerate(starts) for _ in range(len(start.dofs))]
    survivors = _optimise_and_check(
        tasks, rows, _join(starts), owner, fields, hands, settings, tallies
    )
    judges: dict[int, _Judge] = {}
    _judge(survivors, tasks, accepted, judges, hands, settings, tallies)

    # A second round around what worked: cheap where threading is the difficulty.
    short = [
        i
        for i in range(len(tasks))
        if len(survivors[i]) > 0 and len(accepted[i]) < settings.per_case
    ]
    if short:
        again = []
        owner = []
        for i in short:
            tries = round(settings.per_case * settings.tries_per_grasp)
            good = [c for c in survivors[i] if c.is_accepted] or survivors[i]
            picks = torch.randint(len(good), (tries,), generator=generator).tolist()
            poses = HandPose(
                torch.stack([good[k].T_object_hand for k in picks]),
                torch.stack([good[k].dofs for k in picks]),
            )
            again.append(perturb(poses, generator=generator))
            owner += [i] * tries
        survivors = _optimise_and_check(
            tasks, rows, _join(again), owner, fields, hands, settings, tallies
        )
        _judge(survivors, tasks, accepted, judges, hands, settings, tallies)
    return [grasp for grasps in accepted for grasp in grasps], tallies


def _problem(task: _Task, stack: FieldStack) -> GraspProblems:
    """The case, in the numbers that the energy understands."""
    case, manner = task.case, task.case.manner

    def index(key) -> int:
        return stack.index(task.number, task.obj, key)

    penetration = [index(WHOLE if case.one_sided else FILLED)] * len(FINGERS)
    if case.one_sided or case.is_rod:
        for f, finger in enumerate(FINGERS):
            side = "thumb" if finger == "thumb" else "fingers"
            if finger == "palm":
                continue
            if case.is_rod:
                penetration[f] = index(rod_field(case.site, task.azimuth, side))
            else:
                penetration[f] = index(one_sided_field(case.target_part, side))
    target = []
    for region in REGIONS:
        part = case.region_parts.get(region, case.target_part)
        target.append(index(FILLED if part == ANY_PART else part_field(part)))
    avoid = [(index(part_field(part)), margin) for part, margin in case.avoid]
    if case.edge_margin > 0.0:
        avoid.append((index(edge_field(case.target_part)), case.edge_margin))
    assert len(avoid) <= _AVOID_SLOTS
    avoid += [(0, -1.0)] * (_AVOID_SLOTS - len(avoid))
    push = manner.push_regions or {}
    return GraspProblems(
        betas=task.betas[None],
        penetration_field=torch.tensor([penetration]),
        target_field=torch.tensor([target]),
        region_weight=torch.tensor([manner.region_weights()]),
        avoid_field=torch.tensor([[field for field, _ in avoid]]),
        avoid_margin=torch.tensor([[margin for _, margin in avoid]]),
        centre_object=torch.as_tensor(np.asarray(task.site.centre_object)).float()[None],
        prior_dofs=torch.tensor([manner.prior.dofs()]),
        prior_weight=torch.tensor([manner.prior_weight]),
        force_weight=torch.tensor([manner.force_weight]),
        index_is_free=torch.tensor([manner.index_is_free]),
        push_direction_object=torch.as_tensor(np.asarray(task.site.front_object)).float()[None],
        push_weight=torch.tensor([[push.get(region, 0.0) for region in REGIONS]]),
    )


@torch.no_grad()
def _best_starts(
    task: _Task,
    row: GraspProblems,
    fields: GridStack,
    hands: Hands,
    settings: SynthesisSettings,
    keep: int,
    *,
    generator: torch.Generator,
) -> HandPose:
    """Sample, close, and keep the starts with the least energy."""
    manner = task.case.manner
    count = max(keep * 4, manner.candidates)
    arc = task.case.arc
    if task.case.is_rod:
        arc = (task.azimuth - _ROD_ARC, task.azimuth + _ROD_ARC)
    opened = sample_placements(task.case, task.site, count, arc=arc, generator=generator)
    spread = opened.dofs - torch.tensor(manner.open.dofs())
    close = torch.tensor(manner.close.dofs()) + spread
    poses, scores = [], []
    for begin in range(0, count, _CHUNK):
        T = opened.T_object_hand[begin : begin + _CHUNK]
        problems = row.repeat(len(T))
        dofs = close_fingers(
            hands.coarse, problems, fields, T, opened.dofs[begin : begin + _CHUNK],
            close[begin : begin + _CHUNK],
        )  # fmt: skip
        state = pose_surface(hands.coarse, problems.betas, T, dofs)
        # The coarse hand has a third of the vertices, so depth counts three times.
        scores.append(
            energy(
                hands.coarse, problems, fields, state, T, settings.weights,
                penetration_scale=3.0 * manner.ranking_penetration,
            )
        )  # fmt: skip
        poses.append(HandPose(T, dofs))
    joined = _join(poses)
    best = torch.cat(scores).topk(min(keep, count), largest=False).indices
    return HandPose(joined.T_object_hand[best], joined.dofs[best])


@dataclass(eq=False)
class _Survivor:
    """A hand that passed the batch checks."""

    T_object_hand: Float[Tensor, "4 4"]
    dofs: Float[Tensor, "21"]
    finger_angles: Float[Tensor, "15 3"]
    region_distance: Float[Tensor, "17"]
    vertices_object: Float[Tensor, "V 3"]
    depth: float
    is_accepted: bool = False


def _optimise_and_check(
    tasks: list[_Task],
    rows: list[GraspProblems],
    starts: HandPose,
    owner: list[int],
    fields: GridStack,
    hands: Hands,
    settings: SynthesisSettings,
    tallies: dict[str, Tally],
) -> list[list[_Survivor]]:
    """Survivors of the batch checks, per task, in order of their starts."""
    survivors: list[list[_Survivor]] = [[] for _ in tasks]
    for begin in range(0, len(owner), _BATCH):
        part = slice(begin, begin + _BATCH)
        owners = owner[part]
        problems = GraspProblems.concatenate([rows[i] for i in owners])
        start = HandPose(starts.T_object_hand[part], starts.dofs[part])
        pose, _ = optimise(
            hands.surface,
            problems,
            fields,
            start,
            weights=settings.weights,
            schedule=settings.schedule,
        )
        _check(tasks, problems, pose, owners, fields, hands, settings, tallies, survivors)
    return survivors


@torch.no_grad()
def _check(tasks, problems, pose, owners, fields, hands, settings, tallies, survivors) -> None:
    surface, limits = hands.surface, settings.limits
    state: HandState = pose_surface(surface, problems.betas, pose.T_object_hand, pose.dofs)
    contacts = find_contacts(surface, problems, fields, state)
    angles = finger_angles_from_dofs(hands.full, pose.dofs)
    vertices = hands.full.pose(Grasp(pose.T_object_hand, angles, problems.betas)).vertices_object
    depths = -fields(vertices, problems.penetration_field[:, hands.full.vertex_finger]).amin(-1)
    verdict = check_batch(surface, problems, fields, state, contacts, depths, limits)
    passed = verdict.all()
    for k, i in enumerate(owners):
        tally = tallies[tasks[i].case.name]
        tally.attempted += 1
        for name, flags in verdict._asdict().items():
            setattr(tally, name, getattr(tally, name) + int(flags[k]))
        if not passed[k]:
            continue
        tally.geometry += 1
        survivors[i].append(
            _Survivor(
                pose.T_object_hand[k],
                pose.dofs[k],
                angles[k],
                contacts.distance[k],
                vertices[k],
                float(depths[k]),
            )
        )


class _Judge:
    """The costly checks of one task, built when the first survivor comes."""

    def __init__(self, task: _Task, hands: Hands, settings: SynthesisSettings) -> None:
        self._task = task
        self._limits = settings.limits
        self._labels = PartLabels(task.obj.shape)
        self._solid = object_manifold(task.obj)
        self._simulator = StabilityTest(
            hands.full, task.betas, task.obj.convex_pieces, task.obj.mass_kg, settings.stability
        )
        self._stable_below = settings.stability.displacement_limit
        self._faces = hands.full.faces.numpy()
        self._vertex_finger = hands.full.vertex_finger.numpy()

    def accept(self, survivor: _Survivor, intent: Intent, tally: Tally) -> RawGrasp | None:
        """The finished record, or None; counts what was passed."""
        task, case = self._task, self._task.case
        vertices = survivor.vertices_object.double().numpy()
        parts = self._labels.touched(vertices, self._vertex_finger, near=self._limits.near)
        tally.judged += 1
        if not case.accepts_parts(task.obj.shape.part_names, parts, self._limits.on_target):
            return None
        tally.label += 1
        volume = shared_volume((vertices, self._faces), self._solid)
        if not volume < self._limits.volume:
            return None
        tally.volume += 1
        grasp = Grasp(survivor.T_object_hand, survivor.finger_angles, task.betas)
        displacement = self._simulator.run(grasp).worst
        if not displacement < self._stable_below:
            return None
        tally.stable += 1
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
            displacement=displacement,
        )


def _judge(survivors, tasks, accepted, judges, hands, settings, tallies) -> None:
    """Look closely at the survivors until each task has what it wants."""
    for i, task in enumerate(tasks):
        for survivor in survivors[i]:
            if len(accepted[i]) >= settings.per_case:
                break
            if i not in judges:
                judges[i] = _Judge(task, hands, settings)
            intents = task.case.intents
            # Offset by the object, so that a short quota does not always favour one intent.
            intent = intents[(len(accepted[i]) + task.number) % len(intents)]
            grasp = judges[i].accept(survivor, intent, tallies[task.case.name])
            if grasp is not None:
                survivor.is_accepted = True
                accepted[i].append(grasp)


def _join(poses: list[HandPose]) -> HandPose:
    return HandPose(torch.cat([p.T_object_hand for p in poses]), torch.cat([p.dofs for p in poses]))
