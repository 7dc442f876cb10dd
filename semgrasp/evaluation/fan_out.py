"""One function over many tasks: in this process, on all cores, or on a Ray cluster.

Results come as they are finished, with the index of their task. Workers start afresh (spawn), so
nothing depends on what the calling program has loaded, and each computes on one thread. They do not
run the calling script again, so it needs no `if __name__ == "__main__"`, and they end with it,
also where it is killed.
"""

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import types
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for
from typing import TypeVar

from semgrasp.errors import SemgraspError, require

Task = TypeVar("Task")
Result = TypeVar("Result")

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class WorkerDiedError(SemgraspError):
    """The process of a task was killed: out of memory, or a crash in compiled code."""


def fan_out(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    workers: int = 1,
    ray_address: str | None = None,
) -> Generator[tuple[int, Result | WorkerDiedError], None, None]:
    """Apply a function of a module to every task.

    Args:
        workers: Processes; 1 computes in this one.
        ray_address: Use Ray instead: "local" starts it on this machine, else the address of a
            cluster ("auto" finds the one that runs here).
    """
    if ray_address is not None:
        yield from _by_ray(function, tasks, ray_address, workers)
    elif workers <= 1 or not tasks:
        for index, task in enumerate(tasks):
            yield index, function(task)
    else:
        yield from _by_processes(function, tasks, workers)


def _by_processes(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int
) -> Generator[tuple[int, Result | WorkerDiedError], None, None]:
    done: set[int] = set()
    with contextlib.suppress(BrokenProcessPool):
        for index, result in _pool(function, tasks, range(len(tasks)), workers):
            done.add(index)
            yield index, result
    # A process died and took the pool with it. Whose fault it was shows when the tasks that are
    # left run alone.
    for index in range(len(tasks)):
        if index in done:
            continue
        try:
            yield from _pool(function, tasks, [index], 1)
        except BrokenProcessPool:
            yield (
                index,
                WorkerDiedError("The process that measured it died: memory ran out or it crashed."),
            )


def _pool(
    function: Callable[[Task], Result], tasks: Sequence[Task], indices: Sequence[int], workers: int
) -> Iterator[tuple[int, Result]]:
    with _environment(_ONE_THREAD):
        executor = ProcessPoolExecutor(
            min(workers, len(indices)),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
        )
        left = iter(indices)
        running: dict[Future[Result], int] = {}
        try:
            while True:
                # Few tasks wait at a time: each carries the meshes of its grasps.
                while len(running) < 2 * workers and (index := next(left, None)) is not None:
                    with _no_script():
                        task = pickle.dumps(tasks[index])
                        running[executor.submit(_call, function, task)] = index
                if not running:
                    break
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield running.pop(future), future.result()
        except BaseException:
            _stop(executor)
            raise
        executor.shutdown()


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and do not outlive it: a killed one cannot say goodbye."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    """End this process at once when the parent has ended."""
    wait_for([sentinel])
    os._exit(1)


@contextlib.contextmanager
def _no_script() -> Iterator[None]:
    """Processes started in the block do not run the calling script for its definitions.

    Python would do so for functions that are defined there; ours are in modules, and a script
    without `if __name__ == "__main__"` would start processes without end.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _stop(executor: ProcessPoolExecutor) -> None:
    """End the workers at once: after an interruption nobody waits for their results."""
    processes = list((getattr(executor, "_processes", None) or {}).values())
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables that processes started in the block inherit."""
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def _call(function: Callable[[Task], Result], pickled_task: bytes) -> Result:
    """Apply the function to a task that travelled as bytes.

    Arrays that Ray itself hands over are read-only. Tensors that multiprocessing hands over are
    moved to shared memory, away from under the numpy arrays that look at them.
    """
    return function(pickle.loads(pickled_task))


def _by_ray(
    function: Callable[[Task], Result], tasks: Sequence[Task], address: str, workers: int
) -> Generator[tuple[int, Result | WorkerDiedError], None, None]:
    ray = require("ray", extra="distributed")
    is_ours = not ray.is_initialized()
    if is_ours:
        options = {"num_cpus": max(1, workers)} if address == "local" else {}
        ray.init(
            address=address,
            include_dashboard=False if address == "local" else None,
            log_to_driver=False,
            logging_level="error",
            runtime_env={"env_vars": _ONE_THREAD},
            **options,
        )
    try:
        remote = ray.remote(max_retries=1)(_call)
        left = iter(range(len(tasks)))
        running: dict = {}
        limit = 2 * max(workers, int(ray.cluster_resources().get("CPU", 1)))
        while True:
            while len(running) < limit and (index := next(left, None)) is not None:
                running[remote.remote(function, pickle.dumps(tasks[index]))] = index
            if not running:
                break
            finished, _ = ray.wait(list(running), num_returns=1)
            for reference in finished:
                index = running.pop(reference)
                try:
                    yield index, ray.get(reference)
                except ray.exceptions.WorkerCrashedError:
                    yield index, WorkerDiedError("The Ray worker that measured it died.")
    finally:
        if is_ours:
            ray.shutdown()
