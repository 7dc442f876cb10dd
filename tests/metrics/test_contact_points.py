"""Contacts of plates, balls and the open hand on boxes, where every answer is known."""

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.errors import InputError
from semgrasp.hand import open_hand
from semgrasp.metrics import HandRegions, SolidObject
from semgrasp.metrics.contact_points import PHALANGES, Contacts, contact_points
from semgrasp.metrics.contact_regions import contact_regions
from semgrasp.objects import signed_distance
from semgrasp.types import FINGERS, Grasp, ObjectShape


@pytest.fixture(scope="module")
def two_part_box() -> ObjectShape:
    """A box of 10 x 10 x 4 cm about the origin: "left" of x = 0 and "right" of it."""
    bar = trimesh.creation.box((0.1, 0.1, 0.04)).subdivide().subdivide()
    parts = (bar.triangles_center[:, 0] > 0).astype(int)
    vertices, faces = np.asarray(bar.vertices), np.asarray(bar.faces)
    return ObjectShape("box", vertices, faces, ("left", "right"), parts)


def plate(height: float, *, looks_down: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """A square sheet of skin of 6 x 6 cm, 5 mm fine, at a height."""
    x, y = np.meshgrid(np.linspace(-0.03, 0.03, 13), np.linspace(-0.03, 0.03, 13))
    vertices = np.stack([x.ravel(), y.ravel(), np.full(x.size, height)], axis=1)
    corner = np.arange(169).reshape(13, 13)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]
    faces = np.concatenate(
        [np.stack([p.ravel() for p in t], axis=1) for t in ((a, b, c), (a, c, d))]
    )
    return vertices, np.ascontiguousarray(faces[:, ::-1]) if looks_down else faces


def hand_on(box: ObjectShape, height: float) -> tuple[np.ndarray, np.ndarray, HandRegions]:
    """The flat open hand, palm down, its lowest point at a height above the box."""
    hand = open_hand(dtype=torch.float64)
    # The palm faces -y in the hand frame and shall face -z.
    T_object_hand = torch.eye(4, dtype=torch.float64)
    T_object_hand[:3, :3] = torch.tensor(
        [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]], dtype=torch.float64
    )
    grasp = Grasp(
        T_object_hand,
        torch.zeros(15, 3, dtype=torch.float64),
        torch.zeros(10, dtype=torch.float64),
    )
    vertices = hand.pose(grasp).vertices_object.numpy()
    inside = (np.abs(vertices[:, :2] + [0.1, 0.0]) < 0.05).all(axis=1)
    vertices = vertices + [0.1, 0.0, 0.02 + height - vertices[inside, 2].min()]
    return vertices, hand.faces.numpy(), HandRegions.of_model(hand)


@pytest.mark.parametrize("gap", [0.003, 0.0, -0.004])
def test_a_plate_touches_beneath_itself_and_presses_straight_in(two_part_box, gap):
    contacts = contact_points(*plate(0.02 + gap), two_part_box)
    assert len(contacts) == 169
    beneath = plate(0.02)[0]
    np.testing.assert_allclose(contacts.points, beneath[contacts.vertices], atol=1e-12)
    np.testing.assert_allclose(contacts.normals, np.tile([0, 0, -1.0], (169, 1)), atol=1e-9)
    np.testing.assert_allclose(contacts.distance, gap, atol=1e-12)
    assert contacts.areas.sum() == pytest.approx(0.06**2)
    assert contacts.regions is None


def test_nothing_touches_beyond_the_threshold(two_part_box):
    assert len(contact_points(*plate(0.0251), two_part_box)) == 0
    assert len(contact_points(*plate(0.0251), two_part_box, threshold=0.0052)) == 169
    assert len(contact_points(*plate(0.5), two_part_box)) == 0


def test_skin_that_looks_away_does_not_touch(two_part_box):
    assert len(contact_points(*plate(0.021, looks_down=False), two_part_box)) == 0


