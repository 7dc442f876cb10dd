"""How well the tokenizer writes down grasps of objects it has never seen.

    python -m eval.reconstruction --tokenizer <folder or last.ckpt> --data data/open/packed

For the test split: mean per-vertex position error over the whole hand after each code, penetration
of the hand into the object, and how many codes are in use.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from semgrasp.dataset import PackedDataset
from semgrasp.dataset.split import Split
from semgrasp.hand import HandModel, open_hand
from semgrasp.tokenizer import GraspTokenizer, ModelFrame
from semgrasp.types import GraspTokens
from vqvae.cloud_augmentation import thin
from vqvae.export import tokenizer_of_checkpoint
from vqvae.losses import perplexity, vertex_distance


class Surface(NamedTuple):
    """Samples of an object's surface."""

    points_object: Float[Tensor, "n 3"]
    normals_object: Float[Tensor, "n 3"]


@dataclass(frozen=True)
class Row:
    """One grasp."""

    category: str
    mpvpe_om_mm: float
    mpvpe_omr_mm: float
    penetration_truth_mm: float
    penetration_om_mm: float
    penetration_omr_mm: float


def penetration(vertices: Float[Tensor, "*b v 3"], surface: Surface) -> Float[Tensor, "*b"]:
    """Depth of the deepest vertex below the nearest surface sample, in [m].

    An estimate from samples: good to about their spacing, 2 to 4 mm.
    """
    nearest = torch.cdist(vertices, surface.points_object).argmin(dim=-1)
    outward = vertices - surface.points_object[nearest]
    depth = -(outward * surface.normals_object[nearest]).sum(-1)
    # Behind a thin wall the nearest normal points away; a hand does not get 2 cm into anything.
    return torch.where(depth < 0.02, depth, 0.0).clamp(min=0.0).amax(dim=-1)


@torch.no_grad()
def measure(
    tokenizer: GraspTokenizer, data: PackedDataset, split: Split, hand: HandModel
) -> tuple[list[Row], GraspTokens]:
    """Reconstruct every grasp of a split."""
    rows, codes = [], []
    index = data.split(split)
    owner = data.object_index.long()[index]
    for object_row in owner.unique().tolist():
        truth = data.grasps(index[owner == object_row])
        surface = Surface(data.points_object[object_row], data.normals_object[object_row].float())
        generator = torch.Generator().manual_seed(0)
        num_points = tokenizer.config.object_encoder.num_points
        kept = thin(len(surface.points_object), num_points, 1, generator)[0]
        points = surface.points_object[kept]
        frame = ModelFrame.of(points)
        tokens = tokenizer.encode_object(frame.points_to_model(points)[None])
        written = tokenizer.encode(frame.grasp_to_model(truth), tokens)
        grasps = [truth] + [
            frame.grasp_to_object(tokenizer.decode(written, tokens, refine=refine))
            for refine in (False, True)
        ]
        vertices = [hand.pose(grasp).vertices_object for grasp in grasps]
        columns = [vertex_distance(vertices[0], v) for v in vertices[1:]]
        columns += [penetration(v, surface) for v in vertices]
        category = data.objects[object_row].category
        table = (torch.stack(columns, dim=1) * 1e3).tolist()
        rows += [Row(category, *values) for values in table]
        codes.append(written.stack())
    return rows, GraspTokens.from_stack(torch.cat(codes))


def summary(rows: list[Row], codes: GraspTokens, codebook_size: int) -> dict[str, float]:
    """Means over all grasps, and the effective number of codes per level."""
    names = [name for name in Row.__dataclass_fields__ if name != "category"]
    means = {name: sum(getattr(row, name) for row in rows) / len(rows) for name in names}
    used = {
        f"perplexity_{letter}": perplexity(column, codebook_size)
        for letter, column in zip("omr", codes.stack().T, strict=True)
    }
    return {"grasps": float(len(rows)), **means, **used}


def main() -> None:
    """Print one table row per category and one for all."""
    parser = argparse.ArgumentParser(description="Reconstruct grasps of unseen objects.")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("data/open/packed"))
    parser.add_argument("--split", choices=("train", "val", "test"), default="test")
    parser.add_argument("--output", type=Path, help="also write the means as JSON")
    arguments = parser.parse_args()
    if arguments.tokenizer.is_file():
        tokenizer = tokenizer_of_checkpoint(arguments.tokenizer)
    else:
        tokenizer = GraspTokenizer.from_pretrained(arguments.tokenizer)
    data = PackedDataset.load(arguments.data)
    rows, codes = measure(tokenizer, data, arguments.split, open_hand())
    size = tokenizer.config.codebook_size
    print(f"{'category':18}{'grasps':>7}{'MPVPE om':>10}{'omr':>7}   [mm]")
    for category in sorted({row.category for row in rows}):
        some = [row for row in rows if row.category == category]
        om = sum(row.mpvpe_om_mm for row in some) / len(some)
        omr = sum(row.mpvpe_omr_mm for row in some) / len(some)
        print(f"{category:18}{len(some):7d}{om:10.1f}{omr:7.1f}")
    means = summary(rows, codes, size)
    print("\n".join(f"{name:24}{value:8.2f}" for name, value in means.items()))
    if arguments.output:
        arguments.output.write_text(json.dumps(means, indent=2) + "\n")


if __name__ == "__main__":
    main()
