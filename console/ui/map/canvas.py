"""MapCanvas: the widget — moves the camera, shows the picture there is, paints the live overlay, tells what was done on it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from console.domain.picture import Picture
from console.domain.readings import Channel
from console.ui.map.drawing.background_work import Background
from console.ui.map.drawing.band import StaticStyle
from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import LabelMemory, Placer
from console.ui.map.drawing.renderer import Renderer
from console.ui.map.ground.surface_updates import PressureSurface
from console.ui.map.ground.tiles import TileSource
from console.ui.map.layers import LayerLook, MapLayer, PipeTheme
from console.ui.map.live.case_marks import CaseLook, pipe_lines
from console.ui.map.live.decorations import Badge, Margin, paint_furniture, reserve
from console.ui.map.live.marks import Highlight, Marks
from console.ui.map.network.flow import Flows
from console.ui.map.network.road_names import RoadNames, road_names
from console.ui.map.network.themes import Themed, themed
from console.ui.map.overlay import Live, Overlay
from console.ui.map.scene import Scene
from console.ui.map.view.camera import Camera
from console.ui.map.view.coordinates import Coordinates, Reading
from console.ui.map.view.navigation import Places
from console.ui.map.view.picking import Picker
from console.ui.map.view.tools import Sketch, Tool, paint_sketch
from console.ui.theme import Theme
from console.ui.words import Words

_HOME_MARGIN = 0.12


class MapCanvas(Places):
    """The map of one city. Wheel zooms at the cursor, drag pans, click picks, right click offers what can be done."""

    picked = Signal(object)
    """Asset or None: clicked."""
    menu_requested = Signal(object, QPoint)
    """(Asset or None, global position): right click or menu key."""
    activated = Signal(object)
    """Asset: double-clicked."""
    shape_ended = Signal(object)
    """Sketch: a box or polygon was drawn to its end."""
    look_changed = Signal(object)
    """LayerLook: shown otherwise."""
    tool_changed = Signal(object)
    """Tool: what the left button does now."""
    theme_ready = Signal()
    """The pipes' theme has been worked out: its legend can be shown."""

    def __init__(self, scene: Scene, picture: Picture, theme: Theme, words: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene, self._theme, self._words = scene, theme, words
        self.layer_look = LayerLook()
        self.overlay = Overlay(scene)
        self._picker = Picker(scene, self.overlay.gauges.x, self.overlay.gauges.y)
        self._live = Live(picture)
        self._highlights: tuple[Highlight, ...] = ()
        self._memory = LabelMemory()
        self.coordinates = Coordinates(scene.city)
        self.attribution = ""
        self._badges: tuple[Badge, ...] = ()
        self.sketch = Sketch()
        self.camera = Camera(0.0, 0.0, 1.0, max(self.width(), 1), max(self.height(), 1)).fitted(scene.home, _HOME_MARGIN)
        self.renderer = Renderer(scene, self._style(), self)
        self.renderer.finished.connect(self.update)
        self.background = Background(self)
        self._surface = PressureSurface(scene, self.overlay.gauges)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 240)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(words("map.name"))
        self._roads_asked = False
        self.renderer.finished.connect(self._ask_roads)

    # What is shown

    def show_picture(self, picture: Picture) -> None:
        """The newest live values."""
        self._live = replace(self._live, picture=picture)
        self.overlay.crews.tracks.remember(picture)
        self._follow()
        self._refresh_surface()
        self.update()

    def show_case(self, case: CaseLook) -> None:
        """The case in focus."""
        self._live = replace(self._live, case=case)
        self._remark()

    def show_trial(self, trial: CaseLook | None) -> None:
        """What is tried, over the case and in a hue of its own, with a frame that says so; None ends it."""
        self._live = replace(self._live, trial=trial)
        self._remark()

    def select_pipes(self, pipe_ids: tuple[str, ...], text: str = "") -> None:
        """Highlight pipes with a label; none clears it."""
        self._live = replace(self._live, selected=pipe_lines(self.scene.city, pipe_ids), selected_text=text)
        self._remark()

    def highlight(self, highlights: tuple[Highlight, ...]) -> None:
        """Sets of pipes in colours of their own (a trace, a selection by area); none clears them."""
        self._highlights = highlights
        self._remark()

    def set_badges(self, badges: tuple[Badge, ...]) -> None:
        """Lasting remarks at the top (drill, synthetic, not georeferenced …)."""
        if badges != self._badges:
            self._badges = badges
            self.update()

    def set_visible(self, visible: frozenset[MapLayer]) -> None:
        """Show these layers only."""
        self.set_look(self.layer_look.with_visible(visible))

    def set_look(self, look: LayerLook) -> None:
        """Layers, opacities, order and the theme of the pipes."""
        before, self.layer_look = self.layer_look, look
        if look == before:
            return
        self.renderer.set_style(self._style())
        if look.theme is not before.theme:
            self._refresh_theme()
        self._refresh_surface()
        self.look_changed.emit(look)
        self.update()

    def set_looks(self, theme: Theme, words: Words) -> None:
        """Another theme or language."""
        self._theme, self._words = theme, words
        self._surface.forget()
        self._refresh_surface()
        self.renderer.set_style(self._style())
        self.update()

    def set_reading(self, reading: Reading) -> None:
        """In what coordinates are read out."""
        self.coordinates = Coordinates(self.scene.city, reading)
        self.update()

    def set_flows(self, flows: Flows | None) -> None:
        """What the model says of flows: arrows and the theme of velocities."""
        self.renderer.set_extras(flows=flows)
        if self.layer_look.theme is PipeTheme.VELOCITY:
            self._refresh_theme()
        self.update()

    def set_tiles(self, tiles: TileSource | None) -> None:
        """A raster ground; None for none."""
        self.renderer.set_extras(tiles=tiles)
        self.update()

    @property
    def badges(self) -> tuple[Badge, ...]:
        """Lasting remarks shown."""
        return self._badges

    def station_place(self, row: int) -> tuple[float, float]:
        """World point of a station."""
        return float(self.overlay.gauges.x[row]), float(self.overlay.gauges.y[row])

    @property
    def visible_layers(self) -> frozenset[MapLayer]:
        """Layers shown."""
        return self.layer_look.visible

    def use(self, tool: Tool) -> None:
        """What the left button does."""
        self.sketch.start(tool)
        self.setCursor(Qt.CursorShape.CrossCursor) if tool is not Tool.PAN else self.unsetCursor()
        self.tool_changed.emit(tool)
        self.update()

    # Pictures

    def settle(self) -> None:
        """Finish what is worked out aside and the picture (screenshots, tests)."""
        self.land()
        self._ask_roads()
        self.background.finish()
        self.renderer.draw_now()
        names = QImage(self.size(), QImage.Format.Format_RGB32)
        painter = QPainter(names)
        self.paint_overlay(painter, self.camera, self._ratio())
        painter.end()

    def picture_now(self) -> QImage:
        """The map as it is shown, finished."""
        self.settle()
        return self.grab().toImage()

    def shut(self) -> None:
        """End the threads; the widget is of no use afterwards."""
        self._rest.stop()
        self.background.close()
        self.renderer.close()

    def margin(self) -> Margin:
        """What stands at the map's edge."""
        tiles = self.renderer.extras.tiles if self.layer_look.shows(MapLayer.TILES) else None
        attribution = " · ".join(text for text in (tiles.attribution if tiles else "", self.attribution) if text)
        field = self.renderer.extras.pressure if self.layer_look.shows(MapLayer.PRESSURE) else None
        remark = ""
        if field is not None:
            low, high = (self._words.value(Channel.PRESSURE, kpa, unit=False) for kpa in (field.low_kpa, field.high_kpa))
            remark = self._words("map.interpolated", n=field.stations, low=low, high=high)
        trial = (self._words("map.trial"), self._words("map.trial_note")) if self._live.trial is not None else ()
        dots = self.logicalDpiX()
        return Margin(self.coordinates, self.cursor_world, dots, self._badges, attribution, remark, trial, self.covered_px())

    def paint_overlay(
        self, painter: QPainter, camera: Camera, ratio: float, *, hurried: bool = False, vector: bool = False
    ) -> Placer:
        """All that lies over the picture, for any painter (a screen's, a printer's)."""
        placer = Placer(camera.width, camera.height, self._memory)
        frame = Frame(painter, camera, self._theme, self._words, placer, self.layer_look, ratio, hurried, vector)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        margin = self.margin()
        if camera.width != self.width():  # an export: no panel lies on it
            margin = replace(margin, covered_px=0.0)
        reserve(frame, margin)
        for child in self.findChildren(QFrame, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if child.isVisible():
                placer.take(QRectF(child.geometry()))
        paint_sketch(frame, self.sketch)
        self.overlay.paint(frame, self._live)
        self._memory.end_frame()
        paint_furniture(frame, margin)
        return placer

    def twin(self, theme: Theme, words: Words) -> MapCanvas:
        """Another canvas on the same scene that shows the same things at first."""
        twin = MapCanvas(self.scene, self._live.picture, theme, words)
        twin.layer_look, twin.attribution, twin.coordinates = self.layer_look, self.attribution, self.coordinates
        twin._live, twin._highlights, twin._badges = self._live, self._highlights, self._badges
        twin.renderer.share(self.renderer, twin._style(), twin.marks())
        twin.camera, twin._fitted = self.camera, True
        return twin

    def mirror(self, other: MapCanvas) -> None:
        """The case, the trial and the highlights of another canvas."""
        mine, first = self._live, other._live
        if mine.case is not first.case or mine.trial is not first.trial or self._highlights is not other._highlights:
            self._live = replace(self._live, case=first.case, trial=first.trial)
            self._highlights = other._highlights
            self._remark()

    def marks(self) -> Marks:
        """Areas and lines over the network as they are now."""
        return Marks(self._live.case, self._live.selected, self._highlights, self._live.trial)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, camera = QPainter(self), self.shown_camera
        try:
            self.renderer.paint(painter, camera)
            self.paint_overlay(painter, camera, self._ratio(), hurried=True)
            if self.overlay.names.unfinished:
                QTimer.singleShot(0, self, self.update)
        finally:  # a painter left open takes the whole program down
            painter.end()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:  # moved to another screen, perhaps without another size
            self.renderer.set_ratio(self._ratio())
            self.update()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._flight.land()
        self.camera = self.camera.resized(self.width(), self.height())
        if not self._fitted:
            self.camera = self.camera.fitted(self.scene.home, _HOME_MARGIN)
        self.renderer.set_ratio(self._ratio())
        self.renderer.request(self.camera)

    # Inside

    def _remark(self) -> None:
        self.renderer.set_marks(self.marks())
        self.update()

    def _refresh_theme(self) -> None:
        work = partial(themed, self.scene, self.layer_look.theme, self.renderer.extras.flows)
        self.background.ask("theme", work, self._take_theme)

    def _refresh_surface(self) -> None:
        if self.layer_look.shows(MapLayer.PRESSURE):
            work = self._surface.due(self._live.picture, self._theme)
            if work is not None:
                self.background.ask("pressure", work, lambda field: self.renderer.set_extras(pressure=field))

    def _take_theme(self, done: Themed | None) -> None:
        self.renderer.set_extras(themed=done)
        self.theme_ready.emit()

    def _ask_roads(self) -> None:
        """Names after the first picture: in a large city both together would make it late."""
        if not self._roads_asked:
            self._roads_asked = True
            self.background.ask("roads", lambda: road_names(self.scene.city.roads), self._take_roads)

    def _take_roads(self, names: RoadNames) -> None:
        self.overlay.names.roads = names
        self.update()

    def _ratio(self) -> float:
        return float(np.clip(self.devicePixelRatioF(), 1.0, 4.0))

    def _style(self) -> StaticStyle:
        return StaticStyle(self._theme, self.layer_look, self._ratio())
