"""Retention: deletes history that is older than its setting, once a day, in small batches, on a thread of its own.

Nothing is deleted silently: each batch is counted in its own transaction, and a run ends with a log line and an entry in the
log of actions. Entries missed because of a kill or an unavailable store follow with the next run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet

from console.domain.actors import SYSTEM
from console.domain.changes import ChangeSet
from console.domain.clock import Clock, micros, moment
from console.domain.live import LivePicture
from console.engine.commands import Commands
from console.engine.decisions import Decisions
from console.engine.faults import Faults
from console.services.analysis.retention import (
    CASE_DAYS,
    Deletion,
    HistoryKind,
    RetentionRules,
    Stretch,
    clock_fault,
    deletable,
    kept_for_cases,
)
from console.services.desk import Desk
from console.services.ports import NotLeading, Store
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

FAULT = "retention"
_DAY_US = 86_400_000_000
_FIRST_S = 60.0
_SHARE = 4.0
"""After a batch it rests for as many times the batch's duration: readings come first."""
_LOOK_S = 0.2
_FIRST_ROWS, _MOST_ROWS = 20, 2_000
_SHORT_S, _LONG_S = 0.02, 0.05


def next_batch(rows: int, took_s: float) -> int:
    """Rows of the next batch: a batch should take 20 to 50 ms, because it blocks writing readings to SQLite.

    Blocks hold from one reading to a day of them, so that no fixed number fits.
    """
    if took_s > _LONG_S:
        return max(rows // 2, 1)
    return min(rows * 2, _MOST_ROWS) if took_s < _SHORT_S else rows


class Retention:
    """Waits for the next look, real seconds. ``live``: its newest readings show whether the clock can be trusted."""

    def __init__(
        self,
        rules: RetentionRules,
        store: Store,
        clock: Clock,
        live: LivePicture,
        desk: Desk,
        decisions: Decisions,
        commands: Commands,
        faults: Faults,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        self._leads = leads
        self._rules, self._store, self._clock, self._live = rules, store, clock, live
        self._desk, self._decisions, self._commands, self._faults = desk, decisions, commands, faults
        self._ran_us: int | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Begin; the first look comes after a minute."""
        self._thread.start()

    def cease(self) -> None:
        """Delete no further batch."""
        self._closing.set()

    def close(self, patience_s: float) -> None:
        """End after the running batch."""
        self.cease()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def _run(self) -> None:
        pause_s = min(_FIRST_S, self._rules.pause_s)
        while not self._closing.wait(pause_s):
            pause_s = self._rules.pause_s
            try:
                self.look()
            except NotLeading:
                self._faults.end(FAULT)  # the leader deletes
            except QuanmaiError as fault:
                self._faults.begin(FAULT, f"old history is not deleted: {fault}; tried again later")
            except Exception as defect:  # noqa: BLE001 - shown and logged; the next look comes
                self._faults.defect("retention", defect)

    def look(self) -> None:
        """Delete what is due, at most once a day; after a clock jump it is due again, and may be refused."""
        now_us = micros(self._clock.now())
        if not self._leads():
            self._faults.end(FAULT)
            return
        if self._ran_us is not None and abs(now_us - self._ran_us) < _DAY_US:
            return
        heard = self._live.at_us[self._live.at_us > 0]
        wrong = clock_fault(now_us, heard)
        if wrong is None:
            log.info("retention: waits for the first readings, which show whether the clock is right")
            return
        if wrong:
            self._faults.begin(FAULT, f"old history is not deleted: {wrong}; check clock and feed")
            return
        kept = kept_for_cases(self._store.cases_since(now_us - CASE_DAYS * _DAY_US), now_us)
        due_us = self._store.rollups.due_since_us()
        is_whole = True
        for kind in HistoryKind:
            days = self._rules.days(kind)
            before_us = now_us - days * _DAY_US
            if kind is HistoryKind.READINGS and days and due_us is not None and due_us < before_us:
                is_whole = False  # they are rolled up first; looked at again soon
                continue
            for stretch in deletable(before_us, kept) if days else ():
                self._delete(kind, stretch, days, now_us)
        self._record()
        if is_whole and not self._closing.is_set():
            self._ran_us = now_us
            self._faults.end(FAULT)

    def _delete(self, kind: HistoryKind, stretch: Stretch, days: int, now_us: int) -> None:
        most = _FIRST_ROWS
        while not self._closing.is_set():
            started = time.monotonic()
            if not self._store.delete_history(kind, *stretch, most, days=days, at_us=now_us):
                return
            took_s = time.monotonic() - started
            most = next_batch(most, took_s)
            self._closing.wait(_SHARE * took_s)

    def _record(self) -> None:
        for deletion in self._store.deletions(unrecorded=True):
            log.warning(
                "retention: deleted %d values of %s from %s to %s, older than %d days",
                deletion.rows, deletion.kind.value, moment(deletion.from_us).isoformat(timespec="seconds"),
                moment(deletion.until_us).isoformat(timespec="seconds"), deletion.days,
            )  # fmt: skip
            if not self._is_written(deletion):
                return
            self._store.mark_recorded([deletion.deletion_id])

    def _is_written(self, deletion: Deletion) -> bool:
        """Whether the log of actions has it now; False at the end of the program."""
        answer: Future[ChangeSet] = Future()
        record = self._desk.on_deletion
        self._commands.call(lambda: self._decisions.ask(lambda _: record(deletion), SYSTEM, answer))
        while not self._closing.is_set():
            try:
                answer.result(_LOOK_S)
            except NotYet:
                continue
            return True
        return False
