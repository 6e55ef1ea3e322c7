"""The raster ground that the user chose: an MBTiles file or an XYZ address, kept between sessions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QInputDialog, QWidget

from console.ui.map.canvas import MapCanvas
from console.ui.map.ground.tile_store import open_tiles
from console.ui.map.layers import MapLayer
from console.ui.settings import StoredSettings
from console.ui.words import Words, map_text
from maps.errors import InputFault

_KEY = "map/tiles"


class TileChoice(QObject):
    """Sets the tiles of the first map and of all further ones.

    ``canvases``: the maps that are open. ``cache``: folder of tiles from a network, None for the program's own.
    """

    told = Signal(str)
    """Why there are no tiles."""
    _tile_came = Signal()

    def __init__(
        self,
        first: MapCanvas,
        canvases: Callable[[], tuple[MapCanvas, ...]],
        stored: StoredSettings,
        cache: Path | None,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._first, self._canvases, self._stored, self._window = first, canvases, stored, window
        self._cache = cache or user_cache_path("quanmai") / "tiles"
        self._tile_came.connect(self._redraw)

    def ask(self, words: Words) -> None:
        """Ask for a file or an address."""
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle(map_text(words, "tiles.title"))
        dialog.setLabelText(map_text(words, "tiles.label"))
        dialog.setTextValue(str(self._stored.get(_KEY, "")))
        dialog.textValueSelected.connect(self.use)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def use(self, text: str) -> None:
        """Use an MBTiles file or an XYZ address (``address | attribution``); "" for none."""
        old = self._first.renderer.extras.tiles
        source, _, by = text.partition("|")
        try:
            tiles = open_tiles(source.strip(), self._cache, by.strip(), self._tile_came.emit) if source.strip() else None
        except InputFault as fault:
            self.told.emit(str(fault))
            return
        self._stored.put(_KEY, text.strip())
        for canvas in self._canvases():
            canvas.set_tiles(tiles)
        if old is not None:
            old.close()
        if tiles is not None:
            self._first.set_visible(self._first.layer_settings.visible | {MapLayer.TILES})

    def restore(self) -> None:
        """Use what was chosen in an earlier session."""
        tiles = str(self._stored.get(_KEY, ""))
        if tiles:
            self.use(tiles)

    def close(self) -> None:
        """Close the file or the connection."""
        tiles = self._first.renderer.extras.tiles
        if tiles is not None:
            tiles.close()

    def _redraw(self) -> None:
        for canvas in self._canvases():
            canvas.renderer.set_extras()
            canvas.update()
