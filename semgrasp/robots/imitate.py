"""A hand with fingers does what the human hand does: many starts, one descent, best first."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from semgrasp.geometry import axis_angle_to_matrix
from semgrasp.robots.assignment import PALM_REACH, Alignment, align, possible_assignments
from semgrasp.robots.core import forbidden_pairs, pair_margins, robot_core
from semgrasp.robots.descent import descend
from semgrasp.robots.held import HeldBatch
from semgrasp.robots.objective import Goals, Objective, Shape, Tolerances
from semgrasp.robots.robot_hand import RobotHand
from semgrasp.robots.screws import Screws
from semgrasp.robots.surface import RobotSurface, robot_surface
from semgrasp.robots.targets import HUMAN_FINGERS, HumanTargets

_POSTURES = (0.2, 0.4, 0.6)
"""Ways from open to closed from which the descent may start."""
_SPACING = 0.014
"""Between the points kept out of the object, in [m]; of the palm, every second is enough."""
_TURN, _SHIFT = 0.25, 0.008
"""Standard deviation of the starts about the first, in [rad] and [m]."""
_BETWEEN, _IDLE, _RECRUITED = 0.3, 0.1, 0.5
"""Weight of a pad behind the fingertip, of a fingertip with nothing to do, and of one that joins
its neighbour."""


EARLY = Tolerances()
"""To find the way: fingers to their contacts."""
LATE = Tolerances(
    attract=0.016, far=0.02, depth=0.0003, overlap=0.0006, press=0.0007, palm_shift=0.06
)
"""To arrive: pads on the surface, nothing inside, roughly there."""


@dataclass(frozen=True, eq=False)
class HandTables:
    """What the descent needs of a robot, in single precision; made once."""

    robot: RobotHand
    screws: Screws
    shape: Shape
    finger_of_pad: Int[Tensor, " pads"]
    """Index among the fingers that have joints; -1 for the palm."""
    phalanx_of_pad: Int[Tensor, " pads"]
    """2 for a fingertip, then 1 and 0 towards the base."""
    limits: Float[Tensor, "n 2"]
    open_qpos: Float[Tensor, " n"]
    closed_qpos: Float[Tensor, " n"]
    ways: Int[Tensor, "ways fingers"]
    ranks: Float[Tensor, " ways"]

    @property
    def tips(self) -> Int[Tensor, " fingers"]:
        """The fingertips' pads, in the order of the fingers that have joints."""
        count = int(self.finger_of_pad.max()) + 1
        is_tip = self.phalanx_of_pad == 2
        return torch.stack(
            [torch.nonzero(is_tip & (self.finger_of_pad == f))[0, 0] for f in range(count)]
        )


@dataclass(frozen=True, eq=False)
class Imitations:
    """Poses of a robot for each of many human grasps, in no order."""

    T_object_base: Float[Tensor, "b starts 4 4"]
    qpos: Float[Tensor, "b starts n"]
    cost: Float[Tensor, "b starts"]
    human_of_finger: Int[Tensor, "b starts fingers"]
    """Index into `HUMAN_FINGERS`; -1 for a finger with nothing to do."""


@lru_cache(maxsize=16)
def hand_tables(robot: RobotHand) -> HandTables:
    """Tables of a robot with fingers."""
    description, kinematics = robot.description, robot.kinematics
    jointed = [finger for finger in description.fingers if finger.joints]
    points, normals, bodies, fingers, phalanges = [], [], [], [], []
    for finger in description.fingers:
        for i, pad in enumerate(finger.pads):
            points.append(torch.from_numpy(pad.point_body))
            normals.append(torch.from_numpy(pad.normal_body))
            bodies.append(kinematics.body_index(pad.body))
            fingers.append(jointed.index(finger) if finger.joints else -1)
            phalanges.append(max(0, 2 - (len(finger.pads) - 1 - i)) if finger.joints else 0)
    model = robot.model
    ways = possible_assignments(description)
    humans = [[HUMAN_FINGERS.index(h) for h in f.humans if h != "palm"] for f in jointed]
    ranks = [sum(humans[f].index(h) for f, h in enumerate(way) if h >= 0) for way in ways.tolist()]
    T_base_palm = torch.from_numpy(description.T_base_palm).float()
    return HandTables(
        robot,
        Screws.of(
            model,
            torch.arange(model.nbody).numpy() - 1,
            robot.joint_names,
            description.couplings,
        ),
        Shape(
            RobotSurface(
                torch.stack(points).float(), torch.stack(normals).float(), torch.tensor(bodies)
            ),
            RobotSurface(T_base_palm[None, :3, 3], T_base_palm[None, :3, 0], torch.tensor([0])),
            _sparse(robot_surface(robot, _SPACING)),
            robot_core(robot),
            forbidden_pairs(robot),
            pair_margins(robot),
        ),
        torch.tensor(fingers),
        torch.tensor(phalanges),
        robot.limits.float(),
        robot.open_qpos.float(),
        robot.closed_qpos.float(),
        ways,
        torch.tensor(ranks, dtype=torch.float32),
    )


