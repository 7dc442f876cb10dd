"""What is taught about a grasp, and which grasps count as equally right."""

import torch
from mllm_samples import captions_of

from mllm.lessons import group_of, lessons_of
from semgrasp.dataset import PackedDataset


def test_equal_grasps_hold_the_same_part_of_the_same_object(packed_folder):
    data = PackedDataset.load(packed_folder)
    rows = data.split("train")
    for row, lessons in lessons_of(data, rows).items():
        for lesson in lessons:
            assert row not in lesson.equals
            assert all(group_of(data, other) == group_of(data, row) for other in lesson.equals)


def test_grasps_with_other_contacts_are_not_equal_for_a_description_of_contacts(packed_folder):
    data = PackedDataset.load(packed_folder)
    data.contact_parts[0] = 0
    lessons = lessons_of(data, torch.arange(6))
    assert not next(x for x in lessons[0] if x.kind == "low").equals
    assert len(next(x for x in lessons[0] if x.kind == "high").equals) == 2


def test_the_inverse_direction_shows_the_grasp_and_asks_for_the_sentence(packed_folder):
    data = PackedDataset.load(packed_folder)
    inverse = [x for x in lessons_of(data, torch.arange(1))[0] if x.kind == "inverse"]
    sentence = captions_of("body", "train")[0]["turns"][-1]["value"].replace("<grasp>", "").strip()
    assert inverse
    for lesson in inverse:
        assert "<grasp>" in lesson.turns[0].text
        assert lesson.turns[1].text == sentence
