"""Incoming calls of the case: how many, of what kind, the last one, who waits for a call back."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from console.domain.tickets import Cover
from console.ui.models.tickets import kind_text, tickets_text
from console.ui.panels.case.section import CaseView, Section
from console.ui.widgets import button, label, row


class CallsSection(Section):
    """Evidence that people give; hidden where nobody has called."""

    list_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = label(wrap=True, selectable=True)
        self._open = button("", "flat")
        self._open.clicked.connect(lambda _=False: self.list_asked.emit())
        self.box.addWidget(self._text)
        self.box.addLayout(row(self._open, 1))

    def _fill(self, view: CaseView) -> None:
        words, tickets = view.appearance.words, view.tickets
        kinds = Counter(one.kind for one in tickets)
        parts = [tickets_text(words, "calls.kinds", n=n, kind=kind_text(words, kind)) for kind, n in kinds.most_common()]
        if tickets:
            last = max(one.called_at for one in tickets)
            parts.append(tickets_text(words, "calls.last", time=words.stamp(last, view.now)))
        partly = sum(one.cover is Cover.PARTLY for one in tickets)
        due, back = sum(one.is_due_back for one in tickets), sum(one.wants_callback for one in tickets)
        for key, count in (("partly", partly), ("due", due)) if due else (("partly", partly), ("back", back)):
            if count:
                parts.append(tickets_text(words, f"calls.{key}", n=count))
        self.heading.setText(tickets_text(words, "calls.title", n=len(tickets)))
        self._text.setText(words.clauses(parts))
        self._open.setText(tickets_text(words, "calls.show"))

    def _tick(self, view: CaseView) -> None:
        self.setVisible(bool(view.tickets))
