"""Pretraining of the object encoder on the parts of procedural objects.

It stands in for the published ShapeNet weights: same network, other data and another lesson.
"""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule

from semgrasp.tokenizer import PointBertConfig
from vqvae.encoder_data import PartBatch, PartData
from vqvae.part_encoder import PartEncoder
from vqvae.schedule import adamw


class EncoderTraining(LightningModule):
    """Parts, normals and categories from point groups.

    Args:
        point_bert: Architecture of the encoder.
        output: Folder that receives the encoder when training ends.
        learning_rate: Peak learning rate of AdamW.
        weight_decay: Of AdamW, on matrices.
        normal_weight: Weight of the squared error of normals beside the cross-entropies.
        category_weight: Weight of the category's cross-entropy.
    """

    def __init__(
        self,
        point_bert: PointBertConfig = PointBertConfig(),  # noqa: B008
        output: str = "runs/encoder/pretrained",
        learning_rate: float = 1e-3,
        weight_decay: float = 0.05,
        normal_weight: float = 1.0,
        category_weight: float = 0.3,
    ) -> None:
        super().__init__()
        self.config, self.output = point_bert, Path(output)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.normal_weight, self.category_weight = normal_weight, category_weight
        self.network: PartEncoder | None = None

    def configure_model(self) -> None:
        if self.network is not None:
            return
        data = self.trainer.datamodule  # pyright: ignore[reportAttributeAccessIssue]
        assert isinstance(data, PartData)
        assert data.shapes is not None
        if data.sizes != (self.config.num_groups, self.config.group_size):
            raise ValueError(
                f"data groups points as {data.sizes}, the encoder as "
                f"{(self.config.num_groups, self.config.group_size)}; make them equal."
            )
        self.network = PartEncoder(
            self.config, list(data.shapes.part_names), list(data.shapes.categories)
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return adamw(self, self.learning_rate, self.weight_decay)

    def training_step(self, batch: PartBatch, batch_idx: int) -> torch.Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: PartBatch, batch_idx: int) -> torch.Tensor:
        return self._step(batch, "val")

    test_step = validation_step

    def _step(self, batch: PartBatch, split: str) -> torch.Tensor:
        assert self.network is not None
        predicted = self.network(batch.groups)
        part = F.cross_entropy(predicted.part_logits.flatten(0, 1), batch.part_share.flatten(0, 1))
        normal = F.mse_loss(predicted.normals, batch.normals)
        category = F.cross_entropy(predicted.category_logits, batch.category)
        loss = part + self.normal_weight * normal + self.category_weight * category
        right = predicted.part_logits.argmax(-1) == batch.part_share.argmax(-1)
        named = predicted.category_logits.argmax(-1) == batch.category
        values: dict[str, Any] = {
            f"{split}/loss": loss,
            f"{split}/part_accuracy": right.float().mean(),
            f"{split}/category_accuracy": named.float().mean(),
            f"{split}/normal_error": normal,
        }
        self.log_dict(
            values,
            prog_bar=True,
            on_step=split == "train",
            on_epoch=split != "train",
            batch_size=len(batch.category),
        )
        return loss

    def on_fit_end(self) -> None:
        assert self.network is not None
        self.network.save(self.output)
