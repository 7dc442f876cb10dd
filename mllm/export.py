"""From a training checkpoint to the folder that the library loads, with the adapters merged."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer

from semgrasp.errors import InputError
from semgrasp.language import (
    GraspLanguageModel,
    LanguageConfig,
    LoraSettings,
    Vocabulary,
    attach_lora,
    merge_lora,
)
from semgrasp.language.backbone import build_network

_PREFIX = "model."


def language_model_of_checkpoint(checkpoint: Path) -> GraspLanguageModel:
    """The language model that a training checkpoint holds, ready to use."""
    if not checkpoint.is_file():
        raise InputError(f"No checkpoint at {checkpoint}. Training writes runs/mllm/*/last.ckpt.")
    content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if "language" not in content:
        raise InputError(f"{checkpoint} was not written by `python -m mllm fit`.")
    settings = json.loads(content["language"])
    config = LanguageConfig(**settings["language"])
    lora = settings["lora"]
    vocabulary = Vocabulary(Tokenizer.from_str(settings["tokenizer"]), config)
    weights = {k.removeprefix(_PREFIX): v for k, v in content["state_dict"].items()}
    model = GraspLanguageModel(
        config, build_network(settings["backbone"]), vocabulary, weights["answer_words"]
    )
    attach_lora(model, LoraSettings(**{**lora, "targets": tuple(lora["targets"])}))
    model.load_state_dict(weights)
    merge_lora(model)
    return model.eval()


def export(checkpoint: Path, output: Path) -> None:
    """Write config.json, model.safetensors and tokenizer.json."""
    language_model_of_checkpoint(checkpoint).save_pretrained(output)
