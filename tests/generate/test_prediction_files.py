"""Predictions on disk keep what they were."""

import json
from pathlib import Path

import pytest
import torch
import trimesh

from semgrasp import GraspGenerator
from semgrasp.errors import InputError
from semgrasp.generate import read_grasps, save_predictions
from semgrasp.types import ObjectShape


@pytest.fixture(scope="module")
def predictions(checkpoint: Path):
    box = trimesh.creation.box((0.06, 0.05, 0.12))
    shape = ObjectShape("box", box.vertices.copy(), box.faces.copy())
    generator = GraspGenerator.from_pretrained(checkpoint)
    return generator.generate(shape, "pick it up", num_grasps=2)


def test_grasps_read_back_equal_those_written(predictions, tmp_path: Path):
    save_predictions(predictions, tmp_path)
    grasps = read_grasps(tmp_path / "grasps.json")
    for prediction, grasp in zip(predictions, grasps, strict=True):
        assert torch.equal(prediction.grasp.T_object_hand, grasp.T_object_hand)
        assert torch.equal(prediction.grasp.finger_angles, grasp.finger_angles)
        assert torch.equal(prediction.grasp.betas, grasp.betas)
        assert prediction.grasp.side == grasp.side


def test_records_have_exactly_the_documented_keys(predictions, tmp_path: Path):
    save_predictions(predictions, tmp_path)
    for record in json.loads((tmp_path / "grasps.json").read_text()):
        assert set(record) == {
            "instruction", "object", "object_mesh", "hand_model", "side", "tokens", "T_object_hand",
            "finger_angles", "betas", "reply", "log_probability", "report", "hand_mesh",
        }  # fmt: skip
        assert set(record["tokens"]) == {"orientation", "manner", "refinement"}
        assert record["instruction"] == "pick it up"


def test_saved_hands_keep_vertex_order(predictions, tmp_path: Path):
    predictions[0].save(tmp_path)
    (record,) = json.loads((tmp_path / "grasps.json").read_text())
    hand = trimesh.load(tmp_path / record["hand_mesh"], process=False)
    assert isinstance(hand, trimesh.Trimesh)
    expected = torch.from_numpy(predictions[0].hand_mesh.vertices.copy()).float()
    torch.testing.assert_close(torch.tensor(hand.vertices.copy()).float(), expected)


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '[{"side": "right"}]', "[1, 2]"])
def test_a_file_that_is_no_list_of_grasps_is_refused(tmp_path: Path, content: str):
    (tmp_path / "grasps.json").write_text(content)
    with pytest.raises(InputError, match=r"grasps\.json"):
        read_grasps(tmp_path / "grasps.json")


def test_a_missing_list_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="Cannot read"):
        read_grasps(tmp_path / "grasps.json")
