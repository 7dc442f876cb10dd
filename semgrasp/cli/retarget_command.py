"""`semgrasp retarget`: human grasps in, the same grasps on robots out."""

import argparse
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress

from semgrasp.cli.evaluate_command import reading_options
from semgrasp.cli.generate_command import progress_console
from semgrasp.cli.staging import staged_folder
from semgrasp.errors import InputError
from semgrasp.evaluation import read_samples
from semgrasp.evaluation.sample import GraspSample
from semgrasp.robots.appearance import body_poses, visible_meshes
from semgrasp.robots.messages import grasp_messages
from semgrasp.robots.recording import Recording
from semgrasp.robots.retarget import RetargetSettings, retarget
from semgrasp.robots.robot_grasp import RobotGrasp
from semgrasp.robots.robot_hand import RobotHand, robot_hand
from semgrasp.robots.scene_files import write_mjcf, write_usd
from semgrasp.robots.trial import RobotTrial
from semgrasp.simulation import convex_decomposition
from semgrasp.types import Grasp, ObjectShape
from semgrasp.viewer import contact_sheet, save_png
from semgrasp.viewer.robot_pictures import film, render_robot_grasp, write_video

EXPORTS = ("moveit", "mjcf", "usd")
_DRAWN = 8
_MASS_KG = 0.1
_TRIED = 8
"""Candidates per grasp that are simulated, best first, until one holds."""
_PICTURE_SIZE = 240
_FILM_SIZE = 320


@dataclass(frozen=True, eq=False)
class _Answer:
    """One human grasp on one robot."""

    sample: GraspSample
    robot: RobotHand
    grasp: RobotGrasp


def run(options: argparse.Namespace) -> None:
    """Read, retarget, simulate if asked, write and summarise."""
    exports = _exports(options.export)
    console = progress_console()
    robots = [robot_hand(name) for name in dict.fromkeys(options.robot)]
    reading = read_samples(options.path, **reading_options(options))
    samples = [s for s in reading.samples if s.hand_model is not None and s.grasp is not None]
    if not samples:
        raise InputError(
            f"{options.path} holds no grasp of a hand whose fingers are known. Give a grasps.json "
            "that semgrasp generate wrote, or poses of the open hand or MANO."
        )
    samples = samples[: options.num_grasps or None]
    settings = RetargetSettings(simulate=_TRIED if options.simulate else 0)

    with staged_folder(Path(options.output)) as staging:
        answers: list[_Answer] = []
        groups = [list(g) for _, g in itertools.groupby(samples, key=lambda s: id(s.shape))]
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task("Retargeting", total=len(robots) * len(samples))
            for robot in robots:
                for group in groups:
                    answers += _retargeted(group, robot, settings, options.seed)
                    bar.advance(task, len(group))
        with console.status("Writing and drawing ..."):
            _write_json(answers, staging)
            _draw(answers, staging)
            for robot in robots:
                _export([a for a in answers if a.robot is robot], exports, staging)
        if options.video:
            _film_all(answers, robots, staging, console)
    for robot in robots:
        console.print(_line(robot, [a.grasp for a in answers if a.robot is robot]))
    console.print(f"Wrote robot_grasps.json and robots.png to {options.output}.")


def _exports(text: str | None) -> tuple[str, ...]:
    chosen = tuple(word.strip() for word in (text or "").split(",") if word.strip())
    unknown = [word for word in chosen if word not in EXPORTS]
    if unknown:
        raise InputError(f"Cannot export to {', '.join(unknown)}; there are {', '.join(EXPORTS)}.")
    return chosen


def _retargeted(
    group: Sequence[GraspSample], robot: RobotHand, settings: RetargetSettings, seed: int
) -> list[_Answer]:
    grasps = [sample.grasp for sample in group if sample.grasp is not None]
    batch = Grasp(
        torch.stack([grasp.T_object_hand for grasp in grasps]),
        torch.stack([grasp.finger_angles for grasp in grasps]),
        torch.stack([grasp.betas for grasp in grasps]),
        grasps[0].side,
    )
    hand_model = group[0].hand_model
    assert hand_model is not None
    found = retarget(batch, hand_model, group[0].shape, robot, settings=settings, seed=seed)
    return [_Answer(sample, robot, grasp) for sample, grasp in zip(group, found, strict=True)]


def _write_json(answers: Sequence[_Answer], folder: Path) -> None:
    records = [
        {
            **answer.grasp.to_json(),
            "human_grasp": answer.sample.name,
            "instruction": answer.sample.instruction,
            "object": answer.sample.shape.name,
            "T_file_object": answer.sample.shape.T_file_object.tolist(),
            "units": "m for lengths and sliding joints, rad for turning joints",
            "frames": "T_object_base takes points of the robot's base to the object frame; "
            "T_file_object takes those to the frame and units of the mesh file",
        }
        for answer in answers
    ]
    text = json.dumps(records, indent=1, ensure_ascii=False)
    (folder / "robot_grasps.json").write_text(text + "\n", encoding="utf-8")