def _sparse(surface: RobotSurface) -> RobotSurface:
    index = torch.arange(len(surface.body))
    kept = index[(surface.body > 0) | (index % 2 == 0)]
    return RobotSurface(
        surface.points_body[kept].float(), surface.normals_body[kept].float(), surface.body[kept]
    )


@torch.no_grad()
def imitate(
    targets: HumanTargets,
    tables: HandTables,
    held: HeldBatch,
    *,
    starts: int,
    keep: int,
    ways: int,
    iterations: int,
    generator: torch.Generator,
) -> Imitations:
    """Descend from several starts for every human grasp.

    Args:
        held: The object of each grasp.
        starts: For each grasp; the first is unperturbed.
        keep: Of these, the best after a third of the iterations go on to the end.
        ways: Assignments of fingers tried at most.
        iterations: Of the descent.
    """
    first = _first_starts(targets, tables, ways)
    picked = [first[i % len(first)] for i in range(starts)]
    human = torch.stack([start.human_of_finger for start in picked], dim=1)
    T = torch.stack([start.T_object_base for start in picked], dim=1)
    posture = torch.stack([start.posture for start in picked], dim=1)
    share = torch.tensor(_POSTURES)[posture][..., None]
    n = len(targets)
    wild = torch.ones(starts)
    wild[: len(first)] = 0.0
    share = (share + 0.1 * wild[:, None] * torch.randn(n, starts, 1, generator=generator)).clamp(
        0, 1
    )
    qpos = tables.open_qpos + share * (tables.closed_qpos - tables.open_qpos)
    T = _perturbed(T, targets, wild, generator)
    style = (torch.arange(starts) // len(first)) % 3
    goals = _goals(targets, tables, human, recruits=style == 1, tips_only=style == 2)
    grasp = torch.arange(n).repeat_interleave(starts)

    def objective(rows: Tensor, tolerances: Tolerances) -> Objective:
        return Objective(
            tables.robot.kinematics,
            tables.screws,
            tables.shape,
            held[grasp[rows]],
            goals[rows],
            tables.open_qpos + 0.4 * (tables.closed_qpos - tables.open_qpos),
            tables.limits[:, 1] - tables.limits[:, 0],
            tolerances,
        )

    early = max(1, iterations // 3)
    end = descend(
        objective(torch.arange(n * starts), EARLY),
        T.flatten(0, 1),
        qpos.flatten(0, 1),
        tables.limits,
        iterations=early,
    )
    # Most starts show early where they will end: the better ones are worth the rest.
    kept = min(starts, keep)
    best = end.cost.unflatten(0, (n, starts)).argsort(dim=1)[:, :kept]
    rows = (best + starts * torch.arange(n)[:, None]).flatten()
    end = descend(
        objective(rows, LATE),
        end.T_object_base[rows],
        end.qpos[rows],
        tables.limits,
        iterations=iterations - early,
    )
    return Imitations(
        end.T_object_base.unflatten(0, (n, kept)),
        end.qpos.unflatten(0, (n, kept)),
        end.cost.unflatten(0, (n, kept)),
        human.gather(1, best[..., None].expand(-1, -1, human.shape[-1])),
    )


def first_alignment(
    targets: HumanTargets, tables: HandTables
) -> tuple[Float[Tensor, "b 4 4"], Float[Tensor, "b n"]]:
    """Base pose and joint positions of each grasp's likeliest start."""
    (start,) = _first_starts(targets, tables, 1)
    share = torch.tensor(_POSTURES)[start.posture][:, None]
    qpos = tables.open_qpos + share * (tables.closed_qpos - tables.open_qpos)
    return start.T_object_base, qpos


def _first_starts(targets: HumanTargets, tables: HandTables, ways: int) -> list[Alignment]:
    base = torch.eye(4).expand(len(_POSTURES), 4, 4)
    shares = torch.tensor(_POSTURES)[:, None]
    postures = tables.open_qpos + shares * (tables.closed_qpos - tables.open_qpos)
    Ts = tables.robot.kinematics.forward(base, postures)
    tips = tables.shape.pads.points(Ts)[:, tables.tips]
    palm, out = tables.shape.palm.points_body[0], tables.shape.palm.normals_body[0]
    palm_base = torch.stack([palm, palm + PALM_REACH * out])
    return align(targets, tables.ways, tables.ranks, tips, palm_base, count=ways)


def _perturbed(
    T: Float[Tensor, "b starts 4 4"],
    targets: HumanTargets,
    wild: Float[Tensor, " starts"],
    generator: torch.Generator,
) -> Float[Tensor, "b starts 4 4"]:
    """Turned about the middle of the contacts, and shifted."""
    middle = targets.outermost()[0].mean(1)[:, None]
    shape = (*T.shape[:2], 3)
    scale = wild[:, None]
    turn = axis_angle_to_matrix(_TURN * scale * torch.randn(shape, generator=generator))
    shift = _SHIFT * scale * torch.randn(shape, generator=generator)
    moved = T.clone()
    moved[..., :3, :3] = turn @ T[..., :3, :3]
    moved[..., :3, 3] = (turn @ (T[..., :3, 3] - middle)[..., None])[..., 0] + middle + shift
    return moved


def _goals(
    targets: HumanTargets,
    tables: HandTables,
    human: Int[Tensor, "b starts fingers"],
    *,
    recruits: Bool[Tensor, " starts"],
    tips_only: Bool[Tensor, " starts"],
) -> Goals:
    """Goals of all pads, flattened over grasps and starts.

    Args:
        recruits: Starts in which idle fingers press beside their neighbours.
        tips_only: Starts in which fingertips press where the human fingers do, whichever phalanx
            that was: hands larger than a human's cannot wrap thin things.
    """
    n, starts, _ = human.shape
    finger, phalanx = tables.finger_of_pad, tables.phalanx_of_pad
    is_palm = finger < 0
    its_human = human[..., finger.clamp(min=0)]
    has_human = (its_human >= 0) & ~is_palm
    rows = torch.arange(n)[:, None, None]
    h = its_human.clamp(min=0)
    touches = targets.touches[rows, h, phalanx] & has_human
    finger_touches = targets.finger_touches[rows, h] & has_human
    is_tip = (phalanx == 2) & ~is_palm

    points = torch.where(
        touches[..., None], targets.points[rows, h, phalanx], targets.tips[rows, h]
    )
    attracts = torch.where(touches, torch.where(is_tip, 1.0, _BETWEEN), 0.0)
    presses = attracts.clone()
    # The fingertip presses along where only the phalanx behind it does.
    along = is_tip & finger_touches & ~touches
    presses = torch.where(along, _BETWEEN, presses)
    attracts = torch.where(is_tip & ~touches & has_human, _IDLE, attracts)

    nearest, gap = _neighbour(targets)
    recruited = is_tip & ~finger_touches & has_human & recruits[:, None]
    recruited &= gap[rows, h] < 0.06
    points = torch.where(recruited[..., None], nearest[rows, h], points)
    presses = torch.where(recruited, _RECRUITED, presses)

    outermost, _ = targets.outermost()
    is_light = tips_only[:, None] & ~is_palm
    points = torch.where(
        (is_light & is_tip & finger_touches)[..., None], outermost[rows, h], points
    )
    of_tip = torch.where(is_tip & finger_touches, 1.0, torch.where(is_tip, attracts, 0.0))
    attracts = torch.where(is_light, of_tip, attracts)
    presses = torch.where(is_light, (is_tip & finger_touches).float(), presses)

    palm_presses = is_palm & targets.palm_touches[:, None, None] & ~tips_only[:, None]
    presses = torch.where(palm_presses, 0.1, presses)
    points = torch.where(is_palm[:, None], targets.palm_point[:, None, None], points)
    palm_weight = torch.where(targets.palm_touches, 2.0, 1.0)[:, None]
    palm_weight = torch.where(tips_only, 0.25, palm_weight)
    return Goals(
        points.flatten(0, 1),
        attracts.flatten(0, 1),
        presses.flatten(0, 1),
        targets.palm_point[:, None].expand(n, starts, 3).flatten(0, 1),
        targets.palm_direction[:, None].expand(n, starts, 3).flatten(0, 1),
        palm_weight.flatten(0, 1),
    )


def _neighbour(targets: HumanTargets) -> tuple[Float[Tensor, "b 5 3"], Float[Tensor, "b 5"]]:
    """For each fingertip, the nearest point where another long finger presses, and how far."""
    goal, _ = targets.outermost()
    apart = torch.cdist(targets.tips, goal)
    apart = apart.masked_fill(~targets.finger_touches[:, None], torch.inf)
    apart[:, :, 0] = torch.inf
    gap, nearest = apart.min(dim=-1)
    return goal.gather(1, nearest[..., None].expand_as(goal)), gap