def test_a_finger_through_a_thin_wall_presses_on_one_side_only():
    wall = trimesh.creation.box((0.1, 0.1, 0.004))
    shape = ObjectShape("wall", np.asarray(wall.vertices), np.asarray(wall.faces))
    finger = trimesh.creation.icosphere(subdivisions=4, radius=0.01)
    vertices = np.asarray(finger.vertices) + [0, 0, 0.007]
    contacts = contact_points(vertices, np.asarray(finger.faces), shape)
    # Its lowest vertex is 1 mm beyond the wall and looks away from it.
    assert signed_distance(shape, torch.from_numpy(vertices[vertices[:, 2] < -0.002])).min() > 0
    pressing_up = contacts.normals[:, 2] > 0.5
    assert not pressing_up.any()
    assert len(contacts) > 20


def test_normals_of_a_ball_point_at_its_centre(two_part_box):
    ball = trimesh.creation.icosphere(subdivisions=5, radius=0.03)
    shape = ObjectShape("ball", np.asarray(ball.vertices), np.asarray(ball.faces))
    for gap in (0.002, -0.002):
        contacts = contact_points(*plate(0.03 + gap), shape)
        inward = -contacts.points / np.linalg.norm(contacts.points, axis=1, keepdims=True)
        assert len(contacts) > 5
        assert ((contacts.normals * inward).sum(axis=1) > 0.998).all()


def test_contacts_lie_on_the_surface_at_the_distance_of_their_vertices(two_part_box):
    ball = trimesh.creation.icosphere(subdivisions=3, radius=0.03)
    vertices = np.asarray(ball.vertices) + [0.05, 0.05, 0.03]
    contacts = contact_points(vertices, np.asarray(ball.faces), two_part_box)
    assert len(contacts) > 10
    on_surface = signed_distance(two_part_box, torch.from_numpy(contacts.points))
    assert on_surface.abs().max() < 1e-9
    exact = signed_distance(two_part_box, torch.from_numpy(vertices[contacts.vertices]))
    np.testing.assert_allclose(contacts.distance, exact.numpy(), atol=1e-12)
    gap = np.linalg.norm(vertices[contacts.vertices] - contacts.points, axis=1)
    np.testing.assert_allclose(np.abs(contacts.distance), gap, atol=1e-12)


def test_contacts_move_with_hand_and_object(two_part_box):
    move = trimesh.transformations.random_rotation_matrix(np.array([0.2, 0.4, 0.6]))
    move[:3, 3] = [0.1, -0.2, 0.3]
    vertices, faces = plate(0.019)
    here = contact_points(vertices, faces, two_part_box)
    moved_box = ObjectShape(
        "box",
        trimesh.transform_points(two_part_box.vertices_object, move),
        two_part_box.faces,
    )
    there = contact_points(trimesh.transform_points(vertices, move), faces, moved_box)
    np.testing.assert_array_equal(there.vertices, here.vertices)
    np.testing.assert_allclose(there.points, trimesh.transform_points(here.points, move), atol=1e-9)
    np.testing.assert_allclose(there.normals, here.normals @ move[:3, :3].T, atol=1e-7)


def test_each_contact_knows_the_part_beneath_it(two_part_box):
    contacts = contact_points(*plate(0.021), two_part_box)
    clear = np.abs(contacts.points[:, 0]) > 1e-6
    assert contacts.parts is not None
    np.testing.assert_array_equal(contacts.parts[clear], (contacts.points[clear, 0] > 0))


def test_parts_are_found_on_the_given_triangles_of_a_mended_object(two_part_box):
    flipped = two_part_box.faces[:, ::-1]
    order = np.random.default_rng(0).permutation(len(flipped))
    assert two_part_box.face_parts is not None
    mended = ObjectShape(
        "box",
        np.concatenate([two_part_box.vertices_object] * 2),
        np.concatenate([flipped[:3] + len(two_part_box.vertices_object), flipped[order]]),
        two_part_box.part_names,
        np.concatenate([two_part_box.face_parts[:3], two_part_box.face_parts[order]]),
    )
    solid = SolidObject(mended)
    assert solid.repairs
    contacts = contact_points(*plate(0.021), solid)
    expected = contact_points(*plate(0.021), two_part_box)
    clear = np.abs(contacts.points[:, 0]) > 1e-6
    assert contacts.parts is not None
    assert expected.parts is not None
    np.testing.assert_array_equal(contacts.parts[clear], expected.parts[clear])


