import json
import math
import pickle
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.dataset.capgrasp import read_captions, write_captions
from semgrasp.dataset.conversation import (
    Caption,
    Markers,
    instruction_of,
    make_turns,
    without_placeholders,
)
from semgrasp.dataset.oakbase import read_parts, write_parts
from semgrasp.dataset.oakink import (
    ObjectEntry,
    grasp_from_hand_parameters,
    hand_parameters,
    read_metadata,
    read_object,
    shape_folder,
    write_grasp,
    write_mesh,
    write_metadata,
)
from semgrasp.dataset.oakink_index import read_index
from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.geometry import axis_angle_to_matrix
from semgrasp.types import INTENTS, Grasp, ObjectShape

OID = "P10007"
ENTRY = ObjectEntry(oid=OID, name="mug_p007", attributes=("handled",))
ATTRIBUTES = {"body": ("contain_sth",), "handle": ("held_by_hand",)}


@pytest.fixture
def tree(tmp_path, mug, grasps):
    """A data set of one mug and six grasps."""
    write_metadata(tmp_path, {OID: ENTRY})
    write_mesh(tmp_path, ENTRY.name, mug)
    write_parts(tmp_path, mug, ENTRY.name, ATTRIBUTES)
    for i in range(6):
        write_grasp(tmp_path, "mug", OID, INTENTS[i % 4], grasps[i], serial=i)
    return tmp_path


def test_grasps_come_back_with_their_intent(tree, grasps):
    index = read_index(tree)
    assert index.damaged == ()
    rows = {int(entry.time): row for row, entry in enumerate(index.entries)}
    assert sorted(rows) == list(range(6))
    for i, row in rows.items():
        entry, restored = index.entries[row], index.grasp(row)
        assert entry.intent == INTENTS[i % 4]
        assert (entry.category, entry.oid, entry.real_oid) == ("mug", OID, OID)
        for field in ("T_object_hand", "finger_angles", "betas"):
            torch.testing.assert_close(
                getattr(restored, field), getattr(grasps[i], field), atol=1e-6, rtol=0
            )


def test_paths_are_those_the_official_loader_searches_for(tree):
    for path in shape_folder(tree).rglob("hand_param.pkl"):
        assert re.search(r"(mug/(.{6})/.{10})/hand_param\.pkl$", path.as_posix())
        source = (path.parent / "source.txt").read_text()
        match = re.match(r"(.+)/(.{6})_(.{4})_([_0-9]+)/([\-0-9]+)", source)
        assert match
        assert match[2] == OID


def test_hand_param_is_a_plain_dictionary_of_float32_arrays(tree):
    path = next(shape_folder(tree).rglob("hand_param.pkl"))
    arrays = pickle.loads(path.read_bytes())
    assert {key: (a.dtype, a.shape) for key, a in arrays.items()} == {
        "pose": (np.dtype("f4"), (48,)),
        "shape": (np.dtype("f4"), (10,)),
        "tsl": (np.dtype("f4"), (3,)),
    }


def test_writing_again_changes_nothing(tree, grasps):
    before = {p: p.stat().st_mtime_ns for p in shape_folder(tree).rglob("*")}
    write_grasp(tree, "mug", OID, "use", grasps[0], serial=0)
    assert {p: p.stat().st_mtime_ns for p in shape_folder(tree).rglob("*")} == before


@pytest.mark.parametrize("angle", [0.0, 1e-5, 1.0, math.pi - 1e-3, math.pi])
def test_hand_parameters_and_grasps_are_inverse_for_every_angle(angle):
    axis = torch.tensor([0.6, 0.0, 0.8])
    T = torch.eye(4)
    T[:3, :3] = axis_angle_to_matrix(angle * axis)
    grasp = Grasp(T, torch.zeros(15, 3), torch.zeros(10))
    restored = grasp_from_hand_parameters(hand_parameters(grasp))
    torch.testing.assert_close(restored.T_object_hand, T, atol=2e-6, rtol=0)


def test_the_mesh_and_its_part_labels_come_back(tree, mug):
    restored = read_object(tree, "mug", read_metadata(tree)[OID])
    np.testing.assert_allclose(restored.vertices_object, mug.vertices_object, atol=1e-7)
    np.testing.assert_array_equal(restored.faces, mug.faces)
    assert restored.part_names == ("body", "handle")
    np.testing.assert_array_equal(restored.face_parts, mug.face_parts)


