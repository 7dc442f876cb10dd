"""`semgrasp robots` lists hands and judges descriptions."""

import re
from pathlib import Path

import pytest

from semgrasp.cli.main import main

GUIDE = Path(__file__).parents[2] / "docs" / "add_a_robot_hand.md"


@pytest.fixture
def gripper(tmp_path):
    text = GUIDE.read_text()
    for kind, suffix in (("yaml", "yaml"), ("xml", "xml")):
        block = re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)[1]
        (tmp_path / f"my_gripper.{suffix}").write_text(block)
    return tmp_path / "my_gripper.yaml"


def test_list_names_every_hand_and_where_its_model_comes_from(capsys):
    assert main(["robots", "list"]) == 0
    text = capsys.readouterr().out
    for name in ("shadow_hand", "allegro_hand", "leap_hand", "panda_hand", "robotiq_2f85"):
        assert re.search(rf"{name} .*model: ", text)


def test_check_draws_a_good_gripper_and_finds_nothing(gripper, tmp_path, capsys):
    picture = tmp_path / "pictures" / "gripper.png"
    assert main(["robots", "check", str(gripper), "--output", str(picture)]) == 0
    assert "no problems found" in capsys.readouterr().out
    assert picture.stat().st_size > 5_000


def test_check_names_each_problem_and_fails(gripper, capsys):
    text = gripper.read_text().replace("opening: 0.08 ", "opening: 0.2 ")
    gripper.write_text(text.replace("across: [0, 1, 0]", "across: [0, -1, 0]"))
    assert main(["robots", "check", str(gripper)]) == 2
    captured = capsys.readouterr()
    assert captured.out.count("problem: ") == 3
    assert "my_gripper has 3 problems" in captured.err


def test_check_of_an_unknown_hand_says_which_there_are(capsys):
    assert main(["robots", "check", "claw"]) == 2
    assert "Available: allegro_hand" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["list"], ["check"]])
def test_help_explains(capsys, words):
    with pytest.raises(SystemExit) as exit_:
        main(["robots", *words, "--help"])
    assert exit_.value.code == 0
    assert "semgrasp robots" in capsys.readouterr().out
