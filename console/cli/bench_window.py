"""Window process of the opening benchmark: the console, and a timer that records when its event loop did not run."""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from console.feeds.local import LocalFeed
from console.feeds.port import Feed
from maps.city import City

_TURN_MS = 5
_NOTED_MS = 20.0
_FEED_S = 15.0


def main(city: Path, told: Path, seconds: float, feed: bool) -> int:
    """Run the console on ``city`` until it has its map and is ``seconds`` old; measurements go to ``told`` as JSON lines."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from console.app import run_console

    began = time.time()
    app = QApplication([])
    with told.open("w", encoding="utf-8") as file:
        watch = _Watch(app, lambda **seen: print(json.dumps(seen), file=file, flush=True), began + seconds)
        timer = QTimer()
        timer.setInterval(_TURN_MS)
        timer.timeout.connect(watch.turn)
        timer.start()

        def more_feeds(read: City) -> list[Feed]:
            if not feed:
                return []
            made = LocalFeed("bench", read)
            threading.Thread(target=_feed, args=(city, made), name="bench-feed", daemon=True).start()
            return [made]

        return run_console(city, "", "", more_feeds=more_feeds)


class _Watch:
    """Records the first complete picture of the map and each gap between two runs of the event loop; ends the loop."""

    def __init__(self, app: Any, tell: Any, until: float) -> None:
        """``until``: end of the loop, as of ``time.time()``; later when the map has no picture by then."""
        self._app, self._tell, self._until = app, tell, until
        self._last = 0.0
        self._map_seen = False

    def turn(self) -> None:
        now = time.perf_counter()
        gap_ms = (now - self._last) * 1000.0 - _TURN_MS if self._last else 0.0
        if gap_ms > _NOTED_MS:
            self._tell(what="stall", at=time.time(), ms=gap_ms)
        if not self._map_seen and self._has_map():
            self._map_seen = True
            self._tell(what="map", at=time.time(), cpu_s=time.process_time())
        if self._map_seen and time.time() >= self._until:
            self._app.quit()
        self._last = time.perf_counter()

    def _has_map(self) -> bool:
        from console.ui.window import MainWindow

        windows = [one for one in self._app.topLevelWidgets() if isinstance(one, MainWindow)]
        return any(window.isVisible() and window.map.renderer.has_picture for window in windows)


def _feed(path: Path, feed: LocalFeed) -> None:
    """Quiet pressures of all stations in one message, four times a minute."""
    stations, site = pressure_stations(path)
    rng = np.random.default_rng(1)
    normal = rng.uniform(0.25, 0.45, len(stations))
    while True:
        at = datetime.now(UTC).isoformat()
        values = normal + rng.normal(0.0, 0.0005, len(stations))
        readings = [
            {"s": name, "t": at, "v": {"pressure_mpa": round(value, 4)}}
            for name, value in zip(stations, values.tolist(), strict=True)
        ]
        if not feed.offer(f"quanmai/v1/{site}/readings", json.dumps(readings).encode()):
            return
        time.sleep(_FEED_S)


def pressure_stations(path: Path) -> tuple[list[str], str]:
    """(ids of the pressure stations, the site) of a dataset."""
    import pyogrio

    _, rows = pyogrio.raw.read_arrow(path, layer="stations")
    _, city = pyogrio.raw.read_arrow(path, layer="city")
    named = zip(rows["asset_id"].to_pylist(), rows["channels"].to_pylist(), strict=True)
    return [name for name, channels in named if "pressure" in channels], str(city["site"][0].as_py())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), len(sys.argv) > 4 and sys.argv[4] == "feed"))
