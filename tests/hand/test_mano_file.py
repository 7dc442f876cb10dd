"""MANO's files: every layout they come in, where they are found, and what damage is called."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
import torch
from synthetic_mano import (
    BORDER,
    Python2Pickle,
    mano_table,
    mirrored,
    mitten_faces,
    with_faulty_shape,
)

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.hand import load_mano, open_hand
from semgrasp.hand.closing import closing_faces
from semgrasp.hand.convention import MANOPTH, SMPLX
from semgrasp.hand.mano_file import read_mano_file


@pytest.fixture(scope="module")
def table() -> dict:
    return mano_table()


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory) -> Path:
    """Both hands as distributed: the left one with its fault."""
    folder = tmp_path_factory.mktemp("mano")
    left = with_faulty_shape(mirrored(table))
    (folder / "MANO_RIGHT.pkl").write_bytes(Python2Pickle().dumps(table))
    (folder / "MANO_LEFT.pkl").write_bytes(Python2Pickle().dumps(left))
    return folder


def _expect(path: Path, table: dict) -> None:
    arrays = read_mano_file(path)
    np.testing.assert_array_equal(arrays.template, table["v_template"])
    np.testing.assert_array_equal(arrays.faces, table["f"])
    np.testing.assert_array_equal(arrays.shape_directions, table["shapedirs"])
    np.testing.assert_array_equal(arrays.pose_directions, table["posedirs"])
    np.testing.assert_array_equal(arrays.skinning_weights, table["weights"])
    np.testing.assert_array_equal(arrays.joint_regressor, table["J_regressor"])
    np.testing.assert_array_equal(arrays.pose_components, table["hands_components"])
    np.testing.assert_array_equal(arrays.pose_mean, table["hands_mean"])


def test_the_distributed_layout_is_read_to_the_bit(folder, table):
    """Protocol 2 of Python 2, a chumpy selection, SciPy's old names, a Fortran tree."""
    _expect(folder / "MANO_RIGHT.pkl", table)
    assert np.count_nonzero(table["J_regressor"]) == 1896
    assert table["f"].dtype == np.uint32
    assert table["kintree_table"].flags.f_contiguous


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("regressor", [np.asarray, scipy.sparse.csc_matrix, scipy.sparse.csr_array])
def test_copies_without_chumpy_are_read(protocol, regressor, table, tmp_path):
    copy = {**table, "J_regressor": regressor(table["J_regressor"])}
    path = tmp_path / "MANO_RIGHT.pkl"
    path.write_bytes(pickle.dumps(copy, protocol=protocol))
    _expect(path, table)


def test_an_npz_is_read_and_needs_no_pose_space(table, tmp_path):
    np.savez(tmp_path / "hand.npz", **table)
    _expect(tmp_path / "hand.npz", table)
    few = {k: v for k, v in table.items() if not k.startswith(("hands", "bs", "J_")) and k != "J"}
    np.savez(tmp_path / "few.npz", **few, J_regressor=table["J_regressor"])
    assert load_mano(tmp_path / "few.npz").mano.pose_components is None


def test_files_are_found_by_path_folder_neighbour_and_environment(folder, tmp_path, monkeypatch):
    monkeypatch.delenv("SEMGRASP_MANO_DIR", raising=False)
    models = tmp_path / "mano_v1_2" / "models"
    shutil.copytree(folder, models)
    by_path = load_mano(models / "MANO_RIGHT.pkl", "left").template_vertices
    monkeypatch.setenv("SEMGRASP_MANO_DIR", str(tmp_path))
    for hand in (load_mano(side="left"), load_mano(str(models), "left")):
        torch.testing.assert_close(hand.template_vertices, by_path)
    assert load_mano().side == "right"
    assert load_mano(dtype=torch.float64).template_vertices.dtype == torch.float64


