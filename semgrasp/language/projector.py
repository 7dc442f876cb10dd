"""How an object enters the sequence: one token per group of points, and one for its size."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

_OCTAVES = 4


def object_radius(points_model: Float[Tensor, "*b n 3"]) -> Float[Tensor, "*b"]:
    """Size of an object: largest distance of its points from their centroid, in [m].

    PointBERT divides points by exactly this length, so the `<OS>` token gives it back.
    """
    return (points_model - points_model.mean(dim=-2, keepdim=True)).norm(dim=-1).amax(dim=-1)


class ObjectProjector(nn.Module):
    """Object tokens and metric size in the width of the language model.

    Args:
        object_width: Width of the object tokens.
        width: Width of the language model.
    """

    def __init__(self, object_width: int, width: int) -> None:
        super().__init__()
        self.feature = nn.Linear(object_width, width)
        self.position = _mlp(3 + 6 * _OCTAVES, width)
        self.size = _mlp(1, width)

    def forward(
        self,
        features: Float[Tensor, "b tokens object_width"],
        centres: Float[Tensor, "b groups 3"],
        log_size: Float[Tensor, " b"],
    ) -> Float[Tensor, "b positions width"]:
        """Class token, group tokens, size token.

        Args:
            features: Class token and group tokens of PointBERT.
            centres: Centres of the groups in the model frame in [m].
            log_size: Logarithm of the radius of the object in [m].
        """
        projected = self.feature(features)
        # PointBERT divides size out and mixes positions; where a part is decides where a hand goes.
        where = self.position(_waves(centres / log_size.exp()[:, None, None]))
        class_token, groups = projected[:, :1], projected[:, 1:] + where
        # Centred on a hand's reach of 0.1 m, so that the input is of order one.
        size = self.size(log_size[:, None] + 2.3)
        return torch.cat([class_token, groups, size[:, None]], dim=1)


def _mlp(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 128), nn.GELU(), nn.Linear(128, outputs))


def _waves(position: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b waves"]:
    """Position and its sines and cosines at doubling frequencies (Mildenhall et al., 2020)."""
    octaves = 2.0 ** torch.arange(_OCTAVES, device=position.device, dtype=position.dtype)
    phase = (position[..., None, :] * octaves[:, None] * torch.pi / 2).flatten(-2)
    return torch.cat([position, phase.sin(), phase.cos()], dim=-1)
