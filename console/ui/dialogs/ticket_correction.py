"""Correcting a ticket: what was heard wrong. Its place stays unless another one is chosen on the map."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget

from console.domain.shift import MapPlace
from console.domain.tickets import Ticket, TicketKind
from console.services.tickets.hearing import CallFields
from console.services.tickets.taking import LONGEST_ADDRESS, LONGEST_TEXT, CorrectTicket, fields_of
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import Question
from console.ui.models.tickets import kind_text, tickets_text
from console.ui.permitted import needs


class TicketCorrection(Question):
    """``place``: what is selected on the map, None for nothing."""

    def __init__(self, appearance: Appearance, ticket: Ticket, place: MapPlace | None, parent: QWidget | None = None) -> None:
        words = appearance.words
        title = tickets_text(words, "correct.title", ticket=ticket.ticket_id)
        super().__init__(appearance, title, title, parent)
        self._ticket, self._base, self._place = ticket, fields_of(ticket), place
        base = self._base
        self.kind = QComboBox()
        for one in TicketKind:
            self.kind.addItem(kind_text(words, one), one.value)
        self.kind.setCurrentIndex(list(TicketKind).index(base.kind))
        self.phone, self.caller = QLineEdit(base.phone), QLineEdit(base.caller)
        self.address, self.text = QLineEdit(base.address), QLineEdit(base.text)
        self.address.setMaxLength(LONGEST_ADDRESS)
        self.text.setMaxLength(LONGEST_TEXT)
        self.callback = QCheckBox(tickets_text(words, "correct.callback"))
        self.callback.setChecked(base.wants_callback)
        self.moved = QCheckBox(tickets_text(words, "correct.place"))
        self.moved.setEnabled(place is not None)
        form = QFormLayout()
        for key, field in (
            ("quick.phone", self.phone), ("correct.caller", self.caller), ("quick.address", self.address),
            ("quick.kind", self.kind), ("quick.text", self.text),
        ):  # fmt: skip
            form.addRow(tickets_text(words, key), field)
        form.addRow("", self.callback)
        form.addRow("", self.moved)
        self.box.addLayout(form)
        self.finish()
        self.keep_at_escape(appearance)
        needs(CorrectTicket, self.ok)

    def fields(self) -> CallFields:
        """As corrected."""
        made = replace(
            self._base,
            kind=TicketKind(self.kind.currentData()),
            phone=self.phone.text(),
            caller=self.caller.text(),
            address=self.address.text(),
            text=self.text.text(),
            wants_callback=self.callback.isChecked(),
        )
        if self._place is None or not self.moved.isChecked():
            return made
        return replace(made, x=self._place.x, y=self._place.y, asset_kind="", asset_id="")

    def intent(self) -> CorrectTicket:
        """The correction of what was shown: refused where somebody has corrected it since."""
        return CorrectTicket(self._ticket.ticket_id, self.fields(), self._base)
