"""The tokenizer on disk: config.json beside model.safetensors, never a pickle."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.hand import HandModel
from semgrasp.tokenizer.config import TokenizerConfig
from semgrasp.tokenizer.pointbert import PointBertConfig
from semgrasp.tokenizer.vqvae import GraspTokenizer

_FORMAT = "semgrasp-tokenizer-1"
_TRAINING_ONLY = (".cluster_size", ".embed_avg")
"""Statistics that only training of the codebooks reads."""


def save_tokenizer(tokenizer: GraspTokenizer, folder: Path) -> None:
    """Write the tokenizer; weights in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous().cpu()
        for name, tensor in tokenizer.state_dict().items()
        if not name.endswith(_TRAINING_ONLY)
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": _FORMAT})
    described = {"format": _FORMAT, "tokenizer": asdict(tokenizer.config)}
    (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n")


def load_tokenizer(folder: Path, hand: HandModel | None) -> GraspTokenizer:
    """Read a tokenizer, or say what is wrong with the folder."""
    tokenizer = GraspTokenizer(read_config(folder / "config.json"), hand)
    weights = read_weights(folder / "model.safetensors")
    expected = tokenizer.state_dict()
    kept = {k: v for k, v in expected.items() if not k.endswith(_TRAINING_ONLY)}
    check_weights(weights, kept, folder / "model.safetensors")
    # A code that is trained further starts as if it had won once.
    for name, tensor in expected.items():
        if name.endswith(".cluster_size"):
            weights[name] = torch.ones_like(tensor)
        elif name.endswith(".embed_avg"):
            weights[name] = weights[name.removesuffix("_avg")].clone()
    tokenizer.load_state_dict({k: v.to(expected[k].dtype) for k, v in weights.items()})
    return tokenizer.eval()


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file."""
    if not path.is_file():
        raise InputError(
            f"No weights at {path}. Give a folder written by save_pretrained or by "
            "`python -m vqvae export`."
        )
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is damaged or not a safetensors file ({error}). Download or export it again."
        ) from error


def check_weights(weights: dict[str, Tensor], expected: dict[str, Tensor], path: Path) -> None:
    """Refuse weights whose names or shapes differ from the network's."""
    missing = sorted(expected.keys() - weights.keys())
    foreign = sorted(weights.keys() - expected.keys())
    if missing or foreign:
        raise InputError(
            f"{path} does not hold this network: {len(missing)} tensors are missing"
            f"{_first(missing)}, {len(foreign)} are foreign{_first(foreign)}."
        )
    for name, tensor in weights.items():
        if tensor.shape != expected[name].shape:
            raise InputError(
                f"{path}: {name} has shape {tuple(tensor.shape)}, the configuration asks for "
                f"{tuple(expected[name].shape)}. config.json belongs to other weights."
            )


def _first(names: list[str]) -> str:
    return f" (the first is {names[0]})" if names else ""


def tokenizer_config_from(fields: dict[str, Any]) -> TokenizerConfig:
    """Inverse of `dataclasses.asdict` after a trip through JSON."""
    encoders = {
        name: point_bert_config_from(fields[name]) for name in ("object_encoder", "hand_encoder")
    }
    return TokenizerConfig(**{**fields, **encoders})


def point_bert_config_from(fields: dict[str, Any]) -> PointBertConfig:
    """Inverse of `dataclasses.asdict` after a trip through JSON, where tuples became lists."""
    return PointBertConfig(**{**fields, "group_widths": tuple(fields["group_widths"])})


def read_config(path: Path) -> TokenizerConfig:
    """What config.json says of a tokenizer, or what is wrong with it."""
    if not path.is_file():
        raise InputError(
            f"No tokenizer at {path.parent}: {path.name} is missing. Give a folder written by "
            "save_pretrained or by `python -m vqvae export`."
        )
    try:
        described = json.loads(path.read_text())
        if described["format"] != _FORMAT:
            raise InputError(
                f"{path} has format {described['format']!r}; this version reads {_FORMAT!r}."
            )
        return tokenizer_config_from(described["tokenizer"])
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} does not describe a tokenizer ({type(error).__name__}: {error}). "
            "Download or export it again."
        ) from error
