"""Who sees whom, and that packing, branching and caching change nothing but the time."""

import math

import pytest
import torch
from tiny_backbones import MODELS, some_object, tiny_bert, tiny_llama

from semgrasp.language import GraspLanguageModel, Script, Turn, pack, write_script

LOG_SIZE = torch.tensor([math.log(0.1)])
HUMAN = Turn("human", "hold the mug by the handle")
ANSWER = Turn("gpt", "<grasp> the thumb presses the rim")


def all_logits(model: GraspLanguageModel, scripts: list[Script], tokens=None):
    tokens = some_object() if tokens is None else tokens
    with torch.no_grad():
        return model(tokens, LOG_SIZE, pack([scripts]))


def hidden_after_change(model: GraspLanguageModel, index: int) -> torch.Tensor:
    """Which tokens' states move when token `index` of a conversation changes."""
    script = write_script(model.vocabulary, [HUMAN, ANSWER], [(1, 2, 3)])
    layout = pack([[script]])
    ids = layout.token_ids.clone()
    ids[0, index] = model.vocabulary.text_ids("pour")[0]
    objects = model.embed_object(some_object(), LOG_SIZE)
    with torch.no_grad():
        before, after = (
            model._read(objects, layout._replace(token_ids=x))[0, objects.shape[1] :]
            for x in (layout.token_ids, ids)
        )
    return (before - after).abs().amax(-1) > 1e-6


def test_a_prefix_model_reads_the_instruction_in_both_directions():
    model = tiny_bert()
    last_word = len(model.vocabulary.text_ids(HUMAN.text))
    assert hidden_after_change(model, last_word).all()


def test_a_causal_model_reads_left_to_right():
    model = tiny_llama("causal")
    moved = hidden_after_change(model, 5)
    assert not moved[:5].any()
    assert moved[5:].all()


@pytest.mark.parametrize("name", MODELS)
def test_later_words_of_an_answer_never_change_earlier_tokens(name):
    model = MODELS[name]()
    script = write_script(model.vocabulary, [HUMAN, ANSWER], [(1, 2, 3)])
    index = len(script.token_ids) - 2
    moved = hidden_after_change(model, index)
    assert not moved[:index].any()
    assert moved[index:].all()


def test_conversations_in_one_row_do_not_hear_each_other(model):
    one = write_script(model.vocabulary, [HUMAN, ANSWER], [(1, 2, 3)])
    two = write_script(model.vocabulary, [Turn("human", "grasp it"), ANSWER], [(4, 5, 6)])
    together = all_logits(model, [one, two])
    apart = [all_logits(model, [script]) for script in (one, two)]
    torch.testing.assert_close(
        together.codes, torch.cat([x.codes for x in apart]), atol=1e-5, rtol=1e-4
    )
    torch.testing.assert_close(
        together.words, torch.cat([x.words for x in apart]), atol=1e-5, rtol=1e-4
    )


def test_branches_predict_as_if_each_grasp_stood_alone(model):
    grasps = [(1, 2, 3), (4, 5, 6), (7, 8, 9)]
    together = write_script(model.vocabulary, [HUMAN, ANSWER], grasps)
    logits = all_logits(model, [together])
    for i, grasp in enumerate(grasps):
        alone = all_logits(model, [write_script(model.vocabulary, [HUMAN, ANSWER], [grasp])])
        rows = slice(3 * i, 3 * i + 3)
        torch.testing.assert_close(logits.codes[rows], alone.codes, atol=1e-5, rtol=1e-4)


def test_branches_do_not_disturb_the_words_after_the_first_grasp(model):
    alone = all_logits(model, [write_script(model.vocabulary, [HUMAN, ANSWER], [(1, 2, 3)])])
    branched = write_script(model.vocabulary, [HUMAN, ANSWER], [(1, 2, 3), (4, 5, 6)])
    torch.testing.assert_close(
        all_logits(model, [branched]).words, alone.words, atol=1e-5, rtol=1e-4
    )


def test_padding_changes_nothing(model):
    short = write_script(model.vocabulary, [HUMAN, ANSWER], [(1, 2, 3)])
    long = write_script(model.vocabulary, [HUMAN, ANSWER], [(1, 2, 3), (4, 5, 6)])
    tokens = some_object(batch=2)
    with torch.no_grad():
        both = model(tokens, LOG_SIZE.expand(2), pack([[short], [long]]))
        first = type(tokens)(*(x[:1] for x in tokens))
        alone = model(first, LOG_SIZE, pack([[short]]))
    torch.testing.assert_close(both.codes[:3], alone.codes, atol=1e-5, rtol=1e-4)


def test_cached_decoding_agrees_with_one_full_pass(model):
    tokens = some_object()
    spoken = model.generate_tokens(
        tokens, 0.1, HUMAN.text, 5, generator=torch.Generator().manual_seed(0), with_reply=False
    )
    grasps = [tuple(row) for row in spoken.tokens.stack().tolist()]
    script = write_script(model.vocabulary, [HUMAN, Turn("gpt", "<grasp>")], grasps)
    logits = all_logits(model, [script], tokens).codes.log_softmax(-1)
    targets = pack([[script]]).codes
    expected = logits.gather(1, targets[:, None])[:, 0].unflatten(0, (5, 3)).sum(-1)
    torch.testing.assert_close(spoken.log_probability, expected, atol=1e-4, rtol=1e-4)


def test_log_size_and_position_of_points_reach_the_answer(model):
    script = write_script(model.vocabulary, [HUMAN, ANSWER], [(1, 2, 3)])
    tokens = some_object()
    base = all_logits(model, [script], tokens).codes
    moved = tokens._replace(centres=tokens.centres + 0.03)
    assert not torch.allclose(all_logits(model, [script], moved).codes, base, atol=1e-5)
    with torch.no_grad():
        larger = model(tokens, LOG_SIZE + 1.0, pack([[script]])).codes
    assert not torch.allclose(larger, base, atol=1e-5)


def test_the_order_of_object_groups_does_not_matter_to_a_prefix_model():
    model, tokens = tiny_bert(), some_object()
    order = torch.tensor([5, 0, 3, 1, 4, 2])
    shuffled = type(tokens)(
        torch.cat([tokens.features[:, :1], tokens.features[:, 1:][:, order]], 1),
        tokens.centres[:, order],
    )
    script = write_script(model.vocabulary, [HUMAN, ANSWER], [(1, 2, 3)])
    torch.testing.assert_close(
        all_logits(model, [script], shuffled).codes,
        all_logits(model, [script], tokens).codes,
        atol=1e-5,
        rtol=1e-4,
    )
