"""The same grasp comes out of every kind of file; what is damaged is named."""

import json
import pickle
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.dataset.capgrasp import write_captions
from semgrasp.dataset.conversation import make_turns
from semgrasp.dataset.oakbase import write_parts
from semgrasp.dataset.oakink import ObjectEntry, write_grasp, write_mesh, write_metadata
from semgrasp.errors import InputError
from semgrasp.evaluation import read_pair, read_samples
from semgrasp.evaluation.sample import part_named_in
from semgrasp.hand import ManoSpace


def vertices(scene, index: int = 0) -> np.ndarray:
    """The surface that every reader must find, in the object frame in [m]."""
    grasp = scene.grasps[index]
    hand = scene.hand.to(dtype=torch.float64)
    double = replace(
        grasp,
        T_object_hand=grasp.T_object_hand.double(),
        finger_angles=grasp.finger_angles.double(),
        betas=grasp.betas.double(),
    )
    return hand.pose(double).vertices_object.numpy()


def check(reading, scene, *, tolerance: float = 2e-6) -> None:
    assert reading.damaged == []
    for index, sample in enumerate(reading.samples):
        np.testing.assert_allclose(
            sample.hand_vertices_object, vertices(scene, index), atol=tolerance
        )
        np.testing.assert_allclose(
            sample.shape.vertices_object, scene.shape.vertices_object, atol=1e-9
        )
        assert sample.hand_model is not None


def test_a_generated_folder_with_its_mesh_beside_it(scene, tmp_path):
    scene.write_generated(tmp_path)
    shutil.copy(scene.box, tmp_path)
    reading = read_samples(tmp_path)
    assert [sample.name for sample in reading.samples] == [f"grasps.json#00{i}" for i in range(3)]
    assert reading.samples[0].instruction == "hold the box"
    check(reading, scene)


def test_samples_of_one_object_share_it(scene, tmp_path):
    scene.write_generated(tmp_path)
    samples = read_samples(tmp_path, objects=scene.box).samples
    assert samples[0].shape is samples[1].shape


def test_a_generated_folder_remembers_how_its_object_was_read(scene, tmp_path):
    """The file says neither --up nor --units; the hand mesh does."""
    from semgrasp.objects import load_object

    lying = load_object(scene.box, up="-x", units="mm")
    for prediction in scene.predictions(lying)[:1]:
        prediction.save(tmp_path)
    (sample,) = read_samples(tmp_path, objects=scene.box).samples
    np.testing.assert_allclose(sample.shape.vertices_object, lying.vertices_object, atol=1e-9)
    np.testing.assert_allclose(sample.hand_vertices_object, vertices(scene), atol=2e-6)


def test_another_export_of_the_object_still_meets_the_hand(scene, tmp_path):
    """The box grows a pin, so the centre of its bounding box moves."""
    scene.write_generated(tmp_path)
    pin = trimesh.creation.box((2, 2, 40))
    pin.apply_translation([100, -40, 80])
    union = trimesh.util.concatenate([trimesh.load(scene.box, process=False), pin])
    union.export(tmp_path / "box.ply")
    sample = read_samples(tmp_path).samples[0]
    box_moved = -0.5 * np.array([0, 0, 0.1 - 0.067 + 0.0])
    np.testing.assert_allclose(
        sample.hand_vertices_object - vertices(scene), np.tile(box_moved, (1650, 1)), atol=1e-5
    )


def test_without_hand_meshes_the_record_alone_is_believed(scene, tmp_path):
    scene.write_generated(tmp_path)
    for mesh in tmp_path.glob("hand_*.ply"):
        mesh.unlink()
    check(read_samples(tmp_path, objects=scene.box), scene)


def test_a_hand_mesh_of_another_grasp_is_noticed(scene, tmp_path):
    scene.write_generated(tmp_path)
    shutil.copy(tmp_path / "hand_001.ply", tmp_path / "hand_000.ply")
    reading = read_samples(tmp_path, objects=scene.box)
    ((name, reason),) = reading.damaged
    assert name == "grasps.json#000"
    assert "disagree" in reason


