"""Robots that hold what people hold: DexGraspBench, against key-points and against chance.

    python -m eval.robots --raw data/open/raw --recorded ../shared/data/dexycb_grasps \
        --robots shadow_hand allegro_hand panda_hand --count 60 --output runs/robots

Grasps nobody tuned on: synthesised ones of the test split, and people's on scans. Each line of
`results.jsonl` is one grasp by one robot and one method; a run that is started again goes on where
it stopped. `--report` prints the table alone.

Methods: `first` is retargeting without simulation, its best candidate; `tried` simulates up to
eight candidates and takes the first that holds; `quick` is one short descent for each grasp, all
grasps of all objects in one call; `keypoints` is dex-retargeting on the same robot model, from
the same start, closed a little farther to squeeze, or with our squeeze; `antipodal` draws grips
anywhere on the object; `human` is the human hand itself under the same protocol.
"""

import argparse
import json
import statistics
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool
from numpy import ndarray

from eval.human_grasps import human_grasps
from eval.keypoint_baseline import KeypointRetargeting, gripper_start, is_installed, usual_joints
from semgrasp.dataset.split import object_id, split_of
from semgrasp.hand import HandModel, open_hand
from semgrasp.metrics import SolidObject, held_part, proportion_interval
from semgrasp.metrics import touched_parts as human_touched_parts
from semgrasp.objects.procedural import make_object
from semgrasp.robots.execution import plans
from semgrasp.robots.gripper import find_grips
from semgrasp.robots.held import Held, HeldBatch
from semgrasp.robots.imitate import first_alignment, hand_tables
from semgrasp.robots.retarget import QUICK, retarget_candidates, retarget_each
from semgrasp.robots.robot_grasp import RobotGrasp
from semgrasp.robots.robot_hand import RobotHand, robot_hand
from semgrasp.robots.targets import human_targets
from semgrasp.robots.touching import parts_at, penetration, touches
from semgrasp.robots.trial import RobotTrial
from semgrasp.simulation import convex_decomposition
from semgrasp.simulation.articulated_hand import ArticulatedHand
from semgrasp.simulation.dexgraspbench import DexGraspBenchTest
from semgrasp.synthesis.raw import load_unit
from semgrasp.types import Grasp, ObjectShape

_TRIED = 8
_CONTACT = 0.004
"""Object points nearer than this to a hand are in contact, in [m]."""
_SURFACE_POINTS = 4000
_BLIND_SQUEEZE = 0.2
"""Closing in [rad] beyond the key-points: the simpler of their two squeezes."""


@dataclass(frozen=True, eq=False)
class Task:
    """Human grasps of one object."""

    source: str
    shape: ObjectShape
    hand: HandModel
    names: list[str]
    grasps: Grasp


@dataclass(frozen=True)
class Result:
    """One grasp by one robot and one method."""

    source: str
    name: str
    robot: str
    method: str
    feasible: bool
    reason: str
    stable: bool
    human_part: str | None
    part: str | None
    parts: tuple[str, ...]
    """All parts the robot touches."""
    overlap: float
    """Intersection over union of the contact areas of human and robot."""
    penetration: float
    """In [m]."""
    seconds: float
    """CPU time of finding the grasp, without simulation but for `tried`."""


