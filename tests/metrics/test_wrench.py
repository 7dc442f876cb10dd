"""Wrench-space quality against closed forms, naive hulls and linear programs."""

import dataclasses
import itertools

import numpy as np
import pytest
import trimesh
from scipy.optimize import linprog
from scipy.spatial import ConvexHull

from semgrasp.errors import InputError
from semgrasp.metrics.contact_points import Contacts, contact_points
from semgrasp.metrics.wrench import (
    CORRECTED_WRENCH,
    DEXGYS_WRENCH,
    WrenchRule,
    contact_wrenches,
    largest_radius,
    wrench_quality,
)
from semgrasp.types import ObjectShape

CENTRE = np.zeros(3)
TURNS = 2 * np.pi * np.arange(3) / 3


def contacts_at(points, normals, distance=None, regions=None) -> Contacts:
    points = np.asarray(points, dtype=np.float64)
    normals = np.asarray(normals, dtype=np.float64)
    count = len(points)
    return Contacts(
        points,
        normals / np.linalg.norm(normals, axis=1, keepdims=True),
        np.zeros(count) if distance is None else np.asarray(distance),
        np.ones(count),
        np.arange(count),
        np.arange(count) if regions is None else np.asarray(regions),
    )


def on_sphere(directions, radius=1.0) -> Contacts:
    directions = np.asarray(directions, dtype=np.float64)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return contacts_at(radius * directions, -directions)


def random_grasp(count: int, seed: int) -> Contacts:
    """Contacts on a lumpy closed object of size one, whose normals do not meet in a point."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return contacts_at(points, -points + 0.4 * rng.normal(size=(count, 3)))


def pressed_faces(arm: float) -> Contacts:
    """Four contacts on each face of a cube of side 2, at a distance from the face's centre."""
    points, normals = [], []
    for axis in range(3):
        for side in (-1.0, 1.0):
            for other in {0, 1, 2} - {axis}:
                for shift in (-arm, arm):
                    point = np.zeros(3)
                    point[axis], point[other] = side, shift
                    points.append(point)
                    normals.append(-side * np.eye(3)[axis])
    return contacts_at(points, normals)


def naive_epsilon(contacts: Contacts, rule: WrenchRule, scale: float) -> float:
    """By the hull of every edge of every cone, built from a loop."""
    edges = contact_wrenches(contacts, CENTRE, rule, torque_scale=scale).reshape(-1, 6)
    offsets = ConvexHull(np.vstack([np.zeros(6), edges])).equations[:, 6]
    return max(0.0, float(-offsets.max()))


def closes_by_linear_program(wrenches: np.ndarray) -> bool:
    """Whether positive weights on all wrenches cancel, and they span all six dimensions."""
    count = len(wrenches)
    # Maximise the smallest weight of a combination that sums to zero.
    result = linprog(
        np.r_[np.zeros(count), -1.0],
        A_ub=np.hstack([-np.eye(count), np.ones((count, 1))]),
        b_ub=np.zeros(count),
        A_eq=np.vstack([np.hstack([wrenches.T, np.zeros((6, 1))]), np.r_[np.ones(count), 0.0]]),
        b_eq=np.r_[np.zeros(6), 1.0],
        bounds=[(0, None)] * count + [(None, None)],
    )
    spans = np.linalg.matrix_rank(wrenches, tol=1e-9) == 6
    return bool(spans and result.success and -result.fun > 1e-9)


def plain(**changes) -> WrenchRule:
    """A rule that takes torques as they are; "linf" needs one contact per region."""
    if changes.get("norm") == "linf":
        changes["contacts"] = "nearest_of_each_region"
    return dataclasses.replace(WrenchRule(torque_scale=1.0), **changes)


def test_a_pinch_of_two_points_cannot_resist_a_turn_about_their_line():
    pinch = on_sphere([[1, 0, 0], [-1, 0, 0]])
    for friction in (0.2, 1.0, 5.0):
        quality = wrench_quality(pinch, CENTRE, plain(friction=friction))
        assert quality == (0.0, 0.0, False)


THREE = on_sphere(np.stack([np.cos(TURNS), np.sin(TURNS), np.zeros(3)], axis=1))
FOUR = on_sphere([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])


@pytest.mark.parametrize("grasp", [THREE, FOUR], ids=["three", "four"])
def test_points_around_a_sphere_resist_the_weakest_of_all_wrenches_with_friction(grasp):
    """Against a descent on the sphere of directions, which knows nothing of hulls."""
    edges = contact_wrenches(grasp, CENTRE, plain(), torque_scale=1.0).reshape(-1, 6)
    rng = np.random.default_rng(0)
    u = rng.normal(size=(4000, 6))
    reach = np.full(len(u), np.inf)
    for step in np.geomspace(1.0, 1e-4, 250):
        tried = u + step * rng.normal(size=u.shape)
        tried /= np.linalg.norm(tried, axis=1, keepdims=True)
        height = (tried @ edges.T).max(axis=1)
        better = height < reach
        u[better], reach[better] = tried[better], height[better]
    quality = wrench_quality(grasp, CENTRE, plain())
    assert quality.is_force_closure
    assert quality.epsilon <= reach.min() + 1e-9
    assert quality.epsilon == pytest.approx(reach.min(), rel=0.01)


