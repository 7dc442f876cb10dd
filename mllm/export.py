"""From a training checkpoint to files that others read.

`model`    what the library loads: config.json, model.safetensors (8 bits), tokenizer.json
`adapter`  the low-rank adapters alone, in peft's layout, beside the layers that are ours
`backbone` the causal language model with the adapters merged, in Hugging Face's layout
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from safetensors.torch import save_file
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
from semgrasp.language.pretrained import load_pretrained_network, pretrained_folder

Kind = Literal["model", "adapter", "backbone"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_PREFIX = "model."
_OURS = ("projector.", "grasp_embedding.", "grasp_head.", "answer_words")


def _read(checkpoint: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    if not checkpoint.is_file():
        raise InputError(f"No checkpoint at {checkpoint}. Training writes runs/mllm/*/last.ckpt.")
    content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if "language" not in content:
        raise InputError(f"{checkpoint} was not written by `python -m mllm fit`.")
    weights = {k.removeprefix(_PREFIX): v for k, v in content["state_dict"].items()}
    return json.loads(content["language"]), weights


def language_model_of_checkpoint(checkpoint: Path) -> GraspLanguageModel:
    """The language model that a training checkpoint holds, ready to use.

    A checkpoint without the frozen backbone reads it from the folder it was trained from.
    """
    settings, weights = _read(checkpoint)
    config = LanguageConfig(**settings["language"])
    vocabulary = Vocabulary(Tokenizer.from_str(settings["tokenizer"]), config)
    source = settings.get("source")
    if source is None:
        network = build_network(settings["backbone"])
    else:
        network = load_pretrained_network(pretrained_folder(source), settings["precision"])
    model = GraspLanguageModel(config, network, vocabulary, weights["answer_words"])
    attach_lora(model, _lora(settings))
    missing, unknown = model.load_state_dict(weights, strict=False)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    missing = [name for name in missing if source is None or name in trained]
    if missing or unknown:
        raise InputError(
            f"{checkpoint} does not fit its own settings: {(missing or unknown)[0]} is "
            f"{'missing' if missing else 'unknown'}. It is damaged, or of another version."
        )
    # Merged in full precision: an adapter's update is finer than 16 bits of the weight it changes.
    model.float()
    merge_lora(model)
    return model.eval()


def export(checkpoint: Path, output: Path, kind: Kind = "model") -> None:
    """Write one of the three kinds into a folder."""
    if kind == "adapter":
        _export_adapter(checkpoint, output)
        return
    model = language_model_of_checkpoint(checkpoint)
    if kind == "model":
        model.save_pretrained(output)
    else:
        precision = _read(checkpoint)[0].get("precision", "float32")
        model.network.to(getattr(torch, precision)).save_pretrained(output)  # type: ignore[operator]
        # The grasp tokens are rows of our own tables, so the words are the backbone's as before.
        _plain_tokenizer(model.vocabulary).save(str(output / "tokenizer.json"))


def _export_adapter(checkpoint: Path, output: Path) -> None:
    settings, weights = _read(checkpoint)
    lora = _lora(settings)
    adapter = {
        "base_model.model." + name.removeprefix("network.").replace(".default.", "."): tensor
        for name, tensor in weights.items()
        if name.startswith("network.") and ".lora_" in name
    }
    saved = []
    if lora.train_words:
        for name in ("embed_tokens", "lm_head"):
            (full,) = (n for n in weights if n.endswith(f"{name}.weight"))
            adapter["base_model.model." + full.removeprefix("network.")] = weights[full]
            saved.append(name)
    output.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in adapter.items()}, output / "adapter_model.safetensors")
    peft_config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": settings.get("source"),
        "r": lora.rank,
        "lora_alpha": lora.alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": list(lora.targets),
        "modules_to_save": saved or None,
        "inference_mode": True,
    }
    (output / "adapter_config.json").write_text(json.dumps(peft_config, indent=2) + "\n")
    ours = {k: v.contiguous() for k, v in weights.items() if k.startswith(_OURS)}
    save_file(ours, output / "grasp_layers.safetensors")
    (output / "grasp_config.json").write_text(
        json.dumps({"language": settings["language"], "lora": asdict(lora)}, indent=2) + "\n"
    )
    (output / "tokenizer.json").write_text(settings["tokenizer"])


def _lora(settings: dict[str, Any]) -> LoraSettings:
    lora = settings["lora"]
    return LoraSettings(**{**lora, "targets": tuple(lora["targets"])})


def _plain_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    content = json.loads(vocabulary.tokenizer.to_str())
    content["added_tokens"] = [
        token for token in content["added_tokens"] if token["id"] < vocabulary.num_words
    ]
    return Tokenizer.from_str(json.dumps(content))