def test_a_missing_file_says_where_mano_comes_from(tmp_path, monkeypatch):
    monkeypatch.delenv("SEMGRASP_MANO_DIR", raising=False)
    with pytest.raises(AssetNotFoundError, match=r"mano\.is\.tue\.mpg\.de.*SEMGRASP_MANO_DIR"):
        load_mano()
    with pytest.raises(AssetNotFoundError, match=r"models/MANO_LEFT\.pkl.*mano\.is\.tue\.mpg\.de"):
        load_mano(tmp_path, "left")
    with pytest.raises(AssetNotFoundError, match=r"nowhere\.pkl"):
        load_mano(tmp_path / "nowhere.pkl")


def test_the_left_hands_shape_fault_is_corrected(folder, table, tmp_path):
    sound = mirrored(table)
    (tmp_path / "MANO_LEFT.pkl").write_bytes(Python2Pickle().dumps(sound))
    shutil.copy(folder / "MANO_RIGHT.pkl", tmp_path)
    corrected, expected = load_mano(folder, "left"), load_mano(tmp_path, "left")
    torch.testing.assert_close(corrected.shape_directions, expected.shape_directions)
    kept = load_mano(folder, "left", flip_left_shape=False)
    torch.testing.assert_close(kept.shape_directions[:, 0], -expected.shape_directions[:, 0])
    torch.testing.assert_close(kept.shape_directions[:, 1:], expected.shape_directions[:, 1:])


def test_a_left_hand_alone_asks_whether_it_is_sound(table, tmp_path):
    (tmp_path / "MANO_LEFT.pkl").write_bytes(Python2Pickle().dumps(mirrored(table)))
    with pytest.raises(InputError, match=r"MANO_RIGHT\.pkl beside it.*flip_left_shape=True"):
        load_mano(tmp_path, "left")
    assert load_mano(tmp_path, "left", flip_left_shape=False).side == "left"


def test_a_file_of_the_other_hand_is_named(table, tmp_path):
    np.savez(tmp_path / "hand.npz", **table)
    with pytest.raises(InputError, match="does not hold MANO's left hand"):
        load_mano(tmp_path / "hand.npz", "left", flip_left_shape=False)


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        ("v_template", None, "lacks v_template"),
        ("v_template", lambda a: 1000 * a, "unit is the metre"),
        ("v_template", lambda a: np.where(a == a[5, 1], np.nan, a), "v_template .*not finite"),
        ("posedirs", lambda a: a[:, :, :134], r"posedirs has shape \(778, 3, 134\), expected"),
        ("posedirs", lambda a: a[:777], r"expected \(778, 3, 135\)"),
        ("weights", lambda a: 2 * a, "weights must"),
        ("weights", lambda a: a.astype(np.int64), "weights must be an array of floating-point"),
        ("f", lambda a: a + 1, "outside the 778"),
        ("f", lambda a: a.astype(np.float32), "f must be an array of integers"),
        ("shapedirs", lambda a: a[..., :9], "shapedirs has 9 directions"),
        ("kintree_table", lambda a: a[:, ::-1].copy(), "not MANO's tree"),
        ("hands_mean", lambda a: a[:44], "hands_mean has shape"),
        ("bs_type", lambda a: "other", "bs_type is 'other'"),
    ],
)
@pytest.mark.parametrize("ending", ["pkl", "npz"])
def test_every_damage_has_its_own_message(ending, key, change, message, table, tmp_path):
    damaged = dict(table)
    if change is None:
        del damaged[key]
    else:
        damaged[key] = change(table[key])
    path = tmp_path / f"MANO_RIGHT.{ending}"
    if ending == "pkl":
        path.write_bytes(pickle.dumps(damaged, protocol=2))
    else:
        np.savez(path, **damaged)
    with pytest.raises(InputError, match=message) as caught:
        load_mano(path)
    assert str(path) in str(caught.value)


