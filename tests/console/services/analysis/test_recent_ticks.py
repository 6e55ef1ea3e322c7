"""Stored readings tick by tick: what a process that begins sees is what one that ran all the time has seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from console.domain.clock import micros
from console.domain.readings import Channel, ReadingBatch
from console.services.analysis.recent_ticks import recent_since_us, recent_ticks

NOW = datetime(2024, 1, 3, 15, 0, 30, tzinfo=UTC)
MINUTE_US = 60_000_000


class Stored:
    """Readings of one station's pressure, in parts and out of order."""

    def __init__(self, pairs: list[tuple[int, float]], *, count: int | None = None) -> None:
        self.pairs, self.count = pairs, count

    def count_readings(self, since_us: int, until_us: int) -> int:
        return len(self.pairs) if self.count is None else self.count

    def reading_parts(self, since_us: int, until_us: int) -> Iterator[ReadingBatch]:
        inside = [pair for pair in self.pairs if since_us <= pair[0] <= until_us]
        for part in (inside[1::2], inside[::2]):
            yield ReadingBatch(
                np.zeros(len(part), np.int32),
                np.full(len(part), int(Channel.PRESSURE), np.uint8),
                np.array([at for at, _ in part], dtype=np.int64),
                np.array([value for _, value in part], dtype=np.float64),
                np.zeros(len(part), np.uint8),
            )


def test_each_tick_holds_the_latest_value_before_it_and_nothing_later() -> None:
    end = micros(NOW) - 30_000_000
    stored = Stored([(end - 150_000_000 + n * 25_000_000, 300.0 + n) for n in range(7)])
    ticks = list(recent_ticks(stored, 1, end - 3 * 60 * MINUTE_US, NOW, MINUTE_US))
    assert [tick.at_us for tick in ticks] == [end - 2 * MINUTE_US, end - MINUTE_US, end]
    for tick in ticks:
        at, value = max(pair for pair in stored.pairs if pair[0] <= tick.at_us)
        assert (tick.seen_us[0, Channel.PRESSURE], tick.value[0, Channel.PRESSURE]) == (at, value)


def test_without_readings_there_is_no_tick() -> None:
    assert list(recent_ticks(Stored([]), 1, 0, NOW, MINUTE_US)) == []


def test_the_stretch_is_six_hours_and_shorter_where_readings_are_many() -> None:
    end = micros(NOW) - 30_000_000
    assert recent_since_us(Stored([]), NOW, MINUTE_US) == end - 6 * 60 * MINUTE_US
    assert recent_since_us(Stored([], count=20_000_000), NOW, MINUTE_US) == end - 90 * MINUTE_US
    assert timedelta(microseconds=micros(NOW) - recent_since_us(Stored([]), NOW, 1_000_000)) == timedelta(seconds=720)
