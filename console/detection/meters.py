"""MeterWatch: what flows say beside the pressures: DMA inflows and reducing valves, of any finding and for themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import BurstFinding, StationFinding
from console.detection.history import History
from console.detection.reducing import ReducingWatch
from console.detection.zones import ZoneWatch
from maps.city import City
from maps.columns import Floats


class MeterWatch:
    """``tick`` once a tick; then ``weighed`` may be asked of that tick's findings."""

    def __init__(self, city: City) -> None:
        self._zones, self._reducing = ZoneWatch(city), ReducingWatch(city)

    def tick(
        self, value: Floats, expected: Floats, good: NDArray[np.bool_], now_us: int, *, disturbed: bool
    ) -> list[StationFinding]:
        """Boundaries that seem open; arrays (stations, channels), inside units. ``good``: usable samples of this tick.

        ``disturbed``: a burst is open, flows that change are its doing.
        """
        self._reducing.tick(value, expected, good, now_us)
        return self._zones.tick(value, expected, good, now_us, disturbed=disturbed)

    def weighed(self, finding: BurstFinding, value: Floats, now_us: int) -> BurstFinding:
        """The finding with candidates weighed by metered inflows, and with the flows that speak for it."""
        found = self._zones.weighed(finding, value, now_us)
        return replace(found, evidence=(*found.evidence, *self._reducing.evidence(finding)))

    def learn(self, history: History) -> None:
        """The meters' noise from quiet history."""
        self._zones.learn(history)