def test_regions_of_the_open_hand_are_those_of_its_vertices(two_part_box):
    vertices, faces, regions = hand_on(two_part_box, -0.002)
    contacts = contact_points(vertices, faces, two_part_box, regions=regions)
    assert contacts.regions is not None
    for vertex, region in zip(contacts.vertices.tolist(), contacts.regions.tolist(), strict=True):
        finger = FINGERS[regions.vertex_finger[vertex]]
        phalanx = regions.vertex_phalanx[vertex]
        assert PHALANGES[region] == (finger if phalanx == 0 else f"{finger}{phalanx}")


def test_shares_of_fingers_and_of_phalanges_each_sum_to_one(two_part_box):
    vertices, faces, regions = hand_on(two_part_box, -0.003)
    contacts = contact_points(vertices, faces, two_part_box, regions=regions)
    found = contact_regions(contacts, two_part_box.part_names)
    for group, names in ((found.fingers, FINGERS), (found.phalanges, PHALANGES)):
        order = [names.index(region.region) for region in group]
        assert order == sorted(set(order))
        assert len(group) >= 3
        assert sum(region.share for region in group) == pytest.approx(1.0)
        assert sum(region.area for region in group) == pytest.approx(contacts.areas.sum())
        assert all(-0.02 < region.nearest < 0.005 for region in group)
    for finger in found.fingers:
        own = [p for p in found.phalanges if p.region.rstrip("123") == finger.region]
        assert sum(p.area for p in own) == pytest.approx(finger.area)


def test_a_region_is_summed_up_by_its_area():
    contacts = Contacts(
        points=np.array([[0.0, 0, 0], [0.04, 0, 0], [0.1, 0, 0]]),
        normals=np.tile([0.0, 0, 1], (3, 1)),
        distance=np.array([0.001, -0.002, 0.0]),
        areas=np.array([3.0, 1.0, 4.0]) * 1e-4,
        vertices=np.arange(3),
        regions=np.array([3, 3, 13]),
        parts=np.array([1, 0, 0]),
    )
    index, thumb = contact_regions(contacts, ("body", "handle")).phalanges
    assert (index.region, thumb.region) == ("index3", "thumb1")
    np.testing.assert_allclose(index.centroid_object, [0.01, 0, 0])
    assert (index.area, index.share, index.nearest) == pytest.approx((4e-4, 0.5, -0.002))
    assert (index.part, thumb.part) == ("handle", "body")
    assert [f.region for f in contact_regions(contacts).fingers] == ["index", "thumb"]


def test_the_nearest_contact_of_each_region_is_the_deepest():
    contacts = Contacts(
        points=np.zeros((4, 3)),
        normals=np.tile([0.0, 0, 1], (4, 1)),
        distance=np.array([0.001, -0.002, 0.003, 0.002]),
        areas=np.ones(4),
        vertices=np.array([7, 3, 9, 1]),
        regions=np.array([3, 3, 13, 13]),
    )
    assert contacts.nearest_of_each_region().vertices.tolist() == [3, 1]


def test_a_hand_that_touches_nothing_has_no_regions(two_part_box):
    vertices, faces, regions = hand_on(two_part_box, 0.2)
    found = contact_regions(contact_points(vertices, faces, two_part_box, regions=regions))
    assert found == ((), ())


def test_fingers_of_a_bare_mesh_are_asked_for(two_part_box):
    contacts = contact_points(*plate(0.021), two_part_box)
    with pytest.raises(InputError, match=r"HandRegions.of_model\(hand\)"):
        contact_regions(contacts)


def test_regions_of_another_hand_are_refused(two_part_box):
    regions = HandRegions.of_model(open_hand())
    with pytest.raises(InputError, match="has 169 vertices, but its regions were made for"):
        contact_points(*plate(0.021), two_part_box, regions=regions)


@pytest.mark.parametrize("threshold", [0.0, -0.001, float("nan")])
def test_a_threshold_must_be_a_length(two_part_box, threshold):
    with pytest.raises(InputError, match="positive length in m"):
        contact_points(*plate(0.021), two_part_box, threshold=threshold)
