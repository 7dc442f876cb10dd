"""Write a folder completely or not at all."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from semgrasp.errors import InputError


@contextmanager
def staged_folder(output: Path) -> Iterator[Path]:
    """A temporary folder whose files move to `output` when the block ends without an error.

    It is created on entry, beside its destination, so that a place that cannot be written fails
    before anything is computed. Files of others in an existing `output` are left alone.
    """
    if output.exists() and not output.is_dir():
        raise InputError(f"Cannot write to {output}: it is a file. Give a folder to --output.")
    created = [folder for folder in (output, *output.parents) if not folder.exists()]
    try:
        output.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".semgrasp-", dir=output))
    except OSError as error:
        _remove_empty(created)
        raise InputError(
            f"Cannot write to {output}: {error.strerror or error}. Give another --output."
        ) from error
    try:
        yield staging
        _publish(staging, output)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        _remove_empty(created)


def _publish(staging: Path, output: Path) -> None:
    stale = _hands_of_earlier_run(output)
    # The list comes last: whoever reads it finds every file that it names.
    for file in sorted(staging.iterdir(), key=lambda file: file.name == "grasps.json"):
        if file.is_dir():
            # A folder is replaced as a whole: a file of an earlier run must not stay in it.
            shutil.rmtree(output / file.name, ignore_errors=True)
        os.replace(file, output / file.name)
        stale.discard(file.name)
    for name in stale:
        (output / name).unlink(missing_ok=True)


def _hands_of_earlier_run(output: Path) -> set[str]:
    """Hand files that an existing grasps.json claims; a shorter run must not leave them behind."""
    try:
        records = json.loads((output / "grasps.json").read_text())
        names = {str(record["hand_mesh"]) for record in records}
    except (OSError, ValueError, TypeError, KeyError):
        return set()
    return {name for name in names if Path(name).name == name and name.startswith("hand_")}


def _remove_empty(folders: list[Path]) -> None:
    """Remove the folders that this run created and that hold nothing, innermost first."""
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
