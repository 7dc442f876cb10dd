"""`semgrasp judge` sends nothing unasked, and goes on where it was killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trimesh

sys.path.insert(0, str(Path(__file__).parents[1] / "judge"))

from chat_server import ChatServer, Reply, asked_png, completion, good, refusal, verdict

from semgrasp.cli.main import main

TEXT = "hold it by the handle"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four hands on a box, as `semgrasp evaluate` reads them too."""
    folder = tmp_path_factory.mktemp("pairs")
    box = trimesh.creation.box((0.06, 0.05, 0.12))
    rows = ["hand,object,instruction"]
    box.export(folder / "box.ply")
    for i in range(4):
        hand = trimesh.creation.capsule(radius=0.01, height=0.1)
        hand.apply_translation([0.045, 0.0, -0.05 + 0.005 * i])
        hand.export(folder / f"hand_{i}.ply")
        rows.append(f"hand_{i}.ply,box.ply,{TEXT}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semgrasp.judge.judging.PICTURE_SIZE", 64)


@pytest.fixture
def server():
    server = ChatServer(lambda body, number: good(60 + number))
    yield server
    server.close()


@pytest.fixture
def arguments(folder, server, tmp_path):
    return [
        "judge", str(folder), "--model", "seer", "--base-url", server.url, "--units", "m",
        "--cache", str(tmp_path / "cache"), "--requests-per-minute", "6000",
        "--concurrency", "1", "--json", str(tmp_path / "judge.json"),
    ]  # fmt: skip


def test_nothing_is_sent_without_yes(arguments, server, capsys):
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert "4 questions" in message
    assert "--yes" in message
    assert server.bodies == []


def test_a_dry_run_prints_the_estimate_with_the_price_given(arguments, server, capsys, tmp_path):
    assert main([*arguments, "--dry-run", "--yes", "--price", "2", "8"]) == 0
    assert "about $" in capsys.readouterr().err
    assert server.bodies == []
    assert not (tmp_path / "judge.json").exists()


def test_scores_are_printed_and_written(arguments, server, capsys, tmp_path):
    assert main([*arguments, "--yes"]) == 0
    out = capsys.readouterr().out
    assert "Semantic consistency" in out
    assert "handle" in out
    report = json.loads((tmp_path / "judge.json").read_text())
    assert report["model"] == "seer"
    assert report["score"]["mean"] == pytest.approx(61.5)
    assert report["score"]["n"] == 4
    assert report["score"]["ci95"][0] < 61.5 < report["score"]["ci95"][1]
    assert sorted(grasp["score"] for grasp in report["grasps"]) == [60, 61, 62, 63]
    assert report["failures"] == []
    assert report["traffic"]["requests"] == len(server.bodies) == 4


def test_failures_are_named_and_not_part_of_the_mean(arguments, server, capsys, tmp_path):
    server.respond = lambda body, number: (
        Reply(completion("Hm.")) if number == 0 or len(body["messages"]) > 1 else good(50)
    )
    assert main([*arguments, "--yes"]) == 0
    assert "1 questions without an answer" in capsys.readouterr().out
    report = json.loads((tmp_path / "judge.json").read_text())
    assert len(report["failures"]) == 1
    assert (report["score"]["mean"], report["score"]["n"]) == (50, 3)


def test_no_answer_at_all_is_an_error(arguments, server, capsys):
    server.respond = lambda body, number: refusal(400, "no pictures here")
    assert main([*arguments, "--yes"]) == 2
    assert "no pictures here" in capsys.readouterr().err


def test_a_run_that_was_killed_goes_on_where_it_was(arguments, server, tmp_path):
    answered = 2

    def respond(body, number):
        return good(70) if number < answered else Reply(completion(verdict(1)), delay=60)

    server.respond = respond
    code = (
        "import sys; import semgrasp.judge.judging as judging; judging.PICTURE_SIZE = 64\n"
        "from semgrasp.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, *arguments, "--yes"])
    try:
        give_up = time.monotonic() + 60
        while len(server.bodies) <= answered and time.monotonic() < give_up:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert len(server.bodies) == answered + 1
    assert not (tmp_path / "judge.json").exists()
    assert len(list((tmp_path / "cache").rglob("*.json"))) == answered

    server.respond = lambda body, number: good(70)
    assert main([*arguments, "--yes"]) == 0
    again = [asked_png(body) for body in server.bodies[answered + 1 :]]
    assert len(again) == 4 - answered
    assert not {asked_png(body) for body in server.bodies[:answered]} & set(again)
    report = json.loads((tmp_path / "judge.json").read_text())
    assert report["score"]["n"] == 4
    assert report["traffic"]["from_cache"] == answered


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--base-url", "localhost"], "base_url"),
        (["--repeats", "0"], "repeats"),
        (["--concurrency", "0"], "concurrency"),
        (["--prompt", "/nowhere/prompt.txt"], "prompt"),
        (["--calibrate", "/nowhere"], "nowhere"),
        (["--json", f"{__file__}/judge.json"], "Cannot write"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_sent(
    arguments, server, capsys, options, message
):
    assert main([*arguments, "--yes", *options]) == 2
    assert message in capsys.readouterr().err
    assert server.bodies == []


def test_a_missing_key_for_openai_is_refused_with_the_name_of_the_variable(
    folder, capsys, monkeypatch
):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert main(["judge", str(folder), "--units", "m", "--model", "gpt-4o", "--yes"]) == 2
    assert "OPENAI_API_KEY" in capsys.readouterr().err
