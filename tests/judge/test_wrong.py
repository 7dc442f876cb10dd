"""Grasps made wrong are wrong: measured on the meshes, not believed."""

from collections import Counter

import numpy as np
import pytest
import trimesh

from semgrasp.judge.wrong import wrong_grasps
from semgrasp.metrics import SolidObject, held_part, touched_parts


@pytest.fixture(scope="module")
def goods(controls):
    return [c for c in controls if c.shape.category in ("mug", "bottle")]


SOLIDS: dict[str, SolidObject] = {}


@pytest.fixture(scope="module")
def wrongs(goods):
    return wrong_grasps(goods, each=5)


def of_kind(wrongs, kind):
    found = [sample for name, sample in wrongs if name == kind]
    assert found
    return found


def distance(sample):
    if sample.shape.name not in SOLIDS:
        SOLIDS[sample.shape.name] = SolidObject(sample.shape)
    solid = SOLIDS[sample.shape.name]
    return solid.signed_distance(sample.hand_vertices_object)


def part_held(sample):
    fingers = np.zeros(len(sample.hand_vertices_object), dtype=np.int64)
    return held_part(
        touched_parts(sample.shape, sample.hand_vertices_object, fingers), sample.shape
    )


def test_controls_that_are_right_hold_what_they_were_asked_to(controls):
    assert len(controls) >= 20
    for control in controls:
        names = control.shape.part_names
        fingers = control.hand_model.vertex_finger.numpy()
        touched = touched_parts(control.shape, control.hand_vertices_object, fingers)
        assert touched.by_finger[:, names.index(control.asked_part)].sum() >= 2, control.name
        assert control.asked_part in control.instruction


def test_kinds_take_turns(goods):
    counts = Counter(kind for kind, _ in wrong_grasps(goods, each=2))
    assert sum(counts.values()) == 2 * len(goods)
    assert len(counts) == 5


def test_a_hand_off_the_object_is_clear_of_it(wrongs):
    for sample in of_kind(wrongs, "off_object"):
        assert distance(sample).min() > 0.04


def test_a_hand_in_the_object_is_plainly_inside(wrongs):
    for sample in of_kind(wrongs, "into_object"):
        assert (distance(sample) < 0).mean() > 0.1


def test_a_hand_on_another_part_does_not_hold_the_asked_one(wrongs):
    for sample in of_kind(wrongs, "other_part"):
        assert part_held(sample) != sample.asked_part


def test_a_swapped_instruction_asks_for_a_part_that_is_not_held(wrongs, goods):
    for sample in of_kind(wrongs, "other_instruction"):
        assert part_held(sample) != sample.asked_part
        original = next(g for g in goods if sample.name.startswith(g.name))
        assert sample.instruction != original.instruction
        # The sentence is a right grasp's own: its wording gives nothing away.
        assert sample.instruction in {g.instruction for g in goods}
        assert sample.hand_vertices_object is original.hand_vertices_object


def test_a_hand_turned_away_touches_with_its_other_side(wrongs, goods):
    for sample in of_kind(wrongs, "turned_away"):
        original = next(g for g in goods if sample.name.startswith(g.name))
        touched = np.abs(distance(original)) < 0.005
        assert (np.abs(distance(sample))[touched] < 0.005).mean() < 0.2
        assert np.abs(distance(sample)).min() < 0.006


def test_hands_are_moved_and_never_bent(wrongs, goods):
    for _, sample in wrongs:
        original = next(g for g in goods if sample.name.startswith(g.name))
        mesh = trimesh.Trimesh(sample.hand_vertices_object, sample.hand_faces, process=False)
        before = trimesh.Trimesh(original.hand_vertices_object, original.hand_faces, process=False)
        assert mesh.edges_unique_length == pytest.approx(before.edges_unique_length, abs=1e-9)
        # A mirrored hand would be a left one.
        assert mesh.volume == pytest.approx(before.volume)
