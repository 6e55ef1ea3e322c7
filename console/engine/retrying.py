"""Jobs with retries: one at a time, on its own thread; attempts and next time are in the store, failures are shown.

What is to be done follows from the cases (``jobs.py``); the store's rows say how it fares. So a job is not lost with a row, and a
row without a job ends. A claim is written before each attempt: attempts are counted over a crash, too. While the store
is away jobs go on in memory, and their rows are written later.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from console.domain.changes import ChangeSet
from console.domain.clock import Clock
from console.domain.jobs import JobKey, JobKind, JobRow, JobState
from console.domain.record_ids import is_provisional
from console.engine.faults import Faults
from console.services.ports import JobStore, NotLeading, StoreUnavailable
from console.services.state import DeskState
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

FAULT = "store/jobs"
_FIRST_S, _LONGEST_S = 2.0, 300.0
_STORE_AGAIN_S = 1.0
Result = Callable[[DeskState], ChangeSet]


@dataclass(frozen=True, slots=True)
class Again:
    """Answer of a job that never ends: it is due again after so many real seconds."""

    pause_s: float


@dataclass(eq=False)
class Job:
    """``what``: name in a fault's line. ``case``: id of the case it belongs to, "" of none. ``longest_s``: between two attempts.

    ``work``: blocking; its result is a decision, or that it is due again.

    ``epoch``: of the leader that asked for it. ``is_begun``: an attempt runs, or its result is being written; ``is_taken``:
    the latter.
    """

    key: JobKey
    what: str
    case: str
    work: Callable[[], Result | Again]
    epoch: int | None = None
    attempts: int = 0
    due: float = 0.0
    longest_s: float = 0.0
    is_begun: bool = False
    is_taken: bool = False

    @property
    def name(self) -> str:
        """Name of its fault."""
        return f"{self.key.kind}/{self.key.subject}"


def pause_s(attempts: int) -> float:
    """Real seconds before the next attempt."""
    return min(_FIRST_S * 2.0 ** min(attempts - 1, 30), _LONGEST_S) if attempts else 0.0


class Retrying:
    """Called from the engine's thread. ``clock`` gives the shown time of the next attempt, waiting is in real seconds.

    ``hand_over``: gets a job's result, on the thread of the jobs; ``ended`` or ``failed`` must follow.
    """

    def __init__(self, clock: Clock, store: JobStore, faults: Faults, hand_over: Callable[[Job, Result], None]) -> None:
        self._clock, self._store, self._faults, self._hand_over = clock, store, faults, hand_over
        self._changed = threading.Condition()
        self._jobs: dict[JobKey, Job] = {}
        self._done: dict[tuple[JobKind, str], JobKey] = {}
        self._left: dict[JobKey, JobRow] = {}
        """Rows of an earlier leader whose jobs were not asked for yet."""
        self._unneeded: set[JobKind] = set()
        """Kinds whose jobs were all asked for: what is left of them is no longer needed."""
        self._unwritten: dict[JobKey, tuple[JobRow, int | None]] = {}
        self._is_unread = True
        self._epoch: int | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def lead(self, epoch: int | None) -> None:
        """This process does the jobs from now on, and begins with what the one before has recorded of them."""
        with self._changed:
            self._epoch, self._is_unread = epoch, True
            self._changed.notify_all()

    def add(self, job: Job) -> None:
        """Ask for a job; nothing when it is there already, or was the last one done of its kind and subject."""
        with self._changed:
            if job.key in self._jobs or self._done.get((job.key.kind, job.key.subject)) == job.key:
                return
            self._done.pop((job.key.kind, job.key.subject), None)
            job.epoch = self._epoch
            self._jobs[job.key] = job
            row = self._left.pop(job.key, None)
            if row is None:
                self._put(job, JobState.WAITING)
            else:
                self._resumed(job, row)
            self._changed.notify_all()

    def all_asked(self, kinds: Collection[JobKind]) -> None:
        """Every job of these kinds was added: rows of other ones are no longer needed."""
        with self._changed:
            self._unneeded.update(kinds)
            self._end_left()
            self._changed.notify_all()

    def of_case(self, case: str) -> tuple[Job, ...]:
        """The jobs of a case whose results are awaited."""
        with self._changed:
            return tuple(job for job in self._jobs.values() if job.case == case)

    def cases(self) -> set[str]:
        """Cases with jobs."""
        with self._changed:
            return {job.case for job in self._jobs.values() if job.case}

    def is_wanted(self, job: Job) -> bool:
        """Whether the job was neither superseded nor dropped."""
        with self._changed:
            return self._jobs.get(job.key) is job

    def ended(self, job: Job) -> None:
        """Its result is on disk."""
        with self._changed:
            if self._jobs.get(job.key) is job:
                self._done[job.key.kind, job.key.subject] = job.key
                self._end(job, JobState.DONE)

    def supersede(self, job: Job, reason: str) -> None:
        """It is no longer needed: a running one's result is not taken."""
        with self._changed:
            if self._jobs.get(job.key) is job:
                log.info("%s: not needed any more: %s", job.what, reason)
                self._end(job, JobState.SUPERSEDED, reason)

    def failed(self, job: Job, fault: Exception) -> None:
        """An attempt failed; the next one comes after a pause."""
        if not isinstance(fault, QuanmaiError):
            log.error("%s: %s", job.what, fault, exc_info=fault)
        with self._changed:
            if self._jobs.get(job.key) is not job:
                return  # superseded meanwhile
            job.is_begun = job.is_taken = False
            wait_s = pause_s(job.attempts)
            job.due = time.monotonic() + wait_s
            self._put(job, JobState.FAILED, wait_s, str(fault))
            self._show(job, str(fault), wait_s)
            self._changed.notify_all()

    def drop_all(self) -> None:
        """Another process leads: nothing is done or written any more; the faults end."""
        with self._changed:
            for job in self._jobs.values():
                self._faults.end(job.name)
            for known in (self._jobs, self._done, self._left, self._unwritten):
                known.clear()
            self._unneeded.clear()
            self._faults.end(FAULT)
            self._is_unread = True

    def close(self, patience_s: float) -> None:
        """Finish the running job, leave the waiting ones to the next start."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    # The thread of the jobs.

    def _run(self) -> None:
        while (job := self._next()) is not None:
            if not self._is_claimed(job):
                continue
            try:
                result = job.work()
            except Exception as fault:  # noqa: BLE001 - shown with its next time, tried again
                self.failed(job, fault)
            else:
                if isinstance(result, Again):
                    self._again(job, result.pause_s)
                else:
                    self._hand_over(job, result)
        self._write()

    def _next(self) -> Job | None:
        while not self._closing:
            self._read()
            self._write()
            with self._changed:
                now = time.monotonic()
                waiting = (job for job in self._jobs.values() if not (job.is_begun or self._is_unread))
                job = min(waiting, key=lambda one: one.due, default=None)
                if job is not None and job.due <= now:
                    job.attempts += 1
                    job.is_begun = True
                    # The next time holds for a crash in this attempt: one that crashes each time must not do so without a pause.
                    self._put(job, JobState.RUNNING, pause_s(job.attempts))
                    return job
                pauses = [job.due - now] if job is not None else []
                if self._unwritten or (self._is_unread and (self._jobs or self._unneeded)):
                    pauses.append(_STORE_AGAIN_S)
                if not self._closing:
                    self._changed.wait(min(pauses, default=None))
        return None

    def _again(self, job: Job, wait_s: float) -> None:
        with self._changed:
            if self._jobs.get(job.key) is job:
                job.is_begun, job.attempts, job.due = False, 0, time.monotonic() + wait_s
                self._put(job, JobState.WAITING, wait_s)
                self._faults.end(job.name)

    def _is_claimed(self, job: Job) -> bool:
        """Whether it may begin: the claim is on disk, or the store is away and nobody else can have one."""
        self._write()
        return self.is_wanted(job)

    def _read(self) -> None:
        """Once this process leads: the rows of unfinished jobs."""
        with self._changed:
            if not self._is_unread or not (self._jobs or self._unneeded):
                return
        try:
            rows = self._store.unfinished()
        except StoreUnavailable as fault:
            self._faults.begin(FAULT, str(fault))
            return
        with self._changed:
            self._is_unread = False
            for row in rows:
                job = self._jobs.get(row.key)
                if job is None:
                    self._left[row.key] = row
                else:
                    self._unwritten.pop(row.key, None)
                    self._resumed(job, row)
            self._end_left()

    def _write(self) -> None:
        """Write rows that changed; while the store is away they wait, the last one of each job."""
        with self._changed:
            if self._is_unread:
                return
            taken, self._unwritten = self._unwritten, {}
        try:
            for epoch in {epoch for _, epoch in taken.values()}:
                self._store.record([row for row, of in taken.values() if of == epoch], epoch)
        except NotLeading:
            self._forget(taken)
        except StoreUnavailable as fault:
            self._faults.begin(FAULT, str(fault))
            with self._changed:
                self._unwritten = {**taken, **self._unwritten}
        else:
            self._faults.end(FAULT)

    def _forget(self, taken: Mapping[JobKey, tuple[JobRow, int | None]]) -> None:
        """Another process leads and has its own rows; this one may lead again meanwhile, under a later epoch."""
        with self._changed:
            for key, (_, epoch) in taken.items():
                job = self._jobs.get(key)
                if job is not None and job.epoch == epoch:
                    del self._jobs[key]
                    self._faults.end(job.name)

    # With the lock held.

    def _put(self, job: Job, state: JobState, wait_s: float = 0.0, reason: str = "") -> None:
        if not is_provisional(job.case):  # it is asked for again under the final id
            self._unwritten[job.key] = JobRow(job.key, state, job.attempts, wait_s, reason), job.epoch

    def _end(self, job: Job, state: JobState, reason: str = "") -> None:
        del self._jobs[job.key]
        self._put(job, state, reason=reason)
        self._faults.end(job.name)
        self._changed.notify_all()

    def _end_left(self) -> None:
        for key in [key for key in self._left if key.kind in self._unneeded]:
            row = self._left.pop(key)
            ended = JobRow(key, JobState.SUPERSEDED, row.attempts, reason="no longer needed when this process began")
            self._unwritten[key] = ended, self._epoch

    def _resumed(self, job: Job, row: JobRow) -> None:
        """Attempts and next time go on where the process before has left them."""
        job.attempts = row.attempts
        longest_s = pause_s(row.attempts) if row.attempts else job.longest_s
        wait_s = min(max(row.wait_s, 0.0), longest_s)  # a clock that was set back strands no job
        job.due = time.monotonic() + wait_s
        if row.state is JobState.FAILED:
            self._show(job, row.reason, wait_s)

    def _show(self, job: Job, reason: str, wait_s: float) -> None:
        again = (self._clock.now() + timedelta(seconds=wait_s)).isoformat(timespec="seconds")
        self._faults.begin(job.name, f"{job.what}: {reason}; attempt {job.attempts} failed, the next is at {again}")
