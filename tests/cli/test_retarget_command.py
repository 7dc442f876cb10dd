"""`semgrasp retarget` puts what `semgrasp generate` wrote on robots."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import trimesh
import yaml
from PIL import Image

from semgrasp.cli.main import main
from semgrasp.judge import good_controls
from semgrasp.robots.robot_grasp import RobotGrasp

GUIDE = Path(__file__).parents[2] / "docs" / "add_a_robot_hand.md"


@pytest.fixture(scope="module")
def gripper(tmp_path_factory) -> Path:
    """The hand of the guide, with jaws that open by 8 cm."""
    folder, text = tmp_path_factory.mktemp("gripper"), GUIDE.read_text()
    for kind in ("yaml", "xml"):
        found = re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)
        assert found is not None
        (folder / f"my_gripper.{kind}").write_text(found[1])
    return folder / "my_gripper.yaml"


@pytest.fixture(scope="module")
def grasps(tmp_path_factory) -> Path:
    """Two grasps of a screwdriver's handle, as a folder of `semgrasp generate`."""
    folder = tmp_path_factory.mktemp("grasps")
    sample = next(s for s in good_controls() if s.shape.category == "screwdriver")
    assert sample.grasp is not None
    shape = sample.shape
    trimesh.Trimesh(shape.vertices_object, shape.faces, process=False).export(
        folder / "screwdriver.ply"
    )
    record = {
        "instruction": "use it",
        "object": "screwdriver",
        "object_mesh": "screwdriver.ply",
        "hand_model": "open",
        "side": "right",
        "T_object_hand": sample.grasp.T_object_hand.tolist(),
        "finger_angles": sample.grasp.finger_angles.tolist(),
        "betas": sample.grasp.betas.tolist(),
    }
    (folder / "grasps.json").write_text(json.dumps([record, record]))
    return folder


@pytest.fixture(scope="module")
def retargeted(grasps, gripper, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("robots") / "out"
    code = main(
        [
            "retarget", str(grasps / "grasps.json"), "--robot", str(gripper), "--simulate",
            "--export", "moveit,mjcf", "--output", str(output), "--units", "m",
        ]
    )  # fmt: skip
    assert code == 0
    return output


def test_every_grasp_gets_a_record_with_frames_and_units(retargeted):
    records = json.loads((retargeted / "robot_grasps.json").read_text())
    assert len(records) == 2
    for record in records:
        assert record["robot"] == "my_gripper"
        assert record["object"] == "screwdriver"
        assert "rad" in record["units"]
        assert "base" in record["frames"]
        grasp = RobotGrasp.from_json(record)
        assert grasp.feasible
        assert isinstance(grasp.stable, bool)
        R = grasp.T_object_base[:3, :3]
        np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-5)
    with Image.open(retargeted / "robots.png") as picture:
        assert picture.size[0] > 400


def test_exports_lie_beside_the_records(retargeted):
    entries = yaml.safe_load((retargeted / "my_gripper_moveit.yaml").read_text())["grasps"]
    assert [entry["grasp"]["id"] for entry in entries] == ["my_gripper_000", "my_gripper_001"]
    assert (retargeted / "my_gripper_mjcf" / "scene.xml").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--robot", "third_hand"], "shadow_hand"),
        (["--robot", "GRIPPER", "--export", "blender"], "moveit"),
    ],
)
def test_what_there_is_not_is_refused_in_one_line(grasps, gripper, tmp_path, capsys, words, said):
    words = [str(gripper) if word == "GRIPPER" else word for word in words]
    output = tmp_path / "out"
    assert main(["retarget", str(grasps), *words, "--output", str(output)]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert len(error.splitlines()) == 1
    assert not output.exists()


def test_a_film_shows_approach_close_and_lift(grasps, gripper, tmp_path):
    output = tmp_path / "out"
    code = main(
        ["retarget", str(grasps), "--robot", str(gripper), "-n", "1", "--video"]
        + ["--output", str(output), "--units", "m"]
    )
    assert code == 0
    (film,) = output.glob("lift_my_gripper.*")
    assert film.stat().st_size > 2_000