def synthesised(
    folder: Path, count: int, seeds_below: int | None = None, seeds_from: int = 0
) -> Iterator[Task]:
    """Grasps of test objects, as evenly over objects as can be.

    Args:
        folder: Of raw units.
        count: Grasps.
        seeds_below: Only the first objects of each category, so that the same grasps are asked
            about when the data set grows; None for all.
        seeds_from: Not the first objects: none that a choice was made on.
    """
    units: OrderedDict[tuple[str, int], list] = OrderedDict()
    for path in sorted(folder.glob("*_[0-9][0-9][0-9][0-9].json")):
        for grasp in load_unit(path)[0]:
            if seeds_below is not None and grasp.object_seed >= seeds_below:
                continue
            if grasp.object_seed < seeds_from:
                continue
            if split_of(object_id(grasp.category, grasp.object_seed)) == "test":
                units.setdefault((grasp.category, grasp.object_seed), []).append(grasp)
    hand, rng = open_hand(), np.random.default_rng(0)
    # Every object gives its first share, then its second, until the count is reached.
    shares = [1] * len(units)
    while sum(shares) < count and any(
        share < len(g) for share, g in zip(shares, units.values(), strict=True)
    ):
        for i, grasps in enumerate(units.values()):
            if sum(shares) < count and shares[i] < len(grasps):
                shares[i] += 1
    order = rng.permutation(len(units))[:count]
    for (category, seed), share in ((list(units)[i], shares[i]) for i in sorted(order.tolist())):
        grasps = units[category, seed]
        chosen = sorted(rng.choice(len(grasps), share, replace=False).tolist())
        picked = [grasps[i] for i in chosen]
        yield Task(
            "synthesised",
            make_object(category, seed).shape,
            hand,
            [f"{object_id(category, seed)}.{i}.{grasps[i].case}" for i in chosen],
            Grasp(
                torch.stack([g.T_object_hand for g in picked]),
                torch.stack([g.finger_angles for g in picked]),
                torch.stack([g.betas for g in picked]),
            ),
        )


def recorded(folder: Path, count: int) -> Iterator[Task]:
    """People's grasps on scans, drawn at random."""
    samples = human_grasps(folder)
    by_object: OrderedDict[str, list] = OrderedDict()
    for i in sorted(np.random.default_rng(0).choice(len(samples), count, replace=False).tolist()):
        by_object.setdefault(samples[i].shape.name, []).append(samples[i])
    for its_samples in by_object.values():
        yield Task(
            "people",
            its_samples[0].shape,
            its_samples[0].hand_model.to(dtype=torch.float32),
            [sample.name for sample in its_samples],
            Grasp(
                torch.stack([s.grasp.T_object_hand for s in its_samples]).float(),
                torch.stack([s.grasp.finger_angles for s in its_samples]).float(),
                torch.stack([s.grasp.betas for s in its_samples]).float(),
            ),
        )


class Examination:
    """One task, measured for any robot."""

    def __init__(self, task: Task, cache: Path) -> None:
        self.task = task
        self.shape = task.shape
        self.held = Held.of(task.shape)
        self.pieces = convex_decomposition(
            task.shape.vertices_object, task.shape.faces, cache_folder=cache
        )
        self.solid = SolidObject(task.shape)
        self.mesh = task.hand.pose(task.grasps)
        self.vertices = self.mesh.vertices_object.double().numpy()
        generator = torch.Generator().manual_seed(0)
        sample = task.shape.sample(_SURFACE_POINTS, generator=generator)
        self.surface = sample.points_object.double().numpy()
        self.human_contact = [self._human_contact(vertices) for vertices in self.vertices]
        self.human_part = [self._human_part(vertices) for vertices in self.vertices]

    def _human_contact(self, vertices: ndarray) -> Bool[ndarray, " n"]:
        import igl

        faces = self.task.hand.faces.numpy().astype(np.int64)
        squared = igl.point_mesh_squared_distance(self.surface, vertices, faces)[0]
        return np.sqrt(np.asarray(squared).reshape(-1)) < _CONTACT

    def _human_part(self, vertices: ndarray) -> str | None:
        if self.shape.face_parts is None:
            return None
        finger = self.task.hand.vertex_finger.numpy()
        return held_part(human_touched_parts(self.shape, vertices, finger), self.shape)

    def robot_contact(self, robot: RobotHand, grasp: RobotGrasp) -> Bool[ndarray, " n"]:
        """Which points of the object are near the robot."""
        Ts = robot.kinematics.forward(
            torch.from_numpy(grasp.T_object_base), torch.from_numpy(grasp.qpos)
        ).numpy()
        near = np.zeros(len(self.surface), dtype=bool)
        for piece in robot.pieces:
            T = Ts[piece.body]
            near |= piece.depth((self.surface - T[:3, 3]) @ T[:3, :3]) > -_CONTACT
        return near

    def result(
        self,
        row: int,
        robot: RobotHand,
        method: str,
        grasp: RobotGrasp,
        stable: bool,
        seconds: float,
    ) -> Result:
        """Everything measured of one grasp."""
        feasible = grasp.feasible
        near = self.robot_contact(robot, grasp) if feasible else np.zeros(len(self.surface), bool)
        human = self.human_contact[row]
        touched = touches(
            robot,
            self.held.rows(1),
            torch.from_numpy(grasp.T_object_base)[None].float(),
            torch.from_numpy(grasp.qpos)[None].float(),
        )
        parts = ()
        if feasible and self.shape.face_parts is not None:
            points = touched.points[0][touched.is_touching[0]][:, None]
            found = parts_at(self.held, points, torch.ones(len(points), 1))
            parts = tuple(sorted({part for part in found if part is not None}))
        deep = 0.0
        if feasible:
            deep = penetration(robot, self.solid, grasp.T_object_base, grasp.qpos)
        return Result(
            self.task.source,
            self.task.names[row],
            robot.description.name,
            method,
            feasible,
            grasp.reason,
            stable,
            self.human_part[row],
            grasp.touched_part if feasible else None,
            parts,
            float((near & human).sum() / max(1, (near | human).sum())),
            deep,
            seconds,
        )


