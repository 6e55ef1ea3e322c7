"""Bookmarks: named views of the map, kept between sessions."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from console.ui.map.canvas import MapCanvas
from console.ui.map.view.view_history import Bookmark, View, bookmarks_from, bookmarks_text
from console.ui.settings import StoredSettings
from console.ui.widgets import menu_over
from console.ui.words import Words, map_text


class Bookmarks:
    """The bookmarks of one city. ``key``: where they are stored."""

    def __init__(self, map_: MapCanvas, stored: StoredSettings, key: str, window: QWidget) -> None:
        self._map, self._stored, self._key, self._window = map_, stored, key, window
        self.kept = bookmarks_from(str(stored.get(key, "")))

    def ask(self, words: Words) -> None:
        """Ask for a name of the present view."""
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle(map_text(words, "bookmarks.title"))
        dialog.setLabelText(map_text(words, "bookmarks.name"))
        dialog.textValueSelected.connect(self.add)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def add(self, name: str) -> None:
        """Keep the present view under a name; it replaces an older one of that name."""
        if name.strip():
            others = tuple(mark for mark in self.kept if mark.name != name.strip())
            self.kept = (*others, Bookmark(name.strip(), View.of(self._map.camera)))
            self.save()

    def offer(self, words: Words) -> QMenu:
        """Show a menu of the bookmarks."""
        menu = menu_over(self._window)
        for mark in self.kept:
            menu.addAction(mark.name, partial(self.go_to, mark))
        menu.addSeparator()
        menu.addAction(map_text(words, "bookmarks.add"), partial(self.ask, words))
        menu.popup(QCursor.pos())
        return menu

    def go_to(self, bookmark: Bookmark) -> None:
        """Show a bookmark's view."""
        self._map.navigation.touched = True
        self._map.navigation.fly(bookmark.view.camera(self._map.camera))

    def save(self) -> None:
        """Store the bookmarks."""
        self._stored.put(self._key, bookmarks_text(self.kept))
