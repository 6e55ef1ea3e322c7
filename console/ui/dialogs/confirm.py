"""Confirmation: shows what a step does before it is done. Cancel is the default; a held or repeated key confirms nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QDialogButtonBox, QGridLayout, QLineEdit, QPushButton, QWidget

from console.ui.appearance import Appearance
from console.ui.dialogs.ask import LONGEST_REASON, Question
from console.ui.widgets import button, label, row

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Confirmation(Question):
    """``facts``: (what, value) lines under the text; ``usual``: reasons to choose from, None where no reason is needed."""

    def __init__(
        self,
        appearance: Appearance,
        title: str,
        text: str,
        do: str,
        facts: Sequence[tuple[str, str]] = (),
        usual: Iterable[str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(appearance, title, text, parent, do)
        self.setMinimumWidth(520)
        grid = QGridLayout()  # a QFormLayout asks for the height of another width than its fields get
        grid.setColumnStretch(1, 1)
        for at, (what, value) in enumerate(facts):
            shown, named = label(value, wrap=True), label(what, "muted")
            shown.setMinimumWidth(320)
            grid.addWidget(named, at, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(shown, at, 1)
        if facts:
            self.box.addLayout(grid)
        self.field: QLineEdit | None = None
        self.usual: list[QPushButton] = []
        if usual is not None:
            self._ask_reason(appearance, usual)
        self.finish()
        for one in (self.ok, self.cancel):
            one.setAutoDefault(False)
        self.cancel.setDefault(True)
        self.ok.installEventFilter(self)

    def _ask_reason(self, appearance: Appearance, usual: Iterable[str]) -> None:
        field = self.field = QLineEdit()
        field.setMaxLength(LONGEST_REASON)
        field.setPlaceholderText(appearance.words("dialog.reason"))
        self.box.addWidget(field)
        for reason in usual:
            choice = button(reason)
            choice.clicked.connect(lambda _=False, reason=reason: field.setText(reason))
            self.usual.append(choice)
            self.box.addLayout(row(choice, 1))
        self.ok.setEnabled(False)
        field.textChanged.connect(lambda text: self.ok.setEnabled(bool(text.strip())))

    @property
    def cancel(self) -> QPushButton:
        """The Cancel button."""
        return self._buttons.button(QDialogButtonBox.StandardButton.Cancel)

    @property
    def reason(self) -> str:
        """What was typed; "" where no reason is asked for."""
        return self.field.text().strip() if self.field is not None else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ignore the second press of the double click that opened the dialog."""
        if event.type() == QEvent.Type.MouseButtonDblClick:
            return True
        return super().eventFilter(watched, event)

    def showEvent(self, event: QShowEvent) -> None:
        """Put the focus into the reason, else on Cancel."""
        super().showEvent(event)
        (self.cancel if self.field is None else self.field).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter in the reason goes on to the buttons; on the accepting button it accepts; a held key does nothing."""
        if event.key() in ENTER and event.isAutoRepeat():
            return
        if event.key() in ENTER and self.field is not None and self.field.hasFocus():
            self.cancel.setFocus()
            return
        if event.key() in ENTER and self.focusWidget() is self.ok:
            self.ok.click()  # not Qt's way: that is the default button, which cancels
            return
        super().keyPressEvent(event)