def examine(
    exam: Examination, robot: RobotHand, done: set[tuple[str, str, str]], seed: int
) -> Iterator[Result]:
    """All methods on all grasps of one object."""
    task, shape, held = exam.task, exam.shape, exam.held
    name = robot.description.name
    if all((name, "first", grasp) in done for grasp in task.names):
        return
    trial = RobotTrial(robot, shape, exam.pieces)
    start = time.process_time()
    candidates = retarget_candidates(task.grasps, task.hand, shape, robot, held=held, seed=seed)
    each = (time.process_time() - start) / len(task.names)
    for row, ranked in enumerate(candidates):
        yield from _ours(exam, robot, row, ranked, trial, each)
    if is_installed():
        yield from _keypoints(exam, robot, trial)
    if robot.description.embodiment != "hand":
        yield from _antipodal(exam, robot, trial, seed)


def _ours(
    exam: Examination,
    robot: RobotHand,
    row: int,
    ranked: Sequence[RobotGrasp],
    trial: RobotTrial,
    seconds: float,
) -> Iterator[Result]:
    start = time.process_time()
    best, is_stable = ranked[0], False
    for i, grasp in enumerate(ranked[:_TRIED]):
        if not grasp.feasible:
            break
        is_stable = trial.run(grasp).success
        if i == 0:
            yield exam.result(row, robot, "first", grasp, is_stable, seconds)
        if is_stable:
            best = grasp
            break
    if not ranked[0].feasible:
        yield exam.result(row, robot, "first", ranked[0], False, seconds)
    simulated = time.process_time() - start
    yield exam.result(row, robot, "tried", best, is_stable, seconds + simulated)


def _keypoints(exam: Examination, robot: RobotHand, trial: RobotTrial) -> Iterator[Result]:
    task, held = exam.task, exam.held
    solver = KeypointRetargeting(robot)
    joints = usual_joints(exam.mesh)
    if robot.description.embodiment == "hand":
        targets = human_targets(task.grasps, task.hand, held.rows(len(task.names)))
        T_start, q_start = first_alignment(targets, hand_tables(robot))
        starts = list(zip(T_start.double().numpy(), q_start.double().numpy(), strict=True))
    else:
        starts = [gripper_start(robot, its_joints) for its_joints in joints]
    for row in range(len(task.names)):
        start = time.process_time()
        T, q = solver(joints[row], *starts[row])
        seconds = time.process_time() - start
        pose = torch.from_numpy(T)[None].float(), torch.from_numpy(q)[None].float()
        touch = touches(robot, held.rows(1), *pose)
        (planned,) = plans(robot, held.rows(1), *pose, touch, friction=0.6, grip_force=50.0)
        way = (robot.closed_qpos.numpy() - q).clip(-_BLIND_SQUEEZE, _BLIND_SQUEEZE)
        (part,) = parts_at(exam.held, touch.points, touch.is_touching.float())
        grasp = RobotGrasp(
            robot=robot.description.name,
            T_object_base=T,
            joint_names=robot.joint_names,
            qpos=q,
            pregrasp_qpos=planned.pregrasp_qpos,
            squeeze_qpos=q + way,
            feasible=True,
            touched_part=part,
        )
        squeezes = {"keypoints": q + way, "keypoints, our squeeze": planned.squeeze_qpos}
        for method, squeeze in squeezes.items():
            pressed = replace(grasp, squeeze_qpos=squeeze)
            is_stable = trial.run(pressed).success
            yield exam.result(row, robot, method, pressed, is_stable, seconds)


