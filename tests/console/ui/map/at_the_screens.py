"""The window on screens of its own, in its own process.

``python -m … FOLDER=ACTION …`` does each action in turn, in a new window with the settings of its folder, and prints the results.

Qt's offscreen platform reads its screens once, when a program starts; so other screens need another process.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, SignalInstance
from PySide6.QtGui import QScreen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from console.ui.map_commands.map_window import MapWindow
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort


def main(actions: Iterable[str]) -> None:
    """Each action: start as the program does, do it, print the result, close."""
    application = QApplication(sys.argv[:1])
    told = []
    for one in actions:
        folder, _, action = one.rpartition("=")
        window = MainWindow(ScriptedPort(is_drill=False), WindowSettings("王", Path(folder)))
        window.show()
        window.map_commands.reopen_windows()
        _let()
        if action == "unplug":
            told.append([_stand(window, *signals) for signals in _unplugged(application, window)])
        else:
            _do(window, action)
            told.append([_stand(window)])
        window.close()
        _let()
    print(json.dumps(told))  # noqa: T201


def _do(window: MainWindow, action: str) -> None:
    match action:
        case "spread":
            window.map_commands.windows.open(wall=True)
            second = window.map_commands.windows.open(wall=False)
            second.setGeometry(2100, 300, 900, 700)
            second.linked.setChecked(False)
            second.map.navigation.put(second.map.camera.centred(*window.map.camera.view()[:2], 0.5))
        case "move":
            window.move(2000, 120)
        case "fill":
            window.move(2000, 120)
            _let()
            QTest.keyClick(window, Qt.Key.Key_F11)
        case _:
            """As it comes up."""
    _let()


def _unplugged(application: QApplication, window: MainWindow) -> Iterator[tuple[SignalInstance, QScreen]]:
    """Qt's events when the wall's screen is unplugged and plugged in, then the first window's, whose windows move there."""
    desk, wall = application.screens()
    yield application.screenRemoved, wall
    yield application.screenAdded, wall
    window.move(2000, 120)
    yield application.screenRemoved, desk
    yield application.screenAdded, desk


def _stand(window: MainWindow, signal: SignalInstance | None = None, screen: QScreen | None = None) -> dict[str, object]:
    if signal is not None:
        _let()
        signal.emit(screen)
        _let()
    return {"first": _told(window), "further": [_told(one) for one in window.map_commands.windows.open_now]}


def _told(window: MainWindow | MapWindow) -> dict[str, object]:
    place, canvas = window.geometry(), window.map
    canvas.settle()
    drawn = canvas.renderer._drawn
    assert drawn is not None
    return {
        "screen": window.screen().name(),
        "place": [place.x(), place.y(), place.width(), place.height()],
        "full": window.isFullScreen(),
        "wall": isinstance(window, MapWindow) and window.wall,
        "linked": isinstance(window, MapWindow) and window.linked.isChecked(),
        "camera": [canvas.camera.x, canvas.camera.y, canvas.camera.m_per_px],
        "dots": drawn.image.width() / canvas.width(),
    }


def _let() -> None:
    for _ in range(5):
        QCoreApplication.processEvents()


if __name__ == "__main__":
    main(sys.argv[1:])
