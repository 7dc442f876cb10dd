"""A whole run against a real server: blind, resumable, and nothing lost in silence."""

import dataclasses
import hashlib
import io
import json

import numpy as np
import pytest
from chat_server import Reply, asked_png, asked_text, completion, good, refusal, verdict
from PIL import Image

from semgrasp.errors import InputError, SemgraspError
from semgrasp.evaluation.entry import Damaged
from semgrasp.judge import candidates, estimate, judge, read_prompt
from semgrasp.judge.cache import AnswerCache, Question

pytestmark = pytest.mark.usefixtures("small_pictures")


@pytest.fixture
def samples(controls):
    return controls[:4]


@pytest.fixture
def run(settings_for, tmp_path):
    def judged(server, asked, **options):
        settings = settings_for(server, **options.pop("settings", {}))
        return judge(asked, settings, cache=tmp_path / "cache", **options)

    return judged


def test_scores_come_back_with_the_grasp_they_belong_to(serve, run, samples):
    by_text = {sample.instruction: 10.0 + 20.0 * i for i, sample in enumerate(samples)}

    def respond(body, number):
        (score,) = (s for text, s in by_text.items() if text in asked_text(body))
        return good(score)

    judgement = run(serve(respond=respond), samples)
    assert [entry.name for entry in judgement.scored] == [s.name for s in samples]
    assert [entry.score for entry in judgement.scored] == [10.0, 30.0, 50.0, 70.0]
    score = judgement.score
    assert score is not None
    assert score.mean == 40.0
    assert score.ci95 is not None
    assert score.ci95[0] < 40.0 < score.ci95[1]


def test_a_second_run_sends_nothing(serve, run, samples):
    server = serve()
    first = run(server, samples, repeats=2)
    assert len(server.bodies) == 8
    again = run(server, samples, repeats=2)
    assert len(server.bodies) == 8
    assert again.from_cache == 8
    assert again.scored == first.scored


def test_more_repeats_ask_only_what_is_new(serve, run, samples):
    server = serve()
    run(server, samples)
    run(server, samples, repeats=3)
    assert len(server.bodies) == 12


def test_a_grasp_without_an_answer_is_named_and_is_no_zero(serve, run, samples):
    bad = samples[1].instruction

    def respond(body, number):
        return Reply(completion("No idea.")) if bad in asked_text(body) else good(80)

    judgement = run(serve(respond=respond), samples, settings={"reasks": 1})
    assert judgement.scored[1].score is None
    (failure,) = judgement.failures
    assert failure.name == samples[1].name
    assert "Malformed 2 times" in failure.reason
    assert judgement.score is not None
    assert (judgement.score.mean, judgement.score.n) == (80.0, 3)
    report = json.loads(judgement.to_json())
    assert report["grasps"][1]["score"] is None
    assert report["failures"][0]["name"] == samples[1].name


def test_only_failed_questions_are_asked_again(serve, run, samples):
    bad = samples[1].instruction
    server = serve(respond=lambda body, _: refusal(500) if bad in asked_text(body) else good())
    run(server, samples, settings={"retries": 0})
    server.respond = lambda body, number: good(90)
    asked_before = len(server.bodies)
    judgement = run(server, samples)
    assert [bad in asked_text(body) for body in server.bodies[asked_before:]] == [True]
    assert judgement.failures == ()
    assert judgement.scored[1].score == 90


def test_a_dead_server_ends_the_run_soon(serve, run, controls):
    server = serve(respond=lambda body, number: refusal(500, "out of order"))
    with pytest.raises(SemgraspError, match=r"8 questions in a row.*out of order"):
        run(server, controls, settings={"retries": 1, "concurrency": 1})
    assert len(server.bodies) == 16


def test_a_wrong_key_ends_the_run_at_once(serve, run, samples):
    server = serve(respond=lambda body, number: refusal(401, "bad key"))
    with pytest.raises(SemgraspError, match="bad key"):
        run(server, samples, settings={"concurrency": 1})
    assert len(server.bodies) == 1


def test_grasps_that_cannot_be_asked_about_are_named(serve, run, samples):
    mute = dataclasses.replace(samples[0], name="mute", instruction=" ")
    judgement = run(serve(), [mute, samples[1]], damaged=[Damaged("torn", "It is torn.")])
    assert [failure.name for failure in judgement.failures] == ["mute", "torn"]
    with pytest.raises(InputError, match="instruction"):
        run(serve(), [mute])


