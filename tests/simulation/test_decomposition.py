"""Convex pieces cover the solid, add little to it, and are found once."""

import numpy as np
import pytest
import trimesh

from semgrasp.errors import InputError
from semgrasp.simulation import Decomposition, convex_decomposition, decomposition


def l_shape():
    """Two boxes that make an L, 3 x 3 x 1 cm minus a corner of 2 x 2 x 1."""
    tall = trimesh.creation.box(bounds=[[0, 0, 0], [0.01, 0.03, 0.01]])
    long = trimesh.creation.box(bounds=[[0, 0, 0], [0.03, 0.01, 0.01]])
    return tall.union(long)


def volume(pieces):
    return sum(trimesh.Trimesh(points).convex_hull.volume for points in pieces)


def test_a_box_stays_one_piece():
    mesh = trimesh.creation.box([0.03, 0.05, 0.07])
    pieces = convex_decomposition(mesh.vertices, mesh.faces)
    assert len(pieces) == 1
    assert volume(pieces) == pytest.approx(mesh.volume)


def test_pieces_cover_the_solid_and_add_no_more_than_was_allowed():
    mesh = l_shape()
    pieces = convex_decomposition(mesh.vertices, mesh.faces)
    hulls = [trimesh.Trimesh(points).convex_hull for points in pieces]
    inside = trimesh.sample.volume_mesh(mesh, 500)
    covered = np.any([hull.contains(inside) for hull in hulls], axis=0)
    assert covered.mean() > 0.99
    assert mesh.volume * 0.999 < volume(pieces) < mesh.volume + 0.0003 * mesh.area + 1e-9


def test_more_pieces_add_less():
    ring = trimesh.creation.annulus(0.03, 0.035, 0.05, segments=64)
    added = [
        volume(
            convex_decomposition(
                ring.vertices, ring.faces, Decomposition(max_pieces=n, thickening=0.0)
            )
        )
        - ring.volume
        for n in (4, 8, 16, 32)
    ]
    assert added == sorted(added, reverse=True)
    assert added[-1] < 0.1 * added[0]


def test_separate_bodies_become_separate_pieces():
    left = trimesh.creation.box([0.01] * 3)
    right = left.copy()
    right.apply_translation([0.05, 0, 0])
    both = trimesh.util.concatenate([left, right])
    assert isinstance(both, trimesh.Trimesh)
    pieces = convex_decomposition(both.vertices, both.faces)
    assert sorted(round(points[:, 0].mean(), 6) for points in pieces) == [0.0, 0.05]


def test_a_surface_that_is_no_manifold_or_faces_inward_is_refused():
    mesh = trimesh.creation.box([0.03] * 3)
    with pytest.raises(InputError, match="exactly two triangles"):
        convex_decomposition(mesh.vertices, mesh.faces[:-1])
    with pytest.raises(InputError, match="outward"):
        convex_decomposition(mesh.vertices, mesh.faces[:, ::-1])


def test_the_same_object_is_decomposed_once(monkeypatch):
    mesh = trimesh.creation.box([0.031, 0.05, 0.07])
    first = convex_decomposition(mesh.vertices, mesh.faces)
    monkeypatch.setattr(decomposition, "_pieces", None)
    again = convex_decomposition(mesh.vertices.copy(), mesh.faces.copy())
    assert again[0] is first[0]


def test_pieces_on_disk_are_those_that_were_saved(tmp_path, monkeypatch):
    mesh = l_shape()
    monkeypatch.setattr(decomposition, "_kept", {})
    made = convex_decomposition(mesh.vertices, mesh.faces, cache_folder=tmp_path / "pieces")
    assert len(list((tmp_path / "pieces").iterdir())) == 1
    decomposition._kept.clear()
    monkeypatch.setattr(decomposition, "_pieces", None)
    read = convex_decomposition(mesh.vertices, mesh.faces, cache_folder=tmp_path / "pieces")
    assert len(read) == len(made)
    for a, b in zip(made, read, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_flat_object_is_refused():
    flat = trimesh.creation.box([0.05, 0.05, 0.00001])
    with pytest.raises(InputError, match="in metres"):
        convex_decomposition(flat.vertices, flat.faces)
