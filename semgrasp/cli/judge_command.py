"""`semgrasp judge`: an estimate first, then a vision model's scores, and whether to trust them."""

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from semgrasp.cli.generate_command import progress_console
from semgrasp.dataset.atomic import written_whole
from semgrasp.errors import InputError
from semgrasp.evaluation import GraspSample, read_samples
from semgrasp.evaluation.entry import Damaged
from semgrasp.judge import (
    Judgement,
    JudgeSettings,
    Price,
    candidates,
    estimate,
    good_controls,
    judge,
    read_prompt,
)

_NAMED = 5
"""Failures that the terminal names; the report names all."""
_SHOWN = 20
"""Grasps in the table of the terminal, the worst first; the report has all."""


def run(options: argparse.Namespace) -> None:
    """Read, estimate, ask, write and print."""
    console = progress_console()
    with console.status("Reading the grasps ..."):
        reading = read_samples(
            options.path,
            objects=options.object,
            hand="open" if options.hand_model == "open" else _mano(options),
            convention=options.convention,
            units=options.units,
            up=options.up,
        )
    if not reading.samples:
        reason = f" The first, {reading.damaged[0].name}: {reading.damaged[0].reason}"
        raise InputError(f"{options.path} holds no readable grasp.{reason * bool(reading.damaged)}")
    samples = [
        dataclasses.replace(s, instruction=s.instruction or options.instruction or "")
        for s in reading.samples
    ]
    judgement = judge_with_estimate(samples, options, console, damaged=reading.damaged)
    if judgement is not None:
        print_judgement(judgement)


def judge_with_estimate(
    samples: Sequence[GraspSample],
    options: argparse.Namespace,
    console: Console,
    *,
    damaged: Sequence[Damaged] = (),
) -> Judgement | None:
    """Print what it will cost, ask if that was agreed to, and write the report.

    None after --dry-run.

    Raises:
        InputError: Neither --yes nor --dry-run was given; nothing was sent.
    """
    settings = JudgeSettings(
        model=options.model,
        base_url=options.base_url,
        api_key_env=options.api_key_env,
        temperature=options.temperature,
        timeout=options.timeout,
        retries=options.retries,
        requests_per_minute=options.requests_per_minute,
        concurrency=options.concurrency,
    )
    output = _output(options.json)
    prompt = read_prompt(options.prompt)
    with console.status("Preparing the controls ..."):
        asked = candidates(samples, _truths(options))
    price = None if options.price is None else Price(*options.price)
    cost = estimate(asked, settings, prompt=prompt, repeats=options.repeats, price=price)
    console.print(f"{settings.model} at {settings.base_url}: {cost}")
    console.print("Retries come on top; answers kept from an earlier run cost nothing.")
    if options.dry_run:
        return None
    if not options.yes:
        raise InputError("Nothing was sent. Add --yes to ask, or --dry-run to see only this.")
    try:
        with _progress(console) as bar:
            task = bar.add_task("Judging", total=len(asked))
            judgement = judge(
                asked,
                settings,
                prompt=prompt,
                repeats=options.repeats,
                seed=options.seed,
                cache=None if options.cache is None else Path(options.cache),
                pictures=None if options.pictures is None else Path(options.pictures),
                damaged=damaged,
                progress=lambda count: bar.advance(task, count),
            )
    except KeyboardInterrupt:
        message = "semgrasp: interrupted; answers so far are kept, the same command goes on."
        print(message, file=sys.stderr)
        raise SystemExit(130) from None
    if output is not None:
        with written_whole(output) as temporary:
            temporary.write_text(judgement.to_json(), encoding="utf-8")
        console.print(f"Wrote {output}.")
    if judgement.score is None:
        first = judgement.failures[0]
        raise InputError(f"No grasp was judged. The first failure, {first.name}: {first.reason}")
    return judgement


def print_judgement(judgement: Judgement) -> None:
    """Scores, agreement, calibration and failures on standard output."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    entries = [s for s in judgement.scored if s.score is not None]
    entries.sort(key=lambda s: (s.score or 0.0, s.name))
    table = Table(title=f"judge {judgement.settings.model}", title_justify="left")
    table.add_column("score", justify="right")
    table.add_column("grasp")
    table.add_column("holds")
    table.add_column("reason")
    for entry in entries[:_SHOWN]:
        answer = next(answer for answer in entry.answers if answer is not None)
        table.add_row(f"{entry.score:.0f}", entry.name, answer.part_touched, answer.reason)
    console.print(table)
    if len(entries) > _SHOWN:
        console.print(f"The {_SHOWN} lowest of {len(entries)} scores; --json writes all.")
    console.print(f"Semantic consistency (0 to 100, 95 % interval): {judgement.score}")
    agreed = judgement.agreement
    if agreed is not None:
        icc, alpha = ("undefined" if v is None else f"{v:.2f}" for v in (agreed.icc, agreed.alpha))
        console.print(
            f"Agreement of {judgement.repeats} repeats on {agreed.grasps} grasps: ICC(2,1) {icc}, "
            f"Krippendorff's alpha {alpha}, spread {agreed.spread:.1f} points"
        )
    calibration = judgement.calibration
    if calibration is not None:
        low, high = calibration.ci95
        console.print(
            f"Calibration: right grasps {calibration.good}, wrong ones {calibration.wrong}; "
            f"AUC {calibration.auc:.2f} [{low:.2f}, {high:.2f}]"
        )
        for kind, auc in calibration.auc_by_kind.items():
            mean = calibration.mean_by_kind[kind]
            console.print(f"  {kind.replace('_', ' ')}: mean {mean:.0f}, AUC {auc:.2f}")
        if calibration.warning:
            console.print(f"Warning: {calibration.warning}")
    if judgement.failures:
        console.print(f"{len(judgement.failures)} questions without an answer:")
    for failure in judgement.failures[:_NAMED]:
        console.print(f"  {failure.name}: {failure.reason}")
    if len(judgement.failures) > _NAMED:
        console.print(f"  ... and {len(judgement.failures) - _NAMED} more; --json names all.")
    traffic = judgement.traffic
    console.print(
        f"{traffic.requests} requests ({traffic.retries} retries, {traffic.reasked} asked again), "
        f"{judgement.from_cache} answers kept from before, {traffic.prompt_tokens:,} tokens in, "
        f"{traffic.completion_tokens:,} out."
    )


def _truths(options: argparse.Namespace) -> list[GraspSample]:
    if options.calibrate is None:
        return []
    if not options.calibrate:
        return good_controls()
    reading = read_samples(options.calibrate)
    truths = [sample for sample in reading.samples if sample.instruction.strip()]
    if not truths:
        raise InputError(
            f"{options.calibrate} holds no readable grasp with an instruction. Give such a "
            "folder, or --calibrate alone for the controls that come with semgrasp."
        )
    return truths


def _mano(options: argparse.Namespace) -> str:
    folder = options.mano or os.environ.get("SEMGRASP_MANO_DIR")
    if not folder:
        raise InputError(
            "--hand-model mano needs your own licensed files: give --mano FOLDER or set "
            "SEMGRASP_MANO_DIR. They come from https://mano.is.tue.mpg.de."
        )
    return folder


def _output(path: str | None) -> Path | None:
    """Where to write, checked before anything is paid for."""
    if path is None:
        return None
    file = Path(path)
    if file.is_dir():
        raise InputError(f"Cannot write to {file}: it is a folder. Give a file name.")
    existing = next(folder for folder in file.absolute().parents if folder.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise InputError(f"Cannot write to {file}: {existing} does not allow it.")
    return file


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
