"""Both stages end to end at toy size, through the command line's own entry point."""

import os
from pathlib import Path

import pytest
import torch
import yaml

from mllm.__main__ import main
from mllm.export import language_model_of_checkpoint
from mllm.training import LanguageTraining, StageSettings
from semgrasp.errors import InputError
from semgrasp.language import GraspLanguageModel, LanguageConfig, LoraSettings
from semgrasp.tokenizer import PointTokens

CONFIGS = Path(__file__).parents[2] / "configs" / "mllm"


def arguments(packed_folder, tokenizer_folder, backbone_folder) -> list[str]:
    return [
        "fit",
        f"--config={CONFIGS / 'smoke.yaml'}",
        f"--data.folder={packed_folder}",
        f"--data.tokenizer={tokenizer_folder}",
        f"--model.backbone={backbone_folder}",
        "--model.language.object_width=12",
        "--model.language.codebook_size=16",
        "--model.lora.rank=4",
    ]


@pytest.fixture(scope="module")
def smoke_run(tmp_path_factory, packed_folder, tokenizer_folder, backbone_folder):
    """The folder in which the smoke configuration was trained."""
    folder = tmp_path_factory.mktemp("run")
    before = Path.cwd()
    os.chdir(folder)
    try:
        main(arguments(packed_folder, tokenizer_folder, backbone_folder))
        yield folder
    finally:
        os.chdir(before)


def last_checkpoint(folder: Path) -> Path:
    return folder / "runs" / "mllm" / "smoke" / "last.ckpt"


def test_smoke_configuration_trains_and_resumes(
    smoke_run, packed_folder, tokenizer_folder, backbone_folder
):
    first = torch.load(last_checkpoint(smoke_run), weights_only=True)["global_step"]
    main(
        [
            *arguments(packed_folder, tokenizer_folder, backbone_folder),
            f"--trainer.max_steps={first + 2}",
            "--ckpt_path=last",
        ]
    )
    assert torch.load(last_checkpoint(smoke_run), weights_only=True)["global_step"] == first + 2


def test_exported_model_speaks_as_the_trained_one(smoke_run):
    trained = language_model_of_checkpoint(last_checkpoint(smoke_run))
    main(["export", f"--checkpoint={last_checkpoint(smoke_run)}", "--output=exported"])
    loaded = GraspLanguageModel.from_pretrained(Path("exported"))
    tokens = PointTokens(torch.randn(1, 9, 12), 0.05 * torch.randn(1, 8, 3))
    one, two = (m.orientation_logits(tokens, 0.1, "hold the body") for m in (trained, loaded))
    assert (one - two).abs().max() < 0.05 * one.std()


def test_a_checkpoint_of_another_program_is_refused(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    with pytest.raises(InputError, match="python -m mllm fit"):
        language_model_of_checkpoint(tmp_path / "other.ckpt")
    with pytest.raises(InputError, match="No checkpoint"):
        language_model_of_checkpoint(tmp_path / "nowhere.ckpt")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_every_configuration_is_understood(path, monkeypatch):
    from lightning.pytorch import Trainer
    from lightning.pytorch.cli import LightningArgumentParser

    from mllm.data import LanguageData

    parser = LightningArgumentParser()
    parser.add_argument("--seed_everything")
    parser.add_lightning_class_args(Trainer, "trainer")
    parser.add_lightning_class_args(LanguageTraining, "model")
    parser.add_lightning_class_args(LanguageData, "data")
    parser.parse_object(yaml.safe_load(path.read_text()))


def test_the_vicuna_configuration_is_the_published_one():
    settings = yaml.safe_load((CONFIGS / "vicuna_7b.yaml").read_text())
    model, data = settings["model"], settings["data"]
    assert model["lora"]["rank"] == 64
    assert float(model["alignment"]["learning_rate"]) == 5e-4
    assert float(model["instruction"]["learning_rate"]) == 3e-5
    assert model["instruction"]["train_projector"] is False
    assert settings["trainer"]["max_epochs"] == 20
    shape = data["shape"]
    assert shape["objects"] * shape["conversations"] * settings["trainer"]["devices"] == 128
    assert model["language"] == {
        k: v for k, v in vars(LanguageConfig.vicuna()).items() if k != "codebook_size"
    }


def test_the_second_stage_freezes_the_projector(backbone_folder, monkeypatch):
    language = LanguageConfig(object_width=12, codebook_size=16)
    training = LanguageTraining(
        language, str(backbone_folder), LoraSettings(rank=2), alignment_share=0.5
    )
    data = type("Data", (), {"set_mixture": lambda self, mixture: seen.append(mixture)})()
    seen: list = []
    monkeypatch.setattr(LanguageTraining, "_data", property(lambda self: data))
    optimizer = training.configure_optimizers()
    monkeypatch.setattr(training, "optimizers", lambda: optimizer)
    monkeypatch.setattr(LanguageTraining, "global_step", 1000)
    rates = []
    for used in (0.0, 0.49, 0.5, 1.0):
        monkeypatch.setattr("mllm.training.budget_used", lambda trainer, used=used: used)
        monkeypatch.setattr(LanguageTraining, "trainer", None)
        training.on_train_batch_start(None, 0)  # type: ignore[arg-type]
        rates.append(optimizer.param_groups[0]["lr"])
        is_trained = all(p.requires_grad for p in training.model.projector.parameters())
        assert is_trained == (used < 0.5)
    assert rates[0] == StageSettings().learning_rate
    assert rates[0] > rates[1]
    assert rates[2] > rates[3]
    assert seen == [training.stages["alignment"].mixture, training.stages["instruction"].mixture]
