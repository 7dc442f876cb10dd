"""One unit of work: all cases of a few objects of one category, as one batch."""

import math
from collections import Counter
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from semgrasp.hand import HandModel, dofs_from_finger_angles, finger_angles_from_dofs
from semgrasp.objects.procedural import make_object
from semgrasp.objects.signed_distance import GridStack
from semgrasp.simulation import HandPieces, StabilityProtocol
from semgrasp.synthesis.batch import GraspProblems
from semgrasp.synthesis.closing import close_fingers
from semgrasp.synthesis.energy import EnergyWeights, energy, find_contacts
from semgrasp.synthesis.filters import CheapVerdict, FilterLimits, check_batch
from semgrasp.synthesis.hand_surface import HandSurface
from semgrasp.synthesis.judging import Judge, ObjectChecks, Survivor
from semgrasp.synthesis.optimise import Descent, HandPose, Schedule, descend, energies
from semgrasp.synthesis.placement import perturb, sample_placements
from semgrasp.synthesis.prepared import PreparedProblems
from semgrasp.synthesis.raw import RawGrasp, Tally
from semgrasp.synthesis.scene import FieldStack
from semgrasp.synthesis.stopwatch import Stopwatch
from semgrasp.synthesis.tasks import Task, problem_of, tasks_on
from semgrasp.types import Grasp

_CHUNK = 1024
"""Hands closed at once."""
_BATCH = 256
"""Hands optimised at once; smaller and larger ones cost more per hand."""
_WORTH_EASING = 0.0001
"""Depth in [m] that must be gained for a hand to be drawn back."""

_EASING = Schedule(
    steps=24,
    rotation_rate=0.001,
    translation_rate=0.01,
    dof_rate=0.002,
    first_penetration_scale=50.0,
    last_penetration_scale=50.0,
)
"""Small steps under a high price on depth: what touches stays in touch."""


@dataclass(frozen=True, kw_only=True)
class SynthesisSettings:
    """How much to try."""

    per_case: int = 8
    """Grasps wanted for each case of each object."""
    tries_per_grasp: float = 1.2
    """Hands optimised to the end per grasp wanted; a case with a low yield asks for more."""
    surplus: float = 1.4
    """Hands that begin the descent for each that is worth finishing."""
    most_tries: float = 3.0
    """Hands per grasp wanted in the second round, at most."""
    beta_std: float = 0.5
    """Spread of the first four shape coefficients of the hand."""
    schedule: Schedule = field(default_factory=Schedule)
    weights: EnergyWeights = field(default_factory=EnergyWeights)
    easing_depths: tuple[float, ...] = (0.0002, 0.0006, 0.001)
    """Depths in [m] to which accepted hands are drawn back, if they hold then; empty for never."""
    limits: FilterLimits = field(default_factory=FilterLimits)
    stability: StabilityProtocol = field(default_factory=StabilityProtocol)


@dataclass(frozen=True, eq=False)
class Hands:
    """The hand model at the four resolutions synthesis uses."""

    full: HandModel
    dense: HandSurface
    surface: HandSurface
    coarse: HandSurface
    pieces: HandPieces

    @staticmethod
    def of(model: HandModel, *, device: torch.device | str = "cpu") -> "Hands":
        """Cut the sparse surfaces once.

        Args:
            device: Where hands are optimised; the physics stays on the processor.
        """
        return Hands(
            model,
            HandSurface.of(model, 1500, 6).to(device),
            HandSurface.of(model, 300, 6).to(device),
            HandSurface.of(model, 100, 3).to(device),
            HandPieces.of_model(model),
        )

    @property
    def device(self) -> torch.device:
        """Where hands are optimised."""
        return self.surface.vertices.device


@dataclass(frozen=True, eq=False)
class _Unit:
    """What all stages of a unit share."""

    tasks: list[Task]
    rows: list[GraspProblems]
    """The problem of each task."""
    fields: GridStack
    hands: Hands
    settings: SynthesisSettings
    tallies: dict[str, Tally]
    watch: Stopwatch


