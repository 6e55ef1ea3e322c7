"""The reviewer's notes: bookmarks on the time axis, cause, actions; saved into a copy of the package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from console.domain.clock import micros
from console.services.review.notes import Action, Findings, Remark, ReviewNotes
from console.ui.appearance import Appearance
from console.ui.review.findings import FindingsForm
from console.ui.widgets import button, label, row


class NotesPanel(QWidget):
    """Keeps ``notes``; emits their changes and the moment that was chosen."""

    changed = Signal(object)
    """ReviewNotes."""
    wanted = Signal(object)
    """µs UTC of a chosen bookmark."""
    save_asked = Signal()

    def __init__(
        self, notes: ReviewNotes, now: Callable[[], datetime], appearance: Appearance, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.notes, self._now, self._appearance = notes, now, appearance
        self.text, self.reviewer = QLineEdit(), QLineEdit()
        self.findings = FindingsForm(notes.findings, appearance)
        self.what, self.owner, self.due = QLineEdit(), QLineEdit(), QLineEdit()
        self._add, self._add_action, self.save = button(""), button(""), button("", "primary")
        self.list, self.todo = QListWidget(), QListWidget()
        self._titles = (label(name="heading"), label(name="heading"), label(name="heading"))
        self._add.clicked.connect(self.bookmark)
        self.text.returnPressed.connect(self.bookmark)
        self._add_action.clicked.connect(self.add_action)
        self.save.clicked.connect(self.save_asked)
        self.findings.changed.connect(self._on_findings)
        self.list.itemActivated.connect(self._on_chosen)
        self.list.itemClicked.connect(self._on_chosen)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 10)
        box.addWidget(self.reviewer)
        box.addWidget(self._titles[0])
        box.addWidget(self.text)
        box.addLayout(row(self._add, 1))
        box.addWidget(self.list, 2)
        box.addWidget(self._titles[2])
        box.addWidget(self.findings)
        box.addWidget(self._titles[1])
        box.addWidget(self.what)
        box.addLayout(row(self.owner, self.due))
        box.addLayout(row(self._add_action, 1))
        box.addWidget(self.todo, 1)
        box.addLayout(row(1, self.save))
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        text = appearance.words.catalogue.text
        for edit, key in (
            (self.text, "note_hint"), (self.reviewer, "reviewer"), (self.what, "action"),
            (self.owner, "owner"),
        ):  # fmt: skip
            edit.setPlaceholderText(text(f"review.replay.{key}"))
        self.due.setPlaceholderText(f"{text('review.replay.due')} 2024-01-31")
        self._add.setText(text("review.replay.add_note"))
        self._add_action.setText(text("review.replay.add_action"))
        self.save.setText(text("review.replay.save_copy"))
        self._titles[0].setText(text("review.replay.notes"))
        self._titles[1].setText(text("review.question.actions"))
        self._titles[2].setText(text("review.finding.title"))
        self.findings.set_appearance(appearance)
        self._fill()

    def bookmark(self) -> None:
        """Mark the moment that is shown, with the text or without."""
        remark = Remark(self._now(), self.text.text().strip(), self.reviewer.text().strip())
        self.text.clear()
        self._take(replace(self.notes, remarks=tuple(sorted((*self.notes.remarks, remark), key=lambda one: one.at))))

    def add_action(self) -> None:
        """What is to be done, by whom, until when (a date that cannot be read stays in its field)."""
        what, due_text = self.what.text().strip(), self.due.text().strip()
        if not what:
            return
        try:
            due = date.fromisoformat(due_text) if due_text else None
        except ValueError:
            self.due.setFocus()
            self.due.selectAll()
            return
        action = Action(what, self.owner.text().strip(), due)
        for edit in (self.what, self.owner, self.due):
            edit.clear()
        self._take(replace(self.notes, actions=(*self.notes.actions, action)))

    def _on_findings(self, findings: Findings) -> None:
        self._take(replace(self.notes, findings=findings))

    def _on_chosen(self, item: QListWidgetItem) -> None:
        self.wanted.emit(item.data(Qt.ItemDataRole.UserRole))

    def _take(self, notes: ReviewNotes) -> None:
        self.notes = notes
        self._fill()
        self.changed.emit(notes)

    def _fill(self) -> None:
        words = self._appearance.words
        self.list.clear()
        for remark in self.notes.remarks:
            by = f" ({remark.by})" if remark.by else ""
            item = QListWidgetItem(f"{words.time(remark.at)}  {remark.text or '★'}{by}")
            item.setData(Qt.ItemDataRole.UserRole, micros(remark.at))
            self.list.addItem(item)
        self.todo.clear()
        for action in self.notes.actions:
            due = action.due.isoformat() if action.due else "–"
            self.todo.addItem(f"{action.what} · {action.owner or '–'} · {due}")
