"""Benchmark of a start that learns from the store's last weeks: time and peak memory, in a separate process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from console.domain.clock import micros, moment
from console.domain.readings import Channel, Quality, ReadingBatch
from console.store import open_store

_END_US = 1_704_294_000_000_000
_PROBE = """
import json, resource, sys, time
from console.domain.clock import moment
from console.services.analysis.quiet_history import quiet_history
from console.store import open_store
store = open_store(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.perf_counter()
history = quiet_history(store, int(sys.argv[2]), moment(int(sys.argv[3])))
print(json.dumps({
    "seconds": round(time.perf_counter() - started, 1), "slots": len(history.at_us),
    "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), "before_mb": round(before / 1024),
}))
"""


def run(stations: int = 2_000, per_station: int = 6_000) -> dict[str, Any]:
    """Measure with ``stations`` × ``per_station`` readings, evenly over the last day (12 million by default)."""
    with tempfile.TemporaryDirectory(prefix="quanmai-bench-") as folder:
        path = Path(folder) / "bench.sqlite"
        started = time.perf_counter()
        store = open_store(path)
        for at_us in np.linspace(micros(moment(_END_US) - timedelta(days=1)), _END_US, per_station, dtype=np.int64).tolist():
            store.append_readings(_of_all(stations, at_us).received(at_us))
        store.flush()
        store.close()
        filled_s = time.perf_counter() - started
        asked = [sys.executable, "-c", _PROBE, str(path), str(stations), str(_END_US)]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
    return {"readings": stations * per_station, "filled_s": round(filled_s, 1), **found}


def _of_all(stations: int, at_us: int) -> ReadingBatch:
    return ReadingBatch(
        np.arange(stations, dtype=np.int32),
        np.full(stations, int(Channel.PRESSURE), dtype=np.uint8),
        np.full(stations, at_us, dtype=np.int64),
        300.0 + np.arange(stations, dtype=np.float64) % 50,
        np.full(stations, Quality.GOOD, dtype=np.uint8),
    )
