"""A folder is written completely or not at all."""

from pathlib import Path

import pytest

from semgrasp.cli.staging import staged_folder
from semgrasp.errors import InputError


def test_files_appear_when_the_block_ends(tmp_path: Path):
    output = tmp_path / "a" / "b"
    with staged_folder(output) as staging:
        (staging / "x.txt").write_text("x")
        assert not (output / "x.txt").exists()
    assert [file.name for file in output.iterdir()] == ["x.txt"]


def write_and_fail(output: Path) -> None:
    with staged_folder(output) as staging:
        (staging / "x.txt").write_text("later")
        raise RuntimeError


def test_nothing_appears_when_the_block_fails(tmp_path: Path):
    with pytest.raises(RuntimeError):
        write_and_fail(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_failing_run_keeps_what_an_earlier_one_wrote(tmp_path: Path):
    (tmp_path / "x.txt").write_text("earlier")
    with pytest.raises(RuntimeError):
        write_and_fail(tmp_path)
    assert (tmp_path / "x.txt").read_text() == "earlier"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_place_below_a_file_is_refused_at_once(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write"), staged_folder(tmp_path / "file" / "out"):
        pytest.fail("the block must not run")
