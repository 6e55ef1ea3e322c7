"""Asks for another end of an outage and the reason, for an extension or an early end of its notice."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from console.ui.appearance import Appearance
from console.ui.dialogs.ask import LONGEST_REASON, MomentEdit, Question


class OtherEndQuestion(Question):
    """A time and a reason; not accepted without the reason."""

    def __init__(self, appearance: Appearance, title: str, text: str, moment: datetime, do: str, parent: QWidget) -> None:
        words = appearance.words
        super().__init__(appearance, title, text, parent, do)
        self.end, self.why = MomentEdit(appearance, moment), QLineEdit()
        self.why.setMaxLength(LONGEST_REASON)
        form = QFormLayout()
        form.addRow(words("notice.other_end_at"), self.end)
        form.addRow(words("notice.other_end_why"), self.why)
        self.box.addLayout(form)
        self.why.textChanged.connect(lambda _: self._check())
        self._check()
        self.finish()

    def _check(self) -> None:
        self.ok.setEnabled(bool(self.reason))

    @property
    def reason(self) -> str:
        """Why, as it goes into the notice."""
        return self.why.text().strip()

    @property
    def moment(self) -> datetime:
        """The new end, aware."""
        return self.end.moment