def examine_quickly(
    exams: Sequence[Examination], robot: RobotHand, done: set[tuple[str, str, str]]
) -> Iterator[Result]:
    """One short descent for each grasp, all that one human hand poses in one call."""
    groups: OrderedDict[tuple[str, str], list[Examination]] = OrderedDict()
    for exam in exams:
        groups.setdefault((exam.task.source, exam.task.hand.name), []).append(exam)
    for group in groups.values():
        if all((robot.description.name, "quick", n) in done for e in group for n in e.task.names):
            continue
        grasps = [exam.task.grasps for exam in group]
        together = Grasp(
            torch.cat([g.T_object_hand for g in grasps]),
            torch.cat([g.finger_angles for g in grasps]),
            torch.cat([g.betas for g in grasps]),
        )
        which = torch.cat([torch.full((len(e.task.names),), i) for i, e in enumerate(group)])
        held = HeldBatch.of([exam.held for exam in group], which)
        found, seconds = [], 0.0
        # The first call builds what belongs to the robot and the hand.
        for _ in range(2):
            start = time.process_time()
            found = retarget_each(together, group[0].task.hand, held, robot, settings=QUICK)
            seconds = (time.process_time() - start) / len(which)
        best = iter(ranked[0] for ranked in found)
        for exam in group:
            trial = RobotTrial(robot, exam.shape, exam.pieces)
            for row in range(len(exam.task.names)):
                grasp = next(best)
                is_stable = grasp.feasible and trial.run(grasp).success
                yield exam.result(row, robot, "quick", grasp, is_stable, seconds)


def _antipodal(
    exam: Examination, robot: RobotHand, trial: RobotTrial, seed: int
) -> Iterator[Result]:
    held = exam.held
    generator = torch.Generator().manual_seed(seed)
    for row in range(len(exam.task.names)):
        start = time.process_time()
        found = find_grips(
            None,
            torch.from_numpy(held.com).float(),
            None,
            None,
            robot,
            held,
            friction=0.6,
            count=1,
            generator=generator,
        )
        if found.reason:
            continue
        T, q = found.T_object_base[0], found.qpos[0]
        touch = touches(robot, held.rows(1), T[None], q[None])
        (planned,) = plans(
            robot, held.rows(1), T[None], q[None], touch, friction=0.6, grip_force=50.0
        )
        seconds = time.process_time() - start
        (part,) = parts_at(exam.held, found.contacts, torch.ones(1, 2))
        grasp = RobotGrasp(
            robot=robot.description.name,
            T_object_base=T.double().numpy(),
            joint_names=robot.joint_names,
            qpos=q.double().numpy(),
            pregrasp_qpos=found.open_qpos[0].double().numpy(),
            squeeze_qpos=planned.squeeze_qpos,
            feasible=True,
            touched_part=part,
        )
        yield exam.result(row, robot, "antipodal", grasp, trial.run(grasp).success, seconds)


def examine_people(exam: Examination, done: set[tuple[str, str, str]]) -> Iterator[Result]:
    """The human hand under the same protocol."""
    task = exam.task
    for row, name in enumerate(task.names):
        if ("human", "human", name) in done:
            continue
        grasp = task.grasps[row]
        test = DexGraspBenchTest(ArticulatedHand(task.hand, grasp.betas), exam.pieces)
        held = test.run(grasp).success
        part = exam.human_part[row]
        deep = exam.solid.nearest(exam.vertices[row])[0].min()
        yield Result(
            task.source, name, "human", "human", True, "", held, part, part,
            () if part is None else (part,), 1.0, max(0.0, -float(deep)), 0.0,
        )  # fmt: skip


