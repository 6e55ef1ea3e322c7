"""Further map windows: a second map, linked to the first or free, and the wall view that fills a screen. Those open at the

end are there again at the next start, where their screen still is.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from PySide6.QtCore import QByteArray, QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QScreen
from PySide6.QtWidgets import QCheckBox, QMainWindow, QToolBar, QWidget

from console.domain.picture import Picture
from console.ui.looks import Looks
from console.ui.map.camera import Camera
from console.ui.map.canvas import MapCanvas
from console.ui.map.history import View
from console.ui.map.say import say


@dataclass(frozen=True, slots=True)
class Stood:
    """How a further window stood. ``screen``: its name; ``geometry``: as Qt saves it, base64."""

    wall: bool
    linked: bool
    screen: str
    geometry: str
    x: float
    y: float
    m_per_px: float


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
        if self.wall:
            self._fill((_other_screens(self._first) or QGuiApplication.screens())[0])
        else:
            self.show()
        if self.linked.isChecked():
            self._follow(self._first.camera)
        else:
            self.map.fit_all()

    def stands(self) -> Stood:
        """How it stands now."""
        view, geometry = View.of(self.map.camera), bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        return Stood(self.wall, self.linked.isChecked(), self.screen().name(), geometry, view.x, view.y, view.m_per_px)

    def reopen(self, stood: Stood) -> None:
        """Show it where it stood; on a screen that there is, when its own has gone."""
        self.linked.setChecked(stood.linked)
        if self.wall:
            others = _other_screens(self._first)
            self._fill(next((screen for screen in others if screen.name() == stood.screen), others[0]))
        else:
            self.restoreGeometry(QByteArray.fromBase64(stood.geometry.encode("ascii")))
            self.show()
        if self.linked.isChecked():
            self._follow(self._first.camera)
        else:
            self.map.put(View(stood.x, stood.y, stood.m_per_px).camera(self.map.camera))

    def _fill(self, screen: QScreen) -> None:
        self.setGeometry(screen.geometry())
        self.showFullScreen()

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


class MapWindows(QObject):
    """The further windows of one first map."""

    picked = Signal(object)
    """Asset or None: clicked in one of them."""

    def __init__(self, first: MapCanvas, looks: Looks, parent: QWidget) -> None:
        super().__init__(parent)
        self._first, self._looks, self._parent = first, looks, parent
        self.open_now: list[MapWindow] = []
        self._waiting: tuple[Stood, ...] = ()
        """Wall views whose screen has gone: they are remembered until it is back."""

    def open(self, *, wall: bool) -> MapWindow:
        """A second map, or the wall view."""
        window = self._new(wall)
        window.open()
        return window

    def reopen(self, text: str) -> None:
        """Those that stood open, as ``remembered`` told; a wall view only where there is a screen for it: it would lie

        over the first window. Damaged text opens none.
        """
        room = bool(_other_screens(self._first))
        stood = _stood_from(text)
        self._waiting = () if room else tuple(one for one in stood if one.wall)
        for one in stood:
            if room or not one.wall:
                self._new(one.wall).reopen(one)

    def remembered(self) -> str:
        """For the settings."""
        waiting = () if any(window.wall for window in self.open_now) else self._waiting
        return json.dumps([asdict(one) for one in (*(window.stands() for window in self.open_now), *waiting)])

    def canvases(self) -> tuple[MapCanvas, ...]:
        """Their maps."""
        return tuple(window.map for window in self.open_now)

    def show_picture(self, picture: Picture) -> None:
        """The newest values and what the first map marks."""
        for canvas in self.canvases():
            canvas.show_picture(picture)
            canvas.set_badges(self._first.badges)
            canvas.mirror(self._first)

    def set_looks(self, looks: Looks) -> None:
        """Another theme or language."""
        self._looks = looks
        for window in self.open_now:
            window.set_looks(looks)

    def close(self) -> None:
        """Close them all."""
        for window in tuple(self.open_now):
            window.close()

    def _new(self, wall: bool) -> MapWindow:
        window = MapWindow(self._first, self._looks, wall, self._parent)
        window.shut.connect(self.open_now.remove)
        window.map.picked.connect(self.picked)
        self.open_now.append(window)
        return window


def _other_screens(first: MapCanvas) -> list[QScreen]:
    return [screen for screen in QGuiApplication.screens() if screen is not first.screen()]


def _stood_from(text: str) -> tuple[Stood, ...]:
    try:
        return tuple(Stood(**one) for one in json.loads(text or "[]"))
    except (ValueError, TypeError):
        return ()
