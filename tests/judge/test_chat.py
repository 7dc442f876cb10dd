"""Against a real server: what goes over the wire, and what happens when it goes wrong."""

import threading
import time
from email.utils import formatdate

import pytest
from chat_server import Reply, asked_png, asked_text, completion, good, refusal, verdict

from semgrasp.errors import InputError
from semgrasp.judge import JudgeSettings
from semgrasp.judge.chat import AskingFailedError, ServerRefusedError, retry_after
from semgrasp.judge.pace import Pace, StoppedError

PNG = b"\x89PNG picture"


def test_prompt_and_picture_go_out_and_the_answer_comes_back(serve, chat_with):
    server = serve(good(83))
    chat = chat_with(server)
    answer = chat.ask("Judge this.", PNG)
    assert (answer.score, answer.part_touched, answer.reason) == (83.0, "handle", "Because.")
    (body,) = server.bodies
    assert body["model"] == "seer"
    assert asked_text(body) == "Judge this."
    assert asked_png(body) == PNG
    assert body["response_format"]["type"] == "json_schema"
    assert "temperature" not in body
    assert (chat.traffic.prompt_tokens, chat.traffic.completion_tokens) == (100, 10)


def test_a_429_is_waited_out_as_long_as_the_server_says(serve, chat_with):
    server = serve(refusal(429, headers={"retry-after": "0.4"}), good())
    chat = chat_with(server)
    assert chat.ask("?", PNG).score == 80
    assert server.times[1] - server.times[0] >= 0.4
    assert (chat.traffic.requests, chat.traffic.retries) == (2, 1)


@pytest.mark.parametrize(
    "trouble",
    [
        refusal(500),
        refusal(502),
        refusal(429),
        Reply(completion(verdict(1)), cut=True),
        Reply(b'{"choices": ['),
        Reply(b"<html>proxy</html>"),
        Reply({"choices": []}),
        Reply({"error": "model is loading"}),
    ],
    ids=["500", "502", "429", "cut", "half-json", "html", "no-choice", "error-with-200"],
)
def test_trouble_on_the_way_is_retried(serve, chat_with, trouble):
    chat = chat_with(serve(trouble, trouble, good(64)))
    assert chat.ask("?", PNG).score == 64
    assert chat.traffic.retries == 2


def test_a_silent_server_is_given_up_and_asked_again(serve, chat_with):
    chat = chat_with(serve(Reply(completion(verdict(1)), delay=1.5), good(64)), timeout=0.3)
    begin = time.monotonic()
    assert chat.ask("?", PNG).score == 64
    assert time.monotonic() - begin < 1.4


def test_retries_are_bounded_and_the_last_reason_is_told(serve, chat_with):
    server = serve(*[refusal(503, "overloaded")] * 10)
    with pytest.raises(AskingFailedError, match=r"3 tries.*503.*overloaded"):
        chat_with(server, retries=2).ask("?", PNG)
    assert len(server.bodies) == 3


def test_nobody_there_is_told_as_such(serve, chat_with):
    server = serve()
    chat = chat_with(server, retries=1)
    server.close()
    with pytest.raises(AskingFailedError, match="refused"):
        chat.ask("?", PNG)


@pytest.mark.parametrize(
    "text",
    ["Looks fine to me!", '{"score": 80}', verdict(150), verdict(-1), "", '{"score": "high"}'],
)
def test_a_malformed_answer_is_shown_to_the_model_and_asked_again(serve, chat_with, text):
    server = serve(Reply(completion(text)), good(55))
    chat = chat_with(server)
    assert chat.ask("?", PNG).score == 55
    assert chat.traffic.reasked == 1
    question, shown, correction = server.bodies[1]["messages"]
    assert question == server.bodies[0]["messages"][0]
    assert shown["content"] == (text or "(nothing)")
    assert "score" in correction["content"]


