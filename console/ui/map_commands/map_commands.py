"""MapCommands: what a window does with its map beside the case; holds the parts of this package together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from console.domain.picture import Picture
from console.ui.appearance import Appearance
from console.ui.map.canvas import MapCanvas
from console.ui.map.layers import LayerSettings
from console.ui.map.network.flow import PipeFlows
from console.ui.map.view.coordinates import CoordinateSystem
from console.ui.map.view.picking import Asset
from console.ui.map.view.selection import Selection, select_in, select_pipes
from console.ui.map.view.tools import Sketch, Tool
from console.ui.map_commands.bookmarks import Bookmarks
from console.ui.map_commands.flows import ModelFlows
from console.ui.map_commands.further_windows import FurtherWindows
from console.ui.map_commands.pictures import Legend, MapPictures
from console.ui.map_commands.tile_choice import TileChoice
from console.ui.panels.map.identify_card import IdentifyCard
from console.ui.panels.map.tool_strip import ToolStrip
from console.ui.settings import StoredSettings
from console.ui.widgets import menu_over
from console.ui.words import map_text
from maps.attribution import attribution
from maps.city import City
from maps.hydraulics.state import HydraulicState


@dataclass(frozen=True, eq=False)
class MapParts:
    """What the commands work on."""

    city: City
    map: MapCanvas
    stored: StoredSettings
    tile_cache: Path | None = None
    """Folder of cached tiles, None for the program's own."""


