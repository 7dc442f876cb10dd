"""The synthesis script continues where it stopped, and always makes the same."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from semgrasp.errors import InputError
from semgrasp.synthesis.raw import Tally, unit_files
from semgrasp.synthesis.work import WorkUnit, do, missing, objects_of, plan

SCRIPT = Path(__file__).parents[2] / "scripts" / "synthesize.py"
TINY = [
    *("--categories", "knife", "--only-cases", "knife.handle.lift"),
    *("--per-case", "1", "--shapes", "3", "--chunk", "1"),
]


@pytest.fixture
def script(monkeypatch):
    spec = importlib.util.spec_from_file_location("synthesize_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "synthesize_script", module)
    spec.loader.exec_module(module)
    return module


def contents(folder: Path) -> dict[str, bytes]:
    """Every unit file, without what a run says about itself."""
    return {path.name: path.read_bytes() for path in folder.glob("*_*.*")}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """What the tiny plan gives in this process, one unit after the other."""
    folder = tmp_path_factory.mktemp("whole")
    counts = {"knife": objects_of("knife", 3)}
    for unit in plan(counts, 1, per_case=1, only_cases=("knife.handle.lift",)):
        do(unit).files.write(folder / unit.name)
    return contents(folder)


def test_a_run_killed_in_the_middle_and_resumed_equals_an_uninterrupted_one(
    uninterrupted, tmp_path
):
    command = [sys.executable, str(SCRIPT), "--output", str(tmp_path), *TINY, "--workers", "2"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    while not list((tmp_path / "raw").glob("*_*.json")) and first.poll() is None:
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    kept = contents(tmp_path / "raw")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "raw").glob("*_*.json")}
    assert 0 < len(before) < len(uninterrupted) / 2
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    assert f"{len(before)} already done" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert contents(tmp_path / "raw") == uninterrupted
    assert kept.items() <= uninterrupted.items()
    assert json.loads((tmp_path / "raw" / "yield.json").read_text())["grasps"] > 0


def test_ray_makes_the_same_bytes(uninterrupted, script, monkeypatch, tmp_path):
    pytest.importorskip("ray")
    arguments = ["synthesize.py", "--output", str(tmp_path), *TINY, "--workers", "1"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--shapes", "1", "--ray-address", "local"])
    script.main()
    made = contents(tmp_path / "raw")
    assert made
    assert made.items() <= uninterrupted.items()


def test_finished_units_are_not_run_again(script, monkeypatch, tmp_path, capsys):
    counts = {"mug": 4, "knife": 4}
    for unit in plan(counts, 2):
        tally = Tally(attempted=5, geometry=4, judged=2, held=1)
        files = unit_files(unit.category, [], {"mug.body.hold": tally}, {"recipe": unit.recipe})
        files.write(tmp_path / "raw" / unit.name)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "raw").iterdir()}
    arguments = ["synthesize.py", "--output", str(tmp_path), "--shapes", "4", "--chunk", "2"]
    monkeypatch.setattr(script, "ASSEMBLY", "none")
    monkeypatch.setattr("semgrasp.synthesis.work.objects_of", lambda category, shapes: shapes)
    monkeypatch.setattr(sys, "argv", [*arguments, "--categories", "mug", "knife"])
    script.main()
    assert "4 units, 4 already done" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in before} == before
    table = json.loads((tmp_path / "raw" / "yield.json").read_text())
    assert table["cases"]["mug.body.hold"]["attempted"] == 20
    assert table["cases"]["mug.body.hold"]["yield"] == 0.4


def test_a_unit_made_with_other_settings_is_not_taken_for_this_one(tmp_path):
    unit = WorkUnit(category="mug", first=0, count=2)
    unit_files("mug", [], {}, {"recipe": unit.recipe}).write(tmp_path / unit.name)
    assert missing([unit], tmp_path) == []
    with pytest.raises(InputError, match="per_case"):
        missing([WorkUnit(category="mug", first=0, count=2, per_case=3)], tmp_path)


def test_units_of_all_categories_alternate_and_have_their_own_seeds():
    units = plan({"mug": 5, "knife": 5}, 2, seed=3)
    assert [unit.category for unit in units] == ["mug", "knife"] * 3
    assert [unit.count for unit in units[::2]] == [2, 2, 1]
    assert len({unit.name for unit in units}) == 6
    assert len({unit.generator_seed for unit in units}) == 6


def test_a_part_of_an_unequal_plan_is_balanced():
    units = plan({"mug": 40, "assembly": 400}, 4)
    half = units[: len(units) // 2]
    assert sum(unit.category == "mug" for unit in half) == 5


def test_a_unit_whose_time_is_over_is_not_begun():
    assert do(WorkUnit(category="mug", first=0, count=1, not_after=0.0)) is None


def test_a_unit_that_fails_is_told_at_the_end_and_the_others_are_written(
    script, monkeypatch, tmp_path, capsys
):
    def fails_for_mugs(category, seeds, hands, settings, **others):
        if category == "mug":
            raise ZeroDivisionError("a broken mug")
        return [], {}

    monkeypatch.setattr("semgrasp.synthesis.work.synthesise_unit", fails_for_mugs)
    arguments = ["synthesize.py", "--output", str(tmp_path), "--shapes", "1", "--workers", "1"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--categories", "mug", "knife"])
    with pytest.raises(SystemExit, match="1 units failed and are left out: mug_0000"):
        script.main()
    assert "a broken mug" in capsys.readouterr().out
    assert set(contents(tmp_path / "raw")) == {"knife_0000.json", "knife_0000.safetensors"}


def test_an_unknown_category_is_refused_by_name(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["synthesize.py", "--categories", "sofa"])
    with pytest.raises(SystemExit):
        script.main()
    assert "sofa" in capsys.readouterr().err
