"""Energies vanish where all is well, and filters refuse what is wrong."""

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.hand import open_hand
from semgrasp.objects.signed_distance import GridStack, SignedDistanceGrid
from semgrasp.synthesis.batch import GraspProblems
from semgrasp.synthesis.energy import (
    Contacts,
    avoid_term,
    contact_term,
    find_contacts,
    force_term,
    forearm_term,
    limit_term,
    normal_term,
    penetration_term,
    self_penetration_term,
    stay_term,
)
from semgrasp.synthesis.filters import (
    FilterLimits,
    PartLabels,
    check_batch,
    shared_volume,
    to_manifold,
)
from semgrasp.synthesis.forearm import COMFORTABLE_BENDS, POSSIBLE_BENDS, forearm_clearance
from semgrasp.synthesis.hand_surface import REGIONS, HandSurface
from semgrasp.synthesis.prepared import PreparedProblems
from semgrasp.types import FINGERS, ObjectShape

_R = len(REGIONS)


@pytest.fixture(scope="module")
def surface():
    return HandSurface.of(open_hand(), 200, 6)


@pytest.fixture(scope="module")
def ball():
    """A ball of radius 3 cm at the origin, as grid and mesh."""
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=0.03)
    return mesh, GridStack.of([SignedDistanceGrid.build(mesh.vertices, mesh.faces)])


def problems_for(count, **changes):
    """`count` hands that should touch field 0 with every region."""
    values = {
        "betas": torch.zeros(count, 10),
        "penetration_field": torch.zeros(count, len(FINGERS), dtype=torch.long),
        "target_field": torch.zeros(count, _R, dtype=torch.long),
        "region_weight": torch.ones(count, _R),
        "avoid_field": torch.zeros(count, 1, dtype=torch.long),
        "avoid_margin": torch.full((count, 1), -1.0),
        "centre_object": torch.zeros(count, 3),
        "prior_dofs": torch.zeros(count, 21),
        "prior_weight": torch.ones(count),
        "force_weight": torch.ones(count),
        "index_is_free": torch.zeros(count, dtype=torch.bool),
        "push_direction_object": torch.zeros(count, 3),
        "push_weight": torch.zeros(count, _R),
    }
    return GraspProblems(**(values | changes))


def flat_hand(surface, ball, t, **changes):
    """A flat hand with its wrist at `t`, and what it is asked to do."""
    T = torch.eye(4)[None].clone()
    T[0, :3, 3] = torch.tensor(t)
    prepared = PreparedProblems.of(surface, problems_for(1, **changes), ball[1])
    return prepared, prepared.pose(T, torch.zeros(1, 21))


def test_a_distant_hand_neither_penetrates_nor_intrudes(surface, ball):
    prepared, state = flat_hand(surface, ball, [0.0, 0.5, 0.0], avoid_margin=torch.tensor([[0.02]]))
    assert penetration_term(prepared, state).item() == 0.0
    assert avoid_term(prepared, state).item() == 0.0


def test_penetration_is_the_mean_of_squared_depths_in_square_centimetres(surface, ball):
    prepared, state = flat_hand(surface, ball, [0.07, 0.01, 0.0])
    depth = (0.03 - state.vertices_object.norm(dim=-1)).clamp(min=0.0) * 100.0
    measured = penetration_term(prepared, state)
    torch.testing.assert_close(measured, 400 * depth.square().mean(-1), rtol=0.05, atol=1e-3)
    assert measured.item() > 0.1


def test_a_forearm_through_the_object_costs_its_depth_and_is_refused(surface, ball):
    # The ball lies on the straight forearm, 15 cm behind the wrist.
    prepared, state = flat_hand(surface, ball, [-0.15, 0.0, 0.0])
    straight = forearm_clearance(prepared.forearm, state.T_object_hand, ((0, 0),))
    assert straight.amin().item() == pytest.approx(0.005 - 0.03 - 0.036, abs=0.004)
    assert forearm_term(prepared, state.T_object_hand).item() == 0.0  # A bent wrist clears it.
    aside = forearm_clearance(prepared.forearm, state.T_object_hand, COMFORTABLE_BENDS)
    assert aside.amin(-1).amax().item() > 0.0
    wide = trimesh.creation.icosphere(subdivisions=4, radius=0.15)
    wall = wide, GridStack.of([SignedDistanceGrid.build(wide.vertices, wide.faces, 0.004)])
    prepared, state = flat_hand(surface, wall, [-0.2, 0.0, 0.0])
    assert forearm_term(prepared, state.T_object_hand).item() > 1.0
    contacts = find_contacts(prepared, state)
    verdict = check_batch(prepared, state, contacts, torch.zeros(1), FilterLimits())
    assert not verdict.forearm.item()


def test_the_wrist_bends_towards_the_thumb_and_the_back_of_the_hand_for_positive_angles():
    up = trimesh.creation.box(extents=(0.1, 0.02, 0.1))
    up.apply_translation([0.2, 0.09, 0.0])
    grids = GridStack.of([SignedDistanceGrid.build(up.vertices, up.faces)]).at(
        torch.zeros(1, 1, dtype=torch.long)
    )
    extended, flexed = forearm_clearance(grids, torch.eye(4)[None], ((30, 0), (-30, 0)))[0]
    assert extended.min() < 0.0 < flexed.min()
    for extension, radial in POSSIBLE_BENDS:
        assert -80 <= extension <= 70
        assert -30 <= radial <= 20