def test_three_points_around_a_sphere_resist_a_turn_of_their_plane_with_their_friction():
    # The torque about the axis of the three is resisted by friction alone, 1 * radius each.
    edges = contact_wrenches(THREE, CENTRE, plain(friction=0.3), torque_scale=1.0).reshape(-1, 6)
    assert (edges @ [0, 0, 0, 0, 0, 1]).max() == pytest.approx(0.3)
    assert (edges @ [0, 0, 1, 0, 0, 0]).max() == pytest.approx(0.3)
    assert wrench_quality(THREE, CENTRE, plain(friction=0.3)).epsilon < 0.3


@pytest.mark.parametrize(("scale", "arm"), [(1.0, 0.5), (2.0, 0.5), (0.4, 1.0), (10.0, 0.9)])
def test_a_cube_pressed_without_friction_has_its_closed_form(scale, arm):
    # The set reaches max_i(|f_i| + scale * arm * max_{j != i} |t_j|) along (f, t): least along
    # the diagonal of the weaker of force and torque.
    quality = wrench_quality(pressed_faces(arm), CENTRE, plain(friction=0.0, torque_scale=scale))
    assert quality.epsilon == pytest.approx(min(1.0, scale * arm) / np.sqrt(3), rel=1e-9)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_full_force_at_every_contact_of_the_cube_has_its_closed_form(scale):
    # Along (f, t) the Minkowski sum reaches 2 sum_i sum_{j != i} max(|f_i|, scale |t_j|).
    rule = plain(friction=0.0, torque_scale=scale, norm="linf")
    quality = wrench_quality(pressed_faces(1.0), CENTRE, rule)
    assert quality.epsilon == pytest.approx(4 * min(1.0, scale), abs=2e-4)


@pytest.mark.parametrize(("count", "edges"), [(4, 8), (5, 8), (12, 6), (16, 8)])
def test_epsilon_is_that_of_the_hull_of_all_edges(count, edges):
    rule = plain(cone_edges=edges)
    for seed in range(3):
        grasp = random_grasp(count, seed)
        naive = naive_epsilon(grasp, rule, 1.0)
        assert wrench_quality(grasp, CENTRE, rule).epsilon == pytest.approx(naive, abs=1e-4)


def test_every_edge_presses_with_one_and_pulls_aside_with_its_friction():
    grasp, com = random_grasp(6, 9), np.array([0.1, 0.2, -0.3])
    edges = contact_wrenches(grasp, com, plain(friction=0.7, cone_edges=5), torque_scale=3.0)
    assert edges.shape == (6, 5, 6)
    for i in range(6):
        aside = []
        for force, torque in zip(edges[i, :, :3], edges[i, :, 3:], strict=True):
            assert force @ grasp.normals[i] == pytest.approx(1.0)
            aside.append(force - grasp.normals[i])
            assert np.linalg.norm(aside[-1]) == pytest.approx(0.7)
            np.testing.assert_allclose(torque, 3.0 * np.cross(grasp.points[i] - com, force))
        np.testing.assert_allclose(np.sum(aside, axis=0), 0.0, atol=1e-12)


def test_volume_of_few_edges_is_that_of_the_hull_of_all():
    grasp = random_grasp(5, 0)
    edges = contact_wrenches(grasp, CENTRE, plain(), torque_scale=1.0).reshape(-1, 6)
    naive = ConvexHull(np.vstack([np.zeros(6), edges])).volume
    assert wrench_quality(grasp, CENTRE, plain()).volume == pytest.approx(naive, rel=1e-9)


def test_volume_of_many_edges_approaches_the_exact_one_from_below():
    grasp = random_grasp(16, 0)
    edges = contact_wrenches(grasp, CENTRE, plain(), torque_scale=1.0).reshape(-1, 6)
    exact = ConvexHull(np.vstack([np.zeros(6), edges])).volume
    volumes = [
        wrench_quality(grasp, CENTRE, plain(volume_edges=n)).volume for n in (20, 40, 80, 128)
    ]
    assert volumes == sorted(volumes)
    assert volumes[-1] == pytest.approx(exact, rel=1e-9)


