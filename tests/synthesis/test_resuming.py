"""The synthesis script continues where it stopped."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from semgrasp.synthesis.raw import Tally, save_unit


@pytest.fixture
def script(monkeypatch):
    path = Path(__file__).parents[2] / "scripts" / "synthesize.py"
    spec = importlib.util.spec_from_file_location("synthesize_script", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "synthesize_script", module)
    spec.loader.exec_module(module)
    return module


def test_finished_units_are_not_run_again(script, monkeypatch, tmp_path, capsys):
    for first in (0, 2):
        for category in ("mug", "knife"):
            path = tmp_path / "raw" / f"{category}_{first:04d}"
            save_unit(
                path,
                category,
                [],
                {"mug.body.hold": Tally(attempted=5, geometry=4, judged=2, held=1)},
                1.0,
            )
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "raw").iterdir()}
    arguments = ["synthesize.py", "--output", str(tmp_path), "--shapes", "4", "--chunk", "2"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--categories", "mug", "knife"])
    script.main()
    assert "4 units, 4 already done" in capsys.readouterr().out
    after = {path: path.stat().st_mtime_ns for path in before}
    assert after == before
    table = json.loads((tmp_path / "raw" / "yield.json").read_text())
    assert table["cases"]["mug.body.hold"]["attempted"] == 20
    assert table["cases"]["mug.body.hold"]["yield"] == 0.4


def test_units_of_all_categories_alternate_and_have_their_own_seeds(script, monkeypatch, tmp_path):
    import argparse

    arguments = argparse.Namespace(
        shapes=5, chunk=2, categories=["mug", "knife"], seed=3, per_case=8, output=tmp_path,
        suffix="", only_cases=[],
    )  # fmt: skip
    units = script.plan(arguments)
    assert [unit.category for unit in units] == ["mug", "knife"] * 3
    assert [unit.count for unit in units[::2]] == [2, 2, 1]
    assert len({unit.path for unit in units}) == 6


def test_an_unknown_category_is_refused_by_name(script, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["synthesize.py", "--categories", "teapot"])
    with pytest.raises(SystemExit):
        script.main()
    assert "teapot" in capsys.readouterr().err
