"""Attention over object tokens."""

import torch

from semgrasp.geometry import make_transform, rotation_about_z
from semgrasp.tokenizer.reading import (
    NUM_PLACE_FEATURES,
    ObjectMemory,
    ObjectReader,
    centres_in_hand,
    encode_places,
)


def memory_of(batch: int, tokens: int, width: int = 16) -> ObjectMemory:
    generator = torch.Generator().manual_seed(0)
    return ObjectMemory(
        torch.randn(batch, tokens, width, generator=generator),
        0.1 * torch.randn(batch, tokens, 3, generator=generator),
    )


def test_reading_agrees_with_a_naive_loop():
    torch.manual_seed(0)
    reader, memory = ObjectReader(8, 16, 2).double(), memory_of(2, 5)
    memory = ObjectMemory(*(part.double() for part in memory))
    query = torch.randn(2, 3, 8, dtype=torch.float64)
    places = encode_places(torch.randn(2, 3, 5, 3, dtype=torch.float64))
    read = reader(query, memory, places)
    for b in range(2):
        keys, values = reader.key_value(memory.content[b]).chunk(2, dim=-1)
        for n in range(3):
            asked = reader.norm(query[b, n])
            content = reader.ask_content(asked).chunk(2)
            place = reader.ask_place(asked).chunk(2)
            what, where = [], []
            for head in range(2):
                own = slice(8 * head, 8 * head + 8)
                score = keys[:, own] @ content[head] / 8**0.5
                score = score + places[b, n] @ place[head] / NUM_PLACE_FEATURES**0.5
                weight = score.softmax(0)
                what.append(weight @ values[:, own])
                where.append(weight @ places[b, n])
            thought = query[b, n] + reader.answer(torch.cat(what + where))
            torch.testing.assert_close(read[b, n], thought + reader.think(thought))


def test_a_shared_frame_reads_as_the_same_frame_for_each():
    torch.manual_seed(0)
    reader, memory = ObjectReader(8, 16, 2), memory_of(2, 5)
    query, places = torch.randn(2, 3, 8), encode_places(torch.randn(2, 1, 5, 3))
    torch.testing.assert_close(
        reader(query, memory, places), reader(query, memory, places.expand(-1, 3, -1, -1))
    )


def test_the_hand_sees_the_same_when_it_moves_with_the_object():
    memory = memory_of(1, 5)
    T = make_transform(rotation_about_z(torch.tensor([[0.4]])), torch.tensor([[[0.1, 0.0, 0.2]]]))
    moved = ObjectMemory(memory.content, (T[:, 0] @ _homogeneous(memory.centres).mT).mT[..., :3])
    still = centres_in_hand(memory, torch.eye(4).expand(1, 1, 4, 4))
    torch.testing.assert_close(centres_in_hand(moved, T), still, atol=1e-6, rtol=1e-4)


def _homogeneous(points: torch.Tensor) -> torch.Tensor:
    return torch.cat([points, torch.ones_like(points[..., :1])], dim=-1)
