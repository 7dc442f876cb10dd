import random
import re

import pytest
import torch

from semgrasp.dataset.conversation import GRASP, instruction_of
from semgrasp.geometry import axis_angle_to_matrix, make_transform
from semgrasp.synthesis.captions import (
    GraspFacts,
    contact_sentence,
    directions_of,
    instructions,
    make_captions,
    parts_by_intent,
)
from semgrasp.synthesis.cases import CASES
from semgrasp.synthesis.wording import BENCHMARK, part_words, plain_name, purposes
from semgrasp.synthesis.wording.bank import reserved_words
from semgrasp.synthesis.wording.filling import own_words
from semgrasp.synthesis.wording.vocabulary import vocabulary_parts
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
        rival_parts=tuple({c.target_part: 0 for c in CASES if c.category == case.category}),
        part_names=vocabulary_parts(case.category),
        touched=touched,
        directions=("above", "thumb_up") if contacts else ("side", "palm_down"),
        is_part_implied=PARTS_BY_INTENT[case.category, intent] == {target},
    )


FACTS = [
    facts_of_case(case, case.intents[number % len(case.intents)], number % 3)
    for number, case in enumerate(CASES)
]
ONE_OF_EACH_KIND = [
    facts_of_case(case, intent)
    for intent, case in {intent: case for case in CASES for intent in case.intents}.items()
] + FACTS[::20]
"""For tests that read every sentence of the bank."""
MUG_HANDLE = GraspFacts(
    category="mug",
    intent="use",
    target_part="handle",
    grasp_type="prismatic 4 finger",
    rival_parts=("body", "rim"),
    part_names=("body", "handle", "rim"),
    touched={"thumb": ("handle",), "index": ("handle", "body"), "middle": ("handle",)},
)
_SPOKEN = {}


def all_captions(facts, *, bank="train"):
    """Two rounds of captions as the bank words them; made once, since many tests read them."""
    key = (id(facts), bank)
    if key not in _SPOKEN:
        rng = random.Random(0)
        rounds = [make_captions(facts, bank=bank, rng=rng, count=6, slips=0.0) for _ in range(2)]
        _SPOKEN[key] = [caption for captions in rounds for caption in captions]
    return _SPOKEN[key]


def says(text: str, name: str) -> bool:
    return bool(re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE))


def test_the_benchmark_asks_what_it_always_asked():
    facts = [
        GraspFacts(
            category=category,
            intent=intent,
            target_part=part,
            grasp_type=grasp_type,
            avoid_parts=avoid,
            touched={},
        )
        for category, intent, part, grasp_type, avoid in (
            ("mug", "use", "handle", "prismatic 4 finger", ("rim",)),
            ("knife", "handover", "blade", "prismatic 3 finger", ("handle",)),
            ("bottle", "liftup", "cap", "power disk", ()),
            ("trigger_sprayer", "use", "trigger", "index finger extension", ("nozzle",)),
        )
    ]
    asked = [
        next(
            instructions(
                each, bank="test", rng=random.Random(f"0 {each.category}"), names_part=True,
                theme=BENCHMARK,
            )
        )
        for each in facts
    ]  # fmt: skip
    assert asked == BENCHMARK_SENTENCES


BENCHMARK_SENTENCES = [
    "Kindly secure the teacup by the handhold.",
    "Kindly secure the knife by the steel blade.",
    "Demonstrate a grasp that engages the stopper of the bottle.",
    "Position your hand at the squeezer.",
]


def test_no_reserved_word_is_in_a_training_caption():
    reserved = reserved_words()
    for facts in FACTS:
        for caption in all_captions(facts):
            for turn in caption["turns"]:
                assert not own_words(turn["value"]) & reserved, turn["value"]


@pytest.mark.parametrize("theme", [None, BENCHMARK])
def test_every_case_has_five_test_instructions_that_name_the_part(theme):
    for facts in FACTS:
        asked = instructions(facts, bank="test", rng=random.Random(0), names_part=True, theme=theme)
        assert len([text for text, _ in zip(asked, range(5), strict=False)]) == 5


@pytest.mark.parametrize("bank", BANKS)
def test_a_sentence_that_names_the_part_says_the_true_one(bank):
    for facts in ONE_OF_EACH_KIND:
        names = {
            plain_name(facts.category, facts.target_part),
            *part_words(facts.category, facts.target_part, bank),
        }
        for text in instructions(facts, bank=bank, rng=random.Random(1), names_part=True):
            assert any(says(text, name) for name in names), text


