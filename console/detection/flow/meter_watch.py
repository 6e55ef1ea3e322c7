"""Meter tests: applies DMA inflows and PRV zone balances to burst findings, and reports surges and open boundary valves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import BurstFinding, OperationFinding, StationFinding
from console.detection.flow.dma_balance import RISING_SIGMAS, balanced
from console.detection.flow.inflow_surges import InflowSurges, Surge
from console.detection.flow.metered_zones import ALIKE, CLEAR_SIGMAS, MeteredZones
from console.detection.flow.pressure_zones import partition_of
from console.detection.flow.zone_balance import ZoneBalance
from console.detection.history import History
from console.domain.clock import micros, moment
from maps.city import City
from maps.columns import Floats


class MeterTests:
    """Call ``read`` and ``tick`` once a tick, then ``weighed`` for that tick's findings."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._zones, self.reducing = MeteredZones(city), ZoneBalance(city, partition_of(city))
        self._dmas = ZoneBalance(city, self._zones.wholly_metered())
        self._inflows = InflowSurges(city, [self.reducing.parts, self._dmas.parts])

    def read(self, value: Floats, expected: Floats, good: NDArray[np.bool_], now_us: int) -> Surge | None:
        """Add a tick before the burst test; returns a sudden rise of a zone's inflow. Arrays (stations, channels)."""
        self.reducing.tick(value, expected, good, now_us)
        self._dmas.tick(value, expected, good, now_us)
        return self._inflows.tick(value, good, now_us)

    def tick(
        self, value: Floats, expected: Floats, good: NDArray[np.bool_], now_us: int, *, disturbed: bool
    ) -> list[StationFinding]:
        """Boundary valves that seem open; arrays (stations, channels), internal units. ``good``: usable samples of this tick.

        ``disturbed``: a burst is open, flow changes are attributed to it.
        """
        return self._zones.tick(value, expected, good, now_us, disturbed=disturbed)

    def weighed(self, finding: BurstFinding, value: Floats, now_us: int) -> BurstFinding:
        """The finding with candidates weighted by metered inflows and with the risen flows among its evidence."""
        since_us = micros(finding.first_abnormal_at)
        nets = {part: (net.size, net.noise) for part, net in self._dmas.nets(since_us).items()}
        found = self._with_rises(self._zones.weighed(finding, value, now_us, nets), since_us)
        found = self._by_valves(found)
        told = {(one.station_id, one.channel) for one in found.evidence}
        more = [one for one in self.reducing.evidence(found) if (one.station_id, one.channel) not in told]
        return replace(found, evidence=(*found.evidence, *more))

    def _with_rises(self, finding: BurstFinding, since_us: int) -> BurstFinding:
        """The finding with the risen meters of the DMAs of its candidates as evidence."""
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
        """Whether wholly metered DMAs report and none has a significant rise of inflow."""
        nets = self._dmas.nets(since_us).values()
        return bool(nets) and not any(net.size > CLEAR_SIGMAS * net.noise for net in nets)

    def opened_boundary(self, pipe_ids: Sequence[str], since_us: int, now_us: int) -> OperationFinding | None:
        """An opened boundary valve between two DMAs: the metered inflow of one rose and that of the other fell by as much.

        Pressures fall where the inflow rose, as at a burst, but no water is lost. ``pipe_ids``: candidate pipes of the burst;
        empty for anywhere.
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
        """The valve nearest to the centre of some pipes; the first valve without pipes."""
        if not rows:
            return valve_ids[0]
        network = self._city.network
        middle = np.array([network.pipes.points(row).mean(axis=0) for row in rows]).mean(axis=0)
        at = [network.valves.row(name) for name in valve_ids]
        away = np.hypot(network.valves.x[at] - middle[0], network.valves.y[at] - middle[1])
        return valve_ids[int(np.argmin(np.nan_to_num(away, nan=np.inf)))]

    def _by_valves(self, finding: BurstFinding) -> BurstFinding:
        """The finding weighted by the inflows of PRV zones, unless DMA inflows have already done so."""
        inflows = self.reducing.inflows(micros(finding.first_abnormal_at))
        if not inflows or any(one.channel == "flow" for one in finding.evidence):
            return finding
        pipes, label = self._city.network.pipes, self.reducing.parts.label
        names = [one.pipe_id for one in finding.location.candidates if pipes.has(one.pipe_id)]
        rows = [pipes.row(name) for name in names]
        ends = zip(label[pipes.from_node[rows]].tolist(), label[pipes.to_node[rows]].tolist(), strict=True)
        return replace(finding, location=balanced(finding.location, dict(zip(names, ends, strict=True)), inflows))

    def learn(self, history: History) -> None:
        """Estimate the meters' noise from burst-free history."""
        self._zones.learn(history)
        self._inflows.learn(history)
        self.reducing.largest_jump_m3h = self._inflows.largest_jumps(self.reducing.parts)
