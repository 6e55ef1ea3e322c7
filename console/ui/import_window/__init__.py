"""Welcome, import of one's own data, newer versions, live test of a feed.

``WelcomeWindow``, ``ImportWindow``, ``NewVersionWindow``, ``LiveTestWindow``.

The window shows what ``maps.importers.guessing`` guessed and lets a person correct it. Files are read and imported in a child
process, so that a broken file or a large one never holds the window.
"""

from __future__ import annotations

from console.ui.import_window.live_test import LiveTestWindow
from console.ui.import_window.new_version import NewVersionWindow
from console.ui.import_window.welcome import Opening, WelcomeWindow
from console.ui.import_window.window import ImportWindow

__all__ = ["ImportWindow", "LiveTestWindow", "NewVersionWindow", "Opening", "WelcomeWindow"]
