"""Benchmark of opening: the window on a large city in another process; its stalls and memory, measured from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from maps.errors import InputFault

MARKS_S = (30, 60, 120, 180)
_WINDOW = "console.cli.bench_window"
"""A module of a higher layer, started as a process and not imported."""

_SAMPLE_S = 0.1
_MAP_MOST_S = 600.0


def run(pipes: int = 200_000, stations: int | None = None, seconds: int = MARKS_S[-1], feed: bool = False) -> dict[str, Any]:
    """Open the console without a broker on a synthetic city, offscreen; figures at the given times.

    ``stations``: None for those of the synthetic city. ``feed``: readings of all stations once a minute, offered in the process.
    ``map_s``: from the start of the process until the map's first complete picture; ``map_cpu_s``: processor time until
    then (all threads; other load lengthens only ``map_s``). ``stall_ms``: longest time in which
    the window's event loop did not run after that, up to each mark. ``peak_mb``: largest resident memory of the window's
    process up to each mark, ``peak_all_mb`` with the processes that it started.
    """
    if not Path("/proc/self/status").exists():
        raise InputFault("bench open reads memory from /proc: run it on Linux")
    with tempfile.TemporaryDirectory(prefix="quanmai-open-") as folder:
        city = Path(folder) / "city.gpkg"
        figures = made_apart(city, pipes, stations)
        return figures | _opened(city, Path(folder), [mark for mark in MARKS_S if mark <= seconds] or [seconds], feed)


def made_apart(path: Path, pipes: int, stations: int | None) -> dict[str, Any]:
    """Write a synthetic city in another process, so that its memory is not counted here; gives its counts."""
    code = "import sys; from console.bench.open import make_city; make_city(*sys.argv[1:])"
    made = subprocess.run(
        [sys.executable, "-c", code, str(path), str(pipes), "" if stations is None else str(stations)],
        stdout=subprocess.PIPE,
        check=True,
    )
    figures: dict[str, Any] = json.loads(made.stdout)
    return figures


def make_city(path: str, pipes: str, stations: str) -> None:
    """Write a synthetic city; prints its counts as JSON."""
    from dataclasses import replace

    from maps.dataset import write_city
    from maps.locate.station_placement import place_stations
    from maps.synthetic import SyntheticOptions, build_city

    city = build_city(SyntheticOptions(pipes=int(pipes)))
    if stations:
        city = replace(city, stations=place_stations(city, int(stations)))
    write_city(city, Path(path))
    counts = {
        "pipes": len(city.network.pipes),
        "nodes": len(city.network.nodes),
        "stations": len(city.stations),
        "model": city.epanet is not None,
    }
    print(json.dumps(counts))  # noqa: T201


def _opened(city: Path, folder: Path, marks: list[int], feed: bool) -> dict[str, Any]:
    told = folder / "turns.jsonl"
    command = [sys.executable, "-m", _WINDOW, str(city), str(told), str(marks[-1]), "feed" if feed else ""]
    began = time.time()
    window = subprocess.Popen(command, env=apart(folder))
    samples: list[tuple[float, float, float]] = []
    try:
        while window.poll() is None and time.time() - began < marks[-1] + _MAP_MOST_S:
            own, all_ = _resident_mb(window.pid)
            samples.append((time.time() - began, own, all_))
            time.sleep(_SAMPLE_S)
    finally:
        window.kill()
    if window.wait() != 0:
        raise InputFault(f"the window ended with code {window.returncode}; run '{' '.join(command)}' to see why")
    turns = [json.loads(line) for line in told.read_text("utf-8").splitlines()]
    ready = next((turn for turn in turns if turn["what"] == "map"), None)
    stalls = [(turn["at"] - began, turn["ms"]) for turn in turns if turn["what"] == "stall"]
    figures: dict[str, Any] = {"map_s": None, "map_cpu_s": None}
    if ready is not None:
        figures = {"map_s": round(ready["at"] - began, 2), "map_cpu_s": round(ready["cpu_s"], 2)}
    for mark in marks:
        seen = [sample for sample in samples if sample[0] <= mark]
        late = [ms for at, ms in stalls if at <= mark and ready is not None and at > ready["at"] - began]
        figures[f"at_{mark}_s"] = {
            "stall_ms": round(max(late, default=0.0)),
            "stalls_over_100_ms": sum(ms > 100.0 for ms in late),
            "peak_mb": round(max((own for _, own, _ in seen), default=0.0)),
            "peak_all_mb": round(max((all_ for _, _, all_ in seen), default=0.0)),
        }
    return figures


def apart(folder: Path) -> dict[str, str]:
    """The environment of a console that keeps its data in ``folder``, offscreen unless told otherwise."""
    return os.environ | {
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
        "QUANMAI_DATA_FOLDER": str(folder / "data"),
    }


def _resident_mb(pid: int) -> tuple[float, float]:
    """Resident memory of a process, and including its child processes, MB; 0 after its end."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace")
        # Linux lists child processes by the thread that started them.
        children = [child for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text("ascii").split()]
    except OSError:
        return 0.0, 0.0
    line = next((one for one in status.splitlines() if one.startswith("VmRSS:")), "VmRSS: 0 kB")
    own = int(line.split()[1]) / 1024.0
    return own, own + sum(_resident_mb(int(child))[1] for child in children)
