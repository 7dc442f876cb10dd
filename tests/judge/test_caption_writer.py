"""Richer captions from a real HTTP server: what is asked, what is kept, what trouble does."""

import json
import re
import runpy
import sys
from pathlib import Path

import pytest
import torch
from chat_server import Reply, completion, refusal

from semgrasp.dataset import PackedDataset
from semgrasp.dataset.capgrasp import read_captions
from semgrasp.errors import SemgraspError
from semgrasp.judge.caption_writer import CaptionWriter
from semgrasp.judge.chat import ServerRefusedError
from semgrasp.objects.procedural import make_object
from semgrasp.synthesis.captions import GraspFacts
from semgrasp.synthesis.raw import RawGrasp, save_unit
from semgrasp.synthesis.rich_captions import (
    UnusableReplyError,
    caption_prompt,
    captions_of_reply,
    names_part,
)
from semgrasp.types import FINGERS

SCRIPTS = Path(__file__).parents[2] / "scripts"
ASKED = "Pour me a coffee, and leave the rim to me."
ENTRY = {"kind": "high", "turns": [ASKED, "<grasp> The hand takes the mug by the handle."]}
CHAT = {
    "kind": "chat",
    "turns": ["Coffee?", "By the rim?", "No, by the ear.", "<grasp> The hand is on the handle."],
}


def facts(fingers=("thumb", "index")) -> GraspFacts:
    return GraspFacts(
        category="mug",
        intent="use",
        target_part="handle",
        grasp_type="prismatic 4 finger",
        avoid_parts=("rim",),
        part_names=("body", "handle", "rim"),
        touched={finger: ("handle",) for finger in fingers},
        directions=("side",),
    )


def reply(*entries) -> Reply:
    return Reply(completion(json.dumps({"captions": list(entries)})))


@pytest.fixture
def writer_for(settings_for, tmp_path):
    def make(server, **options):
        return CaptionWriter(settings_for(server, **options), tmp_path / "replies", 3)

    return make


def written(writer, grasps):
    kept = {}
    writer.write(grasps, kept.__setitem__)
    return kept


def test_the_question_holds_the_contact_states_and_the_captions_come_back(serve, writer_for):
    server = serve(reply(ENTRY, CHAT))
    kept = written(writer_for(server), {"mug/1": facts()})
    (body,) = server.bodies
    prompt = body["messages"][0]["content"]
    for words in (
        "Object: mug", "Part that is taken: the handle", "Left alone: the rim",
        "Touching the handle: the thumb and index finger", "comes from the side", "Write 3 short",
        "Do not use these words: able,",
    ):  # fmt: skip
        assert words in prompt
    assert body["response_format"]["json_schema"]["schema"]["required"] == ["captions"]
    first, second = kept["mug/1"]
    assert first["turns"][0] == {"from": "human", "value": ASKED}
    assert (first["kind"], first["bank"], first["names_part"]) == ("high", "train", False)
    assert (second["kind"], second["names_part"]) == ("chat", True)


def test_grasps_of_which_the_same_is_known_share_one_question(serve, writer_for):
    server = serve(reply(ENTRY))
    kept = written(writer_for(server), {"a": facts(), "b": facts()})
    assert len(server.bodies) == 1
    assert kept["a"] == kept["b"]


@pytest.mark.parametrize(
    "trouble",
    [
        refusal(429, headers={"retry-after": "0.05"}),
        refusal(500),
        Reply(b'{"choices": ['),
        Reply(completion("x"), cut=True),
        Reply(completion("x"), delay=1.0),
    ],
    ids=["429", "500", "half-json", "cut", "silent"],
)
def test_trouble_on_the_way_is_retried(serve, writer_for, trouble):
    writer = writer_for(serve(trouble, trouble, reply(ENTRY)), timeout=0.3)
    assert written(writer, {"a": facts()})["a"][0]["turns"][0]["value"] == ASKED
    assert writer.traffic.retries == 2