def synthesise_unit(
    category: str,
    object_seeds: list[int],
    hands: Hands,
    settings: SynthesisSettings,
    *,
    seed: int,
    only_cases: tuple[str, ...] = (),
    watch: Stopwatch | None = None,
) -> tuple[list[RawGrasp], dict[str, Tally]]:
    """Accepted grasps, and how many attempts each check let through.

    Args:
        only_cases: Names of the cases to try; empty for all.
        watch: Told the seconds of each stage.
    """
    watch = watch or Stopwatch()
    generator = torch.Generator().manual_seed(seed)
    stack, tasks = FieldStack(), []
    for number, object_seed in enumerate(object_seeds):
        with watch.stage("object"):
            obj = make_object(category, object_seed)
        tasks += tasks_on(
            obj, category, number=number, object_seed=object_seed, beta_std=settings.beta_std,
            only_cases=only_cases, generator=generator,
        )  # fmt: skip
    tallies = {task.case.name: Tally() for task in tasks}
    if not tasks:
        return [], tallies
    with watch.stage("fields"):
        rows = [problem_of(task, stack).to(hands.device) for task in tasks]
        fields = stack.stack().to(hands.device)
    unit = _Unit(tasks, rows, fields, hands, settings, tallies, watch)

    with watch.stage("starts"):
        starts = [_best_starts(unit, i, generator=generator) for i in range(len(tasks))]
    accepted: list[list[RawGrasp]] = [[] for _ in tasks]
    judges: list[Judge | None] = [None for _ in tasks]
    survivors = _optimise_and_check(unit, starts)
    _judge(unit, survivors, accepted, judges)

    # A second round around what worked: cheap where threading is the difficulty.
    with watch.stage("starts"):
        starts = [
            _near_the_good(unit, i, survivors[i], len(accepted[i]), generator=generator)
            for i in range(len(tasks))
        ]
    if any(len(start.dofs) for start in starts):
        _judge(unit, _optimise_and_check(unit, starts), accepted, judges)
    _ease(unit, accepted, judges)
    return [grasp for grasps in accepted for grasp in grasps], tallies