class MapCommands(QObject):
    """The map's commands of one window. ``run``: runs a command of the window by name."""

    told = Signal(str)
    """What went wrong, one line for the message bar."""
    noted = Signal(str)
    """What was done, likewise."""
    legend_changed = Signal(object, object)
    """(PipeTheme, entries): the colours of the pipes mean something else."""

    def __init__(
        self, parts: MapParts, run: Callable[[str], None], appearance: Appearance, picture: Picture, window: QWidget
    ) -> None:
        super().__init__(window)
        self._parts, self._appearance, self._picture, self._window = parts, appearance, picture, window
        map_ = parts.map
        self.selection: Selection | None = None
        self.windows: FurtherWindows = FurtherWindows(map_, appearance, window)
        self.card = IdentifyCard(map_.scene, appearance, map_)
        self.flows = ModelFlows(parts.city, map_, self)
        self.bookmarks = Bookmarks(map_, parts.stored, self._key("bookmarks"), window)
        self.pictures = MapPictures(map_, self.legend, window)
        self.tiles = TileChoice(map_, self._canvases, parts.stored, parts.tile_cache, window)
        self.strip = ToolStrip(run, appearance, map_)
        map_.navigation.glides = True
        map_.attribution = attribution(parts.city)
        self._connect(map_)
        self._restore()

    def _connect(self, map_: MapCanvas) -> None:
        self.windows.picked.connect(self.on_picked)
        self.flows.ready.connect(self._on_flows)
        for failed in (self.flows.told, self.pictures.told, self.tiles.told):
            failed.connect(self.told)
        self.pictures.noted.connect(self.noted)
        map_.layers_changed.connect(self._on_layers_changed)
        map_.derived.theme_ready.connect(self._emit_legend)
        map_.input.shape_ended.connect(self._on_shape_ended)
        map_.input.tool_changed.connect(self.strip.show_tool)
        map_.input.identified.connect(self._on_identified)
        self.strip.labels_shown.connect(lambda shown: self._parts.stored.put("map/tool_labels", shown))

    # What the window passes on

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        self.card.set_appearance(appearance)
        self.strip.set_appearance(appearance)
        self.card.refresh(self._picture, self._parts.map.renderer.extras.flows)
        self.windows.set_appearance(appearance)

    def show_picture(self, picture: Picture) -> None:
        """The newest values, to the card and to the further windows."""
        self._picture = picture
        self._follow_flows()
        if not self.card.isHidden():
            self.card.refresh(picture, self._parts.map.renderer.extras.flows)
        self.windows.show_picture(picture)

    def set_states(self, states: Sequence[HydraulicState]) -> None:
        """Solved states of the model's day: flows follow its hours."""
        self.flows.set_states(states)
        self._follow_flows()

    def legend(self) -> Legend:
        """What the colours of the pipes mean now; no entries while the theme is being computed."""
        theme, themed = self._parts.map.layer_settings.theme, self._parts.map.renderer.extras.themed
        return theme, themed.entries if themed is not None and themed.theme is theme else ()

    def save(self) -> None:
        """Store layers, coordinate system, bookmarks and further windows."""
        stored = self._parts.stored
        stored.put("map/look", self._parts.map.layer_settings.as_text())
        stored.put("map/reading", self._parts.map.coordinates.system.value)
        self.bookmarks.save()
        stored.put(self._key("windows"), self.windows.remembered())

    def reopen_windows(self) -> None:
        """Open the further windows of the last session; call it once the first window is shown, its screen decides."""
        self.windows.reopen(str(self._parts.stored.get(self._key("windows"), "")))

    def close(self) -> None:
        """Close the further windows, end the model's process, close the tiles."""
        self.flows.close()
        self.windows.close()
        self.tiles.close()

    # Commands

    def ask_bookmark(self) -> None:
        """Ask for a name of the present view."""
        self.bookmarks.ask(self._appearance.words)

    def offer_bookmarks(self) -> QMenu:
        """Show a menu of the bookmarks."""
        return self.bookmarks.offer(self._appearance.words)

    def copy_map(self) -> None:
        """Copy the map as it is shown."""
        self.pictures.copy(self._appearance)

    def ask_export(self) -> None:
        """Ask for a file and write the map to it."""
        self.pictures.ask_export(self._appearance, self._picture.now_us)

    def export(self, path: Path, dpi: int = 300) -> None:
        """Write the map as it is shown, A3 landscape."""
        self.pictures.export(path, self._appearance, self._picture.now_us, dpi)

    def ask_tiles(self) -> None:
        """Ask where tiles come from."""
        self.tiles.ask(self._appearance.words)

    def offer_crews(self) -> QMenu:
        """Show a menu of the crews; the map follows the chosen one."""
        menu, follow = menu_over(self._window), self._parts.map.follow
        for fix in self._picture.crews:
            menu.addAction(fix.name or fix.crew_id, partial(follow, fix.crew_id))
        menu.addAction(map_text(self._appearance.words, "follow_none"), partial(follow, ""))
        menu.popup(QCursor.pos())
        return menu

    def next_coordinate_system(self) -> None:
        """Show coordinates in the next of the offered systems."""
        coordinates = self._parts.map.coordinates
        offered = coordinates.offered
        self.set_coordinate_system(offered[(offered.index(coordinates.system) + 1) % len(offered)])

    def set_coordinate_system(self, system: CoordinateSystem) -> None:
        """Show coordinates in that system, in every window."""
        for canvas in self._canvases():
            canvas.set_coordinate_system(system)

    def place_under_pointer(self) -> tuple[float, float]:
        """World point under the pointer, else the middle of the map."""
        map_ = self._parts.map
        return map_.input.cursor_world or (map_.camera.x, map_.camera.y)

    def copy_coordinates(self, at: tuple[float, float] | None = None) -> None:
        """Copy a world point, by default the one under the pointer, with the name of the coordinate system."""
        map_ = self._parts.map
        x, y = at or self.place_under_pointer()
        name = map_.coordinates.name(self._appearance.words("map.local_crs"))
        text = f"{map_.coordinates.text(x, y, precise=True)} ({name})"
        QApplication.clipboard().setText(text)
        self.noted.emit(map_text(self._appearance.words, "copied", text=text))

    def identify(self, asset: Asset) -> None:
        """Show the card of an asset."""
        self.card.show_asset(asset, self._picture, self._parts.map.renderer.extras.flows)

    def on_picked(self, asset: Asset | None) -> None:
        """A click on the map while no tool of the network is in use."""
        if asset is None:
            self.card.put_away()
        else:
            self.identify(asset)

    def _on_identified(self, at: QPointF) -> None:
        """Everything under the place, one after the other; nothing else changes."""
        assets = self._parts.map.assets_at(at)
        if assets:
            self.card.show_assets(assets, self._picture, self._parts.map.renderer.extras.flows)
        else:
            self.card.put_away()

    def put_away(self) -> bool:
        """Esc: end the tool in use, else the card, else the selection; False when there was nothing to end."""
        if self._parts.map.input.sketch.tool is not Tool.PAN:
            self._parts.map.input.use(Tool.PAN)
            return True
        if self.card.put_away():
            return True
        if self._parts.map.found is not None:
            self._parts.map.mark_found(None)
            return True
        if self.selection is not None:
            self.selection = None
            self._parts.map.highlight(())
            return True
        return False

    def select_pipes(self, rows: Sequence[int], fit: bool = False) -> None:
        """Select pipes by their rows; ``fit``: bring them into view."""
        if not len(rows):
            return
        map_ = self._parts.map
        self._select(select_pipes(map_.scene, np.asarray(rows, dtype=np.int64)))
        if fit:
            map_.fit_pipes(tuple(map(str, self._parts.city.network.pipes.ids(np.asarray(rows)))))

    # Inside

    def _select(self, selection: Selection) -> None:
        self.selection = selection
        self._parts.map.highlight(selection.highlights)
        self.noted.emit(selection.text(self._appearance.words))

    def _on_shape_ended(self, sketch: Sketch) -> None:
        if sketch.tool in (Tool.SELECT_BOX, Tool.SELECT_POLYGON) and len(sketch.ring()) > 2:
            self._select(select_in(self._parts.map.scene, sketch.ring()))
            self._parts.map.input.use(sketch.tool)

    def _on_layers_changed(self, _: LayerSettings) -> None:
        self._emit_legend()
        self._follow_flows()

    def _emit_legend(self) -> None:
        self.legend_changed.emit(*self.legend())

    def _follow_flows(self) -> None:
        """Flows for whichever map shows them."""
        for canvas in self._canvases():
            self.flows.follow(canvas.layer_settings, self._picture, self._appearance.words)

    def _on_flows(self, flows: PipeFlows) -> None:
        for canvas in self._canvases():
            canvas.set_flows(flows)

    def _canvases(self) -> tuple[MapCanvas, ...]:
        return (self._parts.map, *self.windows.canvases())

    def _key(self, name: str) -> str:
        return f"map/{name}/{self._parts.city.info.site or 'city'}"

    def _restore(self) -> None:
        stored, map_ = self._parts.stored, self._parts.map
        look = stored.get("map/look")
        if isinstance(look, str):
            map_.set_layers(LayerSettings.from_text(look))
        systems = {system.value: system for system in CoordinateSystem}
        map_.set_coordinate_system(systems.get(str(stored.get("map/reading", "")), CoordinateSystem.NETWORK))
        self.strip.show_labels(str(stored.get("map/tool_labels", "false")).lower() == "true")
        self.tiles.restore()
