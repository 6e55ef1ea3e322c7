"""The readings benchmark publishes through a real broker into an engine process and counts every lost reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.bench.flood import flood
from console.bench.readings import bench_city
from maps.dataset import write_city

pytestmark = pytest.mark.slow


def test_single_messages_through_a_real_broker_are_all_stored_and_seen(tmp_path: Path) -> None:
    city, path = bench_city(500), tmp_path / "bench.gpkg"
    write_city(city, path)
    found = flood(city, path, rate=4_000, seconds=2, arrays=False)
    assert found["lost"] == 0
    assert found["stored"] == found["published"] > 4_000
    assert found["delay_p50_s"] <= found["delay_p99_s"]
