"""Batches speak the codes of the view that the object is seen in, and mix what they are told to."""

from dataclasses import replace

import pytest
import torch

from mllm.classroom import BatchShape, Mixture
from mllm.data import LanguageData
from mllm.encoded_grasps import encode_split
from mllm.examination import draw_questions
from mllm.lessons import lessons_of
from semgrasp.dataset import PackedDataset
from semgrasp.tokenizer import GraspTokenizer
from vqvae.object_views import ViewConfig


@pytest.fixture
def data(packed_folder, tokenizer_folder, model) -> LanguageData:
    data = LanguageData(
        str(packed_folder),
        str(tokenizer_folder),
        cache=None,
        views=3,
        shape=BatchShape(objects=2, conversations=3, alternatives=2, object_tokens=5),
    )
    data.prepare_lessons(model, "fit")
    return data


def test_codes_of_a_view_are_those_of_the_turned_grasp(packed_folder, tokenizer_folder):
    data, tokenizer = (
        PackedDataset.load(packed_folder),
        GraspTokenizer.from_pretrained(tokenizer_folder),
    )
    rows = data.split("train")[:8]
    still = ViewConfig(heading_noise=0.0, surprise_chance=0.0, point_noise=0.0)
    encoded = encode_split(data, rows, tokenizer, num_views=2, disturbed=True, view=still, seed=0)
    from semgrasp.tokenizer import ModelFrame

    for i, row in enumerate(rows.tolist()):
        at = int((encoded.objects == int(data.object_index[row])).nonzero())
        for v in range(2):
            frame = ModelFrame(encoded.heading[at, v])
            tokens = encoded.object_tokens(torch.tensor([at]), torch.tensor([v]))
            codes = tokenizer.encode(frame.grasp_to_model(data.grasps([row])), tokens).stack()
            assert codes[0].tolist() == encoded.codes[i, v].tolist()


def test_a_step_holds_what_its_shape_says(data):
    assert data.classroom is not None
    step = next(data.classroom.steps())
    assert step.object_tokens.features.shape[:2] == (2, 6)
    assert step.object_tokens.centres.shape[:2] == (2, 5)
    assert sorted(step.layout.conversation.unique().tolist())[-3:] == [1, 2, 3]


def test_mixture_decides_what_is_taught(data):
    assert data.classroom is not None
    data.set_mixture(Mixture(low=1.0, high=0.0, reply=0.0))
    assert len(next(data.classroom.steps()).layout.words) == 0
    data.set_mixture(Mixture(low=0.0, high=0.0, inverse=1.0))
    step = next(data.classroom.steps())
    assert len(step.layout.words) > 0
    assert len(step.layout.codes) == 0


def test_a_pass_shows_every_object_once(data):
    assert data.classroom is not None
    steps = list(data.classroom.steps())
    assert len(steps) == len(data.classroom) == 2


def test_questions_are_asked_in_unseen_words_about_unseen_objects(data, packed_folder):
    packed = PackedDataset.load(packed_folder)
    validation = set(packed.split("val").tolist())
    for question in data.questions["val"]:
        assert question.is_new_wording
        assert set(question.answers) <= validation


def test_encoding_is_kept_on_disk(packed_folder, tokenizer_folder, model, tmp_path):
    arguments = (str(packed_folder), str(tokenizer_folder), str(tmp_path))
    first = LanguageData(*arguments, views=2)
    first.prepare_lessons(model, "fit")
    written = {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    second = LanguageData(*arguments, views=2)
    second.prepare_lessons(model, "fit")
    assert {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == written
    assert torch.equal(first.encoded["train"].codes, second.encoded["train"].codes)


def test_processes_that_train_together_read_different_objects(data, model):
    room = data.classroom
    room.processes, seen = 2, []
    for rank in range(2):
        room.rank, room.seed = rank, 5
        assert len(room) == 1
        (step,) = room.steps()
        seen += step.log_size.tolist()
    everything = data.encoded["train"].log_size.unique().tolist()
    assert len(seen) == 4
    # Views of an object differ a little in size, so sizes stand for objects seen in one view.
    assert len(set(seen)) == 4
    assert set(seen) <= set(everything)


def test_objects_without_captions_are_passed_over(data, model):
    room = data.classroom
    first = int(data.encoded["train"].objects[0])
    lessons = {row: [] if room.groups[row][0] == first else x for row, x in room.lessons.items()}
    fewer = replace(room, lessons=lessons, shape=replace(room.shape, objects=3), seed=0)
    assert len(fewer) == 1
    sizes = data.encoded["train"].log_size[0].tolist()
    (step,) = fewer.steps()
    assert not set(step.log_size.tolist()) & set(sizes)


def test_categories_are_asked_about_equally_often(packed_folder):
    data = PackedDataset.load(packed_folder)
    rows = data.split("val")
    owners = data.object_index[rows].unique().tolist()
    renamed = [
        replace(thing, category="knife" if i == owners[0] else thing.category)
        for i, thing in enumerate(data.objects)
    ]
    mixed = replace(data, objects=tuple(renamed))
    questions = draw_questions(mixed, lessons_of(mixed, rows), 8, seed=0)
    assert [q.category for q in questions].count("knife") == 4
    for question in questions:
        assert (
            mixed.objects[int(data.object_index[question.answers[0]])].category == question.category
        )
