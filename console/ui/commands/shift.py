"""ShiftCommands: opens the dialogs of the shift and carries out what they answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit, QWidget

from console.documents.shift import write_log
from console.domain.actors import Actor
from console.domain.alarms import Alarm
from console.domain.attachments import Attachment
from console.domain.contacts import Contact
from console.domain.intents import Intent
from console.domain.picture import Picture
from console.domain.shift import Duty, LogEntry, MapPlace
from console.services.ports import Signers
from console.services.shift.contacts import AddContacts, EditContact, LogCall, RemoveContact
from console.services.shift.duty import BeginShift, EndShift
from console.services.shift.entries import WriteEntry
from console.services.shift.handover import SignHandover
from console.services.shift.log import LogLine, shown_text
from console.services.shift.signatures import TypedNames
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.ask import Question
from console.ui.dialogs.contacts import CallQuestion, ContactsWindow
from console.ui.dialogs.handover import HandoverDialog
from console.ui.dialogs.shift_entry import About, EntryQuestion
from console.ui.focus import CaseFocus
from console.ui.models.shift_log import shift_text
from console.ui.permitted import allow, needs
from console.ui.port import ConsolePort
from console.ui.widgets import label, menu_over
from maps.errors import QuanmaiError

_PICTURE_PX = 900


class ShiftCommands(QObject):
    """Dialogs stand over the window without blocking it: pictures and alarms go on behind them."""

    told = Signal(str)
    """One line for the message bar: why something was not done."""
    noted = Signal(str)
    place_asked = Signal(object)
    """MapPlace to show on the map."""
    case_asked = Signal(str)

    def __init__(
        self,
        port: ConsolePort,
        submit: Submit,
        person: Callable[[], str],
        focus: CaseFocus,
        appearance: Appearance,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._port, self._submit, self._person, self._focus = port, submit, person, focus
        self._appearance, self._window = appearance, window
        self._tasks = BackgroundTasks("shift", self)
        self._tasks.failed.connect(self.told)
        self._handover: HandoverDialog | None = None
        self._contacts: ContactsWindow | None = None
        self.signers: Signers = TypedNames()
        self.place: Callable[[], MapPlace | None] = lambda: None
        """The place that is selected on the map."""

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language, for the next dialog."""
        self._appearance = appearance

    def show_picture(self, picture: Picture) -> None:
        """Open dialogs follow."""
        for one in (self._handover, self._contacts):
            if one is not None:
                one.show_picture(picture)

    def done(self, intent: Intent) -> None:
        """An intent of this window is on disk."""
        if isinstance(intent, SignHandover) and self._handover is not None:
            self._handover.accepted_by_store()

    def refused(self, intent: Intent, _actor: Actor, fault: QuanmaiError) -> None:
        """An intent of this window was refused: said beside what it came from."""
        if self._handover is not None and isinstance(intent, SignHandover):
            self._handover.refused(fault)
        if self._contacts is not None and isinstance(intent, (AddContacts, EditContact, RemoveContact, LogCall)):
            self._contacts.say(self._appearance.words.fault(fault))

    def close(self) -> None:
        """Finish what is being written."""
        for one in (self._handover, self._contacts):
            if one is not None:
                one.close()
        self._tasks.close()

    # Entries

    def write(self, about: About | None = None) -> EntryQuestion:
        """A new entry: about the case in focus and the place selected on the map, unless it is said what it is about."""
        if about is None:
            case = self._focus.incident
            about = About(case.incident_id if case is not None else "", place=self.place())
        question = EntryQuestion(self._appearance, about, self._window)
        needs(WriteEntry, question.ok)
        question.accepted.connect(lambda: self._submit(question.intent()))
        self._open(question)
        return question

    def write_about_alarm(self, alarm: Alarm) -> EntryQuestion:
        """A new entry about an alarm and its case."""
        return self.write(About(alarm.incident_id, alarm.alarm_id))

    def write_about_place(self, place: MapPlace) -> EntryQuestion:
        """A new entry about a place on the map."""
        return self.write(About(place=place))

    def offer(self, line: LogLine, at: QPoint) -> None:
        """What can be done with a line."""
        menu = menu_over(self._window)
        entry = line.entry
        if entry is not None:
            allow(menu, menu.addAction(self._t("log.reply"), lambda: self.reply(entry)), WriteEntry)
            allow(menu, menu.addAction(self._t("log.correct"), lambda: self.correct(line)), WriteEntry)
            if entry.picture is not None:
                menu.addAction(self._t("log.show_picture"), lambda: self.show_attachment(entry))
            if entry.place is not None:
                menu.addAction(self._t("log.show_place"), lambda: self.place_asked.emit(entry.place))
        if line.incident_id:
            menu.addAction(self._t("log.show_case"), lambda: self.case_asked.emit(line.incident_id))
        if menu.isEmpty():
            menu.deleteLater()
        else:
            menu.popup(at)

    def open(self, line: LogLine) -> None:
        """Double click or Enter: its picture, else its place, else its case."""
        entry = line.entry
        if entry is not None and entry.picture is not None:
            self.show_attachment(entry)
        elif entry is not None and entry.place is not None:
            self.place_asked.emit(entry.place)
        elif line.incident_id:
            self.case_asked.emit(line.incident_id)

    def reply(self, entry: LogEntry) -> EntryQuestion:
        """An answer to an entry."""
        return self.write(About(entry.incident_id, entry.alarm_id, reply_to=entry))

    def correct(self, line: LogLine) -> EntryQuestion | None:
        """A correction of an entry as it stands."""
        entry = line.entry
        if entry is None:
            return None
        return self.write(About(entry.incident_id, entry.alarm_id, entry.place, corrects=entry, former=shown_text(line)))

    def show_attachment(self, entry: LogEntry) -> None:
        """The picture of an entry."""
        ref = entry.picture
        if ref is not None:
            self._tasks.request(
                "picture", lambda: self._port.attachment(ref.sha256), lambda found: self._show_picture(entry, found)
            )

    # Shifts, handover, contacts

    def sign_on(self) -> Question:
        """Somebody begins a shift."""
        question, name = Question(
            self._appearance, self._t("sign_on.title"), self._t("sign_on.text"), self._window, self._t("sign_on.do")
        ), QLineEdit(self._person())  # fmt: skip
        question.box.addWidget(name)
        question.finish()
        needs(BeginShift, question.ok)
        name.selectAll()
        question.accepted.connect(lambda: self._submit(BeginShift(name.text())))
        self._open(question)
        return question

    def sign_off(self, duty: Duty) -> None:
        """Somebody's shift ends."""
        self._submit(EndShift(duty.duty_id))

    def handover(self) -> HandoverDialog:
        """The handover of this seat."""
        if self._handover is None:
            self._handover = HandoverDialog(
                self._port, self._submit, self.signers, self._person(), self._appearance, self._window
            )
            self._handover.finished.connect(self._forget_handover)
            self._open(self._handover)
        self._handover.raise_()
        return self._handover

    def contacts(self) -> ContactsWindow:
        """The contact book."""
        if self._contacts is None:
            self._contacts = ContactsWindow(self._submit, self._appearance, self._port.latest(), self._window)
            self._contacts.finished.connect(self._forget_contacts)
            self._contacts.call_asked.connect(self.call)
            self._open(self._contacts)
        self._contacts.raise_()
        return self._contacts

    def show_contact(self, contact_id: str) -> None:
        """The contact book with one entry chosen."""
        self.contacts().choose(contact_id)

    def call(self, contact: Contact) -> CallQuestion:
        """Log a call with a contact, about the case in focus."""
        case = self._focus.incident
        question = CallQuestion(
            self._appearance, contact, case.incident_id if case is not None else "", self._contacts or self._window
        )
        question.accepted.connect(lambda: self._submit(question.intent()))
        self._open(question)
        return question

    def export(self, lines: Sequence[LogLine]) -> None:
        """Ask for a file and write the lines in sight."""
        name, _ = QFileDialog.getSaveFileName(
            self._window, self._t("log.export"), "shift-log.csv", "CSV (*.csv);;HTML (*.html);;PDF (*.pdf)"
        )
        if name:
            self.write_log(lines, Path(name))

    def write_log(self, lines: Sequence[LogLine], to: Path) -> None:
        """Write lines in the background, by the file's ending."""
        language, zone, is_drill = self._appearance.words.language, self._port.city.info.time_zone, self._port.latest().is_drill

        def written(path: Path) -> None:
            self.noted.emit(self._t("log.written", path=path))

        self._tasks.request(str(to), lambda: write_log(lines, to, language, zone, is_drill=is_drill), written)

    def settle(self) -> None:
        """Wait for what runs in the background (screenshots, tests)."""
        self._tasks.finish()

    def _show_picture(self, entry: LogEntry, found: Attachment | None) -> None:
        pixmap = QPixmap()
        if found is None or not pixmap.loadFromData(found.content):
            self.told.emit(self._t("log.picture_gone"))
            return
        question = Question(self._appearance, entry.entry_id, entry.text, self._window)
        shown = label()
        ratio = self._window.devicePixelRatioF()
        room = min(_PICTURE_PX, self._window.width() - 120, self._window.height() - 220)
        scaled = pixmap.scaled(
            round(room * ratio),
            round(room * ratio),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        scaled.setDevicePixelRatio(ratio)
        shown.setPixmap(scaled)
        question.box.addWidget(shown)
        question.finish()
        self._open(question)

    def _forget_handover(self) -> None:
        self._handover = None

    def _forget_contacts(self) -> None:
        self._contacts = None

    def _open(self, dialog: QDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open() if isinstance(dialog, Question) else dialog.show()

    def _t(self, key: str, **params: object) -> str:
        return shift_text(self._appearance.words, key, **params)
