"""`semgrasp generate` writes exactly the promised files, or none."""

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from semgrasp.cli.main import main

TEXT = "hold it by the handle"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mesh") / "box.ply"
    trimesh.creation.box((60.0, 50.0, 120.0)).export(path)
    return path


@pytest.fixture
def generate(mesh: Path, checkpoint: Path, tmp_path: Path):
    def run(*options: str) -> Path:
        output = tmp_path / "out"
        arguments = ["generate", str(mesh), TEXT, "--checkpoint", str(checkpoint)]
        assert main([*arguments, "--output", str(output), *options]) == 0
        return output

    return run


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_exactly_the_promised_files_are_written(generate):
    output = generate("-n", "2")
    hands = {"hand_000.ply", "hand_001.ply"}
    assert names(output) == {"grasps.json", "box.ply", "preview.png", *hands}
    assert len(json.loads((output / "grasps.json").read_text())) == 2
    with Image.open(output / "preview.png") as picture:
        assert min(picture.size) > 200


def test_hands_come_in_the_units_of_the_file(generate):
    hand = trimesh.load(generate("-n", "1") / "hand_000.ply", process=False)
    # The box is given in millimetres; a hand is about 190 of them long.
    assert 100.0 < hand.extents.max() < 300.0


def test_the_object_lies_beside_the_hands_as_it_was_given(generate, mesh):
    given, written = (
        trimesh.load(path, process=False) for path in (mesh, generate("-n", "1") / "box.ply")
    )
    assert written.bounds == pytest.approx(given.bounds)
    assert written.volume == pytest.approx(given.volume)


def test_standard_output_stays_free_for_pipes(generate, capsys):
    generate("-n", "1")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "mm" in captured.err


def test_a_shorter_run_leaves_no_hands_of_a_longer_one(generate):
    output = generate("-n", "3")
    (output / "notes.txt").write_text("mine")
    generate("-n", "1")
    assert names(output) == {"grasps.json", "box.ply", "hand_000.ply", "preview.png", "notes.txt"}


def test_the_same_command_writes_the_same_grasps(generate):
    first = (generate("-n", "2", "--seed", "5") / "grasps.json").read_text()
    again = (generate("-n", "2", "--seed", "5") / "grasps.json").read_text()
    assert first == again


def test_describe_reads_what_generate_wrote(generate, mesh, checkpoint, capsys):
    output = generate("-n", "2", "--no-refine")
    capsys.readouterr()
    arguments = ["describe", str(mesh), str(output / "grasps.json")]
    assert main([*arguments, "--checkpoint", str(checkpoint)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_doctor_names_what_is_there_and_what_to_do(checkpoint, capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("SEMGRASP_MANO_DIR", raising=False)
    assert main(["doctor", "--checkpoint", str(checkpoint)]) == 0
    report = capsys.readouterr().out
    assert "torch" in report
    assert "parameters" in report
    assert "mano.is.tue.mpg.de" in report
    (tmp_path / "MANO_RIGHT.pkl").write_bytes(b"")
    monkeypatch.setenv("SEMGRASP_MANO_DIR", str(tmp_path))
    assert main(["doctor", "--checkpoint", str(checkpoint)]) == 0
    assert f"found at {tmp_path}" in capsys.readouterr().out


def test_doctor_says_when_a_checkpoint_cannot_be_used(capsys, tmp_path):
    assert main(["doctor", "--checkpoint", str(tmp_path / "nowhere")]) == 0
    assert "NOT usable" in capsys.readouterr().out


def test_doctor_examines_a_mesh(mesh, capsys):
    assert main(["doctor", str(mesh)]) == 0
    report = capsys.readouterr().out
    assert "6.0 x 5.0 x 12.0 cm" in report
    assert "closed" in report


def test_a_million_faces_work_with_a_note(checkpoint, tmp_path, capsys):
    # Subdivision of a plain box: every vertex lies exactly on a flat side.
    vertices, faces = dense_box(extents=(0.06, 0.05, 0.12), cells=300)
    assert len(faces) > 1_000_000
    trimesh.Trimesh(vertices, faces, process=False).export(tmp_path / "dense.ply")
    arguments = ["generate", str(tmp_path / "dense.ply"), TEXT, "-n", "1"]
    output = tmp_path / "out"
    assert main([*arguments, "--checkpoint", str(checkpoint), "--output", str(output)]) == 0
    assert "simplified" in capsys.readouterr().err
    assert (output / "hand_000.ply").exists()


def dense_box(extents: tuple[float, float, float], cells: int):
    """A closed box whose six sides are grids of `cells` x `cells` squares."""
    index = np.arange(cells + 1)
    a, b = (grid.ravel() for grid in np.meshgrid(index, index, indexing="ij"))
    corner = (index[:-1, None] * (cells + 1) + index[None, :-1]).ravel()
    down, right, across = corner + cells + 1, corner + 1, corner + cells + 2
    side = np.concatenate(
        [np.stack([corner, down, across], 1), np.stack([corner, across, right], 1)]
    )
    vertices, faces = [], []
    for axis in range(3):
        for end in (0, cells):
            points = np.insert(np.stack([a, b], 1), axis, end, axis=1)
            is_flipped = (end == 0) != (axis == 1)
            faces.append((side[:, ::-1] if is_flipped else side) + len(a) * len(vertices))
            vertices.append(points)
    # The sides share their edges exactly, in whole numbers.
    shared, inverse = np.unique(np.concatenate(vertices), axis=0, return_inverse=True)
    size = np.asarray(extents)
    return shared / cells * size - size / 2, inverse.reshape(-1)[np.concatenate(faces)]
