"""Point-BERT, ULIP and PointLLM checkpoints, read into our PointBERT.

The containers differ; the tensors inside have the same names (see `PointBert`).
"""

from pathlib import Path

import torch
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.tokenizer.checkpoint import check_weights
from semgrasp.tokenizer.pointbert import PointBert

_CONTAINERS = ("base_model", "state_dict", "model")
_PREFIXES = ("transformer_q.", "point_encoder.", "model.point_backbone.", "base_model.", "")
_ENTRY = "cls_token"


def load_published_weights(point_bert: PointBert, path: Path) -> list[str]:
    """Load a published checkpoint into `point_bert`; returns the names that were not used."""
    if not path.is_file():
        raise InputError(f"No PointBERT checkpoint at {path}.")
    try:
        container = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"{path} cannot be read as plain tensors ({error}). Save its state dict anew with "
            "torch.save(model.state_dict(), path)."
        ) from error
    weights, unused = _unwrap(container, path, set(point_bert.state_dict()))
    first = weights.get("encoder.first_conv.0.weight")
    if first is not None and first.shape[1] == 6:
        # Weights for coloured points see a constant grey; its share moves into the bias.
        grey = 0.4 * first[:, 3:, 0].sum(-1)
        weights["encoder.first_conv.0.weight"] = first[:, :3].contiguous()
        weights["encoder.first_conv.0.bias"] = weights["encoder.first_conv.0.bias"] + grey
    check_weights(weights, point_bert.state_dict(), path)
    point_bert.load_state_dict(weights)
    return unused


def _unwrap(container: dict, path: Path, expected: set[str]) -> tuple[dict[str, Tensor], list[str]]:
    for key in _CONTAINERS:
        if isinstance(container.get(key), dict):
            container = container[key]
    names = {name: name.removeprefix("module.") for name in container}
    prefix = next((p for p in _PREFIXES if p + _ENTRY in names.values()), None)
    if prefix is None:
        raise InputError(
            f"{path} holds no PointBERT: no tensor is called {_ENTRY!r} under any known prefix."
        )
    weights, unused = {}, []
    for name, short in names.items():
        inner = short.removeprefix(prefix) if short.startswith(prefix) else None
        if inner in expected:
            weights[inner] = container[name]
        else:
            unused.append(name)
    return weights, unused
