"""A trained model on disk: config.json, tokenizer/, language/; with digests against damage."""

import hashlib
import importlib.resources
import json
from dataclasses import dataclass
from pathlib import Path

import torch

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.hand import HandModel, named_hand
from semgrasp.language import GraspLanguageModel
from semgrasp.tokenizer import GraspTokenizer
from semgrasp.tokenizer.checkpoint import read_config

FORMAT = "semgrasp-checkpoint-1"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Everything that generation reads from disk."""

    hand: HandModel
    tokenizer: GraspTokenizer
    language: GraspLanguageModel


def default_checkpoint() -> Path:
    """Folder of the model that is shipped inside the package."""
    return Path(str(importlib.resources.files("semgrasp"))) / "checkpoints" / "default"


def save_checkpoint(
    folder: str | Path, tokenizer: GraspTokenizer, language: GraspLanguageModel
) -> None:
    """Write a model that `load_checkpoint` reads."""
    folder = Path(folder)
    tokenizer.save_pretrained(folder / "tokenizer")
    language.save_pretrained(folder / "language")
    seal_checkpoint(folder)


def seal_checkpoint(folder: str | Path) -> None:
    """Write config.json with the digest of every file that tokenizer/ and language/ hold."""
    folder = Path(folder)
    files = sorted(
        file for part in ("tokenizer", "language") for file in (folder / part).rglob("*")
        if file.is_file()
    )  # fmt: skip
    config = {
        "format": FORMAT,
        "hand_model": read_config(folder / "tokenizer" / "config.json").hand,
        "sha256": {file.relative_to(folder).as_posix(): _digest(file) for file in files},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def load_checkpoint(folder: str | Path | None = None) -> Checkpoint:
    """Read a model; the embedded one where no folder is given."""
    path = default_checkpoint() if folder is None else Path(folder)
    _check(path)
    # Networks are born with random weights before the trained ones replace them; a program that
    # loads a model should still draw the numbers it would have drawn.
    with torch.random.fork_rng(devices=[]):
        tokenizer = GraspTokenizer.from_pretrained(path / "tokenizer")
        hand = named_hand(tokenizer.config.hand)
        language = GraspLanguageModel.from_pretrained(path / "language")
    return Checkpoint(hand, tokenizer.eval(), language.eval())


def checkpoint_digest(folder: str | Path) -> str:
    """One digest for the whole model: that of its config.json, which lists all others."""
    return _digest(Path(folder) / "config.json")


def _check(folder: Path) -> None:
    """Refuse a folder that is missing, foreign or damaged."""
    config_file = folder / "config.json"
    if not folder.is_dir():
        if folder == default_checkpoint():
            raise AssetNotFoundError(
                f"This installation has no embedded model: {folder} is missing. Install semgrasp "
                "anew, or give the folder of a trained model as checkpoint."
            )
        raise AssetNotFoundError(
            f"No checkpoint folder at {folder}. Give the path of a trained model, or leave it out "
            "to use the embedded one."
        )
    if not config_file.is_file():
        raise InputError(
            f"{folder} is not a semgrasp checkpoint: it has no config.json. "
            "A checkpoint holds config.json, tokenizer/ and language/."
        )
    try:
        config = json.loads(config_file.read_text())
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{config_file} is damaged: {error}. Get the checkpoint again.") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        given = config.get("format") if isinstance(config, dict) else None
        raise InputError(
            f"{folder} is not a checkpoint this version reads: its format is {given!r}, "
            f"not {FORMAT!r}. Use a model that this version saved."
        )
    digests = config.get("sha256")
    if not isinstance(digests, dict) or not digests:
        raise InputError(f"{config_file} is damaged: it lists no files. Get the checkpoint again.")
    for name, digest in digests.items():
        file = folder / name
        if not file.is_file():
            raise InputError(f"The checkpoint at {folder} is damaged: {name} is missing.")
        if _digest(file) != digest:
            raise InputError(
                f"The checkpoint at {folder} is damaged: {name} is not the file that was saved. "
                "Get the checkpoint again."
            )


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
