"""What lies beyond a box may go, if what lies inside it stays as it was."""

import igl
import numpy as np
import pytest
import trimesh

from semgrasp.hand import open_hand
from semgrasp.metrics.cropping import cropped, is_one_piece
from semgrasp.metrics.overlap import shared_volume, to_manifold


@pytest.fixture(scope="module")
def hand():
    model = open_hand()
    return model.template_vertices.double().numpy(), model.faces.numpy()


@pytest.fixture(params=range(8))
def box(request, hand):
    """A box of a few centimetres somewhere at the hand."""
    random = np.random.default_rng(request.param)
    middle = random.choice(hand[0]) + random.normal(scale=0.01, size=3)
    half = random.uniform(0.01, 0.05, size=3)
    return np.stack([middle - half, middle + half])


def test_winding_numbers_inside_the_box_stay(hand, box):
    points = np.random.default_rng(0).uniform(box[0], box[1], size=(500, 3))
    before = igl.winding_number(*hand, points)
    vertices, faces = cropped(*hand, box)
    after = igl.winding_number(vertices, np.ascontiguousarray(faces), points)
    np.testing.assert_allclose(after, before, atol=1e-9)


def test_the_volume_shared_with_what_is_in_the_box_stays(hand, box):
    other = trimesh.creation.icosphere(subdivisions=3)
    scaled = box.mean(axis=0) + 0.5 * np.ptp(box, axis=0) * other.vertices
    solid = to_manifold(scaled, other.faces)
    whole = shared_volume(to_manifold(*hand), solid)
    near = shared_volume(to_manifold(*cropped(*hand, box)), solid, is_one_piece=True)
    np.testing.assert_allclose(near, whole, rtol=1e-9, atol=1e-15)


def test_triangles_that_reach_into_the_box_stay_where_they_are(hand, box):
    def inside(vertices, faces):
        corners = vertices[faces]
        reach = ~((corners < box[0]).all(axis=1) | (corners > box[1]).all(axis=1)).any(axis=1)
        return {triangle.tobytes() for triangle in corners[reach]}

    assert inside(*cropped(*hand, box)) == inside(*hand)


def test_a_hand_far_from_the_box_vanishes(hand):
    far = hand[0].max(axis=0) + np.array([[0.1], [0.2]])
    _, faces = cropped(*hand, far)
    assert len(faces) == 0


def test_a_hand_inside_the_box_stays_whole(hand):
    around = np.stack([hand[0].min(axis=0), hand[0].max(axis=0)])
    vertices, faces = cropped(*hand, around)
    np.testing.assert_array_equal(vertices, hand[0])
    np.testing.assert_array_equal(faces, hand[1])


def test_most_of_a_hand_at_a_small_object_goes(hand):
    tip = hand[0][hand[0][:, 0].argmax()]
    _, faces = cropped(*hand, np.stack([tip - 0.01, tip + 0.01]))
    assert 0 < len(faces) < len(hand[1]) / 5


def test_pieces_are_told_from_one_surface(hand):
    vertices, faces = hand
    assert is_one_piece(faces)
    assert is_one_piece(faces + 7)
    assert not is_one_piece(np.concatenate([faces, faces + len(vertices)]))
