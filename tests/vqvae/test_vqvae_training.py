"""Training end to end at toy size, through the command line's own entry point."""

import json
import os
from pathlib import Path

import pytest
import torch

from semgrasp.errors import InputError
from semgrasp.tokenizer import GraspTokenizer
from vqvae.__main__ import main
from vqvae.export import tokenizer_of_checkpoint
from vqvae.part_encoder import PartEncoder

CONFIGS = Path(__file__).parents[2] / "configs" / "vqvae"


@pytest.fixture(scope="module")
def smoke_run(tmp_path_factory, packed_folder, encoder_folder):
    """The folder in which the smoke configuration was trained for its two epochs."""
    folder = tmp_path_factory.mktemp("run")
    before = Path.cwd()
    os.chdir(folder)
    try:
        main(
            [
                "fit",
                f"--config={CONFIGS / 'smoke.yaml'}",
                f"--data.folder={packed_folder}",
                f"--model.encoder={encoder_folder}",
            ]
        )
        yield folder
    finally:
        os.chdir(before)


def last_checkpoint(folder: Path) -> Path:
    return folder / "runs" / "vqvae" / "smoke" / "last.ckpt"


def test_smoke_configuration_trains_and_resumes(smoke_run, packed_folder, encoder_folder):
    first = torch.load(last_checkpoint(smoke_run), weights_only=True)
    main(
        [
            "fit",
            f"--config={CONFIGS / 'smoke.yaml'}",
            f"--data.folder={packed_folder}",
            "--model.encoder=nowhere",
            "--trainer.max_epochs=3",
            "--ckpt_path=last",
        ]
    )
    second = torch.load(last_checkpoint(smoke_run), weights_only=True)
    assert second["global_step"] == first["global_step"] // 2 * 3


def test_the_last_checkpoint_is_of_the_last_step_whenever_training_stops(
    packed_folder, encoder_folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for steps in (3, 1):
        main(
            [
                "fit",
                f"--config={CONFIGS / 'smoke.yaml'}",
                f"--data.folder={packed_folder}",
                f"--model.encoder={encoder_folder}",
                f"--trainer.max_steps={steps}",
                "--trainer.callbacks=vqvae.schedule.LastCheckpoint",
                "--trainer.callbacks.dirpath=runs",
                "--trainer.callbacks.every_n_train_steps=2",
            ]
        )
        (path,) = Path("runs").glob("*.ckpt")
        assert torch.load(path, weights_only=True)["global_step"] == steps


def test_resolved_configuration_is_saved_beside_the_log(smoke_run):
    assert list((smoke_run / "runs").rglob("config.yaml"))


def test_exported_folder_holds_the_trained_tokenizer(smoke_run):
    trained = tokenizer_of_checkpoint(last_checkpoint(smoke_run))
    main(["export", f"--checkpoint={last_checkpoint(smoke_run)}", "--output=exported"])
    loaded = GraspTokenizer.from_pretrained("exported")
    assert loaded.config == trained.config
    for name, tensor in trained.named_parameters():
        torch.testing.assert_close(dict(loaded.named_parameters())[name], tensor.half().float())


def test_missing_encoder_says_how_to_make_one(packed_folder, tmp_path):
    with pytest.raises(InputError, match="pretrain-encoder"):
        main(
            [
                "fit",
                f"--config={CONFIGS / 'smoke.yaml'}",
                f"--data.folder={packed_folder}",
                f"--model.encoder={tmp_path / 'nowhere'}",
            ]
        )


def test_something_else_is_not_exported(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    with pytest.raises(InputError, match="was not written by"):
        main(["export", f"--checkpoint={tmp_path / 'other.ckpt'}", f"--output={tmp_path}"])


@pytest.mark.parametrize("name", ["base", "paper", "smoke"])
def test_every_tokenizer_configuration_parses(name, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["fit", f"--config={CONFIGS / name}.yaml", "--print_config"])
    assert stop.value.code == 0
    assert "codebook_size" in capsys.readouterr().out


def test_unknown_keys_are_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["fit", f"--config={CONFIGS / 'smoke.yaml'}", "--model.tokenizer.codebok_size=3"])
    assert stop.value.code != 0
    assert "codebok_size" in capsys.readouterr().err


def test_the_object_encoder_learns_parts(part_shapes_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = {
        "num_points": 64, "num_groups": 8, "group_size": 8, "trans_dim": 16, "depth": 1,
        "num_heads": 2, "encoder_dims": 16, "group_widths": [8, 8, 16],
    }  # fmt: skip
    main(
        [
            "pretrain-encoder",
            f"--config={CONFIGS / 'encoder.yaml'}",
            "--trainer.accelerator=cpu",
            "--trainer.max_steps=-1",
            "--trainer.max_epochs=60",
            "--trainer.val_check_interval=60",
            "--trainer.enable_progress_bar=false",
            f"--data.folder={part_shapes_folder}",
            "--data.categories=[side, top]",
            "--data.workers=1",
            "--data.per_category=8",
            "--data.held_out_per_category=2",
            "--data.batch_size=16",
            "--data.num_points=64",
            "--data.num_groups=8",
            "--data.group_size=8",
            f"--model.point_bert={json.dumps(small)}",
            "--model.learning_rate=0.01",
        ]
    )
    encoder = PartEncoder.load(Path("runs/encoder/pretrained"))
    assert encoder.part_names == ["body", "bump"]
    rows = next(Path("runs/encoder").rglob("metrics.csv")).read_text().splitlines()
    column = rows[0].split(",").index("val/part_accuracy")
    accuracy = float(next(row.split(",")[column] for row in rows[1:] if row.split(",")[column]))
    assert accuracy > 0.9
