"""The robot's version of a human grasp: same part, same side, and it holds."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.hand import HandModel
from semgrasp.robots.core import self_overlap
from semgrasp.robots.execution import plans
from semgrasp.robots.forces import weakness
from semgrasp.robots.gripper import grips
from semgrasp.robots.held import Held, HeldBatch
from semgrasp.robots.imitate import hand_tables, imitate
from semgrasp.robots.robot_grasp import RobotGrasp
from semgrasp.robots.robot_hand import RobotHand
from semgrasp.robots.targets import HUMAN_FINGERS, HumanTargets, human_targets
from semgrasp.robots.touching import Touches, parts_at, parts_of_each, touches
from semgrasp.robots.trial import RobotTrial
from semgrasp.types import Grasp, ObjectShape

_DEEP, _SHALLOW = 27.0, 0.001
"""Weakness that a depth of 1 m beyond what is forgiven counts as, and that, in [m]: a hand that
starts inside the object shoves it away; fingers inside each other stop before they touch it."""
_POSES_AT_ONCE = 512
"""Descents in one batch: more gain no speed and take more memory."""
_OTHER_PART = 0.04
"""Weakness that holding another part than the human hand counts as."""


@dataclass(frozen=True, kw_only=True)
class RetargetSettings:
    """How hard to look for a grasp."""

    starts: int = 16
    """Descents for each human grasp."""
    ways: int = 2
    """Assignments of the robot's fingers to human fingers that are tried."""
    iterations: int = 30
    """Steps of a descent."""
    candidates: int = 8
    """Of the best descents, those that go on to the end and become grasps."""
    simulate: int = 0
    """Candidates tried in simulation, best first, until one holds; 0 for none."""
    friction: float = 0.6
    """Between robot and object."""
    grip_force: float = 50.0
    """Sum of the normal forces in [N], or what the robot can hold if that is less."""
    depth_limit: float = 0.005
    """A pose deeper inside the object than this, in [m], is no grasp."""
    weakness_limit: float = 0.6
    """A pose that leaves more than this share of a pull and its grip is none either."""

    def __post_init__(self) -> None:
        for name in ("starts", "ways", "iterations"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be 1 or more, got {getattr(self, name)}.")


QUICK = RetargetSettings(starts=1, ways=1, iterations=10, candidates=1)
"""One short descent for each human grasp: for thousands of grasps, or for video."""


def retarget(
    grasps: Grasp,
    hand_model: HandModel,
    shape: ObjectShape,
    robot: RobotHand,
    *,
    settings: RetargetSettings | None = None,
    seed: int = 0,
    held: Held | None = None,
    trial: RobotTrial | None = None,
) -> list[RobotGrasp]:
    """Robot grasps that do what human grasps of one object do.

    Args:
        grasps: One, or many along one batch axis.
        hand_model: The hand they pose.
        shape: The object.
        robot: A hand or gripper.
        settings: How hard to look.
        seed: Of the starts.
        held: The object prepared, where many batches share it.
        trial: Robot and object compiled for simulation, likewise.

    Raises:
        InputError: The grasps are of the other hand.
    """
    settings = settings or RetargetSettings()
    if grasps.finger_angles.ndim == 2:
        grasps = Grasp(
            grasps.T_object_hand[None], grasps.finger_angles[None], grasps.betas[None], grasps.side
        )
    candidates = retarget_candidates(
        grasps, hand_model, shape, robot, settings=settings, seed=seed, held=held
    )
    if settings.simulate == 0:
        return [ranked[0] for ranked in candidates]
    if trial is None:
        trial = RobotTrial(robot, shape)
    return [_first_that_holds(ranked, trial, settings.simulate) for ranked in candidates]


def retarget_candidates(
    grasps: Grasp,
    hand_model: HandModel,
    shape: ObjectShape,
    robot: RobotHand,
    *,
    settings: RetargetSettings | None = None,
    seed: int = 0,
    held: Held | None = None,
) -> list[list[RobotGrasp]]:
    """For each human grasp its candidates, best first; at least one, feasible or not."""
    rows = (held or Held.of(shape)).rows(len(grasps.betas))
    return retarget_each(grasps, hand_model, rows, robot, settings=settings, seed=seed)


def retarget_each(
    grasps: Grasp,
    hand_model: HandModel,
    held: HeldBatch,
    robot: RobotHand,
    *,
    settings: RetargetSettings | None = None,
    seed: int = 0,
) -> list[list[RobotGrasp]]:
    """Candidates for grasps of many objects at once: a hundred together cost a third each of what
    they cost alone.

    Args:
        held: The object of each grasp.
    """
    settings = settings or RetargetSettings()
    targets = human_targets(grasps, hand_model, held)
    generator = torch.Generator().manual_seed(seed)
    return retarget_targets(targets, robot, held, settings, generator)


def retarget_targets(
    targets: HumanTargets,
    robot: RobotHand,
    held: HeldBatch,
    settings: RetargetSettings,
    generator: torch.Generator,
) -> list[list[RobotGrasp]]:
    """The same from where human fingers press, however that is known."""
    if robot.description.embodiment == "parallel_gripper":
        return [_gripped(i, targets, robot, one, settings, generator) for i, one in enumerate(held)]
    together = torch.arange(len(targets)).split(max(1, _POSES_AT_ONCE // settings.starts))
    return [
        ranked
        for rows in together
        for ranked in _imitated(targets[rows], robot, held[rows], settings, generator)
    ]


def _imitated(
    targets: HumanTargets,
    robot: RobotHand,
    held: HeldBatch,
    settings: RetargetSettings,
    generator: torch.Generator,
) -> list[list[RobotGrasp]]:
    """Candidates of a hand with fingers for all human grasps at once."""
    found = imitate(
        targets,
        hand_tables(robot),
        held,
        starts=settings.starts,
        keep=settings.candidates,
        ways=settings.ways,
        iterations=settings.iterations,
        generator=generator,
    )
    T_object_base = found.T_object_base.flatten(0, 1)
    qpos = found.qpos.flatten(0, 1)
    human_parts = _human_parts(targets, held)
    kept = found.cost.shape[1]
    held = held[torch.arange(len(held)).repeat_interleave(kept)]
    touch = touches(robot, held, T_object_base, qpos)
    weak = weakness(touch, held, settings.friction)
    parts = parts_of_each(held, touch.points, touch.is_touching.float())
    is_other = [part != human_parts[j // kept] for j, part in enumerate(parts)]
    # Not by the cost of the descent: a power grasp has more residuals than a pinch, and holds.
    score = weak + _OTHER_PART * torch.tensor(is_other)
    overlap = self_overlap(robot, robot.kinematics.forward(T_object_base, qpos))
    for depth in (touch.depth, overlap):
        score = score + _DEEP * (depth - _SHALLOW).clamp(min=0.0)
    fingers = [finger.name for finger in robot.description.fingers if finger.joints]
    humans = found.human_of_finger.flatten(0, 1).tolist()
    grasps = _grasps(
        T_object_base,
        qpos,
        touch,
        robot,
        held,
        settings,
        parts=parts,
        reasons=[
            _why_not(targets, j // kept, float(touch.depth[j]), float(weak[j]), settings)
            for j in range(len(parts))
        ],
        assignments=[
            {finger: HUMAN_FINGERS[h] for finger, h in zip(fingers, row, strict=True) if h >= 0}
            for row in humans
        ],
    )
    order = sorted(range(len(grasps)), key=lambda j: (not grasps[j].feasible, float(score[j])))
    return [[grasps[j] for j in order if j // kept == row] for row in range(len(targets))]


def _gripped(
    row: int,
    targets: HumanTargets,
    robot: RobotHand,
    held: Held,
    settings: RetargetSettings,
    generator: torch.Generator,
) -> list[RobotGrasp]:
    """Candidates of a gripper for one human grasp."""
    (wanted,) = _human_parts(targets[row : row + 1], held.rows(1))
    found = grips(
        targets,
        row,
        robot,
        held,
        friction=settings.friction,
        count=settings.candidates,
        generator=generator,
        part=wanted,
    )
    if found.reason:
        return [_infeasible(targets.palm_point[row], robot, found.reason)]
    count = len(found.qpos)
    touch = touches(robot, held.rows(count), found.T_object_base, found.qpos)
    assignment = {
        finger.name: "thumb" if "thumb" in finger.humans else finger.humans[0]
        for finger in robot.description.fingers
    }
    grasps = _grasps(
        found.T_object_base,
        found.qpos,
        touch,
        robot,
        held.rows(count),
        settings,
        parts=parts_at(held, touch.points, touch.is_touching.float()),
        reasons=[""] * count,
        assignments=[assignment] * count,
    )
    grasps = [
        replace(grasp, pregrasp_qpos=open_qpos.double().numpy())
        for grasp, open_qpos in zip(grasps, found.open_qpos, strict=True)
    ]
    return sorted(grasps, key=lambda grasp: grasp.touched_part != wanted)


def _infeasible(where: Float[Tensor, "3"], robot: RobotHand, reason: str) -> RobotGrasp:
    """Says so; the pose, open where the human palm is, means nothing."""
    T_object_base = np.eye(4)
    T_object_base[:3, 3] = where.double().numpy()
    qpos = robot.open_qpos.double().numpy()
    return RobotGrasp(
        robot=robot.description.name,
        T_object_base=T_object_base,
        joint_names=robot.joint_names,
        qpos=qpos,
        pregrasp_qpos=qpos,
        squeeze_qpos=qpos,
        feasible=False,
        reason=reason,
    )


def _human_parts(targets: HumanTargets, held: HeldBatch) -> list[str | None]:
    """The part that each human hand holds; None where none is known."""
    names = [held.objects[i].shape.part_names for i in held.which.tolist()]
    return [
        of_object[part] if part >= 0 else None
        for of_object, part in zip(names, targets.part.tolist(), strict=True)
    ]


def _grasps(
    T_object_base: Float[Tensor, "b 4 4"],
    qpos: Float[Tensor, "b n"],
    touch: Touches,
    robot: RobotHand,
    held: HeldBatch,
    settings: RetargetSettings,
    *,
    parts: list[str | None],
    reasons: list[str],
    assignments: list[dict[str, str]],
) -> list[RobotGrasp]:
    """Poses with their plans and what is known of them."""
    force = min(settings.grip_force, robot.description.grip_force)
    planned = plans(
        robot, held, T_object_base, qpos, touch, friction=settings.friction, grip_force=force
    )
    return [
        RobotGrasp(
            robot=robot.description.name,
            T_object_base=T_object_base[i].double().numpy(),
            joint_names=robot.joint_names,
            qpos=qpos[i].double().numpy(),
            pregrasp_qpos=planned[i].pregrasp_qpos,
            squeeze_qpos=planned[i].squeeze_qpos,
            feasible=not reasons[i],
            reason=reasons[i],
            touched_part=parts[i],
            assignment=assignments[i],
            residual=touch.gap(i),
            penetration=float(touch.depth[i]),
        )
        for i in range(len(qpos))
    ]


def _why_not(
    targets: HumanTargets, row: int, depth: float, weak: float, settings: RetargetSettings
) -> str:
    if not bool(targets.finger_touches[row].any()):
        return "the human hand does not touch the object: no finger is within 10 mm of it"
    if depth > settings.depth_limit:
        return f"no pose keeps out of the object: {1e3 * depth:.0f} mm deep at best"
    if weak > settings.weakness_limit:
        return f"its fingers cannot press against each other: {weak:.0%} of the force is left"
    return ""


def _first_that_holds(ranked: list[RobotGrasp], trial: RobotTrial, count: int) -> RobotGrasp:
    tried = []
    for grasp in ranked[:count]:
        if not grasp.feasible:
            break
        tried.append(replace(grasp, stable=trial.run(grasp).success))
        if tried[-1].stable:
            return tried[-1]
    return (tried or ranked)[0]
