"""Clocks of stations against ours: a station with readings ahead of our clock has a fault until its clock is right."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import StationFinding
from console.domain.alarms import Alarm, AlarmState
from console.domain.clock import micros, moment
from console.domain.readings import ReadingBatch

CODE = "future_time"


class StationClocks:
    """Which stations run ahead. ``station_ids``: by row; ``alarms``: those active at the start."""

    def __init__(self, station_ids: NDArray[np.object_], alarms: Iterable[Alarm]) -> None:
        self._ids = station_ids
        rows = {str(name): row for row, name in enumerate(station_ids)}
        living = (a for a in alarms if a.code == CODE and a.state is not AlarmState.CLEARED and a.returned_at is None)
        self._since_us = {rows[a.subject]: micros(a.raised_at) for a in living if a.subject in rows}

    def look(self, batch: ReadingBatch, ahead: NDArray[np.int32], now_us: int) -> tuple[StationFinding, ...]:
        """Findings of a batch; ``ahead``: rows of stations with readings from the future.

        A reading is ahead of *our* clock: when that is set back, the fault of every station begins. It ends when either clock
        is right again.
        """
        begun = [int(row) for row in ahead if int(row) not in self._since_us]
        ended = self._right_again(batch, ahead, now_us) if self._since_us else []
        for row in begun:
            self._since_us[row] = now_us
        for row in ended:
            del self._since_us[row]
        return (*(self._finding(row, now_us, active=True) for row in begun),
                *(self._finding(row, now_us, active=False) for row in ended))  # fmt: skip

    def _right_again(self, batch: ReadingBatch, ahead: NDArray[np.int32], now_us: int) -> list[int]:
        """Stations with a reading measured since the fault began, and none ahead. Backfill is no evidence."""
        right = []
        for row in np.intersect1d(batch.station, np.array(list(self._since_us), dtype=np.int32)):
            self._since_us[int(row)] = min(self._since_us[int(row)], now_us)  # our clock may have been set back
            newest_us = int(batch.at_us[batch.station == row].max())
            if row not in ahead and newest_us >= self._since_us[int(row)]:
                right.append(int(row))
        return right

    def _finding(self, row: int, now_us: int, *, active: bool) -> StationFinding:
        return StationFinding(str(self._ids[row]), "", CODE, moment(now_us), active=active)
