"""Stations that fail alone or break a limit: silent, frozen, impossible, ahead of time, spiking, deviating, limits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import StationFinding
from console.detection.options import DetectorOptions
from console.domain.clock import moment
from console.domain.limits import LIMIT_CODES
from console.domain.live import FUTURE_TOLERANCE_US
from console.domain.readings import Channel
from maps.city import StationTable

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
"""What an instrument can truly show; outside, it is broken. Inside units."""

_FROZEN_SAMPLES = 30
_LIMIT_SAMPLES = 2
_DEVIATING_SAMPLES = 10
_SPIKE_SIGMAS, _SPIKE_LEAST_M = 8.0, 1.0
_STALE_INTERVALS, _STALE_MIN_S, _STALE_DEFAULT_S, _STALE_MAX_S = 3.0, 15.0, 180.0, 3600.0


class _Latch:
    """One condition per cell: raised after ``after`` samples in a row, ended by the first without."""

    def __init__(self, shape: tuple[int, int], after: int = 1) -> None:
        self.count = np.zeros(shape, dtype=np.int32)
        self.active = np.zeros(shape, dtype=bool)
        self._after = after

    def update(self, now: Flags, judged: Flags) -> tuple[Flags, Flags]:
        """(raised, ended); cells not ``judged`` keep their state."""
        self.count = np.where(judged, np.where(now, self.count + 1, 0), self.count)
        before = self.active
        self.active = np.where(judged, self.count >= self._after, before)
        return self.active & ~before, before & ~self.active


class StationWatch:
    """Follows every channel of every station; ``tick`` returns what began and what ended."""

    def __init__(self, stations: StationTable, options: DetectorOptions) -> None:
        self._ids = tuple(stations.asset_id)
        self._shape = (len(stations), len(Channel))
        self._limits = options.limits
        self._possible = np.array([_POSSIBLE.get(channel, (-np.inf, np.inf)) for channel in Channel])
        self._last_us = np.zeros(self._shape, dtype=np.int64)
        self._last_value = np.full(self._shape, np.nan)
        self._interval_s = np.full(self._shape, np.nan)
        self._same = np.zeros(self._shape, dtype=np.int32)
        self._moves = np.zeros(self._shape, dtype=bool)
        moving = np.zeros(len(Channel), dtype=bool)
        moving[[Channel.PRESSURE, Channel.FLOW]] = True
        self._expected_to_move = moving
        self._latch = {code: _Latch(self._shape) for code in ("future_time", "stale", "out_of_range", "frozen")}
        self._latch |= {code: _Latch(self._shape, _LIMIT_SAMPLES) for code in LIMIT_CODES}
        self._latch["deviating"] = _Latch(self._shape, _DEVIATING_SAMPLES)
        self._away = np.zeros(self._shape, dtype=np.int32)
        self._spiked = np.zeros(self._shape, dtype=bool)

    def fresh(self, at_us: NDArray[np.int64]) -> Flags:
        """Cells whose sample is newer than at the last tick."""
        return at_us > self._last_us

    def faulty(self) -> Flags:
        """Cells that must stay out of the burst test, (stations, channels)."""
        flags = np.zeros(self._shape, dtype=bool)
        for code in ("future_time", "stale", "out_of_range", "frozen", "deviating"):
            flags |= self._latch[code].active
        return flags

    def instruments(self, value: NDArray[np.float64], at_us: NDArray[np.int64], good: Flags, now_us: int) -> list[StationFinding]:
        """Faults seen from the station alone; to be called before the burst test, once a tick."""
        ahead = at_us > now_us + FUTURE_TOLERANCE_US
        fresh = self.fresh(at_us) & ~ahead
        known = (at_us > 0) & np.isfinite(value)
        self._learn(value, at_us, fresh)
        age_s = (now_us - self._last_us) / 1e6
        limit = np.where(np.isnan(self._interval_s), _STALE_DEFAULT_S, self._interval_s * _STALE_INTERVALS)
        stale = (self._last_us > 0) & (age_s > np.clip(limit, _STALE_MIN_S, _STALE_MAX_S))
        impossible = known & ((value < self._possible[:, 0]) | (value > self._possible[:, 1]))
        frozen = (self._same >= _FROZEN_SAMPLES) & self._moves & self._expected_to_move
        everywhere = np.ones(self._shape, dtype=bool)
        found = list(self._judge("future_time", ahead, everywhere, value, at_us, now_us))
        found += self._judge("stale", stale, everywhere, value, at_us, now_us)
        found += self._judge("out_of_range", impossible & good, fresh & good, value, at_us, now_us)
        found += self._judge("frozen", frozen, everywhere, value, at_us, now_us)
        return found

    def _learn(self, value: NDArray[np.float64], at_us: NDArray[np.int64], fresh: Flags) -> None:
        step_s = np.where(self._last_us > 0, (at_us - self._last_us) / 1e6, np.nan)
        held = self._interval_s
        # A gap must not make a channel look slow: growth is slow, shrinking quick.
        blended = np.where(step_s > held, held + 0.05 * (step_s - held), held + 0.3 * (step_s - held))
        learned = np.where(np.isnan(held), step_s, np.where(np.isnan(step_s), held, blended))
        self._interval_s = np.where(fresh, learned, held)
        same = value == self._last_value
        self._moves |= fresh & ~same & np.isfinite(self._last_value)
        self._same = np.where(fresh, np.where(same, self._same + 1, 0), self._same)
        self._last_value = np.where(fresh, value, self._last_value)
        self._last_us = np.where(fresh, at_us, self._last_us)

    def limits(
        self, value: NDArray[np.float64], expected: NDArray[np.float64], at_us: NDArray[np.int64], judged: Flags, now_us: int
    ) -> list[StationFinding]:
        """Limits of service and quality. A place where low pressure is expected alarms only well below that."""
        if self._limits is None:
            return []
        held, back = self._limits, self._limits.hysteresis
        pressure = np.zeros(self._shape, dtype=bool)
        pressure[:, Channel.PRESSURE] = True
        # Only pressure has an expected value to lean on; quality limits stand.
        usual = np.where(np.isfinite(expected) & pressure, expected, np.inf)
        least, most = np.minimum(held.low, usual - 3.0 * back), held.high
        found: list[StationFinding] = []
        for code, limit, mine, sign in (
            ("low_pressure", least, pressure, 1.0),
            ("high_pressure", most, pressure, -1.0),
            ("below_limit", least, ~pressure, 1.0),
            ("above_limit", most, ~pressure, -1.0),
        ):
            # What is raised ends only when the value is back inside by the hysteresis.
            margin = np.where(self._latch[code].active, back, 0.0)
            beyond = (sign * value < sign * limit + margin) & mine
            found += self._judge(code, beyond, judged, value, at_us, now_us, expected, limit)
        return found

    def deviations(
        self,
        deviation: NDArray[np.float64],
        sigma: NDArray[np.float64],
        excused: NDArray[np.bool_],
        value: NDArray[np.float64],
        expected: NDArray[np.float64],
        at_us: NDArray[np.int64],
        now_us: int,
    ) -> list[StationFinding]:
        """Pressure stations that jump alone. ``deviation``, ``sigma``: (stations,), m; ``excused``: a burst may be why.

        A jump that comes back within a few samples is a spike, told once it is over; one that stays is deviating.
        """
        channel = Channel.PRESSURE
        far = np.abs(deviation) > np.maximum(_SPIKE_SIGMAS * sigma, _SPIKE_LEAST_M)
        known = np.isfinite(deviation)
        away, judged = np.zeros(self._shape, dtype=bool), np.zeros(self._shape, dtype=bool)
        away[:, channel], judged[:, channel] = far & ~excused, known & ~(far & excused)
        over = judged & ~away & (self._away > 0) & (self._away < _DEVIATING_SAMPLES)
        found = list(self._findings("spike", self._spiked & ~over, False, value, at_us, now_us, expected))
        found += self._findings("spike", over & ~self._spiked, True, value, at_us, now_us, expected)
        self._spiked = over
        self._away = np.where(judged, np.where(away, self._away + 1, 0), self._away)
        found += self._judge("deviating", away, judged, value, at_us, now_us, expected)
        return found

    def _judge(
        self,
        code: str,
        now: Flags,
        judged: Flags,
        value: NDArray[np.float64],
        at_us: NDArray[np.int64],
        now_us: int,
        expected: NDArray[np.float64] | None = None,
        limit: NDArray[np.float64] | None = None,
    ) -> Iterator[StationFinding]:
        raised, ended = self._latch[code].update(now, judged)
        yield from self._findings(code, raised, True, value, at_us, now_us, expected, limit)
        yield from self._findings(code, ended, False, value, at_us, now_us, expected, limit)

    def _findings(
        self,
        code: str,
        cells: Flags,
        active: bool,
        value: NDArray[np.float64],
        at_us: NDArray[np.int64],
        now_us: int,
        expected: NDArray[np.float64] | None = None,
        limit: NDArray[np.float64] | None = None,
    ) -> Iterator[StationFinding]:
        if not cells.any():
            return
        for row, channel in zip(*np.nonzero(cells), strict=True):
            seen = at_us[row, channel]
            moment_us = now_us if code in ("stale", "future_time") or seen == 0 else min(int(seen), now_us)
            yield StationFinding(
                station_id=str(self._ids[row]),
                channel=Channel(channel).name.lower(),
                code=code,
                at=moment(moment_us),
                active=active,
                observed=_number(value[row, channel]),
                expected=None if expected is None else _number(expected[row, channel]),
                limit=None if limit is None else _number(limit[row, channel]),
            )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