def test_a_closed_surface_that_touches_itself_stays_closed(tmp_path):
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    beside = box.copy().apply_translation((0.1, 0.1, 0.0))
    both = trimesh.util.concatenate([box, beside])
    shape = ObjectShape(
        name="boxes", vertices_object=np.asarray(both.vertices), faces=np.asarray(both.faces)
    )
    write_mesh(tmp_path, shape.name, shape)
    entry = ObjectEntry(oid="B1", name=shape.name)
    back = read_object(tmp_path, "box", entry, with_parts=False)
    assert back.is_watertight
    assert len(back.faces) == 24


def test_parts_come_back_with_what_they_are_for(tree):
    parts = read_parts(tree, "mug", ENTRY.name)
    assert {part.name: part.attributes for part in parts} == ATTRIBUTES
    written = json.loads((tree / "OakBase/mug/mug_p007/part_01.json").read_text())
    assert written == {"attr": ["contain_sth"], "name": "mug_body"}


@pytest.mark.parametrize("parts_are_centred", [True, False])
def test_parts_fit_in_either_frame_they_may_be_in(tmp_path, mug, parts_are_centred):
    offset = np.array([0.3, -0.2, 0.5])
    moved = replace(mug, vertices_object=mug.vertices_object + offset)
    write_metadata(tmp_path, {OID: ENTRY})
    write_mesh(tmp_path, ENTRY.name, moved)
    write_parts(tmp_path, mug if parts_are_centred else moved, ENTRY.name, ATTRIBUTES)
    restored = read_object(tmp_path, "mug", ENTRY)
    np.testing.assert_allclose(restored.vertices_object, mug.vertices_object, atol=1e-6)
    np.testing.assert_allclose(restored.T_file_object[:3, 3], offset, atol=1e-6)
    np.testing.assert_array_equal(restored.face_parts, mug.face_parts)


def test_parts_of_another_object_are_refused(tree, mug):
    larger = replace(mug, vertices_object=mug.vertices_object * 3)
    write_parts(tree, larger, ENTRY.name, ATTRIBUTES)
    with pytest.raises(InputError, match="different objects or frames"):
        read_object(tree, "mug", ENTRY)


def test_an_object_without_parts_is_read_unlabelled(tree):
    shutil.rmtree(tree / "OakBase")
    restored = read_object(tree, "apple", ENTRY)
    assert restored.part_names == ()
    assert restored.face_parts is None


def test_two_meshes_in_a_folder_are_refused(tree):
    folder = tree / "shape/OakInkObjectsV2/mug_p007/align_ds"
    (folder / "second_align.obj").write_text("")
    with pytest.raises(InputError, match="several meshes"):
        read_object(tree, "mug", ENTRY)


def test_metadata_comes_back(tree):
    assert read_metadata(tree) == {OID: ENTRY}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pose": np.zeros(48)}, "must hold pose"),
        ({"pose": np.zeros(64), "shape": np.zeros(10), "tsl": np.zeros(3)}, "must hold pose"),
        ({"pose": np.full(48, np.nan), "shape": np.zeros(10), "tsl": np.zeros(3)}, "finite"),
    ],
)
def test_wrong_hand_parameters_are_refused(arrays, message):
    with pytest.raises(InputError, match=message):
        grasp_from_hand_parameters(arrays)


def test_missing_metadata_says_where_to_get_it(tmp_path):
    with pytest.raises(AssetNotFoundError, match="metadata"):
        read_metadata(tmp_path)


def test_captions_come_back_in_order_with_kind_and_bank(tree):
    captions: list[Caption] = [
        {"kind": "low", "bank": "train", "turns": make_turns("Touch it.", "<grasp> Done.")},
        {"kind": "high", "bank": "train", "turns": make_turns("Use it.", "<grasp> Done.")},
        {"kind": "chat", "bank": "train", "turns": make_turns("Hi.", "Yes?", "Go.", "<grasp>")},
        {"kind": "high", "bank": "test", "turns": make_turns("Operate it.", "<grasp> Done.")},
    ]
    folder = Path(read_index(tree).entries[0].folder)
    write_captions(tree, folder, captions[1:])
    write_captions(tree, folder, captions)
    assert read_captions(tree, folder) == captions
    assert instruction_of(captions[2]) == "Go."
    names = [p.name for p in (tree / "CapGrasp/captions/v0_1" / folder).iterdir()]
    assert "1_simple_caption.json" in names


