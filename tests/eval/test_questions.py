"""Questions that compare models stay the same when categories are added."""

from eval.questions import FIRST_CATEGORIES, LATER_CATEGORIES, procedural_questions
from eval.unseen_shapes import unseen_questions
from semgrasp.synthesis.cases import GRASPED_CATEGORIES


def test_without_more_words_only_the_first_eight_categories_are_asked_about():
    questions = list(procedural_questions(4, 11))
    assert len(questions) == 92
    assert {question.group for question in questions} == set(FIRST_CATEGORIES)
    # As in the results of the first model that was shipped.
    assert questions[0].instruction == "clutch teacup via handle"
    assert questions[9].instruction == "Steer clear of the handle; clasp the barrel instead."


def test_later_categories_make_the_rest():
    assert (*FIRST_CATEGORIES, *LATER_CATEGORIES) == GRASPED_CATEGORIES


def test_every_later_category_is_asked_about_parts_that_its_object_has():
    questions = list(procedural_questions(1, 0, LATER_CATEGORIES))
    assert {question.group for question in questions} == set(LATER_CATEGORIES)
    assert all(question.part in question.shape.part_names for question in questions)


def test_every_sentence_about_an_unseen_shape_names_a_part_that_the_shape_has(shared_data):
    questions = list(unseen_questions(shared_data / "grab_objects"))
    assert len({(shape.name, sentence) for shape, sentence, _ in questions}) == len(questions) == 26
    for shape, _, part in questions:
        area = (shape.face_parts == shape.part_names.index(part)).mean()
        assert 0.005 < area < 0.995, (shape.name, part)
