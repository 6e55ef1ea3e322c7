"""The bench of opening on a small city: the figures are there, and of the right kind."""

from __future__ import annotations

import pytest

from console.bench.open import run

pytestmark = [pytest.mark.slow, pytest.mark.gui]


@pytest.mark.parametrize("feed", [False, True])
def test_the_real_windows_stalls_and_memory_are_told(feed: bool) -> None:
    figures = run(pipes=300, stations=12, seconds=8, feed=feed)
    assert figures["stations"] == 12
    assert figures["map_s"] > 0.0  # how long is for the bench to say: the time of a shared machine decides no test
    told = figures["at_8_s"]
    assert told["stall_ms"] >= 0.0
    assert 50.0 < told["peak_mb"] <= told["peak_all_mb"]
