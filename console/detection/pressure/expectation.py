"""Expected value of every pressure and flow channel: profile plus trailing level, learned from history or from the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.detection.history import History
from console.detection.medians import known_median
from console.detection.options import DetectorOptions
from console.detection.pressure.baseline import LocalTime, Profile, TrailingLevel
from console.domain.readings import Channel
from maps.units import KPA_PER_METRE

DAY_US = 86_400_000_000
_FOLLOWED = (Channel.PRESSURE, Channel.FLOW)


@dataclass(frozen=True, eq=False)
class QuietResiduals:
    """Pressures of history: (ticks, stations) m, NaN where unknown; (ticks,) seconds of the day.

    ``pressure_m``: as read; ``residual_m``: minus profile and trailing level, NaN until the level has settled.
    """

    pressure_m: NDArray[np.float32]
    residual_m: NDArray[np.float32]
    second_of_day: NDArray[np.float64]
    step_s: float


class Expectation:
    """Expected values of all stations; arrays (stations, channels). Estimated from history and updated with live values."""

    def __init__(self, stations: int, options: DetectorOptions, model_day_kpa: NDArray[np.float64] | None) -> None:
        """``model_day_kpa``: (hours, stations) pressures of the model's day, None without a model."""
        self._stations, self._options = stations, options
        self._clock = LocalTime(options.time_zone)
        self._profile: dict[Channel, Profile] = {}
        if model_day_kpa is not None and stations:
            self._profile[Channel.PRESSURE] = Profile.of_day(model_day_kpa)
        ticks = options.level_s / options.tick_s
        self._level = {channel: TrailingLevel(stations, ticks) for channel in _FOLLOWED}
        self._learned = np.zeros(stations, dtype=bool)

    def second_of_day(self, now_us: int) -> float:
        """Seconds since the city's midnight."""
        return float((now_us + self._clock.offset_us(now_us)) % DAY_US) / 1e6

    def seconds_of_day(self, at_us: NDArray[np.int64]) -> NDArray[np.float64]:
        """The same for many times, (n,), with the zone's offset at the last."""
        return np.asarray((at_us + self._clock.offset_us(int(at_us[-1]))) % DAY_US / 1e6, dtype=np.float64)

    def ready(self) -> NDArray[np.bool_]:
        """(stations,) pressure stations with a baseline: from history, or after a full day of readings."""
        ticks = max(DAY_US / 1e6 / self._options.tick_s, float(self._options.warm_up_ticks))
        return self._learned | (self._level[Channel.PRESSURE].seen >= ticks)

    def values(self, at_us: NDArray[np.int64], now_us: int) -> NDArray[np.float64]:
        """Expected at each value's own time, NaN where unknown."""
        expected = np.full(at_us.shape, np.nan)
        for channel, level in self._level.items():
            base = self._base(channel, at_us, now_us)
            known = (level.seen > 0) | (np.isfinite(base) & (channel in self._profile) & self._learned)
            expected[:, channel] = np.where(known, np.nan_to_num(base) + level.level, np.nan)
        return expected

    def usual(self, expected: NDArray[np.float64], at_us: NDArray[np.int64], now_us: int) -> NDArray[np.float64]:
        """``expected`` (stations, channels), of pressures with a profile learned from history the profile alone.

        The trailing level follows what lasts: a pressure is not usual because it stays low, or was low when this process began.
        """
        pressure = Channel.PRESSURE
        if pressure not in self._profile or not self._learned.any():
            return expected
        base, usual = self._base(pressure, at_us, now_us), expected.copy()
        usual[:, pressure] = np.where(self._learned & np.isfinite(base), base, expected[:, pressure])
        return usual

    def follow(
        self,
        value: NDArray[np.float64],
        at_us: NDArray[np.int64],
        usable: NDArray[np.bool_],
        sigma_m: NDArray[np.float64],
        held: NDArray[np.bool_],
        now_us: int,
    ) -> None:
        """Update the trailing levels with a tick. ``sigma_m``, ``held``: (stations,), noise, and where a burst may be active."""
        for channel, level in self._level.items():
            base = np.nan_to_num(self._base(channel, at_us, now_us))
            deviation = np.where(usable[:, channel], value[:, channel] - base, np.nan)
            limit = 3.0 * sigma_m * KPA_PER_METRE if channel is Channel.PRESSURE else np.full(self._stations, np.inf)
            level.update(deviation, limit, held)

    def accept(self, rows: NDArray[np.int64], step_m: NDArray[np.float64]) -> None:
        """Add a lasting step of pressure stations to their baseline at once."""
        self._level[Channel.PRESSURE].shift(rows, step_m * KPA_PER_METRE)

    def learn(self, history: History, take_residuals: Callable[[QuietResiduals], None]) -> None:
        """Estimate profiles and levels from burst-free history; ``take_residuals`` is called with the pressure residuals."""
        local = history.at_us + self._clock.offset_us(int(history.at_us[-1]))
        if local[-1] - local[0] < DAY_US:
            return
        step_s = float(np.median(np.diff(local))) / 1e6
        for channel in _FOLLOWED:
            values = history.value.get(int(channel))
            if values is None:
                continue
            known, residuals = self._learn_channel(channel, local, values, step_s)
            if channel is Channel.PRESSURE:
                residuals[: int(2 * self._options.level_s / step_s)] = np.nan
                seconds, metre = (local % DAY_US) / 1e6, np.float32(KPA_PER_METRE)
                take_residuals(QuietResiduals(values / metre, residuals / metre, seconds, step_s))
                self._learned |= known

    def _learn_channel(
        self, channel: Channel, local_us: NDArray[np.int64], values: NDArray[np.float32], step_s: float
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """(stations with enough history, residuals after profile and level)."""
        profile = Profile.learned(local_us, values)
        known = np.asarray(np.isfinite(profile.table).all(axis=0))
        before = self._profile.get(channel)
        if before is not None:
            profile.fill(~known, before)
        self._profile[channel] = profile
        level = TrailingLevel(values.shape[1], self._options.level_s / step_s)
        residuals = np.full(values.shape, np.nan, dtype=np.float32)
        deviation = _deviations(profile, local_us, values)
        limit = 3.0 * _robust_scale(deviation)
        nothing_held = np.zeros(values.shape[1], dtype=bool)
        for index, row in enumerate(deviation):
            residuals[index] = row - level.level
            level.update(row, limit, nothing_held)
        self._level[channel].take_over(level)
        return known, residuals * np.float32(profile.optimism)

    def _base(self, channel: Channel, at_us: NDArray[np.int64], now_us: int) -> NDArray[np.float64]:
        if channel not in self._profile or not self._stations:
            return np.zeros(self._stations)
        when = np.where(at_us[:, channel] > 0, at_us[:, channel], now_us)
        return self._profile[channel].at(when + self._clock.offset_us(now_us))


def _deviations(profile: Profile, local_us: NDArray[np.int64], values: NDArray[np.float32]) -> NDArray[np.float64]:
    """(ticks, stations): values minus the profile."""
    return np.stack([row - profile.at(np.array([at])) for row, at in zip(values, local_us, strict=True)])


def _robust_scale(deviation: NDArray[np.float64]) -> NDArray[np.float64]:
    """1.4826 times the median absolute deviation of each station, a metre of water where nothing is known."""
    some = np.abs(deviation[np.linspace(0, len(deviation) - 1, min(len(deviation), 2000)).astype(np.int64)])
    scale = 1.4826 * known_median(some)
    return np.asarray(np.maximum(np.where(np.isfinite(scale), scale, KPA_PER_METRE), 1e-3))
