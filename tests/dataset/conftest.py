"""A labelled object and random grasps, small enough to write in a moment."""

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.types import Grasp, ObjectShape


@pytest.fixture
def mug() -> ObjectShape:
    """A cylinder with a bar beside it, bounding box centred."""
    body = trimesh.creation.cylinder(radius=0.04, height=0.1, sections=24)
    handle = trimesh.creation.box(extents=(0.01, 0.02, 0.06))
    handle.apply_translation([0.06, 0, 0])
    both = trimesh.util.concatenate([body, handle])
    centre = (both.vertices.min(0) + both.vertices.max(0)) / 2
    face_parts = np.repeat([0, 1], [len(body.faces), len(handle.faces)])
    return ObjectShape(
        name="mug_p007",
        vertices_object=np.asarray(both.vertices - centre, dtype=np.float64),
        faces=np.asarray(both.faces, dtype=np.int64),
        part_names=("body", "handle"),
        face_parts=face_parts.astype(np.int64),
        category="mug",
    )


@pytest.fixture
def grasps() -> Grasp:
    """Six random grasps."""
    generator = torch.Generator().manual_seed(0)
    R = axis_angle_to_matrix(torch.randn(6, 3, generator=generator))
    return Grasp(
        make_transform(R, 0.1 * torch.randn(6, 3, generator=generator)),
        0.4 * torch.randn(6, 15, 3, generator=generator),
        0.02 * torch.randn(6, 10, generator=generator),
    )
