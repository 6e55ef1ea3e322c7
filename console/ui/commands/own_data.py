"""The import window beside a running console; what it writes opens in a console of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, Qt
from PySide6.QtWidgets import QWidget

from console.ui.appearance import Appearance
from console.ui.import_window import ImportWindow
from console.ui.panels.messages import MessageBar


def open_import(parent: QWidget, appearance: Appearance, messages: MessageBar) -> ImportWindow:
    """Open the import window over the console, which keeps running on its own city."""
    made = ImportWindow(appearance, parent)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def open_city(path: Path) -> None:
        started, _ = QProcess.startDetached(sys.executable, ["-m", "console.cli", "run", str(path)])
        text = appearance.words.catalogue.text
        if started:
            messages.show_note(text("import.window.opening", path=str(path)))
        else:
            messages.show_message(text("import.window.not_opened", path=str(path)))

    made.opened.connect(open_city)
    made.show()
    return made
