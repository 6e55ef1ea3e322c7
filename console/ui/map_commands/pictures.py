"""Pictures of the map: copied to the clipboard, or exported as PDF, PNG or SVG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from console.domain.clock import moment
from console.ui.appearance import Appearance
from console.ui.map.canvas import MapCanvas
from console.ui.map.export import FORMATS, MapNotSaved, Sheet, export_map
from console.ui.map.layers import PipeTheme
from console.ui.map.network.themes import LegendEntry
from console.ui.panels.map.legend import legend_rows
from console.ui.words import map_text

Legend = tuple[PipeTheme, tuple[LegendEntry, ...]]


class MapPictures(QObject):
    """``legend``: the theme of the pipes and its entries now."""

    told = Signal(str)
    """Why a picture could not be written."""
    noted = Signal(str)
    """What was copied or written."""

    def __init__(self, map_: MapCanvas, legend: Callable[[], Legend], window: QWidget) -> None:
        super().__init__(window)
        self._map, self._legend, self._window = map_, legend, window

    def copy(self, appearance: Appearance) -> None:
        """Copy the map as it is shown."""
        QApplication.clipboard().setImage(self._map.picture_now())
        self.noted.emit(map_text(appearance.words, "picture_copied"))

    def ask_export(self, appearance: Appearance, now_us: int) -> None:
        """Ask for a file and write the map to it."""
        kinds = " ".join(f"*.{ending}" for ending in FORMATS)
        name, _ = QFileDialog.getSaveFileName(self._window, map_text(appearance.words, "export.title"), "map.pdf", kinds)
        if name:
            self.export(Path(name), appearance, now_us)

    def export(self, path: Path, appearance: Appearance, now_us: int, dpi: int = 300) -> None:
        """Write the map as it is shown, A3 landscape. ``now_us``: the picture's time, printed on the sheet."""
        words = appearance.words
        self._map.settle()
        when = words.local(moment(now_us))
        sheet = Sheet(
            map_text(words, "export.heading", city=self._map.scene.city.info.name),
            map_text(words, "export.note", when=f"{when:%Y-%m-%d %H:%M}"),
            legend_rows(appearance, *self._legend()),
            dpi=dpi,
        )
        try:
            export_map(self._map, path, sheet, appearance.theme)
        except MapNotSaved as fault:
            self.told.emit(str(fault))
        else:
            self.noted.emit(map_text(words, "export.done", path=path))
