"""Training of the grasp language model in two stages within one run.

Alignment teaches where grasps are: object projector, grasp tokens and adapters learn from
instructions. Instruction tuning then freezes the projector and teaches conversations and words at
a lower learning rate, as in SemGrasp.
"""

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from lightning.pytorch import LightningModule
from torch.distributed.fsdp import FullyShardedDataParallel

from mllm.classroom import LanguageStep, Mixture
from mllm.data import LanguageData, Split
from mllm.examination import Mark, Question, mark
from semgrasp.language import (
    GraspLanguageModel,
    LanguageConfig,
    LanguageLogits,
    Layout,
    LoraSettings,
    Precision,
    attach_lora,
)
from semgrasp.language.backbone import network_config
from vqvae.schedule import adamw, budget_used

Stage = Literal["alignment", "instruction"]


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """One stage of training."""

    learning_rate: float = 2e-3
    """Peak learning rate of AdamW."""
    mixture: Mixture = Mixture()  # noqa: RUF009
    """What is taught."""
    train_projector: bool = True
    """Whether the object projector learns."""
    decay: float = 0.05
    """Learning rate at the end of the stage relative to its beginning; the way is a cosine."""


def _instruction() -> StageSettings:
    mixture = Mixture(low=0.35, high=0.45, chat=0.1, inverse=0.1, reply=0.25)
    return StageSettings(learning_rate=5e-4, mixture=mixture, train_projector=False)


def neighbour_shares(
    codebooks: Float[torch.Tensor, "levels codes d"],
) -> Float[torch.Tensor, "levels codes codes"]:
    """For each code, how a little probability is shared among the codes near it.

    Codes that the tokenizer can hardly tell apart are not wrong answers; the bandwidth is the
    usual distance to the third neighbour.
    """
    squared = torch.cdist(codebooks, codebooks).square()
    third = squared.topk(min(4, squared.shape[-1]), dim=-1, largest=False).values[..., -1]
    bandwidth = third.median(dim=-1).values.clamp(min=1e-12)
    return (-squared / bandwidth[:, None, None]).softmax(dim=-1)


def _frozen_backbone(training: "LanguageTraining") -> list[str]:
    """Names of the weights that stay as they were published."""
    return [
        f"model.network.{name}"
        for name, parameter in training.model.network.named_parameters()
        if not parameter.requires_grad
    ]


