import random
import re

import pytest

from semgrasp.dataset.conversation import GRASP, instruction_of
from semgrasp.synthesis.captions import (
    GraspFacts,
    contact_sentence,
    instructions,
    make_captions,
    parts_by_intent,
)
from semgrasp.synthesis.cases import CASES
from semgrasp.synthesis.wording import (
    fill,
    fits,
    language_bank,
    object_words,
    part_words,
    plain_name,
    purposes,
    slots,
    spoken_fingers,
)
from semgrasp.types import FINGERS

BANKS = ("train", "test")
PARTS_BY_INTENT = parts_by_intent((c.category, c.intents, c.target_part) for c in CASES)


def facts_of_case(case, intent, contacts=0) -> GraspFacts:
    """What a grasp of the case could look like: a fist, a pinch, or one finger off the target."""
    other = (*case.companions, "body")[0]
    target = case.target_part
    touched = [
        dict.fromkeys(FINGERS, (target,)),
        {"thumb": (target,), "index": (target,), "middle": (target,)},
        {"index": (target,), "middle": (other,), "ring": (other,), "palm": (other,)},
    ][contacts]
    return GraspFacts(
        category=case.category,
        intent=intent,
        target_part=target,
        grasp_type=case.manner.grasp_type,
        avoid_parts=tuple(part for part, _ in case.avoid),
        touched=touched,
        is_part_implied=PARTS_BY_INTENT[case.category, intent] == {target},
    )


FACTS = [
    pytest.param(facts_of_case(case, intent, number % 3), id=f"{case.name}-{intent}")
    for number, (case, intent) in enumerate((c, i) for c in CASES for i in c.intents)
]
ONE_INTENT_EACH = [
    pytest.param(facts_of_case(case, case.intents[number % len(case.intents)]), id=case.name)
    for number, case in enumerate(CASES)
]
"""For tests that read every sentence of the bank."""
ALL_FACTS = [parameter.values[0] for parameter in FACTS]


