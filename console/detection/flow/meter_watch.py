"""MeterWatch: what flows say beside the pressures: DMA inflows and reducing valves, of any finding and for themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import BurstFinding, OperationFinding, StationFinding
from console.detection.flow.dma_balance import RISING_SIGMAS, balanced
from console.detection.flow.inflow_surges import InflowWatch, Surge
from console.detection.flow.metered_zones import ALIKE, CLEAR_SIGMAS, ZoneWatch
from console.detection.flow.pressure_zones import parts_of
from console.detection.flow.zone_balance import BalanceWatch
from console.detection.history import History
from console.domain.clock import micros, moment
from maps.city import City
from maps.columns import Floats


class MeterWatch:
    """``read`` and ``tick`` once a tick; then ``weighed`` may be asked of that tick's findings."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._zones, self.reducing = ZoneWatch(city), BalanceWatch(city, parts_of(city))
        self._dmas = BalanceWatch(city, self._zones.wholly_metered())
        self._inflows = InflowWatch(city, [self.reducing.parts, self._dmas.parts])

    def read(self, value: Floats, expected: Floats, good: NDArray[np.bool_], now_us: int) -> Surge | None:
        """What meters show before bursts are looked for: a zone that suddenly takes more; arrays (stations, channels)."""
        self.reducing.tick(value, expected, good, now_us)
        self._dmas.tick(value, expected, good, now_us)
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
        since_us = micros(finding.first_abnormal_at)
        nets = {part: (net.size, net.noise) for part, net in self._dmas.nets(since_us).items()}
        found = self._with_rises(self._zones.weighed(finding, value, now_us, nets), since_us)
        found = self._by_valves(found)
        told = {(one.station_id, one.channel) for one in found.evidence}
        more = [one for one in self.reducing.evidence(found) if (one.station_id, one.channel) not in told]
        return replace(found, evidence=(*found.evidence, *more))

    def _with_rises(self, finding: BurstFinding, since_us: int) -> BurstFinding:
        """With the meters by which the DMAs that hold the burst take more."""
        pipes, label = self._city.network.pipes, self._dmas.parts.label
        rows = [pipes.row(name) for name in finding.location.set_90 if pipes.has(name)]
        told = {(one.station_id, one.channel) for one in finding.evidence}
        more = []
        for part, net in self._dmas.nets(since_us).items():
            if net.size > RISING_SIGMAS * net.noise and part in label[pipes.from_node[rows]]:
                more += self._dmas.rises(part, since_us, str(self._city.zones.name[part]))
        new = (one for one in more if (one.station_id, one.channel) not in told)
        return replace(finding, evidence=(*finding.evidence, *new))

    def takes_no_more(self, since_us: int) -> bool:
        """Whether wholly metered DMAs are heard and none of them takes clearly more than just before."""
        nets = self._dmas.nets(since_us).values()
        return bool(nets) and not any(net.size > CLEAR_SIGMAS * net.noise for net in nets)

    def opened_boundary(self, pipe_ids: Sequence[str], since_us: int, now_us: int) -> OperationFinding | None:
        """A closed valve between two DMAs that seems to have been opened: one takes more by its meters, the other as much less.

        The one that takes more is where pressures fall, as at a burst; but no water is lost, it only comes another way.
        ``pipe_ids``: where a burst would lie; empty for anywhere.
        """
        pipes, nets, label = self._city.network.pipes, self._dmas.nets(since_us), self._dmas.parts.label
        rows = [pipes.row(name) for name in pipe_ids if pipes.has(name)]
        held = set(label[pipes.from_node[rows]].tolist()) | set(label[pipes.to_node[rows]].tolist())
        for one, other, valves in self._zones.boundaries:
            for gains, loses in ((one, other), (other, one)):
                if gains not in nets or loses not in nets or (rows and gains not in held):
                    continue
                up, down = nets[gains], nets[loses]
                clear = up.size > CLEAR_SIGMAS * up.noise and down.size < -CLEAR_SIGMAS * down.noise
                if clear and abs(up.size + down.size) < ALIKE * max(up.size, -down.size):
                    return OperationFinding(moment(now_us), "boundary", self._nearest(valves, rows))
        return None

    def _nearest(self, valve_ids: tuple[str, ...], rows: list[int]) -> str:
        """The valve nearest to the middle of some pipes, the first where there are none."""
        if not rows:
            return valve_ids[0]
        network = self._city.network
        middle = np.array([network.pipes.points(row).mean(axis=0) for row in rows]).mean(axis=0)
        at = [network.valves.row(name) for name in valve_ids]
        away = np.hypot(network.valves.x[at] - middle[0], network.valves.y[at] - middle[1])
        return valve_ids[int(np.argmin(np.nan_to_num(away, nan=np.inf)))]

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
