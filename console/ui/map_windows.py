"""Further map windows: a second map, linked to the first or free, and the wall view that fills a screen."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QMainWindow, QToolBar, QWidget

from console.ui.looks import Looks
from console.ui.map.camera import Camera
from console.ui.map.canvas import MapCanvas
from console.ui.map.say import say


class MapWindow(QMainWindow):
    """Another view of the same city: same scene, same live picture, its own place and layers."""

    shut = Signal(object)
    """This window: it has been closed."""

    def __init__(self, first: MapCanvas, looks: Looks, wall: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._first, self.wall, self._passing = first, wall, False
        self.map = first.twin(looks.theme, looks.words)
        self.setCentralWidget(self.map)
        self.linked = QCheckBox()
        self.linked.setChecked(not wall)
        self._bar = QToolBar()
        self._bar.setMovable(False)
        self._bar.addWidget(self.linked)
        self._bar.setVisible(not wall)
        self.addToolBar(self._bar)
        self.linked.toggled.connect(lambda on: self._follow(first.camera) if on else None)
        first.moved.connect(self._follow)
        self.map.moved.connect(self._lead)
        self.resize(1100, 750)
        self.set_looks(looks)

    def set_looks(self, looks: Looks) -> None:
        """Another theme or language."""
        self.setWindowTitle(say(looks.words, "windows.wall" if self.wall else "windows.second"))
        self.linked.setText(say(looks.words, "windows.linked"))
        self.map.set_looks(looks.theme, looks.words)

    def open(self) -> None:
        """Show it; the wall view takes the screen that the first window is not on, whole."""
        screens = QGuiApplication.screens()
        if self.wall:
            other = [screen for screen in screens if screen is not self._first.screen()]
            target = (other or screens)[0]
            self.setGeometry(target.geometry())
            self.showFullScreen()
        else:
            self.show()
        if self.linked.isChecked():
            self._follow(self._first.camera)
        else:
            self.map.fit_all()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.wall:
            self.close()
        elif event.key() == Qt.Key.Key_L and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.linked.toggle()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._first.moved.disconnect(self._follow)
        self.map.shut()
        self.shut.emit(self)
        super().closeEvent(event)

    def _follow(self, camera: Camera) -> None:
        self._pass(camera, self.map)

    def _lead(self, camera: Camera) -> None:
        self._pass(camera, self._first)

    def _pass(self, camera: Camera, to: MapCanvas) -> None:
        """Linked maps share middle and scale; each keeps its own size."""
        if self._passing or not self.linked.isChecked():
            return
        self._passing = True
        to.look(to.camera.centred(camera.x, camera.y, camera.m_per_px))
        self._passing = False