@pytest.mark.parametrize(
    "text",
    [
        "Here you are!",
        '{"captions": []}',
        '{"captions": "none"}',
        json.dumps({"captions": [{**ENTRY, "kind": "loud"}]}),
        json.dumps({"captions": [{"kind": "high", "turns": ["Take it.", "No grasp here."]}]}),
        json.dumps({"captions": [{"kind": "high", "turns": ["Take the body.", "<grasp> Yes."]}]}),
        json.dumps({"captions": [{"kind": "high", "turns": ["Seize it.", "<grasp> Yes."]}]}),
        json.dumps({"captions": [{"kind": "chat", "turns": ["Take it.", "<grasp> Yes."]}]}),
    ],
    ids=["prose", "none", "no-list", "kind", "no-grasp", "other-part", "reserved", "short-chat"],
)
def test_a_reply_without_a_usable_caption_is_asked_for_again(serve, writer_for, text):
    server = serve(Reply(completion(text)), reply(ENTRY))
    writer = writer_for(server)
    assert len(written(writer, {"a": facts()})["a"]) == 1
    assert writer.traffic.reasked == 1
    _, shown, correction = server.bodies[1]["messages"]
    assert shown["content"] == text
    assert "captions" in correction["content"]


def test_what_is_unusable_among_good_captions_is_left_out():
    captions = captions_of_reply({"captions": [{"kind": "high"}, ENTRY, ENTRY, CHAT]}, facts())
    assert [caption["kind"] for caption in captions] == ["high", "chat"]
    with pytest.raises(UnusableReplyError, match="None of the 1 captions"):
        captions_of_reply({"captions": [{"kind": "high"}]}, facts())


def test_a_second_run_sends_nothing_and_a_damaged_answer_is_asked_for_again(
    serve, writer_for, tmp_path
):
    server = serve(reply(ENTRY), reply(ENTRY))
    grasps = {"a": facts(), "b": facts(("thumb", "ring"))}
    first = written(writer_for(server), grasps)
    again = writer_for(server)
    assert again.unanswered(grasps) == []
    assert written(again, grasps) == first
    assert again.from_cache == 2
    assert len(server.bodies) == 2
    next((tmp_path / "replies").rglob("*.json")).write_text('{"reply": ')
    assert len(writer_for(server).unanswered(grasps)) == 1


def test_a_run_that_breaks_off_goes_on_where_it_was(serve, writer_for):
    grasps = {str(i): facts(FINGERS[: i + 1]) for i in range(4)}

    def respond(body, number):
        return refusal(401, "no credit") if number == 2 else reply(ENTRY)

    server = serve(respond=respond)
    kept = {}
    with pytest.raises(ServerRefusedError):
        writer_for(server, concurrency=1).write(grasps, kept.__setitem__)
    assert len(kept) == 2
    again = writer_for(server, concurrency=1)
    assert set(written(again, grasps)) == set(grasps)
    assert again.from_cache == 2
    asked = [body["messages"][0]["content"] for body in server.bodies]
    assert len(asked) == 3 + 2
    assert asked[3] == asked[2]


def test_a_grasp_that_stays_unanswered_is_named_and_the_others_are_written(serve, writer_for):
    bad = caption_prompt(facts(("ring",)), 3)

    def respond(body, number):
        asked = body["messages"][0]["content"]
        return refusal(503, "overloaded") if asked == bad else reply(ENTRY)

    writer = writer_for(serve(respond=respond), retries=1)
    kept = written(writer, {"good": facts(), "bad": facts(("ring",))})
    assert set(kept) == {"good"}
    assert "overloaded" in writer.failures["bad"]


def test_a_wrong_key_stops_the_run_at_once(serve, writer_for):
    server = serve(respond=lambda body, number: refusal(401, "bad key"))
    with pytest.raises(ServerRefusedError, match="401"):
        written(writer_for(server, concurrency=1), {"a": facts(), "b": facts(("ring",))})
    assert len(server.bodies) == 1


