"""What stations were expected to show: values as they were expected at each tick, and the band that charts draw around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import Channel

CHARTED = (Channel.PRESSURE, Channel.FLOW, Channel.LEVEL)
"""Channels whose expected values are kept."""

_BAND_KPA, _BAND_SHARE = 12.0, 0.08


@dataclass(frozen=True, eq=False)
class ExpectedValues:
    """Expected values as columns, each (n,), by station, channel and time: station row, Channel, tick (µs UTC), value

    (inside unit). Each is as it was expected at its tick; where nothing was expected there is none.
    """

    station: NDArray[np.int32]
    channel: NDArray[np.uint8]
    at_us: NDArray[np.int64]
    value: NDArray[np.float64]

    @classmethod
    def empty(cls) -> ExpectedValues:
        """None at all: nobody kept them."""
        return cls(np.empty(0, np.int32), np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0))

    @classmethod
    def of_ticks(cls, ticks_us: NDArray[np.int64], values: NDArray[np.float64]) -> ExpectedValues:
        """``values``: (ticks, stations, len(CHARTED)), NaN where nothing was expected; ``ticks_us`` rising."""
        by_cell = values.transpose(1, 2, 0)
        station, channel, tick = np.nonzero(np.isfinite(by_cell))
        codes = np.array(CHARTED, dtype=np.uint8)
        return cls(station.astype(np.int32), codes[channel], ticks_us[tick], by_cell[station, channel, tick])

    def __len__(self) -> int:
        return len(self.station)

    def within(self, since_us: int, until_us: int) -> ExpectedValues:
        """Those of ticks in [since, until]."""
        return self.where((self.at_us >= since_us) & (self.at_us <= until_us) & np.isfinite(self.value))

    def where(self, kept: NDArray[np.bool_]) -> ExpectedValues:
        """Those that a mask (n,) keeps."""
        return ExpectedValues(self.station[kept], self.channel[kept], self.at_us[kept], self.value[kept])


def usual_scatter(channel: Channel, expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half the width of the band around expected values, inside units: 4 %, of pressures at least 6 kPa."""
    least = _BAND_KPA if channel is Channel.PRESSURE else 0.0
    return np.maximum(np.abs(expected) * _BAND_SHARE, least) / 2
