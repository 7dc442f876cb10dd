"""Point-BERT, ULIP and PointLLM checkpoints, read into our PointBERT.

The containers differ; the tensors inside have the same names (see `PointBert`):

    Point-BERT.pth           base_model: module.transformer_q.*, .transformer_k.*, dvae.*, queue
    a fine-tuned classifier  base_model: [module.]*, cls_head_finetune.*; also under `model`
    ULIP, point_bert_v1.2    state_dict: module.point_encoder.*
    PointLLM                 model.point_backbone.*, in one file or in shards with an index

They are read as tensors only. The files of Point-BERT and ULIP also hold scores of NumPy and the
arguments of their training: for these stands something empty, and nothing of them is called.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from semgrasp.errors import InputError
from semgrasp.tokenizer.checkpoint import check_weights
from semgrasp.tokenizer.pointbert import PointBert

_CONTAINERS = ("base_model", "state_dict", "model")
_PREFIXES = ("transformer_q.", "point_encoder.", "model.point_backbone.", "base_model.", "")
_ENTRY = "cls_token"
_INDICES = ("pytorch_model.bin.index.json", "model.safetensors.index.json")
_WHOLE = ("pytorch_model.bin", "model.safetensors")
GREY = 0.4
"""What coloured weights see for the colour of points that have none."""


def load_published_weights(point_bert: PointBert, path: Path) -> list[str]:
    """Load a published checkpoint into `point_bert`; returns the names that were not used.

    Args:
        path: A checkpoint, or a folder of PointLLM as Hugging Face keeps it.

    Raises:
        InputError: No such file; not tensors only; no PointBERT inside; or one of other sizes.
    """
    container: Any = {}
    for file in _files(path):
        content = _read(file)
        container = {**container, **content} if isinstance(content, Mapping) else content
    weights, unused = _unwrap(container, path)
    first = weights.get("encoder.first_conv.0.weight")
    if first is not None and first.ndim == 3 and first.shape[1] == 6:
        # Weights for coloured points see a constant grey; its share moves into the bias.
        grey = GREY * first[:, 3:, 0].sum(-1)
        weights["encoder.first_conv.0.weight"] = first[:, :3].contiguous()
        weights["encoder.first_conv.0.bias"] = weights["encoder.first_conv.0.bias"] + grey
    expected = point_bert.state_dict()
    _check_sizes(weights, expected, path)
    check_weights(weights, expected, path)
    point_bert.load_state_dict(weights)
    return unused


class _Nothing:
    """Stands for an object of a checkpoint that is no tensor; it takes anything and keeps none."""

    def __new__(cls, *_: object) -> "_Nothing":
        return super().__new__(cls)

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...


_EMPTY = (
    *("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.dtype"),
    *("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"),
    *("numpy.ndarray", "argparse.Namespace"),
)
"""Scores and the arguments of training, which the files of Point-BERT and ULIP hold."""


def _files(path: Path) -> list[Path]:
    """The file itself, or the shards of a folder that hold the point encoder."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"No PointBERT checkpoint at {path}.")
    for name in _INDICES:
        if (path / name).is_file():
            try:
                table = json.loads((path / name).read_text())["weight_map"]
                shards = {path / file for key, file in table.items() if "point_backbone." in key}
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise InputError(f"{path / name} is no index of shards: {error!r}.") from error
            missing = sorted(str(shard) for shard in shards if not shard.is_file())
            if missing or not shards:
                what = f"names {missing[0]}, which is missing" if missing else "has no PointBERT"
                raise InputError(f"{path / name} {what}.")
            return sorted(shards)
    whole = [path / name for name in _WHOLE if (path / name).is_file()]
    if not whole:
        raise InputError(
            f"No PointBERT checkpoint in {path}: it holds none of {', '.join(_INDICES + _WHOLE)}."
        )
    return whole[:1]


