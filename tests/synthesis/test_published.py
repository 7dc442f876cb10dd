"""A tree in the published layout becomes a packed data set; what cannot is named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from semgrasp.dataset import PackedDataset
from semgrasp.dataset.conversation import Caption, make_turns
from semgrasp.dataset.oakbase import write_parts
from semgrasp.dataset.oakink import (
    ObjectEntry,
    shape_folder,
    write_grasp,
    write_mesh,
    write_metadata,
)
from semgrasp.dataset.oakink_index import read_index
from semgrasp.errors import InputError
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.hand import open_hand
from semgrasp.objects.procedural import make_object
from semgrasp.synthesis.published import WHOLE, pack_published
from semgrasp.synthesis.published_captions import clean_caption
from semgrasp.types import INTENTS, Grasp

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def mug():
    return make_object("mug", 7).shape


def pointing_at(shape, part: str) -> Grasp:
    """A flat hand whose longest finger touches the outermost point of a part, from outside."""
    faces = shape.faces[shape.face_parts == shape.part_names.index(part)]
    points = shape.vertices_object[faces].reshape(-1, 3)
    point = points[np.linalg.norm(points[:, :2], axis=1).argmax()]
    yaw = float(np.arctan2(point[1], point[0]))
    # The fingers of a right hand point along -x of the hand.
    R = axis_angle_to_matrix(torch.tensor([0.0, 0.0, yaw]))
    tip = open_hand().template_vertices[open_hand().template_vertices[:, 0].argmin()]
    t = torch.from_numpy(point).float() - R @ tip
    return Grasp(make_transform(R, t), torch.zeros(15, 3), torch.zeros(10))


@pytest.fixture
def tree(tmp_path, mug):
    """A labelled mug with two grasps and captions in published forms, and an unlabelled apple."""
    entries = {
        "S10001": ObjectEntry(oid="S10001", name="mug_s001"),
        "C90001": ObjectEntry(oid="C90001", name="apple_c001"),
    }
    write_metadata(tmp_path, entries)
    write_mesh(tmp_path, "mug_s001", mug)
    write_parts(tmp_path, mug, "mug_s001", {})
    write_mesh(tmp_path, "apple_c001", mug)
    folders = [
        write_grasp(tmp_path, category, oid, INTENTS[i], pointing_at(mug, part), serial=i)
        for i, (category, oid, part) in enumerate(
            [("mug", "S10001", "handle"), ("mug", "S10001", "body"), ("apple", "C90001", "body")]
        )
    ]
    captions = tmp_path / "CapGrasp" / "captions" / "v0_1" / folders[0]
    captions.mkdir(parents=True)
    published = [{"from": "human", "value": "<point>\nHold the handle to drink."}]
    (captions / "0_simple_caption.json").write_text(json.dumps(published))
    return tmp_path


def pack(tree, **settings):
    return pack_published(tree, read_index(tree), open_hand(), num_points=256, **settings)


def test_parts_touched_and_held_are_measured(tree):
    data = pack(tree).data
    for i, captions in enumerate(data.captions):
        if data.objects[int(data.object_index[i])].category == "mug":
            # The caption belongs to the grasp at the handle.
            part = "handle" if captions else "body"
            assert data.part_names[int(data.target_part[i])] == part
            touched = {name for mask in data.contact_parts[i] for name in data.parts_of(mask)}
            assert touched == {part}


def test_what_is_packed_can_be_read_back(tree, tmp_path):
    data = pack(tree).data
    data.save(tmp_path / "packed")
    again = PackedDataset.load(tmp_path / "packed")
    assert again.objects == data.objects
    assert again.points_object.shape == (2, 256, 3)
    torch.testing.assert_close(again.T_object_hand, data.T_object_hand)


def test_an_object_without_parts_is_one_part(tree):
    data = pack(tree).data
    (apple,) = (i for i, o in enumerate(data.objects) if o.category == "apple")
    assert {data.part_names[int(p)] for p in data.point_parts[apple]} == {WHOLE}


def test_a_published_instruction_without_an_answer_gets_a_grasp(tree):
    packing = pack(tree)
    said = [c for captions in packing.data.captions for c in captions]
    assert [turn["value"] for turn in said[0]["turns"]] == ["Hold the handle to drink.", "<grasp>"]
    assert packing.without_captions == 2


def test_an_object_whose_mesh_is_missing_is_left_out_by_name(tree):
    for file in (tree / "shape" / "OakInkObjectsV2" / "apple_c001").rglob("*.ply"):
        file.unlink()
    packing = pack(tree)
    assert [o.category for o in packing.data.objects] == ["mug"]
    (entry,) = packing.left_out
    assert entry.path == "apple/C90001"
    assert "1 grasps" in entry.reason


def test_an_object_that_metadata_does_not_know_is_left_out_by_name(tree, mug):
    write_grasp(tree, "cup", "S11001", "hold", pointing_at(mug, "body"), serial=9)
    (entry,) = pack(tree).left_out
    assert "metaV2 does not know the object S11001" in entry.reason


def test_a_damaged_caption_costs_the_words_and_not_the_grasp(tree):
    (file,) = (tree / "CapGrasp").rglob("*.json")
    file.write_text("{")
    packing = pack(tree)
    assert len(packing.data) == 3
    assert packing.without_captions == 3
    assert "JSON" in packing.left_out[0].reason


def test_a_tree_of_nothing_readable_is_refused(tree):
    for file in (tree / "shape" / "OakInkObjectsV2").rglob("*.ply"):
        file.unlink()
    with pytest.raises(InputError, match="No object of"):
        pack(tree)


def test_receiving_hands_are_not_packed(tree):
    folder = next(shape_folder(tree).glob("mug/*/*"))
    (folder / "source.txt").write_text("pass1/S10001_0004_0001_0002/2021-09-28/dom_alt.pkl\n")
    assert len(pack(tree).data) == 2


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (make_turns("Hold <object> the rim."), ["Hold the rim.", "<grasp>"]),
        (make_turns("Hold it.", "Sure: <SG><o_1><m_2><r_3><EG>, by the rim."),
         ["Hold it.", "Sure: <grasp> , by the rim."]),
        (make_turns("What does <grasp> do?", "It holds the rim."),
         ["What does <grasp> do?", "It holds the rim."]),
        ([{"from": "gpt", "value": "Hello."}, {"from": "human", "value": "Hold it."}],
         ["Hold it.", "<grasp>"]),
        ([{"from": "human", "value": "Hold"}, {"from": "human", "value": "the rim."}],
         ["Hold the rim.", "<grasp>"]),
    ],
)  # fmt: skip
def test_published_conversations_become_ours(turns, expected):
    caption: Caption = {"kind": "high", "turns": turns}
    assert [turn["value"] for turn in clean_caption(caption)["turns"]] == expected


def test_our_own_captions_stay_as_they_are():
    turns = make_turns("Hold it.", "<grasp> The thumb is on the rim.", "Why?", "To pour.")
    caption: Caption = {"kind": "chat", "turns": turns}
    assert clean_caption(caption) == caption


def run_script(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / "pack_oakink.py", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_the_script_packs_a_tree(tree):
    done = run_script("--root", str(tree), "--hand", "open", "--num-points", "128")
    assert done.returncode == 0, done.stderr
    assert "3 grasps of 2 objects" in done.stdout
    assert len(PackedDataset.load(tree / "packed")) == 3


def test_the_script_asks_for_the_licensed_hand_before_it_works(tree, tmp_path):
    done = run_script("--root", str(tree), SEMGRASP_MANO_DIR=str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "mano.is.tue.mpg.de" in done.stderr
    assert not (tree / "packed").exists()


def test_checking_needs_no_hand(tree):
    done = run_script("--root", str(tree), "--check")
    assert done.returncode == 0, done.stderr
    assert "Counts differ" in done.stdout


def test_points_of_an_object_follow_from_the_tree_alone(tree):
    first, again = pack(tree).data, pack(tree).data
    assert torch.equal(first.points_object, again.points_object)
