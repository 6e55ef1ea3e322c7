"""The history that a replay learns from: no readings changed by a burst."""

from __future__ import annotations

import numpy as np

from console.bench.detect import station_city
from console.detection import Detector, DetectorOptions, History
from console.domain.live import LivePicture
from console.domain.readings import Channel
from console.services.analysis.rolling_history import RollingHistory

HOUR_US = 3_600_000_000
START_US = 1_704_067_200_000_000
"""Midnight UTC."""


class Listening(Detector):
    """Keeps the history it is given."""

    heard: History | None = None

    def learn(self, history: History) -> None:
        self.heard = history


def test_what_came_after_a_burst_began_is_not_learned_from() -> None:
    city = station_city(6, seed=3)
    detector = Listening(city, None, DetectorOptions(tick_s=3600.0, time_zone="UTC"))
    live, memory = LivePicture(len(city.stations)), RollingHistory("UTC")
    for hour in range(73):
        now_us = START_US + hour * HOUR_US
        live.value[:, Channel.PRESSURE], live.at_us[:, Channel.PRESSURE] = 300.0 + hour, now_us
        memory.take(live, now_us, 3600.0, detector)
        if hour == 52:
            memory.leave_out(START_US + 50 * HOUR_US)
    assert detector.heard is not None
    pressures = detector.heard.value[int(Channel.PRESSURE)][:, 0]
    assert len(pressures) == 72
    assert np.flatnonzero(np.isnan(pressures)).tolist() == [50, 51, 52]
    assert pressures[49] == 349.0
    assert pressures[53] == 353.0
