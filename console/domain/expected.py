"""What stations were expected to show: values as they were expected at each tick, and the band that charts draw around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import Channel

CHARTED = (Channel.PRESSURE, Channel.FLOW, Channel.LEVEL)
"""Channels whose expected values are kept."""

BAND_SIGMAS = 3.0
"""A quiet station leaves the band once in 400 ticks."""

_BAND_KPA, _BAND_SHARE = 12.0, 0.08


@dataclass(frozen=True, eq=False)
class ExpectedValues:
    """Expected values as columns, (n,) each, by station, channel and time.

    ``station``: row; ``channel``: Channel; ``at_us``: tick, µs UTC; ``value``: as expected at that tick, internal unit.
    ``sigma``: the station's scatter around it, internal unit, NaN where unknown; None where none was stored.
    """

    station: NDArray[np.int32]
    channel: NDArray[np.uint8]
    at_us: NDArray[np.int64]
    value: NDArray[np.float64]
    sigma: NDArray[np.float64] | None = None

    @classmethod
    def empty(cls) -> ExpectedValues:
        """None at all: nobody kept them."""
        return cls(np.empty(0, np.int32), np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0))

    @classmethod
    def of_ticks(
        cls, ticks_us: NDArray[np.int64], values: NDArray[np.float64], sigma_kpa: NDArray[np.float64] | None = None
    ) -> ExpectedValues:
        """``values``: (ticks, stations, len(CHARTED)), NaN where nothing was expected; ``ticks_us`` rising.

        ``sigma_kpa``: (ticks, stations), of pressures.
        """
        by_cell = values.transpose(1, 2, 0)
        station, channel, tick = np.nonzero(np.isfinite(by_cell))
        codes = np.array(CHARTED, dtype=np.uint8)
        own = None
        if sigma_kpa is not None:
            own = np.where(codes[channel] == Channel.PRESSURE, sigma_kpa[tick, station], np.nan)
        return cls(station.astype(np.int32), codes[channel], ticks_us[tick], by_cell[station, channel, tick], own)

    def __len__(self) -> int:
        return len(self.station)

    def within(self, since_us: int, until_us: int) -> ExpectedValues:
        """Those of ticks in [since, until]."""
        return self.where((self.at_us >= since_us) & (self.at_us <= until_us) & np.isfinite(self.value))

    def where(self, kept: NDArray[np.bool_]) -> ExpectedValues:
        """Those that a mask (n,) keeps."""
        sigma = None if self.sigma is None else self.sigma[kept]
        return ExpectedValues(self.station[kept], self.channel[kept], self.at_us[kept], self.value[kept], sigma)


def usual_scatter(channel: Channel, expected: NDArray[np.float64], sigma: float = np.nan) -> NDArray[np.float64]:
    """Half the width of the band around expected values, inside units: three times the station's own ``sigma``.

    Where that is unknown (NaN): 4 %, of pressures at least 6 kPa.
    """
    if np.isfinite(sigma):
        return np.full(len(expected), BAND_SIGMAS * sigma)
    least = _BAND_KPA if channel is Channel.PRESSURE else 0.0
    return np.maximum(np.abs(expected) * _BAND_SHARE, least) / 2
