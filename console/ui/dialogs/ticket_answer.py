"""What is read out to a caller, and open tickets that may be the same report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from console.services.tickets.hearing import Heard
from console.services.tickets.matching import Suggested
from console.ui.appearance import Appearance
from console.ui.models.tickets import away_text, ticket_text, tickets_text
from console.ui.widgets import label, tip

_DATA = int(Qt.ItemDataRole.UserRole)
_LARGER = 1.25


class AnswerCard(QFrame):
    """Beside the fields of the quick ticket."""

    place_asked = Signal(float, float)
    """A suggested ticket's place, the network's CRS."""

    def __init__(self, appearance: Appearance, now: Callable[[], datetime], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._appearance, self._now = appearance, now
        self.same = ""
        """Id of the ticket that a person has ticked as the same report."""
        self.answer, self._place = label(name="strong", wrap=True, selectable=True), label(name="muted", wrap=True)
        self.answer.setAlignment(Qt.AlignmentFlag.AlignTop)
        font = self.answer.font()
        font.setPointSizeF(font.pointSizeF() * _LARGER)
        self.answer.setFont(font)
        self._title = label(name="muted", wrap=True)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._show_place)
        self.list.itemChanged.connect(self._choose)
        box = QVBoxLayout(self)
        box.addWidget(label(self._t("read_out"), "heading"))
        box.addWidget(self.answer)
        box.addWidget(self._place)
        box.addStretch(1)
        box.addWidget(self._title)
        box.addWidget(self.list)
        self.show_heard(None)

    def show_heard(self, heard: Heard | None, same: Sequence[Suggested] = ()) -> None:
        """The answer, None while there is no place, and what may be the same report."""
        if heard is None:
            self.answer.setText(self._t("no_place"))
            self._place.setText("")
        else:
            place = heard.place
            self.answer.setText(self._appearance.words.note(heard.answer))
            away = f"{place.away_m:.0f}" if place.is_matched else ""
            self._place.setText(self._t(f"by_{place.by or 'nothing'}", m=away, n=len(place.customers)))
        if self.same not in {one.ticket.ticket_id for one in same}:
            self.same = ""
        self._fill(same)

    def _fill(self, same: Sequence[Suggested]) -> None:
        words = self._appearance.words
        self.list.blockSignals(True)
        self.list.clear()
        for one in same:
            item = QListWidgetItem(f"{away_text(words, one.away_m)} · {ticket_text(words, one.ticket, self._now())}")
            item.setToolTip(tip(item.text()))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            is_same = one.ticket.ticket_id == self.same
            item.setCheckState(Qt.CheckState.Checked if is_same else Qt.CheckState.Unchecked)
            item.setData(_DATA, one)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.list.setVisible(bool(same))
        self._title.setText(self._t("same", n=len(same)) if same else "")

    def _show_place(self, item: QListWidgetItem) -> None:
        one = item.data(_DATA)
        if isinstance(one, Suggested) and one.ticket.x is not None and one.ticket.y is not None:
            self.place_asked.emit(one.ticket.x, one.ticket.y)

    def _choose(self, item: QListWidgetItem) -> None:
        """One ticket at most is the same; the tick is the person's decision."""
        one = item.data(_DATA)
        self.same = one.ticket.ticket_id if item.checkState() == Qt.CheckState.Checked else ""
        self.list.blockSignals(True)
        for number in range(self.list.count()):
            other = self.list.item(number)
            if other is not item:
                other.setCheckState(Qt.CheckState.Unchecked)
        self.list.blockSignals(False)

    def _t(self, key: str, **params: object) -> str:
        return tickets_text(self._appearance.words, f"quick.{key}", **params)
