"""Objects loaded before the window is shown are left out of later garbage collections."""

from __future__ import annotations

import gc
import subprocess
import sys

from console.garbage_collection import set_loaded_aside


def test_later_collections_walk_only_what_is_new() -> None:
    set_loaded_aside()
    try:
        new: list[list[object]] = [[] for _ in range(100)]
        walked = gc.get_objects()
        assert len(walked) < gc.get_freeze_count() / 100
        assert any(one is new for one in walked)
    finally:
        gc.unfreeze()
        set_loaded_aside()  # as pytest_collection_finish does for all tests


_PROBE = """
import sys
from pathlib import Path
import numpy as np
from console.garbage_collection import return_what_is_freed

def resident_mb():
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096 / 1e6

assert return_what_is_freed()
np.ones(30_000_000 // 8)  # freed at once: from now on glibc alone would keep blocks of this size
before, held, small = resident_mb(), [], []
for _ in range(100):
    held.append(np.ones(1_500_000 // 8))
    small.append(bytearray(2000))  # lies behind it, and stays
grown = resident_mb() - before
held.clear()
print(grown, resident_mb() - before)
"""


def test_memory_freed_after_loading_a_city_is_returned_to_the_system() -> None:
    probe = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True)
    grown, left = map(float, probe.stdout.split())
    assert grown > 140.0
    assert left < 20.0
