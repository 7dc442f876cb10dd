"""Near misses are forgiven, similar words are practised, and codes begin as alike as they are."""

import random

import torch

from mllm.synonyms import Rewording
from mllm.training import neighbour_shares


def test_a_code_shares_most_with_itself_then_with_its_neighbours():
    line = torch.arange(8.0)[None, :, None].expand(3, -1, -1)
    shares = neighbour_shares(line)
    torch.testing.assert_close(shares.sum(-1), torch.ones(3, 8))
    assert (shares.argmax(-1) == torch.arange(8)).all()
    assert shares[0, 3, 4] > shares[0, 3, 5] > shares[0, 3, 7]


def test_similar_codes_begin_with_similar_logits(model):
    codebooks = torch.randn(3, 16, 8)
    codebooks[:, 1] = codebooks[:, 0] + 0.01
    model.place_grasp_tokens(codebooks, generator=torch.Generator().manual_seed(0))
    logits = model.grasp_logits(torch.randn(50, model.width)).unflatten(-1, (3, -1))
    near = (logits[..., 0] - logits[..., 1]).abs().mean()
    far = (logits[..., 0] - logits[..., 2]).abs().mean()
    assert near < 0.1 * far


def test_rewording_keeps_length_template_and_function_words(model):
    vocabulary = model.vocabulary
    rewording = Rewording(model, chance=1.0, neighbours=2)
    text = vocabulary.text_ids("hold the mug by it .")
    ids = [vocabulary.start_of_grasp - 1, *text]
    changed = rewording(ids[1:], random.Random(0))
    pieces = [vocabulary.tokenizer.id_to_token(i) for i in changed]
    assert len(changed) == len(text)
    assert pieces[1] == "the"
    assert pieces[-1] == "."
    assert pieces[0] != "hold"
    assert Rewording(model, chance=0.0)(text, random.Random(0)) == text


def test_rewording_chooses_the_nearest_words(model):
    vocabulary = model.vocabulary
    hold, grasp = (vocabulary.text_ids(word)[0] for word in ("hold", "grasp"))
    with torch.no_grad():
        words = model.network.get_input_embeddings().weight
        words[grasp] = words[hold] * 1.1
    rewording = Rewording(model, chance=1.0, neighbours=1)
    assert rewording([hold], random.Random(0)) == [grasp]