def test_an_object_that_is_nowhere_is_asked_for(scene, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scene.write_generated(tmp_path / "out")
    (tmp_path / "out" / "box.ply").unlink(missing_ok=True)
    reading = read_samples(tmp_path / "out")
    assert reading.samples == []
    assert len(reading.damaged) == 3
    assert "--object box.obj" in reading.damaged[0].reason


def test_hand_param_of_oakink(scene, tmp_path):
    for index in range(3):
        scene.write_hand_param(tmp_path / f"grasp{index}" / "hand_param.pkl", index)
    reading = read_samples(tmp_path, objects=scene.box)
    assert [sample.name for sample in reading.samples] == [
        f"grasp{i}/hand_param.pkl" for i in range(3)
    ]
    check(reading, scene)


def test_a_tree_of_oakink_brings_objects_parts_and_captions(scene, tmp_path):
    shape = replace(
        scene.shape,
        name="box_p1",
        category="mug",
        part_names=("lid", "body"),
        face_parts=(scene.shape.face_normals[:, 2] < 0.5).astype(np.int64),
    )
    write_metadata(tmp_path, {"P10007": ObjectEntry(oid="P10007", name="box_p1")})
    write_mesh(tmp_path, "box_p1", shape)
    write_parts(tmp_path, shape, "box_p1", {"lid": (), "body": ()})
    folder = write_grasp(tmp_path, "mug", "P10007", "use", scene.grasps[0], serial=0)
    turns = make_turns("Hold it by the lid.", "Here.")
    write_captions(tmp_path, folder, [{"kind": "high", "turns": turns}])
    (sample,) = read_samples(tmp_path).samples
    np.testing.assert_allclose(sample.hand_vertices_object, vertices(scene), atol=2e-6)
    assert sample.asked_part == "lid"
    assert sample.shape.part_names == ("lid", "body")
    below = tmp_path / "shape" / "oakink_shape_v2" / folder / "hand_param.pkl"
    assert [s.name for s in read_samples(below).samples] == [sample.name]


def test_parts_that_do_not_fit_cost_their_labels_and_not_the_grasp(scene, tmp_path):
    larger = replace(
        scene.shape,
        vertices_object=3.0 * scene.shape.vertices_object,
        category="mug",
        part_names=("body",),
        face_parts=np.zeros(len(scene.shape.faces), dtype=np.int64),
    )
    write_metadata(tmp_path, {"P10007": ObjectEntry(oid="P10007", name="box_p1")})
    write_mesh(tmp_path, "box_p1", scene.shape)
    write_parts(tmp_path, larger, "box_p1", {"body": ()})
    write_grasp(tmp_path, "mug", "P10007", "use", scene.grasps[0], serial=0)
    reading = read_samples(tmp_path)
    assert reading.damaged == []
    assert reading.samples[0].shape.part_names == ()


def test_an_object_that_the_tree_lacks_damages_its_grasps_only(scene, tmp_path):
    write_metadata(tmp_path, {"P10007": ObjectEntry(oid="P10007", name="box_p1")})
    write_mesh(tmp_path, "box_p1", scene.shape)
    write_grasp(tmp_path, "mug", "P10007", "use", scene.grasps[0], serial=0)
    write_grasp(tmp_path, "mug", "P10008", "use", scene.grasps[1], serial=1)
    reading = read_samples(tmp_path)
    assert len(reading.samples) == 1
    assert "P10008" in reading.damaged[0].reason


@pytest.mark.parametrize("split", [False, True])
def test_mano_npz_with_a_batch(scene, tmp_path, split):
    rows = [scene.parameters(i) for i in range(3)]
    pose = np.stack([row["pose"] for row in rows])
    poses = {"global_orient": pose[:, :3], "hand_pose": pose[:, 3:]} if split else {"pose": pose}
    arrays = poses | {"tsl": np.stack([row["tsl"] for row in rows])}
    np.savez(tmp_path / "g.npz", **arrays, betas=np.stack([row["shape"] for row in rows]))
    reading = read_samples(tmp_path / "g.npz", objects=scene.box)
    assert [sample.name for sample in reading.samples] == [f"g.npz#000{i}" for i in range(3)]
    check(reading, scene)


def test_what_nobody_said_about_foreign_files_is_told(scene, tmp_path):
    """A wrong guess of either makes numbers that mean nothing."""
    np.savez(tmp_path / "g.npz", pose=np.zeros((1, 48)), tsl=np.zeros((1, 3)))
    convention, units = read_samples(tmp_path / "g.npz", objects=scene.box).notes
    assert "'oakink'" in convention
    assert "--convention" in convention
    assert "(mm for 1)" in units
    said = read_samples(tmp_path / "g.npz", objects=scene.box, convention="oakink", units="mm")
    assert said.notes == ()


def test_a_lying_npz_header_is_damaged(scene, tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000, 48)}"
    header = header.ljust(117) + b"\n"
    member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(tmp_path / "g.npz", "w") as archive:
        archive.writestr("pose.npy", member)
    ((name, reason),) = read_samples(tmp_path / "g.npz", objects=scene.box).damaged
    assert name == "g.npz"
    assert "damaged" in reason


