"""The tokenizer on disk."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizer_samples import random_cloud, random_grasp

from semgrasp.errors import InputError
from semgrasp.tokenizer import GraspTokenizer


@pytest.fixture
def folder(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    return tmp_path / "tokenizer"


def test_a_loaded_tokenizer_is_the_saved_one(tokenizer, folder, tmp_path):
    loaded = GraspTokenizer.from_pretrained(folder)
    assert loaded.config == tokenizer.config
    for name, tensor in loaded.state_dict().items():
        if not name.endswith(("cluster_size", "embed_avg")):
            saved = tokenizer.state_dict()[name]
            torch.testing.assert_close(tensor, saved.half().to(tensor.dtype))
    loaded.save_pretrained(tmp_path / "again")
    first, second = (load_file(f / "model.safetensors") for f in (folder, tmp_path / "again"))
    assert all(torch.equal(first[name], second[name]) for name in first | second)


def test_a_loaded_tokenizer_writes_and_reads_the_same_grasps(folder):
    one, two = (GraspTokenizer.from_pretrained(folder) for _ in range(2))
    objects, grasps = one.encode_object(random_cloud(1)), random_grasp(6)
    assert torch.equal(one.encode(grasps, objects).stack(), two.encode(grasps, objects).stack())


def test_loading_uses_no_pickle(folder):
    assert sorted(p.name for p in folder.iterdir()) == ["config.json", "model.safetensors"]


def test_missing_folder_is_explained(tmp_path):
    with pytest.raises(InputError, match=r"No tokenizer at .*config\.json is missing"):
        GraspTokenizer.from_pretrained(tmp_path / "nowhere")


def test_missing_weights_are_explained(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match="No weights at"):
        GraspTokenizer.from_pretrained(folder)


def test_damaged_weights_are_explained(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(InputError, match="damaged"):
        GraspTokenizer.from_pretrained(folder)


def test_foreign_weights_are_explained(folder):
    weights = load_file(folder / "model.safetensors")
    weights["stranger"] = weights.pop("adapter.norm.weight")
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(InputError, match=r"1 tensors are missing.*1 are foreign.*stranger"):
        GraspTokenizer.from_pretrained(folder)


def test_weights_of_another_size_are_explained(folder):
    described = json.loads((folder / "config.json").read_text())
    described["tokenizer"]["codebook_size"] = 32
    (folder / "config.json").write_text(json.dumps(described))
    with pytest.raises(InputError, match="has shape"):
        GraspTokenizer.from_pretrained(folder)


@pytest.mark.parametrize(
    "content", ["not json", "{}", '{"format": "something-else"}', '{"format": 1}', "[]"]
)
def test_a_config_of_something_else_is_explained(folder, content):
    (folder / "config.json").write_text(content)
    with pytest.raises(InputError, match=r"config\.json"):
        GraspTokenizer.from_pretrained(folder)