@pytest.mark.parametrize("bank", BANKS)
def test_no_part_is_named_that_is_neither_held_nor_touched_nor_left_free(bank):
    facts = GraspFacts(
        category="trigger_sprayer",
        intent="hold",
        target_part="body",
        grasp_type="large diameter",
        avoid_parts=("trigger",),
        rival_parts=("body", "head"),
        part_names=("body", "neck", "trigger", "nozzle", "head"),
        touched={finger: ("body", "head") for finger in FINGERS},
    )
    assert facts.free_parts == ("trigger",)
    for text in instructions(facts, bank=bank, rng=random.Random(2)):
        for part in ("nozzle", "neck"):
            for name in part_words("trigger_sprayer", part, bank):
                assert not says(text, name), text


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


def test_the_part_goes_unnamed_only_where_something_else_decides_it():
    for facts in ONE_OF_EACH_KIND:
        unnamed = list(instructions(facts, rng=random.Random(0), names_part=False))
        if facts.is_part_implied:
            assert len(unnamed) >= 5
        told = purposes(facts.category, facts.intent, facts.target_part, "train")
        free = [w for p in facts.free_parts for w in part_words(facts.category, p, "train")]
        for text in unnamed:
            is_told = any(says(text, words) for words in (*told, *free))
            assert facts.is_part_implied or is_told, text


def test_opening_a_bottle_means_its_cap_and_drinking_its_body():
    by_part = {
        part: set(
            instructions(
                GraspFacts(
                    category="bottle", intent="use", target_part=part, grasp_type="medium wrap",
                    touched={},
                ),
                rng=random.Random(0), names_part=False,
            )
        )
        for part in ("cap", "body")
    }  # fmt: skip
    assert any("unscrew" in text or "open" in text for text in by_part["cap"])
    assert not by_part["cap"] & by_part["body"]


def test_contrasts_tell_the_part_to_hold_from_the_part_to_leave_alone():
    texts = list(instructions(MUG_HANDLE, rng=random.Random(0)))
    assert "rim" in MUG_HANDLE.free_parts
    assert "body" not in MUG_HANDLE.free_parts
    both_orders = [
        (text.lower().find("handle"), text.lower().find("rim"))
        for text in texts
        if says(text, "handle") and says(text, "rim")
    ]
    assert sum(held < free for held, free in both_orders) >= 5
    assert sum(free < held for held, free in both_orders) >= 5


def test_nearly_every_grasp_with_a_part_left_alone_gets_a_contrast():
    count, told = 0, 0
    for facts in FACTS:
        if not facts.free_parts:
            continue
        count += 1
        free = {w for p in facts.free_parts for w in part_words(facts.category, p, "train")}
        captions = all_captions(facts)[:6]
        told += any(
            says(turn["value"], word)
            for caption in captions
            for turn in caption["turns"]
            for word in free
        )
    assert count > 50
    assert told == count


def test_what_only_this_grasp_leaves_alone_is_a_statement_about_its_contacts():
    found = set()
    for seed in range(40):
        for caption in make_captions(MUG_HANDLE, rng=random.Random(seed), slips=0.0):
            if caption["turns"][-1]["value"].endswith("leaves the rim free."):
                found.add(caption["kind"])
    assert found == {"low"}


@pytest.mark.parametrize("bank", BANKS)
def test_six_captions_of_all_kinds_differ_in_words(bank):
    for facts in FACTS:
        both = all_captions(facts, bank=bank)
        for captions in (both[:6], both[6:]):
            assert len(captions) == 6
            assert {caption["kind"] for caption in captions} == {"low", "high", "chat"}, facts
            asked = {
                tuple(t["value"] for t in c["turns"] if t["from"] == "human") for c in captions
            }
            assert len(asked) == 6
            assert all(caption["bank"] == bank for caption in captions)


def test_the_same_seed_gives_the_same_words():
    for facts in FACTS[:20]:
        again = make_captions(facts, rng=random.Random(0), count=6, slips=0.0)
        assert again == all_captions(facts)[:6]
        assert again != all_captions(facts)[6:]


@pytest.mark.parametrize("bank", BANKS)
def test_every_turn_is_clean_english(bank):
    for facts in FACTS:
        for caption in all_captions(facts, bank=bank):
            for turn in caption["turns"]:
                text = turn["value"]
                assert text == text.strip()
                assert "  " not in text
                assert "{" not in text
                assert "}" not in text
                assert not re.search(r"\ba [aeio]", text, re.IGNORECASE), text
                assert not re.search(r"\ban [^aeiou]", text, re.IGNORECASE), text
                assert not re.search(r"\b(\w+) \1\b", text), text
                assert not re.search(r"[.,;:!?]{2}", text), text
                assert not re.search(r"\s[.,;:!?]", text), text
                if turn["from"] == "gpt" or text.endswith("."):
                    assert text.removeprefix(GRASP).strip()[:1].isupper(), text


