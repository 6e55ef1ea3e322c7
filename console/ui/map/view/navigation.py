"""Places: where the map looks — moves, flights, fitting, history, following a crew; the canvas builds on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QTimer, Signal
from PySide6.QtWidgets import QWidget

from console.ui.map.live.case_marks import pipe_lines
from console.ui.map.view.animation import Flight
from console.ui.map.view.camera import Camera
from console.ui.map.view.input import Hands
from console.ui.map.view.view_history import ViewHistory

if TYPE_CHECKING:
    from console.ui.map.drawing.renderer import Renderer
    from console.ui.map.overlay import Live
    from console.ui.map.scene import Scene

_REST_MS = 600
_FOLLOW_EDGE = 0.25
_COVERED_MOST = 0.75
"""Share of the map that panels may cover before what is fitted goes beneath them after all."""
_ABOVE_PX, _BELOW_PX = 44, 120
"""Heights of the badges above, and of the scale bar with a trial's words over it."""
_SEEN_EDGE_PX, _CLOSEST_M_PER_PX = 12.0, 0.3
_ALL_MARGIN, _TRIAL_MARGIN = 0.06, 0.15


class Places(Hands):
    """The camera is where it was sent at once; what is shown may still be on its way there."""

    moved = Signal(object)
    """Camera: the map looks elsewhere."""

    scene: Scene
    renderer: Renderer
    _live: Live

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.history = ViewHistory()
        self._docked = list[QWidget]()
        self._fitted = False
        self.touched = False
        """Whether somebody has moved the map by hand: then it stays where it was put."""
        self.glides = False
        """Whether moves to another place are shown as a short flight."""
        self._flight = Flight(self._flown, self)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(lambda: self.history.add(self.camera))

    def look(self, camera: Camera) -> None:
        """Show another part; the old picture moves at once, the new one follows."""
        self._flight.land()
        self.camera = camera
        self._arrived()

    def put(self, camera: Camera) -> None:
        """Look where somebody once chose to look: it stays there whatever the window's size."""
        self._fitted = self.touched = True
        self.look(camera)

    def fly(self, camera: Camera) -> None:
        """Glide to another part, if the map glides and it is not too far."""
        start = self.shown_camera
        self.camera = camera
        if not (self.glides and self.isVisible() and self._flight.go(start, camera)):
            self._flight.land()
        self._arrived()

    def land(self) -> None:
        """End a flight at once."""
        self._flight.land()

    def look_at(self, x: float, y: float, m_per_px: float | None = None) -> None:
        """Centre a world point."""
        self.fly(self.camera.centred(x, y, m_per_px))

    def dock(self, panel: QWidget) -> None:
        """A panel that lies over the map's left side when it is shown: what is fitted comes beside it."""
        self._docked.append(panel)

    def covered_px(self) -> float:
        """How far from the left edge panels cover the map; three quarters of it at most."""
        right = max((panel.geometry().right() + 1 for panel in self._docked if not panel.isHidden()), default=0)
        return float(min(right, self.width() * _COVERED_MOST))

    def beside(self, bounds: tuple[float, float, float, float], margin: float, above_px: int = 0, below_px: int = 0) -> Camera:
        """The camera that shows all of ``bounds`` (world) where no panel lies, nor what stands at the upper and lower edge."""
        covered, whole = self.covered_px(), self.camera
        free = whole.resized(round(whole.width - covered), whole.height - above_px - below_px).fitted(bounds, margin)
        return replace(free.panned(covered / 2, (above_px - below_px) / 2), width=whole.width, height=whole.height)

    def bring_into_view(self, points: NDArray[np.float64]) -> None:
        """Fit world points (n, 2) unless all of them can be seen already, beside the panels."""
        if not len(points):
            return
        px, py = self.camera.project(points[:, 0], points[:, 1])
        left, right = self.covered_px() + _SEEN_EDGE_PX, self.camera.width - _SEEN_EDGE_PX
        if px.min() > left and px.max() < right and py.min() > _ABOVE_PX and py.max() < self.camera.height - _BELOW_PX:
            return
        (low_x, low_y), (high_x, high_y) = points.min(axis=0), points.max(axis=0)
        fitted = self.beside((float(low_x), float(low_y), float(high_x), float(high_y)), _TRIAL_MARGIN, _ABOVE_PX, _BELOW_PX)
        self._fitted = True
        self.fly(replace(fitted, m_per_px=max(fitted.m_per_px, _CLOSEST_M_PER_PX)))

    def fit_all(self) -> None:
        """The whole network."""
        self._fitted = True
        self.fly(self.beside(self.scene.bounds, _ALL_MARGIN))

    def fit_lines(self, pipe_ids: tuple[str, ...], least_m_per_px: float = 1.0, share: float = 0.35) -> None:
        """Bring pipes into view, with room around them."""
        lines = pipe_lines(self.scene.city, pipe_ids)
        if not len(lines):
            return
        points = lines.reshape(-1, 2)
        low, high = points.min(axis=0), points.max(axis=0)
        fitted = self.beside((float(low[0]), float(low[1]), float(high[0]), float(high[1])), share)
        self._fitted = True
        self.fly(replace(fitted, m_per_px=max(fitted.m_per_px, least_m_per_px)))

    def go_back(self) -> None:
        """The view before."""
        view = self.history.back()
        if view is not None:
            self.fly(view.camera(self.camera))

    def go_forward(self) -> None:
        """The view after, where one went back."""
        view = self.history.forward()
        if view is not None:
            self.fly(view.camera(self.camera))

    def follow(self, crew_id: str) -> None:
        """Keep a crew in view until the map is moved by hand; "" ends it."""
        self.overlay.crews.followed = crew_id
        self._follow()
        self.update()

    @property
    def shown_camera(self) -> Camera:
        """What is on the screen now; the camera itself once a flight has ended."""
        return self._flight.camera(self.camera)

    def _arrived(self) -> None:
        self.renderer.request(self.camera)
        self._rest.start()
        self.moved.emit(self.camera)
        self.update()

    def _flown(self) -> None:
        self.update()

    def _follow(self) -> None:
        crew_id = self.overlay.crews.followed
        fix = next((fix for fix in self._live.picture.crews if fix.crew_id == crew_id), None) if crew_id else None
        if fix is None:
            return
        x, y = self.camera.to_screen(fix.x, fix.y)
        inner = QRectF(0, 0, self.width(), self.height()).adjusted(
            self.width() * _FOLLOW_EDGE, self.height() * _FOLLOW_EDGE, -self.width() * _FOLLOW_EDGE, -self.height() * _FOLLOW_EDGE
        )
        if not inner.contains(QPointF(x, y)):
            self.look_at(fix.x, fix.y)
