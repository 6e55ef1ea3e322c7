"""Detection: the detector on a thread of its own. Readings and intents never wait for it; its answers come back as calls."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from console.detection import Detector, History, TickResult
from console.domain.live import LivePicture

log = logging.getLogger(__name__)

MOST_WAITING = 30
"""Ticks that may wait for the detector (half an hour of a city's grid); what comes then is left out, and told."""

_T = TypeVar("_T")


@dataclass(frozen=True, eq=False)
class Seen:
    """The live picture's columns as they were at a tick, (stations, channels); ``disturbed``: a burst is open at the desk."""

    tick_us: int
    now_us: int
    value: NDArray[np.float64]
    at_us: NDArray[np.int64]
    quality: NDArray[np.uint8]
    disturbed: bool

    @classmethod
    def of(cls, live: LivePicture, tick_us: int, disturbed: bool) -> Seen:
        """A copy of what is live at the tick ``tick_us``."""
        # Behind its clock, the engine has newer values than the tick's: those are not ahead of time.
        now_us = max(tick_us, int(live.at_us.max(initial=0)))
        return cls(tick_us, now_us, live.value.copy(), live.at_us.copy(), live.quality.copy(), disturbed)


class Detection:
    """Ticks and learning one after the other, in the order asked; between them the signatures that a large city still lacks.

    Every answer belongs to the tick that it was asked for and arrives by ``call``, in order.
    """

    def __init__(self, detector: Detector, call: Callable[[Callable[[], None]], None]) -> None:
        """``call``: does something on the engine's thread."""
        self.detector = detector
        self._call = call
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="detection")
        self._lock = threading.Lock()
        self._open = self._ticks = 0
        self._preparing = False
        self.awaits_another = False
        """Whether a detector is on its way that knows more: with the model's states."""

    @property
    def busy(self) -> bool:
        """Whether something asked is not answered yet."""
        return self._open > 0

    @property
    def waiting_ticks(self) -> int:
        """Ticks asked and not answered."""
        return self._ticks

    def tick(self, seen: Seen, take: Callable[[TickResult], None]) -> bool:
        """Ask for a tick; ``take`` is given its result on the engine's thread. False when too many wait already."""
        if self._ticks >= MOST_WAITING:
            return False
        self._ticks += 1
        self._ask(lambda: self._ticked(seen), take)
        return True

    def learn(self, history: Callable[[], History | None]) -> Future[None]:
        """Learn from the quiet history that ``history`` reads, before the ticks that are asked for later."""

        def work() -> None:
            quiet = history()
            if quiet is not None:
                self.detector.learn(quiet)

        return self._ask(work, lambda _: None)

    def replace(self, make: Callable[[], Detector | None]) -> None:
        """Ask for another detector before all later ticks, which wait for it; None leaves the one there is."""
        self.awaits_another = True

        def work() -> None:
            try:
                self.detector = make() or self.detector
            finally:
                self.awaits_another = False

        self._ask(work, lambda _: None)

    def cease(self) -> None:
        """Give up what waits, and what is under way where it would make signatures."""
        self.detector.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """``cease``, and wait for the thread."""
        self.cease()
        self._thread.shutdown(wait=True)

    def _ticked(self, seen: Seen) -> TickResult:
        try:
            return self.detector.tick(seen.value, seen.at_us, seen.quality, seen.now_us, disturbed=seen.disturbed)
        finally:
            self._ticks -= 1
            self._prepare_later()

    def _prepare_later(self) -> None:
        """Behind what has been asked: a tick waits for one group's signatures at most."""
        if not self._preparing and self.detector.options.deferred:
            self._preparing = True
            self._ask(self._prepared, lambda _: None)

    def _prepared(self) -> None:
        self._preparing = False
        if self.detector.prepare():
            self._prepare_later()

    def _ask(self, work: Callable[[], _T], take: Callable[[_T], None]) -> Future[_T]:
        with self._lock:
            self._open += 1
        try:
            asked = self._thread.submit(work)
        except RuntimeError:  # of a pool that has been shut down
            asked = Future()
            asked.cancel()
        asked.add_done_callback(lambda done: self._answered(done, take))
        return asked

    def _answered(self, done: Future[_T], take: Callable[[_T], None]) -> None:
        given_up = done.cancelled() or (self.detector.closed and done.exception() is not None)
        if not given_up:
            # A defect is raised on the engine's thread, which logs and shows it.
            self._call(lambda: take(done.result()))
        with self._lock:
            self._open -= 1