def test_an_answer_that_stays_malformed_fails_and_is_no_zero(serve, chat_with):
    server = serve(*[Reply(completion("0"))] * 9)
    with pytest.raises(AskingFailedError, match="Malformed 3 times"):
        chat_with(server, reasks=2).ask("?", PNG)
    assert len(server.bodies) == 3


def test_a_server_without_schemas_is_asked_more_simply_from_then_on(serve, chat_with):
    def respond(body, number):
        form = body.get("response_format", {}).get("type")
        return refusal(400, f"unknown response_format {form}") if form else good(71)

    server = serve(respond=respond)
    chat = chat_with(server)
    assert [chat.ask("?", PNG).score, chat.ask("?", PNG).score] == [71, 71]
    forms = [body.get("response_format", {}).get("type") for body in server.bodies]
    assert forms == ["json_schema", "json_object", None, None]
    assert chat.traffic.retries == 0


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (refusal(401, "bad key"), "401.*bad key"),
        (refusal(404, "no such model"), "no such model"),
        (refusal(429, "You exceeded it", code="insufficient_quota"), "no credit"),
        (refusal(429, headers={"retry-after": "86400"}), "86400 s"),
    ],
)
def test_what_waiting_cannot_mend_stops_the_run(serve, chat_with, trouble, message):
    server = serve(trouble)
    with pytest.raises(ServerRefusedError, match=message):
        chat_with(server).ask("?", PNG)
    assert len(server.bodies) == 1


def test_retry_after_is_seconds_milliseconds_or_a_date():
    now = 1_700_000_000.0
    assert retry_after({"retry-after": "12"}, now=now) == 12.0
    assert retry_after({"retry-after-ms": "250", "retry-after": "9"}, now=now) == 0.25
    date = formatdate(now + 30, usegmt=True)
    assert retry_after({"retry-after": date}, now=now) == pytest.approx(30.0)
    assert retry_after({"retry-after": formatdate(now - 5, usegmt=True)}, now=now) == 0.0
    assert retry_after({"retry-after": "soon"}, now=now) is None
    assert retry_after({}, now=now) is None


def test_threads_together_stay_within_the_rate():
    pace = Pace(1200.0, threading.Event())
    starts: list[float] = []

    def send() -> None:
        for _ in range(3):
            pace.wait_for_turn()
            starts.append(time.monotonic())

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Nine starts are eight intervals of 50 ms.
    assert max(starts) - min(starts) >= 0.39


def test_a_stopped_run_waits_for_nothing():
    stop = threading.Event()
    pace = Pace(60.0, stop)
    pace.hold(60.0)
    threading.Timer(0.05, stop.set).start()
    begin = time.monotonic()
    with pytest.raises(StoppedError):
        pace.wait_for_turn()
    assert time.monotonic() - begin < 5.0


def test_the_key_for_openai_never_reaches_another_server(serve, chat_with, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    server = serve()
    chat_with(server).ask("?", PNG)
    assert "sk-secret" not in str(server.headers)


def test_a_key_is_sent_from_the_variable_that_is_named(serve, chat_with, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-mine")
    server = serve()
    chat_with(server, api_key_env="MY_KEY").ask("?", PNG)
    assert server.headers[0]["authorization"] == "Bearer sk-mine"


def test_a_missing_key_is_named(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InputError, match="OPENAI_API_KEY"):
        JudgeSettings(model="gpt-4o").api_key()


@pytest.mark.parametrize(
    "options",
    [
        {"model": " "},
        {"model": "m", "base_url": "localhost:8000"},
        {"model": "m", "base_url": "http://user:secret@host/v1"},
        {"model": "m", "concurrency": 0},
        {"model": "m", "requests_per_minute": 0.0},
        {"model": "m", "timeout": float("nan")},
        {"model": "m", "temperature": 3.0},
    ],
)
def test_settings_that_cannot_work_are_refused(options):
    with pytest.raises(InputError):
        JudgeSettings(**options)
