"""The two commands, from a folder of grasps to a table."""

import json
import random
import re

import pytest
import trimesh
from study_cases import grasp_at, objects

from eval.perceptual_study.__main__ import main
from semgrasp.hand import open_hand


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """What `semgrasp generate` writes for one object, by two methods, and the object's mesh."""
    root = tmp_path_factory.mktemp("grasps")
    shape = objects()[0]
    trimesh.Trimesh(shape.vertices_object, shape.faces, process=False).export(root / "cupcup.ply")
    hand = open_hand()
    for k, method in enumerate(("ours", "other")):
        records = []
        for rank in range(2):
            grasp = grasp_at(shape, 0.02 + 0.02 * k + 0.01 * rank)
            vertices = hand.to(dtype=grasp.betas.dtype).pose(grasp).vertices_object.numpy()
            mesh = trimesh.Trimesh(vertices, hand.faces.numpy(), process=False)
            (root / method).mkdir(exist_ok=True)
            mesh.export(root / method / f"hand_{rank:03d}.ply")
            records.append(
                {
                    "instruction": "drink from it",
                    "object": "cupcup",
                    "hand_model": hand.name,
                    "side": "right",
                    "T_object_hand": grasp.T_object_hand.tolist(),
                    "finger_angles": grasp.finger_angles.tolist(),
                    "betas": grasp.betas.tolist(),
                    "hand_mesh": f"hand_{rank:03d}.ply",
                }
            )
        (root / method / "grasps.json").write_text(json.dumps(records))
    return root


@pytest.fixture(scope="module")
def made(folders):
    page = folders / "study.html"
    arguments = [f"--condition={name}={folders / name}" for name in ("ours", "other")]
    mesh = str(folders / "cupcup.ply")
    assert main(["page", *arguments, "--object", mesh, "--output", str(page), "--best", "1"]) == 0
    return page


def answer(key, volunteer, fit):
    """What the page would download if somebody gave these scores."""
    ratings = [
        {"item": name, "fit": fit(item.get("condition")), "natural": 4, "seconds": 5.0}
        for name, item in key["items"].items()
    ]
    random.Random(volunteer).shuffle(ratings)
    return {
        "format": "semgrasp-study-answers",
        "version": 1,
        "study": key["study"],
        "volunteer": volunteer,
        "ratings": ratings,
    }


def test_a_page_and_its_key_are_made_from_folders_of_grasps(made, folders):
    page = made.read_text(encoding="utf-8")
    key = json.loads(made.with_suffix(".key.json").read_text())
    told = sorted(item.get("condition", "check") for item in key["items"].values())
    assert told == ["check", "check", "other", "ours"]
    questions = {item["question"] for item in key["items"].values() if "question" in item}
    assert questions == {"cupcup: drink from it"}
    assert not any(word in page for word in ("cupcup", "hand_000", str(folders), "grasps.json"))
    for name in key["items"]:
        assert name in page


def test_best_shows_the_first_grasps_of_each_folder(made):
    key = json.loads(made.with_suffix(".key.json").read_text())
    grasps = {item["grasp"] for item in key["items"].values() if "grasp" in item}
    assert {name.rpartition("#")[2] for name in grasps} == {"000"}


def test_answers_become_a_table_and_a_file(made, tmp_path, capsys):
    key_path = made.with_suffix(".key.json")
    key = json.loads(key_path.read_text())
    files = []
    for volunteer in ("v1", "v2", "v3"):
        value = answer(key, volunteer, {"ours": 5, "other": 3, None: 1}.__getitem__)
        files.append(tmp_path / f"{volunteer}.json")
        files[-1].write_text(json.dumps(value))
    lazy = answer(key, "lazy", lambda condition: 5)
    files.append(tmp_path / "lazy.json")
    files[-1].write_text(json.dumps(lazy))

    report = tmp_path / "ps.json"
    assert main(["score", str(key_path), *map(str, files), "--json", str(report)]) == 0
    out = capsys.readouterr().out
    assert "| ours | 1 | 5.00 [5.00, 5.00] |" in out
    assert "| other - ours | 1 | -2.00 [-2.00, -2.00] |" in out
    assert "Excluded: lazy, gave 5, 5 to a hand that does not touch the object." in out
    scores = json.loads(report.read_text())
    assert scores["volunteers"] == ["v1", "v2", "v3"]
    assert scores["scores"]["other"]["perceptual_score"] == {
        "mean": 3.0,
        "std": 0.0,
        "ci95": [3.0, 3.0],
    }
    assert scores["agreement"]["perceptual_score"] == 1.0


def test_the_key_of_a_running_study_is_never_overwritten(made, folders, capsys):
    before = made.with_suffix(".key.json").read_bytes()
    assert main(["page", str(folders / "ours"), "--output", str(made)]) == 2
    assert "exists" in capsys.readouterr().err
    assert made.with_suffix(".key.json").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "Give folders of grasps"),
        (["out", "--condition", "a=out"], "Give folders of grasps"),
        (["--condition", "out"], "must be NAME=FOLDER"),
        (["--condition", "=out"], "must be NAME=FOLDER"),
        (["missing_folder"], "No grasps at missing_folder"),
        (["out", "--best", "0"], "--best must be at least 1"),
        (["out", "--checks", "-1"], "--checks must be from 0 to 20"),
    ],
)
def test_bad_input_is_told_in_words(arguments, reason, tmp_path, capsys):
    output = tmp_path / "s.html"
    assert main(["page", *arguments, "--output", str(output)]) == 2
    assert reason in re.sub(r"\s+", " ", capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []
