"""WallWindow: the wall view as a program of its own, full screen. There is nothing on it to act with."""

from __future__ import annotations

from typing import cast

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QMainWindow

from console.domain.picture import Picture
from console.ui.background_tasks import BackgroundTasks
from console.ui.bridge import PictureBridge
from console.ui.focus import CaseFocus
from console.ui.map.canvas import MapCanvas
from console.ui.map.scene import Scene
from console.ui.port import ConsolePort
from console.ui.settings import StoredSettings, WindowSettings, first_appearance
from console.ui.status_banners import badges
from console.ui.theme import apply_theme
from console.ui.wall.board import WallBoard
from console.ui.words import map_text


class WallWindow(QMainWindow):
    """Map and network state over one port. Esc leaves the full screen, F11 takes it again.

    Nobody signs in: nothing can be done here.
    """

    def __init__(self, port: ConsolePort, settings: WindowSettings) -> None:
        super().__init__()
        self._port, self._area = port, settings.area
        self.appearance = first_appearance(settings, StoredSettings(settings.folder), port.city.info.time_zone)
        apply_theme(cast(QApplication, QApplication.instance()), self.appearance.theme)
        words, picture = self.appearance.words, port.latest()
        self.map = MapCanvas(Scene(port.city), picture, self.appearance.theme, words)
        self.board = WallBoard(self.map, port.limits, self.appearance, settings.wall)
        self.setCentralWidget(self.board)
        parts = [map_text(words, "windows.wall"), port.city.info.name, *([settings.area.name] if settings.area else [])]
        self.setWindowTitle(" · ".join(parts))
        self._tasks = BackgroundTasks("wall-reads", self)
        self.focus = CaseFocus(port, self._tasks, self)
        self.focus.marks_ready.connect(self.map.show_case)
        self._bridge = PictureBridge(self)
        self._bridge.arrived.connect(self.show_picture)
        self.show_picture(picture)
        port.subscribe(self._bridge.push)

    def open(self) -> None:
        """Fill the screen with it; the whole network, or the area's ground."""
        self.showFullScreen()
        if self._area is not None and self._area.bounds is not None:
            self.map.navigation.fit_points(np.array(self._area.bounds).reshape(2, 2), margin=0.05)
        else:
            self.map.navigation.fit_all()

    @Slot(object)
    def show_picture(self, picture: Picture) -> None:
        """The newest picture; the newest open case is marked on the map."""
        self.map.show_picture(picture)
        self.map.set_badges(badges(self._port.city, picture, self.appearance.words, self._area))
        self.focus.show_picture(picture)
        self.board.show_picture(picture)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the full screen, or take it."""
        if event.key() == Qt.Key.Key_Escape and self.isFullScreen():
            self.showNormal()
        elif event.key() == Qt.Key.Key_F11:
            self.showNormal() if self.isFullScreen() else self.showFullScreen()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the threads, then close."""
        self._bridge.close()
        self.map.shut()
        self._tasks.close()
        super().closeEvent(event)
