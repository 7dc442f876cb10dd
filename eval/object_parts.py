"""How well the object encoder names the parts of scanned objects.

    python -m eval.object_parts --encoder runs/encoder/pretrained --scans <folder with *.ply>

The folder holds the scans and vertex_part_labels.npz with a label per vertex. One part per scan is
asked for, since the names of parts differ between collections.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import trimesh
from jaxtyping import Bool, Float
from torch import Tensor

from semgrasp.tokenizer.pointbert import group_points, normalize_to_unit_sphere
from vqvae.part_encoder import PartEncoder

SCANS = {
    "025_mug": ("handle",),
    "019_pitcher_base": ("handle",),
    "021_bleach_cleanser": ("cap", "neck"),
    "006_mustard_bottle": ("cap", "neck"),
}
"""Scans whose first label is a part that procedural objects have too, and words that name it."""


@dataclass(frozen=True)
class PartScore:
    """How well one part of one scan is found."""

    accuracy: float
    """Fraction of groups rightly called this part or not."""
    intersection_over_union: float
    category: str
    """What the object is taken for."""


@torch.no_grad()
def measure(
    encoder: PartEncoder,
    points: Float[Tensor, "n 3"],
    is_part: Bool[Tensor, " n"],
    words: tuple[str, ...],
) -> PartScore:
    """Ask the encoder which groups belong to a part that one of `words` names."""
    config = encoder.config
    unit = normalize_to_unit_sphere(points[None])
    groups = group_points(unit, config.num_groups, config.group_size)
    predicted = encoder(groups)
    meant = [i for i, name in enumerate(encoder.part_names) if any(w in name for w in words)]
    found = predicted.part_logits.softmax(-1)[0][:, meant].sum(-1) > 0.5
    truth = is_part[groups.member_index[0]].float().mean(-1) > 0.5
    union = (found | truth).sum().clamp(min=1)
    return PartScore(
        float((found == truth).float().mean()),
        float((found & truth).sum() / union),
        encoder.categories[int(predicted.category_logits[0].argmax())],
    )


def main() -> None:
    """Print one row per scan."""
    parser = argparse.ArgumentParser(description="Name the parts of scanned objects.")
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--scans", type=Path, required=True)
    arguments = parser.parse_args()
    encoder = PartEncoder.load(arguments.encoder)
    num_points = encoder.config.num_points
    labels = np.load(arguments.scans / "vertex_part_labels.npz")
    print(f"{'scan':22}{'part':10}{'accuracy':>9}{'IoU':>7}  taken for")
    for name, words in SCANS.items():
        mesh = trimesh.load_mesh(arguments.scans / f"{name}.ply", process=False)
        points, faces = trimesh.sample.sample_surface(mesh, num_points, seed=0)[:2]
        is_part = (labels[name][mesh.faces[faces]] == 0).mean(axis=1) > 0.5
        score = measure(encoder, torch.from_numpy(points).float(), torch.from_numpy(is_part), words)
        print(
            f"{name:22}{words[0]:10}{score.accuracy:9.2f}"
            f"{score.intersection_over_union:7.2f}  {score.category}"
        )


if __name__ == "__main__":
    main()