def test_nothing_that_is_sent_tells_controls_apart(serve, run, controls):
    """Requests differ in instruction and picture only, and come in a mixed order."""
    mugs = [c for c in controls if c.shape.category == "mug"]
    asked = candidates(controls[:3], mugs)
    kinds = {c.control for c in asked}
    assert {"", "good"} < kinds
    assert len(kinds) >= 5
    server = serve()
    judgement = run(server, asked, settings={"concurrency": 1})
    assert len(server.bodies) == len(asked) == len(judgement.scored) + len(judgement.controls)

    prompt = read_prompt()
    instructions = {c.sample.instruction for c in asked}
    for body, headers in zip(server.bodies, server.headers, strict=True):
        text = json.dumps({**body, "messages": "removed"}) + json.dumps(headers)
        assert not any(word in text for word in ("control", *kinds) if word)
        before, _, after = prompt.partition("{instruction}")
        sent = asked_text(body)
        assert sent.startswith(before)
        assert sent.endswith(after)
        assert sent[len(before) : len(sent) - len(after)] in instructions
    picture = Image.open(io.BytesIO(asked_png(server.bodies[0])))
    assert picture.info == {}

    sent_order = [hashlib.sha256(asked_png(body)).hexdigest() for body in server.bodies]
    again = serve()
    run(again, asked, seed=1, settings={"concurrency": 1, "temperature": 0.5})
    other_order = [hashlib.sha256(asked_png(body)).hexdigest() for body in again.bodies]
    assert sorted(sent_order) == sorted(other_order)
    assert sent_order != other_order


def test_repeats_measure_how_far_the_judge_agrees_with_itself(serve, run, samples):
    noise = iter(np.random.default_rng(0).normal(0, 1, 99))

    def respond(body, number):
        base = 20 * next(i for i, s in enumerate(samples) if s.instruction in asked_text(body))
        return good(30 + base + float(next(noise)))

    agreed = run(serve(respond=respond), samples, repeats=3).agreement
    assert agreed is not None
    assert agreed.grasps == 4
    assert agreed.icc > 0.95
    assert agreed.alpha > 0.95
    assert 0.1 < agreed.spread < 3
    assert run(serve(respond=respond), samples).agreement is None


def test_a_judge_that_looks_is_told_from_one_that_does_not(serve, run, controls):
    """The looking judge sees whether hand and object are apart in the close-up, as pixels."""
    goods = [c for c in controls if c.shape.category in ("mug", "bottle")]
    asked = [c for c in candidates([], goods) if c.control in ("good", "off_object")]

    def looking(body, number):
        picture = np.asarray(Image.open(io.BytesIO(asked_png(body))).convert("RGB")).astype(int)
        half = len(picture) // 2
        red, _, blue = np.moveaxis(picture[half:, half:], -1, 0)
        is_hand, is_object = red > blue + 40, blue > red + 40
        borders = (is_hand[1:] & is_object[:-1]) | (is_hand[:-1] & is_object[1:])
        return good(min(100.0, 2.0 * float(borders.sum())))

    calibration = run(serve(respond=looking), asked).calibration
    assert calibration is not None
    assert calibration.auc > 0.95
    assert calibration.warning == ""
    assert calibration.good.mean > calibration.wrong.mean + 20
    assert set(calibration.auc_by_kind) == {"off_object"}

    blind = run(serve(), asked, seed=1, settings={"temperature": 1.0}).calibration
    assert blind is not None
    assert blind.auc == 0.5
    assert "does not demonstrably tell" in blind.warning


def test_estimate_counts_what_is_sent(serve, run, settings_for, samples):
    server = serve()
    asked = [*candidates(samples), *candidates([dataclasses.replace(samples[0], instruction="")])]
    cost = estimate(asked, settings_for(server), repeats=2)
    run(server, asked, repeats=2)
    assert cost.questions == len(server.bodies) == 8


def test_the_cache_tells_questions_apart_by_all_that_matters(tmp_path):
    question = Question("m", "p", b"png", None, 0)
    others = [
        dataclasses.replace(question, **change)
        for change in (
            {"model": "n"}, {"prompt": "q"}, {"png": b"x"}, {"temperature": 0.0}, {"repeat": 1},
        )
    ]  # fmt: skip
    assert len({q.key for q in (question, *others)}) == 6
    assert question.key == dataclasses.replace(question).key


def test_a_damaged_cache_file_is_asked_again(serve, run, samples, tmp_path):
    server = serve()
    run(server, samples)
    files = sorted((tmp_path / "cache").rglob("*.json"))
    assert len(files) == 4
    files[0].write_text('{"answer": {"score"')
    files[1].write_text("[]")
    run(server, samples)
    assert len(server.bodies) == 6
    assert AnswerCache(tmp_path / "none").get(Question("m", "p", b"", None)) is None


def test_pictures_are_kept_on_request(serve, run, samples, tmp_path):
    run(serve(), samples, pictures=tmp_path / "pictures")
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 4


def test_a_prompt_of_ones_own_says_where_the_instruction_goes(tmp_path):
    own = tmp_path / "prompt.txt"
    own.write_text("Rate {instruction}: {braces} stay")
    assert read_prompt(own) == "Rate {instruction}: {braces} stay"
    own.write_text("Rate this.")
    with pytest.raises(InputError, match=r"\{instruction\}"):
        read_prompt(own)
    with pytest.raises(InputError, match="nowhere"):
        read_prompt(tmp_path / "nowhere.txt")


def test_the_prompt_of_the_package_asks_for_what_is_read():
    text = read_prompt()
    for word in ("0 to 100", "part_touched", "reason", "score"):
        assert word in text
    assert verdict(5)
