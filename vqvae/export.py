"""From a training checkpoint to the folder that the library loads."""

import json
from pathlib import Path

import torch

from semgrasp.errors import InputError
from semgrasp.tokenizer import GraspTokenizer
from semgrasp.tokenizer.checkpoint import tokenizer_config_from

_PREFIX = "tokenizer."


def tokenizer_of_checkpoint(checkpoint: Path) -> GraspTokenizer:
    """The tokenizer that a training checkpoint holds."""
    if not checkpoint.is_file():
        raise InputError(f"No checkpoint at {checkpoint}. Training writes runs/vqvae/*/last.ckpt.")
    content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if "tokenizer_config" not in content:
        raise InputError(f"{checkpoint} was not written by `python -m vqvae fit`.")
    tokenizer = GraspTokenizer(tokenizer_config_from(json.loads(content["tokenizer_config"])))
    weights = content["state_dict"]
    tokenizer.load_state_dict({k.removeprefix(_PREFIX): v for k, v in weights.items()})
    return tokenizer.eval()


def export(checkpoint: Path, output: Path) -> None:
    """Write config.json and model.safetensors."""
    tokenizer_of_checkpoint(checkpoint).save_pretrained(output)
