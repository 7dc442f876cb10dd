"""Help teaches, and importing for it stays light."""

import subprocess
import sys

import pytest

from semgrasp.cli.main import main


@pytest.mark.parametrize(
    "command", [[], ["generate"], ["demo"], ["doctor"], ["describe"], ["evaluate"], ["judge"]]
)
def test_help_gives_an_example(capsys, command):
    with pytest.raises(SystemExit) as exit_:
        main([*command, "--help"])
    assert exit_.value.code == 0
    text = capsys.readouterr().out
    assert "example" in text
    assert "semgrasp " in text


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom semgrasp.cli.main import _parser\n_parser().format_help()\n"
        "print(sorted({'torch', 'numpy', 'transformers', 'rich'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
