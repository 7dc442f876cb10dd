"""The paper's backbone: its configuration, its arithmetic, and a tiny twin of it trained."""

import os
from pathlib import Path

import pytest
import torch
import yaml
from published_llama import write_published_llama
from tiny_backbones import OBJECT_WIDTH, llama_tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer

from mllm.__main__ import main
from mllm.export import language_model_of_checkpoint
from mllm.training import LanguageTraining
from semgrasp.language import (
    GraspLanguageModel,
    LanguageConfig,
    LoraSettings,
    Vocabulary,
    attach_lora,
)
from semgrasp.language.backbone import build_network

CONFIG = Path(__file__).parents[2] / "configs" / "mllm" / "vicuna_7b.yaml"
VICUNA = {
    "model_type": "llama",
    "vocab_size": 32000,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": False,
}
"""Of the published config.json of lmsys/vicuna-7b-v1.5."""


@pytest.fixture(scope="module")
def settings():
    return yaml.safe_load(CONFIG.read_text())


@pytest.fixture(scope="module")
def seven_billion(settings):
    """Vicuna-7B with the configuration's adapters, without memory for a single weight."""
    config = LanguageConfig(**settings["model"]["language"])
    lora = settings["model"]["lora"]
    vocabulary = Vocabulary(llama_tokenizer(), LanguageConfig.vicuna(OBJECT_WIDTH))
    vocabulary.num_words = VICUNA["vocab_size"]
    with torch.device("meta"):
        model = GraspLanguageModel(config, build_network(VICUNA), vocabulary)
        attach_lora(model, LoraSettings(**{**lora, "targets": tuple(lora["targets"])}))
    return model


def _count(parameters) -> int:
    return sum(p.numel() for p in parameters)


def test_vicuna_has_its_published_size(seven_billion):
    adapters = [p for n, p in seven_billion.network.named_parameters() if "lora_" in n]
    assert _count(seven_billion.network.parameters()) - _count(adapters) == 6_738_415_616


def test_adapters_of_rank_64_on_every_linear_layer_have_160_million_weights(seven_billion):
    adapters = [p for n, p in seven_billion.network.named_parameters() if "lora_" in n]
    # Per layer 4 of 4096 x 4096 and 3 between 4096 and 11008.
    assert _count(adapters) == 32 * 64 * (4 * (4096 + 4096) + 3 * (4096 + 11008)) == 159_907_840


def test_about_six_percent_of_the_parameters_learn(seven_billion):
    trained = _count(p for p in seven_billion.parameters() if p.requires_grad)
    assert 0.06 < trained / _count(seven_billion.parameters()) < 0.065


def test_memory_for_weights_and_optimiser_is_what_the_configuration_says(seven_billion, settings):
    trained = _count(p for p in seven_billion.parameters() if p.requires_grad)
    frozen = _count(seven_billion.parameters()) - trained
    assert settings["model"]["precision"] == "bfloat16"
    assert 12.5e9 < 2 * frozen < 13.5e9
    # In float32: the weight, its gradient and AdamW's two averages.
    assert 6.5e9 < 16 * trained < 7.5e9


