"""Strangers' meshes: loaded upright, in metres and closed, or refused in one helpful line."""

import os
import zipfile

import numpy as np
import pytest
import trimesh

from semgrasp.errors import InputError
from semgrasp.objects import load, load_object, signed_distance
from semgrasp.types import ObjectShape


@pytest.fixture
def brick() -> trimesh.Trimesh:
    """4 x 6 x 10 cm, off the origin."""
    mesh = trimesh.creation.box((0.04, 0.06, 0.10)).subdivide()
    mesh.apply_translation((0.3, 0.2, 0.1))
    return mesh


def extent(shape: ObjectShape) -> np.ndarray:
    return np.ptp(shape.vertices_object, axis=0)


def volume(shape: ObjectShape) -> float:
    return trimesh.Trimesh(shape.vertices_object, shape.faces, process=False).volume


@pytest.mark.parametrize("kind", ["obj", "stl", "ply", "off", "glb", "3mf", "dae"])
def test_every_common_format_gives_the_same_solid(brick, kind, tmp_path):
    brick.export(tmp_path / f"brick.{kind}")
    shape = load_object(tmp_path / f"brick.{kind}", units="m")
    np.testing.assert_allclose(extent(shape), [0.04, 0.06, 0.10], atol=1e-6)
    assert shape.is_watertight
    assert volume(shape) == pytest.approx(0.04 * 0.06 * 0.10, rel=1e-5)
    assert shape.name == "brick"


@pytest.mark.parametrize("up", ["x", "y", "z", "-x", "-y", "-z"])
@pytest.mark.parametrize(("units", "metres"), [("m", 1.0), ("cm", 0.01), ("mm", 0.001)])
def test_the_way_back_to_the_file_is_kept(brick, up, units, metres, tmp_path):
    brick.apply_scale(1 / metres)
    brick.export(tmp_path / "brick.ply")
    shape = load_object(tmp_path / "brick.ply", up=up, units=units)
    np.testing.assert_allclose(
        shape.vertices_object.min(axis=0), -shape.vertices_object.max(axis=0), atol=1e-7
    )
    T = shape.T_file_object
    in_file = shape.vertices_object @ T[:3, :3].T + T[:3, 3]
    np.testing.assert_allclose(in_file.min(axis=0), brick.bounds[0], rtol=1e-5)
    np.testing.assert_allclose(in_file.max(axis=0), brick.bounds[1], rtol=1e-5)
    assert volume(shape) > 0
    file_up = {"x": [1, 0, 0], "y": [0, 1, 0], "z": [0, 0, 1]}[up[-1]]
    sign = -1 if up[0] == "-" else 1
    np.testing.assert_allclose(metres * T[:3, :3] @ [0, 0, 1], sign * np.array(file_up), atol=1e-9)


@pytest.mark.parametrize(("scale", "said"), [(1, "metres"), (100, "centim"), (1000, "millim")])
def test_the_unit_is_told_from_the_size_and_said(brick, scale, said, tmp_path):
    brick.apply_scale(scale)
    brick.export(tmp_path / "brick.stl")
    shape = load_object(tmp_path / "brick.stl")
    assert extent(shape).max() == pytest.approx(0.10, rel=1e-5)
    assert said in shape.notes[0]


def test_scenes_are_merged_with_their_transforms(brick, tmp_path):
    scene = trimesh.Scene()
    shift = np.eye(4)
    scene.add_geometry(brick)
    shift[0, 3] = 0.2
    scene.add_geometry(brick, transform=shift)
    scene.export(tmp_path / "two.glb")
    shape = load_object(tmp_path / "two.glb", units="m")
    assert extent(shape)[0] == pytest.approx(0.24, rel=1e-5)
    assert any("--up y" in note for note in shape.notes)


def test_an_object_turned_inside_out_is_turned_back(brick, tmp_path):
    brick.invert()
    brick.export(tmp_path / "brick.ply")
    assert volume(load_object(tmp_path / "brick.ply")) > 0


def test_faces_that_disagree_about_outside_are_made_to_agree(brick, tmp_path):
    faces = brick.faces.copy()
    faces[::3] = faces[::3, ::-1]
    trimesh.Trimesh(brick.vertices, faces, process=False).export(tmp_path / "brick.ply")
    shape = load_object(tmp_path / "brick.ply")
    assert volume(shape) == pytest.approx(0.04 * 0.06 * 0.10, rel=1e-5)
    assert any("turned outward" in note for note in shape.notes)


