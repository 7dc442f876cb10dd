"""The robot's version of a human grasp: same part, same side, and it holds."""

from dataclasses import dataclass, replace

import torch

from semgrasp.errors import InputError
from semgrasp.hand import HandModel
from semgrasp.robots.execution import Held, Plan, Touches, parts_at, plan, touches, weakness
from semgrasp.robots.imitate import Imitations, hand_tables, imitate
from semgrasp.robots.robot_grasp import RobotGrasp
from semgrasp.robots.robot_hand import RobotHand
from semgrasp.robots.targets import HUMAN_FINGERS, HumanTargets, human_targets
from semgrasp.robots.trial import RobotTrial
from semgrasp.types import Grasp, ObjectShape

_WEAKNESS = 1500.0
"""Cost of a grip that resists nothing, against residuals within their tolerance."""
_OTHER_PART = 60.0
"""Cost of holding another part than the human hand."""


@dataclass(frozen=True, kw_only=True)
class RetargetSettings:
    """How hard to look for a grasp."""

    starts: int = 12
    """Descents for each human grasp."""
    ways: int = 2
    """Assignments of the robot's fingers to human fingers that are tried."""
    iterations: int = 30
    """Steps of a descent."""
    candidates: int = 6
    """Of the best descents, those that go on to the end and become grasps."""
    simulate: int = 0
    """Candidates tried in simulation, best first, until one holds; 0 for none."""
    friction: float = 0.6
    """Between robot and object."""
    grip_force: float = 30.0
    """Sum of the normal forces in [N], or what the robot can hold if that is less."""
    depth_limit: float = 0.006
    """A pose deeper inside the object than this, in [m], is no grasp."""
    weakness_limit: float = 0.6
    """A pose that leaves more than this share of a pull and its grip is none either."""

    def __post_init__(self) -> None:
        for name in ("starts", "ways", "iterations"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be 1 or more, got {getattr(self, name)}.")


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
    settings = settings or RetargetSettings()
    held = held or Held.of(shape)
    targets = human_targets(grasps, hand_model, held.field)
    generator = torch.Generator().manual_seed(seed)
    found = imitate(
        targets,
        hand_tables(robot),
        held.field,
        starts=settings.starts,
        keep=settings.candidates,
        ways=settings.ways,
        iterations=settings.iterations,
        generator=generator,
    )
    flat = found.T_object_base.flatten(0, 1), found.qpos.flatten(0, 1)
    touch = touches(robot, held, *flat)
    left = weakness(touch, held, settings.friction)
    parts = parts_at(shape, touch.points, touch.is_touching.float())
    human_parts = parts_at(
        shape, targets.points.flatten(1, 2), (targets.counts * targets.touches).flatten(1)
    )
    kept = found.cost.shape[1]
    is_other = [parts[j] != human_parts[j // kept] for j in range(len(parts))]
    score = found.cost.flatten() + _WEAKNESS * left + _OTHER_PART * torch.tensor(is_other)
    ranked = []
    for i in range(len(targets)):
        own = range(i * kept, (i + 1) * kept)
        reasons = {
            j: _why_not(targets, i, float(touch.depth[j]), float(left[j]), settings) for j in own
        }
        order = sorted(own, key=lambda j: (bool(reasons[j]), float(score[j])))
        ranked.append(
            [
                _grasp(i, j, found, touch, robot, held, settings, parts[j], reasons[j])
                for j in order[: settings.candidates]
            ]
        )
    return ranked


def _grasp(
    row: int,
    flat: int,
    found: Imitations,
    touch: Touches,
    robot: RobotHand,
    held: Held,
    settings: RetargetSettings,
    part: str | None,
    reason: str,
) -> RobotGrasp:
    start = flat - row * found.cost.shape[1]
    T, q = found.T_object_base[row, start], found.qpos[row, start]
    planned = Plan(q.double().numpy(), q.double().numpy())
    if not reason:
        force = min(settings.grip_force, robot.description.grip_force)
        planned = plan(robot, held, T, q, touch, flat, friction=settings.friction, grip_force=force)
    fingers = [finger.name for finger in robot.description.fingers if finger.joints]
    humans = found.human_of_finger[row, start].tolist()
    return RobotGrasp(
        robot=robot.description.name,
        T_object_base=T.double().numpy(),
        joint_names=robot.joint_names,
        qpos=q.double().numpy(),
        pregrasp_qpos=planned.pregrasp_qpos,
        squeeze_qpos=planned.squeeze_qpos,
        feasible=not reason,
        reason=reason,
        touched_part=part,
        assignment={
            finger: HUMAN_FINGERS[h] for finger, h in zip(fingers, humans, strict=True) if h >= 0
        },
        penetration=float(touch.depth[flat]),
    )


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
    first = None
    for grasp in ranked[:count]:
        if not grasp.feasible:
            break
        settled = trial.settled(grasp)
        tried = replace(settled, stable=trial.run(settled).success)
        if tried.stable:
            return tried
        first = first or tried
    return first or ranked[0]
