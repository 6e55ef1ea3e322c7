"""Learning again: detection learns anew from the live ticks of weeks, on a thread of its own; ticks go on with the old state."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from console.detection import Detector, History
from console.detection.driven.driven_learning import Learned, Quiet
from console.domain.clock import moment
from console.engine.background import BackgroundCall
from console.services.ports import StoreUnavailable

_log = logging.getLogger(__name__)
_LATER_US = 86_400_000_000
"""Until the next attempt where too few days without a case were left, or the store was away."""


class LearningAgain:
    """Begins when the detector is due, and hands over what was learned between two ticks. ``turn`` belongs to one thread."""

    def __init__(self, wake: Callable[[], None], quiet: Quiet) -> None:
        """``quiet``: which of some times (µs UTC) are no part of a case; read from the store on this thread."""
        self._call: BackgroundCall[tuple[Detector, Learned | None]] = BackgroundCall("learning-again", wake)
        self._quiet = quiet
        self._learned: tuple[Detector, Learned] | None = None
        self._not_before_us = 0
        self.history: Callable[[datetime], History | None] | None = None
        """Reads the quiet history until a time, for a detector that could not learn at start: too little was stored then."""

    def start(self) -> None:
        """Begin to work."""
        self._call.start()

    def close(self, patience_s: float) -> None:
        """End; a running call is not waited for: what it learns would not be used."""
        self._call.close(0.0 if self._call.busy_s else patience_s)

    def turn(self, detector: Detector, now_us: int) -> Callable[[], Callable[[], None]] | None:
        """What is to be done on detection's thread, if anything: to go on with what was learned. Never blocks; not during a tick.

        While a burst is open the old state stays: its statistic must fall below the threshold it has crossed.
        """
        if self._call.is_busy:
            self._take(now_us)
        if self._learned is not None:
            of, learned = self._learned
            if of is not detector:
                self._learned = None  # another detector took its place meanwhile
            elif not detector.is_holding:
                self._learned = None
                return lambda: _adopted(detector, learned)
        elif not self._call.is_busy:
            self._begin(detector, now_us)
        return None

    def _begin(self, detector: Detector, now_us: int) -> None:
        self._not_before_us = self._not_before_us or now_us + _LATER_US
        if now_us < self._not_before_us:
            return
        quiet, history = self._quiet, self.history
        if detector.is_due:
            again = detector.learns_again()
            self._call.begin(lambda: (detector, again(quiet)))
        elif detector.lacks_history and history is not None:
            self._call.begin(lambda: (detector, _first(detector, history(moment(now_us)))))

    def _take(self, now_us: int) -> None:
        try:
            done = self._call.taken()
        except StoreUnavailable as fault:
            _log.warning("detection goes on with what it learned before: %s", fault)
            self._not_before_us = now_us + _LATER_US
            return
        except Exception:
            self._not_before_us = now_us + _LATER_US
            raise
        if done is not None:
            detector, learned = done
            if learned is None:
                self._not_before_us = now_us + _LATER_US
            else:
                self._learned = detector, learned


def _first(detector: Detector, history: History | None) -> Learned | None:
    return None if history is None else detector.learned_from(history)


def _adopted(detector: Detector, learned: Learned) -> Callable[[], None]:
    detector.adopt(learned)
    read = learned.threshold
    _log.info("detection learned again from %.1f days; expects %.2f false bursts a month", learned.days, read.expected_a_month)
    return _nothing


def _nothing() -> None:
    """Nothing is left to do on the engine's thread."""
