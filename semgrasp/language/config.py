"""Settings of the grasp language model."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class LanguageConfig:
    """How objects, words and grasps become one sequence, whatever the backbone."""

    attention: Literal["prefix", "causal"] = "prefix"
    """`prefix`: object and each human turn are read in both directions, answers left to right;
    `causal`: everything left to right, as Llama was pretrained."""
    object_width: int = 256
    """Width of the object tokens, the output of PointBERT."""
    codebook_size: int = 512
    """Entries of each of the three codebooks of the grasp tokenizer."""
    opening: str = ""
    """The token that opens a conversation, such as Llama's `<s>`."""
    system: str = ""
    """Text before the first human turn."""
    human_prefix: str = "[CLS]"
    """Text that opens a human turn."""
    human_suffix: str = "[SEP]"
    """Text that closes a human turn; the answer follows."""
    answer_suffix: str = "[SEP]"
    """The token that ends an answer."""
    is_english_only: bool = True
    """Refuse instructions in other scripts instead of guessing from characters."""
    max_human_tokens: int = 96
    """Longest human turn in tokens; longer instructions are refused."""
    max_answer_tokens: int = 40
    """Longest text answer in tokens."""

    def __post_init__(self) -> None:
        if min(self.object_width, self.codebook_size) < 1:
            raise ValueError("object_width and codebook_size must be positive.")
        if min(self.max_human_tokens, self.max_answer_tokens) < 4:
            raise ValueError("max_human_tokens and max_answer_tokens must be at least 4.")

    @staticmethod
    def vicuna(object_width: int = 384) -> "LanguageConfig":
        """Vicuna v1.1's conversation template, with the object before the first turn."""
        return LanguageConfig(
            attention="causal",
            object_width=object_width,
            opening="<s>",
            system=(
                "A chat between a curious user and an artificial intelligence assistant. The "
                "assistant gives helpful, detailed, and polite answers to the user's questions."
            ),
            human_prefix=" USER: ",
            human_suffix=" ASSISTANT:",
            answer_suffix="</s>",
            is_english_only=False,
            max_human_tokens=512,
            max_answer_tokens=256,
        )
