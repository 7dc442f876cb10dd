"""Objects are meshed as densely as the published evaluation has them, without being changed."""

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.evaluation.preprocessing import densely_meshed
from semgrasp.metrics import SolidObject, penetration_depth
from semgrasp.types import ObjectShape


def _box(size: float) -> ObjectShape:
    box = trimesh.creation.box(extents=(size, size, size))
    return ObjectShape("box", np.asarray(box.vertices), np.asarray(box.faces, dtype=np.int64))


@pytest.mark.parametrize("size", [0.02, 0.1, 0.5])
def test_the_surface_stays_and_its_triangles_become_small(size):
    dense = densely_meshed(_box(size))
    mesh = trimesh.Trimesh(dense.vertices_object, dense.faces, process=False)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(size**3)
    assert 400 < len(dense.faces) <= 30_000
    assert mesh.edges_unique_length.max() < max(0.0035, size / 20)


def test_depth_to_vertices_comes_near_depth_to_the_surface():
    box = _box(0.06)
    # One millimetre under the middle of a face.
    hand = torch.tensor([[0.0113, 0.0071, 0.029]], dtype=torch.float64)
    coarse, dense = SolidObject(box), SolidObject(densely_meshed(box))
    assert float(penetration_depth(hand, coarse, to="vertices")) > 0.02
    assert float(penetration_depth(hand, dense, to="vertices")) < 0.0018
    assert float(penetration_depth(hand, dense)) == pytest.approx(0.001)


def test_a_dense_mesh_and_an_open_one_come_back_as_they_are():
    sphere = trimesh.creation.icosphere(subdivisions=6, radius=0.03)
    dense = ObjectShape(
        "ball", np.asarray(sphere.vertices), np.asarray(sphere.faces, dtype=np.int64)
    )
    assert densely_meshed(dense) is dense
    box = _box(0.1)
    opened = ObjectShape("box", box.vertices_object, box.faces[1:], is_watertight=False)
    assert densely_meshed(opened) is opened
