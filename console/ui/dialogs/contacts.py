"""The contact book: search, edit, import and export, and the dialog that logs a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from console.domain.contacts import CONTACT, Contact, ContactKind, Outcome
from console.domain.picture import Picture
from console.services.shift.contact_file import COLUMNS, contacts_csv, read_contacts
from console.services.shift.contacts import AddContacts, ContactFields, EditContact, LogCall, RemoveContact, matching
from console.services.shift.words import day_of
from console.ui.appearance import Appearance
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.ask import Question
from console.ui.models.rows import Column, RowsModel
from console.ui.models.shift_log import shift_text
from console.ui.panels.tables import plain_table
from console.ui.permitted import needs
from console.ui.widgets import button, label, row
from console.ui.words import Words
from maps.errors import QuanmaiError
from maps.files import write_aside

_LINES = ("name", "role", "organisation", "phones", "areas", "verified_on")


class ContactsWindow(QDialog):
    """Opened over the window without blocking it; follows the picture."""

    call_asked = Signal(object)
    """Contact to log a call with."""

    def __init__(self, submit: Submit, appearance: Appearance, picture: Picture, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._submit, self._appearance = submit, appearance
        self._contacts: tuple[Contact, ...] = ()
        words = appearance.words
        self.setWindowTitle(self._t("contacts.title"))
        self.resize(980, 560)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self._t("contacts.search"))
        self.search.setAccessibleName(self._t("contacts.search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _: self._show())
        self.model = RowsModel[Contact](lambda one: one.contact_id, _columns(words), self)
        self.table = plain_table(self.model)
        self.table.setAccessibleName(self._t("contacts.title"))
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.activated.connect(lambda index: self.call_asked.emit(self.model.item(index.row())))
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._check())
        self.summary, self.message = label(name="muted"), label(name="warning", wrap=True)
        self.message.hide()
        self.call = button(self._t("contacts.call"), "primary")
        self.edit, self.remove = button(self._t("contacts.edit")), button(self._t("contacts.remove"))
        actions = {"add": self.add, "import": self._on_import, "export": self._on_export}
        more = [button(self._t(f"contacts.{key}")) for key in actions]
        for one, do in zip(more, actions.values(), strict=True):
            one.clicked.connect(do)
        needs(LogCall, self.call)
        needs(EditContact, self.edit)
        needs(RemoveContact, self.remove)
        needs(AddContacts, *more[:2])
        self.call.clicked.connect(lambda: self._with(self.call_asked.emit))
        self.edit.clicked.connect(lambda: self._with(self._on_edit))
        self.remove.clicked.connect(lambda: self._with(self._on_remove))
        box = QVBoxLayout(self)
        box.addWidget(self.search)
        box.addWidget(self.table, 1)
        box.addWidget(self.message)
        box.addLayout(row(self.summary, 1, *more, self.remove, self.edit, self.call))
        self.show_picture(picture)

    def show_picture(self, picture: Picture) -> None:
        """The book as it stands."""
        contacts = tuple(sorted(picture.of(CONTACT), key=lambda one: (one.kind.value, one.organisation, one.name)))
        if contacts != self._contacts or not self.summary.text():
            self._contacts = contacts
            self._show()

    def chosen(self) -> Contact | None:
        """The contact of the selected row."""
        rows = self.table.selectionModel().selectedRows()
        return self.model.item(rows[0].row()) if rows else None

    def choose(self, contact_id: str) -> None:
        """Select an entry, whatever was searched for before."""
        self.search.clear()
        for number, one in enumerate(self.model.items()):
            if one.contact_id == contact_id:
                self.table.selectRow(number)

    def add(self) -> None:
        """A new contact."""
        question = ContactQuestion(self._appearance, None, self)
        question.accepted.connect(lambda: self._submit(AddContacts((question.fields(),))))
        question.open()

    def import_file(self, path: Path) -> None:
        """Take the contacts of a file; a fault names its cells, and nothing is taken."""
        try:
            contacts = read_contacts(path)
        except QuanmaiError as fault:
            self.say(self._appearance.words.fault(fault))
            return
        self.message.hide()
        self._submit(AddContacts(contacts))

    def say(self, text: str) -> None:
        """Show a fault in the window."""
        self.message.setText(text)
        self.message.show()

    def _show(self) -> None:
        found = matching(self._contacts, self.search.text())
        was_empty = not self.model.rowCount()
        self.model.apply(found)
        if was_empty and found:
            self.table.resizeColumnsToContents()
            for column in range(self.model.columnCount()):  # one long name must not push the phones out of sight
                self.table.setColumnWidth(
                    column, min(self.table.columnWidth(column), self.table.fontMetrics().averageCharWidth() * 24)
                )
        self.summary.setText(self._t("contacts.summary", n=len(self._contacts), shown=len(found)))
        self._check()

    def _check(self) -> None:
        for one in (self.call, self.edit, self.remove):
            one.setEnabled(self.chosen() is not None)

    def _with(self, do: Callable[[Contact], object]) -> None:
        if (contact := self.chosen()) is not None:
            do(contact)

    def _on_edit(self, contact: Contact) -> None:
        question = ContactQuestion(self._appearance, contact, self)
        question.accepted.connect(lambda: self._submit(EditContact(contact.contact_id, question.fields())))
        question.open()

    def _on_remove(self, contact: Contact) -> None:
        question = Question(
            self._appearance, self._t("contacts.remove"), self._t("contacts.confirm_remove", name=contact.name), self
        )
        question.finish()
        question.accepted.connect(lambda: self._submit(RemoveContact(contact.contact_id)))
        question.open()

    def _on_import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self._t("contacts.import"), "", "CSV (*.csv)")
        if name:
            self.import_file(Path(name))

    def _on_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self._t("contacts.export"), "contacts.csv", "CSV (*.csv)")
        if not name:
            return
        path = Path(name).with_suffix(".csv")
        try:
            write_aside(path, contacts_csv(self._contacts).encode("utf-8-sig"))
        except OSError as fault:
            self.say(f"{path}: {fault.strerror}")

    def _t(self, key: str, **params: object) -> str:
        return shift_text(self._appearance.words, key, **params)


class ContactQuestion(Question):
    """The fields of one contact."""

    def __init__(self, appearance: Appearance, contact: Contact | None, parent: QWidget | None = None) -> None:
        words = self._words = appearance.words
        super().__init__(appearance, shift_text(words, "contacts.edit_title"), shift_text(words, "contacts.edit_text"), parent)
        given = {
            "name": contact.name,
            "role": contact.role,
            "organisation": contact.organisation,
            "phones": "; ".join(contact.phones),
            "areas": "; ".join(contact.areas),
            "verified_on": contact.verified_on.isoformat() if contact.verified_on else "",
        } if contact is not None else {}  # fmt: skip
        self._synthetic = contact is not None and contact.synthetic
        self.kind = QComboBox()
        for kind in ContactKind:
            self.kind.addItem(words.of("contact_kind", kind.value), kind)
        self.kind.setCurrentIndex(list(ContactKind).index(contact.kind if contact is not None else ContactKind.OTHER))
        self.lines = {name: QLineEdit(given.get(name, "")) for name in _LINES}
        self.notes = QPlainTextEdit(contact.notes if contact is not None else "")
        self.notes.setTabChangesFocus(True)
        self.notes.setFixedHeight(60)
        fields: dict[str, QWidget] = {**self.lines, "kind": self.kind, "notes": self.notes}
        form = QFormLayout()
        for name in COLUMNS:
            form.addRow(words.of("contact_column", name), fields[name])
        self.box.addLayout(form)
        self._bad = label(name="warning", wrap=True)
        self.box.addWidget(self._bad)
        self.finish()
        for field in self.lines.values():
            field.textChanged.connect(self._check)
        self._check()

    def fields(self) -> ContactFields:
        """What was entered."""
        text = {name: field.text().strip() for name, field in self.lines.items()}
        return ContactFields(
            text["name"],
            ContactKind(self.kind.currentData()),
            text["role"],
            text["organisation"],
            _parts(text["phones"]),
            _parts(text["areas"]),
            self.notes.toPlainText(),
            day_of(text["verified_on"]),
            self._synthetic,
        )

    def _check(self) -> None:
        day = self.lines["verified_on"].text().strip()
        is_bad = bool(day) and day_of(day) is None
        self._bad.setText(shift_text(self._words, "contacts.bad_day", text=day) if is_bad else "")
        self._bad.setVisible(is_bad)
        self.ok.setEnabled(bool(self.lines["name"].text().strip()) and not is_bad)


class CallQuestion(Question):
    """How a call ended. Its buttons are the outcomes: one click logs the call."""

    def __init__(self, appearance: Appearance, contact: Contact, incident_id: str, parent: QWidget | None = None) -> None:
        words = appearance.words
        title = shift_text(words, "call.title", name=contact.name)
        super().__init__(appearance, title, shift_text(words, "call.text"), parent)
        self._contact, self._incident_id = contact, incident_id
        self.outcome: Outcome | None = None
        whom = " · ".join(part for part in (contact.organisation, contact.role, *contact.areas) if part)
        self.box.addWidget(label(whom, "muted", wrap=True))
        self.phone, self.said = QComboBox(), QLineEdit()
        self.phone.setEditable(True)
        self.phone.addItems(list(contact.phones))
        self.case = QComboBox()
        if incident_id:
            self.case.addItem(shift_text(words, "call.case", incident=incident_id), incident_id)
        self.case.addItem("–", "")
        form = QFormLayout()
        form.addRow(shift_text(words, "call.phone"), self.phone)
        form.addRow(shift_text(words, "call.said"), self.said)
        form.addRow("", self.case)
        self.box.addLayout(form)
        self.buttons = {outcome: button(words.of("outcome", outcome.value)) for outcome in Outcome}
        for outcome, one in self.buttons.items():
            one.clicked.connect(lambda _=False, outcome=outcome: self._end(outcome))
            needs(LogCall, one)
        self.box.addLayout(row(*self.buttons.values()))
        self.finish()
        self.ok.hide()

    def intent(self) -> LogCall:
        """What was entered."""
        if self.outcome is None:
            raise RuntimeError("no outcome was chosen")
        incident_id = str(self.case.currentData())
        return LogCall(
            self.outcome, self._contact.contact_id, "", self.phone.currentText().strip(), self.said.text(), incident_id
        )

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.accept()


def _columns(words: Words) -> Sequence[Column[Contact]]:
    def named(one: Contact) -> str:
        return one.name + (shift_text(words, "contacts.synthetic") if one.synthetic else "")

    texts: dict[str, Callable[[Contact], str]] = {
        "name": named,
        "kind": lambda one: words.of("contact_kind", one.kind.value),
        "role": lambda one: one.role,
        "organisation": lambda one: one.organisation,
        "phones": lambda one: words.listed(one.phones),
        "areas": lambda one: words.listed(one.areas),
        "verified_on": lambda one: one.verified_on.isoformat() if one.verified_on else "–",
        "notes": lambda one: one.notes,
    }
    return [Column(words.of("contact_column", name), text) for name, text in texts.items()]


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("；", ";").split(";") if part.strip())
