"""The shipped hand is a closed, flat, right hand of human size."""

from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

import semgrasp.hand
from semgrasp.types import FINGERS


def _mesh(hand, betas=None):
    betas = torch.zeros(10, dtype=torch.float64) if betas is None else betas
    vertices = hand.with_shape(betas).vertices_rest.numpy()
    return trimesh.Trimesh(vertices, hand.faces.numpy(), process=False)


def test_file_is_small():
    path = Path(semgrasp.hand.__file__).with_name("open_hand.npz")
    assert path.stat().st_size < 300_000


def test_surface_is_closed_and_its_normals_point_out(hand):
    mesh = _mesh(hand)
    assert mesh.is_watertight
    assert mesh.body_count == 1
    # Positive volume means outward normals; a human hand has a few hundred cubic centimetres.
    assert 200e-6 < mesh.volume < 500e-6


def test_surface_stays_closed_and_outward_for_any_person(hand, generator):
    for _ in range(5):
        betas = 1.5 * torch.randn(10, generator=generator, dtype=torch.float64)
        assert _mesh(hand, betas).volume > 100e-6


def test_every_vertex_hangs_on_at_most_four_joints(hand):
    weights = hand.skinning_weights
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[:, 0]), rtol=0, atol=1e-6)
    assert (weights >= 0).all()
    assert ((weights > 0).sum(-1) <= 4).all()


def test_wrist_is_the_origin_and_the_middle_finger_reaches_180_mm(hand):
    torch.testing.assert_close(hand.joint_template[0], torch.zeros(3, dtype=torch.float64))
    assert float(hand.tip_template[1].norm()) == pytest.approx(0.180, abs=0.001)


def test_fingers_are_straight_along_minus_x_and_the_thumb_lies_beside_the_palm(hand):
    bones = torch.nn.functional.normalize(hand.bones(), dim=-1).unflatten(0, (5, 3))
    for finger in range(4):
        torch.testing.assert_close(bones[finger, 0], bones[finger, 1], atol=1e-3, rtol=0)
        assert float(bones[finger, 0, 0]) < -np.cos(np.radians(16))
    assert (bones[4, :, 2] > 0.4).all()
    assert (bones[4, :, 1].abs() < np.sin(np.radians(20))).all()


def test_palm_faces_minus_y(hand):
    normals = _mesh(hand).vertex_normals
    assert normals[hand.pads["palm_middle"].numpy()][:, 1].mean() < -0.7


def test_first_coefficient_grows_the_hand_monotonically(hand):
    betas = torch.zeros(7, 10, dtype=torch.float64)
    betas[:, 0] = torch.linspace(-3, 3, 7)
    shaped = hand.with_shape(betas)
    assert (shaped.tips_rest.norm(dim=-1).diff(dim=0) > 0).all()
    volumes = [_mesh(hand, b).volume for b in betas]
    assert np.all(np.diff(volumes) > 0)


def test_pads_lie_on_their_own_phalanx_and_face_the_object(hand):
    normals = torch.from_numpy(np.array(_mesh(hand).vertex_normals))
    axes, bones = hand.flexion_axes, hand.bones()
    owner = hand.skinning_weights.argmax(-1)
    assert len(hand.pads) == 17
    for joint in range(1, 16):
        pad = hand.pads[f"{FINGERS[(joint + 2) // 3]}{(joint - 1) % 3 + 1}"]
        front = torch.linalg.cross(axes[joint - 1], bones[joint - 1])
        assert 6 <= len(pad) <= 14
        if joint == 13:
            continue  # The thumb's metacarpal shares its flesh with the palm.
        assert (owner[pad] == joint).all()
        assert float((normals[pad] @ (front / front.norm())).mean()) > 0.6


def test_every_finger_owns_a_region(hand):
    joint = hand.skinning_weights.argmax(-1)
    torch.testing.assert_close(hand.vertex_finger, (joint + 2) // 3)
    assert set(hand.vertex_finger.tolist()) == set(range(len(FINGERS)))
