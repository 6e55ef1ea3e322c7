"""MeterWatch: what flows say beside the pressures: DMA inflows and reducing valves, of any finding and for themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from console.detection.balance import balanced
from console.detection.behind import parts_of
from console.detection.finding import BurstFinding, StationFinding
from console.detection.history import History
from console.detection.inflows import InflowWatch, Surge
from console.detection.reducing import ReducingWatch
from console.detection.zones import ZoneWatch
from console.domain.clock import micros
from maps.city import City
from maps.columns import Floats


class MeterWatch:
    """``read`` and ``tick`` once a tick; then ``weighed`` may be asked of that tick's findings."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._zones, self.reducing = ZoneWatch(city), ReducingWatch(city, parts_of(city))
        self._inflows = InflowWatch(city, [self.reducing.parts, self._zones.wholly_metered()])

    def read(self, value: Floats, expected: Floats, good: NDArray[np.bool_], now_us: int) -> Surge | None:
        """What meters show before bursts are looked for: a zone that suddenly takes more; arrays (stations, channels)."""
        self.reducing.tick(value, expected, good, now_us)
        return self._inflows.tick(value, good, now_us)

    def tick(
        self, value: Floats, expected: Floats, good: NDArray[np.bool_], now_us: int, *, disturbed: bool
    ) -> list[StationFinding]:
        """Boundaries that seem open; arrays (stations, channels), inside units. ``good``: usable samples of this tick.

        ``disturbed``: a burst is open, flows that change are its doing.
        """
        return self._zones.tick(value, expected, good, now_us, disturbed=disturbed)

    def weighed(self, finding: BurstFinding, value: Floats, now_us: int) -> BurstFinding:
        """The finding with candidates weighed by metered inflows, and with the flows that speak for it."""
        found = self._by_valves(self._zones.weighed(finding, value, now_us))
        told = {(one.station_id, one.channel) for one in found.evidence}
        more = [one for one in self.reducing.evidence(found) if (one.station_id, one.channel) not in told]
        return replace(found, evidence=(*found.evidence, *more))

    def _by_valves(self, finding: BurstFinding) -> BurstFinding:
        """Weighed by what zones behind reducing valves take, unless the DMAs' meters have already said so."""
        inflows = self.reducing.inflows(micros(finding.first_abnormal_at))
        if not inflows or any(one.channel == "flow" for one in finding.evidence):
            return finding
        pipes, label = self._city.network.pipes, self.reducing.parts.label
        names = [one.pipe_id for one in finding.location.candidates if pipes.has(one.pipe_id)]
        rows = [pipes.row(name) for name in names]
        ends = zip(label[pipes.from_node[rows]].tolist(), label[pipes.to_node[rows]].tolist(), strict=True)
        return replace(finding, location=balanced(finding.location, dict(zip(names, ends, strict=True)), inflows))

    def learn(self, history: History) -> None:
        """The meters' noise from quiet history."""
        self._zones.learn(history)
        self._inflows.learn(history)
        self.reducing.loudest_m3h = self._inflows.loudest(self.reducing.parts)
