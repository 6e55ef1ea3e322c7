"""Zone balance: change of the metered net inflow of zones, and of the flow and opening of the PRVs that feed them.

A PRV holds its downstream pressure, so a burst shows in its flow and opening, and often more in the pressures upstream
of it. The test is whether the zone's net inflow exceeds its usual value.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import BurstFinding
from console.detection.flow.dma_balance import RISING_SIGMAS, ZoneInflow
from console.detection.flow.pressure_zones import Partition, ZoneLink
from console.domain.alarms import Evidence
from console.domain.clock import micros, moment
from console.domain.readings import Channel
from maps.city import City
from maps.columns import Floats

FLOW, OPENING, SETPOINT = 0, 1, 2
CHANNELS = (Channel.FLOW, Channel.VALVE_POSITION, Channel.SETPOINT)
_TICKS = 60
_LEAST_TICKS, _BEFORE_TICKS = 10, 12
_LEAST_SHARE, _LEAST_M3H = 0.03, 1.0
"""Least significant change as a share of the usual value, even at low noise."""
_AROUND = 6
_STIRRED_SHARE, _STIRRED_LEAST = np.array([0.2, 0.1, 0.005]), np.array([0.5, 1.0, 0.0])


@dataclass(frozen=True, eq=False)
class _Tick:
    """``seen``: values, ``above``: values minus usual; (stations at links, CHANNELS), NaN where missing."""

    at_us: int
    seen: Floats
    above: Floats


@dataclass(frozen=True, slots=True)
class Change:
    """Change of a meter, or of a sum of meters, against the ticks before an event. ``at_us``: time of the last sample.

    ``least``, ``most``: range of the readings in those ticks.
    """

    size: float
    noise: float
    usual: float
    at_us: int
    least: float
    most: float

    @property
    def shown(self) -> float:
        """The last reading."""
        return self.usual + self.size

    @property
    def is_clear(self) -> bool:
        """Whether the change is significant, either way."""
        return abs(self.size) > RISING_SIGMAS * self.noise


class ZoneBalance:
    """Tracks the measurements on the links into parts of the city. Call ``tick`` once a tick, then the other methods."""

    def __init__(self, city: City, parts: Partition) -> None:
        self._city, self.parts = city, parts
        near = [way for way in parts.ways if {way.start, way.end} & parts.behind]
        self._row = {station: at for at, station in enumerate(sorted({row for way in near for row, _ in way.meters}))}
        self._stations = np.array(sorted(self._row), dtype=np.int64)
        self._past: deque[_Tick] = deque(maxlen=_TICKS)
        self._nets: dict[int, dict[int, Change]] = {}
        self._stacked: tuple[NDArray[np.int64], Floats, Floats] | None = None
        self.largest_jump_m3h: dict[int, float] = {}
        """Part -> largest jump of its inflow in burst-free history, once learned."""

    def tick(self, value: Floats, expected: Floats, fresh: NDArray[np.bool_], now_us: int) -> None:
        """Add a tick; arrays (stations, channels), internal units. ``fresh``: good samples of this tick."""
        if not len(self._stations):
            return
        at = np.ix_(self._stations, np.array(CHANNELS))
        seen, usual = np.where(fresh[at], value[at], np.nan), expected[at].copy()
        usual[:, OPENING:] = 0.0  # openings have no expected value: they are compared with the ticks before
        self._past.append(_Tick(now_us, seen, seen - usual))
        self._nets.clear()
        self._stacked = None

    def _history(self) -> tuple[NDArray[np.int64], Floats, Floats]:
        """(times (ticks,), seen, above (ticks, stations at links, CHANNELS)), stacked on first use in a tick."""
        if self._stacked is None:
            times = np.array([tick.at_us for tick in self._past], dtype=np.int64)
            self._stacked = times, np.stack([t.seen for t in self._past]), np.stack([t.above for t in self._past])
        return self._stacked

    def has_changed(self, ticks: int) -> bool:
        """Whether a valve's flow, opening or setpoint changed by more than demand explains within the last ticks; cheap."""
        recent = list(self._past)[-(ticks + 1) :]
        if len(recent) < 2:
            return False
        seen = np.stack([tick.seen for tick in recent])
        spread = np.fmax.reduce(seen, axis=0) - np.fmin.reduce(seen, axis=0)
        size = np.fmax.reduce(np.abs(seen), axis=0)
        return bool((spread > _STIRRED_SHARE * size + _STIRRED_LEAST).any())

    def inflows(self, since_us: int) -> dict[int, ZoneInflow]:
        """Inflow change of each metered PRV part since a time (included as the event's first tick)."""
        found = {}
        for part in sorted(self.parts.behind):
            change = self.net(part, since_us)
            if change is not None:
                names = " + ".join(way.asset_id for way in self.parts.feeding(part))
                found[part] = ZoneInflow(names, change.size, change.noise, self.is_whole(part))
        return found

    def nets(self, since_us: int) -> dict[int, Change]:
        """Change of net inflow of every wholly metered part whose meters report."""
        if since_us not in self._nets:
            found = {part: self.net(part, since_us) for part in sorted(self.parts.behind) if self.is_whole(part)}
            self._nets[since_us] = {part: change for part, change in found.items() if change is not None}
        return self._nets[since_us]

    def net(self, part: int, since_us: int) -> Change | None:
        """Change of a part's metered inflow minus its outflow to other parts, m³/h; None unless all its valves report."""
        if not all(self._flow_meter(way) for way in self.parts.feeding(part)):
            return None
        signed = [
            (self._row[meter[0]], sign * meter[1])
            for way, sign in self.parts.touching(part)
            if (meter := self._flow_meter(way)) is not None
        ]
        return self._change(signed, FLOW, since_us)

    def through(self, way: ZoneLink, since_us: int, channel: int = FLOW, *, as_read: bool = False) -> Change | None:
        """Change of a link's flow (m³/h, along it) or opening (as reported); None where it does not report.

        ``as_read``: without subtracting the daily profile, e.g. for pumps that run at a different time each day.
        """
        for station, sign in way.meters:
            signed = [(self._row[station], sign if channel == FLOW else 1.0)]
            found = self._change(signed, channel, since_us, as_read=as_read)
            if found is not None:
                return found
        return None

    def setpoint_changed(self, way: ZoneLink, since_us: int) -> bool:
        """Whether a valve's setpoint channel has changed since then."""
        rows = [self._row[station] for station, _ in way.meters]
        if not rows or not self._past:
            return False
        times, seen, _ = self._history()
        after, before = seen[times >= since_us][:, rows, SETPOINT], seen[times < since_us][-1:, rows, SETPOINT]
        if not len(after) or not len(before):
            return False
        moved = np.abs(after - before) > 0.01 * np.maximum(np.abs(after), np.abs(before))
        return bool(moved.any())

    def is_whole(self, part: int) -> bool:
        """Whether every link across a part's boundary has a meter, so that a missing rise is evidence too."""
        return all(self._flow_meter(way) is not None for way, _ in self.parts.touching(part))

    def is_metered(self, way: ZoneLink) -> bool:
        """Whether a link's flow has been reported recently."""
        return self._flow_meter(way) is not None

    def evidence(self, finding: BurstFinding) -> tuple[Evidence, ...]:
        """Risen flows and openings at the valves of the zones of a burst's candidates, as evidence.

        Where all valves are metered the net inflow of the zone must have risen: flow that only moved to another valve, or goes on
        to another zone, is no loss here.
        """
        pipes, since_us = self._city.network.pipes, micros(finding.first_abnormal_at)
        rows = [pipes.row(name) for name in finding.location.set_90 if pipes.has(name)]
        held = set(self.parts.label[pipes.from_node[rows]].tolist()) | set(self.parts.label[pipes.to_node[rows]].tolist())
        found: list[Evidence] = []
        for part in sorted(held & self.parts.behind):
            net = self.net(part, since_us)
            if net is None or net.size > RISING_SIGMAS * net.noise:
                found += self._risen(part, since_us)
        return tuple(found)

    def _risen(self, part: int, since_us: int) -> list[Evidence]:
        found = []
        for way in self.parts.feeding(part):
            for station, sign in way.meters:
                for column, along in ((FLOW, sign), (OPENING, 1.0)):
                    change = self._change([(self._row[station], along)], column, since_us)
                    if change is not None and change.size > RISING_SIGMAS * change.noise:
                        shown = along * change.shown
                        name = str(self._city.stations.asset_id[station])
                        word = CHANNELS[column].name.lower()
                        at = moment(change.at_us)
                        found.append(Evidence(name, word, shown, shown - along * change.size, at, way.asset_id))
        return found

    def rises(self, part: int, since_us: int, name: str) -> list[Evidence]:
        """Meters at a part's boundary with risen inward flow, as evidence under ``name``."""
        found = []
        for way, sign in self.parts.touching(part):
            for station, along in way.meters:
                change = self._change([(self._row[station], along * sign)], FLOW, since_us)
                if change is not None and change.size > RISING_SIGMAS * change.noise:
                    shown, size = along * sign * change.shown, along * sign * change.size
                    asset_id = str(self._city.stations.asset_id[station])
                    found.append(Evidence(asset_id, "flow", shown, shown - size, moment(change.at_us), name))
        return found

    def _flow_meter(self, way: ZoneLink) -> tuple[int, float] | None:
        """The first of a link's stations that reports flow."""
        for station, sign in way.meters:
            at = self._row.get(station)
            if at is not None and self._past and np.isfinite(self._history()[1][:, at, FLOW]).any():
                return station, sign
        return None

    def _change(self, signed: list[tuple[int, float]], column: int, since_us: int, *, as_read: bool = False) -> Change | None:
        """Change of the signed sum of meters since a time against the ticks just before; noise from its variation before."""
        if not signed or not self._past:
            return None
        rows, signs = [row for row, _ in signed], np.array([sign for _, sign in signed])
        times, raw, less_usual = self._history()
        seen = raw[:, rows, column] @ signs
        above = seen if as_read else less_usual[:, rows, column] @ signs
        known, since = np.isfinite(above), times >= since_us
        before = above[known & ~since]
        if len(before) < _LEAST_TICKS or not (known & since).any():
            return None
        last = int(np.flatnonzero(known & since)[-1])
        size = float(above[last] - np.median(before[-_BEFORE_TICKS:]))
        usual = float(seen[last] - size)
        scale = float(np.nanmedian(np.abs(raw[:, rows, column])))
        least = _LEAST_SHARE * max(abs(usual), scale) + (_LEAST_M3H if column == FLOW else 0.0)
        noise = max(_robust_sigma(before), least / RISING_SIGMAS)
        read = seen[known & ~since][-_BEFORE_TICKS:]
        return Change(size, noise, usual, int(times[last]), float(read.min()), float(read.max()))


def _robust_sigma(before: Floats) -> float:
    """Robust standard deviation of a series about the median of the ticks before."""
    if len(before) <= _AROUND:
        return 1.4826 * float(np.median(np.abs(before - np.median(before))))
    windows = np.lib.stride_tricks.sliding_window_view(before, _AROUND)[:-1]
    off = np.abs(before[_AROUND:] - np.median(windows, axis=1))
    return 1.4826 * float(np.median(off))
