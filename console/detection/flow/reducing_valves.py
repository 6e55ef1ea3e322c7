"""Regulation: what reducing valves did, told from a burst by the water balance of the zones behind them.

A valve that shuts beside another looks to the pressures exactly like a burst at its outlet: its water is missing there.
But a burst makes the zone take more; a valve that shuts, opens or is set anew does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import OperationFinding
from console.detection.flow.dma_balance import RISING_SIGMAS
from console.detection.flow.pressure_zones import Parts, Way
from console.detection.flow.zone_balance import OPENING, BalanceWatch
from console.domain.clock import moment
from maps.city import City
from maps.columns import Floats
from maps.locate.result import Location

SHUT, OPENED, SET = "prv_shut", "prv_open", "setpoint"
_OF_USUAL = 0.35
"""A valve whose flow changes by this share was moved: demand alone does not do that from tick to tick."""
_WIDE = 95.0
"""Per cent of opening from which on a valve regulates no more."""
_MUCH_WIDER = 15.0
_CLEARLY_M = 1.0
_MOVED_SHARE = 0.3
"""Of the largest step: a station that moved less may stand elsewhere."""
_LEAST_RISE_M, _STILL_SHARE, _LEAST_FALLEN = 0.3, 0.5, 2
_AT_OUTLET_M, _MOSTLY = 300.0, 0.6
_UNIFORM_SHARE = 0.15
_LEAST_UNIFORM = 3
_WATCHED_TICKS = 3
_TOLD_US, _SETTLING_US = 600_000_000, 1_800_000_000
_UNLIKE_US = 24 * 3_600_000_000
"""So long a moved valve's zone is taken for unlike the model; the trailing levels and the next learning take it in."""


@dataclass(frozen=True, slots=True)
class Cause:
    """``kind``: SHUT, OPENED or SET; ``valve_id``; ``part``: the part behind it. ``certain``: its own channels say so."""

    kind: str
    valve_id: str
    part: int
    certain: bool


