"""Layers that are computed in the background: themed pipes, the interpolated pressure and the names of roads."""

from __future__ import annotations

import logging
from functools import partial

from PySide6.QtCore import QObject, Signal

from console.domain.picture import Picture
from console.ui.apart import Apart
from console.ui.background_tasks import BackgroundTasks
from console.ui.map.drawing.renderer import Renderer, yield_to_window
from console.ui.map.ground.pressure_surface import PressureSurface
from console.ui.map.layers import LayerSettings, MapLayer
from console.ui.map.network.road_names import RoadNames, road_names
from console.ui.map.network.themes import Themed, themed
from console.ui.map.overlay import Overlay
from console.ui.map.scene import Scene
from console.ui.theme import Theme

log = logging.getLogger(__name__)
_LARGE = 50_000
"""Vertices from which on a level of detail is worth making ahead."""
_WHOLE_PX = 800.0
"""Height of a small map, px: on it the whole city has its coarsest scale."""


class DerivedLayers(QObject):
    """Computes on one worker thread and hands results to the renderer or the overlay; only the last request of a kind counts."""

    changed = Signal()
    """The overlay has something new to paint."""
    theme_ready = Signal()
    """The pipes' theme is computed: its legend can be shown."""

    def __init__(self, scene: Scene, overlay: Overlay, renderer: Renderer, parent: QObject) -> None:
        super().__init__(parent)
        self._scene, self._overlay, self._renderer = scene, overlay, renderer
        self.background = BackgroundTasks("map-background", self, yield_to_window)
        self.background.failed.connect(log.error)
        self._apart, self._is_closed = Apart(), False
        self._surface = PressureSurface(scene, overlay.gauges)
        self._roads_requested = False
        renderer.finished.connect(self._request_roads)

    def refresh_theme(self, look: LayerSettings) -> None:
        """Pipes in the colours of a theme."""
        work = partial(themed, self._scene, look.theme, self._renderer.extras.flows)
        self.background.request("theme", work, self._on_theme)

    def refresh_surface(self, look: LayerSettings, picture: Picture, theme: Theme) -> None:
        """The interpolated pressure, if it is shown and due."""
        if look.shows(MapLayer.PRESSURE) and (work := self._surface.due(picture, theme)) is not None:
            self.background.request("pressure", work, lambda field: self._renderer.set_extras(pressure=field))

    def forget_surface(self) -> None:
        """The colours changed: the surface is due at once."""
        self._surface.forget()

    def finish(self) -> None:
        """Wait for everything that was requested (screenshots, tests)."""
        self._request_roads()
        self.background.finish()

    def close(self) -> None:
        """End the worker thread, and what it waits for."""
        self._is_closed = True
        self._apart.end()
        self.background.close()

    def _request_roads(self) -> None:
        """Names come after the first picture: in a large city both together would delay it."""
        if not self._roads_requested:
            self._roads_requested = True
            roads = self._scene.city.roads
            self.background.request("roads", lambda: self._apart.run(road_names, roads, len(roads)), self._on_roads)

    def _on_theme(self, done: Themed | None) -> None:
        self._renderer.set_extras(themed=done)
        self.theme_ready.emit()

    def _on_roads(self, names: RoadNames) -> None:
        self._overlay.names.roads = names
        self.changed.emit()
        self.background.request("levels", self._levels, lambda _: None)

    def _levels(self) -> None:
        """Levels of detail before they are needed: of a large city each takes up to a second, in which the map is not sharp."""
        scene = self._scene
        low_x, low_y, high_x, high_y = scene.bounds
        whole = max(high_x - low_x, high_y - low_y) / _WHOLE_PX
        works = [work for work in (scene.pipes, scene.roads, scene.boundaries) if work.points >= _LARGE]
        for scale in scene.pipes.scales(whole):
            for work in works:
                if self._is_closed:
                    return
                work.level(scale)
