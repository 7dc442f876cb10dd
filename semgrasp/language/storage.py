"""A model on disk: config.json, model.safetensors and tokenizer.json, small and never a pickle.

Large matrices are kept as 8-bit integers with one 16-bit scale per row (absmax quantization), the
rest in 16 bits; reading turns everything back into 32-bit floats.
"""

import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int8
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from semgrasp.errors import AssetNotFoundError, InputError

from . import backbone
from .config import LanguageConfig
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from .model import GraspLanguageModel

FORMAT = "semgrasp-language-1"
_SCALE = ".scale"


def save(model: "GraspLanguageModel", folder: Path) -> None:
    """Write a model whose adapters have been merged."""
    state = _own_tensors(model)
    adapters = [name for name in state if "lora_" in name]
    if adapters:
        raise ValueError(f"Merge the adapters before saving; {adapters[0]} is still separate.")
    folder.mkdir(parents=True, exist_ok=True)
    stored: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if name.startswith(("network.", "grasp_")) and tensor.ndim == 2:
            stored[name], stored[name + _SCALE] = _quantize(tensor.float())
        else:
            stored[name] = tensor.half() if tensor.is_floating_point() else tensor.int()
    # A reader never sees half a file: the new one takes the old one's place in one step.
    partial = folder / "model.safetensors.partial"
    save_file({k: v.contiguous() for k, v in stored.items()}, partial, {"format": FORMAT})
    partial.chmod(0o644)
    os.replace(partial, folder / "model.safetensors")
    settings = {
        "format": FORMAT,
        "language": dataclasses.asdict(model.config),
        "backbone": backbone.network_config(model.network),
    }
    (folder / "config.json").write_text(json.dumps(settings, indent=2) + "\n")
    model.vocabulary.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)


def load(folder: Path) -> "GraspLanguageModel":
    """Read a model for inference."""
    from .model import GraspLanguageModel

    config, network_settings = _read_settings(folder)
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise AssetNotFoundError(f"{weights} is missing. Copy the whole folder, or export it anew.")
    try:
        stored = load_file(weights)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{weights} is damaged: {error}. Copy or export it anew.") from error
    state = {
        name: tensor.float() * stored[name + _SCALE].float()[:, None]
        if name + _SCALE in stored
        else (tensor.float() if tensor.is_floating_point() else tensor.long())
        for name, tensor in stored.items()
        if not name.endswith(_SCALE)
    }
    if "answer_words" not in state:
        raise InputError(f"{weights} holds another kind of model: answer_words is missing.")
    vocabulary = Vocabulary.load(folder, config)
    network = backbone.build_network(network_settings)
    model = GraspLanguageModel(config, network, vocabulary, state["answer_words"])
    _check_match(model, state, weights)
    model.load_state_dict(state, strict=False)
    return model.eval()


def _read_settings(folder: Path) -> tuple[LanguageConfig, dict]:
    path = folder / "config.json"
    if not path.is_file():
        raise AssetNotFoundError(
            f"No language model at {folder}: it must hold config.json, model.safetensors and "
            "tokenizer.json."
        )
    try:
        settings = json.loads(path.read_text())
        found = settings["format"]
        if found != FORMAT:
            raise InputError(f"{path} has format {found!r}, this version reads {FORMAT!r}.")
        return LanguageConfig(**settings["language"]), dict(settings["backbone"])
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is not the configuration of a language model: {error}."
        ) from error


def _own_tensors(model: "GraspLanguageModel") -> dict[str, Tensor]:
    """The state without second names of tied tensors."""
    seen: set[tuple[int, torch.Size]] = set()
    own: dict[str, Tensor] = {}
    for name, tensor in model.state_dict().items():
        key = (tensor.data_ptr(), tensor.shape)
        if key not in seen:
            seen.add(key)
            own[name] = tensor
    return own


def _check_match(model: "GraspLanguageModel", state: dict[str, Tensor], path: Path) -> None:
    expected = _own_tensors(model)
    faults = [f"{name} is missing" for name in expected if name not in state]
    faults += [f"{name} is unknown" for name in state if name not in expected]
    faults += [
        f"{name} has shape {tuple(state[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in state and state[name].shape != tensor.shape
    ]
    if faults:
        raise InputError(
            f"{path} does not match config.json: {faults[0]} ({len(faults)} differences)."
        )


def _quantize(
    matrix: Float[Tensor, "rows columns"],
) -> tuple[Int8[Tensor, "rows columns"], Float[Tensor, " rows"]]:
    scale = (matrix.abs().amax(dim=1) / 127.0).clamp(min=1e-7).half()
    levels = (matrix / scale.float()[:, None]).round().clamp(-127, 127)
    return levels.to(torch.int8), scale