class Regulation:
    """Asked after the reducing watch has taken in the tick."""

    def __init__(self, city: City, watch: BalanceWatch, tick_s: float) -> None:
        self._watch, self._tick_us, self._network = watch, int(tick_s * 1e6), city.network
        node = city.stations.node.astype(np.int64)
        self._ids = city.stations.asset_id
        self._part = np.where(node >= 0, watch.parts.label[np.maximum(node, 0)], -1)
        self._inside = {part: _and_beyond(watch.parts, part) for part in watch.parts.behind}
        self._told: dict[tuple[str, str], int] = {}
        self._settling: dict[int, tuple[int, Cause]] = {}
        self._unlike: dict[int, int] = {}

    def causes(self, step_m: Floats, now_us: int) -> tuple[Cause, ...]:
        """What valves did within the last ticks; ``step_m``: (stations,) change of pressure, NaN where unknown."""
        if not self._inside or not self._watch.is_stirred(_WATCHED_TICKS):
            return ()
        found = (self._cause(part, step_m, now_us) for part in sorted(self._inside))
        return tuple(one for one in found if one is not None)

    def explaining(
        self, causes: Sequence[Cause], rows: NDArray[np.int64], step_m: Floats, now_us: int, *, burst_like: bool
    ) -> Cause | None:
        """The first cause, when all stations ``rows`` that moved much, (n,) by ``step_m`` (n,), stand behind such valves.

        For half an hour a moved valve's zone settles: what moves there is that event still, unless it looks like a burst
        (``burst_like``) and the zone's meters do not deny it.
        """
        moved, mostly = self._moved(rows, step_m), self._moved(rows, step_m, _MOSTLY)
        for part, (told_us, cause) in self._settling.items():
            settling = now_us <= told_us + _SETTLING_US and mostly <= self._inside[part]
            if settling and (not burst_like or self._takes_no_more(part, now_us)):
                return cause
        reached = set[int]().union(*(self._inside[one.part] for one in causes))
        fitting = [one for one in causes if self._inside[one.part] & moved]
        # What was set anew is certain, wherever else something moves: that is left to the next tick. A valve's flow may also be
        # lost by a burst in front of it, which then moves stations there.
        sure = [one for one in fitting if one.kind == SET]
        foreign = self._fell(rows, step_m) - reached  # what rises in front need not be told
        if not sure and causes and not foreign:
            fitting = fitting or [one for one in causes if one.certain]
        return next(iter(sure), fitting[0] if fitting and not foreign else None)

    def reaches(self, cause: Cause, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of stations ``rows`` (n,) stand behind what was moved."""
        return np.isin(self._part[rows], sorted(self._inside[cause.part]))

    def contradicts(self, rows: NDArray[np.int64], step_m: Floats, window: int, now_us: int) -> bool:
        """Whether a step of stations ``rows`` (n,) lies behind valves that were moved lately, and no more water goes there.

        With a valve shut or set anew its zone is no longer as the model has it: demand that rises with the morning then looks
        like a burst. A burst shows in the meters.
        """
        if not self._unlike:
            return False
        moved = self._moved(rows, step_m)
        parts = [part for part, until_us in self._unlike.items() if now_us <= until_us and moved <= self._inside[part]]
        loudest = self._watch.loudest_m3h
        return any(
            self._takes_no_more(part, now_us, window, loudest.get(part, 0.0)) for part in parts if self._watch.is_whole(part)
        )

    def _takes_no_more(self, part: int, now_us: int, window: int = 1, least_m3h: float = 0.0) -> bool:
        """Whether a part's metered inflow has not risen within the last ticks, by ``least_m3h`` or its noise."""
        net = self._watch.net(part, now_us - (window - 1) * self._tick_us - self._tick_us // 2)
        return net is not None and net.size <= max(RISING_SIGMAS * net.noise, least_m3h)

    def has_risen(self, rows: NDArray[np.int64], step_m: Floats, covariance: Floats, window: int) -> bool:
        """Whether pressures rose behind valves, beyond what drift does, stood still elsewhere, and hardly a station fell.

        Water was given, not taken. What all stations share carries no evidence of a burst, so that those which such a rise
        does not reach look fallen. ``step_m`` (n,) of stations ``rows``, a mean of ``window`` ticks; ``covariance`` (n, n), m².
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
        """An unmetered reducing valve that might have shut instead: the burst seems to lie at its very outlet.

        Water missing there looks the same behind it, and no meter can tell; ``step_m`` (n,) of stations ``rows``.
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
        """Parts in which stations moved by this share of the largest step."""
        size = np.abs(np.nan_to_num(step_m))
        return set(self._part[rows[size >= share * size.max(initial=0.0)]].tolist())

    def _fell(self, rows: NDArray[np.int64], step_m: Floats) -> set[int]:
        """Parts in which stations fell much, measured by the largest step either way."""
        step = np.nan_to_num(step_m)
        return set(self._part[rows[step <= -max(_MOVED_SHARE * np.abs(step).max(initial=0.0), 1e-9)]].tolist())

    def operation(self, cause: Cause, rows: NDArray[np.int64], step_m: Floats, now_us: int) -> OperationFinding:
        """The cause as it is told, with the stations that moved most."""
        self._unlike[cause.part] = now_us + _UNLIKE_US
        order = rows[np.argsort(-np.abs(np.nan_to_num(step_m)), kind="stable")[:3]]
        self._told[(cause.kind, cause.valve_id)] = now_us
        told_us, before = self._settling.get(cause.part, (0, cause))
        if before == cause or now_us > told_us + _SETTLING_US:
            self._settling[cause.part] = now_us, cause
        names = tuple(str(self._ids[row]) for row in order)
        return OperationFinding(moment(now_us), cause.kind, cause.valve_id, cause.kind == SHUT, names, cause.certain)

    def untold(self, causes: Sequence[Cause], step_m: Floats, now_us: int) -> list[OperationFinding]:
        """Causes that valves' own channels show and that were not told in the last minutes.

        When one valve shuts or is set anew, another opens or closes of itself: that is the same event.
        """
        found = []
        for cause in causes:
            told = self._told.get((cause.kind, cause.valve_id))
            settling_us, first = self._settling.get(cause.part, (0, cause))
            consequence = cause.kind != SET and first != cause and now_us <= settling_us + _SETTLING_US
            if cause.certain and not consequence and (told is None or now_us > told + _TOLD_US):
                rows = np.flatnonzero(np.isin(self._part, sorted(self._inside[cause.part])) & np.isfinite(step_m))
                found.append(self.operation(cause, rows, step_m[rows], now_us))
        return found

    def _cause(self, part: int, step_m: Floats, now_us: int) -> Cause | None:
        # A valve may have moved a tick or two before the pressures told; the ticks before that are what it is held against.
        since_us = now_us - (_WATCHED_TICKS - 1) * self._tick_us - self._tick_us // 2
        net, ways = self._watch.net(part, since_us), self._watch.parts.feeding(part)
        if net is not None and net.size > RISING_SIGMAS * net.noise:
            return None
        steps = step_m[(self._part == part) & np.isfinite(step_m)]
        level = float(np.median(steps)) if len(steps) else 0.0
        anew = [way for way in ways if self._watch.set_anew(way, since_us)]
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
        """Change of what a part passes on to others, m³/h: a pump that stops there leaves its valves less to do."""
        touching = self._watch.parts.touching(part)
        out = (self._watch.through(way, since_us, as_read=True) for way, sign in touching if sign < 0.0)
        return sum(change.size for change in out if change is not None)

    def _lost(self, way: Way, since_us: int, onward_m3h: float) -> bool:
        """Much less flow than just before and than usual, and not because less is passed on."""
        for as_read in (True, False):
            flow = self._watch.through(way, since_us, as_read=as_read)
            if flow is None or not flow.is_clear or flow.shown > (1.0 - _OF_USUAL) * flow.least:
                return False
            if flow.size > 2.0 * min(onward_m3h, 0.0):
                return False
        return True

    def _opened(self, way: Way, since_us: int, onward_m3h: float) -> bool:
        """As good as wide open, or much more flow than just before and than usual that is not passed on."""
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


def _and_beyond(parts: Parts, part: int) -> frozenset[int]:
    """A part and those that it alone feeds through further valves."""
    inside = {part}
    while True:
        further = {
            one for one in parts.behind - inside if {way.start for way in parts.feeding(one)} <= inside
        }  # fmt: skip
        if not further:
            return frozenset(inside)
        inside |= further


def _uniform(steps_m: Floats) -> bool:
    """Whether stations moved alike, as behind a valve that holds another pressure; a burst's fall differs from place to place."""
    if len(steps_m) < _LEAST_UNIFORM:
        return False
    return bool(np.ptp(steps_m) <= 2.0 * _UNIFORM_SHARE * abs(float(np.median(steps_m))))
