"""What a run will cost, before anything is sent.

Tokens of a picture follow OpenAI's documentation of image input (platform.openai.com, Images and
vision, read in August 2025): by tiles of 512 pixels after fitting the picture into 2048 pixels and
its short side to 768, or by patches of 32 pixels, at most 1536 of them, times a factor. Prices are
OpenAI's list prices of the same month in dollars per million tokens; they change, so give your
own for anything that matters. Text is taken to be 4 characters per token.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

PRICES_DATE = "August 2025"
_CHARACTERS_PER_TOKEN = 4
_OVERHEAD_TOKENS = 20
"""Roles and separators of a message, and the schema's name."""
_ANSWER_TOKENS = 110
"""Of a part, two sentences and a score. Models that think first spend several times as many."""


class _Tiles(NamedTuple):
    base: int
    per_tile: int

    def tokens(self, width: int, height: int) -> int:
        scale = min(1.0, 2048 / max(width, height))
        scale = min(scale, 768 / min(width, height))
        columns = math.ceil(round(width * scale, 6) / 512)
        rows = math.ceil(round(height * scale, 6) / 512)
        return self.base + self.per_tile * columns * rows


class _Patches(NamedTuple):
    factor: float

    def tokens(self, width: int, height: int) -> int:
        if math.ceil(width / 32) * math.ceil(height / 32) > 1536:
            scale = math.sqrt(32**2 * 1536 / (width * height))
            # Scaled once more so that whole patches fit along both sides.
            across, down = width * scale / 32, height * scale / 32
            scale *= min(math.floor(across) / across, math.floor(down) / down)
            width, height = round(width * scale), round(height * scale)
        return math.ceil(math.ceil(width / 32) * math.ceil(height / 32) * self.factor)


class Price(NamedTuple):
    """In dollars per million tokens."""

    prompt: float
    completion: float


class _Model(NamedTuple):
    price: Price
    image: _Tiles | _Patches


_GPT_4O = _Tiles(85, 170)
_MODELS = {
    "gpt-4o-mini": _Model(Price(0.15, 0.60), _Tiles(2833, 5667)),
    "gpt-4o": _Model(Price(2.50, 10.00), _GPT_4O),
    "gpt-4-turbo": _Model(Price(10.00, 30.00), _GPT_4O),
    "gpt-4.1-nano": _Model(Price(0.10, 0.40), _Patches(2.46)),
    "gpt-4.1-mini": _Model(Price(0.40, 1.60), _Patches(1.62)),
    "gpt-4.1": _Model(Price(2.00, 8.00), _GPT_4O),
    "gpt-5-nano": _Model(Price(0.05, 0.40), _Patches(2.46)),
    "gpt-5-mini": _Model(Price(0.25, 2.00), _Patches(1.62)),
    "gpt-5": _Model(Price(1.25, 10.00), _Tiles(70, 140)),
    "o4-mini": _Model(Price(1.10, 4.40), _Patches(1.72)),
    "o3": _Model(Price(2.00, 8.00), _Tiles(75, 150)),
}
PRICED_MODELS = tuple(_MODELS)


@dataclass(frozen=True)
class CostEstimate:
    """For all questions asked anew, without retries."""

    questions: int
    prompt_tokens: int
    completion_tokens: int
    price: Price | None
    """None where neither the user nor the table knows it."""
    is_listed_price: bool
    """Whether the price is from the table, with its date."""

    @property
    def dollars(self) -> float | None:
        """None where no price is known."""
        if self.price is None:
            return None
        tokens = self.prompt_tokens * self.price.prompt
        return (tokens + self.completion_tokens * self.price.completion) / 1e6

    def __str__(self) -> str:
        line = (
            f"{self.questions} questions, about {self.prompt_tokens:,} tokens in and "
            f"{self.completion_tokens:,} out"
        )
        if self.price is None or self.dollars is None:
            return f"{line}; no price is known for this model (give --price IN OUT)."
        source = f"list price of {PRICES_DATE}" if self.is_listed_price else "your price"
        return (
            f"{line}: about ${self.dollars:.2f} at ${self.price.prompt:g} and "
            f"${self.price.completion:g} per million ({source})."
        )


def estimate_cost(
    model: str,
    questions: int,
    *,
    prompt_characters: int,
    picture_size: int,
    price: Price | None = None,
) -> CostEstimate:
    """Tokens and dollars for so many questions with one square picture each.

    Args:
        prompt_characters: Length of the text that goes with each picture.
        picture_size: Width and height of the picture in pixels.
        price: What the user pays; the table's where None. A model that is not in the table gets
            no price, and the tokens of gpt-4o.
    """
    known = _known(model)
    image = (known.image if known else _GPT_4O).tokens(picture_size, picture_size)
    text = math.ceil(prompt_characters / _CHARACTERS_PER_TOKEN) + _OVERHEAD_TOKENS
    is_listed = price is None and known is not None
    return CostEstimate(
        questions=questions,
        prompt_tokens=questions * (image + text),
        completion_tokens=questions * _ANSWER_TOKENS,
        price=known.price if price is None and known else price,
        is_listed_price=is_listed,
    )


def estimate_text_cost(
    model: str,
    *,
    prompt_characters: Sequence[int],
    answer_tokens: int,
    price: Price | None = None,
) -> CostEstimate:
    """Tokens and dollars for questions without pictures.

    Args:
        prompt_characters: Length of each question.
        answer_tokens: Expected length of each answer.
        price: What the user pays; the table's where None.
    """
    known = _known(model)
    tokens = [math.ceil(n / _CHARACTERS_PER_TOKEN) + _OVERHEAD_TOKENS for n in prompt_characters]
    return CostEstimate(
        questions=len(tokens),
        prompt_tokens=sum(tokens),
        completion_tokens=len(tokens) * answer_tokens,
        price=known.price if price is None and known else price,
        is_listed_price=price is None and known is not None,
    )


def _known(model: str) -> _Model | None:
    """The entry of a model, also by a dated name such as gpt-4o-2024-11-20."""
    for name, entry in _MODELS.items():
        dated = model.removeprefix(f"{name}-")
        if model == name or (dated != model and dated[:4].isdigit()):
            return entry
    return None
