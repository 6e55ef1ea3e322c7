"""Commands of the window with their keys: each an action, each found by Ctrl+K."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from console.ui.commands.search import Command
from console.ui.words import Words

KEYS: Mapping[str, str] = {
    "search": "Ctrl+K",
    "judge": "Ctrl+J",
    "closed": "Ctrl+Return",
    "unable": "Ctrl+U",
    "crew": "Ctrl+R",
    "notice": "Ctrl+N",
    "undo": "Ctrl+Z",
    "redo": "Ctrl+Shift+Z",
    "trace": "Ctrl+Shift+T",
    "trial": "Ctrl+Shift+B",
    "segments": "Ctrl+Shift+P",
    "acknowledge": "Ctrl+A",
    "operation": "Ctrl+Shift+O",
    "package": "Ctrl+Shift+S",
    "next_case": "Ctrl+Tab",
    "show_case": "Ctrl+E",
    "fit": "Ctrl+0",
    "map": "Alt+1",
    "case": "Alt+2",
    "alarms": "Alt+3",
    "stations": "Alt+4",
    "fullscreen": "F11",
    "language": "Ctrl+L",
    "theme": "Ctrl+T",
    "layout": "",
    "map_back": "Alt+Left",
    "map_forward": "Alt+Right",
    "bookmark": "Ctrl+B",
    "bookmarks": "Ctrl+Alt+B",
    "pan": "",
    "zoom_box": "Ctrl+Alt+Z",
    "select_box": "Ctrl+Alt+S",
    "select_polygon": "Ctrl+Alt+P",
    "measure_length": "Ctrl+M",
    "measure_area": "Ctrl+Shift+M",
    "next_crs": "Ctrl+Alt+C",
    "copy_coordinates": "Ctrl+Shift+C",
    "copy_map": "",
    "export_map": "Ctrl+P",
    "second_map": "Ctrl+Alt+N",
    "wall": "Ctrl+F11",
    "follow_crew": "",
    "tiles": "",
    "dismiss_message": "Esc",
}


class Commands:
    """The window's actions by name."""

    def __init__(self, window: QWidget, deeds: Mapping[str, Callable[[], object]], words: Words) -> None:
        self._deeds = deeds
        self._actions: dict[str, QAction] = {}
        for key, shortcut in KEYS.items():
            action = QAction(window)
            action.setShortcut(QKeySequence(shortcut))
            action.setAutoRepeat(False)  # a key held too long reports one valve, takes one step, undoes one
            action.triggered.connect(lambda _=False, deed=deeds[key]: deed())
            window.addAction(action)
            self._actions[key] = action
        self.set_words(words)

    def set_words(self, words: Words) -> None:
        """Another language."""
        for key, action in self._actions.items():
            action.setText(words(f"commands.{key}"))

    def listed(self) -> list[Command]:
        """For the palette."""
        return [Command(key, action.text(), action.shortcut().toString()) for key, action in self._actions.items()]

    def run(self, key: str) -> None:
        """Do it."""
        self._deeds[key]()
