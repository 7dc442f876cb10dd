"""Low-rank adapters (Hu et al., 2022) while training; peft is imported here and nowhere else."""

from dataclasses import dataclass
from typing import Any

from semgrasp.errors import require

from .backbone import input_table, output_table
from .model import GraspLanguageModel


@dataclass(frozen=True, kw_only=True)
class LoraSettings:
    """Which matrices adapt, and how freely."""

    rank: int = 64
    """Rank of the update; 64 in SemGrasp."""
    alpha: float = 64.0
    """The update is scaled by alpha / rank."""
    targets: tuple[str, ...] = ("query", "key", "value", "dense")
    """Names of the adapted linear layers."""
    train_words: bool = False
    """Train the word embeddings and the vocabulary head too, as SemGrasp does with 7 billion
    parameters; a small model forgets rare words by it."""


def attach_lora(model: GraspLanguageModel, settings: LoraSettings) -> None:
    """Freeze the backbone and give it adapters; the model's own layers stay trainable."""
    peft = require("peft", extra="training")
    model.network.requires_grad_(False)
    config = peft.LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        target_modules=list(settings.targets),
        # The vocabulary head is small and, on a sentence encoder, new: it is trained as a whole.
        exclude_modules=r".*\bcls\b.*",
    )
    peft.inject_adapter_in_model(config, model.network)
    head = getattr(model.network, "cls", None)
    if head is not None:
        head.predictions.transform.requires_grad_(True)
        head.predictions.bias.requires_grad_(True)
    if settings.train_words:
        input_table(model.network).requires_grad_(True)
        output_table(model.network).requires_grad_(True)
    # What learns is kept exact, whatever the precision of what is frozen: an update is often
    # smaller than the spacing of 16-bit numbers.
    for parameter in model.network.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def merge_lora(model: GraspLanguageModel) -> None:
    """Add the adapters to the weights they adapt, and take them off."""
    layers = require("peft.tuners.lora", extra="training")
    for parent in list(model.network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, layers.LoraLayer):
                layer: Any = child
                layer.merge()
                setattr(parent, name, layer.get_base_layer())
