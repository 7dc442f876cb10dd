"""The object encoder with the heads that teach it, and how it is stored.

A group token learns which parts its points belong to and which way its surface faces; the class
token learns the category. The heads are kept beside the encoder so it can be measured later.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from jaxtyping import Float
from safetensors.torch import save_file
from torch import Tensor, nn

from semgrasp.errors import InputError
from semgrasp.tokenizer import PointBert, PointBertConfig
from semgrasp.tokenizer.checkpoint import (
    check_weights,
    point_bert_config_from,
    read_weights,
)
from semgrasp.tokenizer.pointbert import Groups

_FORMAT = "semgrasp-part-encoder-1"


class PartPrediction(NamedTuple):
    part_logits: Float[Tensor, "b groups parts"]
    normals: Float[Tensor, "b groups 3"]
    """Mean normal of each group; short where the surface is curved or thin."""
    category_logits: Float[Tensor, "b categories"]


class PartEncoder(nn.Module):
    """PointBERT that names parts and categories."""

    def __init__(
        self, config: PointBertConfig, part_names: list[str], categories: list[str]
    ) -> None:
        super().__init__()
        self.config, self.part_names, self.categories = config, part_names, categories
        self.point_bert = PointBert(config)
        self.part_head = nn.Linear(config.trans_dim, len(part_names))
        self.normal_head = nn.Linear(config.trans_dim, 3)
        self.category_head = nn.Linear(config.trans_dim, len(categories))

    def forward(self, groups: Groups) -> PartPrediction:
        features = self.point_bert.embed(groups)
        return PartPrediction(
            self.part_head(features[:, 1:]),
            self.normal_head(features[:, 1:]),
            self.category_head(features[:, 0]),
        )

    def save(self, folder: Path) -> None:
        """Write config.json and model.safetensors (half precision)."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {
            name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous().cpu()
            for name, tensor in self.state_dict().items()
        }
        save_file(weights, folder / "model.safetensors", metadata={"format": _FORMAT})
        described = {
            "format": _FORMAT,
            "point_bert": asdict(self.config),
            "part_names": self.part_names,
            "categories": self.categories,
        }
        (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n")

    @staticmethod
    def load(folder: Path) -> "PartEncoder":
        """Read what `save` wrote; in evaluation mode."""
        path = folder / "config.json"
        if not path.is_file():
            raise InputError(
                f"No pretrained object encoder at {folder}. Make it with: "
                "python -m vqvae pretrain-encoder --config configs/vqvae/encoder.yaml."
            )
        described = json.loads(path.read_text())
        if described.get("format") != _FORMAT:
            raise InputError(f"{path} does not describe a part encoder of format {_FORMAT}.")
        encoder = PartEncoder(
            point_bert_config_from(described["point_bert"]),
            described["part_names"],
            described["categories"],
        )
        weights = read_weights(folder / "model.safetensors")
        expected = encoder.state_dict()
        check_weights(weights, expected, folder / "model.safetensors")
        encoder.load_state_dict({k: v.to(expected[k].dtype) for k, v in weights.items()})
        return encoder.eval()
