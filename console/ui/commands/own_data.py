"""The import window beside a running console; what it writes opens in a console of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess
from PySide6.QtWidgets import QWidget

from console.ui.appearance import Appearance
from console.ui.import_window import ImportWindow
from console.ui.panels.messages import MessageBar


class OwnData:
    """Opens one import window at a time; the console keeps running on its own city."""

    def __init__(self, parent: QWidget, messages: MessageBar) -> None:
        self._parent, self._messages = parent, messages
        self.window: ImportWindow | None = None
        """The window opened last."""

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

    def close(self) -> None:
        """Close the window; an import under way ends without a city."""
        if self.window is not None:
            self.window.close()

    def _open_city(self, path: Path, appearance: Appearance) -> None:
        started, _ = QProcess.startDetached(sys.executable, ["-m", "console.cli", "run", str(path)])
        text = appearance.words.catalogue.text
        if started:
            self._messages.show_note(text("import.window.opening", path=str(path)))
        else:
            self._messages.show_message(text("import.window.not_opened", path=str(path)))
