"""The message bar under the strip: refusals and faults for a while, lasting conditions for as long as they last."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QWidget

from console.ui.appearance import Appearance
from console.ui.widgets import button, label, row
from console.ui.words import one_line

_SHOWN_MS = 20_000


class MessageBar(QFrame):
    """A passing message (ends by itself or by Esc) hides a lasting one (ends with its cause)."""

    dismissed = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._appearance = appearance
        self._passing, self._lasting, self._calm = "", "", False
        self._text = label(name="strong", wrap=True, selectable=True)
        self._close = button("", "flat")
        self._close.clicked.connect(self.dismiss)
        line = row(self._text, self._close)
        line.setStretch(0, 1)
        line.setContentsMargins(14, 5, 10, 5)
        self.setLayout(line)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another language."""
        self._appearance = appearance
        self._close.setText(appearance.words("messages.dismiss"))
        self._show()

    @property
    def text(self) -> str:
        """What is shown now, "" when nothing."""
        return self._passing or self._lasting

    def show_message(self, message: str) -> None:
        """A passing message, one line."""
        self._passing, self._calm = one_line(message), False
        self._timer.start(_SHOWN_MS)
        self._show()

    def show_note(self, message: str) -> None:
        """A passing message that reports no fault: it is not coloured."""
        self.show_message(message)
        self._calm = True
        self._show()

    def show_lasting(self, message: str) -> None:
        """The lasting message; "" when all is well."""
        if (line := one_line(message)) != self._lasting:
            self._lasting = line
            self._show()

    def dismiss(self) -> None:
        """Take the passing message away."""
        self._passing = ""
        self._timer.stop()
        self._show()
        self.dismissed.emit()

    def _show(self) -> None:
        name = "note" if self._passing and self._calm else "banner"
        if name != self.objectName():
            self.setObjectName(name)
            self.style().unpolish(self)
            self.style().polish(self)
        self._text.setText(self.text)
        self._close.setVisible(bool(self._passing))
        self.setVisible(bool(self.text))
