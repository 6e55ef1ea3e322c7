"""The shift log: who is on duty, what people and cases wrote, found by text, tag or case."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHeaderView, QLineEdit, QMenu, QVBoxLayout

from console.domain.clock import micros, moment
from console.domain.picture import Picture
from console.domain.records import Record
from console.domain.shift import DUTY, Duty
from console.services.shift.duty import BeginShift, EndShift
from console.services.shift.entries import WriteEntry
from console.services.shift.handover import SignHandover
from console.services.shift.log import AUTOMATIC, KINDS, LogLine, LogQuery, matching, shift_log
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.shift import ShiftCommands
from console.ui.models.shift_log import ShiftLogModel, shift_text
from console.ui.panels.panel import Panel, PanelContext
from console.ui.panels.tables import ROW_PX, STAMP_SAMPLE, TIME_SAMPLE, FontWatcher, fit_column, plain_table
from console.ui.permitted import allow, needs
from console.ui.port import ShiftPort
from console.ui.widgets import ElidedLabel, button, menu_over, row
from console.ui.words import one_line

_SPANS = {"day": 1, "week": 7, "month": 31, "year": 366}
_ROOMY_PX = 520
_NAME_PX = 84
_CASE = re.compile(r"\d{4}-\d{3,}")
_SHORTLY_MS = 250


class ShiftLogPanel(Panel):
    """Reads the store again when the picture has newer changes and the panel is in sight."""

    def __init__(self, port: ShiftPort, commands: ShiftCommands, appearance: Appearance) -> None:
        super().__init__()
        self._port, self._commands, self._appearance = port, commands, appearance
        self._lines: tuple[LogLine, ...] = ()
        self._duties: tuple[Duty, ...] = ()
        self._picture: Picture | None = None
        self._read_seq = -1
        self._tasks = BackgroundTasks("shift-log", self)
        self._title = ElidedLabel("", "heading")
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(90)
        self.days, self.people_only = _SPANS["day"], False
        self._write, self._handover, self._contacts, self._more = (button("") for _ in range(4))
        needs(WriteEntry, self._write)
        needs(SignHandover, self._handover)
        self._write.clicked.connect(lambda _=False: commands.write())
        self._handover.clicked.connect(lambda _=False: commands.handover())
        self._contacts.clicked.connect(lambda _=False: commands.contacts())
        self._more.clicked.connect(lambda _=False: self.offer_more())
        model = self.model = ShiftLogModel(appearance.theme, appearance.words, self)
        self.table = plain_table(model)
        self.table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setResizeContentsPrecision(0)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._offer)
        self.table.activated.connect(lambda index: commands.open(model.item(index.row())))
        self.table.horizontalHeader().hide()  # a time, a name and a text need no headings, and the panel is low
        top = row(self._title, self.search, self._write, self._handover, self._contacts, self._more)
        top.setStretch(0, 1)
        top.setStretch(1, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 4, 6, 4)
        box.setSpacing(3)
        box.addLayout(top)
        box.addWidget(self.table, 1)
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(_SHORTLY_MS)
        self._typed.timeout.connect(self._show_lines)
        self.search.textChanged.connect(lambda _: self._typed.start())
        model.rowsInserted.connect(self.table.scrollToBottom)
        model.rowsInserted.connect(self._fit)
        FontWatcher(self.table).changed.connect(self._fit)
        self.set_appearance(appearance)

    def show_picture(self, picture: Picture) -> None:
        """Read again when there are newer changes."""
        self._picture = picture
        self.model.show_now(moment(picture.now_us))
        duties = tuple(sorted(picture.of(DUTY), key=lambda duty: duty.began_at))
        if duties != self._duties:
            self._duties = duties
            self._name()
        if self.isVisible() and picture.seq != self._read_seq:
            self.read()

    def showEvent(self, event: QShowEvent) -> None:
        """In sight again: read what came meanwhile."""
        super().showEvent(event)
        if self._picture is not None:
            self.show_picture(self._picture)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        self.model.set_appearance(appearance.theme, appearance.words)
        self.search.setPlaceholderText(self._t("log.search"))
        self.search.setAccessibleName(self._t("log.search"))
        self.table.setAccessibleName(appearance.words("panels.shift_log"))
        for one, key in (
            (self._write, "write"),
            (self._handover, "handover"),
            (self._contacts, "contacts"),
            (self._more, "more"),
        ):
            one.setText(self._t(f"log.{key}"))
        self._name()
        self._show_lines()
        self._fit()

    def read(self) -> None:
        """Read the chosen span of the log in the background."""
        if self._picture is None:
            return
        self._read_seq = self._picture.seq
        now, days, port = moment(self._picture.now_us), self.days, self._port
        since_us, until_us = micros(now - timedelta(days=days)), micros(now + timedelta(days=1))

        def work() -> tuple[LogLine, ...]:
            records: tuple[Record, ...] = port.records_of(KINDS, since_us, until_us)
            return shift_log(records, port.changes_between(AUTOMATIC, since_us, until_us))

        self._tasks.request("log", work, self._take)

    def lines(self) -> tuple[LogLine, ...]:
        """The lines in sight."""
        return self.model.items()

    def settle(self) -> None:
        """Wait for what is being read (screenshots, tests)."""
        self._tasks.finish()
        self._show_lines()

    def close_tasks(self) -> None:
        """End the thread that reads."""
        self._tasks.close()

    def _take(self, lines: tuple[LogLine, ...]) -> None:
        self._lines = lines
        self._show_lines()

    def _show_lines(self) -> None:
        words = self._appearance.words
        self.model.apply(matching(self._lines, self._query(), words.note))

    def _query(self) -> LogQuery:
        """The search field: words, ``#tag``, a case's number."""
        parts = self.search.text().split()
        tags = [part for part in parts if part[:1] == "#"]
        cases = [part for part in parts if _CASE.fullmatch(part)]
        rest = [part for part in parts if part not in (*tags[:1], *cases[:1])]
        return LogQuery(" ".join(rest), "".join(tags[:1]), "".join(cases[:1]), people_only=self.people_only)

    def _name(self) -> None:
        names = self._appearance.words.listed(duty.name for duty in self._duties) or self._t("log.nobody")
        self._title.setText(self._t("log.title", names=names))

    def _offer(self, at: QPoint) -> None:
        index = self.table.indexAt(at)
        if index.isValid():
            self._commands.offer(self.model.item(index.row()), self.table.viewport().mapToGlobal(at))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow panel has the search, writing and the menu, which holds the rest."""
        super().resizeEvent(event)
        wide = self.width() >= _ROOMY_PX
        for one in (self._title, self._handover, self._contacts):
            one.setVisible(wide)
        self.model.set_narrow(not wide)
        self.table.setColumnHidden(1, not wide)
        self.table.setWordWrap(not wide)
        self._set_row_height()
        self._fit()

    def offer_more(self) -> QMenu:
        """Who is on duty, handover, contacts, what is shown, signing on and off, export."""
        menu = menu_over(self)
        menu.addAction(one_line(self._title.text()).replace("&", "&&")).setEnabled(False)
        allow(menu, menu.addAction(self._t("log.handover"), self._commands.handover), SignHandover)
        menu.addAction(self._t("log.contacts"), self._commands.contacts)
        menu.addSeparator()
        for key, days in _SPANS.items():
            chosen = menu.addAction(self._t(f"log.{key}"), partial(self.show_days, days))
            chosen.setCheckable(True)
            chosen.setChecked(days == self.days)
        people = menu.addAction(self._t("log.people"), self.toggle_people)
        people.setCheckable(True)
        people.setChecked(self.people_only)
        menu.addSeparator()
        allow(menu, menu.addAction(self._t("log.sign_on"), self._commands.sign_on), BeginShift)
        for duty in self._duties:
            text = one_line(self._t("log.sign_off", name=duty.name)).replace("&", "&&")
            allow(menu, menu.addAction(text, partial(self._commands.sign_off, duty)), EndShift)
        menu.addAction(self._t("log.export"), lambda: self._commands.export(self.lines()))
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))
        return menu

    def show_days(self, days: int) -> None:
        """Read the log of so many days."""
        self.days = days
        self.read()

    def toggle_people(self) -> None:
        """Only what people wrote, or everything."""
        self.people_only = not self.people_only
        self._show_lines()

    def _set_row_height(self) -> None:
        """Two lines a row where the text is narrow."""
        rows = self.table.verticalHeader()
        height = 2 * self.table.fontMetrics().lineSpacing() + 4 if self.table.wordWrap() else ROW_PX
        if rows.defaultSectionSize() != height:
            rows.setDefaultSectionSize(height)

    def _fit(self) -> None:
        fit_column(self.table, 0, (TIME_SAMPLE, STAMP_SAMPLE))
        header = self.table.horizontalHeader()
        most = max(self.table.viewport().width() // 5, _NAME_PX)
        header.resizeSection(1, min(self.table.sizeHintForColumn(1), most))

    def _t(self, key: str, **params: object) -> str:
        return shift_text(self._appearance.words, key, **params)


def make(context: PanelContext) -> ShiftLogPanel:
    """The shift log of this store."""
    return ShiftLogPanel(context.port, context.shift, context.appearance)
