"""MapCanvas: the map widget. It shows the network's picture and paints the live overlay over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QChildEvent, QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QWidget

from console.domain.picture import Picture
from console.domain.readings import Channel
from console.ui.map.derived_layers import DerivedLayers
from console.ui.map.drawing.band import StaticStyle
from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import LabelMemory, Placer
from console.ui.map.drawing.renderer import Renderer
from console.ui.map.ground.tiles import TileSource
from console.ui.map.layers import LayerSettings, MapLayer, PipeTheme
from console.ui.map.live.case_marks import CaseMarks, pipe_lines
from console.ui.map.live.decorations import Badge, Margin, paint_furniture, reserve
from console.ui.map.live.found_mark import FoundMark
from console.ui.map.live.marks import Highlight, Marks
from console.ui.map.network.flow import PipeFlows
from console.ui.map.overlay import Live, Overlay
from console.ui.map.scene import Scene
from console.ui.map.view.camera import Camera
from console.ui.map.view.coordinates import Coordinates, CoordinateSystem
from console.ui.map.view.hover import Hover
from console.ui.map.view.identify import CardData, hover_line
from console.ui.map.view.input import POINTER_EVENTS, InputHandler
from console.ui.map.view.navigation import Navigation
from console.ui.map.view.picking import Asset, Picker
from console.ui.map.view.tools import paint_sketch
from console.ui.theme import Theme
from console.ui.words import Words

_MOST_RATIO = 4.0
"""Pixels of the picture for one logical pixel."""


class MapCanvas(QWidget):
    """The map of one city: ``navigation`` moves its camera, ``input`` handles mouse and keys, ``renderer`` draws the network.

    Wheel zooms at the cursor, drag pans, click picks, right click offers a menu.
    """

    layers_changed = Signal(object)
    """LayerSettings: the map shows something else."""

    def __init__(self, scene: Scene, picture: Picture, theme: Theme, words: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene, self._theme, self._words = scene, theme, words
        self.layer_settings = LayerSettings()
        self.overlay = Overlay(scene)
        self._picker = Picker(scene, self.overlay.gauges.x, self.overlay.gauges.y)
        self._live = Live(picture)
        self._highlights: tuple[Highlight, ...] = ()
        self._memory = LabelMemory()
        self.coordinates = Coordinates(scene.city)
        self.attribution = ""
        self._badges: tuple[Badge, ...] = ()
        self.tab_first: Callable[[], QWidget | None] = lambda: None
        """Where Tab goes from the map before all else: the next step of the case in focus; None: as Qt has it."""
        self._what_if_title: tuple[str, str] | None = None
        self._enlarged = 1.0
        self.navigation = Navigation(self, scene)
        self.navigation.moved.connect(self._on_moved)
        self.navigation.repaint.connect(self.update)
        self.navigation.taken_by_hand.connect(self._stop_following)
        self.input = InputHandler(self, self.navigation, self._pick)
        self.hover = Hover(self._pick_at_rest, self)
        self.input.hovered.connect(self.hover.move)
        self.hover.changed.connect(self.update)
        self.renderer = Renderer(scene, self._style(), self)
        self.renderer.finished.connect(self.update)
        self.derived = DerivedLayers(scene, self.overlay, self.renderer, self)
        self.derived.changed.connect(self.update)
        self.renderer.finished.connect(self._prepare_picking)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 240)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(words("map.name"))

    # What is shown

    def show_picture(self, picture: Picture) -> None:
        """The newest live values."""
        self._live = replace(self._live, picture=picture)
        self.overlay.crews.tracks.remember(picture)
        self._keep_crew_in_view()
        self._refresh_surface()
        self.update()

    def show_case(self, case: CaseMarks) -> None:
        """The case in focus."""
        self._live = replace(self._live, case=case)
        self._remark()

    def show_what_if(self, what_if: CaseMarks | None, title: tuple[str, str] | None = None) -> None:
        """Draw a what-if over the case, in its own colour and with a labelled frame; None ends it.

        ``title``: (title, note) of the frame where it is none, such as a planned outage.
        """
        self._what_if_title = title
        self._live = replace(self._live, what_if=what_if)
        self._remark()

    def show_outages(self, outages: frozenset[str], chosen: str = "") -> None:
        """Planned outages that are marked besides those of today; the chosen one's plan is drawn by ``show_what_if``."""
        if (outages, chosen) != (self._live.outages, self._live.outage):
            self._live = replace(self._live, outages=outages, outage=chosen)
            self.update()

    def select_pipes(self, pipe_ids: tuple[str, ...], text: str = "") -> None:
        """Highlight pipes with a label; none clears it."""
        self._live = replace(self._live, selected=pipe_lines(self.scene.city, pipe_ids), selected_text=text)
        self._remark()

    def mark_found(self, found: FoundMark | None) -> None:
        """A pin on what the search found; None takes it away."""
        self._live = replace(self._live, found=found)
        self.update()

    @property
    def found(self) -> FoundMark | None:
        """The pin on what the search found."""
        return self._live.found

    def highlight(self, highlights: tuple[Highlight, ...]) -> None:
        """Sets of pipes in colours of their own (a trace, a selection by area); none clears them."""
        self._highlights = highlights
        self._remark()

    def set_badges(self, badges: tuple[Badge, ...]) -> None:
        """Lasting remarks at the top (drill, synthetic, not georeferenced …)."""
        if badges != self._badges:
            self._badges = badges
            self.update()

    def enlarge(self, factor: float) -> None:
        """Draw symbols, lines and letters this much larger, for a wall that is read from afar."""
        factor = float(np.clip(factor, 1.0, _MOST_RATIO / self.devicePixelRatioF()))
        if factor != self._enlarged:
            self._enlarged = factor
            self._resized()
            self.update()

    def set_visible(self, visible: frozenset[MapLayer]) -> None:
        """Show these layers only."""
        self.set_layers(self.layer_settings.with_visible(visible))

    def set_layers(self, look: LayerSettings) -> None:
        """Layers, opacities, order and the theme of the pipes."""
        before, self.layer_settings = self.layer_settings, look
        if look == before:
            return
        self.renderer.set_style(self._style())
        if look.theme is not before.theme:
            self.derived.refresh_theme(self.layer_settings)
        self._refresh_surface()
        self.layers_changed.emit(look)
        self.update()

    def set_appearance(self, theme: Theme, words: Words) -> None:
        """Another theme or language."""
        self._theme, self._words = theme, words
        self.derived.forget_surface()
        self._refresh_surface()
        self.renderer.set_style(self._style())
        self.update()

    def set_coordinate_system(self, system: CoordinateSystem) -> None:
        """The coordinate system of the coordinates shown."""
        self.coordinates = Coordinates(self.scene.city, system)
        self.update()

    def set_flows(self, flows: PipeFlows | None) -> None:
        """Flows of the model, for the arrows and the theme of velocities."""
        self.renderer.set_extras(flows=flows)
        if self.layer_settings.theme is PipeTheme.VELOCITY:
            self.derived.refresh_theme(self.layer_settings)
        self.update()

    def set_tiles(self, tiles: TileSource | None) -> None:
        """A raster ground; None for none."""
        self.renderer.set_extras(tiles=tiles)
        self.update()

    @property
    def camera(self) -> Camera:
        """The part of the world that is shown, once a flight has ended."""
        return self.navigation.camera

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
        return self.layer_settings.visible

    def fit_pipes(self, pipe_ids: tuple[str, ...]) -> None:
        """Bring pipes into view, with room around them."""
        self.navigation.fit_points(pipe_lines(self.scene.city, pipe_ids).reshape(-1, 2))

    def follow(self, crew_id: str) -> None:
        """Keep a crew in view until the map is moved by hand; "" ends it."""
        self.overlay.crews.followed = crew_id
        self._keep_crew_in_view()
        self.update()

    # Pictures

    def settle(self) -> None:
        """Finish the background work and the picture (screenshots, tests)."""
        self.navigation.land()
        self.derived.finish()
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
        self.navigation.stop()
        self.derived.close()
        self.renderer.close()

    def margin(self) -> Margin:
        """What stands at the map's edge."""
        tiles = self.renderer.extras.tiles if self.layer_settings.shows(MapLayer.TILES) else None
        attribution = " · ".join(text for text in (tiles.attribution if tiles else "", self.attribution) if text)
        field = self.renderer.extras.pressure if self.layer_settings.shows(MapLayer.PRESSURE) else None
        remark = ""
        if field is not None:
            low, high = (self._words.value(Channel.PRESSURE, kpa, unit=False) for kpa in (field.low_kpa, field.high_kpa))
            remark = self._words("map.interpolated", n=field.stations, low=low, high=high)
        title = self._what_if_title or (self._words("map.what_if"), self._words("map.what_if_note"))
        what_if = title if self._live.what_if is not None else ()
        dots = self.logicalDpiX()
        covered = self.navigation.covered_px()
        cursor, hover = self.input.cursor_world, self._hover_text()
        return Margin(self.coordinates, cursor, dots, self._badges, attribution, remark, what_if, hover, covered)

    def paint_overlay(
        self, painter: QPainter, camera: Camera, ratio: float, *, hurried: bool = False, vector: bool = False
    ) -> Placer:
        """Paint everything that lies over the picture, with any painter (a screen's, a printer's)."""
        placer = Placer(camera.width, camera.height, self._memory)
        frame = Frame(painter, camera, self._theme, self._words, placer, self.layer_settings, ratio, hurried, vector)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        margin = self.margin()
        if camera.width != self._size()[0]:  # an export: no panel lies on it
            margin = replace(margin, covered_px=0.0)
        reserve(frame, margin)
        for child in self.findChildren(QFrame, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if child.isVisible():
                placer.take(QRectF(child.geometry()))
        paint_sketch(frame, self.input.sketch)
        self.overlay.paint(frame, self._live)
        self._memory.end_frame()
        paint_furniture(frame, margin)
        return placer

    def twin(self, theme: Theme, words: Words) -> MapCanvas:
        """Another canvas on the same scene that shows the same things at first."""
        twin = MapCanvas(self.scene, self._live.picture, theme, words)
        twin.layer_settings, twin.attribution, twin.coordinates = self.layer_settings, self.attribution, self.coordinates
        twin._live, twin._highlights, twin._badges = self._live, self._highlights, self._badges
        twin._what_if_title = self._what_if_title
        twin.renderer.share(self.renderer, twin._style(), twin.marks())
        twin.navigation.adopt(self.navigation)
        return twin

    def mirror(self, other: MapCanvas) -> None:
        """Take over the case, the what-if, the highlights and the outages of another canvas."""
        mine, first = self._live, other._live
        if mine.found != first.found:
            self.mark_found(first.found)
            mine = self._live
        if mine.case is not first.case or mine.what_if is not first.what_if or self._highlights is not other._highlights:
            self._live = replace(self._live, case=first.case, what_if=first.what_if)
            self._highlights, self._what_if_title = other._highlights, other._what_if_title
            self._remark()
        self.show_outages(first.outages, first.outage)

    def marks(self) -> Marks:
        """Areas and lines over the network as they are now."""
        return Marks(self._live.case, self._live.selected, self._highlights, self._live.what_if)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the network's picture and the live overlay over it."""
        painter, camera = QPainter(self), self.navigation.shown_camera
        try:
            painter.scale(self._enlarged, self._enlarged)
            self.renderer.paint(painter, camera)
            self.paint_overlay(painter, camera, self._ratio(), hurried=True)
            if self.overlay.names.unfinished:
                QTimer.singleShot(0, self, self.update)
        finally:  # an open painter crashes the program
            painter.end()

    # Events of Qt, passed on

    def event(self, event: QEvent) -> bool:
        """Give pointer events to the input handler first; follow a change of the screen's resolution."""
        if event.type() in POINTER_EVENTS and self.input.take(event):
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:  # moved to another screen, perhaps without another size
            self.renderer.set_ratio(self._ratio())
            self.update()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Resize the camera and request a picture of the new size."""
        self._resized()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pass on to the input handler; of an enlarged map at its middle."""
        if self._enlarged == 1.0:
            self.input.wheel(event)
        else:
            factor = 1.2 ** (event.angleDelta().y() / 120.0)
            self.navigation.zoom(factor, QPointF(self.camera.width / 2.0, self.camera.height / 2.0))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pass on to the input handler."""
        self.input.press(self._at_scale(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pass on to the input handler."""
        self.input.move(self._at_scale(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Pass on to the input handler."""
        self.input.release(self._at_scale(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Pass on to the input handler."""
        self.input.double_click(self._at_scale(event))

    def leaveEvent(self, event: QEvent) -> None:
        """Pass on to the input handler."""
        self.input.leave()

    def childEvent(self, event: QChildEvent) -> None:
        """Watch a panel that is added: the pointer over it is not over the map."""
        if event.added() and isinstance(event.child(), QWidget):  # a panel: the pointer over it is not over the map
            event.child().installEventFilter(self.input)
        super().childEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes to the next step first, wherever its panel stands."""
        step = self.tab_first() if forward else None
        if step is None:
            return super().focusNextPrevChild(forward)
        step.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pass on to the input handler; other keys go to Qt."""
        if not self.input.key(event):
            super().keyPressEvent(event)

    # Inside

    def _resized(self) -> None:
        self.navigation.resize(*self._size())
        self.renderer.set_ratio(self._ratio())
        self.renderer.request(self.camera)

    def _at_scale(self, event: QMouseEvent) -> QMouseEvent:
        """The event at the place of the map as it is before it is enlarged."""
        if self._enlarged == 1.0:
            return event
        at = event.position() / self._enlarged
        kind, held = event.type(), event.buttons()
        return QMouseEvent(kind, at, event.globalPosition(), event.button(), held, event.modifiers(), event.pointingDevice())

    def _size(self) -> tuple[int, int]:
        """Of what is drawn, before it is enlarged."""
        return round(self.width() / self._enlarged), round(self.height() / self._enlarged)

    def _pick(self, at: QPointF) -> Asset | None:
        return self._picker.at(at.x(), at.y(), self.camera, self.layer_settings.visible)

    def assets_at(self, at: QPointF) -> tuple[Asset, ...]:
        """Everything under a position of the widget, the one that a click picks first."""
        return self._picker.all_at(at.x(), at.y(), self.camera, self.layer_settings.visible)

    def _prepare_picking(self) -> None:
        """Ahead of the first click or rest of the pointer: at a million pipes it takes a while."""
        self.renderer.finished.disconnect(self._prepare_picking)
        self.derived.background.request("picking", self._picker.prepare, lambda _: None)

    def _pick_at_rest(self, at: QPointF) -> Asset | None:
        return self._pick(at) if self._picker.is_ready else None

    def _hover_text(self) -> str:
        asset = self.hover.asset
        if asset is None:
            return ""
        flows = self.renderer.extras.flows
        return hover_line(asset, CardData(self.scene.city, self._live.picture, self._words, flows, self.scene.facilities))

    def _on_moved(self, camera: Camera) -> None:
        self.renderer.request(camera)
        self.update()

    def _stop_following(self) -> None:
        self.overlay.crews.followed = ""

    def _keep_crew_in_view(self) -> None:
        crew_id = self.overlay.crews.followed
        fix = next((fix for fix in self._live.picture.crews if fix.crew_id == crew_id), None) if crew_id else None
        if fix is not None:
            self.navigation.keep_in_view(fix.x, fix.y)

    def _remark(self) -> None:
        self.renderer.set_marks(self.marks())
        self.update()

    def _refresh_surface(self) -> None:
        self.derived.refresh_surface(self.layer_settings, self._live.picture, self._theme)

    def _ratio(self) -> float:
        return float(np.clip(self.devicePixelRatioF() * self._enlarged, 1.0, _MOST_RATIO))

    def _style(self) -> StaticStyle:
        return StaticStyle(self._theme, self.layer_settings, self._ratio())
