"""Station checks: stale, frozen, out-of-range, future-time, spiking and deviating channels, and limit violations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import StationFinding
from console.detection.options import DetectorOptions
from console.domain.clock import moment
from console.domain.limits import ELEVATION_MATTERS_M, LIMIT_CODES
from console.domain.live import FUTURE_TOLERANCE_US
from console.domain.readings import CHANNEL_BY_NAME, Channel
from maps.city import StationTable
from maps.columns import Floats
from maps.units import KPA_PER_METRE

Flags = NDArray[np.bool_]

_POSSIBLE: dict[Channel, tuple[float, float]] = {
    Channel.PRESSURE: (-100.0, 3000.0),
    Channel.FLOW: (-200_000.0, 200_000.0),
    Channel.LEVEL: (-50.0, 500.0),
    Channel.TURBIDITY: (0.0, 4000.0),
    Channel.CHLORINE: (0.0, 20.0),
    Channel.PH: (0.0, 14.0),
    Channel.TEMPERATURE: (-10.0, 60.0),
}
"""Measuring range per channel, internal units; a value outside means a faulty instrument."""

_FROZEN_SAMPLES = 30
_LIMIT_SAMPLES = 2
_DEVIATING_SAMPLES = 10
_TOGETHER_LEAST, _TOGETHER_SAMPLES = 2, 5
_SPIKE_SIGMAS, _SPIKE_LEAST_M = 8.0, 1.0
_STALE_INTERVALS, _STALE_MIN_S, _STALE_DEFAULT_S, _STALE_MAX_S = 3.0, 15.0, 180.0, 3600.0


class _Latch:
    """One condition per cell: raised after ``after`` consecutive samples, ended by the first sample without it."""

    def __init__(self, after: int = 1) -> None:
        self.count = np.zeros(0, dtype=np.int32)
        self.active = np.zeros(0, dtype=bool)
        self._after = after

    def grow(self, place: NDArray[np.int64], cells: int) -> None:
        """Move the cells to ``place`` among ``cells``; new cells start inactive."""
        self.count, self.active = _grown(self.count, place, cells, 0), _grown(self.active, place, cells, False)

    def resume(self, cells: Flags) -> None:
        """Restore cells that were active before a restart; the first sample without the condition ends them."""
        self.active |= cells
        self.count = np.where(cells, self._after, self.count)

    def update(self, now: Flags, judged: Flags) -> tuple[Flags, Flags]:
        """(raised, ended); cells not ``judged`` keep their state."""
        self.count = np.where(judged, np.where(now, self.count + 1, 0), self.count)
        before = self.active
        self.active = np.where(judged, self.count >= self._after, before)
        return self.active & ~before, before & ~self.active


@dataclass(frozen=True, eq=False)
class _CellTick:
    """One tick at the cells that have ever reported: (cells,) each, NaN in ``expected`` without an expected value."""

    value: Floats
    at_us: NDArray[np.int64]
    now_us: int
    expected: Floats | None = None


class StationChecks:
    """Checks every channel of every station; call each method at most once a tick, ``instruments`` before the burst test.

    Most stations have one or two of the thirteen channels: state is kept only for cells that have ever reported, (cells,).
    """

    def __init__(self, stations: StationTable, options: DetectorOptions) -> None:
        self._ids = tuple(stations.asset_id)
        self._shape = (len(stations), len(Channel))
        self._limits = options.limits
        self._cells = np.zeros(0, dtype=np.int64)
        self._channel = np.zeros(0, dtype=np.int64)
        possible = np.array([_POSSIBLE.get(channel, (-np.inf, np.inf)) for channel in Channel])
        self._least_possible, self._most_possible = possible[:, 0], possible[:, 1]
        self._last_us = np.zeros(0, dtype=np.int64)
        self._last_value, self._interval_s = np.zeros(0), np.zeros(0)
        self._same, self._away = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
        self._moves, self._spiked = np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
        self._together = np.zeros(0, dtype=bool)
        self._latch = {code: _Latch() for code in ("future_time", "stale", "out_of_range", "frozen")}
        self._latch |= {code: _Latch(_LIMIT_SAMPLES) for code in LIMIT_CODES}
        self._latch["deviating"] = _Latch(_DEVIATING_SAMPLES)
        self._resumed: dict[str, set[int]] = {}

    def resume(self, alarms: Iterable[tuple[str, str, tuple[str, ...]]]) -> None:
        """Restore alarms that another process, or this one before a restart, has raised: (station id, code, channels).

        Applied at once to cells that have reported, else when they first report. The first sample without the condition ends it.
        """
        rows = {str(name): row for row, name in enumerate(self._ids)}
        for station_id, code, channels in alarms:
            known = [CHANNEL_BY_NAME[name] for name in channels if name in CHANNEL_BY_NAME]
            if station_id in rows and (code in self._latch or code == "spike"):
                cells = {rows[station_id] * len(Channel) + int(channel) for channel in known}
                self._resumed.setdefault(code, set()).update(cells)
        self._restore(np.ones(len(self._cells), dtype=bool))

    def fresh(self, at_us: NDArray[np.int64], now_us: int) -> Flags:
        """Cells whose sample is newer than at the last tick and not ahead of the system clock, (stations, channels)."""
        # After the clock was set back, times recorded before must not block newer samples.
        self._last_us = np.where(self._last_us > now_us + FUTURE_TOLERANCE_US, now_us, self._last_us)
        newer = (at_us > 0) & (at_us <= now_us + FUTURE_TOLERANCE_US)
        newer.ravel()[self._cells] &= at_us.ravel()[self._cells] > self._last_us
        return newer

    def faulty(self) -> Flags:
        """Cells excluded from the burst test, (stations, channels)."""
        flags = np.zeros(self._shape, dtype=bool)
        codes = ("future_time", "stale", "out_of_range", "frozen", "deviating")
        flags.ravel()[self._cells] = np.any([self._latch[code].active for code in codes], axis=0)
        return flags

    def instruments(self, value: Floats, at_us: NDArray[np.int64], good: Flags, now_us: int) -> list[StationFinding]:
        """Faults visible in a single station's channel; call before the burst test, once a tick."""
        seen, usable = self._at_cells(value, at_us, now_us), good.ravel()[self._cells]
        ahead = seen.at_us > now_us + FUTURE_TOLERANCE_US
        fresh = (seen.at_us > self._last_us) & ~ahead
        self._learn(seen, fresh)
        age_s = (now_us - self._last_us) / 1e6
        limit = np.where(np.isnan(self._interval_s), _STALE_DEFAULT_S, self._interval_s * _STALE_INTERVALS)
        stale = (self._last_us > 0) & (age_s > np.clip(limit, _STALE_MIN_S, _STALE_MAX_S))
        least, most = self._least_possible[self._channel], self._most_possible[self._channel]
        impossible = (seen.value < least) | (seen.value > most)
        frozen = (self._same >= _FROZEN_SAMPLES) & self._moves & (self._channel <= Channel.FLOW)
        frozen &= (self._channel != Channel.FLOW) | (
            seen.value != 0.0
        )  # a constant zero is normal for a stopped pump or a closed valve
        everywhere = np.ones(len(self._cells), dtype=bool)
        found = list(self._judge("future_time", ahead, everywhere, seen))
        found += self._judge("stale", stale, everywhere, seen)
        found += self._judge("out_of_range", impossible & usable, fresh & usable, seen)
        found += self._judge("frozen", frozen, everywhere, seen)
        return found

    def limits(
        self,
        value: Floats,
        expected: Floats,
        usual: Floats,
        at_us: NDArray[np.int64],
        judged: Flags,
        now_us: int,
        elevation_error_m: Floats,
    ) -> list[StationFinding]:
        """Violations of service and quality limits. Where the ``usual`` pressure is low, the lower limit is reduced accordingly.

        ``elevation_error_m``: (stations,), NaN where unknown; where it is large, a pressure is compared with its limits both as
        read and corrected, because the error is only an estimate: either violation raises the alarm.
        """
        if self._limits is None:
            return []
        seen, usable = self._at_cells(value, at_us, now_us, expected), judged.ravel()[self._cells]
        back = self._limits.hysteresis.ravel()[self._cells]
        low, most = self._limits.low.ravel()[self._cells], self._limits.high.ravel()[self._cells]
        pressure = self._channel == Channel.PRESSURE
        # Only pressure limits depend on the usual value; quality limits are fixed.
        normal = usual.ravel()[self._cells]
        least = np.minimum(low, np.where(np.isfinite(normal) & pressure, normal, np.inf) - 3.0 * back)
        error = elevation_error_m[self._cells // len(Channel)]
        off = np.where(pressure & (np.abs(error) > ELEVATION_MATTERS_M), error * KPA_PER_METRE, 0.0)
        found: list[StationFinding] = []
        for code, limit, mine, sign in (
            ("low_pressure", least, pressure, 1.0),
            ("high_pressure", most, pressure, -1.0),
            ("below_limit", least, ~pressure, 1.0),
            ("above_limit", most, ~pressure, -1.0),
        ):
            # An alarm ends only when the value is back inside the limit by the hysteresis.
            margin = np.where(self._latch[code].active, back, 0.0)
            worst = sign * seen.value - np.maximum(sign * off, 0.0)
            beyond = (worst < sign * limit + margin) & mine
            found += self._judge(code, beyond, usable, seen, limit)
        return found

    def deviations(
        self,
        deviation: Floats,
        sigma: Floats,
        excused: Flags,
        group: NDArray[np.int64],
        value: Floats,
        expected: Floats,
        at_us: NDArray[np.int64],
        now_us: int,
    ) -> tuple[list[StationFinding], NDArray[np.int64]]:
        """(findings of single pressure stations that jumped, rows of stations that jumped together and stayed).

        ``deviation``, ``sigma``: (stations,), m; ``excused``: a burst may be the cause; ``group``: (stations,) number, -1 for
        none. A jump that returns within a few samples is a spike, reported when it is over; one that stays is deviating. Stations
        of a group that jump at once have a common cause (a pump, a valve, a repair) and are not faulty.
        """
        seen = self._at_cells(value, at_us, now_us, expected)
        far = _is_far(deviation, sigma)
        station, pressure = self._cells // len(Channel), self._channel == Channel.PRESSURE
        away = (far & ~excused)[station] & pressure
        judged = (np.isfinite(deviation) & ~(far & excused))[station] & pressure
        self._follow_together(judged, away, group[station])
        over = judged & ~away & (self._away > 0) & (self._away < _DEVIATING_SAMPLES) & ~self._together
        found = list(self._findings("spike", self._spiked & ~over, False, seen))
        found += self._findings("spike", over & ~self._spiked, True, seen)
        self._spiked = over
        self._away = np.where(judged, np.where(away, self._away + 1, 0), self._away)
        self._together &= self._away > 0
        found += self._judge("deviating", away & ~self._together, judged, seen)
        return found, station[self._together & (self._away == _TOGETHER_SAMPLES)]

    def _follow_together(self, judged: Flags, away: Flags, group: NDArray[np.int64]) -> None:
        """Mark cells that jumped at this or the last tick together with another cell of their group."""
        leaving = judged & away & (self._away <= 1) & (group >= 0)
        count = np.bincount(group[leaving], minlength=int(group.max(initial=-1)) + 1)
        self._together[leaving] |= count[group[leaving]] >= _TOGETHER_LEAST

    def _grow(self, at_us: NDArray[np.int64]) -> None:
        """Add cells that report for the first time."""
        heard = at_us.ravel() > 0
        heard[self._cells] = True
        if np.count_nonzero(heard) == len(self._cells):
            return
        cells = np.flatnonzero(heard)
        place, count = np.searchsorted(cells, self._cells), len(cells)
        self._cells, self._channel = cells, cells % len(Channel)
        self._last_us = _grown(self._last_us, place, count, 0)
        self._last_value = _grown(self._last_value, place, count, np.nan)
        self._interval_s = _grown(self._interval_s, place, count, np.nan)
        self._same, self._away = _grown(self._same, place, count, 0), _grown(self._away, place, count, 0)
        self._moves, self._spiked = _grown(self._moves, place, count, False), _grown(self._spiked, place, count, False)
        self._together = _grown(self._together, place, count, False)
        for latch in self._latch.values():
            latch.grow(place, count)
        fresh = np.ones(count, dtype=bool)
        fresh[place] = False
        self._restore(fresh)

    def _restore(self, places: Flags) -> None:
        """Apply what ``resume`` was given to these of the cells."""
        cells = self._cells
        for code, resumed in self._resumed.items():
            mine = places & np.isin(cells, list(resumed))
            if code == "spike":
                self._spiked |= mine
            else:
                self._latch[code].resume(mine)
            resumed.difference_update(cells[mine].tolist())

    def _at_cells(self, value: Floats, at_us: NDArray[np.int64], now_us: int, expected: Floats | None = None) -> _CellTick:
        self._grow(at_us)
        normal = None if expected is None else expected.ravel()[self._cells]
        return _CellTick(value.ravel()[self._cells], at_us.ravel()[self._cells], now_us, normal)

    def _learn(self, seen: _CellTick, fresh: Flags) -> None:
        step_s = np.where(self._last_us > 0, (seen.at_us - self._last_us) / 1e6, np.nan)
        held = self._interval_s
        # One gap must not raise the interval estimate: it grows slowly and shrinks quickly.
        blended = np.where(step_s > held, held + 0.05 * (step_s - held), held + 0.3 * (step_s - held))
        learned = np.where(np.isnan(held), step_s, np.where(np.isnan(step_s), held, blended))
        self._interval_s = np.where(fresh, learned, held)
        same = seen.value == self._last_value
        self._moves |= fresh & ~same & np.isfinite(self._last_value)
        self._same = np.where(fresh, np.where(same, self._same + 1, 0), self._same)
        self._last_value = np.where(fresh, seen.value, self._last_value)
        self._last_us = np.where(fresh, seen.at_us, self._last_us)

    def _judge(
        self, code: str, now: Flags, judged: Flags, seen: _CellTick, limit: Floats | None = None
    ) -> Iterator[StationFinding]:
        raised, ended = self._latch[code].update(now, judged)
        yield from self._findings(code, raised, True, seen, limit)
        yield from self._findings(code, ended, False, seen, limit)

    def _findings(
        self, code: str, cells: Flags, active: bool, seen: _CellTick, limit: Floats | None = None
    ) -> Iterator[StationFinding]:
        for place in np.flatnonzero(cells).tolist():
            at_us = int(seen.at_us[place])
            moment_us = seen.now_us if code in ("stale", "future_time") else min(at_us, seen.now_us)
            yield StationFinding(
                station_id=str(self._ids[int(self._cells[place]) // len(Channel)]),
                channel=Channel(int(self._channel[place])).name.lower(),
                code=code,
                at=moment(moment_us),
                active=active,
                observed=_number(seen.value[place]),
                expected=None if seen.expected is None else _number(seen.expected[place]),
                limit=None if limit is None else _number(limit[place]),
            )


def _is_far(deviation: Floats, sigma: Floats) -> Flags:
    return np.asarray(np.abs(deviation) > np.maximum(_SPIKE_SIGMAS * sigma, _SPIKE_LEAST_M))


def _grown(before: NDArray[Any], place: NDArray[np.int64], cells: int, empty: float) -> NDArray[Any]:
    """Array of ``cells`` with the old cells' state at ``place`` and ``empty`` for the new ones."""
    result = np.full(cells, empty, dtype=before.dtype)
    result[place] = before
    return result


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