def test_what_learns_stays_in_float32_when_the_rest_does_not():
    vocabulary = Vocabulary(llama_tokenizer(), LanguageConfig.vicuna(OBJECT_WIDTH))
    tiny = {**VICUNA, "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48}
    network = build_network({**tiny, "num_hidden_layers": 1, "num_attention_heads": 4,
                             "num_key_value_heads": 4}).bfloat16()  # fmt: skip
    model = GraspLanguageModel(LanguageConfig.vicuna(OBJECT_WIDTH), network, vocabulary)
    attach_lora(model, LoraSettings(rank=2, targets=("q_proj",), train_words=True))
    for name, parameter in model.network.named_parameters():
        expected = torch.float32 if parameter.requires_grad else torch.bfloat16
        assert parameter.dtype == expected, name


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return write_published_llama(tmp_path_factory.mktemp("published") / "vicuna-tiny")


@pytest.fixture(scope="module")
def run(tmp_path_factory, packed_folder, tokenizer_folder, published):
    """The paper's configuration, with the sizes of the machine and nothing else changed."""
    folder = tmp_path_factory.mktemp("vicuna_run")
    before = Path.cwd()
    os.chdir(folder)
    os.environ["SEMGRASP_VICUNA_DIR"] = str(published)
    try:
        main(
            [
                "fit",
                f"--config={CONFIG}",
                "--trainer.accelerator=cpu",
                "--trainer.devices=1",
                "--trainer.strategy=auto",
                "--trainer.max_epochs=-1",
                "--trainer.max_steps=6",
                "--trainer.logger=false",
                "--trainer.enable_model_summary=false",
                f"--data.folder={packed_folder}",
                f"--data.tokenizer={tokenizer_folder}",
                "--data.cache=null",
                "--data.views=1",
                "--data.questions=2",
                "--data.shape.objects=2",
                "--model.language.object_width=12",
                "--model.language.codebook_size=16",
                "--model.lora.rank=4",
            ]
        )
        yield folder / "runs" / "mllm" / "vicuna_7b" / "last.ckpt"
    finally:
        os.chdir(before)
        del os.environ["SEMGRASP_VICUNA_DIR"]


def test_the_papers_configuration_trains_a_tiny_llama(run):
    assert torch.load(run, weights_only=True)["global_step"] == 6


def test_checkpoints_leave_the_published_weights_out(run):
    names = torch.load(run, weights_only=True)["state_dict"]
    assert any(".lora_A." in name for name in names)
    assert any("lm_head" in name for name in names)
    assert not any("base_layer" in name or "norm" in name for name in names)


def test_the_backbone_comes_back_from_its_folder(run, published):
    model = language_model_of_checkpoint(run)
    index = torch.load(published / "pytorch_model-00001-of-00002.bin", weights_only=True)
    index |= torch.load(published / "pytorch_model-00002-of-00002.bin", weights_only=True)
    state = model.network.state_dict()
    frozen = index["model.norm.weight"].to(torch.bfloat16)
    assert torch.equal(state["model.norm.weight"], frozen.float())
    # The adapted layers have moved, by their adapters.
    name = "model.layers.0.self_attn.q_proj.weight"
    assert not torch.equal(state[name], index[name].to(state[name].dtype))


def test_the_adapter_loads_in_peft_and_does_the_same(run, published, tmp_path):
    peft = pytest.importorskip("peft")
    main(["export", f"--checkpoint={run}", f"--output={tmp_path}", "--kind=adapter"])
    base = AutoModelForCausalLM.from_pretrained(published, dtype=torch.float32)
    theirs = peft.PeftModel.from_pretrained(base, tmp_path).eval()
    ours = language_model_of_checkpoint(run).network
    ids = torch.tensor([[1, 20, 30, 40]])
    with torch.no_grad():
        # Ours started from weights in bfloat16, theirs from the published ones.
        torch.testing.assert_close(
            theirs(ids).logits, ours(ids).logits, atol=2e-2, rtol=2e-2  # type: ignore[operator]
        )  # fmt: skip
        plain = AutoModelForCausalLM.from_pretrained(published, dtype=torch.float32)(ids).logits
    assert (theirs(ids).logits - plain).abs().max() > 0


def test_the_merged_backbone_loads_in_transformers(run, tmp_path):
    main(["export", f"--checkpoint={run}", f"--output={tmp_path}", "--kind=backbone"])
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path)
    ours = language_model_of_checkpoint(run).network.bfloat16()
    assert theirs.dtype == torch.bfloat16
    ids = torch.tensor([[1, 20, 30, 40]])
    with torch.no_grad():
        assert torch.equal(theirs(ids).logits, ours(ids).logits)  # type: ignore[operator]
    assert len(AutoTokenizer.from_pretrained(tmp_path)) == 400


def test_the_exported_model_loads_in_the_library(run, tmp_path):
    main(["export", f"--checkpoint={run}", f"--output={tmp_path}"])
    model = GraspLanguageModel.from_pretrained(tmp_path)
    assert model.config.opening == "<s>"


def test_recomputed_activations_give_the_same_gradients(published):
    language = LanguageConfig.vicuna(OBJECT_WIDTH)
    lora = LoraSettings(rank=2, targets=("q_proj", "down_proj"))
    gradients = []
    for again in (False, True):
        torch.manual_seed(0)
        training = LanguageTraining(
            language, str(published), lora, checkpoint_activations=again
        ).train()
        network = training.model.network
        assert network.is_gradient_checkpointing == again
        network(torch.tensor([[1, 20, 30, 40]])).logits.square().mean().backward()  # type: ignore[operator]
        gradients.append([p.grad for p in network.parameters() if p.grad is not None])
    assert len(gradients[0]) > 0
    for kept, computed in zip(*gradients, strict=True):
        torch.testing.assert_close(kept, computed)
