"""Welcome, import of one's own data, a newer version of it: ``WelcomeWindow``, ``ImportWindow``, ``NewVersionWindow``.

The window shows what ``maps.importers.guessing`` guessed and lets a person correct it. Files are read and imported in a child
process, so that a broken file or a large one never holds the window.
"""

from __future__ import annotations

from console.ui.import_window.new_version import NewVersionWindow
from console.ui.import_window.welcome import Opening, WelcomeWindow
from console.ui.import_window.window import ImportWindow

__all__ = ["ImportWindow", "NewVersionWindow", "Opening", "WelcomeWindow"]
