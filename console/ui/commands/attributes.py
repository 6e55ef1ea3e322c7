"""The attribute table of a window: of what is selected on the map, else of the whole city; open once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from console.ui.appearance import Appearance
from console.ui.attributes.columns import KINDS, Rows
from console.ui.attributes.window import AttributesWindow
from console.ui.map.view.selection import Selection
from maps.city import City


class AttributeTables(QObject):
    """``selection``: what is selected on the map now."""

    place_asked = Signal(object)
    """Hit: show this asset on the map."""
    select_asked = Signal(object)
    """Rows of pipes to select on the map."""
    told = Signal(str)
    noted = Signal(str)

    def __init__(
        self,
        city: City,
        selection: Callable[[], Selection | None],
        appearance: Callable[[], Appearance],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._city, self._selection, self._appearance, self._window = city, selection, appearance, window
        self.opened: AttributesWindow | None = None

    def open(self) -> AttributesWindow:
        """The table of what is selected, in front; the one that was open is closed."""
        self.close()
        made = AttributesWindow(self._city, self._rows(), self._appearance(), self._window)
        made.place_asked.connect(self.place_asked)
        made.select_asked.connect(self.select_asked)
        made.told.connect(self.told)
        made.noted.connect(self.noted)
        made.finished.connect(lambda _: self._forget(made))
        self.opened = made
        made.show()
        made.raise_()
        return made

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        if self.opened is not None:
            self.opened.set_appearance(appearance)

    def close(self) -> None:
        """Close the table."""
        if self.opened is not None:
            self.opened.close()

    def _rows(self) -> dict[str, Rows]:
        """Rows by kind, the kinds with any first."""
        chosen = self._selection()
        network = self._city.network
        if chosen is None:
            tables = (network.pipes, network.valves, self._city.hydrants, self._city.customers)
            rows = dict(zip(KINDS, (np.arange(len(table), dtype=np.int64) for table in tables), strict=True))
        else:
            rows = dict(zip(KINDS, (chosen.pipes, chosen.valves, chosen.hydrants, chosen.customers), strict=True))
        return {kind: found for kind, found in rows.items() if len(found)} or {"pipe": rows["pipe"]}

    def _forget(self, made: AttributesWindow) -> None:
        if self.opened is made:
            self.opened = None
        made.deleteLater()