class LanguageTraining(LightningModule):
    """Alignment, then instruction tuning.

    Args:
        language: Template, attention and limits.
        backbone: Pretrained causal language model, a folder or a hub id; none for the packaged
            MiniLM. Environment variables are expanded.
        lora: Adapters.
        dropout: Dropout of the backbone and the adapters.
        alignment: First stage.
        instruction: Second stage.
        alignment_share: Share of the budget (steps, epochs or time) of the first stage.
        warmup_steps: Steps over which the learning rate rises.
        code_weights: Weights of the losses of orientation, manner and refinement codes.
        code_smoothing: Share of a target code that its neighbours in the codebook receive.
        word_weight: Weight of the loss of words.
        weight_decay: Of AdamW, on matrices.
        max_gradient: Gradients are clipped to this norm.
        precision: Of the backbone's frozen weights in memory.
        checkpoint_activations: Compute the backbone's activations again in the backward pass
            instead of keeping them: a third more time for a fraction of the memory.
        save_backbone: Whether checkpoints hold the backbone's frozen weights; without them a
            checkpoint of a 7-billion model shrinks from 27 GB to 5 GB, the optimiser's state
            included, and reading it needs the backbone's folder.
    """

    def __init__(
        self,
        language: LanguageConfig = LanguageConfig(),  # noqa: B008
        backbone: str | None = None,
        lora: LoraSettings = LoraSettings(),  # noqa: B008
        dropout: float = 0.0,
        alignment: StageSettings = StageSettings(),
        instruction: StageSettings = _instruction(),  # noqa: B008
        alignment_share: float = 0.6,
        warmup_steps: int = 40,
        code_weights: tuple[float, float, float] = (1.0, 0.5, 0.25),
        code_smoothing: float = 0.2,
        word_weight: float = 0.3,
        weight_decay: float = 0.01,
        max_gradient: float = 1.0,
        precision: Precision = "float32",
        checkpoint_activations: bool = False,
        save_backbone: bool = True,
    ) -> None:
        super().__init__()
        self.model = GraspLanguageModel.from_backbone(backbone, language, precision=precision)
        attach_lora(self.model, lora)
        if checkpoint_activations:
            self.model.network.gradient_checkpointing_enable({"use_reentrant": False})  # type: ignore[operator]
        # Views, groups and words are disturbed already; dropout here costs a fifth of the time.
        for module in self.model.network.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = dropout
        self.model.train()
        self.lora = lora
        self.backbone, self.precision, self.save_backbone = backbone, precision, save_backbone
        self.strict_loading = save_backbone
        self.stages: dict[Stage, StageSettings] = {
            "alignment": alignment,
            "instruction": instruction,
        }
        self.alignment_share, self.warmup_steps = alignment_share, warmup_steps
        self.code_weights, self.word_weight = code_weights, word_weight
        self.weight_decay, self.max_gradient = weight_decay, max_gradient
        self.code_smoothing = code_smoothing
        self._similarity = torch.zeros(0)
        self._stage: Stage | None = None
        self._marks: list[tuple[Question, Mark]] = []

    def setup(self, stage: str) -> None:
        """Encode the data with the frozen tokenizer, and learn which words answers use."""
        self._data.prepare_lessons(self.model, stage)
        if stage == "fit":
            self.model.restrict_answers(self._data.answer_words(self.model.vocabulary))
            codebooks = self._data.codebooks()
            self._similarity = neighbour_shares(codebooks)
            generator = torch.Generator().manual_seed(0)
            self.model.place_grasp_tokens(codebooks, generator=generator)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return adamw(self.model, self.stages["alignment"].learning_rate, self.weight_decay)

    def on_train_batch_start(self, batch: LanguageStep, batch_idx: int) -> None:
        used = budget_used(self.trainer)
        share = self.alignment_share
        stage: Stage = "alignment" if used < share else "instruction"
        settings = self.stages[stage]
        if stage != self._stage:
            self._stage = stage
            self.model.projector.requires_grad_(settings.train_projector)
            self._data.set_mixture(settings.mixture)
        spent = used / share if stage == "alignment" else (used - share) / (1.0 - share)
        cosine = 0.5 + 0.5 * math.cos(math.pi * min(max(spent, 0.0), 1.0))
        warmup = min((self.global_step + 1) / self.warmup_steps, 1.0)
        rate = settings.learning_rate * (settings.decay + (1.0 - settings.decay) * cosine)
        for group in self.optimizers().param_groups:  # type: ignore[union-attr]
            group["lr"] = rate * warmup

    def training_step(self, batch: LanguageStep, batch_idx: int) -> torch.Tensor:
        logits = self.model(batch.object_tokens, batch.log_size, batch.layout)
        losses = self._losses(logits, batch.layout)
        self.log_dict({f"train/{name}": value for name, value in losses.items()}, prog_bar=True)
        self.log("rate", self.optimizers().param_groups[0]["lr"], prog_bar=True)  # type: ignore[union-attr]
        weights = (*self.code_weights, self.word_weight)
        return torch.stack(
            [w * loss for w, loss in zip(weights, losses.values(), strict=True)]
        ).sum()

    def configure_gradient_clipping(self, optimizer, **_: Any) -> None:
        sharded = self.trainer.strategy.model
        if isinstance(sharded, FullyShardedDataParallel):
            # Each process holds a shard of every gradient; the norm is over all of them.
            sharded.clip_grad_norm_(self.max_gradient)
        else:
            self.clip_gradients(optimizer, self.max_gradient, "norm")

    def validation_step(self, batch: Question, batch_idx: int) -> None:
        self._ask(batch, "val")

    def test_step(self, batch: Question, batch_idx: int) -> None:
        self._ask(batch, "test")

    def on_validation_epoch_end(self) -> None:
        self._log_marks("val")

    def on_test_epoch_end(self) -> None:
        self._log_marks("test")

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        # The answer words are part of the state, and their number is known only now.
        self.model.answer_words = checkpoint["state_dict"]["model.answer_words"].clone()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if not self.save_backbone:
            for name in _frozen_backbone(self):
                del checkpoint["state_dict"][name]
        # As text, so that reading the checkpoint needs no pickled classes.
        checkpoint["language"] = json.dumps(
            {
                "language": asdict(self.model.config),
                "lora": asdict(self.lora),
                "backbone": network_config(self.model.network),
                "source": None if self.save_backbone else self.backbone,
                "precision": self.precision,
                "tokenizer": self.model.vocabulary.tokenizer.to_str(),
            }
        )

    @property
    def _data(self) -> LanguageData:
        data = self.trainer.datamodule  # pyright: ignore[reportAttributeAccessIssue]
        assert isinstance(data, LanguageData)
        return data

    def _losses(self, logits: LanguageLogits, layout: Layout) -> dict[str, Float[torch.Tensor, ""]]:
        log_p = logits.codes.float().log_softmax(-1)
        exact = log_p.gather(1, layout.codes[:, None])[:, 0]
        near = self._similarity.to(log_p.device)[layout.code_levels, layout.codes]
        blurred = (near * log_p).sum(-1)
        smooth = self.code_smoothing
        each = -((1.0 - smooth) * exact + smooth * blurred) * layout.code_weights
        losses = {}
        for level, name in enumerate("omr"):
            chosen = layout.code_levels == level
            total = layout.code_weights[chosen].sum().clamp(min=1e-6)
            losses[name] = each[chosen].sum() / total
        targets = self.model.word_targets(layout.words)
        has_words = len(targets) > 0
        losses["words"] = (
            F.cross_entropy(logits.words, targets) if has_words else each.new_zeros(())
        )
        return losses

    def _ask(self, question: Question, split: Split) -> None:
        data = self._data
        assert data.packed is not None
        assert data.grasp_tokenizer is not None
        tokenizer = data.grasp_tokenizer
        result = mark(self.model, tokenizer, data.packed, data.encoded[split], Question(*question))
        self._marks.append((Question(*question), result))

    def _log_marks(self, split: Split) -> None:
        groups = {
            "": self._marks,
            "/implicit": [pair for pair in self._marks if not pair[0].names_part],
            # Objects of no category: how it will go with things it has never seen.
            "/unnamed": [pair for pair in self._marks if pair[0].category == "assembly"],
        }
        for group, pairs in groups.items():
            if pairs:
                means = torch.tensor([result for _, result in pairs]).mean(dim=0).tolist()
                names = (f"{split}{group}/{name}" for name in Mark._fields)
                self.log_dict(dict(zip(names, means, strict=True)), prog_bar=not group)
        self._marks.clear()
