"""Why an act was refused, beside the button that asked for it: a note over the window, which moves nothing."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from weakref import ref

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from console.domain.intents import Intent
from console.ui.widgets import PlainButton, label
from maps.errors import QuanmaiError

_WIDEST_PX, _GAP_PX, _EDGE_PX = 340, 6, 8
_SAME_PRESS_S = 0.5
"""An act that is submitted later than this after a press is not the button's."""
_SHOWN_MS = 15_000
_GONE = (QEvent.Type.Hide, QEvent.Type.Move, QEvent.Type.Destroy)


class FaultNotes(QObject):
    """Remembers which button submitted an act, and shows its refusal there. ``text``: a refusal in one line.

    The message bar says it too: an act by key has no button, and a button may have gone meanwhile.
    """

    def __init__(self, text: Callable[[QuanmaiError], str], window: QWidget) -> None:
        super().__init__(window)
        self._text = text
        self._origin: list[tuple[Intent, ref[PlainButton]]] = []
        self.note: FaultNote | None = None

    def submitted(self, intent: Intent) -> None:
        """An act was submitted: by the button that was pressed just now, if there is one."""
        self.dismiss()
        press = PlainButton.last_press
        if press is not None and monotonic() - press[1] < _SAME_PRESS_S:
            self._origin.append((intent, press[0]))

    def done(self, intent: Intent) -> None:
        """An act was carried out."""
        self._take(intent)

    def refused(self, intent: Intent, _actor: object, fault: QuanmaiError) -> None:
        """An act was refused: say so beside its button, if that is still in sight."""
        made = self._take(intent)
        button = made() if made is not None else None
        try:
            if button is not None and button.isVisible():
                self.note = FaultNote(button, self._text(fault), self.dismiss)
        except RuntimeError:  # Qt has deleted the button
            return

    def dismiss(self) -> bool:
        """Take the note away; False when there was none."""
        note, self.note = self.note, None
        if note is not None:
            note.hide()
            note.deleteLater()
        return note is not None

    def _take(self, intent: Intent) -> ref[PlainButton] | None:
        for at, (one, origin) in enumerate(self._origin):
            if one == intent:
                del self._origin[at]
                return origin
        return None


class FaultNote(QFrame):
    """A few lines beside a button; goes with it, with the next act, Esc or after a while. It takes neither focus nor clicks."""

    def __init__(self, button: PlainButton, text: str, over: Callable[[], object]) -> None:
        super().__init__(button.window())
        self._over = over
        self.setObjectName("fault_note")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.text = label(text, name="strong", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 10, 6)
        box.addWidget(self.text)
        self.setAccessibleName(text)
        self.ensurePolished()
        line = self.text.fontMetrics().horizontalAdvance(text) + 30
        self.setFixedWidth(min(_WIDEST_PX, button.window().width() - 2 * _EDGE_PX, max(line, 120)))
        self.setFixedHeight(self.heightForWidth(self.width()))
        self._place(button)
        self.show()
        self.raise_()
        button.installEventFilter(self)
        QTimer.singleShot(_SHOWN_MS, self, over)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The button goes or moves: the note would stand beside another one."""
        if event.type() in _GONE:
            self._over()
        return super().eventFilter(watched, event)

    def _place(self, button: PlainButton) -> None:
        """Above the button; below it where there is no room."""
        window = button.window()
        corner = button.mapTo(window, QPoint(0, 0))
        x = min(max(corner.x(), _EDGE_PX), window.width() - self.width() - _EDGE_PX)
        above = corner.y() - self.height() - _GAP_PX
        self.move(x, above if above >= _EDGE_PX else corner.y() + button.height() + _GAP_PX)
