"""One codebook of the tokenizer."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class Quantized(NamedTuple):
    """Latents snapped to their nearest codes."""

    latent: Float[Tensor, "*b dim"]
    """The codes themselves; in training their gradient passes to the input."""
    codes: Int[Tensor, "*b"]
    """Indices of the codes."""
    commitment: Float[Tensor, ""]
    """Mean squared distance from input to code, plus the codebook term if codes are learned."""


class Codebook(nn.Module):
    """`size` vectors of length `dim`, found by k-means and kept alive in training.

    Args:
        learned: Move the codes by gradient instead of by moving average.
        decay: Memory of the moving average.
        dead_code_threshold: A code that wins fewer latents per batch is replaced by one of them.
    """

    def __init__(
        self, size: int, dim: int, *, learned: bool, decay: float, dead_code_threshold: float
    ) -> None:
        super().__init__()
        # Imported late: it pulls in torch's compiler, which takes two seconds.
        from vector_quantize_pytorch import VectorQuantize

        self.quantize = VectorQuantize(
            dim=dim,
            codebook_size=size,
            decay=decay,
            kmeans_init=True,
            kmeans_iters=10,
            threshold_ema_dead_code=dead_code_threshold,  # pyright: ignore[reportArgumentType]
            learnable_codebook=learned,
            ema_update=not learned,
            commitment_weight=1.0,
            rotation_trick=False,
        )

    def forward(self, latent: Float[Tensor, "*b dim"]) -> Quantized:
        # In float32: bfloat16 distances tie and collapse the codebook.
        flat = latent.float().reshape(1, -1, latent.shape[-1])
        with torch.autocast(latent.device.type, enabled=False):
            snapped, codes, commitment = self.quantize(flat)
        return Quantized(
            snapped.reshape(latent.shape), codes.reshape(latent.shape[:-1]), commitment.sum()
        )

    def look_up(self, codes: Int[Tensor, "*b"]) -> Float[Tensor, "*b dim"]:
        """The vectors of given indices."""
        return self.vectors[codes]

    @property
    def vectors(self) -> Float[Tensor, "size dim"]:
        """All codes, in order."""
        return self.quantize.codebook