def test_the_flat_hand_does_not_penetrate_itself_and_respects_its_limits(surface, ball):
    _, state = flat_hand(surface, ball, [0.0, 0.0, 0.0])
    assert self_penetration_term(surface, state).item() < 0.08
    within = state.dofs.clone()
    within[:, 16] = 0.5
    assert limit_term(within).item() == 0.0
    assert limit_term(within + 5.0).item() > 1.0


def test_balanced_contacts_face_to_face_cost_nothing(surface):
    # Thumb and palm push along +x, fingers along -x, all on one line through the centre.
    normals_object = torch.zeros(1, _R, 3)
    normals_object[..., 0] = torch.where(surface.region_opposes, -1.0, 1.0)
    contacts = Contacts(
        distance=torch.zeros(1, _R),
        gap=torch.zeros(1, _R),
        points_object=0.02 * normals_object,
        normals_hand=-normals_object,
        normals_object=normals_object,
    )
    problems = problems_for(1)
    for term in (contact_term(problems, contacts), normal_term(problems, contacts)):
        torch.testing.assert_close(term, torch.zeros(1))
    force = force_term(surface, problems, contacts)
    torch.testing.assert_close(force, torch.zeros(1))


def test_one_sided_contacts_cost_their_net_force(surface):
    normals_object = torch.tensor([0.0, 0.0, 1.0]).expand(1, _R, 3)
    contacts = Contacts(
        *torch.zeros(2, 1, _R), torch.zeros(1, _R, 3), -normals_object, normals_object
    )
    force = force_term(surface, problems_for(1), contacts)
    torch.testing.assert_close(force, torch.ones(1))


def test_contact_points_lie_at_their_distance_from_the_ball(surface, ball):
    prepared, state = flat_hand(surface, ball, [0.08, 0.05, 0.0])
    contacts = find_contacts(prepared, state)
    nearest = state.vertices_object[:, surface.region_vertices].norm(dim=-1).amin(-1) - 0.03
    on_grid = nearest < 0.02
    assert on_grid.any()
    torch.testing.assert_close(contacts.gap[on_grid], nearest[on_grid].abs(), rtol=0.0, atol=3e-4)
    # The soft minimum over a pad lies a little beyond its nearest vertex.
    torch.testing.assert_close(contacts.distance, nearest.abs(), rtol=0.0, atol=5e-3)
    outward = contacts.points_object / contacts.points_object.norm(dim=-1, keepdim=True)
    torch.testing.assert_close(contacts.normals_object, outward, rtol=0.0, atol=0.08)


def test_staying_at_the_start_costs_nothing():
    T = torch.eye(4).expand(2, 4, 4).clone()
    torch.testing.assert_close(stay_term(T, T), torch.zeros(2))
    moved = T.clone()
    moved[:, 0, 3] += 0.02
    torch.testing.assert_close(stay_term(moved, T), torch.ones(2))


def test_a_deep_hand_is_refused_for_its_depth(surface, ball):
    prepared, state = flat_hand(surface, ball, [0.07, 0.0, 0.0])
    contacts = find_contacts(prepared, state)
    depths = -ball[1](state.vertices_object, torch.zeros(1, dtype=torch.long)).amin(-1)
    verdict = check_batch(prepared, state, contacts, depths, FilterLimits())
    assert depths.item() > 0.01
    assert not verdict.depth.item()
    assert not verdict.all().item()


def test_a_hand_that_touches_nothing_is_refused_for_its_contact(surface, ball):
    prepared, state = flat_hand(surface, ball, [0.0, 0.5, 0.0])
    contacts = find_contacts(prepared, state)
    outside = torch.full((1,), -0.4)
    verdict = check_batch(prepared, state, contacts, outside, FilterLimits())
    assert verdict.depth.item()
    assert not verdict.contact.item()


def test_vertices_are_counted_for_the_part_they_are_nearest_to():
    mesh = trimesh.creation.box(extents=(0.1, 0.02, 0.02))
    mesh = mesh.subdivide().subdivide()
    face_parts = (mesh.triangles_center[:, 0] > 0).astype(np.int64)
    shape = ObjectShape("bar", mesh.vertices, mesh.faces, ("left", "right"), face_parts)
    points = np.array([[-0.03, 0.012, 0.0], [0.03, 0.011, 0.0], [0.04, 0.0135, 0.0], [0.3, 0, 0]])
    fingers = np.array([FINGERS.index(name) for name in ("palm", "index", "thumb", "ring")])
    parts = PartLabels(shape).touched(points, fingers, near=0.004)
    np.testing.assert_array_equal(parts.count, [1, 2])
    np.testing.assert_allclose(parts.share, [1 / 3, 2 / 3])
    # 3 mm decide what touches: the thumb's vertex at 3.5 mm is near but does not touch.
    assert parts.by_finger.sum() == 2
    assert parts.by_finger[FINGERS.index("palm"), 0]
    assert parts.by_finger[FINGERS.index("index"), 1]


def test_shared_volume_of_two_boxes_is_that_of_their_overlap():
    one = trimesh.creation.box(extents=(0.02, 0.02, 0.02))
    two = to_manifold(one.vertices + np.array([0.01, 0.0, 0.0]), one.faces)
    volume = shared_volume((one.vertices, one.faces), two)
    assert volume == pytest.approx(0.01 * 0.02 * 0.02)
