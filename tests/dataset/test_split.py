import pytest

from semgrasp.dataset.split import CATEGORY_CODES, SPLITS, object_id, split_of
from semgrasp.errors import InputError
from semgrasp.objects.procedural import CATEGORIES


@pytest.mark.parametrize(
    ("oid", "expected"),
    [
        *[(oid, "test") for oid in ("A01001", "A15027", "s15624", "o52105", "C90001")],
        ("S16001", "val"),
        *[(oid, "train") for oid in ("A16012", "s16101", "O01000", "C42001", "C52001")],
        *[(oid, "train") for oid in ("C26001", "S10001", "Y35037")],
    ],
)
def test_the_split_of_real_oakink_ids_is_theirs(oid, expected):
    assert split_of(oid) == expected


@pytest.mark.parametrize("category", CATEGORY_CODES.values())
def test_the_first_objects_of_every_category_reach_every_split(category):
    assert {split_of(object_id(category, seed)) for seed in range(24)} == set(SPLITS)


def test_every_category_that_can_be_made_has_a_code_of_its_own():
    assert sorted(CATEGORY_CODES.values()) == sorted(CATEGORIES)
    assert all(len(code) == 2 and code.isdecimal() for code in CATEGORY_CODES)


def test_an_id_has_six_characters_and_a_letter_that_oakink_does_not_use():
    oid = object_id("mug", 7)
    assert oid == "P10007"
    assert oid[0] not in "SCYAO"


@pytest.mark.parametrize(("category", "seed"), [("spaceship", 0), ("mug", 1000), ("mug", -1)])
def test_an_id_that_cannot_be_made_is_refused(category, seed):
    with pytest.raises(InputError):
        object_id(category, seed)
