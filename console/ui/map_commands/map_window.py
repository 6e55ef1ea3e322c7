"""A further map window: a second map or the wall view; linked it follows the first in place and layers, free it has its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QPoint, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QScreen
from PySide6.QtWidgets import QCheckBox, QDockWidget, QMainWindow, QMenu, QToolBar, QWidget

from console.domain.picture import Picture
from console.ui.appearance import Appearance
from console.ui.map.canvas import MapCanvas
from console.ui.map.layers import LayerSettings
from console.ui.map.view.camera import Camera
from console.ui.map.view.view_history import View
from console.ui.panels.map.layer_tree import LayerTree
from console.ui.wall.board import WallBoard
from console.ui.words import map_text

MakeBoard = Callable[[MapCanvas, Appearance], WallBoard]
"""Makes what stands beside a wall view's map, and takes the map in."""


@dataclass(frozen=True, slots=True)
class WindowPlacement:
    """Place of a further window. ``screen``: its name; ``geometry``: as Qt saves it, base64."""

    wall: bool
    linked: bool
    screen: str
    geometry: str
    x: float
    y: float
    m_per_px: float
    look: str = ""
    """Its own layers, as ``LayerSettings.as_text``."""


class MapWindow(QMainWindow):
    """Another view of the same city: same scene, same live picture, its own place and layers."""

    shut = Signal(object)
    """This window: it has been closed."""

    def __init__(
        self,
        first: MapCanvas,
        appearance: Appearance,
        wall: bool,
        parent: QWidget | None = None,
        make_board: MakeBoard | None = None,
    ) -> None:
        """``make_board``: what stands beside the map of a wall view; None: the map alone."""
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._first, self.wall, self._passing = first, wall, False
        self.map = first.twin(appearance.theme, appearance.words)
        self.board = make_board(self.map, appearance) if wall and make_board is not None else None
        self.setCentralWidget(self.board or self.map)
        self.linked = QCheckBox()
        self.linked.setChecked(not wall)  # a wall view is free from the start
        self._bar = QToolBar()
        self._bar.setMovable(False)
        self._bar.addWidget(self.linked)
        self._bar.setVisible(not wall)
        self.addToolBar(self._bar)
        self._own: LayerSettings | None = None
        """Layers of its own, None until it was free for the first time."""
        self.tree = LayerTree(first.scene.city, appearance, first.layer_settings)
        self.layers = QDockWidget()
        self.layers.setWidget(self.tree)
        self.layers.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.layers)
        self.layers.hide()
        self._bar.addAction(self.layers.toggleViewAction())
        self.tree.layers_changed.connect(self._take_own)
        self.map.input.menu_requested.connect(lambda _asset, at: self.offer(at))
        self.linked.toggled.connect(self._link)
        first.navigation.moved.connect(self._follow)
        first.layers_changed.connect(self._follow_look)
        self.map.navigation.moved.connect(self._lead)
        self._link(not wall)
        self.resize(1100, 750)
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self.setWindowTitle(map_text(appearance.words, "windows.wall" if self.wall else "windows.second"))
        self.linked.setText(map_text(appearance.words, "windows.linked"))
        self.layers.setWindowTitle(appearance.words("layers.title_layers"))
        self.tree.set_appearance(appearance)
        self.map.set_appearance(appearance.theme, appearance.words)
        if self.board is not None:
            self.board.set_appearance(appearance)

    def show_picture(self, picture: Picture) -> None:
        """The newest values and what the first map marks."""
        self.map.show_picture(picture)
        self.map.set_badges(self._first.badges)
        self.map.mirror(self._first)
        if self.board is not None:
            self.board.show_picture(picture)

    def offer(self, at: QPoint) -> QMenu:
        """A menu at a place of the screen: its layers, and whether it follows the first (a wall view shows no bar)."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(self.layers.toggleViewAction())
        linked = menu.addAction(self.linked.text(), self.linked.toggle)
        linked.setCheckable(True)
        linked.setChecked(self.linked.isChecked())
        menu.popup(at)
        return menu

    def open(self) -> None:
        """Show it; the wall view takes the screen that the first window is not on, whole."""
        if self.wall:
            self._fill((other_screens(self._first) or QGuiApplication.screens())[0])
        else:
            self.show()
        if self.linked.isChecked():
            self._follow(self._first.camera)
        else:
            self.map.navigation.fit_all()

    def placement(self) -> WindowPlacement:
        """Its place now."""
        view, geometry = View.of(self.map.camera), bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        place = view.x, view.y, view.m_per_px
        return WindowPlacement(
            self.wall, self.linked.isChecked(), self.screen().name(), geometry, *place, self._own.as_text() if self._own else ""
        )

    def reopen(self, saved: WindowPlacement) -> None:
        """Show it at a stored place; on another screen when its own is gone."""
        if saved.look:
            self._own = LayerSettings.from_text(saved.look)
        self.linked.setChecked(saved.linked)
        self._show_layers()
        if self.wall:
            others = other_screens(self._first)
            self._fill(next((screen for screen in others if screen.name() == saved.screen), others[0]))
        else:
            self.restoreGeometry(QByteArray.fromBase64(saved.geometry.encode("ascii")))
            self.show()
        if self.linked.isChecked():
            self._follow(self._first.camera)
        else:
            self.map.navigation.put(View(saved.x, saved.y, saved.m_per_px).camera(self.map.camera))

    def _fill(self, screen: QScreen) -> None:
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        self.showFullScreen()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes a wall view; Ctrl+L links the window or sets it free."""
        if event.key() == Qt.Key.Key_Escape and self.wall:
            self.close()
        elif event.key() == Qt.Key.Key_L and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.linked.toggle()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Disconnect from the first map and end the threads."""
        self._first.navigation.moved.disconnect(self._follow)
        self._first.layers_changed.disconnect(self._follow_look)
        self.map.shut()
        self.shut.emit(self)
        super().closeEvent(event)

    def _link(self, on: bool) -> None:
        if not on and self._own is None:
            self._own = self._first.layer_settings
        self._show_layers()
        if on:
            self._follow(self._first.camera)

    def _follow_look(self, _look: LayerSettings) -> None:
        if self.linked.isChecked():
            self._show_layers()

    def _show_layers(self) -> None:
        """The first map's layers while linked, else its own."""
        linked = self.linked.isChecked()
        look = self._first.layer_settings if linked or self._own is None else self._own
        self.tree.setEnabled(not linked)
        self.tree.set_layers(look)
        self.map.set_layers(look)

    def _take_own(self, look: LayerSettings) -> None:
        self._own = look
        self.map.set_layers(look)

    def _follow(self, camera: Camera) -> None:
        self._pass(camera, self.map)

    def _lead(self, camera: Camera) -> None:
        self._pass(camera, self._first)

    def _pass(self, camera: Camera, to: MapCanvas) -> None:
        """Linked maps share middle and scale; each keeps its own size."""
        if self._passing or not self.linked.isChecked():
            return
        self._passing = True
        to.navigation.look(to.camera.centred(camera.x, camera.y, camera.m_per_px))
        self._passing = False


def other_screens(first: MapCanvas) -> list[QScreen]:
    """Screens that the first window does not stand on."""
    return [screen for screen in QGuiApplication.screens() if screen is not first.screen()]
