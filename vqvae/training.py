"""Training of the grasp tokenizer."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule

from semgrasp.tokenizer import GraspTokenizer, PointTokens, TokenizerConfig
from semgrasp.tokenizer.published_weights import load_published_weights
from vqvae.grasp_data import GraspBatch, GraspData, Split
from vqvae.losses import (
    VertexLoss,
    perplexity,
    reconstruction_loss,
    stacked,
    stage_surfaces,
    vertex_distance,
)
from vqvae.object_views import encode_views
from vqvae.part_encoder import PartEncoder
from vqvae.schedule import adamw

STAGES = ("o", "m", "omr")
"""Codes that a term of the loss answers to: pose alone, fingers alone, everything."""


class TokenizerTraining(LightningModule):
    """L = L_rec + commitment, with the intermediate grasps supervised too.

    Args:
        tokenizer: Architecture.
        encoder: Frozen object encoder: the folder that `pretrain-encoder` wrote, or a published
            PointBERT checkpoint.
        vertex_loss: Mean distance of vertices, or its square as in the paper.
        stage_weights: Weights of the losses of the pose from o, the fingers from m, and all.
        commitment_weight: Weight of the distance from latents to codes.
        learning_rate: Peak learning rate of AdamW.
        weight_decay: Of AdamW, on matrices.
    """

    def __init__(
        self,
        tokenizer: TokenizerConfig = TokenizerConfig(),  # noqa: B008
        encoder: str = "runs/encoder/pretrained",
        vertex_loss: VertexLoss = "distance",
        stage_weights: tuple[float, float, float] = (0.5, 0.5, 1.0),
        commitment_weight: float = 1.0,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.02,
    ) -> None:
        super().__init__()
        self.tokenizer = GraspTokenizer(tokenizer)
        self.encoder_source = Path(encoder)
        self.vertex_loss: VertexLoss = vertex_loss
        self.stage_weights, self.commitment_weight = stage_weights, commitment_weight
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self._tokens: dict[Split, PointTokens] = {}
        self._seen: list[torch.Tensor] = []
        self._is_resumed = False

    def on_fit_start(self) -> None:
        """Load the frozen encoder, unless a checkpoint has brought it."""
        if not self._is_resumed:
            _load_encoder(self.tokenizer, self.encoder_source)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self._is_resumed = True

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return adamw(self, self.learning_rate, self.weight_decay)

    def on_train_start(self) -> None:
        self._tokens_of("train")

    def training_step(self, batch: GraspBatch, batch_idx: int) -> torch.Tensor:
        rebuilt = self.tokenizer(batch.grasp, self._tokens_at("train", batch.view))
        surfaces = stage_surfaces(self.tokenizer, batch.grasp, rebuilt)
        loss = reconstruction_loss(surfaces, self.vertex_loss, self.stage_weights)
        commitment = rebuilt.commitment.sum()
        errors = vertex_distance(surfaces[1:], surfaces[:1].expand_as(surfaces[1:])).mean((1, 2))
        self.log_dict(
            {
                "train/loss": loss,
                "train/commitment": commitment,
                **{f"train/mpvpe_mm_{s}": e * 1e3 for s, e in zip(STAGES, errors, strict=True)},
            },
            prog_bar=True,
        )
        return loss + self.commitment_weight * commitment

    def validation_step(self, batch: GraspBatch, batch_idx: int) -> None:
        self._measure(batch, "val")

    def test_step(self, batch: GraspBatch, batch_idx: int) -> None:
        self._measure(batch, "test")

    def on_validation_epoch_end(self) -> None:
        self._log_perplexity("val")

    def on_test_epoch_end(self) -> None:
        self._log_perplexity("test")

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        # As text, so that reading the checkpoint needs no pickled classes.
        checkpoint["tokenizer_config"] = json.dumps(asdict(self.tokenizer.config))

    def _measure(self, batch: GraspBatch, split: Split) -> None:
        rebuilt = self.tokenizer(batch.grasp, self._tokens_at(split, batch.view))
        grasps = stacked([batch.grasp, rebuilt.coarse, rebuilt.final])
        surfaces = self.tokenizer.surface(grasps)
        errors = vertex_distance(surfaces[1:], surfaces[:1].expand_as(surfaces[1:]))
        errors = errors[:, batch.is_real].mean(dim=1) * 1e3
        self._seen.append(rebuilt.codes[batch.is_real])
        self.log_dict(
            {f"{split}/mpvpe_mm_{s}": e for s, e in zip(("om", "omr"), errors, strict=True)},
            prog_bar=True,
            batch_size=int(batch.is_real.sum()),
        )

    def _log_perplexity(self, split: Split) -> None:
        codes = torch.cat(self._seen)
        self._seen.clear()
        size = self.tokenizer.config.codebook_size
        self.log_dict(
            {f"{split}/perplexity_{n}": perplexity(codes[:, i], size) for i, n in enumerate("omr")},
            prog_bar=True,
        )

    def _tokens_of(self, split: Split) -> PointTokens:
        if split not in self._tokens:
            data = self.trainer.datamodule  # pyright: ignore[reportAttributeAccessIssue]
            assert isinstance(data, GraspData)
            views = data.splits[split].views
            self._tokens[split] = encode_views(self.tokenizer.object_encoder, views)
        return self._tokens[split]

    def _tokens_at(self, split: Split, rows: torch.Tensor) -> PointTokens:
        tokens = self._tokens_of(split)
        return PointTokens(tokens.features[rows].float(), tokens.centres[rows])


def _load_encoder(tokenizer: GraspTokenizer, source: Path) -> None:
    if source.is_file():
        load_published_weights(tokenizer.object_encoder, source)
        return
    pretrained = PartEncoder.load(source)
    if pretrained.config != tokenizer.config.object_encoder:
        raise ValueError(
            f"The encoder at {source} has the architecture {pretrained.config}, the tokenizer "
            f"asks for {tokenizer.config.object_encoder}; make tokenizer.object_encoder equal."
        )
    tokenizer.object_encoder.load_state_dict(pretrained.point_bert.state_dict())
