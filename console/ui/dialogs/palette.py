"""The search dialog (Ctrl+K)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from console.ui.appearance import Appearance
from console.ui.commands.search import Hit


class Palette(QDialog):
    """A search field over its hits."""

    chosen = Signal(object)
    """Hit."""

    def __init__(self, appearance: Appearance, find: Callable[[str], list[Hit]], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._appearance, self._find = appearance, find
        self._field, self._list = QLineEdit(), QListWidget()
        self._field.setPlaceholderText(appearance.words("search.placeholder"))
        self._field.textChanged.connect(self._search)
        self._field.installEventFilter(self)
        self._list.itemActivated.connect(self._take)
        self._list.itemClicked.connect(self._take)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        box = QVBoxLayout(self)
        box.addWidget(self._field)
        box.addWidget(self._list)
        self.resize(620, 420)
        self._search("")

    def showEvent(self, event: QEvent) -> None:
        """Put the focus into the search field."""
        self._field.setFocus()

    def _search(self, text: str) -> None:
        words = self._appearance.words
        self._list.clear()
        for hit in self._find(text):
            kind = words.of("kind", hit.kind)
            item = QListWidgetItem(f"{kind}   {hit.title}" + (f"   {hit.detail}" if hit.detail else ""))
            item.setData(Qt.ItemDataRole.UserRole, hit)
            self._list.addItem(item)
        if not self._list.count():
            self._list.addItem(words("search.nothing"))
        self._list.setCurrentRow(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys and Enter of the search field act on the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None:
                self._list.setCurrentRow(min(max(self._list.currentRow() + step, 0), self._list.count() - 1))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take(self._list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _take(self, item: QListWidgetItem | None) -> None:
        hit = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if isinstance(hit, Hit):
            self.close()
            self.chosen.emit(hit)