def words_in(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", re.sub(r"\{\w+\}", " ", text.lower())))


def strings_in(value) -> list[str]:
    if isinstance(value, str):
        return [value]
    values = value.values() if isinstance(value, dict) else value
    return [text for entry in values for text in strings_in(entry)]


def strings_of_bank(value, bank: str) -> list[str]:
    """Every string below a key of the bank's name, and none below the other's."""
    if not isinstance(value, dict):
        return []
    found = strings_in(value[bank]) if bank in value else []
    return found + [t for k, v in value.items() if k not in BANKS for t in strings_of_bank(v, bank)]


def shared_strings() -> list[str]:
    """What both banks use: the model's own sentences."""
    bank = language_bank()
    names = ("replies", "reasons", "descriptions", "aims", "wishes", "grasp_names")
    return [text for name in names for text in strings_in(bank[name])]


TEST_ONLY = set(language_bank()["test_only_words"])


_SPOKEN = {}


def all_captions(facts, *, bank="train"):
    """Two rounds of captions; made once, since many tests read them."""
    key = (id(facts), bank)
    if key not in _SPOKEN:
        rng = random.Random(0)
        rounds = [make_captions(facts, bank=bank, rng=rng, count=6) for _ in range(2)]
        _SPOKEN[key] = [caption for captions in rounds for caption in captions]
    return _SPOKEN[key]


def test_the_bank_holds_at_least_200_training_patterns_and_a_fifth_for_testing():
    train, test = (len(strings_in(language_bank()["instructions"][bank])) for bank in BANKS)
    assert train >= 200
    assert 0.15 < test / (train + test) < 0.3


def test_patterns_are_distinct():
    for bank in BANKS:
        for group, patterns in language_bank()["instructions"][bank].items():
            assert len(set(patterns)) == len(patterns), group


def test_no_test_only_word_is_anywhere_in_the_training_half():
    texts = strings_of_bank(language_bank(), "train") + shared_strings()
    assert len(texts) > 300
    leaks = {text: words_in(text) & TEST_ONLY for text in texts}
    assert {text: words for text, words in leaks.items() if words} == {}


def test_every_test_pattern_has_a_word_that_training_lacks():
    for patterns in language_bank()["instructions"]["test"].values():
        for pattern in patterns:
            assert words_in(pattern) & TEST_ONLY or "purpose" in slots(pattern), pattern


def test_every_test_purpose_and_part_name_is_new():
    bank = language_bank()
    for table in ("parts", "purposes"):
        for text in strings_of_bank(bank[table], "test"):
            assert words_in(text) & TEST_ONLY, text


@pytest.mark.parametrize("facts", FACTS)
def test_no_test_only_word_is_in_a_training_caption(facts):
    for caption in all_captions(facts):
        for turn in caption["turns"]:
            assert not words_in(turn["value"]) & TEST_ONLY


@pytest.mark.parametrize("facts", FACTS)
def test_every_case_has_five_test_instructions_that_name_the_part_in_new_words(facts):
    found = list(instructions(facts, bank="test", rng=random.Random(0), names_part=True))
    assert len(found) >= 5
    assert all(words_in(text) & TEST_ONLY for text in found)


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("facts", ONE_INTENT_EACH)
def test_a_sentence_that_names_the_part_says_the_true_one(facts, bank):
    names = {
        plain_name(facts.category, facts.target_part),
        *part_words(facts.category, facts.target_part, bank),
    }
    for text in instructions(facts, bank=bank, rng=random.Random(1), names_part=True):
        assert any(re.search(rf"\b{name}\b", text, re.IGNORECASE) for name in names), text


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("facts", ONE_INTENT_EACH)
def test_no_other_part_is_named_unless_it_is_touched_or_to_be_avoided(facts, bank):
    allowed = {facts.target_part, *facts.avoid_parts, *facts.touched_parts}
    parts = language_bank()["parts"][facts.category]
    # Words that objects, purposes and patterns use in a general sense.
    general = {"top", "side", "end", "bottom", "edge", "middle", "ear", "body", "leg", "rod"}
    own = {word for part in allowed for word in part_words(facts.category, part, bank)}
    own |= {word for name in object_words(facts.category, bank) for word in name.split()}
    forbidden = {
        word for part in parts if part not in allowed for word in part_words_of(parts, part, bank)
    }
    for text in instructions(facts, bank=bank, rng=random.Random(2)):
        for name in forbidden - general - own:
            assert not re.search(rf"\b{name}\b", text, re.IGNORECASE), text


def part_words_of(parts, part, bank) -> list[str]:
    return [part, *parts[part][bank]]


def test_a_part_that_must_be_avoided_but_is_touched_is_not_said_to_be_free():
    facts = GraspFacts(
        category="knife",
        intent="use",
        target_part="handle",
        grasp_type="medium wrap",
        avoid_parts=("blade",),
        touched={"thumb": ("blade", "handle")},
    )
    assert facts.free_parts == ()
    for text in instructions(facts, rng=random.Random(0)):
        assert "blade" not in text or "thumb" in text


@pytest.mark.parametrize("facts", FACTS)
def test_the_part_goes_unnamed_only_where_the_intent_implies_it(facts):
    unnamed = list(instructions(facts, rng=random.Random(0), names_part=False))
    if facts.is_part_implied:
        assert len(unnamed) >= 5
    for text in unnamed:
        told = purposes(facts.category, facts.intent, facts.target_part, "train")
        assert facts.is_part_implied or any(purpose in text.lower() for purpose in told), text


def test_opening_a_bottle_means_its_cap_and_drinking_its_body():
    by_part = {
        facts.target_part: set(instructions(facts, rng=random.Random(0), names_part=False))
        for facts in ALL_FACTS
        if (facts.category, facts.intent) == ("bottle", "use")
    }
    assert any("unscrew" in text or "open" in text for text in by_part["cap"])
    assert not by_part["cap"] & by_part["body"]


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("facts", FACTS)
def test_six_captions_of_all_kinds_differ_in_words(facts, bank):
    for captions in (all_captions(facts, bank=bank)[:6], all_captions(facts, bank=bank)[6:]):
        assert len(captions) == 6
        assert {caption["kind"] for caption in captions} == {"low", "high", "chat"}
        asked = {tuple(t["value"] for t in c["turns"] if t["from"] == "human") for c in captions}
        assert len(asked) == 6
        assert all(caption["bank"] == bank for caption in captions)


@pytest.mark.parametrize("facts", FACTS)
def test_the_same_seed_gives_the_same_words(facts):
    captions = make_captions(facts, rng=random.Random(0), count=6)
    assert captions == all_captions(facts)[:6]
    assert captions != all_captions(facts)[6:]


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("facts", FACTS)
def test_every_turn_is_clean_english(facts, bank):
    for caption in all_captions(facts, bank=bank):
        for turn in caption["turns"]:
            text = turn["value"]
            assert text == text.strip()
            assert "  " not in text
            assert "{" not in text
            assert "}" not in text
            assert not re.search(r"\ba [aeiou]", text, re.IGNORECASE), text
            assert not re.search(r"\ban [^aeiou]", text, re.IGNORECASE), text
            assert not re.search(r"\b(\w+) \1\b", text), text
            assert not re.search(r"[.,;:!?]{2}", text), text
            assert not re.search(r"\s[.,;:!?]", text), text
            if turn["from"] == "gpt" or text.endswith((".", "?")):
                assert text.removeprefix(GRASP).strip()[:1].isupper(), text


@pytest.mark.parametrize("facts", FACTS)
def test_human_and_model_take_turns_and_the_grasp_is_spoken_once(facts):
    for caption in all_captions(facts):
        speakers = [turn["from"] for turn in caption["turns"]]
        assert speakers == ["human", "gpt"] * (len(speakers) // 2)
        text = " ".join(turn["value"] for turn in caption["turns"])
        assert text.count(GRASP) == 1
        if caption["kind"] != "chat":
            assert len(speakers) == 2
            assert caption["turns"][1]["value"].startswith(f"{GRASP} ")
            assert instruction_of(caption)


def test_chats_ask_back_ask_why_and_describe_a_given_grasp():
    chats = [
        caption
        for facts in ALL_FACTS
        for caption in all_captions(facts)
        if caption["kind"] == "chat"
    ]
    asks_back = [c for c in chats if c["turns"][1]["value"].endswith("?")]
    asks_why = [c for c in chats if any(t["value"] == "Why there?" for t in c["turns"])]
    inverse = [c for c in chats if GRASP in c["turns"][0]["value"]]
    assert min(len(asks_back), len(asks_why), len(inverse)) >= 5
    assert all(GRASP not in c["turns"][1]["value"] for c in inverse)


def test_the_contact_sentence_says_who_touches_what():
    facts = GraspFacts(
        category="trigger_sprayer",
        intent="use",
        target_part="trigger",
        grasp_type="index finger extension",
        touched={"index": ("trigger",), "thumb": ("body",), "ring": ("body",), "palm": ("neck",)},
    )
    assert contact_sentence(facts) == (
        "The index finger touches the trigger; the thumb and ring finger touch the body."
    )


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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_held_part_has_words_of_its_own(case):
    parts = language_bank()["parts"][case.category]
    assert set(parts[case.target_part]["train"]).isdisjoint(parts[case.target_part]["test"])
