"""A start reads its history in parts: the memory it takes does not grow with the readings of the last day."""

from __future__ import annotations

import numpy as np
import pytest

from console.bench.recall import run
from console.detection import History
from console.domain.readings import Channel, Quality, ReadingBatch


def test_history_of_parts_in_any_order_is_that_of_the_whole() -> None:
    rng = np.random.default_rng(3)
    size, tick_s = 4000, 300.0
    batch = ReadingBatch(
        rng.integers(0, 5, size).astype(np.int32),
        rng.choice([int(Channel.PRESSURE), int(Channel.FLOW)], size).astype(np.uint8),
        (10**15 + rng.permutation(size) * 7_000_000).astype(np.int64),
        rng.normal(300.0, 9.0, size),
        rng.choice([int(Quality.GOOD), int(Quality.BAD)], size, p=[0.9, 0.1]).astype(np.uint8),
    )
    places = rng.permutation(size)
    parts = [batch.where(places[start : start + 137]) for start in range(0, size, 137)]
    found = History.of_parts(parts, 5, tick_s)
    slot = (batch.at_us + 150_000_000) // 300_000_000
    for channel in (Channel.PRESSURE, Channel.FLOW):
        for station in range(5):
            for row, at_us in enumerate(found.at_us):
                mine = np.flatnonzero(
                    (batch.channel == channel) & (batch.station == station) & (batch.quality != Quality.BAD)
                    & (slot == at_us // 300_000_000)
                )  # fmt: skip
                right = batch.value[mine[np.argmax(batch.at_us[mine])]] if len(mine) else np.nan
                assert found.value[int(channel)][row, station] == pytest.approx(np.float32(right), nan_ok=True)


def test_a_start_takes_little_more_memory_for_ten_times_as_many_readings() -> None:
    few, many = run(stations=500, per_station=400), run(stations=500, per_station=4_000)
    assert (few["readings"], many["readings"]) == (200_000, 2_000_000)
    assert many["peak_mb"] - many["before_mb"] < 90  # 2 million readings are 58 MB as columns, and several times that sorted
    assert many["slots"] == few["slots"]
