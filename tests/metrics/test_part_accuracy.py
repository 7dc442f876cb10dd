"""Part accuracy of grasps that hold, brush or miss what they were asked to hold."""

import numpy as np
import pytest

from semgrasp.errors import InputError
from semgrasp.metrics.contact import TouchedParts
from semgrasp.metrics.interval import proportion_interval
from semgrasp.metrics.part_accuracy import part_hit, semantic_part_accuracy
from semgrasp.types import FINGERS

PARTS = ("blade", "handle", "guard")


def touching(count: list[int], fingers: dict[str, str]) -> TouchedParts:
    by_finger = np.zeros((len(FINGERS), len(PARTS)), dtype=bool)
    for finger, part in fingers.items():
        by_finger[FINGERS.index(finger), PARTS.index(part)] = True
    counts = np.array(count)
    return TouchedParts(counts / max(1, counts.sum()), counts, by_finger)


HOLDS_HANDLE = touching([5, 80, 0], {"thumb": "handle", "index": "blade", "palm": "handle"})
NOTHING = touching([0, 0, 0], {})


@pytest.mark.parametrize(
    ("asked", "hit"), [("handle", (True, True)), ("blade", (False, True)), ("guard", (False,) * 2)]
)
def test_a_hit_is_strict_where_most_of_the_skin_is_and_lenient_where_any_finger_is(asked, hit):
    assert part_hit(HOLDS_HANDLE, PARTS, asked) == hit


def test_a_hand_that_touches_nothing_misses_even_the_first_part():
    assert part_hit(NOTHING, PARTS, "blade") == (False, False)


def test_a_part_that_is_held_without_being_touched_counts_as_touched():
    # Near skin decides what is held at 4 mm, touch at 3 mm.
    assert part_hit(touching([0, 9, 0], {}), PARTS, "handle") == (True, True)


def test_accuracy_is_the_share_of_the_grasps_that_were_asked():
    touched = [HOLDS_HANDLE] * 6 + [NOTHING] * 2
    asked = ["handle"] * 3 + ["blade"] * 2 + [""] + ["handle", ""]
    accuracy = semantic_part_accuracy(touched, [PARTS] * 8, asked)
    assert (accuracy.asked, accuracy.not_asked) == (6, 2)
    assert accuracy.strict == pytest.approx(3 / 6)
    assert accuracy.lenient == pytest.approx(5 / 6)
    assert accuracy.strict_interval == proportion_interval(3, 6)
    assert accuracy.lenient_interval == proportion_interval(5, 6)


def test_strict_accuracy_never_exceeds_lenient_accuracy():
    rng = np.random.default_rng(0)
    touched = [
        TouchedParts(np.zeros(3), rng.integers(0, 5, 3), rng.random((6, 3)) > 0.9)
        for _ in range(200)
    ]
    asked = [PARTS[i] for i in rng.integers(0, 3, 200)]
    accuracy = semantic_part_accuracy(touched, [PARTS] * 200, asked)
    assert 0 < accuracy.strict < accuracy.lenient < 1


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: part_hit(NOTHING, PARTS, "lid"), "no part 'lid'. Its parts: blade, handle, guard"),
        (lambda: semantic_part_accuracy([NOTHING], [PARTS], [""]), "No grasp was asked"),
        (lambda: semantic_part_accuracy([NOTHING], [PARTS], []), "1 touched, 1 part names, 0 ask"),
    ],
)
def test_questions_without_an_answer_are_refused(ask, message):
    with pytest.raises(InputError, match=message):
        ask()
