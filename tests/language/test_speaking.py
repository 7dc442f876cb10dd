"""Decoding follows the grammar of a grasp, and sampling behaves as asked."""

import pytest
import torch
from tiny_backbones import CODES, some_object, tiny_bert

from semgrasp.errors import InputError
from semgrasp.types import GraspTokens


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_every_spoken_grasp_is_one_code_per_codebook(model):
    spoken = model.generate_tokens(
        some_object(), 0.1, "hold it", 64, temperature=5.0, generator=seeded()
    )
    codes = spoken.tokens.stack()
    assert codes.shape == (64, 3)
    assert codes.min() >= 0
    assert codes.max() < CODES
    assert len(spoken.replies) == 64
    assert (spoken.log_probability < 0).all()


def test_the_first_grasp_is_the_likeliest(model):
    ask = (some_object(), 0.1, "hold the mug by the rim")
    first = model.generate_tokens(*ask, 4, generator=seeded(3), with_reply=False).tokens.stack()[0]
    greedy = model.generate_tokens(*ask, 1, temperature=0.0, with_reply=False).tokens.stack()[0]
    assert first.tolist() == greedy.tolist()


def test_the_same_seed_speaks_the_same_grasps():
    model, ask = tiny_bert(), (some_object(), 0.1, "hold it", 8)
    one, two, other = (
        model.generate_tokens(*ask, generator=seeded(s), with_reply=False).tokens.stack()
        for s in (1, 1, 2)
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_a_high_temperature_spreads_the_samples():
    model = tiny_bert()
    with torch.no_grad():
        model.grasp_head.weight.mul_(50.0)
    kinds = [
        len(
            model.generate_tokens(
                some_object(),
                0.1,
                "hold it",
                64,
                temperature=t,
                generator=seeded(),
                with_reply=False,
            ).tokens.orientation.unique()
        )
        for t in (0.05, 20.0)
    ]
    assert kinds[0] < kinds[1]


def test_replies_of_a_batch_are_those_of_each_grasp_alone(model):
    tokens = some_object()
    spoken = model.generate_tokens(tokens, 0.1, "hold it", 3, generator=seeded())
    again = model.reply(tokens, 0.1, "hold it", spoken.tokens)
    assert again == spoken.replies


def test_the_instruction_changes_the_grasp_distribution(model):
    one, two = (
        model.orientation_logits(some_object(), 0.1, text)
        for text in ("hold the mug by the handle", "hold the mug by the rim")
    )
    assert not torch.allclose(one, two)


def test_describing_needs_one_grasp(model):
    tokens = GraspTokens.from_stack(torch.tensor([[1, 2, 3], [1, 2, 3]]))
    with pytest.raises(InputError, match="one grasp at a time"):
        model.describe(some_object(), 0.1, tokens)
    assert isinstance(model.describe(some_object(), 0.1, GraspTokens(*tokens.stack()[0])), str)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_grasps": 0}, "num_grasps"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"object_size": 0.0}, "positive radius"),
        ({"text": ""}, "empty"),
    ],
)
def test_wrong_requests_are_refused(change, message):
    request = {"object_size": 0.1, "text": "hold it", "num_grasps": 1, **change}
    with pytest.raises(InputError, match=message):
        tiny_bert().generate_tokens(some_object(), **request)
