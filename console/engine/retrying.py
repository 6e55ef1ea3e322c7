"""Jobs with retries: attempts, next time, shown while they fail. One at a time, on its own thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from console.domain.clock import Clock
from console.engine.faults import Faults
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

_FIRST_S, _LONGEST_S = 2.0, 300.0


@dataclass(eq=False)
class Job:
    """``key``: one job of a key waits at a time; ``what``: name in a fault's line; ``is_wanted``: checked before each attempt."""

    key: str
    what: str
    work: Callable[[], None]
    is_wanted: Callable[[], bool]
    attempts: int = 0
    due: float = 0.0


class Retrying:
    """``add`` from any thread; ``clock`` gives the shown time of the next attempt, waiting is in real seconds."""

    def __init__(self, clock: Clock, faults: Faults) -> None:
        self._clock, self._faults = clock, faults
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def add(self, job: Job) -> None:
        """Add a job; it replaces a waiting one with its key."""
        with self._changed:
            self._jobs[job.key] = job
            self._changed.notify_all()

    def drop(self, key: str) -> None:
        """Drop the job with that key; its fault ends."""
        with self._changed:
            self._jobs.pop(key, None)
            self._faults.end(key)

    def close(self, patience_s: float) -> None:
        """Finish the running job, drop the waiting ones: the next start derives them again."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            if not job.is_wanted():
                self._faults.end(job.key)
                self._drop(job)
                continue
            try:
                job.work()
            except Exception as fault:  # noqa: BLE001 - shown with its next time, tried again
                self._failed(job, fault)
            else:
                self._faults.end(job.key)
                self._drop(job)

    def _next(self) -> Job | None:
        with self._changed:
            while not self._closing:
                now = time.monotonic()
                job = min(self._jobs.values(), key=lambda one: one.due, default=None)
                if job is not None and job.due <= now:
                    return job
                self._changed.wait(None if job is None else job.due - now)
        return None

    def _failed(self, job: Job, fault: Exception) -> None:
        job.attempts += 1
        pause_s = min(_FIRST_S * 2 ** (job.attempts - 1), _LONGEST_S)
        job.due = time.monotonic() + pause_s
        if not isinstance(fault, QuanmaiError):
            log.error("%s: %s", job.what, fault, exc_info=fault)
        again = (self._clock.now() + timedelta(seconds=pause_s)).isoformat(timespec="seconds")
        with self._changed:
            if self._jobs.get(job.key) is job:  # not dropped meanwhile
                self._faults.begin(job.key, f"{job.what}: {fault}; attempt {job.attempts} failed, the next is at {again}")

    def _drop(self, job: Job) -> None:
        with self._changed:
            if self._jobs.get(job.key) is job:
                del self._jobs[job.key]
