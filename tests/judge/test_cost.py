"""The estimate, against bills that were published."""

import pytest

from semgrasp.judge import Price
from semgrasp.judge.cost import _MODELS, estimate_cost


@pytest.mark.parametrize(
    ("model", "size", "tokens"),
    [
        ("gpt-4o", (1024, 1024), 765),
        ("gpt-4o", (2048, 4096), 1105),
        ("gpt-4o", (512, 512), 255),
        ("gpt-4o-mini", (128, 64), 8500),
        ("gpt-4.1-mini", (1024, 1024), 1659),
        ("gpt-4.1-mini", (1800, 2400), 2353),
    ],
)
def test_tokens_of_a_picture_follow_the_published_examples(model, size, tokens):
    assert _MODELS[model].image.tokens(*size) == tokens


def test_cost_is_tokens_times_price():
    cost = estimate_cost(
        "seer", 10, prompt_characters=400, picture_size=768, price=Price(2.0, 10.0)
    )
    assert cost.prompt_tokens == 10 * (765 + 100 + 20)
    assert cost.dollars == pytest.approx(
        (cost.prompt_tokens * 2.0 + cost.completion_tokens * 10.0) / 1e6
    )
    assert "your price" in str(cost)


def test_a_dated_model_has_the_price_of_its_family_and_the_date_is_told():
    dated = estimate_cost("gpt-4o-2024-11-20", 1, prompt_characters=400, picture_size=768)
    assert dated.price == Price(2.50, 10.00)
    assert "list price of" in str(dated)


@pytest.mark.parametrize("model", ["gpt-4o-audio-preview", "gpt-4", "llava", "gpt-4.1-large"])
def test_an_unknown_model_gets_no_price_rather_than_a_wrong_one(model):
    cost = estimate_cost(model, 3, prompt_characters=400, picture_size=768)
    assert cost.dollars is None
    assert "--price" in str(cost)
