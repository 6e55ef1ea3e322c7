"""Readings: one value of one channel at one time, with quality; batches are columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    """Readings as columns, each (n,): station row, Channel, source time (µs UTC), value (inside unit), Quality.

    ``arrived_us``: when each was received (µs UTC), 0 where nobody knows; None: of none of them it is known.
    """

    station: NDArray[np.int32]
    channel: NDArray[np.uint8]
    at_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    arrived_us: NDArray[np.int64] | None = None

    @classmethod
    def empty(cls) -> ReadingBatch:
        """No readings."""
        return cls(np.empty(0, np.int32), np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))

    def __len__(self) -> int:
        return len(self.station)

    def where(self, kept: NDArray[np.bool_] | NDArray[np.intp]) -> ReadingBatch:
        """The readings that a mask (n,) keeps, or those at places (m,), in their order."""
        return ReadingBatch(
            self.station[kept],
            self.channel[kept],
            self.at_us[kept],
            self.value[kept],
            self.quality[kept],
            None if self.arrived_us is None else self.arrived_us[kept],
        )

    def received(self, at_us: int) -> ReadingBatch:
        """The same readings, all received at a time (µs UTC)."""
        return replace(self, arrived_us=np.full(len(self), at_us, dtype=np.int64))

    def known_us(self) -> NDArray[np.int64]:
        """When each was known (n,), µs UTC: its arrival; where that is unknown, its source time."""
        return self.at_us if self.arrived_us is None else np.where(self.arrived_us > 0, self.arrived_us, self.at_us)

    def delay_s(self) -> NDArray[np.float64]:
        """Arrival after measurement (n,), seconds, NaN where unknown; below zero where a source's clock is ahead."""
        if self.arrived_us is None:
            return np.full(len(self), np.nan)
        return np.where(self.arrived_us > 0, (self.arrived_us - self.at_us) / 1e6, np.nan)