def _read(path: Path) -> Any:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        # One class for each: torch looks them up by name.
        empty: list[Any] = [(type(name, (_Nothing,), {}), name) for name in _EMPTY]
        with torch.serialization.safe_globals(empty):
            return torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is damaged: {error}. Download it again.") from error
    except Exception as error:
        named = re.search(r"(?:GLOBAL|global) ([\w.]+\.\w+)", str(error))
        if named is None:
            raise InputError(
                f"{path} cannot be read as plain tensors; it is damaged or of another kind "
                f"({str(error).splitlines()[0][:200] or type(error).__name__})."
            ) from error
        raise InputError(
            f"{path} holds {named[1]} beside its tensors, and reading that would run code of the "
            "file; refused. If you trust its author, save the tensors alone with: python -c "
            f"\"import torch; c = torch.load('{path.name}', map_location='cpu', weights_only=False)"
            "; torch.save({k: c[k] for k in ('base_model', 'state_dict', 'model') if k in c}, "
            f"'{path.stem}_tensors.pth')\""
        ) from error


def _unwrap(container: Any, path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Tensors of the encoder under their published names, and the names of everything else."""
    for key in _CONTAINERS:
        if isinstance(container, Mapping) and isinstance(container.get(key), Mapping):
            container = container[key]
    if not isinstance(container, Mapping):
        raise InputError(f"{path} holds no PointBERT: it is a {type(container).__name__}.")
    names = {name: str(name).removeprefix("module.") for name in container}
    prefix = next((p for p in _PREFIXES if p + _ENTRY in names.values()), None)
    if prefix is None:
        raise InputError(
            f"{path} holds no PointBERT: no tensor is called {_ENTRY!r} under any known prefix "
            f"({', '.join(p for p in _PREFIXES if p)}); it has {_some(names)}."
        )
    weights: dict[str, Tensor] = {}
    unused: list[str] = []
    for name, short in names.items():
        inner = short.removeprefix(prefix)
        value = container[name]
        if short.startswith(prefix) and _is_encoder(inner) and isinstance(value, Tensor):
            weights[inner] = value.float() if value.is_floating_point() else value
        else:
            unused.append(str(name))
    return weights, unused


def _is_encoder(name: str) -> bool:
    """Whether a name belongs to the encoder and not to a head or a mask token beside it."""
    own = ("encoder.", "reduce_dim.", "cls_token", "cls_pos", "pos_embed.", "blocks.", "norm.")
    return name.startswith(own)


def _check_sizes(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor], path: Path) -> None:
    """Refuse an encoder of another architecture, in the words of the configuration."""
    found, wanted = _sizes(weights), _sizes(expected)
    different = {
        key: f"{key} {found.get(key, 'none')} (configured: {wanted[key]})"
        for key in wanted
        if found.get(key) != wanted[key]
    }
    if different:
        raise InputError(
            f"{path} holds a PointBERT of {', '.join(different.values())}. Set these in "
            "object_encoder of the configuration, or give a checkpoint of its sizes."
        )


def _sizes(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Sizes by the names of `PointBertConfig`, as far as the tensors tell them."""
    blocks = [int(m[1]) for name in weights if (m := re.match(r"blocks\.blocks\.(\d+)\.", name))]
    sizes: dict[str, Any] = {"depth": max(blocks) + 1 if blocks else 0}
    sizes["trans_dim"] = weights[_ENTRY].shape[-1]
    for name, key, axis in (
        ("reduce_dim.weight", "encoder_dims", 1),
        ("encoder.first_conv.0.weight", "input channels", 1),
    ):
        if name in weights:
            sizes[key] = weights[name].shape[axis]
    widths = ("first_conv.0", "first_conv.3", "second_conv.0")
    named = [weights.get(f"encoder.{name}.weight") for name in widths]
    if all(tensor is not None for tensor in named):
        sizes["group_widths"] = tuple(len(tensor) for tensor in named if tensor is not None)
    return sizes


def _some(names: Iterable[object]) -> str:
    listed = [str(name) for name in names]
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
