"""MapDesk: what a window does with its map beside the case — layers remembered, bookmarks, identify, select, measure,

coordinates, export, further map windows. Holds no rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from platformdirs import user_cache_path
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMenu, QWidget

from console.domain.clock import moment
from console.domain.picture import Picture
from console.ui.map.canvas import MapCanvas
from console.ui.map.export import FORMATS, MapNotSaved, Sheet, export_map
from console.ui.map.ground.tile_store import open_tiles
from console.ui.map.layers import LayerLook, MapLayer, PipeTheme
from console.ui.map.network.flow import Flows
from console.ui.map.network.themes import Entry
from console.ui.map.texts import say
from console.ui.map.view.coordinates import Reading
from console.ui.map.view.picking import Asset
from console.ui.map.view.selection import Selection, select_in
from console.ui.map.view.tools import Sketch, Tool
from console.ui.map.view.view_history import Bookmark, View, bookmarks_from, bookmarks_text
from console.ui.map_flows import ModelFlows
from console.ui.map_windows import MapWindows
from console.ui.panels.map.identify_card import IdentifyCard
from console.ui.panels.map.legend import legend_rows
from console.ui.panels.map.tool_strip import ToolStrip
from console.ui.settings import Memory
from console.ui.style import Looks
from maps.attribution import attribution
from maps.city import City
from maps.errors import InputFault
from maps.hydraulics.state import HydraulicState


@dataclass(frozen=True, eq=False)
class MapParts:
    """What the desk works on."""

    city: City
    map: MapCanvas
    memory: Memory
    tile_cache: Path | None = None
    """Folder of cached tiles, None for the program's own."""


