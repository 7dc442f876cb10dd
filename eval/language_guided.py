"""Does the best grasp hold the part that the sentence names? The main measurement.

    python -m eval.language_guided --scans ../shared/data/ycb_objects --output out/language_guided

Held-out procedural objects are asked about in sentences of the test bank; scans in sentences of
their own. A table is printed; results.json and a contact sheet of 32 random results are written.
With `--categories all`, a second table is about the categories that came after the first eight.
"""

import argparse
import json
import random
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from eval.questions import (
    LATER_CATEGORIES,
    Question,
    procedural_questions,
    scanned_questions,
    unseen_shape_questions,
)
from semgrasp import GraspGenerator
from semgrasp.cli.generate_command import picture
from semgrasp.generate import Prediction
from semgrasp.metrics import touched_parts
from semgrasp.viewer import contact_sheet, save_png

_SHEET_SIZE = 32


@dataclass(frozen=True)
class Result:
    """How one question was answered by the best-ranked grasp."""

    group: str
    object: str
    instruction: str
    asked_part: str
    touched_part: str | None
    """Part touched first and foremost."""
    max_penetration: float | None
    """In [m]."""
    contact_fingers: str
    log_probability: float
    is_right: bool
    """Whether the named part is touched first and foremost: the strict verdict."""
    does_its_job: bool
    """Whether it is right, or touches the named part and else holds a part that goes with it."""
    share_of_candidates: float
    """Share of all returned grasps that are right."""


def answer(
    generator: GraspGenerator, question: Question, num_grasps: int, *, refine: bool
) -> tuple[Result, Prediction]:
    """Ask one question and examine the best answer."""
    predictions = generator.generate(
        question.shape, question.instruction, num_grasps=num_grasps, refine=refine
    )
    best = predictions[0]
    hits = [p.report.values["touched_part"] == question.part for p in predictions]
    values = best.report.values
    touched, depth = values["touched_part"], values["max_penetration"]
    result = Result(
        group=question.group,
        object=question.shape.name,
        instruction=question.instruction,
        asked_part=question.part,
        touched_part=None if touched is None else str(touched),
        max_penetration=None if depth is None else float(depth),
        contact_fingers=str(values["contact_fingers"]),
        log_probability=best.log_probability,
        is_right=hits[0],
        does_its_job=hits[0] or (touched in question.companions and _touches(best, question.part)),
        share_of_candidates=sum(hits) / len(hits),
    )
    return result, best


def _touches(prediction: Prediction, part: str) -> bool:
    """Whether some finger touches a part at all."""
    shape, hand = prediction.shape, prediction.hand_model
    vertices = hand.pose(prediction.grasp).vertices_object.double().numpy()
    touched = touched_parts(shape, vertices, hand.vertex_finger.numpy())
    return bool(touched.by_finger[:, shape.part_names.index(part)].any())


def table(results: list[Result]) -> str:
    """One row per group and part, and one for all; depths are median and largest."""
    head = f"{'object':20s} {'part':13s} {'n':>4s} {'right':>6s} {'job':>6s} {'all':>6s}"
    lines = [f"{head} {'depth mm':>14s}"]
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.group, result.asked_part), []).append(result)
    rows = [*groups.items(), (("all", ""), results)]
    for (group, part), members in rows:
        right = sum(result.is_right for result in members) / len(members)
        job = sum(result.does_its_job for result in members) / len(members)
        share = sum(result.share_of_candidates for result in members) / len(members)
        depths = [1000 * r.max_penetration for r in members if r.max_penetration is not None]
        depth = f"{statistics.median(depths):5.1f} / {max(depths):5.1f}" if depths else "-"
        lines.append(
            f"{group:20s} {part:13s} {len(members):4d} {right:6.0%} {job:6.0%} {share:6.0%} "
            f"{depth:>14s}"
        )
    return "\n".join(lines)


def main() -> None:
    """Ask all questions, print two tables, write results and pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, help="default: the embedded model")
    parser.add_argument("--objects", type=int, default=4, help="held-out objects per category")
    parser.add_argument(
        "--categories", choices=("first", "all"), default="first",
        help="those the first model knew, or those and all others in a table of their own",
    )  # fmt: skip
    parser.add_argument(
        "--later-objects", type=int, default=2, help="held-out objects per category of the others"
    )
    parser.add_argument("--scans", type=Path, help="folder of the YCB scans")
    parser.add_argument("--unseen", type=Path, help="folder of the shapes of GRAB: a blind test")
    parser.add_argument("--only-shapes", action="store_true", help="no procedural objects")
    parser.add_argument("--num-grasps", type=int, default=8)
    parser.add_argument("--no-refine", action="store_true")
    parser.add_argument("--limit", type=int, help="ask only so many random questions of each kind")
    parser.add_argument("--seed", type=int, default=0, help="for sentences and what is drawn")
    parser.add_argument("--sheet", type=Path, help="PNG of 32 random results to draw")
    parser.add_argument("--output", type=Path, default=Path("out/language_guided"))
    options = parser.parse_args()

    kinds: dict[str, list[Question]] = {}
    if not options.only_shapes:
        kinds["procedural"] = list(procedural_questions(options.objects, options.seed))
    if options.categories == "all" and not options.only_shapes:
        kinds["later categories"] = list(
            procedural_questions(options.later_objects, options.seed, LATER_CATEGORIES)
        )
    if options.scans:
        kinds["scans"] = list(scanned_questions(options.scans))
    if options.unseen:
        kinds["unseen shapes"] = list(unseen_shape_questions(options.unseen))
    generator = GraspGenerator.from_pretrained(options.checkpoint)
    rng = random.Random(options.seed)
    results: dict[str, list[Result]] = {}
    drawn: list[tuple[Result, Prediction]] = []
    for kind, questions in kinds.items():
        if options.limit is not None and options.limit < len(questions):
            questions = rng.sample(questions, options.limit)
        begin = time.perf_counter()
        answers = [
            answer(generator, question, options.num_grasps, refine=not options.no_refine)
            for question in questions
        ]
        seconds = (time.perf_counter() - begin) / max(1, len(answers))
        results[kind] = [result for result, _ in answers]
        drawn += answers
        print(f"\n{kind}: {len(answers)} questions, {seconds:.2f} s each")
        print(table(results[kind]), flush=True)

    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "results.json").write_text(
        json.dumps({kind: [asdict(r) for r in rs] for kind, rs in results.items()}, indent=1) + "\n"
    )
    if options.sheet:
        draw(rng.sample(drawn, min(_SHEET_SIZE, len(drawn))), options.sheet)


def draw(answers: list[tuple[Result, Prediction]], path: Path) -> None:
    """A contact sheet: each result from two sides, with its sentence and the verdict."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet = contact_sheet(
        [picture(prediction) for _, prediction in answers],
        [_caption(result) for result, _ in answers],
        columns=4,
    )
    save_png(sheet, path)


def _caption(result: Result) -> str:
    depth = "" if result.max_penetration is None else f", {1000 * result.max_penetration:.0f} mm in"
    held = "right" if result.is_right else f"WRONG: holds {result.touched_part or 'nothing'}"
    return f'"{result.instruction}" ({result.asked_part}) - {held}{depth}'


if __name__ == "__main__":
    main()
