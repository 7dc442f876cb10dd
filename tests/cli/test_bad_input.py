"""Bad input: one line on standard error, exit code 2, and nothing written."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import trimesh

from semgrasp.cli.main import main

TEXT = "hold it by the handle"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    path = tmp_path / "box.ply"
    trimesh.creation.box((0.06, 0.05, 0.12)).export(path)
    return path


def refuse(capsys: pytest.CaptureFixture[str], arguments: list[str], output: Path) -> str:
    """Run, and return the one line that was printed."""
    capsys.readouterr()
    assert main([*arguments, "--output", str(output)]) == 2
    captured = capsys.readouterr()
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1, captured.err
    assert captured.out == ""
    assert not output.exists()
    return lines[0]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], checkpoint: Path, tmp_path: Path):
    def run(mesh: Path | str, text: str = TEXT, *options: str) -> str:
        arguments = ["generate", str(mesh), text, "--checkpoint", str(checkpoint), *options]
        return refuse(capsys, arguments, tmp_path / "out")

    return run


def test_a_missing_file_is_named(refused, tmp_path: Path):
    assert "no_such_mug.obj" in refused(tmp_path / "no_such_mug.obj")


def test_a_folder_is_no_mesh(refused, tmp_path: Path):
    refused(tmp_path)


def test_an_empty_file_is_refused(refused, tmp_path: Path):
    (tmp_path / "empty.obj").write_text("")
    refused(tmp_path / "empty.obj")


def test_text_that_is_no_mesh_is_refused(refused, tmp_path: Path):
    (tmp_path / "poem.stl").write_text("Shall I compare thee to a summer's day?")
    refused(tmp_path / "poem.stl")


def test_an_unknown_format_is_refused(refused, tmp_path: Path):
    (tmp_path / "mug.blend").write_bytes(b"BLENDER-v279")
    refused(tmp_path / "mug.blend")


def test_vertices_that_are_not_numbers_are_refused(refused, tmp_path: Path):
    lines = ["v 0 0 0", "v 0.1 nan 0", "v 0 0.1 0.1", "v 0.1 0.1 0", "f 1 2 3", "f 2 3 4"]
    (tmp_path / "nan.obj").write_text("\n".join(lines))
    refused(tmp_path / "nan.obj")


def test_a_point_cloud_is_refused(refused, tmp_path: Path):
    cloud = trimesh.PointCloud(np.random.default_rng(0).random((50, 3)) * 0.1)
    cloud.export(tmp_path / "cloud.ply")
    assert "face" in refused(tmp_path / "cloud.ply")


def test_an_object_larger_than_a_person_can_grasp_is_refused(refused, tmp_path: Path):
    trimesh.creation.box((2.0, 1.0, 1.0)).export(tmp_path / "wardrobe.ply")
    assert "1.5" in refused(tmp_path / "wardrobe.ply", TEXT, "--units", "m")


def test_an_object_smaller_than_a_fingertip_is_refused(refused, tmp_path: Path):
    trimesh.creation.box((0.003, 0.003, 0.003)).export(tmp_path / "grain.ply")
    assert "5 mm" in refused(tmp_path / "grain.ply", TEXT, "--units", "m")


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_instruction_is_refused(refused, box: Path, text: str):
    assert "empty" in refused(box, text)


def test_a_very_long_instruction_is_refused_with_the_limit(refused, box: Path):
    assert "limit" in refused(box, "hold the mug " * 1600)


@pytest.mark.parametrize("text", ["🙂🙂🙂", "请握住把手", "Возьми за ручку"])
def test_an_instruction_in_another_language_is_refused_as_such(refused, box: Path, text: str):
    assert "English" in refused(box, text)


def test_an_emoji_among_english_words_does_no_harm(capsys, box: Path, checkpoint: Path, tmp_path):
    arguments = ["generate", str(box), "hold the handle 🙂", "-n", "1"]
    assert main([*arguments, "--checkpoint", str(checkpoint), "--output", str(tmp_path / "o")]) == 0


@pytest.mark.parametrize("number", ["0", "-3", "257", "many"])
def test_a_number_of_grasps_out_of_range_is_refused(refused_by_parser, box: Path, number: str):
    refused_by_parser("generate", str(box), TEXT, "-n", number)


@pytest.mark.parametrize("temperature", ["-1", "nan", "inf"])
def test_a_temperature_out_of_range_is_refused(refused_by_parser, box: Path, temperature: str):
    refused_by_parser("generate", str(box), TEXT, f"--temperature={temperature}")


@pytest.mark.parametrize(
    "arguments",
    [["generate"], ["generate", "mug.obj"], ["frobnicate"], [], ["generate", "a", "b", "--nope"]],
)
def test_a_wrong_command_line_is_answered_in_one_line(refused_by_parser, arguments):
    refused_by_parser(*arguments)


@pytest.mark.parametrize("command", ["view", "chat"])
def test_a_planned_command_says_that_it_is_planned(refused_by_parser, command: str):
    assert "planned" in refused_by_parser(command, "mug.obj")


@pytest.fixture
def refused_by_parser(capsys: pytest.CaptureFixture[str]):
    def run(*arguments: str) -> str:
        try:
            code = main(list(arguments))
        except SystemExit as exit_:
            code = exit_.code
        captured = capsys.readouterr()
        assert code == 2
        assert len(captured.err.strip().splitlines()) == 1, captured.err
        return captured.err

    return run


def test_an_output_that_is_a_file_is_refused_and_left_alone(
    capsys, box: Path, checkpoint: Path, tmp_path: Path
):
    occupied = tmp_path / "occupied"
    occupied.write_text("mine")
    for output in (occupied, occupied / "below"):
        arguments = ["generate", str(box), TEXT, "--checkpoint", str(checkpoint)]
        assert main([*arguments, "--output", str(output)]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert occupied.read_text() == "mine"


def test_a_missing_checkpoint_is_refused(capsys, box: Path, tmp_path: Path):
    arguments = ["generate", str(box), TEXT, "--checkpoint", str(tmp_path / "nowhere")]
    assert "nowhere" in refuse(capsys, arguments, tmp_path / "out")


def test_a_damaged_checkpoint_is_refused(capsys, box: Path, checkpoint: Path, tmp_path: Path):
    damaged = tmp_path / "damaged"
    shutil.copytree(checkpoint, damaged)
    weights = damaged / "language" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-100] ^= 0xFF
    weights.write_bytes(content)
    arguments = ["generate", str(box), TEXT, "--checkpoint", str(damaged)]
    assert "damaged" in refuse(capsys, arguments, tmp_path / "out")
    weights.write_bytes(content[:1000])
    assert "damaged" in refuse(capsys, arguments, tmp_path / "out")
    (damaged / "config.json").write_text("{")
    assert "damaged" in refuse(capsys, arguments, tmp_path / "out")


def test_a_foreign_checkpoint_is_refused(capsys, box: Path, tmp_path: Path):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    arguments = ["generate", str(box), TEXT, "--checkpoint", str(foreign)]
    assert "config.json" in refuse(capsys, arguments, tmp_path / "out")
    (foreign / "config.json").write_text(json.dumps({"model_type": "llama"}))
    assert "format" in refuse(capsys, arguments, tmp_path / "out")


def test_a_failure_while_writing_leaves_nothing_behind(
    capsys, box: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("semgrasp.cli.generate_command.write_folder", full)
    output = tmp_path / "deep" / "out"
    arguments = ["generate", str(box), TEXT, "-n", "1", "--checkpoint", str(checkpoint)]
    assert main([*arguments, "--output", str(output)]) == 2
    assert "No space" in capsys.readouterr().err
    assert not (tmp_path / "deep").exists()


def test_an_interrupted_run_ends_with_130(
    capsys, box: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("semgrasp.cli.generate_command.write_folder", interrupt)
    arguments = ["generate", str(box), TEXT, "-n", "1", "--checkpoint", str(checkpoint)]
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 130
    assert not (tmp_path / "out").exists()
