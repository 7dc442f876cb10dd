"""How fast human grasps become robot grasps, against key-points, on the grasps of `eval.robots`.

    python -m eval.robot_rates --raw data/open/raw --recorded ../shared/data/dexycb_grasps

CPU time of one thread for each grasp, the least of a few repetitions: all grasps of one human hand
in one call, with one short descent each (`QUICK`) or as by default; and key-points, which take one
grasp after the other. What key-points need beside their solver (where the base starts, a pregrasp,
a squeeze) is not counted; ours is counted with everything, from the human hand to the plan.
"""

import argparse
import itertools
import time
from collections.abc import Callable, Sequence

import torch

from eval.keypoint_baseline import KeypointRetargeting, is_installed, usual_joints
from eval.robots import Task, add_grasp_options, asked_for
from semgrasp.robots.held import Held, HeldBatch
from semgrasp.robots.imitate import first_alignment, hand_tables
from semgrasp.robots.retarget import QUICK, RetargetSettings, retarget_each
from semgrasp.robots.robot_hand import RobotHand, robot_hand
from semgrasp.robots.targets import human_targets
from semgrasp.types import Grasp

_REPETITIONS = 3
_SEEDS_OF, _STARTS = 32, 16
"""Grasps and descents for each: together 512 seeds."""


def least_cpu(call: Callable[[], object]) -> float:
    """CPU time in [s] of a call, the least of a few; the first also fills caches."""
    seconds = []
    for _ in range(_REPETITIONS):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)


def together(tasks: Sequence[Task], held: Sequence[Held]) -> tuple[Grasp, HeldBatch]:
    """All grasps in one batch, each with its object."""
    grasps = [task.grasps for task in tasks]
    which = torch.cat([torch.full((len(task.names),), i) for i, task in enumerate(tasks)])
    batch = Grasp(
        torch.cat([g.T_object_hand for g in grasps]),
        torch.cat([g.finger_angles for g in grasps]),
        torch.cat([g.betas for g in grasps]),
    )
    return batch, HeldBatch.of(held, which)


def keypoint_seconds(robot: RobotHand, grasps: Grasp, held: HeldBatch, task: Task) -> float:
    """CPU time in [s] of the key-point solver for all grasps."""
    solver = KeypointRetargeting(robot)
    T_start, q_start = first_alignment(human_targets(grasps, task.hand, held), hand_tables(robot))
    joints = usual_joints(task.hand.pose(grasps))
    starts = list(zip(joints, T_start.double().numpy(), q_start.double().numpy(), strict=True))
    return least_cpu(lambda: [solver(*start) for start in starts])


def rates(robot: RobotHand, source: str, tasks: Sequence[Task], held: Sequence[Held]) -> list[str]:
    """Lines of a table: milliseconds a grasp."""
    grasps, rows = together(tasks, held)
    hand, count = tasks[0].hand, len(rows)

    def ours(batch: Grasp, its_rows: HeldBatch, settings: RetargetSettings) -> float:
        call = lambda: retarget_each(batch, hand, its_rows, robot, settings=settings)  # noqa: E731
        return 1e3 * least_cpu(call) / len(its_rows)

    index = torch.arange(256) % count
    many = Grasp(grasps.T_object_hand[index], grasps.finger_angles[index], grasps.betas[index])
    seconds = {
        f"quick, {count} grasps at once": ours(grasps, rows, QUICK),
        "quick, 256 at once (repeated)": ours(many, rows[index], QUICK),
        f"16 starts, {count} at once": ours(grasps, rows, RetargetSettings()),
    }
    if is_installed():
        solver = keypoint_seconds(robot, grasps, rows, tasks[0])
        seconds["key-points, solver alone"] = 1e3 * solver / count
    name = robot.description.name
    return [f"| {name} | {source} | {what} | {ms:.1f} ms |" for what, ms in seconds.items()]


def seeds(robot: RobotHand, tasks: Sequence[Task], held: Sequence[Held]) -> str:
    """How long 512 descents take, with plans and ranking for the better half of them."""
    grasps, rows = together(tasks, held)
    index = torch.arange(_SEEDS_OF) % len(rows)
    many = Grasp(grasps.T_object_hand[index], grasps.finger_angles[index], grasps.betas[index])
    settings = RetargetSettings(starts=_STARTS)
    wall, cpu = time.perf_counter(), time.process_time()
    retarget_each(many, tasks[0].hand, rows[index], robot, settings=settings)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return (
        f"{robot.description.name}: {_SEEDS_OF * _STARTS} descents of {_SEEDS_OF} grasps, planned "
        f"and ranked, took {cpu:.1f} s of CPU on one thread and {wall:.1f} s in all."
    )


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_grasp_options(parser)
    parser.add_argument("--robots", nargs="*", default=["shadow_hand", "allegro_hand"])
    options = parser.parse_args()
    # A second thread waits more than it works on batches as small as these.
    torch.set_num_threads(1)
    tasks = asked_for(options)
    prepared = [(task, Held.of(task.shape)) for task in tasks]
    print("| robot | grasps | how | CPU for each |\n|---|---|---|---|")
    notes = []
    for robot in map(robot_hand, options.robots):
        for source, group in itertools.groupby(prepared, key=lambda pair: pair[0].source):
            its_tasks, held = zip(*group, strict=True)
            print("\n".join(rates(robot, source, its_tasks, held)), flush=True)
            notes.append(f"{seeds(robot, its_tasks, held)} ({source})")
    print("\n" + "\n".join(notes))


if __name__ == "__main__":
    main()