def _draw(answers: Sequence[_Answer], folder: Path) -> None:
    counts: Counter[str] = Counter()
    pictures, captions = [], []
    for answer in answers:
        counts[answer.grasp.robot] += 1
        if counts[answer.grasp.robot] > _DRAWN:
            continue
        meshes = visible_meshes(answer.robot.model)
        pictures.append(
            render_robot_grasp(
                answer.sample.shape, meshes, body_poses(answer.robot, answer.grasp), size=240
            )
        )
        captions.append(f"{answer.grasp.robot}: {_verdict(answer.grasp)}")
    save_png(contact_sheet(pictures, captions, columns=2), folder / "robots.png")


def _export(answers: Sequence[_Answer], exports: Sequence[str], folder: Path) -> None:
    """The best feasible grasp as a scene, all feasible ones as messages."""
    feasible = [answer for answer in answers if answer.grasp.feasible]
    if not feasible:
        return
    best = min(feasible, key=lambda answer: answer.grasp.stable is not True)
    robot, shape = best.robot, best.sample.shape
    name = robot.description.name
    if "moveit" in exports:
        approach = robot.description.T_base_palm[:3, 0]
        base = robot.kinematics.body_names[0]
        text = grasp_messages([a.grasp for a in feasible], approach, base_frame=base)
        (folder / f"{name}_moveit.yaml").write_text(text, encoding="utf-8")
    if "mjcf" in exports:
        qpos = robot.kinematics.model_qpos(torch.from_numpy(best.grasp.qpos)).numpy()
        write_mjcf(
            folder / f"{name}_mjcf", robot.spec, shape,
            convex_decomposition(shape.vertices_object, shape.faces),
            best.grasp.T_object_base, qpos, _MASS_KG,
        )  # fmt: skip
    if "usd" in exports:
        write_usd(folder / f"{name}.usda", robot.model, body_poses(robot, best.grasp), shape)


def _film_all(
    answers: Sequence[_Answer], robots: Sequence[RobotHand], folder: Path, console: Console
) -> None:
    for robot in robots:
        feasible = [a for a in answers if a.robot is robot and a.grasp.feasible]
        if not feasible:
            console.print(f"No film of {robot.description.name}: none of its grasps is feasible.")
            continue
        best = min(feasible, key=lambda answer: answer.grasp.stable is not True)
        with console.status(f"Filming {robot.description.name} ..."):
            written, held = film_lift(robot, best.grasp, best.sample.shape, folder)
        console.print(f"{written.name}: {held}")


def film_lift(
    robot: RobotHand, grasp: RobotGrasp, shape: ObjectShape, folder: Path, *, ending: str = "mp4"
) -> tuple[Path, str]:
    """Simulate approach, close and lift and write the film; also what came of it, in words."""
    trial = RobotTrial(robot, shape)
    recording = Recording()
    lifted = trial.lift(grasp, watch=recording)
    approach_object = grasp.T_object_base[:3, :3] @ robot.description.T_base_palm[:3, 0]
    recording.approach_from(approach_object)
    frames = film(
        shape, visible_meshes(robot.model), recording.body_poses(),
        recording.object_poses(), towards_camera=_camera(approach_object), size=_FILM_SIZE,
    )  # fmt: skip
    path = folder / f"lift_{robot.description.name}.{ending}"
    written = write_video(list(frames), path, frames_per_second=recording.frames_per_second)
    return written, "lifted and held" if lifted.success else lifted.reason


def _camera(approach_object: np.ndarray) -> tuple[float, float, float]:
    """From the side of the way the hand comes, a little from above."""
    across = np.cross([0.0, 0.0, 1.0], approach_object)
    if np.linalg.norm(across) < 0.3:
        across = np.array([-0.3, -1.0, 0.0])
    across = across / np.linalg.norm(across)
    return float(across[0]), float(across[1]), 0.35


def _verdict(grasp: RobotGrasp) -> str:
    if not grasp.feasible:
        return f"not feasible: {grasp.reason}"
    held = {True: ", holds", False: ", slips", None: ""}[grasp.stable]
    part = f" on the {grasp.touched_part.replace('_', ' ')}" if grasp.touched_part else ""
    return f"feasible{part}{held}"


def _line(robot: RobotHand, grasps: Sequence[RobotGrasp]) -> str:
    feasible = [grasp for grasp in grasps if grasp.feasible]
    line = f"{robot.description.title}: {len(feasible)} of {len(grasps)} feasible"
    if any(grasp.stable is not None for grasp in grasps):
        line += f", {sum(grasp.stable is True for grasp in feasible)} hold in simulation"
    reasons = Counter(grasp.reason for grasp in grasps if not grasp.feasible)
    if reasons:
        line += f". Most often in the way: {reasons.most_common(1)[0][0]}"
    return line + "."
