"""How a grasp reads an object: attention over object tokens that know where they are.

Tokens carry their place in metres, in the object's model frame or in the frame of a hand, so that
a query can ask for "the part just under the fingers".
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from semgrasp.geometry import invert_transform, transform_points
from semgrasp.tokenizer.pointbert import PointTokens

_WAVELENGTHS = (0.4, 0.2, 0.1, 0.05)
"""Periods of the sinusoids that encode places, in [m]: from whole objects to fingertips."""


class ObjectMemory(NamedTuple):
    """Object tokens, ready to be read by grasps."""

    content: Float[Tensor, "b tokens width"]
    centres: Float[Tensor, "b tokens 3"]
    """Place of each token in the model frame, in [m]; the class token is at the mean."""


def encode_places(places: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b 27"]:
    """Coordinates in [dm] and their sinusoids."""
    phases = [places * (2.0 * torch.pi / length) for length in _WAVELENGTHS]
    waves = [wave for phase in phases for wave in (phase.sin(), phase.cos())]
    return torch.cat([places * 10.0, *waves], dim=-1)


NUM_PLACE_FEATURES = 3 + 6 * len(_WAVELENGTHS)


class ObjectAdapter(nn.Module):
    """Turns PointBERT's tokens, which know no size, into a memory in metres."""

    def __init__(self, token_width: int, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(token_width)
        self.features = nn.Linear(token_width, width)
        self.extent = nn.Linear(3, width)

    def forward(self, tokens: PointTokens) -> ObjectMemory:
        middle = tokens.centres.mean(dim=1, keepdim=True)
        extent = (tokens.centres.amax(dim=1) - tokens.centres.amin(dim=1)) * 10.0
        content = self.features(self.norm(tokens.features)) + self.extent(extent)[:, None]
        return ObjectMemory(content, torch.cat([middle, tokens.centres], dim=1))


def centres_in_hand(
    memory: ObjectMemory, T_model_hand: Float[Tensor, "b n 4 4"]
) -> Float[Tensor, "b n tokens 3"]:
    """Where each object token is as seen from each hand."""
    T_hand_model = invert_transform(T_model_hand)
    centres = memory.centres[:, None].expand(-1, T_model_hand.shape[1], -1, -1)
    return transform_points(T_hand_model, centres)


class ObjectReader(nn.Module):
    """One pre-norm block: attend to the object, then think.

    A head scores a token by what it is, plus by where it is, and returns both averages. The
    two are kept apart so that what a token is costs once per object, not once per grasp.
    """

    def __init__(self, width: int, memory_width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm = nn.LayerNorm(width)
        self.ask_content = nn.Linear(width, memory_width)
        self.ask_place = nn.Linear(width, num_heads * NUM_PLACE_FEATURES)
        self.key_value = nn.Linear(memory_width, 2 * memory_width)
        self.answer = nn.Linear(memory_width + num_heads * NUM_PLACE_FEATURES, width)
        self.think = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(
        self,
        query: Float[Tensor, "b n width"],
        memory: ObjectMemory,
        places: Float[Tensor, "b m tokens 27"],
    ) -> Float[Tensor, "b n width"]:
        """Read the memory at encoded `places`; m is n, or 1 where all queries share a frame."""
        heads = (self.num_heads, -1)
        key, value = self.key_value(memory.content).unflatten(-1, (2, *heads)).unbind(-3)
        key, value = key.transpose(1, 2), value.transpose(1, 2)
        asked = self.norm(query)
        content = self.ask_content(asked).unflatten(-1, heads).transpose(1, 2)
        place = self.ask_place(asked).unflatten(-1, heads)

        by_content = (content @ key.mT).transpose(1, 2) / key.shape[-1] ** 0.5
        by_place = place @ places.mT / NUM_PLACE_FEATURES**0.5
        weights = (by_content + by_place).softmax(dim=-1)

        what = (weights.transpose(1, 2) @ value).transpose(1, 2)
        where = weights @ places
        query = query + self.answer(torch.cat([what.flatten(-2), where.flatten(-2)], dim=-1))
        return query + self.think(query)
