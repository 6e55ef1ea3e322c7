"""Roll-up of readings to minutes and quarters of an hour: a job that looks each hour, and works in short steps.

A day is rolled up once it has ended, and again when readings of it came late. Between two steps it rests: readings and jobs of
cases come first.
"""

from __future__ import annotations

import logging
import time

from console.domain.clock import Clock, micros
from console.domain.rollups import DueDay
from console.engine.retrying import Again
from console.services.ports import RollupStore

log = logging.getLogger(__name__)

LOOK_S = 3600.0
_ENDED_US = 3_600_000_000
"""A day is rolled up this long after its end: most late readings have come by then."""
_STEP_S, _SHARE, _LEAST_REST_S = 0.5, 3.0, 0.05
_CHANNELS = 100


class Rollup:
    """``step`` is called on the thread of the jobs."""

    def __init__(self, store: RollupStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._begun: DueDay | None = None
        self._left: list[tuple[int, int, int]] = []
        """Channels of the day that was begun; which these are is a search over all blocks of the day."""

    def step(self) -> Again:
        """Roll up for about half a second. Raises StoreUnavailable, NotLeading."""
        started = time.monotonic()
        for due in self._store.due(micros(self._clock.now()) - _ENDED_US):
            if due != self._begun:
                self._begun, self._left = due, list(self._store.missing(due.day))
            while self._left:
                self._store.roll(due.day, self._left[:_CHANNELS])
                del self._left[:_CHANNELS]
                took_s = time.monotonic() - started
                if took_s > _STEP_S:
                    return Again(max(_SHARE * took_s, _LEAST_REST_S))
            self._store.finish(due)
            self._begun = None
            log.info("the readings of day %d since 1970 are rolled up", due.day)
        return Again(LOOK_S)
