"""What the language model reads of objects and grasps, computed once by the frozen tokenizer."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int
from safetensors.torch import load_file, save_file
from torch import Tensor

from semgrasp.dataset import PackedDataset
from semgrasp.dataset.atomic import written_whole
from semgrasp.language import object_radius
from semgrasp.tokenizer import GraspTokenizer, ModelFrame, PointTokens
from vqvae.object_views import ObjectViews, ViewConfig, disturbed_views, undisturbed_views


@dataclass(frozen=True, eq=False)
class EncodedGrasps:
    """Object tokens and grasp codes in v views of each object of a split."""

    features: Tensor
    """(m, v, G+1, D) in half precision."""
    centres: Float[Tensor, "m v G 3"]
    log_size: Float[Tensor, "m v"]
    heading: Float[Tensor, "m v"]
    codes: Int[Tensor, "n v 3"]
    """Codes of each grasp of the split in each view of its object."""
    rows: Int[Tensor, " n"]
    """Row of the data set of each grasp."""
    objects: Int[Tensor, " m"]
    """Object of the data set of each row of `features`."""

    @property
    def num_views(self) -> int:
        return self.features.shape[1]

    def object_tokens(self, objects: Tensor, views: Tensor) -> PointTokens:
        """Tokens of some objects, each in one view."""
        return PointTokens(self.features[objects, views].float(), self.centres[objects, views])


@torch.no_grad()
def encode_split(
    data: PackedDataset,
    rows: Tensor,
    tokenizer: GraspTokenizer,
    *,
    num_views: int,
    disturbed: bool,
    view: ViewConfig,
    seed: int,
) -> EncodedGrasps:
    """Tokens of the objects and codes of the grasps of a split, in the frame of each view."""
    tokenizer = tokenizer.eval()
    objects = data.object_index.long()[rows].unique()
    points = data.points_object[objects]
    num_points = tokenizer.config.object_encoder.num_points
    if disturbed:
        generator = torch.Generator().manual_seed(seed)
        views = disturbed_views(points, num_views, num_points, view, generator)
    else:
        views = undisturbed_views(points, num_points)
    v = views.heading.shape[1]

    features, centres = _encode_objects(tokenizer, views)
    codes = torch.zeros(len(rows), v, 3, dtype=torch.long)
    owner = torch.searchsorted(objects, data.object_index.long()[rows])
    for i in range(len(objects)):
        members = (owner == i).nonzero()[:, 0]
        grasp = data.grasps(rows[members])
        frame = ModelFrame(views.heading[i])
        # (v, k): every grasp of the object in every view.
        k = len(members)
        repeated = type(grasp)(
            grasp.T_object_hand.expand(v, -1, -1, -1),
            grasp.finger_angles.expand(v, -1, -1, -1),
            grasp.betas.expand(v, -1, -1),
        )
        tokens = PointTokens(features[i].float(), centres[i])
        stacked = tokenizer.encode(frame.grasp_to_model(repeated), tokens).stack()
        codes[members] = stacked.reshape(v, k, 3).transpose(0, 1)
    return EncodedGrasps(
        features,
        centres,
        object_radius(views.points_model).log(),
        views.heading,
        codes,
        rows,
        objects,
    )


def encode_split_cached(cache: Path | None, fingerprint: str, **arguments) -> EncodedGrasps:
    """`encode_split`, kept on disk for as long as nothing it depends on has changed."""
    if cache is None:
        return encode_split(**arguments)
    key = hashlib.sha256(fingerprint.encode()).hexdigest()[:16]
    path = cache / f"encoded_{key}.safetensors"
    if path.is_file():
        return EncodedGrasps(**load_file(path))
    encoded = encode_split(**arguments)
    # Every process of a training on several GPUs may write here; the last one stays.
    with written_whole(path) as temporary:
        save_file({name: t.contiguous() for name, t in vars(encoded).items()}, temporary)
    return encoded


def _encode_objects(tokenizer: GraspTokenizer, views: ObjectViews) -> tuple[Tensor, Tensor]:
    features, centres = [], []
    m, v = views.heading.shape
    for points in views.points_model.flatten(0, 1).split(32):
        tokens = tokenizer.encode_object(points)
        features.append(tokens.features.half())
        centres.append(tokens.centres)
    return torch.cat(features).unflatten(0, (m, v)), torch.cat(centres).unflatten(0, (m, v))
