"""Distances between postures do what their names say."""

import numpy as np
import pytest

from eval.human_likeness import Postures, angle_distances, compare, distances, nearest_angles
from eval.likeness_page import page


def postures(name: str, *, seed: int = 0, count: int = 120, shift_deg: float = 0.0) -> Postures:
    """Normal angles of 10 degrees spread; the first is shifted. Thumb and index touch, mostly."""
    rng = np.random.default_rng(seed)
    dofs = np.deg2rad(rng.normal(scale=10.0, size=(count, 21)))
    dofs[:, 0] += np.deg2rad(shift_deg)
    touching = rng.random((count, 17)) < np.linspace(0.1, 0.9, 17)
    return Postures(name, [f"object {i % 6}" for i in range(count)], ["pinch"] * count, dofs,
                    touching)  # fmt: skip


@pytest.fixture
def people() -> Postures:
    return postures("people")


def test_people_are_at_no_distance_from_themselves(people):
    same = distances(people, people, people.dofs.std(axis=0))
    assert same.angles_deg == same.nearest_deg == same.missed_deg == 0.0
    assert same.regions == same.fingers == 0.0
    assert same.frechet == pytest.approx(0.0, abs=1e-9)


def test_an_angle_that_is_shifted_is_that_far_off_and_the_others_are_not(people):
    away = np.rad2deg(angle_distances(postures("shifted", shift_deg=12.0), people))
    np.testing.assert_allclose(away, [12.0, *[0.0] * 20], atol=1e-9)


def test_the_frechet_distance_of_a_shift_is_its_square_in_standard_deviations(people):
    scale = people.dofs.std(axis=0)
    shifted = distances(postures("shifted", shift_deg=12.0), people, scale)
    assert shifted.frechet == pytest.approx((np.deg2rad(12.0) / scale[0]) ** 2)


def test_the_discrepancy_of_two_samples_of_one_distribution_is_about_zero(people):
    scale = people.dofs.std(axis=0)
    same = distances(postures("others", seed=1), people, scale).mmd
    other = distances(postures("shifted", seed=1, shift_deg=20.0), people, scale).mmd
    assert abs(same) < 0.01 < other


def test_the_most_similar_posture_is_found_whatever_the_order(people):
    rows = np.random.default_rng(3).permutation(len(people))
    assert nearest_angles(people.chosen(rows), people).max() < 1e-6


def test_pads_that_touch_more_often_are_counted_by_how_much_more(people):
    all_touch = Postures("all", people.objects, people.kinds, people.dofs,
                         np.ones_like(people.touching))  # fmt: skip
    found = distances(all_touch, people, people.dofs.std(axis=0))
    assert found.regions == pytest.approx(1.0 - people.touching.mean())
    assert found.angles_deg == 0.0


def test_people_halved_by_object_are_nearer_to_one_another_than_a_shifted_set(people):
    found = compare(people, [postures("shifted", seed=2, shift_deg=15.0)], halvings=4)
    own, other = found["people"], found["shifted"]
    assert len(own) == len(other) == 4
    assert max(d.angles_deg for d in own) < min(d.angles_deg for d in other)
    again = compare(people, [postures("shifted", seed=2, shift_deg=15.0)], halvings=4)
    assert again == found


def test_the_page_names_the_angle_that_is_farthest_off(people):
    shifted = postures("this version", seed=2, shift_deg=15.0)
    text = page(people, [shifted], compare(people, [shifted], halvings=2))
    assert "Farthest off in this version: index_mcp (1" in text
    assert "| pinch | 120 |" in text