def test_an_npz_with_objects_or_garbage_is_refused(table, tmp_path):
    sparse = {**table, "J_regressor": scipy.sparse.csc_matrix(table["J_regressor"])}
    np.savez(tmp_path / "objects.npz", **sparse, allow_pickle=True)
    with pytest.raises(InputError, match="dense numbers"):
        load_mano(tmp_path / "objects.npz")
    (tmp_path / "garbage.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(InputError, match="not a readable"):
        load_mano(tmp_path / "garbage.npz")


def _open_edges(faces: np.ndarray) -> set[tuple[int, int]]:
    edges = {tuple(e) for k in range(3) for e in faces[:, [k, (k + 1) % 3]].tolist()}
    return {(a, b) for a, b in edges if (b, a) not in edges}


@pytest.mark.parametrize("side", ["right", "left"])
def test_the_published_triangles_close_manos_wrist(side, folder):
    hand = load_mano(folder, side)
    assert hand.faces.shape == (1552, 3)
    assert not _open_edges(hand.faces.numpy())
    cap = {tuple(sorted(face)) for face in hand.faces[1538:].tolist()}
    assert (38, 92, 122) in cap
    assert (121, 214, 215) in cap
    assert set(np.ravel(list(cap)).tolist()) == set(BORDER)


def test_another_surface_is_closed_by_triangles_of_its_border():
    hand = open_hand(dtype=torch.float64)
    vertices, faces = hand.template_vertices.numpy(), hand.faces.numpy()
    centre = len(vertices) - 1  # Middle of the fan that closes the open hand's wrist.
    without = faces[(faces != centre).all(1)]
    cap = closing_faces(vertices, without)
    assert len(cap) == len(faces) - len(without) - 2
    closed = np.concatenate([without, cap])
    assert not _open_edges(closed)
    volume = _volume(vertices, closed)
    assert volume > 0
    assert abs(volume - _volume(vertices, faces)) < 0.005 * volume
    assert len(closing_faces(vertices, faces)) == 0


def test_a_mitten_with_other_numbers_is_closed_too():
    faces = mitten_faces()[:, ::-1]
    shuffled = np.random.default_rng(0).permutation(778)[faces]
    cap = closing_faces(np.random.default_rng(1).normal(size=(778, 3)), shuffled)
    assert len(cap) == 14
    assert not _open_edges(np.concatenate([shuffled, cap]))


def test_a_second_hole_is_named(table, tmp_path):
    np.savez(tmp_path / "hand.npz", **{**table, "f": np.delete(table["f"], 700, axis=0)})
    with pytest.raises(InputError, match="not one loop"):
        load_mano(tmp_path / "hand.npz")


def test_fingertips_follow_the_convention(folder):
    for convention, thumb in ((MANOPTH, 745), (SMPLX, 744)):
        hand = load_mano(folder, tips=convention)
        torch.testing.assert_close(hand.tip_template[4], hand.template_vertices[thumb])
        mesh = hand.with_shape(torch.ones(10)).with_pose(torch.eye(4), torch.full((15, 3), 0.2))
        vertices, tips = mesh.mesh().vertices_object, mesh.mesh().tips_object
        torch.testing.assert_close(tips[4], vertices[thumb])


def test_the_open_hand_as_a_mano_file_is_the_open_hand(tmp_path):
    """Any surface with MANO's layout: fingers, pads, axes and tips are those it had."""
    hand = open_hand(dtype=torch.float64)
    vertices = hand.template_vertices.numpy()
    conditions = np.vstack([vertices.T, np.ones(len(vertices))])
    joints = hand.joint_template.numpy()
    rows = [np.linalg.lstsq(conditions, np.append(j, 1.0), rcond=None)[0] for j in joints]
    np.savez(
        tmp_path / "hand.npz",
        v_template=vertices + 0.1,
        f=hand.faces.numpy(),
        shapedirs=hand.shape_directions.numpy(),
        posedirs=np.zeros((len(vertices), 3, 135)),
        weights=hand.skinning_weights.numpy(),
        J_regressor=np.stack(rows),
        kintree_table=np.array([[-1, *hand.parents[1:]], range(16)]),
    )
    mano = load_mano(tmp_path / "hand.npz", dtype=torch.float64)
    torch.testing.assert_close(mano.flexion_axes, hand.flexion_axes)
    torch.testing.assert_close(mano.tip_template, hand.tip_template)
    torch.testing.assert_close(mano.vertex_finger, hand.vertex_finger)
    assert mano.pads.keys() == hand.pads.keys()
    for name, pad in hand.pads.items():
        torch.testing.assert_close(mano.pads[name], pad)


def _volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6)