@pytest.mark.parametrize(
    "value",
    [
        [{"from": "human", "value": "Drink."}],
        {"conversations": [{"from": "human", "value": "Drink."}]},
        {"caption": "Drink."},
        {"captions": ["Drink."]},
        "Drink.",
        ["Drink."],
        [{"id": 1, "conversations": [{"from": "human", "value": "Drink."}]}],
        [{"from": "system", "value": "Grasp."}, {"from": "user", "value": "Drink."}],
        [{"from": "human", "value": "Drink."}, {"from": "gpt", "value": {"pose": [0.0]}}],
    ],
)
def test_every_known_form_of_a_caption_file_is_read(tmp_path, value):
    folder = tmp_path / "CapGrasp/captions/v0_1/mug/P10007/0123456789"
    folder.mkdir(parents=True)
    (folder / "0_simple_caption.json").write_text(json.dumps(value))
    captions = read_captions(tmp_path, folder.relative_to(tmp_path / "CapGrasp/captions/v0_1"))
    assert [instruction_of(caption) for caption in captions] == ["Drink."]


def test_a_file_that_is_no_conversation_is_refused(tmp_path):
    folder = tmp_path / "CapGrasp/captions/v0_1/mug"
    folder.mkdir(parents=True)
    (folder / "0_simple_caption.json").write_text('{"text": 1}')
    with pytest.raises(InputError, match="no conversation"):
        read_captions(tmp_path, folder.relative_to(tmp_path / "CapGrasp/captions/v0_1"))
    (folder / "0_simple_caption.json").write_text('[{"from": "hum')
    with pytest.raises(InputError, match="not readable JSON"):
        read_captions(tmp_path, folder.relative_to(tmp_path / "CapGrasp/captions/v0_1"))


def test_a_file_may_hold_several_conversations_and_a_byte_order_mark(tmp_path):
    folder = tmp_path / "CapGrasp/captions/v0_1/mug"
    folder.mkdir(parents=True)
    value = [{"caption": "Drink."}, {"conversations": [{"from": "human", "value": "Pour."}]}]
    (folder / "0_simple_caption.json").write_text(json.dumps(value), encoding="utf-8-sig")
    captions = read_captions(tmp_path, Path("mug"))
    assert [instruction_of(caption) for caption in captions] == ["Drink.", "Pour."]


def test_nesting_without_end_is_refused(tmp_path):
    folder = tmp_path / "CapGrasp/captions/v0_1/mug"
    folder.mkdir(parents=True)
    for depth in (900, 100_000):
        (folder / "0_simple_caption.json").write_text("[" * depth + "]" * depth)
        with pytest.raises(InputError):
            read_captions(tmp_path, Path("mug"))


def test_placeholders_go_and_unknown_ones_are_found():
    text = "<point_start><point_patch><point_end> Hold <hand> the <lid> of <object> by <SG>x<EG>."
    assert without_placeholders(text) == "Hold the <lid> of by ."
    assert Markers().unknown(text) == ["<lid>"]
    assert without_placeholders("Hold the <lid>.", Markers(things=("lid",))) == "Hold the ."


def test_parts_of_a_coarse_mesh_fit_though_their_points_are_sparse(tmp_path, mug):
    """A face of 10 cm has its middle far from every corner; surfaces are compared, not points."""
    box = trimesh.creation.box(extents=(0.1, 0.1, 0.2))
    labels = (box.triangles_center[:, 2] > 0.09).astype(np.int64)
    coarse = replace(
        mug,
        vertices_object=np.asarray(box.vertices, np.float64),
        faces=np.asarray(box.faces, np.int64),
        face_parts=labels,
    )
    write_metadata(tmp_path, {OID: ENTRY})
    write_mesh(tmp_path, ENTRY.name, coarse)
    write_parts(tmp_path, coarse, ENTRY.name, ATTRIBUTES)
    np.testing.assert_array_equal(read_object(tmp_path, "mug", ENTRY).face_parts, labels)
