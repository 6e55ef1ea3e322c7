"""The benchmark of history, run small: all figures are there; no times are checked."""

from __future__ import annotations

from console.bench.history import run


def test_a_reading_rolled_up_takes_less_than_a_raw_one_and_every_figure_is_there() -> None:
    found = run(stations=20, days=2)
    assert found["readings"] == 20 * 2 * 1440
    size = found["bytes_per_reading"]
    assert size["quarters_packed"] < size["minutes_packed"] < size["raw"]
    assert found["year_on_paper"]["readings"] == 10_000 * 60 * 24 * 365
    for name in ("write_readings_per_s", "rollup_readings_per_s", "delete_readings_per_s", "chart_raw_ms", "chart_quarters_ms"):
        assert found[name] > 0