def test_human_and_model_take_turns_and_the_grasp_is_spoken_once():
    for facts in FACTS:
        for caption in all_captions(facts):
            speakers = [turn["from"] for turn in caption["turns"]]
            assert speakers == ["human", "gpt"] * (len(speakers) // 2)
            text = " ".join(turn["value"] for turn in caption["turns"])
            assert text.count(GRASP) == 1
            if caption["kind"] != "chat":
                assert len(speakers) == 2
                assert caption["turns"][1]["value"].startswith(f"{GRASP} ")
                assert instruction_of(caption)


def test_chats_ask_back_ask_why_correct_and_describe_a_given_grasp():
    chats = [c for facts in FACTS for c in all_captions(facts) if c["kind"] == "chat"]
    asks_back = [c for c in chats if c["turns"][1]["value"].endswith("?")]
    asks_why = [c for c in chats if any(t["value"] == "Why there?" for t in c["turns"])]
    corrects = [c for c in chats if any(t["value"].startswith(("No,", "Not ")) for t in c["turns"])]
    inverse = [c for c in chats if GRASP in c["turns"][0]["value"]]
    assert min(len(asks_back), len(asks_why), len(corrects), len(inverse)) >= 3
    assert all(GRASP not in c["turns"][1]["value"] for c in inverse)


def test_a_chat_keeps_talking_of_the_same_part():
    """The model asks about the part that the human then declines."""
    for seed in range(60):
        for caption in make_captions(MUG_HANDLE, rng=random.Random(seed), slips=0.0):
            turns = [turn["value"] for turn in caption["turns"]]
            if caption["kind"] == "chat" and turns[1].startswith("Shall I take it by the"):
                assert "rim" in turns[1]
                assert any(says(turns[2], w) for w in part_words("mug", "rim", "train")), turns


def test_the_model_answers_about_the_part_that_it_was_asked_about():
    facts = GraspFacts(
        category="trigger_sprayer",
        intent="hold",
        target_part="body",
        grasp_type="large diameter",
        rival_parts=("trigger", "head", "nozzle"),
        touched={"thumb": ("body",)},
    )
    names = {part: part_words("trigger_sprayer", part, "train") for part in facts.free_parts}
    asked = 0
    for seed in range(300):
        for caption in make_captions(facts, rng=random.Random(seed), slips=0.0):
            turns = [turn["value"] for turn in caption["turns"]]
            for question, answer in zip(turns[2::2], turns[3::2], strict=True):
                if re.match("(Did you touch|Is anything on) the", question):
                    asked += 1
                    (said,) = (
                        p for p, words in names.items() if any(says(question, w) for w in words)
                    )
                    assert said in answer or answer.startswith("No. ")
    assert asked >= 5


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


def test_idle_fingers_are_those_that_touch_nothing():
    assert set(MUG_HANDLE.idle_fingers) == {"ring", "pinky"}
    asked = [text for text in instructions(MUG_HANDLE, rng=random.Random(0)) if "little" in text]
    assert len(asked) >= 3
    assert all("the ring and little fingers" in text for text in asked)


@pytest.mark.parametrize(
    ("axis_angle_degrees", "expected"),
    [
        ((0, 0, 0), ("side", "thumb_up")),
        # The hand's +x axis, the forearm, up: fingers point down.
        ((0, -90, 0), ("above",)),
        ((0, 90, 0), ("below",)),
        # The back of the hand up, or down.
        ((90, 0, 0), ("above", "palm_down")),
        ((-90, 0, 0), ("below", "palm_up")),
        ((180, 0, 0), ("side", "thumb_down")),
        ((45, 0, 0), ()),
    ],
)
def test_directions_follow_the_axes_of_the_hand(axis_angle_degrees, expected):
    R = axis_angle_to_matrix(torch.deg2rad(torch.tensor(axis_angle_degrees, dtype=torch.float32)))
    assert directions_of(make_transform(R, torch.zeros(3))) == expected


def test_fingers_go_through_open_parts_only():
    through = [t for t in instructions(MUG_HANDLE, rng=random.Random(0)) if "through the" in t]
    assert through
    bar = GraspFacts(
        category="hammer",
        intent="use",
        target_part="handle",
        grasp_type="prismatic 4 finger",
        touched=MUG_HANDLE.touched,
    )
    assert not any("through the" in text for text in instructions(bar, rng=random.Random(0)))


def test_a_synonym_that_fits_two_parts_of_the_object_is_not_said():
    assert "ring at the end" in part_words("assembly", "ring", "train")
    assert "foot" in part_words("assembly", "base", "train", present=("base", "handle"))
    words = part_words("assembly", "flat base", "train", present=("flat base", "base"))
    assert set(words).isdisjoint(part_words("assembly", "base", "train"))
