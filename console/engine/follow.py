"""Follow: reads what any process has committed, by the change cursor, on its own thread; of a leader also the expected values.

Polling is the truth; ``ask`` and the store's signal of commits only shorten the wait. Changes are committed in the order of
their seq, so that none is missed.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import Channel
from console.engine.faults import Faults
from console.services.ports import CommitSignal, Store, StoreUnavailable
from console.services.state import Followed

log = logging.getLogger(__name__)

FAULT = "store/follow"
POLL_S = 0.4
_EXPECTED_S = 2.0
_SIGNAL_S, _SIGNAL_AGAIN_S = 0.5, 5.0
"""So long one wait for a commit lasts, and the pause before another attempt to listen; meanwhile polls find what is committed."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read. ``answers``: number of the last ``ask`` before the reading began."""

    followed: Followed
    answers: int


@dataclass(frozen=True, eq=False)
class FollowedTick:
    """Expected values of a leader's tick: (stations, channels), NaN where none."""

    at_us: int
    expected: NDArray[np.float64]


class Follow:
    """``ask`` and ``taken`` are for the engine's thread. ``wants_expected``: whether another process computes them."""

    def __init__(
        self, store: Store, faults: Faults, wake: Callable[[], None], stations: int, wants_expected: Callable[[], bool]
    ) -> None:
        self._store, self._faults, self._wake = store, faults, wake
        self._stations, self._wants_expected = stations, wants_expected
        self._batches: queue.SimpleQueue[Batch] = queue.SimpleQueue()
        self._ticks: queue.SimpleQueue[FollowedTick] = queue.SimpleQueue()
        self._asked = self._answered = self._seq = self._tick_us = 0
        self._read_at = time.monotonic()
        self._expected_at = self._read_at - _EXPECTED_S
        self._woken, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)
        self._listener = threading.Thread(target=self._listen, name="follow-signal", daemon=True)

    def start(self, seq: int) -> None:
        """Read what is committed behind ``seq``."""
        self._seq = seq
        self._thread.start()
        self._listener.start()

    def close(self, patience_s: float) -> None:
        """Read no more."""
        self._closing.set()
        self._woken.set()
        for thread in (self._thread, self._listener):
            if thread.is_alive():
                thread.join(patience_s)

    def ask(self) -> int:
        """Read now; the batch whose ``answers`` is not below the returned number holds all that is committed before."""
        self._asked += 1
        self._woken.set()
        return self._asked

    def taken(self) -> Batch | None:
        """The next batch, in order; None when there is none."""
        return None if self._batches.empty() else self._batches.get()

    def tick(self) -> FollowedTick | None:
        """The newest expected values since the last call."""
        found = None
        while not self._ticks.empty():
            found = self._ticks.get()
        return found

    def _run(self) -> None:
        while not self._closing.is_set():
            self._woken.clear()
            try:
                self._read()
                if time.monotonic() - self._expected_at >= _EXPECTED_S and self._wants_expected():
                    self._expected_at = time.monotonic()
                    self._read_expected()
                self._read_at = time.monotonic()
                self._faults.end(FAULT)
            except StoreUnavailable as fault:
                age_s = time.monotonic() - self._read_at
                self._faults.begin(FAULT, str(fault), f"what other seats decided is shown as it was {age_s:.0f} s ago")
            except Exception as defect:  # noqa: BLE001 - shown and logged; the next poll comes
                self._faults.defect("follow", defect)
            self._woken.wait(POLL_S)

    def _read(self) -> None:
        asked = self._asked
        while True:
            followed = self._store.follow(self._seq)
            is_last = not followed.changes
            if followed.changes or asked > self._answered:
                self._answered = asked if is_last else self._answered
                self._batches.put(Batch(followed, self._answered))
                self._wake()
            self._seq = followed.head
            if is_last:
                return

    def _read_expected(self) -> None:
        tick_us = self._store.last_expected_us()
        if tick_us == self._tick_us:
            return
        kept = self._store.expected_between(tick_us, tick_us)
        expected = np.full((self._stations, len(Channel)), np.nan)
        inside = (kept.station >= 0) & (kept.station < self._stations)
        expected[kept.station[inside], kept.channel[inside]] = kept.value[inside]
        self._tick_us = tick_us
        self._ticks.put(FollowedTick(tick_us, expected))
        self._wake()

    # The signal's thread.

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                signal = self._store.commit_signal()
                if signal is None:
                    return
                self._hear(signal)
            except StoreUnavailable as fault:
                log.info("%s: what others decide is seen up to %.1f s later", fault, POLL_S)
            except Exception as defect:  # noqa: BLE001 - shown and logged; polls go on
                self._faults.defect("follow", defect)
            self._closing.wait(_SIGNAL_AGAIN_S)

    def _hear(self, signal: CommitSignal) -> None:
        try:
            while not self._closing.is_set():
                if signal.wait(_SIGNAL_S):
                    self._woken.set()
        finally:
            signal.close()
