"""Backbones are read as they are published, from a folder or a hub id, and run no code."""

import json
import os
import pickle
import shutil

import pytest
import sentencepiece
import torch
from published_llama import write_published_llama

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.language import GraspLanguageModel, LanguageConfig
from semgrasp.language.pretrained import (
    load_pretrained_network,
    load_tokenizer,
    pretrained_folder,
)


@pytest.fixture(scope="module")
def vicuna(tmp_path_factory):
    return write_published_llama(tmp_path_factory.mktemp("backbone") / "vicuna-tiny")


@pytest.fixture
def copy(vicuna, tmp_path):
    return shutil.copytree(vicuna, tmp_path / "copy")


def test_shards_of_pytorch_become_the_same_weights(vicuna):
    network = load_pretrained_network(vicuna)
    index = json.loads((vicuna / "pytorch_model.bin.index.json").read_text())["weight_map"]
    for name, parameter in network.state_dict().items():
        published = torch.load(vicuna / index[name], weights_only=True)[name]
        assert torch.equal(parameter, published.float()), name


def test_bfloat16_halves_the_memory(vicuna):
    network = load_pretrained_network(vicuna, "bfloat16")
    assert {p.dtype for p in network.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize(
    "text", ["hold the mug by the handle", "drink", "naive cafe\u0301 \u2615", "a  b 12.5"]
)
def test_words_are_cut_as_sentencepiece_cuts_them(vicuna, text):
    ours = load_tokenizer(vicuna).encode(text, add_special_tokens=False).ids
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(vicuna / "tokenizer.model"))
    assert ours == theirs.encode(text)


def test_the_published_layout_makes_a_grasp_language_model(vicuna):
    config = LanguageConfig.vicuna(object_width=12)
    model = GraspLanguageModel.from_backbone(vicuna, config)
    assert model.vocabulary.num_words == 400
    # <SG> <EG> <OS> <OBJ> and three codebooks follow the backbone's own words.
    assert model.vocabulary.num_grasp_tokens == 4 + 3 * 512
    assert model.vocabulary.end_of_answer == 2


def test_a_folder_may_be_named_by_a_variable(vicuna, monkeypatch):
    monkeypatch.setenv("SEMGRASP_VICUNA_DIR", str(vicuna))
    assert pretrained_folder("$SEMGRASP_VICUNA_DIR") == vicuna


def test_a_variable_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("SEMGRASP_VICUNA_DIR", raising=False)
    with pytest.raises(InputError, match="SEMGRASP_VICUNA_DIR"):
        pretrained_folder("$SEMGRASP_VICUNA_DIR")


def test_a_hub_id_without_a_network_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(AssetNotFoundError, match=r"nobody/no-model.*name the folder"):
        pretrained_folder("nobody/no-model")


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(AssetNotFoundError, match="weights/vicuna/7b"):
        pretrained_folder("weights/vicuna/7b")


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("config.json", r"config\.json"),
        ("pytorch_model.bin.index.json", r"no weights.*model\.safetensors"),
    ],
)
def test_an_incomplete_folder_says_what_it_lacks(copy, missing, message):
    (copy / missing).unlink()
    with pytest.raises(InputError, match=message):
        pretrained_folder(copy)


def test_a_folder_without_a_tokenizer_says_so(copy):
    (copy / "tokenizer.model").unlink()
    with pytest.raises(InputError, match=r"neither tokenizer\.json nor tokenizer\.model"):
        load_tokenizer(copy)


def test_a_damaged_sentencepiece_model_is_refused(copy):
    (copy / "tokenizer.model").write_bytes(b"not a model")
    with pytest.raises(InputError, match=r"tokenizer\.model is not a SentencePiece model"):
        load_tokenizer(copy)


def test_a_missing_shard_is_named(copy):
    (copy / "pytorch_model-00002-of-00002.bin").unlink()
    with pytest.raises(InputError, match=r"00002-of-00002"):
        load_pretrained_network(copy)


class _Trap:
    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_shard_that_carries_code_runs_nothing(copy, tmp_path):
    sprung = tmp_path / "sprung"
    with (copy / "pytorch_model-00001-of-00002.bin").open("wb") as file:
        pickle.dump({"model.norm.weight": _Trap(sprung)}, file)
    with pytest.raises(InputError):
        load_pretrained_network(copy)
    assert not sprung.exists()


def test_a_model_with_code_of_its_own_is_refused(copy):
    config = json.loads((copy / "config.json").read_text())
    config["model_type"] = "made-up"
    config["auto_map"] = {"AutoConfig": "code.Config", "AutoModelForCausalLM": "code.Model"}
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "code.py").write_text("raise SystemExit('ran')")
    with pytest.raises(InputError, match=r"config\.json"):
        load_pretrained_network(copy)
