"""Tasks are shared between processes, and what goes wrong in one stays there."""

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
