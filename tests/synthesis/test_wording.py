"""The bank of words: what it holds, that halves do not mix, that faults are found."""

import random
import re
import shutil

import pytest

from semgrasp.errors import InputError
from semgrasp.objects.procedural import CATEGORIES, make_object
from semgrasp.synthesis.captions import GraspFacts
from semgrasp.synthesis.captions.instructions import find_words
from semgrasp.synthesis.wording import (
    all_patterns,
    answers,
    as_typed,
    chats,
    fill,
    fits,
    grasp_type_words,
    object_words,
    own_words,
    part_words,
    patterns,
    plain_name,
    reserved_words,
    spoken_fingers,
    vocabulary,
)
from semgrasp.synthesis.wording import bank as bank_module
from semgrasp.synthesis.wording.filling import is_plural
from semgrasp.synthesis.wording.misspelling import misspellings
from semgrasp.synthesis.wording.text_files import DATA
from semgrasp.types import FINGERS, INTENTS

BANKS = ("train", "test")
FEIX = (
    "large diameter", "small diameter", "medium wrap", "adducted thumb", "light tool",
    "prismatic 4 finger", "prismatic 3 finger", "prismatic 2 finger", "palmar pinch", "power disk",
    "power sphere", "precision disk", "precision sphere", "tripod", "fixed hook", "lateral",
    "index finger extension", "extension type", "distal type", "writing tripod",
    "tripod variation", "parallel extension", "adduction grip", "tip pinch", "lateral tripod",
    "sphere 4 finger", "quadpod", "sphere 3 finger", "stick", "palmar", "ring", "ventral",
    "inferior pincer",
)  # fmt: skip


def training_words() -> set[str]:
    """Every word that a training sentence may hold."""
    texts = [pattern.text for pattern in all_patterns() if pattern.bank == "train"]
    texts += [turn for chat in chats("train") for turn in chat]
    for category in (*vocabulary.vocabulary_categories(), "*"):
        texts += words_of(category, "train", with_names=True)
    texts += [grasp_type_words(name).plain for name in FEIX]
    return {word for text in texts for word in own_words(text)}


def words_of(category, bank, *, with_names=False) -> list[str]:
    """Names of parts, purposes and, if wanted, the object."""
    entry = vocabulary._vocabulary()[category]
    groups = [*entry.parts.values()]
    groups += [words for by_part in entry.purposes.values() for words in by_part.values()]
    groups += [entry.names, *entry.names_with.values()] if with_names and entry.names else []
    return [word for words in groups for word in getattr(words, bank)]


def test_there_are_at_least_600_patterns_and_a_sixth_of_them_for_testing():
    texts = [re.sub(r"[^a-z{}_ ]", "", pattern.text.lower()) for pattern in all_patterns()]
    test = sum(pattern.bank == "test" for pattern in all_patterns())
    assert len(set(texts)) >= 900
    assert test / len(texts) > 1 / 6


def test_no_pattern_is_in_both_halves_whatever_its_capitals_and_stops():
    halves = [
        {
            re.sub(r"[^a-z{}_ ]", "", pattern.text.lower()).strip()
            for pattern in all_patterns()
            if pattern.bank == bank
        }
        for bank in BANKS
    ]
    assert halves[0].isdisjoint(halves[1])
    assert set(chats("train")).isdisjoint(chats("test"))


def test_every_test_pattern_has_a_word_that_training_lacks():
    known = training_words()
    for pattern in all_patterns():
        if pattern.bank == "test":
            assert own_words(pattern.text) - known or "purpose" in pattern.slots, pattern


def test_every_test_purpose_and_part_name_has_a_word_that_training_lacks():
    known = training_words()
    for category in (*vocabulary.vocabulary_categories(), "*"):
        for text in words_of(category, "test"):
            assert own_words(text) - known, (category, text)


def test_no_reserved_word_is_in_the_training_half():
    assert len(reserved_words()) > 130
    assert training_words().isdisjoint(reserved_words())


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_part_of_every_object_has_names_in_both_halves(category):
    parts = {part for seed in (0, 1) for part in make_object(category, seed).shape.part_names}
    assert len(object_words(category, "train")) >= 1
    for part in parts:
        train, test = (part_words(category, part, bank) for bank in BANKS)
        assert len(train) >= 2, part
        assert len(test) >= 1, part
        assert set(train).isdisjoint(test), part


@pytest.mark.parametrize("category", [c for c in CATEGORIES if c != "assembly"])
def test_no_two_parts_of_a_category_have_the_same_plain_name(category):
    parts = vocabulary.vocabulary_parts(category)
    assert len({plain_name(category, part) for part in parts}) == len(parts)


def test_parts_tell_what_kind_of_object_it_is():
    assert object_words("box", "train")[0] == "box"
    assert object_words("box", "train", present=("body", "cover", "spine"))[0] == "book"
    assert object_words("card", "train", present=("body", "rim"))[0] == "coin"
    assert object_words("card", "train", present=("body", "rim", "ring"))[0] == "medal"


@pytest.mark.parametrize("grasp_type", FEIX)
def test_every_type_of_the_taxonomy_has_a_plain_name_and_sentences(grasp_type):
    words = grasp_type_words(grasp_type)
    assert words.plain
    for bank in BANKS:
        assert patterns(bank, words.groups)


