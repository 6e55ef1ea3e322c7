"""Benchmark of frames: the real console in its own process, a running case under a feed, dragged and zoomed by mouse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from console.bench.open import apart, made_apart
from maps.errors import InputFault

_WINDOW = "console.cli.bench_frames"
"""A module of a higher layer, started as a process and not imported."""


def run(pipes: int = 200_000, size: str = "1920x1080", frames: int = 360) -> dict[str, Any]:
    """Frames of the window on a synthetic city of about ``pipes`` pipes, offscreen, at ``size`` (px of the whole window).

    A judged burst stands on the map; ten messages a second bring the readings of all stations once a second. At each scale the
    map is dragged over ``frames`` moves, 60 a second at most. ``drag_ms``: from a move of the pointer until it is painted
    and everything else that waited for the window is done, by scale; ``arriving_ms``: the same at once
    after the map came, while names are still being indexed. ``wheel_ms``: from a step of the wheel until the map is
    drawn anew, sharp. Raises InputFault for a size that is none.
    """
    width, _, height = size.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise InputFault(f"size {size!r}: give it as 1920x1080")
    with tempfile.TemporaryDirectory(prefix="quanmai-frames-") as folder:
        city, told = Path(folder) / "city.gpkg", Path(folder) / "frames.json"
        figures = made_apart(city, pipes, None)
        command = [sys.executable, "-m", _WINDOW, str(city), str(told), width, height, str(frames)]
        ended = subprocess.run(command, env=apart(Path(folder)), check=False).returncode
        if ended != 0 or not told.exists():
            raise InputFault(f"the window ended with code {ended}; run '{' '.join(command)}' to see why")
        measured: dict[str, Any] = json.loads(told.read_text("utf-8"))
    return {**figures, "size": size, **measured, "load_1_min": round(os.getloadavg()[0], 2)}
