"""Configuration of the grasp tokenizer."""

from dataclasses import dataclass, field

from semgrasp.hand import HandName
from semgrasp.tokenizer.pointbert import PointBertConfig


def _small_hand_encoder() -> PointBertConfig:
    return PointBertConfig(
        num_points=160,
        num_groups=12,
        group_size=16,
        trans_dim=64,
        depth=2,
        num_heads=4,
        encoder_dims=64,
        group_widths=(16, 32, 64),
        drop_path=0.0,
    )


@dataclass(frozen=True, kw_only=True)
class TokenizerConfig:
    """Architecture of the hierarchical VQ-VAE; the defaults suit one CPU core."""

    hand: HandName = "open"
    """Whose surface the encoder sees and the loss compares: the open hand, or the user's MANO."""
    object_encoder: PointBertConfig = field(default_factory=PointBertConfig)
    """PointBERT over the object; pretrained on parts and frozen."""
    hand_encoder: PointBertConfig = field(default_factory=_small_hand_encoder)
    """PointBERT over the hand; trained with the tokenizer. Its `num_points` are hand vertices."""
    codebook_size: int = 512
    """Entries in each of the three codebooks."""
    code_dim: int = 256
    """Length of a code."""
    width: int = 192
    """Width of the queries that read the object."""
    memory_width: int = 128
    """Width of the object tokens as the queries read them."""
    num_heads: int = 8
    """Attention heads over the object tokens."""
    decoder_depth: int = 2
    """Times each decoder reads the object; encoders read it once."""
    learned_codebook: bool = False
    """Learn the codes by gradient, as the paper's loss is written, instead of by moving average."""
    codebook_decay: float = 0.97
    """Memory of the moving average."""
    dead_code_threshold: float = 0.03
    """Codes that win fewer latents per batch than this, on average, start afresh."""

    def __post_init__(self) -> None:
        if self.memory_width % self.num_heads:
            raise ValueError(
                f"memory_width {self.memory_width} must be a multiple of num_heads "
                f"{self.num_heads}."
            )
