"""Adapters train little, merge exactly, and a handful of samples is learnt to the letter."""

import pytest
import torch
import torch.nn.functional as F
from tiny_backbones import some_object, tiny_bert, tiny_llama

from semgrasp.language import (
    GraspLanguageModel,
    LoraSettings,
    Turn,
    attach_lora,
    merge_lora,
    pack,
    write_script,
)
from semgrasp.types import GraspTokens

BERT_LORA = LoraSettings(rank=8, alpha=8.0)
LLAMA_LORA = LoraSettings(
    rank=8,
    alpha=8.0,
    targets=("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
    train_words=True,
)
TAUGHT = {
    "hold the mug by the handle": ((1, 2, 3), "the index wraps the handle"),
    "grasp the rim": ((4, 5, 6), "the thumb presses the rim"),
    "hold the body of it": ((7, 8, 9), "the hand wraps the body"),
}


def teach(model: GraspLanguageModel, steps: int) -> None:
    scripts = []
    for text, (codes, words) in TAUGHT.items():
        answer = [Turn("human", text), Turn("gpt", f"<grasp> {words}")]
        inverse = [Turn("human", "<grasp> Describe this grasp."), Turn("gpt", words)]
        scripts += [write_script(model.vocabulary, turns, [codes]) for turns in (answer, inverse)]
    layout = pack([scripts])
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=5e-3)
    model.train()
    for _ in range(steps):
        logits = model(some_object(), torch.tensor([-2.3]), layout)
        loss = F.cross_entropy(logits.codes, layout.codes)
        loss = loss + F.cross_entropy(logits.words, model.word_targets(layout.words))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()


@pytest.mark.parametrize(
    ("build", "settings"),
    [(tiny_bert, BERT_LORA), (tiny_llama, LLAMA_LORA)],
    ids=["bert", "llama"],
)
def test_a_handful_of_conversations_is_learnt_to_the_letter(build, settings):
    model = build()
    attach_lora(model, settings)
    teach(model, steps=150)
    merge_lora(model)
    for text, (codes, words) in TAUGHT.items():
        spoken = model.generate_tokens(some_object(), 0.1, text, 1, temperature=0.0)
        assert tuple(spoken.tokens.stack()[0].tolist()) == codes
        assert spoken.replies[0].lower() == words
        tokens = GraspTokens.from_stack(torch.tensor([codes]))
        assert model.describe(some_object(), 0.1, tokens).lower() == words


def test_merging_changes_no_logits():
    model = tiny_bert()
    attach_lora(model, BERT_LORA)
    teach(model, steps=5)
    before = model.orientation_logits(some_object(), 0.1, "hold it")
    merge_lora(model)
    assert not [name for name, _ in model.named_parameters() if "lora" in name]
    after = model.orientation_logits(some_object(), 0.1, "hold it")
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)


def test_fresh_adapters_change_nothing():
    model = tiny_bert()
    before = model.orientation_logits(some_object(), 0.1, "hold it")
    attach_lora(model, BERT_LORA)
    after = model.orientation_logits(some_object(), 0.1, "hold it")
    torch.testing.assert_close(after, before)


def test_only_adapters_and_own_layers_train():
    model = tiny_bert()
    attach_lora(model, BERT_LORA)
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    backbone = {name for name in trained if name.startswith("network.")}
    assert all("lora_" in name or ".cls.predictions." in name for name in backbone)
    assert "network.bert.embeddings.word_embeddings.weight" not in trained
    assert {"projector.feature.weight", "grasp_embedding.weight", "grasp_head.weight"} <= trained


def test_the_pretrained_part_stays_as_it_was():
    model = tiny_bert()
    attach_lora(model, BERT_LORA)
    words = model.network.get_input_embeddings().weight.clone()
    teach(model, steps=3)
    assert torch.equal(model.network.get_input_embeddings().weight, words)


def test_lora_trains_the_published_share_of_llama_7b():
    # 2.37 % in the adapters, the rest of the published 6 % in embeddings and head.
    rank, width, wide, layers = 64, 4096, 11008, 32
    per_layer = 4 * rank * 2 * width + 3 * rank * (width + wide)
    words = 2 * (32000 + 1540) * width
    share = (layers * per_layer + words) / (6.738e9 + words - 2 * 32000 * width)
    assert 0.055 < share < 0.07


def test_saving_with_separate_adapters_is_refused(tmp_path):
    model = tiny_bert()
    attach_lora(model, BERT_LORA)
    with pytest.raises(ValueError, match="Merge the adapters"):
        model.save_pretrained(tmp_path)
