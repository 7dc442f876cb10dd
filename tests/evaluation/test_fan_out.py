"""Tasks are shared between processes, and what goes wrong in one stays there."""

import os
import subprocess
import sys
import time
from pathlib import Path

from doubling import double_or_die

from semgrasp.evaluation.fan_out import WorkerDiedError, fan_out


def test_every_task_is_done_once_in_this_process():
    assert list(fan_out(abs, [-3, 1, -2])) == [(0, 3), (1, 1), (2, 2)]


def test_no_task_is_no_work():
    assert list(fan_out(abs, [], workers=2)) == []


def test_a_process_that_dies_is_named_and_the_others_go_on():
    """`os._exit` stands for a crash in compiled code."""
    results = dict(fan_out(double_or_die, [1, 0], workers=2))
    assert isinstance(results[1], WorkerDiedError)
    assert results[0] == 2


def test_a_script_without_a_guard_can_use_processes_and_takes_them_along_when_killed(tmp_path):
    """Python's own rule for spawned processes would start the script again in each."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, time\n"
        "from semgrasp.evaluation.fan_out import fan_out\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from doubling import own_id\n"
        "for _, number in fan_out(own_id, range(1000), workers=2):\n"
        "    print(number, flush=True)\n"
        "    time.sleep(0.05)\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        line = parent.stdout.readline()
        parent.kill()
    assert line.strip().isdecimal(), line
    deadline = time.monotonic() + 10
    while _is_alive(int(line)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_alive(int(line))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
