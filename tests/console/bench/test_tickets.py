"""The benchmark of callers runs small and loses nothing."""

from __future__ import annotations

import pytest

from console.bench.tickets import run


@pytest.mark.slow
def test_a_small_crisis_keeps_every_ticket() -> None:
    found = run(pipes=400, minutes=0.5, speed=20.0)
    assert (found["tickets"], found["lost"], found["chain_whole"]) == (17, 0, True)
    assert found["clock"] == "compressed 20 times"
    assert {"match_p95_ms", "on_disk_p95_ms", "in_the_area"} <= found.keys()
