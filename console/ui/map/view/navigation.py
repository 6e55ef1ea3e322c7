"""Navigation of the map: the camera, its moves and flights, fitting beside panels, and the history of views."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF, QTimer, Signal
from PySide6.QtWidgets import QWidget

from console.ui.map.view.animation import Flight
from console.ui.map.view.camera import Camera
from console.ui.map.view.view_history import ViewHistory

_REST_MS = 600
"""A view enters the history after this much rest."""
_FOLLOW_EDGE = 0.25
_COVERED_MOST = 0.75
"""Share of the map that panels may cover; beyond it fitted bounds are placed beneath the panels."""
_ABOVE_PX, _BELOW_PX = 44, 120
"""Heights of the badges above, and of the scale bar with the what-if label over it."""
_SEEN_EDGE_PX, _CLOSEST_M_PER_PX = 12.0, 0.3
_HOME_MARGIN, _ALL_MARGIN, _SHOWN_MARGIN = 0.12, 0.06, 0.15

Bounds = tuple[float, float, float, float]
"""Left, bottom, right, top in world coordinates (m, the network's CRS)."""


class MapExtent(Protocol):
    """What there is to look at; ``Scene`` is one."""

    @property
    def bounds(self) -> Bounds:
        """The whole network."""
        ...

    @property
    def home(self) -> Bounds:
        """The part that is shown at first."""
        ...


class Navigation(QObject):
    """Owns the camera of one map widget.

    ``camera`` holds the target at once; ``shown_camera`` is what is on the screen while a flight lasts. Of the widget only its
    size and visibility are read.
    """

    moved = Signal(object)
    """Camera: the map looks elsewhere."""
    repaint = Signal()
    """A frame of a flight is due."""
    taken_by_hand = Signal()
    """The user dragged, zoomed or panned."""

    def __init__(self, widget: QWidget, extent: MapExtent) -> None:
        super().__init__(widget)
        self._widget, self._extent = widget, extent
        self.history = ViewHistory()
        self._docked = list[QWidget]()
        self._is_fitted = False
        self.touched = False
        """Whether the user has moved the map: then the program no longer moves it by itself."""
        self.glides = False
        """Whether moves to another place are shown as a short flight."""
        size = max(widget.width(), 1), max(widget.height(), 1)
        self.camera = Camera(0.0, 0.0, 1.0, *size).fitted(extent.home, _HOME_MARGIN)
        self._flight = Flight(self.repaint.emit, self)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(lambda: self.history.add(self.camera))

    @property
    def shown_camera(self) -> Camera:
        """What is on the screen now; the camera itself once a flight has ended."""
        return self._flight.camera(self.camera)

    # Moves

    def look(self, camera: Camera) -> None:
        """Show another part at once."""
        self._flight.land()
        self.camera = camera
        self._arrived()

    def put(self, camera: Camera) -> None:
        """Restore a view that the user chose earlier; resizing the window keeps it."""
        self._is_fitted = self.touched = True
        self.look(camera)

    def fly(self, camera: Camera) -> None:
        """Glide to another part, if gliding is on and the way is short enough."""
        start = self.shown_camera
        self.camera = camera
        if not (self.glides and self._widget.isVisible() and self._flight.go(start, camera)):
            self._flight.land()
        self._arrived()

    def land(self) -> None:
        """End a flight at once."""
        self._flight.land()

    def look_at(self, x: float, y: float, m_per_px: float | None = None) -> None:
        """Centre a world point."""
        self.fly(self.camera.centred(x, y, m_per_px))

    def zoom(self, factor: float, at: QPointF) -> None:
        """Magnify about a position of the widget."""
        self._is_fitted = self.touched = True
        self.look(self.camera.zoomed(factor, at.x(), at.y()))

    def move_by_hand(self, camera: Camera) -> None:
        """The user dragged, pinched or panned to this camera."""
        self._is_fitted = self.touched = True
        self.taken_by_hand.emit()
        self.look(camera)

    def resize(self, width: int, height: int) -> None:
        """The widget has another size, px; before any view was chosen the home bounds stay fitted."""
        self._flight.land()
        self.camera = self.camera.resized(width, height)
        if not self._is_fitted:
            self.camera = self.camera.fitted(self._extent.home, _HOME_MARGIN)

    def adopt(self, other: Navigation) -> None:
        """Take another map's camera as a first view, without moving."""
        self.camera, self._is_fitted = other.camera, True

    def stop(self) -> None:
        """End the timer; the widget closes."""
        self._rest.stop()

    # Fitting

    def dock(self, panel: QWidget) -> None:
        """Register a panel that covers the map's left side while it is visible: fitted bounds are placed beside it."""
        self._docked.append(panel)

    def covered_px(self) -> float:
        """Width of the map's left part that panels cover; three quarters of the map at most."""
        right = max((panel.geometry().right() + 1 for panel in self._docked if not panel.isHidden()), default=0)
        return float(min(right, self._widget.width() * _COVERED_MOST))

    def beside(self, bounds: Bounds, margin: float, above_px: int = 0, below_px: int = 0) -> Camera:
        """The camera that shows all of ``bounds`` beside the panels and between the upper and lower edge's decorations."""
        covered, whole = self.covered_px(), self.camera
        free = whole.resized(round(whole.width - covered), whole.height - above_px - below_px).fitted(bounds, margin)
        return replace(free.panned(covered / 2, (above_px - below_px) / 2), width=whole.width, height=whole.height)

    def bring_into_view(self, points: NDArray[np.float64]) -> None:
        """Fit world points (n, 2), unless all of them are visible beside the panels already."""
        if not len(points):
            return
        px, py = self.camera.project(points[:, 0], points[:, 1])
        left, right = self.covered_px() + _SEEN_EDGE_PX, self.camera.width - _SEEN_EDGE_PX
        if px.min() > left and px.max() < right and py.min() > _ABOVE_PX and py.max() < self.camera.height - _BELOW_PX:
            return
        fitted = self.beside(_bounds_of(points), _SHOWN_MARGIN, _ABOVE_PX, _BELOW_PX)
        self._is_fitted = True
        self.fly(replace(fitted, m_per_px=max(fitted.m_per_px, _CLOSEST_M_PER_PX)))

    def fit_all(self) -> None:
        """The whole network."""
        self._is_fitted = True
        self.fly(self.beside(self._extent.bounds, _ALL_MARGIN))

    def fit_box(self, bounds: Bounds) -> None:
        """A box that the user drew."""
        self.move_by_hand(self.camera.fitted(bounds, margin=0.0))

    def fit_points(self, points: NDArray[np.float64], least_m_per_px: float = 1.0, margin: float = 0.35) -> None:
        """Fit world points (n, 2) with a margin (share of the map); no closer than ``least_m_per_px``."""
        if not len(points):
            return
        fitted = self.beside(_bounds_of(points), margin)
        self._is_fitted = True
        self.fly(replace(fitted, m_per_px=max(fitted.m_per_px, least_m_per_px)))

    def keep_in_view(self, x: float, y: float) -> None:
        """Centre a world point once it leaves the middle half of the map."""
        px, py = self.camera.to_screen(x, y)
        width, height = self._widget.width(), self._widget.height()
        edge_x, edge_y = width * _FOLLOW_EDGE, height * _FOLLOW_EDGE
        inner = QRectF(0, 0, width, height).adjusted(edge_x, edge_y, -edge_x, -edge_y)
        if not inner.contains(QPointF(px, py)):
            self.look_at(x, y)

    # History

    def go_back(self) -> None:
        """The previous view."""
        view = self.history.back()
        if view is not None:
            self.fly(view.camera(self.camera))

    def go_forward(self) -> None:
        """The next view, after going back."""
        view = self.history.forward()
        if view is not None:
            self.fly(view.camera(self.camera))

    def _arrived(self) -> None:
        self._rest.start()
        self.moved.emit(self.camera)


def _bounds_of(points: NDArray[np.float64]) -> Bounds:
    (low_x, low_y), (high_x, high_y) = points.min(axis=0), points.max(axis=0)
    return float(low_x), float(low_y), float(high_x), float(high_y)