class MapDesk(QObject):
    """One per window."""

    told = Signal(str)
    """What went wrong, one line for the message bar."""
    noted = Signal(str)
    """What was done, likewise."""
    legend_changed = Signal(object, object)
    """(PipeTheme, entries): the map's pipes are drawn otherwise."""
    _tile_came = Signal()

    def __init__(self, parts: MapParts, run: Callable[[str], None], looks: Looks, picture: Picture, window: QWidget) -> None:
        super().__init__(window)
        self._parts, self._looks, self._picture, self._window = parts, looks, picture, window
        self.selection: Selection | None = None
        self.windows = MapWindows(parts.map, looks, window)
        self.windows.picked.connect(self.on_picked)
        self.card = IdentifyCard(parts.map.scene, looks, parts.map)
        self.flows = ModelFlows(parts.city, parts.map, self)
        self.flows.told.connect(self.told)
        self.flows.ready.connect(self._take_flows)
        self.bookmarks = bookmarks_from(str(parts.memory.get(self._key("bookmarks"), "")))
        map_ = parts.map
        map_.navigation.glides = True
        map_.attribution = attribution(parts.city)
        map_.look_changed.connect(self._look_changed)
        map_.input.shape_ended.connect(self._shape_ended)
        map_.derived.theme_ready.connect(self._tell_legend)
        self.strip = ToolStrip(run, looks, map_)
        map_.input.tool_changed.connect(self.strip.show_tool)
        self._tile_came.connect(self._redraw_tiles)
        self._restore()

    # What the window tells

    def set_looks(self, looks: Looks) -> None:
        """Another theme or language."""
        self._looks = looks
        self.card.set_looks(looks)
        self.strip.set_looks(looks)
        self.card.refresh(self._picture, self._parts.map.renderer.extras.flows)
        self.windows.set_looks(looks)

    def show_picture(self, picture: Picture) -> None:
        """The newest values, to the card and to the further windows."""
        self._picture = picture
        self._follow_flows()
        if not self.card.isHidden():
            self.card.refresh(picture, self._parts.map.renderer.extras.flows)
        self.windows.show_picture(picture)

    def set_states(self, states: Sequence[HydraulicState]) -> None:
        """The model's day, solved already: flows follow its hours."""
        self.flows.set_states(states)
        self._follow_flows()

    def put_away(self) -> bool:
        """Esc: the tool in hand, else the card, else the selection; False when there was nothing."""
        if self._parts.map.input.sketch.tool is not Tool.PAN:
            self._parts.map.input.use(Tool.PAN)
            return True
        if self.card.put_away():
            return True
        if self.selection is not None:
            self.selection = None
            self._parts.map.highlight(())
            return True
        return False

    def save(self) -> None:
        """Remember layers, coordinates, bookmarks and further windows."""
        memory = self._parts.memory
        memory.put("map/look", self._parts.map.layer_look.as_text())
        memory.put("map/reading", self._parts.map.coordinates.reading.value)
        memory.put(self._key("bookmarks"), bookmarks_text(self.bookmarks))
        memory.put(self._key("windows"), self.windows.remembered())

    def reopen_windows(self) -> None:
        """The further windows of the last time; call once the first window is shown, its screen decides."""
        self.windows.reopen(str(self._parts.memory.get(self._key("windows"), "")))

    def close(self) -> None:
        """Close the further windows, end the model's process, let go of the tiles."""
        self.flows.close()
        self.windows.close()
        tiles = self._parts.map.renderer.extras.tiles
        if tiles is not None:
            tiles.close()

    def legend(self) -> tuple[PipeTheme, tuple[Entry, ...]]:
        """What the colours of the pipes mean now; no entries while the theme is being computed."""
        theme, themed = self._parts.map.layer_look.theme, self._parts.map.renderer.extras.themed
        return theme, themed.entries if themed is not None and themed.theme is theme else ()

    # Bookmarks

    def ask_bookmark(self) -> None:
        """Name the present view."""
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle(say(self._looks.words, "bookmarks.title"))
        dialog.setLabelText(say(self._looks.words, "bookmarks.name"))
        dialog.textValueSelected.connect(self.add_bookmark)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def add_bookmark(self, name: str) -> None:
        """Keep the present view under a name; an older one of that name goes."""
        if name.strip():
            kept = tuple(mark for mark in self.bookmarks if mark.name != name.strip())
            self.bookmarks = (*kept, Bookmark(name.strip(), View.of(self._parts.map.camera)))
            self.save()

    def offer_bookmarks(self) -> QMenu:
        """A menu of the bookmarks."""
        menu = self._menu()
        for mark in self.bookmarks:
            menu.addAction(mark.name, partial(self.go_to, mark))
        menu.addSeparator()
        menu.addAction(say(self._looks.words, "bookmarks.add"), self.ask_bookmark)
        menu.popup(QCursor.pos())
        return menu

    def go_to(self, bookmark: Bookmark) -> None:
        """A bookmark's view."""
        map_ = self._parts.map
        map_.navigation.touched = True
        map_.navigation.fly(bookmark.view.camera(map_.camera))

    # Identify, select, measure

    def identify(self, asset: Asset) -> None:
        """The card of an asset."""
        self.card.show_asset(asset, self._picture, self._parts.map.renderer.extras.flows)

    def on_picked(self, asset: Asset | None) -> None:
        """A click on the map that no tool has taken."""
        if asset is None:
            self.card.put_away()
        else:
            self.identify(asset)

    def _shape_ended(self, sketch: Sketch) -> None:
        if sketch.tool in (Tool.SELECT_BOX, Tool.SELECT_POLYGON) and len(sketch.ring()) > 2:
            self.selection = select_in(self._parts.map.scene, sketch.ring())
            self._parts.map.highlight(self.selection.highlights)
            self.noted.emit(self.selection.text(self._looks.words))
            self._parts.map.input.use(sketch.tool)

    # Coordinates, pictures

    def next_reading(self) -> None:
        """Coordinates in the next of the offered ways."""
        coordinates = self._parts.map.coordinates
        offered = coordinates.offered
        self.set_reading(offered[(offered.index(coordinates.reading) + 1) % len(offered)])

    def set_reading(self, reading: Reading) -> None:
        """Coordinates read out in that way, in every window."""
        for canvas in self._canvases():
            canvas.set_reading(reading)

    def copy_coordinates(self) -> None:
        """Of the place under the pointer, else of the middle, with the name of their CRS."""
        map_ = self._parts.map
        x, y = map_.input.cursor_world or (map_.camera.x, map_.camera.y)
        name = map_.coordinates.name(self._looks.words("map.local_crs"))
        text = f"{map_.coordinates.text(x, y, precise=True)} ({name})"
        QApplication.clipboard().setText(text)
        self.noted.emit(say(self._looks.words, "copied", text=text))

    def copy_map(self) -> None:
        """The map as it is shown, to the clipboard."""
        QApplication.clipboard().setImage(self._parts.map.picture_now())
        self.noted.emit(say(self._looks.words, "picture_copied"))

    def ask_export(self) -> None:
        """Choose a file for the map."""
        kinds = " ".join(f"*.{ending}" for ending in FORMATS)
        name, _ = QFileDialog.getSaveFileName(self._window, say(self._looks.words, "export.title"), "map.pdf", kinds)
        if name:
            self.export(Path(name))

    def export(self, path: Path, dpi: int = 300) -> None:
        """Write the map as it looks, A3 across; what goes wrong is told."""
        map_, words = self._parts.map, self._looks.words
        map_.settle()
        when = words.local(moment(self._picture.now_us))
        sheet = Sheet(
            say(words, "export.heading", city=self._parts.city.info.name),
            say(words, "export.note", when=f"{when:%Y-%m-%d %H:%M}"),
            legend_rows(self._looks, *self.legend()),
            dpi=dpi,
        )
        try:
            export_map(map_, path, sheet, self._looks.theme)
        except MapNotSaved as fault:
            self.told.emit(str(fault))
        else:
            self.noted.emit(say(words, "export.done", path=path))

    # Crews, tiles

    def offer_crews(self) -> QMenu:
        """A menu of the crews; the chosen one is followed."""
        menu = self._menu()
        for fix in self._picture.crews:
            menu.addAction(fix.name or fix.crew_id, partial(self._parts.map.follow, fix.crew_id))
        menu.addAction(say(self._looks.words, "follow_none"), partial(self._parts.map.follow, ""))
        menu.popup(QCursor.pos())
        return menu

    def ask_tiles(self) -> None:
        """Where tiles come from: an MBTiles file or an address."""
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle(say(self._looks.words, "tiles.title"))
        dialog.setLabelText(say(self._looks.words, "tiles.label"))
        dialog.setTextValue(str(self._parts.memory.get("map/tiles", "")))
        dialog.textValueSelected.connect(self.use_tiles)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def use_tiles(self, text: str) -> None:
        """Tiles of an MBTiles file or an XYZ address (``address | attribution``); "" for none."""
        map_, old = self._parts.map, self._parts.map.renderer.extras.tiles
        source, _, by = text.partition("|")
        try:
            cache = self._parts.tile_cache or user_cache_path("quanmai") / "tiles"
            tiles = open_tiles(source.strip(), cache, by.strip(), self._tile_came.emit) if source.strip() else None
        except InputFault as fault:
            self.told.emit(str(fault))
            return
        self._parts.memory.put("map/tiles", text.strip())
        for canvas in self._canvases():
            canvas.set_tiles(tiles)
        if old is not None:
            old.close()
        if tiles is not None:
            map_.set_visible(map_.layer_look.visible | {MapLayer.TILES})

    # Inside

    def _look_changed(self, look: LayerLook) -> None:
        self._tell_legend()
        self._follow_flows()

    def _follow_flows(self) -> None:
        """Flows for whichever map shows them."""
        for canvas in self._canvases():
            self.flows.follow(canvas.layer_look, self._picture, self._looks.words)

    def _canvases(self) -> tuple[MapCanvas, ...]:
        return (self._parts.map, *self.windows.canvases())

    def _take_flows(self, flows: Flows) -> None:
        for canvas in self._canvases():
            canvas.set_flows(flows)

    def _tell_legend(self) -> None:
        self.legend_changed.emit(*self.legend())

    def _redraw_tiles(self) -> None:
        for canvas in self._canvases():
            canvas.renderer.set_extras()
            canvas.update()

    def _menu(self) -> QMenu:
        menu = QMenu(self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _key(self, name: str) -> str:
        return f"map/{name}/{self._parts.city.info.site or 'city'}"

    def _restore(self) -> None:
        memory, map_ = self._parts.memory, self._parts.map
        look = memory.get("map/look")
        if isinstance(look, str):
            map_.set_look(LayerLook.from_text(look))
        readings = {reading.value: reading for reading in Reading}
        map_.set_reading(readings.get(str(memory.get("map/reading", "")), Reading.NETWORK))
        tiles = str(memory.get("map/tiles", ""))
        if tiles:
            self.use_tiles(tiles)