def rich_facts(intent, grasp_type) -> GraspFacts:
    """A grasp of which everything is known: it fills every slot."""
    return GraspFacts(
        category="trigger_sprayer",
        intent=intent,
        target_part="trigger",
        grasp_type=grasp_type,
        avoid_parts=("nozzle", "handle"),
        rival_parts=("head",),
        touched={"index": ("trigger",), "middle": ("trigger",), "thumb": ("body",)},
    )


@pytest.mark.parametrize("bank", BANKS)
def test_every_pattern_can_be_said_of_some_grasp(bank):
    for pattern in all_patterns():
        if pattern.bank != bank:
            continue
        intent = pattern.group if pattern.group in INTENTS else "handover"
        facts = rich_facts(intent, "medium wrap")
        rng = random.Random(0)
        tries = (find_words(facts, bank, rng, pattern.slots).words for _ in range(60))
        assert any(fits(pattern.text, words) for words in tries), pattern


def test_all_kinds_of_answers_are_there_for_every_intent():
    for kind in ("reply", "reason", "description", "aim", "wish"):
        assert all(answers(kind, intent) for intent in INTENTS)
    assert answers("reply", "use", "trigger") != answers("reply", "use")
    assert answers("reply", "use", "handle") == answers("reply", "use")


@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        (("thumb",), "the thumb"),
        (("index", "thumb"), "the thumb and index finger"),
        (("index", "middle", "thumb"), "the thumb, index and middle fingers"),
        (("pinky", "ring"), "the ring and little fingers"),
        (("palm", "thumb"), "the palm and thumb"),
        (("index", "middle", "pinky", "ring", "thumb"), "all five fingers"),
        (FINGERS, "the whole hand"),
    ],
)
def test_fingers_are_spoken_in_good_english(regions, expected):
    assert spoken_fingers(regions).text == expected


def test_patterns_are_filled_with_articles_and_capitals():
    words = {"object": "ear", "part": "mug"}
    assert fill("Take {a_object}, {a_part}.", words) == "Take an ear, a mug."
    assert fill("{Part} of {a_object}", words) == "Mug of an ear"
    assert not fits("{avoid}", words)
    assert not fits("{object} to {purpose}", {"object": "water bottle", "purpose": "open a bottle"})
    assert not fits("grip it at the {part}", {"part": "grip"})


def test_plural_names_take_no_article_and_no_singular_verb():
    scissors = {"object": "scissors", "part": "blade"}
    assert fill("Show {a_object}'s use.", scissors) == "Show scissors' use."
    assert not fits("The {object} is wet.", scissors)
    assert not fits("Here, hold this {object}.", scissors)
    assert fits("Take the {object}.", scissors)
    assert fits("The {object} is wet.", {"object": "pair of scissors"})
    assert is_plural("bristles")
    assert is_plural("teeth")
    assert not any(map(is_plural, ("glass", "lens", "end with prongs", "pair of glasses")))


def test_careless_typing_changes_one_word_or_the_ends_of_a_sentence():
    sentence = "Take the mug by the handle."
    plain = sentence.lower().rstrip(".")
    rng = random.Random(0)
    for _ in range(50):
        typed = as_typed(sentence, "train", rng)
        assert typed != sentence
        pairs = zip(typed.lower().rstrip(".").split(), plain.split(), strict=True)
        slips = [(slip, word) for slip, word in pairs if slip != word]
        assert len(slips) <= 1
        assert all(slip in misspellings()[word]["train"] for slip, word in slips)


def test_slips_of_the_test_half_are_not_trained_on():
    for word, halves in misspellings().items():
        assert set(halves["train"]).isdisjoint(halves["test"]), word
        assert halves["test"], word
        assert word not in halves["train"] + halves["test"]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A copy of the bank that a test may spoil."""
    copy = tmp_path / "data"
    shutil.copytree(DATA, copy)
    monkeypatch.setattr(bank_module, "DATA", copy)
    monkeypatch.setattr(vocabulary, "DATA", copy)
    caches = (all_patterns, vocabulary._vocabulary)
    for cached in caches:
        cached.cache_clear()
    yield copy
    for cached in caches:
        cached.cache_clear()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("[any]\nTake the {prat}.", r"with_fault.txt, line 2: unknown slot prat"),
        ("[sometimes]\nTake the {part}.", "unknown group 'sometimes'"),
        ("[any]\nSeize the {part}.", "reserved for the test half: seize"),
        ("[any]\nGrasp the {object} by the {part}.", "stands in part.txt, line .* already"),
        ("[use]\nLeave me the {offered}, please.", "offered.*handover only"),
        ("[low]\nSee how it {touch} the {part}.", "fingers}, which is missing"),
        ("[any]\nTake the {part.", "braces do not match"),
    ],
)
def test_a_faulty_pattern_is_named_with_its_line(data, lines, message):
    (data / "patterns" / "train" / "with_fault.txt").write_text(lines + "\n")
    with pytest.raises(InputError, match=message):
        all_patterns()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("[mug]\nnam: cup | mug", "extra.txt, line 2: expected name, name with <part>"),
        ("[mug]\npart handle: ear, ear | loop", "given twice"),
        ("[mug]\npart handle: ear | ear", "both sides"),
        ("[mug]\npart handle: | ear", "no word before the bar"),
    ],
)
def test_a_faulty_word_is_named_with_its_line(data, lines, message):
    (data / "words" / "extra.txt").write_text(lines + "\n")
    with pytest.raises(InputError, match=message):
        plain_name("mug", "handle")
