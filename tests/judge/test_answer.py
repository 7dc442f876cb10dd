"""An answer is read where it is one, and never made up."""

import json

import pytest

from semgrasp.judge.answer import MalformedAnswerError, read_answer

ANSWER = {"part_touched": "the handle", "reason": "All {fingers} fit.", "score": 72}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ANSWER),
        json.dumps(ANSWER, indent=2),
        f"```json\n{json.dumps(ANSWER)}\n```",
        f"Let me see. {json.dumps(ANSWER)} I hope this helps.",
        f"<think>{json.dumps({**ANSWER, 'score': 3})}</think>{json.dumps(ANSWER)}",
        f"A draft: {json.dumps({**ANSWER, 'score': 3})}. Now finally: {json.dumps(ANSWER)}",
        f'{json.dumps(ANSWER)} {{"note": 1}}',
        json.dumps({**ANSWER, "score": "72"}),
        json.dumps({**ANSWER, "confidence": 1}),
    ],
)
def test_the_answer_is_found_among_other_words(text):
    answer = read_answer(text)
    assert (answer.score, answer.part_touched) == (72.0, "the handle")
    assert answer.reason == "All {fingers} fit."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "80",
        "[80]",
        "Score: 80",
        '{"score": 80',
        json.dumps({**ANSWER, "score": True}),
        json.dumps({**ANSWER, "score": None}),
        json.dumps({**ANSWER, "score": 100.5}),
        json.dumps({**ANSWER, "score": float("nan")}),
        json.dumps({**ANSWER, "score": "many"}),
        json.dumps({**ANSWER, "score": 10**400}),
        json.dumps({**ANSWER, "reason": 5}),
        json.dumps({"score": 80, "reason": "x"}),
        "{" * 5000,
    ],
)
def test_what_is_no_answer_is_refused(text):
    with pytest.raises(MalformedAnswerError):
        read_answer(text)
