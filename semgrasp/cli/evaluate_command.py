"""`semgrasp evaluate`: grasps in, the numbers of a named protocol out."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial as partial_of
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from semgrasp.cli.generate_command import progress_console
from semgrasp.dataset.atomic import written_whole
from semgrasp.errors import InputError
from semgrasp.evaluation import Evaluation, Reading, evaluate, read_pair, read_samples
from semgrasp.evaluation.protocol_page import protocol_page
from semgrasp.evaluation.report import PROPORTIONS, TITLES, described
from semgrasp.metrics.protocols import PROTOCOLS, protocol

_NAMED_DAMAGES = 5
"""Damaged grasps that the terminal names; the report names all."""
_SECONDS_BETWEEN_REPORTS = 30.0
"""Between lines of progress where there is no terminal."""
_RESUMABLE_ABOVE = 1000
"""Grasps above which finished work is kept beside the report, to go on after an interruption."""


def run(options: argparse.Namespace) -> None:
    """Read, measure, write and print."""
    if options.list_protocols or options.protocol == "help":
        print("\n".join(protocol_page(entry) for entry in PROTOCOLS.values()), end="")
        return
    chosen = protocol(options.protocol)
    outputs = _outputs(options)
    console = progress_console()
    with console.status("Reading the grasps ...") as status:
        reading = _reading(options, lambda count: status.update(f"Reading grasp {count} ..."))
        reference = None
        if options.reference is not None:
            reference = read_samples(options.reference, **reading_options(options)).samples
    _refuse_nothing(reading.samples, reading.damaged)

    partial = None
    if outputs and len(reading.samples) > _RESUMABLE_ABOVE:
        first = next(iter(outputs.values()))
        partial = first.with_name(first.name + ".partial.jsonl")
    try:
        with _progress(console) as bar:
            total = len(reading.samples)
            task = bar.add_task(f"Measuring ({chosen.name})", total=total)
            advance = _Reports(console, total) if bar.disable else partial_of(bar.advance, task)
            evaluation = evaluate(
                reading.samples,
                chosen,
                damaged=reading.damaged,
                notes=reading.notes,
                metrics=None if options.metrics is None else options.metrics.split(","),
                engine=options.engine,
                seed=options.seed,
                workers=options.workers,
                ray_address=options.ray_address or ("local" if options.ray else None),
                reference=reference,
                pointnet=options.pointnet,
                partial=partial,
                progress=advance,
            )
    except KeyboardInterrupt:
        if partial is None or not partial.exists():
            raise
        message = f"semgrasp: interrupted; the same command goes on from {partial}."
        print(message, file=sys.stderr)
        raise SystemExit(130) from None
    _refuse_nothing(evaluation.measured, evaluation.damaged)

    _print(evaluation)
    for kind, path in outputs.items():
        text = getattr(evaluation, f"to_{kind}")()
        with written_whole(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    if partial is not None:
        partial.unlink(missing_ok=True)
    for line in _damages(evaluation):
        console.print(line)
    if outputs:
        console.print(f"Wrote {', '.join(map(str, outputs.values()))}.")


def reading_options(options: argparse.Namespace) -> dict:
    hand = "open" if options.hand_model == "open" else _mano(options)
    return {
        "objects": options.object,
        "hand": hand,
        "convention": options.convention,
        "units": options.units,
        "up": options.up,
    }


def _reading(options: argparse.Namespace, progress: Callable[[int], object]) -> Reading:
    if options.hand is not None:
        if options.object is None or options.path is not None:
            raise InputError(
                "--hand measures one pair of meshes: give --hand HAND --object OBJECT, no path."
            )
        return read_pair(options.hand, options.object, units=options.units, up=options.up)
    if options.path is None:
        raise InputError(
            "Nothing to measure: give a file or folder of grasps, or --hand HAND --object OBJECT. "
            "See semgrasp evaluate --help."
        )
    return read_samples(options.path, **reading_options(options), progress=progress)


def _mano(options: argparse.Namespace) -> str:
    folder = options.mano or os.environ.get("SEMGRASP_MANO_DIR")
    if not folder:
        raise InputError(
            "--hand-model mano needs your own licensed files: give --mano FOLDER or set "
            "SEMGRASP_MANO_DIR. They come from https://mano.is.tue.mpg.de."
        )
    return folder


def _outputs(options: argparse.Namespace) -> dict[str, Path]:
    """Where to write, checked before anything is computed."""
    chosen = {"json": options.json, "csv": options.csv, "markdown": options.markdown}
    outputs = {kind: Path(path) for kind, path in chosen.items() if path is not None}
    if len({path.resolve() for path in outputs.values()}) < len(outputs):
        raise InputError("Two reports would be written to one file. Give each a name of its own.")
    for path in outputs.values():
        if path.is_dir():
            raise InputError(f"Cannot write to {path}: it is a folder. Give a file name.")
        existing = next(folder for folder in path.absolute().parents if folder.exists())
        try:
            # Permissions alone do not tell: root may all, yet some file systems refuse it.
            with tempfile.TemporaryFile(dir=existing):
                pass
        except OSError as error:
            raise InputError(
                f"Cannot write to {path}: {existing} does not allow it. Give another place."
            ) from error
    return outputs


def _refuse_nothing(measured, damaged) -> None:
    if measured:
        return
    if not damaged:
        raise InputError("The path holds no grasps.")
    name, reason = damaged[0]
    raise InputError(
        f"None of {len(damaged)} grasps could be measured. The first, {name}: {reason}"
    )


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


class _Reports:
    """Progress where nobody looks: a line now and then, for logs of long runs."""

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total = console, total
        self._done = 0
        self._last = time.monotonic()

    def __call__(self, count: int) -> None:
        self._done += count
        if time.monotonic() - self._last >= _SECONDS_BETWEEN_REPORTS:
            self._last = time.monotonic()
            self._console.print(f"Measured {self._done} of {self._total} grasps.")


def _print(evaluation: Evaluation) -> None:
    """The table on standard output."""
    console = Console(highlight=False)
    chosen = evaluation.protocol
    table = Table(
        title=f"protocol {chosen.label}, {evaluation.engine}, seed {evaluation.seed}: "
        f"{len(evaluation.measured)} grasps, {len(evaluation.damaged)} damaged",
        title_justify="left",
    )
    # Folded, not cut, where the terminal is narrow: a number without its end is another number.
    table.add_column("metric", overflow="fold")
    table.add_column("mean +- std [95 % CI]", justify="right", overflow="fold")
    table.add_column(
        "n", justify="right", no_wrap=True, min_width=len(str(len(evaluation.measured)))
    )
    for name, s in evaluation.summary().items():
        spread = "" if name in PROPORTIONS else f" +- {s.std:.3f}"
        # Text, because rich reads brackets in strings as markup.
        table.add_row(Text(TITLES[name]), Text(f"{s.mean:.3f}{spread} [{s.interval}]"), str(s.n))
    for name, text in described(evaluation.set_metrics):
        table.add_row(Text(name), Text(text), "")
    console.print(table)
    for note in evaluation.notes:
        console.print(note, markup=False)
    for defect in chosen.known_defects:
        console.print(f"Known defect: {defect}", markup=False)


def _damages(evaluation: Evaluation) -> list[str]:
    damaged = evaluation.damaged
    lines = [f"Damaged: {name}: {reason}" for name, reason in damaged[:_NAMED_DAMAGES]]
    if len(damaged) > _NAMED_DAMAGES:
        lines.append(
            f"... and {len(damaged) - _NAMED_DAMAGES} more; --json FILE or --csv FILE names all."
        )
    return lines