def test_mano_json_with_an_object_per_grasp(scene, tmp_path):
    shutil.copy(scene.box, tmp_path / "crate.ply")
    rows = []
    for index in range(3):
        row = {key: value.tolist() for key, value in scene.parameters(index).items()}
        rows.append({**row, "object": "crate.ply", "instruction": "hold it"})
    (tmp_path / "g.json").write_text(json.dumps(rows))
    reading = read_samples(tmp_path)
    assert reading.samples[0].instruction == "hold it"
    check(reading, scene)


def test_mesh_pairs_beside_each_other(scene, tmp_path):
    for index in range(3):
        scene.write_pair(tmp_path, f"g{index}", index)
    check(read_samples(tmp_path), scene)


def test_mesh_pairs_in_two_folders_and_in_a_manifest(scene, tmp_path):
    pair = scene.write_pair(tmp_path / "pair")
    for kind in ("hand", "object"):
        (tmp_path / "two" / kind).mkdir(parents=True)
        shutil.copy(pair / f"one_{kind}.ply", tmp_path / "two" / kind / "one.ply")
    check(read_samples(tmp_path / "two"), scene)
    (pair / "manifest.csv").write_text(
        "hand,object,instruction\none_hand.ply,one_object.ply,lift it\n"
    )
    reading = read_samples(pair)
    check(reading, scene)
    assert reading.samples[0].instruction == "lift it"
    check(read_pair(pair / "one_hand.ply", pair / "one_object.ply"), scene)


def test_a_strangers_hand_needs_no_model(scene, tmp_path):
    """Another triangulation is a bare mesh: its surface is known, its fingers are not."""
    scene.write_pair(tmp_path)
    mesh = trimesh.load(tmp_path / "one_hand.ply", process=False)
    mesh.subdivide().export(tmp_path / "one_hand.ply")
    (sample,) = read_samples(tmp_path).samples
    assert sample.hand_model is None
    assert len(sample.hand_vertices_object) > 1650


def test_an_inside_out_right_hand_is_not_taken_for_a_left_one(scene, tmp_path):
    """Mirroring turns triangles around, too."""
    path = scene.write_pair(tmp_path)
    (file,) = path.glob("*_hand.*")
    straight = read_samples(path).samples[0]
    hand = trimesh.load(file, process=False)
    trimesh.Trimesh(hand.vertices, hand.faces[:, ::-1], process=False).export(file)
    turned = read_samples(path).samples[0]
    assert straight.hand_model is not None
    assert turned.hand_model is not None
    assert turned.hand_model.side == straight.hand_model.side == "right"
    assert np.array_equal(turned.hand_faces, straight.hand_faces)


def test_a_hand_in_another_unit_than_its_object_is_damaged(scene, tmp_path):
    scene.write_pair(tmp_path)
    mesh = trimesh.load(tmp_path / "one_hand.ply", process=False)
    mesh.apply_scale(0.001)
    mesh.export(tmp_path / "one_hand.ply")
    ((_, reason),) = read_samples(tmp_path).damaged
    assert "--units" in reason


DAMAGES = {
    "truncated": lambda record: record | {"finger_angles": record["finger_angles"][:7]},
    "ragged": lambda record: record | {"betas": [[0.0], 1.0]},
    "not finite": lambda record: record | {"betas": [float("nan")] * 10},
    "without object": lambda record: {k: v for k, v in record.items() if k != "object"},
    "without pose": lambda record: {k: v for k, v in record.items() if k != "finger_angles"},
    "with a skewed pose": lambda record: record | {"T_object_hand": np.ones((4, 4)).tolist()},
    "of no hand": lambda record: record | {"side": "middle"},
    "no record": lambda record: "poem",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_named_and_the_others_stay(scene, tmp_path, damage):
    scene.write_generated(tmp_path)
    records = json.loads((tmp_path / "grasps.json").read_text())
    records[1] = DAMAGES[damage](records[1])
    (tmp_path / "grasps.json").write_text(json.dumps(records))
    reading = read_samples(tmp_path, objects=scene.box)
    assert [sample.name for sample in reading.samples] == ["grasps.json#000", "grasps.json#002"]
    assert [name for name, _ in reading.damaged] == ["grasps.json#001"]


class Evil:
    def __reduce__(self):
        return (print, ("I ran",))


def test_a_hostile_pickle_is_refused_and_named(scene, tmp_path, capsys):
    scene.write_hand_param(tmp_path / "a" / "hand_param.pkl")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "hand_param.pkl").write_bytes(pickle.dumps({"pose": Evil()}))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "hand_param.pkl").write_bytes(
        (tmp_path / "a" / "hand_param.pkl").read_bytes()[:200]
    )
    reading = read_samples(tmp_path, objects=scene.box)
    assert len(reading.samples) == 1
    assert [name for name, _ in reading.damaged] == ["b/hand_param.pkl", "c/hand_param.pkl"]
    assert "refused" in reading.damaged[0].reason
    assert capsys.readouterr().out == ""


