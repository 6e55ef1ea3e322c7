"""Expected values: each tick is read back to the hundredth, and only where a value was expected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from alembic import command
from alembic.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.expected import CHARTED
from console.domain.readings import Channel
from console.services.analysis.expected_log import ExpectedLog
from console.store import SqlStore, migrations, open_store
from console.store.connection import engine_for, store_url
from console.store.expected import packed, unpacked

T0, MINUTE_US = 1_704_294_000_000_000, 60_000_000
NUMBERS = st.one_of(st.just(np.nan), st.just(np.inf), st.floats(-1e6, 1e6))


def expected(*pressures: float) -> np.ndarray:
    """(stations, channels) with these pressures, nothing else expected."""
    values = np.full((len(pressures), len(Channel)), np.nan)
    values[:, Channel.PRESSURE] = pressures
    return values


def test_ticks_of_a_window_come_back_by_station_and_time(store: SqlStore) -> None:
    first, second = expected(300.0, np.nan), expected(300.456, 41.0)
    second[0, Channel.FLOW] = -120.5
    second[1, Channel.TURBIDITY] = 0.4  # no chart shows what is expected of it
    for number, values in enumerate((expected(1.0, 2.0), first, second, expected(9.0, 9.0))):
        store.append_expected(T0 + number * MINUTE_US, values)
    found = store.expected_between(T0 + MINUTE_US, T0 + 2 * MINUTE_US)
    rows = zip(found.station.tolist(), found.channel.tolist(), found.at_us.tolist(), found.value.tolist(), strict=True)
    assert list(rows) == [
        (0, Channel.PRESSURE, T0 + MINUTE_US, 300.0),
        (0, Channel.PRESSURE, T0 + 2 * MINUTE_US, 300.46),
        (0, Channel.FLOW, T0 + 2 * MINUTE_US, -120.5),
        (1, Channel.PRESSURE, T0 + 2 * MINUTE_US, 41.0),
    ]
    assert len(store.expected_between(T0 + 9 * MINUTE_US, T0 + 10 * MINUTE_US)) == 0


def test_of_a_repeated_tick_the_first_values_count_and_further_stations_are_added(store: SqlStore) -> None:
    store.append_expected(T0, expected(300.0))
    store.append_expected(T0, expected(200.0))
    store.append_expected(T0 + MINUTE_US, expected(301.0, 500.0))
    found = store.expected_between(T0, T0 + MINUTE_US)
    assert found.value.tolist() == [300.0, 301.0, 500.0]
    assert found.station.tolist() == [0, 0, 1]


def test_scatter_is_valid_from_its_tick_to_the_next_one_and_not_for_hours(store: SqlStore) -> None:
    told = {0: [1.5, np.nan], 3: [2.25, 0.5]}
    for number in (*range(5), 200):
        sigma = np.array(told[number]) if number in told else None
        store.append_expected(T0 + number * MINUTE_US, expected(300.0, 310.0), sigma)
    window = store.expected_between(T0 + 2 * MINUTE_US, T0 + 4 * MINUTE_US)
    assert window.sigma is not None
    first, second = (window.sigma[window.station == station] for station in (0, 1))
    assert first.tolist() == [1.5, 2.25, 2.25]
    assert np.isnan(second[0])
    assert second[1:].tolist() == [0.5, 0.5]
    assert store.expected_between(T0 + 200 * MINUTE_US, T0 + 200 * MINUTE_US).sigma is None


def test_scatter_is_written_once_an_hour_and_when_it_becomes_known_for_a_station() -> None:
    told: list[int] = []

    class Told:
        def append_expected(self, tick_us: int, _: np.ndarray, sigma_kpa: np.ndarray | None = None) -> None:
            told.extend([] if sigma_kpa is None else [(tick_us - T0) // MINUTE_US])

    log = ExpectedLog(Told())
    for minute in range(130):
        log.keep(T0 + minute * MINUTE_US, expected(300.0), np.array([np.nan if minute < 10 else 1.0 + minute]))
    assert told == [0, 10, 70]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=20))
def test_a_packed_tick_is_the_same_to_the_hundredth_and_unknown_stays_unknown(rows: list[tuple[float, ...]]) -> None:
    values = np.array(rows, dtype=np.float64).reshape(-1, len(CHARTED))
    back = unpacked(packed(values), len(values))
    assert np.array_equal(np.isnan(back), ~np.isfinite(values))
    assert (np.abs(back - values)[np.isfinite(values)] <= 0.00501).all()


def test_a_store_of_the_second_revision_opens_with_nothing_expected(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    engine = engine_for(store_url(path), durable=True)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    engine.dispose()
    store = open_store(path)
    assert len(store.expected_between(0, T0 * 2)) == 0
    store.append_expected(T0, expected(300.0))
    assert store.expected_between(T0, T0).value.tolist() == [300.0]
    store.close()