def table(results: Sequence[Result]) -> str:
    """One line for each robot, method and kind of grasps."""
    lines = [
        "| robot | method | grasps | n | feasible | stable of feasible | 95 % | mostly same part "
        "| touches the part | contact overlap | penetration, median | CPU per grasp |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    groups: OrderedDict[tuple[str, str, str], list[Result]] = OrderedDict()
    for result in results:
        for source in ("all", result.source):
            groups.setdefault((result.robot, result.method, source), []).append(result)
    for (robot, method, source), group in sorted(groups.items()):
        feasible = [r for r in group if r.feasible]
        if not feasible:
            continue
        held = sum(r.stable for r in feasible)
        low, high = proportion_interval(held, len(feasible))
        known = [r for r in feasible if r.human_part is not None]
        same = [r.part == r.human_part for r in known]
        reached = [r.human_part in r.parts for r in known]
        lines.append(
            f"| {robot} | {method} | {source} | {len(group)} | {len(feasible)} | "
            f"{held / len(feasible):.0%} | {low:.0%} to {high:.0%} | {_share(same)} | "
            f"{_share(reached)} | {statistics.mean(r.overlap for r in feasible):.2f} | "
            f"{1e3 * statistics.median(r.penetration for r in feasible):.1f} mm | "
            f"{1e3 * statistics.median(r.seconds for r in group):.0f} ms |"
        )
    return "\n".join(lines)


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits) / len(hits):.0%}" if hits else ""


def _read(path: Path) -> list[Result]:
    if not path.is_file():
        return []
    records = (json.loads(line) for line in path.read_text().splitlines())
    return [Result(**{**record, "parts": tuple(record["parts"])}) for record in records]


def add_grasp_options(parser: argparse.ArgumentParser) -> None:
    """Options that say which human grasps are asked about."""
    parser.add_argument("--raw", type=Path, help="folder of synthesised units")
    parser.add_argument(
        "--seeds-below", type=int, help="only the first objects of each category of --raw"
    )
    parser.add_argument(
        "--seeds-from", type=int, default=0, help="not the first objects of each category of --raw"
    )
    parser.add_argument("--recorded", type=Path, help="folder of recorded human grasps")
    parser.add_argument("--count", type=int, default=54, help="grasps of each kind")


def asked_for(options: argparse.Namespace) -> list[Task]:
    """The human grasps that these options say."""
    tasks: list[Task] = []
    if options.raw:
        tasks += synthesised(options.raw, options.count, options.seeds_below, options.seeds_from)
    if options.recorded:
        tasks += recorded(options.recorded, options.count)
    return tasks


def main() -> None:
    """Examine what is not yet in the results, then print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_grasp_options(parser)
    parser.add_argument(
        "--robots", nargs="*", default=["shadow_hand", "allegro_hand", "panda_hand"]
    )
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--human", action="store_true", help="also the human hand itself")
    parser.add_argument("--output", type=Path, default=Path("runs/robots"))
    parser.add_argument("--report", action="store_true", help="only print the table")
    options = parser.parse_args()
    torch.set_num_threads(1)
    path = options.output / "results.jsonl"
    results = _read(path)
    if not options.report:
        options.output.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        tasks = asked_for(options)
        # In an order that leaves a run that was stopped with some of everything.
        tasks = [tasks[i] for i in np.random.default_rng(1).permutation(len(tasks))]
        robots = [robot_hand(name) for name in options.robots]
        exams: list[Examination] = []

        def keep(fresh: list[Result]) -> None:
            with path.open("a") as stream:
                stream.writelines(json.dumps(asdict(result)) + "\n" for result in fresh)
            results.extend(fresh)

        for task in tasks:
            if time.monotonic() - began > options.seconds:
                break
            exams.append(Examination(task, options.output / "pieces"))
            done = {(r.robot, r.method, r.name) for r in results}
            for robot in robots:
                keep(list(examine(exams[-1], robot, done, options.seed)))
            if options.human:
                keep(list(examine_people(exams[-1], done)))
        for robot in robots:
            if exams and robot.description.embodiment == "hand":
                done = {(r.robot, r.method, r.name) for r in results}
                keep(list(examine_quickly(exams, robot, done)))
    print(table(results))


if __name__ == "__main__":
    main()
