"""Window process of the benchmark of frames: the console with a running case, moved by mouse events as a hand would."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import cos, sin
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from console.cli.bench_window import pressure_stations
from console.feeds.local import LocalFeed
from console.feeds.port import Feed
from maps.city import City

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from console.ui.map.canvas import MapCanvas
    from console.ui.window import MainWindow

_FRAME_S = 1 / 60
_REACH_PX = 220.0
_WHEELS = 16
_MESSAGES_A_SECOND = 10
_MOST_S = 300.0
_FRAMES_A_REST = 120
"""Frames of a drag for each second of rest before it."""
SCALES = {"city": None, "district": 6.0, "street": 0.8}
"""Metres a pixel; None: the whole network."""


def main(city: Path, told: Path, size: tuple[int, int], frames: int) -> int:
    """Run the console on ``city`` until its frames are measured; they are written to ``told``, JSON."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from console.app import run_console

    app = QApplication([])
    begun = False

    def begin() -> None:
        nonlocal begun
        window = _window(app)
        if begun or window is None or not window.map.renderer.has_picture:
            return
        begun = True
        try:
            told.write_text(json.dumps(_Hand(app, window, frames).measured(size)), "utf-8")
        finally:
            window.may_close = lambda: True  # its case is open: it would ask
            app.quit()

    timer = QTimer()
    timer.setInterval(100)
    timer.timeout.connect(begin)
    timer.start()

    def more_feeds(read: City) -> list[Feed]:
        made = LocalFeed("bench", read)
        threading.Thread(target=_feed, args=(city, made), name="bench-feed", daemon=True).start()
        return [made]

    return run_console(city, "", "", more_feeds=more_feeds)


