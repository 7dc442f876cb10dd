"""`semgrasp evaluate` as a stranger uses it: commands in, files and a table out."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import torch
import trimesh

from semgrasp.cli.main import main
from semgrasp.generate import Prediction, save_predictions
from semgrasp.geometry import make_transform
from semgrasp.hand import open_hand
from semgrasp.metrics.protocols import PROTOCOLS
from semgrasp.objects import load_object
from semgrasp.types import Grasp, GraspReport, GraspTokens, Instruction


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """box.ply in centimetres, and out/ as generate writes it: two hands on the box."""
    folder = tmp_path_factory.mktemp("workplace")
    box = trimesh.creation.box((6.0, 5.0, 12.0))
    box.apply_translation([3.0, 0.0, 6.0])
    box.export(folder / "box.ply")
    hand, shape = open_hand(), load_object(folder / "box.ply", units="cm")
    predictions = []
    for lift in (0.045, 0.035):
        T = make_transform(torch.eye(3), torch.tensor([0.09, lift, 0.0]))
        grasp = Grasp(T, 0.4 * hand.flexion_axes, torch.zeros(10))
        tokens = GraspTokens(*(torch.tensor(0) for _ in range(3)))
        report = GraspReport("corrected-v1", {})
        text = Instruction("hold the box")
        predictions.append(Prediction(tokens, grasp, "Here.", -1.0, report, text, shape, hand))
    save_predictions(predictions, folder / "out")
    return folder


@pytest.fixture
def here(workplace: Path, tmp_path: Path, monkeypatch) -> Path:
    """A fresh copy of it to work in."""
    shutil.copytree(workplace, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def test_the_command_of_the_readme_writes_the_report(here, capsys):
    command = ["evaluate", "out/", "--protocol", "corrected", "--json", "report.json"]
    assert main(command) == 0
    report = json.loads((here / "report.json").read_text())
    assert (report["protocol"], report["grasps"]) == ("corrected", 2)
    for name in (
        "penetration_depth_cm",
        "intersection_volume_cm3",
        "simulation_displacement_cm",
        "contact_ratio",
    ):
        assert {"mean", "std", "ci95"} <= set(report["metrics"][name])
        assert name in report["per_grasp"][1]
    captured = capsys.readouterr()
    assert "corrected-v1" in captured.out
    assert "penetration depth [cm]" in captured.out
    assert "report.json" in captured.err


def test_a_report_beside_the_grasps_is_not_taken_for_one(here):
    command = ["evaluate", "out", "--metrics", "contact_ratio", "--json", "out/report.json"]
    assert main(command) == 0
    first = (here / "out" / "report.json").read_text()
    assert main(command) == 0
    assert (here / "out" / "report.json").read_text() == first


def test_csv_and_markdown_are_written_where_asked(here):
    options = ["--metrics", "penetration_depth_cm", "--csv", "new/t.csv", "--markdown", "t.md"]
    assert main(["evaluate", "out", *options]) == 0
    rows = list(csv.DictReader((here / "new" / "t.csv").open()))
    assert [row["name"] for row in rows] == ["grasps.json#000", "grasps.json#001"]
    assert "| penetration depth [cm] |" in (here / "t.md").read_text()


def test_damaged_grasps_are_counted_and_named_and_the_rest_is_measured(here, capsys):
    records = json.loads((here / "out" / "grasps.json").read_text())
    records[0]["betas"] = [1.0]
    (here / "out" / "grasps.json").write_text(json.dumps(records))
    assert main(["evaluate", "out", "--metrics", "contact_ratio", "--json", "r.json"]) == 0
    report = json.loads((here / "r.json").read_text())
    assert report["grasps"] == 1
    assert [entry["name"] for entry in report["damaged"]] == ["grasps.json#000"]
    assert "Damaged: grasps.json#000: betas" in capsys.readouterr().err


def test_one_hand_on_one_object(here, capsys):
    options = ["--hand", "out/hand_000.ply", "--object", "box.ply", "--units", "cm"]
    assert main(["evaluate", *options, "--metrics", "contact_ratio"]) == 0
    assert "1 grasps" in capsys.readouterr().out


def test_every_protocol_is_listed_with_source_and_defects(capsys):
    assert main(["evaluate", "--list-protocols"]) == 0
    listed = capsys.readouterr().out
    for entry in PROTOCOLS.values():
        assert entry.source in listed
        for defect in entry.known_defects:
            assert defect in listed
    assert main(["evaluate", "--protocol", "help"]) == 0
    assert capsys.readouterr().out == listed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Nothing to measure"),
        (["nowhere"], "nowhere"),
        (["box.ply"], "--hand"),
        (["out", "--protocol", "best"], "corrected"),
        (["out", "--metrics", "beauty"], "penetration_depth_cm"),
        (["out", "--hand-model", "mano"], "mano.is.tue.mpg.de"),
        (["out", "--object", "mug.obj"], "mug.obj"),
        (["out", "--convention", "guess"], "oakink"),
        (["--hand", "out/hand_000.ply"], "--object"),
        (["out", "--json", "out"], "folder"),
        (["out", "--json", "a", "--csv", "./a"], "one file"),
        (["out", "--json", "box.ply/report.json"], "box.ply does not allow it"),
    ],
)
def test_wrong_input_is_answered_in_one_line(here, capsys, monkeypatch, arguments, said):
    monkeypatch.delenv("SEMGRASP_MANO_DIR", raising=False)
    assert main(["evaluate", *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert captured.out == ""


def test_a_log_without_a_terminal_shows_progress(here, capsys, monkeypatch):
    monkeypatch.setattr("semgrasp.cli.evaluate_command._SECONDS_BETWEEN_REPORTS", 0.0)
    assert main(["evaluate", "out", "--metrics", "contact_ratio"]) == 0
    assert "Measured 2 of 2 grasps." in capsys.readouterr().err


def test_no_number_is_cut_in_a_narrow_terminal(here, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["evaluate", "out", "--metrics", "penetration_depth_cm"]) == 0
    assert "…" not in capsys.readouterr().out


def test_nothing_measured_is_an_error_with_the_first_reason(here, capsys):
    (here / "box.ply").unlink()
    (here / "out" / "box.ply").unlink(missing_ok=True)
    assert main(["evaluate", "out", "--json", "report.json"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "None of 2 grasps" in line
    assert "--object box.obj" in line
    assert not (here / "report.json").exists()


def test_an_interrupted_run_says_how_it_goes_on_and_does(here, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    command = ["evaluate", "out", "--metrics", "contact_ratio", "--json", "r.json", "--workers=1"]
    monkeypatch.setattr("semgrasp.cli.evaluate_command._RESUMABLE_ABOVE", 1)
    monkeypatch.setattr("semgrasp.evaluation.running._BATCH", 1)
    with monkeypatch.context() as patch:
        patch.setattr("semgrasp.cli.evaluate_command._Reports.__call__", interrupted)
        with pytest.raises(SystemExit) as exit_:
            main(command)
    assert exit_.value.code == 130
    assert "goes on from r.json.partial.jsonl" in capsys.readouterr().err
    assert len((here / "r.json.partial.jsonl").read_text().splitlines()) == 1
    assert main(command) == 0
    assert json.loads((here / "r.json").read_text())["grasps"] == 2
    assert not (here / "r.json.partial.jsonl").exists()
