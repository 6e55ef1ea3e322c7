"""PRV operations: distinguishes closed, opened or adjusted PRVs from bursts by the water balance of the zones they feed.

A PRV that closes in parallel to another has the same pressure response as a burst at its outlet: its flow is missing there.
But a burst raises the zone's inflow; closing, opening or adjusting a PRV does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import OperationFinding
from console.detection.flow.dma_balance import RISING_SIGMAS
from console.detection.flow.pressure_zones import Partition, ZoneLink
from console.detection.flow.zone_balance import OPENING, ZoneBalance
from console.domain.clock import moment
from maps.city import City
from maps.columns import Floats
from maps.locate.result import Location

SHUT, OPENED, SET = "prv_shut", "prv_open", "setpoint"
_OF_USUAL = 0.35
"""Relative change of a valve's flow that counts as an operation: demand alone changes less between ticks."""
_WIDE = 95.0
"""Opening (%) from which a PRV no longer regulates."""
_MUCH_WIDER = 15.0
_CLEARLY_M = 1.0
_MOVED_SHARE = 0.3
"""Share of the largest step: stations with smaller steps may lie in another part."""
_LEAST_RISE_M, _STILL_SHARE, _LEAST_FALLEN = 0.3, 0.5, 2
_AT_OUTLET_M, _MOSTLY = 300.0, 0.6
_UNIFORM_SHARE = 0.15
_LEAST_UNIFORM = 3
_WATCHED_TICKS = 3
_REPORTED_US, _SETTLING_US = 600_000_000, 1_800_000_000
_UNLIKE_US = 24 * 3_600_000_000
"""Time for which the zone of an operated valve is taken to differ from the model; then trailing levels and learning include
it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """``kind``: SHUT, OPENED or SET; ``valve_id``; ``part``: the part it feeds. ``certain``: its own channels show it."""

    kind: str
    valve_id: str
    part: int
    certain: bool


class ReducingValveTest:
    """PRV operations of the last ticks; use after the zone balance has been updated with the tick."""

    def __init__(self, city: City, watch: ZoneBalance, tick_s: float) -> None:
        self._watch, self._tick_us, self._network = watch, int(tick_s * 1e6), city.network
        node = city.stations.node.astype(np.int64)
        self._ids = city.stations.asset_id
        self._part = np.where(node >= 0, watch.parts.label[np.maximum(node, 0)], -1)
        self._inside = {part: _and_beyond(watch.parts, part) for part in watch.parts.behind}
        self._told: dict[tuple[str, str], int] = {}
        self._settling: dict[int, tuple[int, Cause]] = {}
        self._unlike: dict[int, int] = {}

    def causes(self, step_m: Floats, now_us: int) -> tuple[Cause, ...]:
        """Valve operations within the last ticks; ``step_m``: (stations,) change of pressure, NaN where unknown."""
        if not self._inside or not self._watch.has_changed(_WATCHED_TICKS):
            return ()
        found = (self._cause(part, step_m, now_us) for part in sorted(self._inside))
        return tuple(one for one in found if one is not None)

    def explaining(
        self, causes: Sequence[Cause], rows: NDArray[np.int64], step_m: Floats, now_us: int, *, burst_like: bool
    ) -> Cause | None:
        """The first operation, if all stations ``rows`` (n,) with a large step ``step_m`` (n,) lie downstream of operated valves.

        For half an hour the zone of an operated valve settles: changes there belong to the operation, unless they look like a
        burst (``burst_like``) and the zone's meters do not contradict it.
        """
        moved, mostly = self._moved(rows, step_m), self._moved(rows, step_m, _MOSTLY)
        for part, (told_us, cause) in self._settling.items():
            settling = now_us <= told_us + _SETTLING_US and mostly <= self._inside[part]
            if settling and (not burst_like or self._takes_no_more(part, now_us)):
                return cause
        reached = set[int]().union(*(self._inside[one.part] for one in causes))
        fitting = [one for one in causes if self._inside[one.part] & moved]
        # A changed setpoint is certain even with changes elsewhere, which are tested at the next tick. A valve's flow may also
        # fall because of a burst upstream of it, which then changes pressures there.
        sure = [one for one in fitting if one.kind == SET]
        foreign = self._fell(rows, step_m) - reached  # a rise upstream of the valve needs no explanation
        if not sure and causes and not foreign:
            fitting = fitting or [one for one in causes if one.certain]
        return next(iter(sure), fitting[0] if fitting and not foreign else None)

    def reaches(self, cause: Cause, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the stations ``rows`` (n,) lie downstream of the operated valve."""
        return np.isin(self._part[rows], sorted(self._inside[cause.part]))

    def contradicts(self, rows: NDArray[np.int64], step_m: Floats, window: int, now_us: int) -> bool:
        """Whether a step of stations ``rows`` (n,) lies downstream of recently operated valves without a rise of inflow.

        After an operation the zone differs from the model, and the morning rise of demand then looks like a burst. A real burst
        raises the metered inflow.
        """
        if not self._unlike:
            return False
        moved = self._moved(rows, step_m)
        parts = [part for part, until_us in self._unlike.items() if now_us <= until_us and moved <= self._inside[part]]
        largest = self._watch.largest_jump_m3h
        return any(
            self._takes_no_more(part, now_us, window, largest.get(part, 0.0)) for part in parts if self._watch.is_whole(part)
        )

    def _takes_no_more(self, part: int, now_us: int, window: int = 1, least_m3h: float = 0.0) -> bool:
        """Whether a part's metered inflow has not risen beyond ``least_m3h`` and its noise within the last ticks."""
        net = self._watch.net(part, now_us - (window - 1) * self._tick_us - self._tick_us // 2)
        return net is not None and net.size <= max(RISING_SIGMAS * net.noise, least_m3h)

    def has_risen(self, rows: NDArray[np.int64], step_m: Floats, covariance: Floats, window: int) -> bool:
        """Whether pressures rose downstream of valves beyond drift, were steady elsewhere, and hardly any fell: a gain of supply.

        The part common to all stations is projected out, so stations outside the rise would otherwise look like a fall.
        ``step_m`` (n,) of stations ``rows``, mean of ``window`` ticks; ``covariance`` (n, n), m².
        """
        known = np.isfinite(step_m)
        sigma = np.sqrt(np.diag(covariance) / window)
        if np.count_nonzero(step_m < -RISING_SIGMAS * sigma) >= _LEAST_FALLEN:
            return False
        for part in sorted(self._inside):
            mine = known & (self._part[rows] == part)
            others = known & ~mine
            count = int(np.count_nonzero(mine))
            if not count:
                continue
            drift = float(np.sqrt(covariance[np.ix_(mine, mine)].sum() / window)) / count
            rise = float(np.median(step_m[mine]))
            still = not others.any() or float(np.median(step_m[others])) < _STILL_SHARE * rise
            if rise > max(4.0 * drift, _LEAST_RISE_M) and still:
                return True
        return False

    def possible(self, location: Location, rows: NDArray[np.int64], step_m: Floats, now_us: int) -> OperationFinding | None:
        """An unmetered PRV that may have closed instead: the burst is located at its outlet.

        Both have the same downstream response, and no meter distinguishes them; ``step_m`` (n,) of stations ``rows``.
        """
        pipes, nodes = self._network.pipes, self._network.nodes
        names = [one.pipe_id for one in location.candidates if pipes.has(one.pipe_id)]
        if not names or not self._inside:
            return None
        share = np.array([one.probability for one in location.candidates if pipes.has(one.pipe_id)])
        moved = self._moved(rows, step_m)
        middle = np.array([pipes.points(pipes.row(name)).mean(axis=0) for name in names])
        for way in self._watch.parts.ways:
            if not way.is_valve or way.end not in self._inside or self._watch.is_metered(way):
                continue
            if not moved <= self._inside[way.end]:
                continue
            away = np.hypot(middle[:, 0] - nodes.x[way.outlet], middle[:, 1] - nodes.y[way.outlet])
            if share[away <= _AT_OUTLET_M].sum() >= _MOSTLY * share.sum():
                return OperationFinding(moment(now_us), SHUT, way.asset_id, stopped=True, certain=False)
        return None

    def _moved(self, rows: NDArray[np.int64], step_m: Floats, share: float = _MOVED_SHARE) -> set[int]:
        """Partition with stations whose step is at least this share of the largest."""
        size = np.abs(np.nan_to_num(step_m))
        return set(self._part[rows[size >= share * size.max(initial=0.0)]].tolist())

    def _fell(self, rows: NDArray[np.int64], step_m: Floats) -> set[int]:
        """Partition with stations whose fall is large relative to the largest step either way."""
        step = np.nan_to_num(step_m)
        return set(self._part[rows[step <= -max(_MOVED_SHARE * np.abs(step).max(initial=0.0), 1e-9)]].tolist())

    def operation(self, cause: Cause, rows: NDArray[np.int64], step_m: Floats, now_us: int) -> OperationFinding:
        """The operation as a finding, with the stations of the largest steps."""
        self._unlike[cause.part] = now_us + _UNLIKE_US
        order = rows[np.argsort(-np.abs(np.nan_to_num(step_m)), kind="stable")[:3]]
        self._told[(cause.kind, cause.valve_id)] = now_us
        told_us, before = self._settling.get(cause.part, (0, cause))
        if before == cause or now_us > told_us + _SETTLING_US:
            self._settling[cause.part] = now_us, cause
        names = tuple(str(self._ids[row]) for row in order)
        return OperationFinding(moment(now_us), cause.kind, cause.valve_id, cause.kind == SHUT, names, cause.certain)

    def unreported(self, causes: Sequence[Cause], step_m: Floats, now_us: int) -> list[OperationFinding]:
        """Operations that valves' own channels show and that were not reported in the last minutes.

        When one valve is closed or adjusted, a parallel PRV responds by itself: that is the same event.
        """
        found = []
        for cause in causes:
            told = self._told.get((cause.kind, cause.valve_id))
            settling_us, first = self._settling.get(cause.part, (0, cause))
            consequence = cause.kind != SET and first != cause and now_us <= settling_us + _SETTLING_US
            if cause.certain and not consequence and (told is None or now_us > told + _REPORTED_US):
                rows = np.flatnonzero(np.isin(self._part, sorted(self._inside[cause.part])) & np.isfinite(step_m))
                found.append(self.operation(cause, rows, step_m[rows], now_us))
        return found

    def _cause(self, part: int, step_m: Floats, now_us: int) -> Cause | None:
        # A valve may have moved a tick or two before pressures responded; the reference is the ticks before that.
        since_us = now_us - (_WATCHED_TICKS - 1) * self._tick_us - self._tick_us // 2
        net, ways = self._watch.net(part, since_us), self._watch.parts.feeding(part)
        if net is not None and net.size > RISING_SIGMAS * net.noise:
            return None
        steps = step_m[(self._part == part) & np.isfinite(step_m)]
        level = float(np.median(steps)) if len(steps) else 0.0
        anew = [way for way in ways if self._watch.setpoint_changed(way, since_us)]
        if anew and (net is not None or _uniform(steps)):
            return Cause(SET, anew[0].asset_id, part, certain=True)
        onward = self._onward(part, since_us)
        opened = [way for way in ways if self._opened(way, since_us, onward)]
        if opened and level >= -_CLEARLY_M:
            return Cause(OPENED, opened[0].asset_id, part, certain=True)
        lost = [way for way in ways if self._lost(way, since_us, onward)]
        if lost and net is not None and level <= _CLEARLY_M:
            return Cause(SHUT, lost[0].asset_id, part, certain=True)
        if len(ways) == 1 and level > _CLEARLY_M and _uniform(steps):
            return Cause(OPENED, ways[0].asset_id, part, certain=False)
        return None

    def _onward(self, part: int, since_us: int) -> float:
        """Change of a part's outflow to other parts, m³/h: a pump stop there lowers the flow of its PRVs."""
        touching = self._watch.parts.touching(part)
        out = (self._watch.through(way, since_us, as_read=True) for way, sign in touching if sign < 0.0)
        return sum(change.size for change in out if change is not None)

    def _lost(self, way: ZoneLink, since_us: int, onward_m3h: float) -> bool:
        """Whether the flow is far below its recent and usual values, and not because the onward flow fell."""
        for as_read in (True, False):
            flow = self._watch.through(way, since_us, as_read=as_read)
            if flow is None or not flow.is_clear or flow.shown > (1.0 - _OF_USUAL) * flow.least:
                return False
            if flow.size > 2.0 * min(onward_m3h, 0.0):
                return False
        return True

    def _opened(self, way: ZoneLink, since_us: int, onward_m3h: float) -> bool:
        """Whether the valve is almost fully open, or its flow is far above its recent and usual values without onward flow."""
        opening = self._watch.through(way, since_us, OPENING)
        if opening is not None and opening.size > _MUCH_WIDER and opening.shown >= _WIDE:
            return True
        for as_read in (True, False):
            flow = self._watch.through(way, since_us, as_read=as_read)
            if flow is None or not flow.is_clear or flow.shown < (1.0 + _OF_USUAL) * flow.most:
                return False
            if flow.size < 2.0 * max(onward_m3h, 0.0):
                return False
        return True


def _and_beyond(parts: Partition, part: int) -> frozenset[int]:
    """A part and the parts that it alone supplies through further PRVs."""
    inside = {part}
    while True:
        further = {
            one for one in parts.behind - inside if {way.start for way in parts.feeding(one)} <= inside
        }  # fmt: skip
        if not further:
            return frozenset(inside)
        inside |= further


def _uniform(steps_m: Floats) -> bool:
    """Whether stations have equal steps, as after a PRV setpoint change; the fall of a burst differs between stations."""
    if len(steps_m) < _LEAST_UNIFORM:
        return False
    return bool(np.ptp(steps_m) <= 2.0 * _UNIFORM_SHARE * abs(float(np.median(steps_m))))
