"""The search dialog (Ctrl+K)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from console.ui.appearance import Appearance
from console.ui.dialogs.hit_rows import HIT, HitRows, fill, step
from console.ui.search import Found, Hit
from console.ui.widgets import label

_WIDTH, _HEIGHT = 660, 460
_AGAIN_MS = 400
"""While names are being indexed, the same text is asked about again."""
_PAGE = 8
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _PAGE, Qt.Key.Key_PageUp: -_PAGE}

Ask = Callable[[str, Callable[[Found], None]], None]


class Palette(QDialog):
    """A search field over its hits. ``ask``: passes the answer to a text on, later, in the window's thread.

    The list shows the last answer until the next has come: nothing blinks. Return before the answer takes its first hit.
    """

    chosen = Signal(object)
    """Hit."""

    def __init__(self, appearance: Appearance, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._appearance, self._ask = appearance, ask
        self._answered: str | None = None
        self._take_first = self._is_gone = False
        self.field, self.list, self._state = QLineEdit(), QListWidget(), label(name="muted")
        self.field.setPlaceholderText(appearance.words("search.placeholder"))
        self.field.setAccessibleName(appearance.words("commands.search"))
        self.list.setAccessibleName(appearance.words("search.results"))
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.list.itemActivated.connect(self._take)
        self.list.itemClicked.connect(self._take)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(HitRows(appearance, self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_AGAIN_MS)
        self._again.timeout.connect(lambda: self._search(self.field.text()))
        box = QVBoxLayout(self)
        box.addWidget(self.field)
        box.addWidget(self.list)
        box.addWidget(self._state)
        self.resize(_WIDTH, _HEIGHT)
        self._search("")

    def showEvent(self, event: QEvent) -> None:
        """Put the focus into the search field."""
        self.field.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Answers that come later are for nobody."""
        self._is_gone = True
        self._again.stop()
        super().closeEvent(event)

    def show_found(self, found: Found) -> None:
        """Show an answer; that of an older text is dropped."""
        if self._is_gone or found.text != self.field.text():
            return
        held = self._held() if found.text == self._answered else None
        self._answered = found.text
        fill(self.list, found.groups, self._appearance)
        self._hold(held)
        words = self._appearance.words
        nothing = words("search.nothing") if found.text.strip() else ""
        count = len(found.hits())
        told = words("search.count", n=count) if count else nothing
        self._state.setText(told if found.complete else words("search.indexing"))
        if not found.complete:
            self._again.start()
        if self._take_first:
            self._take_first = False
            self._take(self.list.currentItem())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys and Enter of the search field act on the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            by = _STEPS.get(Qt.Key(event.key()))
            if by is not None:
                for _ in range(abs(by)):
                    step(self.list, 1 if by > 0 else -1)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._enter()
                return True
        return super().eventFilter(watched, event)

    def _search(self, text: str) -> None:
        self._take_first = False
        self._ask(text, self.show_found)

    def _enter(self) -> None:
        if self.field.text() == self._answered:
            self._take(self.list.currentItem())
        else:
            self._take_first = True

    def _held(self) -> Hit | None:
        item = self.list.currentItem()
        hit = item.data(HIT) if item is not None else None
        return hit if isinstance(hit, Hit) else None

    def _hold(self, hit: Hit | None) -> None:
        """The same hit stays chosen when the same text is answered again."""
        for row in range(self.list.count()) if hit is not None else ():
            if self.list.item(row).data(HIT) == hit:
                self.list.setCurrentRow(row)

    def _take(self, item: QListWidgetItem | None) -> None:
        hit = item.data(HIT) if item is not None else None
        if isinstance(hit, Hit):
            self.close()
            self.chosen.emit(hit)
