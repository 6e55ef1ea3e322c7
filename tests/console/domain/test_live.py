"""The live picture: the latest value is kept, never an older one, and silent stations turn stale."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from console.domain.grid import TickGrid
from console.domain.live import FUTURE_TOLERANCE_US, LivePicture
from console.domain.picture import StationState
from console.domain.readings import Channel, Quality, ReadingBatch

S = 1_000_000
T0 = 1_704_294_000 * S


def a_batch(*rows: tuple[int, int, float]) -> ReadingBatch:
    """Pressures: (station, time µs, value)."""
    station, at_us, value = zip(*rows, strict=True)
    return ReadingBatch(
        np.array(station, dtype=np.int32),
        np.full(len(rows), Channel.PRESSURE, dtype=np.uint8),
        np.array(at_us, dtype=np.int64),
        np.array(value, dtype=np.float64),
        np.full(len(rows), Quality.GOOD, dtype=np.uint8),
    )


@given(batches=st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.floats(-9, 9)), min_size=1), max_size=6))
def test_the_latest_value_of_each_channel_wins_whatever_the_order(batches: list[list[tuple[int, int, float]]]) -> None:
    live = LivePicture(3)
    latest: dict[int, tuple[int, float]] = {}
    for batch in batches:
        live.apply(a_batch(*((s, T0 + t, v) for s, t, v in batch)), T0 + 10)
        newest: dict[int, tuple[int, float]] = {}
        for s, t, v in batch:
            if s not in newest or t >= newest[s][0]:
                newest[s] = (t, v)
        for s, (t, v) in newest.items():
            if s not in latest or t > latest[s][0]:
                latest[s] = (t, v)
    for s in range(3):
        if s in latest:
            assert live.at_us[s, Channel.PRESSURE] == T0 + latest[s][0]
            assert live.value[s, Channel.PRESSURE] == latest[s][1]
        else:
            assert np.isnan(live.value[s, Channel.PRESSURE])


def test_a_source_time_from_the_future_is_a_station_fault_not_a_reading() -> None:
    live = LivePicture(2)
    applied = live.apply(a_batch((0, T0 + FUTURE_TOLERANCE_US + 1, 1.0), (1, T0 + FUTURE_TOLERANCE_US, 2.0)), T0)
    assert applied.ahead.tolist() == [0]
    assert np.isnan(live.value[0, 0])
    assert live.value[1, 0] == 2.0


def test_a_silent_station_turns_stale_after_three_of_its_intervals_and_back_with_its_next_reading() -> None:
    live = LivePicture(2)
    for number in range(20):
        live.apply(a_batch((0, T0 + number * 60 * S, 300.0)), T0 + number * 60 * S)
    last = T0 + 19 * 60 * S
    assert not live.stale(last + 179 * S)[0, 0]
    assert live.stale(last + 181 * S)[0, 0]
    none = np.zeros(2, dtype=bool)
    state = live.station_state(last + 181 * S, none, none, none)
    assert state.tolist() == [StationState.STALE, StationState.MISSING]
    live.apply(a_batch((0, last + 182 * S, 300.0)), last + 182 * S)
    assert live.station_state(last + 183 * S, none, none, none)[0] == StationState.NORMAL


def test_each_tick_is_given_once_and_waits_for_its_samples() -> None:
    live, grid = LivePicture(2), TickGrid(60.0, 10.0)
    tick = T0 - T0 % (60 * S) + 60 * S
    for earlier in (tick - 120 * S, tick - 60 * S):
        live.apply(a_batch((0, earlier, 1.0), (1, earlier, 1.0)), earlier + 30 * S)
    assert grid.due(tick - 1, live) is None
    live.apply(a_batch((0, tick, 1.0)), tick)
    assert grid.due(tick + S, live) is None
    live.apply(a_batch((1, tick + S, 1.0)), tick + S)
    assert grid.due(tick + S, live) == tick
    assert grid.due(tick + S, live) is None


def test_a_tick_does_not_wait_longer_than_its_settling_time() -> None:
    live, grid = LivePicture(1), TickGrid(60.0, 10.0)
    tick = T0 - T0 % (60 * S) + 60 * S
    live.apply(a_batch((0, tick - 60 * S, 1.0)), tick - 30 * S)
    assert grid.due(tick - 1, live) is None
    assert grid.due(tick + 10 * S, live) == tick
