"""Rolling history of a replay: the detector learns weekly from the readings so far, never from later ones (causal)."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from console.detection import Detector, History
from console.detection.pressure.baseline import LocalTime
from console.domain.live import LivePicture
from console.domain.readings import Channel, Quality

_DAY_US = 86_400_000_000
_WEEK_DAYS = 7
_FIRST_DAYS = 3
_MOST_DAYS = 35
_MOST_BYTES = 400_000_000
_KEPT = (Channel.PRESSURE, Channel.FLOW, Channel.LEVEL, Channel.PUMP_ON, Channel.VALVE_POSITION)


class RollingHistory:
    """Ticks of the last weeks. The first learning is after three days, then every week at local midnight."""

    def __init__(self, time_zone: str) -> None:
        self._clock = LocalTime(time_zone)
        self._at_us: deque[int] = deque()
        self._rows: deque[NDArray[np.float32]] = deque()
        self._day = -1
        self._since_learned = _WEEK_DAYS - _FIRST_DAYS

    def start(self, history: History, detector: Detector) -> None:
        """Learn from burst-free history at once, and store it."""
        detector.learn(history)
        self._since_learned = 0
        if not len(history.at_us):
            return
        missing = np.full((len(history.at_us), len(detector.station_ids)), np.nan, dtype=np.float32)
        columns = np.stack([history.value.get(int(channel), missing) for channel in _KEPT], axis=-1)
        step_s = float(np.median(np.diff(history.at_us))) / 1e6 if len(history.at_us) > 1 else 1.0
        kept = slice(-int(_MOST_DAYS * 86_400 / max(step_s, 1.0)), None)
        self._at_us.extend(history.at_us[kept].tolist())
        self._rows.extend(columns[kept])

    def take(self, live: LivePicture, now_us: int, tick_s: float, detector: Detector) -> None:
        """Store a tick's good values; before it, learn when a week is over. Ticks with an open burst are not stored."""
        day = (now_us + self._clock.offset_us(now_us)) // _DAY_US
        if self._day >= 0 and day != self._day:
            self._since_learned += 1
            if self._since_learned >= _WEEK_DAYS:
                self._since_learned = 0
                detector.learn(self._history(tick_s))
            if detector.is_due:
                learned = detector.learns_again()(self._is_kept)
                if learned is not None:
                    detector.adopt(learned)
        self._day = int(day)
        if detector.is_holding:
            return
        fresh = live.at_us[:, _KEPT] > now_us - int(tick_s * 1e6)
        good = fresh & (live.quality[:, _KEPT] == Quality.GOOD)
        self._at_us.append(now_us)
        self._rows.append(np.where(good, live.value[:, _KEPT], np.nan).astype(np.float32))
        oldest = now_us - _MOST_DAYS * _DAY_US
        while self._at_us[0] < oldest or self._rows[0].nbytes * len(self._rows) > _MOST_BYTES:
            self._at_us.popleft()
            self._rows.popleft()

    def leave_out(self, since_us: int) -> None:
        """Delete ticks since a time: a burst that was detected later had begun then."""
        while len(self._at_us) > 1 and self._at_us[-1] >= since_us:
            self._at_us.pop()
            self._rows.pop()

    def _is_kept(self, at_us: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of some times are those of stored ticks, (n,)."""
        return np.isin(at_us, np.array(self._at_us, dtype=np.int64))

    def _history(self, tick_s: float) -> History:
        """On the tick's grid; ticks without readings are missing rows."""
        step_us = int(tick_s * 1e6)
        slot = np.array(self._at_us, dtype=np.int64) // step_us
        place = slot - slot[0]
        table = np.full((int(place[-1]) + 1, *self._rows[0].shape), np.nan, dtype=np.float32)
        table[place] = np.stack(list(self._rows))
        at_us = (slot[0] + np.arange(len(table), dtype=np.int64)) * step_us
        return History(at_us, {int(channel): np.ascontiguousarray(table[..., k]) for k, channel in enumerate(_KEPT)})