def test_torque_scale_multiplies_the_volume_of_pressing_by_its_cube():
    small, large = (
        wrench_quality(random_grasp(5, 1), CENTRE, plain(torque_scale=scale)).volume
        for scale in (1.0, 2.0)
    )
    assert large == pytest.approx(8 * small, rel=1e-6)


def test_force_closure_agrees_with_a_linear_program():
    answers = []
    for seed in range(60):
        # Seven or eight contacts without friction: now and then, just enough.
        grasp = random_grasp(7 + seed % 8, 100 + seed)
        wrenches = contact_wrenches(grasp, CENTRE, plain(friction=0.0), torque_scale=1.0)[:, 0]
        expected = closes_by_linear_program(wrenches)
        quality = wrench_quality(grasp, CENTRE, plain(friction=0.0))
        assert quality.is_force_closure == expected
        assert (quality.epsilon > 0) == expected
        answers.append(expected)
    assert 5 < sum(answers) < 55


def test_without_friction_six_contacts_never_close_and_seven_can():
    for seed in range(20):
        grasp = random_grasp(6, seed)
        assert not wrench_quality(grasp, CENTRE, plain(friction=0.0)).is_force_closure
    # Seven contacts on a cube that hold it in form closure: found by trying, proved by the
    # linear program.
    rng = np.random.default_rng(0)
    cube = pressed_faces(0.8)
    for _ in range(500):
        seven = cube.chosen(rng.choice(24, 7, replace=False))
        wrenches = contact_wrenches(seven, CENTRE, plain(friction=0.0), torque_scale=1.0)[:, 0]
        if closes_by_linear_program(wrenches):
            break
    assert wrench_quality(seven, CENTRE, plain(friction=0.0)).is_force_closure
    six = seven.chosen(np.arange(6))
    assert not wrench_quality(six, CENTRE, plain(friction=0.0)).is_force_closure


def test_all_contacts_on_one_side_do_not_close():
    grasp = random_grasp(12, 3)
    above = grasp.chosen(grasp.normals[:, 2] < -0.3)
    assert len(above) >= 3
    assert wrench_quality(above, CENTRE, plain()).epsilon == 0.0


def test_quality_does_not_change_when_the_grasp_moves_about():
    move = trimesh.transformations.random_rotation_matrix(np.array([0.3, 0.7, 0.1]))
    R, t = move[:3, :3], np.array([0.4, -2.0, 1.0])
    for grasp in (random_grasp(5, 0), random_grasp(14, 1), on_sphere(np.eye(3)[:, [1, 2, 0]])):
        for norm in ("l1", "linf"):
            rule = plain(norm=norm)
            few = grasp if norm == "l1" else grasp.chosen(np.arange(min(4, len(grasp))))
            moved = contacts_at(few.points @ R.T + t, few.normals @ R.T)
            before, after = wrench_quality(few, CENTRE, rule), wrench_quality(moved, t, rule)
            assert after.epsilon == pytest.approx(before.epsilon, abs=1e-4)
            assert after.volume == pytest.approx(before.volume, rel=1e-6)


def test_quality_with_torque_over_the_radius_does_not_depend_on_the_size_of_the_object():
    grasp = random_grasp(8, 2)
    small = contacts_at(0.03 * grasp.points, grasp.normals)
    large = wrench_quality(grasp, CENTRE, CORRECTED_WRENCH, radius=1.0)
    assert wrench_quality(small, CENTRE, CORRECTED_WRENCH, radius=0.03).epsilon == pytest.approx(
        large.epsilon, abs=1e-4
    )


@pytest.mark.parametrize("norm", ["l1", "linf"])
def test_more_contacts_never_make_a_grasp_weaker(norm):
    grasp = random_grasp(8, 5)
    qualities = [
        wrench_quality(grasp.chosen(np.arange(n)), CENTRE, plain(norm=norm)).epsilon
        for n in range(2, 9 if norm == "l1" else 6)
    ]
    assert all(b >= a - 1e-4 for a, b in itertools.pairwise(qualities))
    assert qualities[-1] > 0


def test_full_force_everywhere_resists_more_than_a_sum_of_one_and_less_than_n_times_as_much():
    grasp = random_grasp(5, 4)
    shared = wrench_quality(grasp, CENTRE, plain(friction=1.0))
    full = wrench_quality(grasp, CENTRE, plain(friction=1.0, norm="linf"))
    assert shared.epsilon < full.epsilon < 5 * shared.epsilon + 1e-3
    assert 2 * shared.volume < full.volume < 5**6 * shared.volume


def test_more_friction_makes_a_grasp_stronger():
    qualities = [
        wrench_quality(random_grasp(6, 6), CENTRE, plain(friction=mu)).epsilon
        for mu in (0.2, 0.5, 1.0)
    ]
    assert qualities == sorted(qualities)
    assert qualities[-1] > qualities[0]


