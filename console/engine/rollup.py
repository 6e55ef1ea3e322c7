"""Roll-up of readings to minutes and quarters of an hour: a job that looks each hour, and works in short steps.

A day is rolled up once it has ended, and again when readings of it came late. Between two steps it rests: readings and jobs of
cases come first.
"""

from __future__ import annotations

import logging
import time

from console.domain.clock import Clock, micros
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

    def step(self) -> Again:
        """Roll up for about half a second. Raises StoreUnavailable, NotLeading."""
        store, started = self._store, time.monotonic()
        for due in store.due(micros(self._clock.now()) - _ENDED_US):
            keys = store.missing(due.day)
            for first in range(0, len(keys), _CHANNELS):
                store.roll(due.day, keys[first : first + _CHANNELS])
                took_s = time.monotonic() - started
                if took_s > _STEP_S:
                    return Again(max(_SHARE * took_s, _LEAST_REST_S))
            store.finish(due)
            if keys:
                log.info("readings of day %d since 1970 are rolled up: %d channels", due.day, len(keys))
        return Again(LOOK_S)
