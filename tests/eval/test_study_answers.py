"""Answers come from strangers: what does not fit is refused by name, and nothing is scored."""

import copy
import json

import pytest

from eval.perceptual_study.answers import read_all_answers, read_answers, read_key
from semgrasp.errors import InputError

KEY = {
    "format": "semgrasp-study-key",
    "version": 1,
    "study": "abc",
    "items": {
        "one": {"condition": "ours", "question": "mug: drink", "grasp": "a#0"},
        "two": {"condition": "base", "question": "mug: drink", "grasp": "b#0"},
        "sly": {"check": {"fit_at_most": 2}},
    },
    "left_out": [],
}
GOOD = {
    "format": "semgrasp-study-answers",
    "version": 1,
    "study": "abc",
    "volunteer": "v1",
    "started": "2025-01-01T10:00:00Z",
    "finished": "2025-01-01T10:09:00Z",
    "view": "3d",
    "ratings": [
        {"item": "two", "fit": 4, "natural": 5, "seconds": 3.5},
        {"item": "sly", "fit": 1, "natural": 2, "seconds": 1},
        {"item": "one", "fit": 5, "natural": 3, "seconds": 8.0},
    ],
}


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "study.key.json"
    path.write_text(json.dumps(KEY))
    return read_key(path)


@pytest.fixture
def file_of(tmp_path):
    def write(value, name="a.json"):
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return write


def changed(**changes):
    return {**copy.deepcopy(GOOD), **changes}


def with_rating(index, **changes):
    value = copy.deepcopy(GOOD)
    value["ratings"][index] |= changes
    return value


def test_good_answers_are_read_in_the_order_they_were_given(key, file_of):
    answers = read_answers(file_of(GOOD), key)
    assert answers.volunteer == "v1"
    assert list(answers.ratings) == ["two", "sly", "one"]
    assert (answers.ratings["one"].fit, answers.ratings["one"].natural) == (5, 3)
    assert answers.ratings["two"].seconds == 3.5


REFUSED = {
    "other study": (changed(study="xyz"), "another study"),
    "no format": (changed(format="x"), "not a file of answers"),
    "later version": (changed(version=2), "version is 2"),
    "a list": ([1, 2], "must be an object"),
    "a number": ("7", "must be an object"),
    "cut off": (json.dumps(GOOD)[:-9], "not readable JSON"),
    "not text": ("\x00\x01", "not readable JSON"),
    "deep": ("[" * 200_000, "not readable JSON"),
    "huge number": ('{"version": ' + "9" * 6000 + "}", "not readable JSON"),
    "repeated name": ('{"study": "abc", "study": "xyz"}', "same name twice"),
    "not a number": (json.dumps(GOOD).replace("3.5", "NaN"), "no JSON number"),
    "endless": (json.dumps(GOOD).replace("3.5", "Infinity"), "no JSON number"),
    "overflowing": (json.dumps(GOOD).replace("3.5", "1e999"), "seconds must be from 0"),
    "no volunteer": (changed(volunteer=None), "code is None"),
    "volunteer with escape": (changed(volunteer="v\x1b[31m1"), r"code is 'v\\x1b"),
    "volunteer with a path": (changed(volunteer="../v1"), "Allowed: a-z"),
    "long volunteer": (changed(volunteer="v" * 33), "up to 32"),
    "ratings no list": (changed(ratings={"one": 5}), "ratings must be a list"),
    "rating no object": (changed(ratings=["one"]), "entry 1 must be an object"),
    "unknown item": (with_rating(1, item="six"), "no item 'six'"),
    "item no text": (with_rating(1, item=["one"]), "no item a list of 1"),
    "twice": (with_rating(1, item="one"), "'one' is rated twice"),
    "missing": (changed(ratings=GOOD["ratings"][:2]), "1 of 3 items are not rated"),
    "zero": (with_rating(0, fit=0), "fit must be a whole number from 1 to 5, got 0"),
    "six": (with_rating(0, natural=6), "natural must be a whole number from 1 to 5, got 6"),
    "half": (with_rating(0, fit=4.5), "got 4.5"),
    "true": (with_rating(0, fit=True), "got True"),
    "text": (with_rating(0, fit="5"), "got '5'"),
    "none": (with_rating(0, fit=None), "got None"),
    "negative time": (with_rating(0, seconds=-1), "seconds must be from 0"),
    "time in words": (with_rating(0, seconds="3"), "seconds must be a number"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_answers_that_do_not_fit_are_refused_with_the_reason(name, key, file_of):
    value, reason = REFUSED[name]
    with pytest.raises(InputError, match=reason):
        read_answers(file_of(value), key)


def test_a_file_larger_than_answers_can_be_is_refused_unread(key, file_of):
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_answers(file_of(" " * 1_000_001 + json.dumps(GOOD)), key)


def test_all_faulty_files_are_named_at_once(key, file_of):
    paths = [
        file_of(GOOD, "fine.json"),
        file_of(changed(study="xyz"), "stray.json"),
        file_of("{", "cut.json"),
        file_of(GOOD, "again.json"),
    ]
    with pytest.raises(InputError) as error:
        read_all_answers([*paths, paths[0].with_name("gone.json")], key)
    text = str(error.value)
    assert "4 of 5 files" in text
    assert "stray.json: It answers another study" in text
    assert "cut.json: It is not readable JSON" in text
    assert "again.json: volunteer 'v1' is also in fine.json" in text
    assert "gone.json: Cannot read" in text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "other"}, "k.json: It is not the key of a study"),
        ({"version": 9}, "version is 9"),
        ({"items": {}}, "lists no grasps"),
        ({"items": {"a": {"check": {"fit_at_most": 9}}}}, "fit_at_most must be a whole number"),
        ({"items": {"a": {"condition": ""}}}, "condition must be a text"),
    ],
)
def test_a_key_that_is_none_is_refused(change, reason, tmp_path):
    path = tmp_path / "k.json"
    path.write_text(json.dumps({**KEY, **change}))
    with pytest.raises(InputError, match=reason):
        read_key(path)
