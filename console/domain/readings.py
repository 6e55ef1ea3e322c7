"""Readings: one value of one channel at one time, with quality; batches are columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Channel(IntEnum):
    """What a station measures; the value is the column in every (stations, channels) array.

    Inside units: pressure kPa, flow m³/h, level m, turbidity NTU, chlorine mg/L, temperature °C; states as sent.
    """

    PRESSURE = 0
    FLOW = 1
    LEVEL = 2
    TURBIDITY = 3
    CHLORINE = 4
    PH = 5
    TEMPERATURE = 6
    PUMP_ON = 7
    FREQUENCY = 8
    VALVE_POSITION = 9
    SETPOINT = 10
    POWER = 11
    BATTERY = 12


CHANNEL_BY_NAME = {channel.name.lower(): channel for channel in Channel}


class Quality(IntEnum):
    """Quality of a reading."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


@dataclass(frozen=True, eq=False)
class ReadingBatch:
    """Readings as columns, each (n,): station row, Channel, source time (µs UTC), value (inside unit), Quality."""

    station: NDArray[np.int32]
    channel: NDArray[np.uint8]
    at_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.station)

    def where(self, kept: NDArray[np.bool_]) -> ReadingBatch:
        """The readings that a mask (n,) keeps."""
        return ReadingBatch(self.station[kept], self.channel[kept], self.at_us[kept], self.value[kept], self.quality[kept])
