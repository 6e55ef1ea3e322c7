"""Which ticket another one repeats: suggested by place, kind and phone, or named by its number. A person decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from console.domain.tickets import Ticket, TicketState
from console.services.tickets.changing import SetTicketState
from console.services.tickets.matching import Suggested
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import Question
from console.ui.dialogs.ticket_map import TicketMap
from console.ui.models.tickets import away_text, ticket_text, tickets_text
from console.ui.permitted import needs
from console.ui.widgets import label, tip
from maps.city import City

_ROWS = 5
_LONGEST_ID = 40


class TicketDuplicate(Question):
    """``same``: what is suggested, the likeliest first."""

    place_asked = Signal(object)
    """The Ticket whose place is to be shown on the map of the window."""

    def __init__(
        self,
        appearance: Appearance,
        city: City,
        ticket: Ticket,
        same: Sequence[Suggested],
        now: datetime,
        parent: QWidget | None = None,
    ) -> None:
        words, self._ticket, self._same = appearance.words, ticket, tuple(same)
        text = tickets_text(words, "duplicate.text", ticket=ticket_text(words, ticket, now))
        super().__init__(appearance, tickets_text(words, "duplicate.title", ticket=ticket.ticket_id), text, parent)
        self.setMinimumWidth(560)
        self.map = TicketMap(city, appearance, ticket, [one.ticket for one in self._same])
        self.map.setVisible(self.map.has_place)
        self.map.setMinimumHeight(190)
        self.box.addWidget(self.map, 1)
        self.list = QListWidget()
        self.list.setAccessibleName(tickets_text(words, "duplicate.same", n=len(self._same)))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for number, one in enumerate(self._same, start=1):
            shown = f"{number} · {one.ticket.ticket_id} · {away_text(words, one.away_m)} · {ticket_text(words, one.ticket, now)}"
            item = QListWidgetItem(shown)
            item.setToolTip(tip(" · ".join(part for part in (shown, one.ticket.text) if part)))
            self.list.addItem(item)
        self.list.setFixedHeight(max(self.list.sizeHintForRow(0), 22) * min(len(self._same), _ROWS) + 6)
        self.list.setVisible(bool(self._same))
        self.list.currentRowChanged.connect(self._take)
        self.list.activated.connect(self._show)
        self.list.clicked.connect(self._show)
        key = "duplicate.same" if self._same else "duplicate.none"
        self.box.addWidget(label(tickets_text(words, key, n=len(self._same)), "muted", wrap=True))
        self.box.addWidget(self.list)
        self.number = QLineEdit()
        self.number.setMaxLength(_LONGEST_ID)
        self.number.setPlaceholderText(tickets_text(words, "duplicate.number"))
        self.number.setAccessibleName(tickets_text(words, "duplicate.number"))
        self.box.addWidget(self.number)
        self.number.textChanged.connect(self._check)
        self.finish()
        needs(SetTicketState, self.ok)
        self._check()

    def _take(self, number: int) -> None:
        self.map.choose(number)
        if number >= 0:
            self.number.setText(self._same[number].ticket.ticket_id)

    def _show(self, index: QModelIndex) -> None:
        self.place_asked.emit(self._same[index.row()].ticket)

    def _check(self) -> None:
        name = self.number.text().strip()
        chosen = next((n for n, one in enumerate(self._same) if one.ticket.ticket_id == name), -1)
        if chosen != self.list.currentRow():
            self.list.setCurrentRow(chosen)
        self.ok.setEnabled(bool(name) and name != self._ticket.ticket_id)

    def intent(self) -> SetTicketState:
        """The decision."""
        return SetTicketState(self._ticket.ticket_id, TicketState.DUPLICATE, duplicate_of=self.number.text().strip())
