"""What is written is small, comes back nearly unchanged, and is refused when damaged."""

import json
import subprocess
import sys

import pytest
import torch
from tiny_backbones import some_object, tiny_bert

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.language import GraspLanguageModel, Turn, pack, write_script


def test_8_bit_weights_hardly_change_the_logits(model, tmp_path):
    model.restrict_answers(torch.tensor(model.vocabulary.text_ids("hold the mug by the rim")))
    model.save_pretrained(tmp_path)
    loaded = GraspLanguageModel.from_pretrained(tmp_path)
    turns = [Turn("human", "hold the mug"), Turn("gpt", "<grasp> hold the rim")]
    layout = pack([[write_script(model.vocabulary, turns, [(1, 2, 3), (4, 5, 6)])]])
    log_size = torch.tensor([-2.0])
    with torch.no_grad():
        before, after = (m(some_object(), log_size, layout) for m in (model, loaded))
    for one, two in zip(before, after, strict=True):
        assert (one - two).abs().max() < 0.05 * one.std()


def test_a_second_round_trip_changes_nothing(tmp_path):
    tiny_bert().save_pretrained(tmp_path / "one")
    loaded = GraspLanguageModel.from_pretrained(tmp_path / "one")
    loaded.save_pretrained(tmp_path / "two")
    again = GraspLanguageModel.from_pretrained(tmp_path / "two")
    for name, tensor in loaded.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], tensor, atol=1e-6, rtol=2e-3)


def test_the_folder_holds_three_files_and_no_pickle(tmp_path):
    tiny_bert().save_pretrained(tmp_path)
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {"config.json", "model.safetensors", "tokenizer.json"}


def test_loading_and_speaking_import_no_peft(tmp_path):
    tiny_bert().save_pretrained(tmp_path)
    program = (
        "import sys, torch; from pathlib import Path\n"
        "from semgrasp.language import GraspLanguageModel\n"
        "from semgrasp.tokenizer import PointTokens\n"
        f"model = GraspLanguageModel.from_pretrained(Path({str(tmp_path)!r}))\n"
        "tokens = PointTokens(torch.randn(1, 7, 12), torch.randn(1, 6, 3))\n"
        "model.generate_tokens(tokens, 0.1, 'hold it', 2)\n"
        "assert not {'peft', 'lightning'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(tmp_path, name):
    tiny_bert().save_pretrained(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises((InputError, AssetNotFoundError), match=name.replace(".", r"\.")):
        GraspLanguageModel.from_pretrained(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"", b"\x80\x04nonsense", b"{}"])
def test_a_damaged_file_is_refused_by_name(tmp_path, name, content):
    tiny_bert().save_pretrained(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        GraspLanguageModel.from_pretrained(tmp_path)


def test_a_truncated_file_is_refused(tmp_path):
    tiny_bert().save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match="damaged"):
        GraspLanguageModel.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("backbone", "hidden_size", 64),
        ("backbone", "model_type", "no_such_model"),
        ("backbone", "num_hidden_layers", 3),
        ("language", "object_width", 99),
        ("language", "no_such_setting", 1),
    ],
)
def test_weights_of_another_architecture_are_refused(tmp_path, section, key, value):
    tiny_bert().save_pretrained(tmp_path)
    settings = json.loads((tmp_path / "config.json").read_text())
    settings[section][key] = value
    (tmp_path / "config.json").write_text(json.dumps(settings))
    with pytest.raises(InputError):
        GraspLanguageModel.from_pretrained(tmp_path)


def test_a_folder_of_another_program_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"format": "something else"}')
    with pytest.raises(InputError, match="something else"):
        GraspLanguageModel.from_pretrained(tmp_path)
    with pytest.raises(AssetNotFoundError, match=r"config\.json"):
        GraspLanguageModel.from_pretrained(tmp_path / "nowhere")
