"""Import, newer version and live test beside a running console; what is written opens in a console of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QProcess
from PySide6.QtWidgets import QWidget

from console.domain.incidents import Incident
from console.ui.appearance import Appearance
from console.ui.import_window import ImportWindow, LiveTestWindow, NewVersionWindow
from console.ui.panels.messages import MessageBar
from maps.city import City


class OwnData:
    """Opens one import window at a time; the console keeps running on its own city."""

    def __init__(self, parent: QWidget, messages: MessageBar) -> None:
        self._parent, self._messages = parent, messages
        self.window: ImportWindow | None = None
        """The window opened last."""
        self.differences: NewVersionWindow | None = None
        self.live: LiveTestWindow | None = None

    def open(self, appearance: Appearance) -> None:
        """Show the window; a closed one is replaced."""
        if self.window is not None and not self.window.isVisible():
            self.window.deleteLater()
            self.window = None
        if self.window is None:
            self.window = ImportWindow(appearance, self._parent)
            self.window.opened.connect(lambda path: self._open_city(path, appearance))
        self.window.show()
        self.window.activateWindow()

    def compare(self, appearance: Appearance, city: City, incidents: Iterable[Incident]) -> None:
        """Show the window that compares a newer dataset with the city in use; assets of open cases are named there."""
        if self.differences is not None:
            self.differences.close()
            self.differences.deleteLater()
        in_use: dict[str, str] = {}
        for case in incidents:
            valves = case.plan.valves_to_close if case.plan is not None else ()
            names = (*case.burst_pipes, *(step.asset_id for step in valves))
            in_use |= {str(name).partition("~")[0]: case.incident_id for name in names} | {
                str(name): case.incident_id for name in names
            }
        self.differences = NewVersionWindow(appearance, city, in_use, self._parent)
        self.differences.show()

    def test_live(self, appearance: Appearance, city: City) -> None:
        """Show the window that maps topics of a broker to the city's stations."""
        if self.live is not None:
            self.live.close()
            self.live.deleteLater()
        self.live = LiveTestWindow(appearance, city, parent=self._parent)
        self.live.show()

    def close(self) -> None:
        """Close the windows; an import under way ends without a city."""
        for window in (self.window, self.differences, self.live):
            if window is not None:
                window.close()

    def _open_city(self, path: Path, appearance: Appearance) -> None:
        started, _ = QProcess.startDetached(sys.executable, ["-m", "console.cli", "run", str(path)])
        text = appearance.words.catalogue.text
        if started:
            self._messages.show_note(text("import.window.opening", path=str(path)))
        else:
            self._messages.show_message(text("import.window.not_opened", path=str(path)))