@torch.no_grad()
def _best_starts(unit: _Unit, i: int, *, generator: torch.Generator) -> HandPose:
    """Sample, close, and keep the starts with the least energy."""
    task, settings = unit.tasks[i], unit.settings
    manner = task.case.manner
    tries = settings.per_case * settings.tries_per_grasp * task.case.effort
    keep = round(tries * settings.surplus)
    count = max(keep * 3, manner.candidates)
    opened = sample_placements(task.case, task.site, count, arc=task.arc, generator=generator)
    close = torch.tensor(manner.close.dofs()) + opened.dofs - torch.tensor(manner.open.dofs())
    poses, scores = [], []
    for begin in range(0, count, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        T, dofs, closed = (values[part].to(unit.hands.device) for values in (*opened, close))
        prepared = PreparedProblems.of(unit.hands.coarse, unit.rows[i].repeat(len(T)), unit.fields)
        dofs = close_fingers(prepared, T, dofs, closed)
        scores.append(
            energy(
                prepared, prepared.pose(T, dofs), T, settings.weights,
                penetration_scale=manner.ranking_penetration,
            )
        )  # fmt: skip
        poses.append(HandPose(T, dofs))
    best = torch.cat(scores).topk(min(keep, count), largest=False).indices
    return _join(poses).only(best)


def _near_the_good(
    unit: _Unit, i: int, survivors: list[Survivor], accepted: int, *, generator: torch.Generator
) -> HandPose:
    """Starts around the survivors of a task, as many as its yield so far asks for."""
    settings = unit.settings
    missing = settings.per_case - accepted
    if missing <= 0 or not survivors:
        return HandPose(torch.zeros(0, 4, 4), torch.zeros(0, 21)).to(unit.hands.device)
    first = settings.per_case * settings.tries_per_grasp * unit.tasks[i].case.effort
    # Near a good hand more succeed than among the first ones.
    needed = missing * first / max(accepted, 1)
    tries = math.ceil(min(needed, settings.most_tries * missing) * settings.surplus)
    good = [survivor for survivor in survivors if survivor.is_accepted] or survivors
    picks = torch.randint(len(good), (tries,), generator=generator).tolist()
    poses = HandPose(
        torch.stack([good[k].T_object_hand for k in picks]),
        torch.stack([good[k].dofs for k in picks]),
    )
    return perturb(poses, generator=generator).to(unit.hands.device)


def _optimise_and_check(unit: _Unit, starts: list[HandPose]) -> list[list[Survivor]]:
    """Survivors of the batch checks, per task, in order of their starts."""
    survivors: list[list[Survivor]] = [[] for _ in unit.tasks]
    joined = _join(starts)
    owner = torch.tensor([i for i, start in enumerate(starts) for _ in start.dofs])
    for begin in range(0, len(owner), _BATCH):
        part = torch.arange(begin, min(begin + _BATCH, len(owner)))
        with unit.watch.stage("optimise"):
            pose, owners = _optimise(unit, joined.only(part.to(unit.hands.device)), owner[part])
        with unit.watch.stage("check"):
            _check(unit, pose, owners.tolist(), survivors)
    return survivors


def _optimise(unit: _Unit, start: HandPose, owner: Tensor) -> tuple[HandPose, Tensor]:
    """Where the more promising hands end, and their tasks."""
    settings = unit.settings
    schedule, weights = settings.schedule, settings.weights

    def prepare(owners: Tensor) -> PreparedProblems:
        problems = GraspProblems.concatenate([unit.rows[i] for i in owners.tolist()])
        return PreparedProblems.of(unit.hands.surface, problems, unit.fields)

    prepared = prepare(owner)
    descent = descend(
        prepared, Descent.of(start), schedule.trial_steps, weights=weights, schedule=schedule
    )
    score = energies(prepared, descent, weights).cpu()
    kept = _most_promising(score, owner, 1.0 / settings.surplus)
    for i, count in Counter(owner.tolist()).items():
        unit.tallies[unit.tasks[i].case.name].begun += count
    descent = descend(
        prepare(owner[kept]), descent.only(kept.to(unit.hands.device)), schedule.steps,
        weights=weights, schedule=schedule,
    )  # fmt: skip
    return descent.pose, owner[kept]


def _most_promising(score: Tensor, owner: Tensor, share: float) -> Tensor:
    """Indices, in order, of the share of each owner's elements with the lowest scores."""
    kept = []
    for i in owner.unique().tolist():
        (own,) = torch.nonzero(owner == i, as_tuple=True)
        kept.append(own[score[own].argsort()[: math.ceil(share * len(own))]].sort().values)
    return torch.cat(kept)


def _check(unit: _Unit, pose: HandPose, owners: list[int], survivors: list[list[Survivor]]) -> None:
    """Add the hands that pass the batch checks to the survivors of their tasks."""
    verdict, hands = _examine(unit, pose, owners)
    passed = verdict.all().tolist()
    for k, i in enumerate(owners):
        tally = unit.tallies[unit.tasks[i].case.name]
        tally.attempted += 1
        for name, flags in verdict._asdict().items():
            setattr(tally, name, getattr(tally, name) + int(flags[k]))
        if passed[k]:
            tally.geometry += 1
            survivors[i].append(hands[k])


@torch.no_grad()
def _examine(unit: _Unit, pose: HandPose, owners: list[int]) -> tuple[CheapVerdict, list[Survivor]]:
    """What the batch checks say about hands, and the hands as they would survive them.

    Args:
        owners: The task of each hand.
    """
    problems = GraspProblems.concatenate([unit.rows[i] for i in owners])
    prepared = PreparedProblems.of(unit.hands.surface, problems, unit.fields)
    state = prepared.pose(*pose)
    contacts = find_contacts(prepared, state)
    full = unit.hands.full
    T, dofs = pose.to("cpu")
    angles = finger_angles_from_dofs(full, dofs)
    vertices = full.pose(Grasp(T, angles, problems.betas.cpu())).vertices_object
    solid = unit.fields.at(problems.penetration_field[:, full.vertex_finger.to(problems.device)])
    depths = -solid(vertices.to(problems.device)).amin(-1)
    verdict = check_batch(prepared, state, contacts, depths, unit.settings.limits)
    verdict = type(verdict)(*(flags.cpu() for flags in verdict))
    hands = zip(T, dofs, angles, contacts.gap.cpu(), vertices, depths.tolist(), strict=True)
    return verdict, [Survivor(*hand) for hand in hands]


def _ease(unit: _Unit, accepted: list[list[RawGrasp]], judges: list[Judge | None]) -> None:
    """Draw hands back out of the object as far as they hold without pressing.

    Depth is tried away almost wholly, then less and less of it; a hand that passes no check after
    any of these stays as it was.
    """
    done: set[tuple[int, int]] = set()
    for depth in unit.settings.easing_depths:
        deep = [
            (i, k)
            for i, grasps in enumerate(accepted)
            for k, grasp in enumerate(grasps)
            if (i, k) not in done and grasp.depth > depth + _WORTH_EASING
        ]
        for begin in range(0, len(deep), _BATCH):
            part = deep[begin : begin + _BATCH]
            with unit.watch.stage("ease"):
                eased = _drawn_back(unit, [accepted[i][k] for i, k in part], part, depth)
            for (i, k), hand in zip(part, eased, strict=True):
                before, judge = accepted[i][k], judges[i]
                assert judge is not None
                if hand is None or hand.depth > before.depth - _WORTH_EASING:
                    continue
                after = judge.accept(hand, before.intent, Tally(), unit.watch)
                if after is not None:
                    accepted[i][k] = after
                    done.add((i, k))


def _drawn_back(
    unit: _Unit, grasps: list[RawGrasp], at: list[tuple[int, int]], depth: float
) -> list[Survivor | None]:
    """Hands after a few small steps under a high price on more than a depth; None for those that
    no longer pass the batch checks."""
    owners = [i for i, _ in at]
    start = HandPose(
        torch.stack([grasp.T_object_hand for grasp in grasps]),
        dofs_from_finger_angles(
            unit.hands.full, torch.stack([grasp.finger_angles for grasp in grasps])
        ),
    ).to(unit.hands.device)
    problems = GraspProblems.concatenate([unit.rows[i] for i in owners])
    prepared = PreparedProblems.of(unit.hands.dense, problems, unit.fields)
    weights = replace(unit.settings.weights, free_depth=depth)
    descent = descend(prepared, Descent.of(start), _EASING.steps, weights=weights, schedule=_EASING)
    verdict, hands = _examine(unit, descent.pose, owners)
    passed = verdict.all().tolist()
    return [hand if is_good else None for hand, is_good in zip(hands, passed, strict=True)]


def _judge(
    unit: _Unit,
    survivors: list[list[Survivor]],
    accepted: list[list[RawGrasp]],
    judges: list[Judge | None],
) -> None:
    """Look closely at the survivors until each task has what it wants."""
    settings = unit.settings
    shared: dict[int, ObjectChecks] = {}
    for i, task in enumerate(unit.tasks):
        # The shallowest first: where there are more than wanted, the best are taken.
        for survivor in sorted(survivors[i], key=lambda survivor: survivor.depth):
            if len(accepted[i]) >= settings.per_case:
                break
            judge = judges[i]
            if judge is None:
                with unit.watch.stage("judges"):
                    if task.number not in shared:
                        shared[task.number] = ObjectChecks(task.obj)
                    judge = judges[i] = Judge(
                        task, shared[task.number], unit.hands.full, unit.hands.pieces,
                        settings.limits, settings.stability,
                    )  # fmt: skip
            intents = task.case.intents
            # Offset by the object, so that a short quota does not always favour one intent.
            intent = intents[(len(accepted[i]) + task.number) % len(intents)]
            tally = unit.tallies[task.case.name]
            grasp = judge.accept(survivor, intent, tally, unit.watch)
            if grasp is not None:
                survivor.is_accepted = True
                accepted[i].append(grasp)


def _join(poses: list[HandPose]) -> HandPose:
    return HandPose(torch.cat([p.T_object_hand for p in poses]), torch.cat([p.dofs for p in poses]))