class _Hand:
    """Sends a window the events of a mouse and measures when what they ask for is on the screen."""

    def __init__(self, app: QApplication, window: MainWindow, frames: int) -> None:
        self._app, self._window, self._frames = app, window, frames

    def measured(self, size: tuple[int, int]) -> dict[str, Any]:
        """Open and judge a burst in the middle of the city; drag at each scale, turn the wheel."""
        window = self._window
        window.resize(*size)
        x, y = self._burst()
        arriving = self._drag(x, y, SCALES["district"])
        self._until(lambda: not window.finder.busy and window.map.overlay.names.roads is not None)
        drags = {name: self._drag(x, y, m_per_px) for name, m_per_px in SCALES.items()}
        window.map.navigation.look_at(x, y, SCALES["district"])
        self._rest()
        wheels = self._wheeled(window.map)
        return {
            "arriving_ms": arriving,
            "drag_ms": drags,
            "wheel_ms": {
                "p50": round(float(np.median(wheels)), 1),
                "max": round(max(wheels), 1),
                "each": np.round(wheels).tolist(),
            },
            "budget": {"drag_p95_ms": 16.0, "drag_p99_ms": 33.0, "wheel_ms": 150.0},
        }

    def _burst(self) -> tuple[float, float]:
        """A judged burst on the pipe nearest to the middle; gives its place, m."""
        from console.services.incidents.judging import JudgeBurst
        from console.services.incidents.opening import OpenIncident

        window, network = self._window, self._window._port.city.network
        ends = np.column_stack((network.nodes.x, network.nodes.y))
        middles = (ends[network.pipes.from_node] + ends[network.pipes.to_node]) / 2.0
        row = int(np.argmin(np.hypot(*(middles - np.median(middles, axis=0)).T)))
        pipe = str(network.pipes.asset_id[row])
        window.dispatcher.submit(OpenIncident(pipe))
        self._until(lambda: bool(window.picture.incidents))
        window.dispatcher.submit(JudgeBurst(window.picture.incidents[0].incident_id, (pipe,), "bench"))
        self._until(lambda: window.picture.incidents[0].plan is not None)
        return float(middles[row, 0]), float(middles[row, 1])

    def _drag(self, x: float, y: float, m_per_px: float | None) -> dict[str, Any]:
        """Times of a drag about a place (m) at a scale, and how many pictures came meanwhile."""
        window = self._window
        if m_per_px is None:
            window.map.navigation.fit_all()
        else:
            window.map.navigation.look_at(x, y, m_per_px)
        self._rest()
        heard = window.picture.version
        return {**self._dragged(window.map), "pictures": window.picture.version - heard}

    def _dragged(self, map_: MapCanvas) -> dict[str, Any]:
        """From when each move was due until it is painted, ms. A move is due a sixtieth of a second after the last, or later."""
        from PySide6.QtCore import QEvent, QPointF, Qt

        times = []
        middle = QPointF(map_.width() / 2.0, map_.height() / 2.0)
        self._mouse(map_, QEvent.Type.MouseButtonPress, middle, Qt.MouseButton.LeftButton)
        due = time.perf_counter()
        for step in range(self._frames):
            turn = step / 40.0
            at = middle + QPointF(_REACH_PX * sin(turn), _REACH_PX * (1.0 - cos(turn)) / 2.0)
            while time.perf_counter() < due:
                self._app.processEvents()
                time.sleep(0.0005)
            self._mouse(map_, QEvent.Type.MouseMove, at, Qt.MouseButton.LeftButton)
            self._app.processEvents()
            painted = time.perf_counter()
            times.append((painted - due) * 1000.0)
            due = max(due + _FRAME_S, painted)
        self._mouse(map_, QEvent.Type.MouseButtonRelease, at, Qt.MouseButton.NoButton)
        p50, p95, p99 = np.percentile(times, [50, 95, 99]).tolist()
        long = sum(one > 100.0 for one in times)
        return {"p50": round(p50, 1), "p95": round(p95, 1), "p99": round(p99, 1), "max": round(max(times), 1), "over_100": long}

    def _wheeled(self, map_: MapCanvas) -> list[float]:
        """From a step of the wheel until the map is drawn anew in the new scale, ms."""
        from PySide6.QtCore import QPoint, QPointF, Qt
        from PySide6.QtGui import QWheelEvent

        times = []
        middle = QPointF(map_.width() / 2.0, map_.height() / 2.0)
        for step in range(_WHEELS):
            turn = QPoint(0, 120 if step % 8 < 4 else -120)
            event = QWheelEvent(
                middle, map_.mapToGlobal(middle), QPoint(), turn, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            begin = time.perf_counter()
            self._app.sendEvent(map_, event)
            self._until(lambda: not map_.renderer.busy and map_.navigation.shown_camera == map_.camera)
            self._app.processEvents()
            times.append((time.perf_counter() - begin) * 1000.0)
            self._pause(0.2)
        return times

    def _mouse(self, map_: MapCanvas, kind: Any, at: Any, held: Any) -> None:
        from PySide6.QtCore import QEvent, Qt
        from PySide6.QtGui import QMouseEvent

        moves = kind == QEvent.Type.MouseMove
        button = Qt.MouseButton.NoButton if moves else Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, at, map_.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
        self._app.sendEvent(map_, event)

    def _rest(self) -> None:
        """Until the map is drawn and a few pictures have come."""
        self._pause(self._frames / _FRAMES_A_REST)
        self._until(lambda: not self._window.map.renderer.busy)

    def _pause(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        self._until(lambda: time.perf_counter() >= until)

    def _until(self, true: Callable[[], bool]) -> None:
        end = time.perf_counter() + _MOST_S
        while not true():
            if time.perf_counter() > end:
                raise TimeoutError("the window did not come so far in five minutes")
            self._app.processEvents()
            time.sleep(0.0005)


def _window(app: QApplication) -> MainWindow | None:
    from console.ui.window import MainWindow

    return next((one for one in app.topLevelWidgets() if isinstance(one, MainWindow) and one.isVisible()), None)


def _feed(path: Path, feed: LocalFeed) -> None:
    """Quiet pressures of all stations once a second, in ten messages."""
    stations, site = pressure_stations(path)
    rng = np.random.default_rng(1)
    normal = rng.uniform(0.25, 0.45, len(stations))
    part = 0
    while True:
        at = datetime.now(UTC).isoformat()
        rows = range(part, len(stations), _MESSAGES_A_SECOND)
        readings = [
            {"s": stations[row], "t": at, "v": {"pressure_mpa": round(float(normal[row] + rng.normal(0.0, 0.0005)), 4)}}
            for row in rows
        ]
        if not feed.offer(f"quanmai/v1/{site}/readings", json.dumps(readings).encode()):
            return
        part = (part + 1) % _MESSAGES_A_SECOND
        time.sleep(1 / _MESSAGES_A_SECOND)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), (int(sys.argv[3]), int(sys.argv[4])), int(sys.argv[5])))
