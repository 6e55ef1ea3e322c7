"""The window on screens of its own, in its own process: ``python -m … FOLDER DEED`` does one thing, prints what came of it.

Qt's offscreen platform reads its screens once, when a program starts; so a screen that has gone needs another start.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from console.ui.map_windows import MapWindow
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort


def main(folder: Path, deed: str) -> None:
    """Start as the program does, do it, tell, close."""
    QApplication(sys.argv[:1])
    window = MainWindow(ScriptedPort(is_drill=False), WindowSettings("王", folder))
    window.show()
    window.desk.reopen_windows()
    _let()
    match deed:
        case "spread":
            window.desk.windows.open(wall=True)
            second = window.desk.windows.open(wall=False)
            second.setGeometry(2100, 300, 900, 700)
            second.linked.setChecked(False)
            second.map.put(second.map.camera.centred(*window.map.camera.view()[:2], 0.5))
        case "move":
            window.move(2000, 120)
        case "fill":
            window.move(2000, 120)
            _let()
            QTest.keyClick(window, Qt.Key.Key_F11)
        case _:
            """As it comes up."""
    _let()
    print(json.dumps({"first": _told(window), "further": [_told(one) for one in window.desk.windows.open_now]}))  # noqa: T201
    window.close()


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
    main(Path(sys.argv[1]), sys.argv[2])
