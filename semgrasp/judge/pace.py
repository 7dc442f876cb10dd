"""A common clock for threads that send requests, so that together they stay within a rate."""

import threading
import time


class StoppedError(Exception):
    """The run was stopped while a thread waited for its turn."""


class Pace:
    """Spaces the starts of requests evenly, and holds all of them when the server asks for it.

    Args:
        per_minute: Starts in a minute.
        stop: Ends every wait at once.
    """

    def __init__(self, per_minute: float, stop: threading.Event) -> None:
        self._interval = 60.0 / per_minute
        self._stop = stop
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def wait_for_turn(self) -> None:
        """Return when the calling thread may send.

        Raises:
            StoppedError: The run was stopped.
        """
        while True:
            with self._lock:
                now = time.monotonic()
                if now >= self._next and not self._stop.is_set():
                    self._next = now + self._interval
                    return
                pause = self._next - now
            if self._stop.wait(max(0.0, pause)):
                raise StoppedError

    def hold(self, seconds: float) -> None:
        """Let nobody send for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Let the calling thread alone wait.

        Raises:
            StoppedError: The run was stopped.
        """
        if self._stop.wait(seconds):
            raise StoppedError