def palms_around_a_ball(subdivisions: int) -> tuple[np.ndarray, np.ndarray]:
    """Two opposite caps of skin, 2 mm off a ball of radius 3 cm, that look at it."""
    ball = trimesh.creation.icosphere(subdivisions=subdivisions, radius=0.032)
    # Cut at the same faces of the coarse ball for every subdivision.
    caps = np.abs(trimesh.creation.icosphere(subdivisions=2).triangles_center[:, 2]) > 0.6
    times = len(ball.faces) // len(caps)
    faces = np.asarray(ball.faces)[np.repeat(caps, times)]
    return np.asarray(ball.vertices), np.ascontiguousarray(faces[:, ::-1])


def test_a_finer_skin_hardly_changes_the_quality():
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.03)
    shape = ObjectShape("ball", np.asarray(ball.vertices), np.asarray(ball.faces))
    qualities, counts = [], []
    for subdivisions in (3, 4, 5):
        contacts = contact_points(*palms_around_a_ball(subdivisions), shape)
        counts.append(len(contacts))
        qualities.append(wrench_quality(contacts, CENTRE, CORRECTED_WRENCH, radius=0.03).epsilon)
    assert counts[2] > 3 * counts[1] > 9 * counts[0]
    assert qualities[0] > 0.05
    assert qualities[1] == pytest.approx(qualities[2], rel=0.03)
    assert qualities[0] == pytest.approx(qualities[2], rel=0.08)


def test_contacts_beyond_the_threshold_do_not_press():
    grasp = random_grasp(8, 7)
    near = dataclasses.replace(grasp, distance=np.where(np.arange(8) < 5, 0.004, 0.006))
    alone = wrench_quality(near.chosen(np.arange(5)), CENTRE, plain())
    assert wrench_quality(near, CENTRE, plain()) == alone
    assert wrench_quality(near, CENTRE, plain(contact_threshold=0.001)) == (0.0, 0.0, False)


def test_a_grasp_that_penetrates_too_deep_has_no_quality():
    deep = dataclasses.replace(random_grasp(8, 7), distance=np.full(8, -0.0051))
    assert wrench_quality(deep, CENTRE, plain()).is_force_closure
    assert wrench_quality(deep, CENTRE, plain(penetration_threshold=0.005)) == (0, 0, False)
    assert wrench_quality(deep, CENTRE, plain(penetration_threshold=0.0052)).is_force_closure


def test_the_rule_of_dexgys_takes_the_nearest_contact_of_each_phalanx():
    grasp = random_grasp(8, 8)
    crowded = dataclasses.replace(
        grasp,
        distance=np.array([0.0, 0.001, 0.003, 0.0, 0.002, 0.001, -0.001, 0.009]),
        regions=np.array([0, 0, 3, 6, 6, 9, 12, 15]),
    )
    chosen = grasp.chosen(np.array([0, 2, 3, 5, 6, 7]))
    rule = dataclasses.replace(DEXGYS_WRENCH, contacts="all")
    expected = wrench_quality(chosen, CENTRE, rule)
    assert wrench_quality(crowded, CENTRE, DEXGYS_WRENCH) == expected
    with pytest.raises(InputError, match=r"fingers of a bare hand mesh are not known"):
        wrench_quality(dataclasses.replace(grasp, regions=None), CENTRE, DEXGYS_WRENCH)


def test_no_contact_has_no_quality():
    nothing = random_grasp(3, 0).chosen(np.zeros(0, dtype=np.int64))
    assert wrench_quality(nothing, CENTRE, DEXGYS_WRENCH) == (0.0, 0.0, False)


def test_the_largest_radius_is_to_the_farthest_corner():
    box = trimesh.creation.box((0.02, 0.04, 0.06))
    vertices = np.asarray(box.vertices, dtype=np.float64)
    assert largest_radius(vertices, np.array([0.01, 0.02, 0.03])) == pytest.approx(
        np.linalg.norm([0.02, 0.04, 0.06])
    )


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: WrenchRule(friction=-0.1), "friction must be 0 or more, got -0.1"),
        (lambda: WrenchRule(cone_edges=2), "at least 3 edges, got 2"),
        (lambda: WrenchRule(torque_scale=0.0), "torque_scale must be positive"),
        (lambda: WrenchRule(contact_threshold=0.0), "contact_threshold must be a positive length"),
        (lambda: WrenchRule(norm="linf"), "stronger the finer the hand's mesh"),
        (lambda: WrenchRule(volume_edges=5), "at least 7 edges, got 5"),
        (lambda: wrench_quality(random_grasp(4, 0), CENTRE), r"largest_radius\(vertices, com\)"),
    ],
)
def test_rules_that_make_no_sense_are_refused(ask, message):
    with pytest.raises(InputError, match=message):
        ask()