def test_an_npz_of_python_objects_is_refused(scene, tmp_path):
    np.savez(tmp_path / "g.npz", pose=np.array([Evil()], dtype=object))
    ((name, reason),) = read_samples(tmp_path, objects=scene.box).damaged
    assert name == "g.npz"
    assert "Python objects" in reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pose": np.zeros((3, 50))}, "pose"),
        ({"tsl": np.full((3, 3), np.nan)}, "finite"),
        ({"betas": np.zeros((3, 4))}, "betas"),
    ],
)
def test_wrong_mano_parameters_are_named(scene, tmp_path, change, said):
    arrays = {"pose": np.zeros((3, 48)), "tsl": np.zeros((3, 3))} | change
    np.savez(tmp_path / "g.npz", **arrays)
    reading = read_samples(tmp_path, objects=scene.box)
    assert len(reading.damaged) == 3
    assert said in reading.damaged[0].reason


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"a": 1}', "[1, 2]"])
def test_a_json_file_of_something_else_is_damaged(scene, tmp_path, content):
    (tmp_path / "grasps.json").write_text(content)
    reading = read_samples(tmp_path, objects=scene.box)
    assert [name for name, _ in reading.damaged] == ["grasps.json"]


def test_a_folder_of_nothing_is_refused_with_what_is_known(tmp_path):
    with pytest.raises(InputError, match=r"grasps\.json.*hand_param"):
        read_samples(tmp_path)
    with pytest.raises(InputError, match="No grasps at"):
        read_samples(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("instruction", "part"),
    [
        ("hold it by the handle", "handle"),
        ("Grip the trigger head!", "trigger_head"),
        ("the body or the handle", ""),
        ("pass it to me", ""),
        ("Hold the body and keep off it", ""),
        ("Lift it by the lip and do not touch the handle", ""),
        ("Give it to me so that I can take it by the handle", ""),
        ("Careful with the handle: take it by the side", ""),
    ],
)
def test_the_part_that_an_instruction_names(instruction, part):
    assert part_named_in(instruction, ("body", "handle", "trigger_head")) == part


def test_the_convention_decides_what_foreign_parameters_mean(scene, tmp_path):
    """smplx adds its translation after the forward pass, which leaves the wrist at its rest."""
    rest = torch.tensor([0.09, 0.007, 0.006])
    hand = replace(scene.hand, mano=ManoSpace(rest, torch.zeros(3, 10)))
    row = scene.parameters()
    np.savez(
        tmp_path / "g.npz",
        global_orient=row["pose"][:3],
        hand_pose=row["pose"][3:],
        transl=row["tsl"] - rest.numpy(),
        betas=row["shape"],
    )
    reading = read_samples(
        tmp_path / "g.npz", objects=scene.box, hand=hand, convention="smplx_flat"
    )
    check(reading, scene)
    ((_, reason),) = read_samples(
        tmp_path / "g.npz", objects=scene.box, convention="smplx_flat"
    ).damaged
    assert "MANO file" in reason


def test_a_mesh_of_the_given_hand_is_recognised(scene, tmp_path):
    """Another topology than the open hand's, as MANO's is: its fingers are known all the same."""
    faces = scene.hand.faces.flip(0)
    hand = replace(scene.hand, name="mine", faces=faces)
    scene.write_pair(tmp_path)
    mesh = trimesh.load(tmp_path / "one_hand.ply", process=False)
    trimesh.Trimesh(mesh.vertices, faces.numpy(), process=False).export(tmp_path / "one_hand.ply")
    (sample,) = read_samples(tmp_path, hand=hand).samples
    assert sample.hand_model is not None
    assert sample.hand_model.name == "mine"
    (stranger,) = read_samples(tmp_path).samples
    assert stranger.hand_model is None