def test_a_server_that_is_down_is_given_up(serve, writer_for):
    server = serve(respond=lambda body, number: refusal(500))
    hands = [FINGERS[:i] for i in range(1, 6)] + [FINGERS[i:] for i in range(1, 6)]
    with pytest.raises(SemgraspError, match="Stopped after 8"):
        written(
            writer_for(server, retries=0, concurrency=1),
            {str(hand): facts(hand) for hand in hands},
        )
    assert len(server.bodies) == 8


def test_the_part_counts_as_named_by_any_of_its_names():
    assert names_part("Take the ear.", facts())
    assert names_part("by the HANDLE", facts())
    assert not names_part("Take the earring and the mug.", facts())


@pytest.fixture
def root(tmp_path) -> Path:
    """Raw grasps of one mug."""
    names = make_object("mug", 7).shape.part_names
    grasps = []
    for number in range(2):
        contacts = torch.zeros(len(FINGERS), len(names), dtype=torch.bool)
        contacts[number : number + 2, names.index("handle")] = True
        T_object_hand = torch.eye(4)
        T_object_hand[0, 3] = 0.01 * number
        grasps.append(
            RawGrasp(
                category="mug", object_seed=7, case="mug.handle.hook", site="handle",
                target_part="handle", intent="use", grasp_type="prismatic 4 finger",
                avoid_parts=("rim",), part_names=names, T_object_hand=T_object_hand,
                finger_angles=torch.zeros(15, 3), betas=torch.zeros(10), contacts=contacts,
                region_distance=torch.zeros(17), depth=0.001, volume=1e-7, displacement=0.002,
            )
        )  # fmt: skip
    save_unit(tmp_path / "open" / "raw" / "mug_0007", "mug", grasps, {}, 1.0)
    return tmp_path / "open"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a script in this process: exit code, output, errors."""

    def start(script: str, *options: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [script, *options])
        code = 0
        try:
            runpy.run_path(str(SCRIPTS / script), run_name="__main__")
        except SystemExit as end:
            code = end.code
        output, errors = capsys.readouterr()
        return code, output, " ".join(errors.split())

    return start


def test_the_script_estimates_asks_and_its_captions_join_the_data_set(serve, root, run):
    server = serve(refusal(500), reply(ENTRY, CHAT), reply(ENTRY))
    options = (
        "--root", str(root), "--model", "seer", "--base-url", server.url,
        "--price", "1", "2", "--requests-per-minute", "6000", "--concurrency", "1",
    )  # fmt: skip
    code, said, errors = run("caption_with_llm.py", *options)
    assert code == 2
    assert "2 questions" in said
    assert re.search(r"about \$0\.\d\d", said)
    assert "Nothing was sent. Add --yes" in errors
    assert server.bodies == []

    code, said, errors = run("caption_with_llm.py", *options, "--yes")
    assert code == 0, errors
    assert "3 captions of 2 grasps" in said
    assert len(server.bodies) == 3
    code, _, errors = run("caption_with_llm.py", *options)
    assert code == 0, errors
    assert len(server.bodies) == 3

    output = root / "CapGrasp_LLM"
    folders = {p.parent for p in (output / "CapGrasp").rglob("*.json")}
    top = output / "CapGrasp" / "captions" / "v0_1"
    read = [c for f in folders for c in read_captions(output, f.relative_to(top))]
    assert sorted(c["kind"] for c in read) == ["chat", "high", "high"]

    options = ("--root", str(root), "--packed-only", "--more-captions", str(output))
    assert run("caption_dataset.py", *options)[0] == 0
    data = PackedDataset.load(root / "packed")
    said = [c["turns"][0]["value"] for captions in data.captions for c in captions]
    assert said.count(ASKED) == 2
    assert len(said) == 2 * 6 + 3
