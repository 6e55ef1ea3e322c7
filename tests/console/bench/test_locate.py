"""The location and detection benchmarks run on small cities and print all their figures."""

from __future__ import annotations

import pytest

from console.bench import detect, locate, ltown


def test_the_bench_of_location_gives_its_three_times() -> None:
    found = locate.run(pipes=600, stations=12)
    assert {"signatures_s", "event_ms", "refine_s"} <= found.keys()


def test_the_bench_of_detection_gives_the_time_of_a_tick() -> None:
    assert detect.run(stations=60)["tick_ms"] > 0.0


@pytest.mark.slow
def test_detection_on_ltown_meets_its_targets() -> None:
    pytest.importorskip("epyt", reason="the package epyt, which brings L-TOWN.inp, is not installed")
    found = ltown.run(days=60, bursts=60, test_days=15)
    assert found["false_alarms"] <= 1
    assert found["30_m3h"]["first_sample"] >= 0.8
    assert found["30_m3h"]["within_three"] >= 0.95
    assert found["30_m3h"]["set_90_holds"] >= 0.85