def test_a_small_hole_is_filled_and_a_large_one_reported(brick, tmp_path):
    trimesh.Trimesh(brick.vertices, brick.faces[1:], process=False).export(tmp_path / "small.ply")
    shape = load_object(tmp_path / "small.ply")
    assert shape.is_watertight
    assert any("holes were filled" in note for note in shape.notes)
    half = brick.faces[: len(brick.faces) // 2]
    trimesh.Trimesh(brick.vertices, half, process=False).export(tmp_path / "large.ply")
    shape = load_object(tmp_path / "large.ply")
    assert not shape.is_watertight
    assert any("cannot be computed" in note for note in shape.notes)


def test_a_flat_sheet_is_not_called_watertight(tmp_path):
    corners = "v 0 0 0\nv .1 0 0\nv .1 .1 0\nv 0 .1 0\n"
    (tmp_path / "sheet.obj").write_text(corners + "f 1 2 3 4\n")
    assert not load_object(tmp_path / "sheet.obj").is_watertight
    (tmp_path / "three.obj").write_text(corners + "f 1 2 3\nf 1 3 4\nf 1 2 4\n")
    assert not load_object(tmp_path / "three.obj").is_watertight


def test_repeated_and_degenerate_faces_do_not_open_the_surface(brick, tmp_path):
    faces = np.concatenate([brick.faces, brick.faces[:5], [[0, 0, 1]]])
    trimesh.Trimesh(brick.vertices, faces, process=False).export(tmp_path / "brick.ply")
    assert load_object(tmp_path / "brick.ply").is_watertight


def test_a_vertex_of_no_face_does_not_change_the_size(brick, tmp_path):
    vertices = np.concatenate([brick.vertices, [[1e6, 0, 0]]])
    trimesh.Trimesh(vertices, brick.faces, process=False).export(tmp_path / "brick.ply")
    assert extent(load_object(tmp_path / "brick.ply")).max() == pytest.approx(0.10, rel=1e-5)


def test_missing_material_files_do_not_matter(brick, tmp_path):
    text = brick.export(file_type="obj", include_normals=False)
    (tmp_path / "brick.obj").write_text(f"mtllib nowhere.mtl\nusemtl paint\n{text}")
    assert load_object(tmp_path / "brick.obj").is_watertight


@pytest.mark.parametrize("is_open", [False, True])
def test_too_fine_a_mesh_is_simplified_close_to_the_surface(is_open, tmp_path, monkeypatch):
    monkeypatch.setattr(load, "SIMPLIFY_ABOVE", 5000)
    ball = trimesh.creation.icosphere(subdivisions=5, radius=0.01)
    faces = ball.faces[: len(ball.faces) // 2] if is_open else ball.faces
    trimesh.Trimesh(ball.vertices, faces, process=False).export(tmp_path / "ball.ply")
    shape = load_object(tmp_path / "ball.ply", units="m")
    assert len(shape.faces) < len(faces)
    assert any("simplified" in note for note in shape.notes)
    T = shape.T_file_object
    in_file = shape.vertices_object @ T[:3, :3].T + T[:3, 3]
    assert np.abs(np.linalg.norm(in_file, axis=1) - 0.01).max() < 0.001


def _points(path):
    path.write_text("v 0 0 0\nv 0.1 0 0\nv 0 0.1 0\n")


def _zip_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", b"0" * 3_000_000)


BAD_FILES = {
    "No mesh file": ("gone.obj", lambda path: None),
    "folder": ("folder.obj", lambda path: path.mkdir()),
    "not a regular file": ("pipe.obj", os.mkfifo),
    "unknown format": ("mug.xyzzy", lambda path: path.write_text("a")),
    "archive|unknown format": ("mug.zip", lambda path: path.write_text("a")),
    "empty": ("empty.obj", lambda path: path.write_text("")),
    "damaged": ("mug.ply", lambda path: path.write_bytes(bytes(range(256)))),
    "points without faces": ("cloud.obj", _points),
    "not finite": ("nan.obj", lambda path: path.write_text("v 0 0 0\nv nan 0 0\nv 0 1 0\nf 1 2 3")),
    "coincide": ("dot.obj", lambda path: path.write_text("v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3")),
    "no area": ("line.obj", lambda path: path.write_text("v 0 0 0\nv .1 0 0\nv .2 0 0\nf 1 2 3")),
    "at most": ("bomb.3mf", _zip_bomb),
}


@pytest.mark.parametrize("said", BAD_FILES)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(said, tmp_path, monkeypatch):
    monkeypatch.setattr(load, "MAX_FILE_BYTES", 1_000_000)
    name, make = BAD_FILES[said]
    make(tmp_path / name)
    with pytest.raises(InputError, match=said) as caught:
        load_object(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_file_beyond_the_limit_is_not_opened(brick, tmp_path, monkeypatch):
    brick.export(tmp_path / "brick.stl")
    monkeypatch.setattr(load, "MAX_FILE_BYTES", 100)
    with pytest.raises(InputError, match="at most"):
        load_object(tmp_path / "brick.stl")


@pytest.mark.parametrize("size", [0.004, 1.6])
def test_what_no_hand_can_grasp_is_refused_with_the_way_out(size, tmp_path):
    trimesh.creation.box((size, size / 2, size / 2)).export(tmp_path / "box.ply")
    with pytest.raises(InputError, match=r"5 mm to 1\.5 m.*--units"):
        load_object(tmp_path / "box.ply", units="m")


@pytest.mark.parametrize(("option", "allowed"), [({"up": "w"}, "-x"), ({"units": "inch"}, "mm")])
def test_an_unknown_option_names_the_known_ones(option, allowed, tmp_path):
    with pytest.raises(InputError, match=f"Allowed: .*{allowed}"):
        load_object(tmp_path / "brick.ply", **option)


@pytest.mark.parametrize("collection", ["ycb_objects", "grab_objects"])
def test_real_scans_load(shared_data, collection):
    import torch

    files = sorted((shared_data / collection).glob("*.ply"))
    assert len(files) >= 20
    for file in files:
        shape = load_object(file)
        assert 0.02 < extent(shape).max() < 0.5, file.name
        if shape.is_watertight:
            far = torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64)
            assert signed_distance(shape, far).item() > 0, file.name
