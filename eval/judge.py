"""What does a vision model think of our grasps? The paper's GPT-4 score, with its calibration.

    python -m eval.judge --model gpt-4o --dry-run
    python -m eval.judge --model gpt-4o --calibrate --repeats 3 --yes --json out/judge/judge.json

Held-out procedural objects are asked about in sentences of the test bank, and scans in sentences
of their own; the best grasp for each is judged. One row per group of objects is printed, and one
for the controls, which stand where the paper has its ground truth (82.3 there, by GPT-4V on
OakInk; 74.5 for SemGrasp): other objects, pictures, prompt and model, so not the same scale.
"""

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

from eval.questions import Question, procedural_questions, scanned_questions
from semgrasp import GraspGenerator
from semgrasp.cli.generate_command import progress_console
from semgrasp.cli.judge_command import judge_with_estimate, print_judgement
from semgrasp.cli.judge_options import add_judge_options
from semgrasp.evaluation import GraspSample
from semgrasp.judge import Judgement
from semgrasp.judge.judgement import Mean


def answers(
    questions: list[Question], generator: GraspGenerator, num_grasps: int
) -> Iterator[tuple[str, GraspSample]]:
    """The best grasp for each question, with its group."""
    for number, question in enumerate(questions):
        predictions = generator.generate(
            question.shape, question.instruction, num_grasps=num_grasps
        )
        best = predictions[0]
        mesh = best.hand_model.pose(best.grasp)
        yield (
            question.group,
            GraspSample(
                name=f"{number:03d} {question.shape.name}",
                shape=question.shape,
                hand_vertices_object=mesh.vertices_object.double().numpy(),
                hand_faces=mesh.faces.numpy(),
                hand_model=best.hand_model,
                grasp=best.grasp,
                instruction=question.instruction,
                asked_part=question.part,
            ),
        )


def table(judgement: Judgement, group_of: dict[str, str]) -> str:
    """Mean score and 95 % interval of each group, of all, and of the controls."""
    seed = judgement.seed
    rows = {
        group: Mean.of([s for s in judgement.scored if group_of[s.name] == group], seed=seed)
        for group in dict.fromkeys(group_of.values())
    }
    rows["all"] = judgement.score
    calibration = judgement.calibration
    if calibration is not None:
        rows |= {"right controls": calibration.good, "wrong controls": calibration.wrong}
    lines = [f"{'objects':20s} semantic consistency [95 %]"]
    lines += [f"{name:20s} {'-' if mean is None else mean}" for name, mean in rows.items()]
    return "\n".join(lines)


def main() -> None:
    """Generate, estimate, judge, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, help="default: the embedded model")
    parser.add_argument("--objects", type=int, default=4, help="held-out objects per category")
    parser.add_argument("--scans", type=Path, help="folder of the YCB scans")
    parser.add_argument("--num-grasps", type=int, default=8, help="of which the best is judged")
    parser.add_argument("--limit", type=int, help="judge only so many random questions")
    add_judge_options(parser)
    options = parser.parse_args()

    questions = list(procedural_questions(options.objects, options.seed))
    if options.scans:
        questions += scanned_questions(options.scans)
    if options.limit is not None and options.limit < len(questions):
        questions = random.Random(options.seed).sample(questions, options.limit)
    console = progress_console()
    with console.status(f"Generating grasps for {len(questions)} questions ..."):
        generator = GraspGenerator.from_pretrained(options.checkpoint)
        answered = list(answers(questions, generator, options.num_grasps))
    judgement = judge_with_estimate([sample for _, sample in answered], options, console)
    if judgement is not None:
        print_judgement(judgement)
        print(table(judgement, {sample.name: group for group, sample in answered}))


if __name__ == "__main__":
    main()
