"""The benchmark of opening on a small city: all figures are present and have the right type."""

from __future__ import annotations

import pytest

from console.bench import frames
from console.bench.open import run

pytestmark = [pytest.mark.slow, pytest.mark.gui]


@pytest.mark.parametrize("feed", [False, True])
def test_stalls_and_memory_of_the_real_window_are_reported(feed: bool) -> None:
    figures = run(pipes=300, stations=12, seconds=8, feed=feed)
    assert figures["stations"] == 12
    assert figures["map_s"] > 0.0  # no bound on times: they depend on the load of the machine
    told = figures["at_8_s"]
    assert told["stall_ms"] >= 0.0
    assert 50.0 < told["peak_mb"] <= told["peak_all_mb"]


def test_drags_and_wheel_steps_of_the_real_window_are_measured_at_each_scale_under_a_feed() -> None:
    figures = frames.run(pipes=300, size="1280x720", frames=24)
    assert set(figures["drag_ms"]) == {"city", "district", "street"}
    for told in figures["drag_ms"].values():
        assert 0.0 < told["p50"] <= told["p95"] <= told["p99"] <= told["max"]
        assert told["pictures"] >= 0
    assert 0.0 < figures["wheel_ms"]["p50"] <= figures["wheel_ms"]["max"]
