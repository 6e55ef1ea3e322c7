"""Watchdog: detects that the engine's thread is blocked, and logs and shows it."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable

log = logging.getLogger(__name__)

SILENT_AFTER_S = 10.0
_LOOK_S = 0.5
_STEP_S = 1.0


class Watchdog:
    """Watches a thread that calls ``turned``; real monotonic time. ``is_silent``: set while the thread is blocked.

    On a suspended machine every process stops: of a long pause between two checks only the time that this process
    computed counts.
    """

    def __init__(self, watched: threading.Thread, limit_s: float = SILENT_AFTER_S) -> None:
        self._watched, self._limit_s = watched, limit_s
        self._turns = 0
        self.is_silent = threading.Event()
        self._listeners: list[Callable[[], None]] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener``, on the watchdog's thread, each time the watched one is blocked."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def turned(self) -> None:
        """The watched thread completed a turn."""
        self._turns += 1

    def close(self) -> None:
        """Watch no more."""
        self._closing.set()

    def _run(self) -> None:
        seen, silent_s = self._turns, 0.0
        at, computed = time.monotonic(), time.process_time()
        while not self._closing.wait(_LOOK_S):
            before, computed_before = at, computed
            at, computed = time.monotonic(), time.process_time()
            step_s = min(at - before, max(_STEP_S, computed - computed_before))
            if self._turns != seen:
                self._again(silent_s)
                seen, silent_s = self._turns, 0.0
                continue
            silent_s += step_s
            if silent_s > self._limit_s and not self.is_silent.is_set():
                self._say(silent_s)

    def _say(self, silent_s: float) -> None:
        self.is_silent.set()
        frame = sys._current_frames().get(self._watched.ident or 0)
        where = "".join(traceback.format_stack(frame)) if frame is not None else "it has ended"
        log.critical(
            "engine: its thread has not turned for %.0f s; readings are not shown, bursts are not found. It stands at:\n%s",
            silent_s, where,
        )  # fmt: skip
        for listener in self._listeners:
            listener()

    def _again(self, silent_s: float) -> None:
        if self.is_silent.is_set():
            self.is_silent.clear()
            log.warning("engine: its thread turns again, after %.0f s", silent_s)
