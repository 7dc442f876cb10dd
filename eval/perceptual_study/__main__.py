"""Command line: `python -m eval.perceptual_study page ...` and `... score ...`."""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from eval.perceptual_study.answers import read_all_answers, read_key
from eval.perceptual_study.items import make_study
from eval.perceptual_study.page import key_of, page_of
from eval.perceptual_study.score import score_study
from semgrasp.dataset.atomic import written_whole
from semgrasp.errors import InputError, SemgraspError
from semgrasp.evaluation import GraspSample, read_samples

_console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
_LARGE_PAGE = 15_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the two commands; bad input prints a message and returns 2."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except SemgraspError as error:
        _console.print(f"Error: {error}")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    import eval.perceptual_study as package

    parser = argparse.ArgumentParser(
        prog="python -m eval.perceptual_study",
        description=package.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="page | score")

    page = commands.add_parser("page", help="make the page that volunteers open")
    page.add_argument("grasps", nargs="*", type=Path, help="folders of grasps of one method")
    page.add_argument(
        "--condition",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="grasps of a method under its name; repeat to compare methods blind",
    )
    page.add_argument(
        "--objects",
        "--object",
        type=Path,
        help="the mesh that is held, or the folder of the meshes, where they lie elsewhere",
    )
    page.add_argument("--best", type=int, help="show only so many of each folder, best first")
    page.add_argument("--checks", type=int, default=2, help="attention checks to mix in")
    page.add_argument("--seed", type=int, help="for names and order; drawn anew by default")
    page.add_argument("--output", type=Path, default=Path("study.html"))
    page.set_defaults(run=_page)

    score = commands.add_parser("score", help="read the answers")
    score.add_argument("key", type=Path, help="the NAME.key.json that was written with the page")
    score.add_argument("answers", nargs="+", type=Path, help="files that volunteers downloaded")
    score.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    score.add_argument("--json", type=Path, help="write the scores here too")
    score.set_defaults(run=_score)
    return parser


def _page(options: argparse.Namespace) -> None:
    output: Path = options.output
    key_path = output.with_suffix(".key.json")
    for path in (output, key_path):
        # Answers can only be read with the key of the very page they were given on.
        if path.exists():
            raise InputError(f"{path} exists. Give another --output, or remove it first.")
    if not 0 <= options.checks <= 20:
        raise InputError(f"--checks must be from 0 to 20, got {options.checks}.")
    if options.best is not None and options.best < 1:
        raise InputError(f"--best must be at least 1, got {options.best}.")

    conditions: dict[str, list[GraspSample]] = {}
    left_out: list[tuple[str, str]] = []
    for name, folder in _folders(options):
        with _console.status(f"Reading {folder} ..."):
            reading = read_samples(folder, objects=options.objects)
        conditions.setdefault(name, []).extend(_best(reading.samples, options.best))
        left_out += [(f"{folder}: {damaged}", reason) for damaged, reason in reading.damaged]
    for name, reason in left_out:
        _console.print(f"Left out {name}: {reason}")
    for name, samples in conditions.items():
        if not samples:
            raise InputError(f"No grasp of {name!r} could be read.")

    rng = random.Random(options.seed) if options.seed is not None else random.SystemRandom()
    study = make_study(conditions, checks=options.checks, rng=rng)
    with _console.status("Drawing ...") as status:
        page = page_of(
            study,
            progress=lambda done, total: status.update(f"Drawing {done + 1} of {total} ..."),
        )
    with written_whole(key_path) as path:
        path.write_text(
            json.dumps(key_of(study, left_out), indent=1, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
    with written_whole(output) as path:
        path.write_text(page, encoding="utf-8")
    shown = ", ".join(f"{len(samples)} of {name}" for name, samples in conditions.items())
    _console.print(
        f"Wrote {output} ({len(page) / 1e6:.1f} MB): {shown} and {options.checks} attention "
        f"checks.\nSend volunteers the page and a code each. Keep {key_path} to yourself: it says "
        "which grasp is whose."
    )
    if len(page) > _LARGE_PAGE:
        _console.print("The page is large for a phone: show fewer grasps with --best.")


def _folders(options: argparse.Namespace) -> list[tuple[str, Path]]:
    if bool(options.grasps) == bool(options.condition):
        raise InputError(
            "Give folders of grasps of one method, or --condition NAME=FOLDER for each method."
        )
    if options.grasps:
        return [("grasps", folder) for folder in options.grasps]
    folders = []
    for text in options.condition:
        name, equals, folder = text.partition("=")
        if not equals or not name.strip() or not folder:
            raise InputError(f"--condition {text!r} must be NAME=FOLDER.")
        folders.append((name.strip(), Path(folder)))
    return folders


def _best(samples: Sequence[GraspSample], most: int | None) -> list[GraspSample]:
    """The first grasps of each file; `semgrasp generate` writes them best first."""
    taken: dict[str, list[GraspSample]] = {}
    for sample in samples:
        taken.setdefault(sample.name.rpartition("#")[0] or sample.name, []).append(sample)
    return [sample for members in taken.values() for sample in members[:most]]


def _score(options: argparse.Namespace) -> None:
    key = read_key(options.key)
    outcome = score_study(key, read_all_answers(options.answers, key), seed=options.seed)
    if options.json is not None:
        with written_whole(options.json) as path:
            text = json.dumps(outcome.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
            path.write_text(text + "\n", encoding="utf-8")
    print(outcome.to_markdown())


if __name__ == "__main__":
    sys.exit(main())
