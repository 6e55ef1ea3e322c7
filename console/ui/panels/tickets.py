"""The list of tickets: search, filter by state and case, calls back with their history, satisfaction."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHeaderView, QLineEdit, QVBoxLayout

from console.domain.clock import micros, moment
from console.domain.picture import Picture
from console.domain.tickets import TICKET, Aspect, Ticket
from console.services.shift.words import folded
from console.services.tickets.figures import satisfaction
from console.services.tickets.matching import suspected_repeats
from console.services.tickets.taking import TakeCall
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.tickets import TicketCommands
from console.ui.focus import CaseFocus
from console.ui.models.tickets import Shown, TicketModel, tickets_text
from console.ui.panels.panel import Panel, PanelContext
from console.ui.panels.tables import STAMP_SAMPLE, TIME_SAMPLE, FontWatcher, fit_column, plain_table
from console.ui.permitted import needs
from console.ui.port import ShiftPort
from console.ui.widgets import ElidedLabel, button, row

_DAYS = 7
_SEARCH_LETTERS = 11
"""A telephone number can be read while it is typed; more would make the window wider than a screen of 1366 pixels."""
_CASE, _CALLBACK, _ROOMY_PX, _PLACE_SHARE = 5, 6, 620, 0.2


class TicketList(Panel):
    """Open tickets come with the picture; closed ones of the last days are read when the panel is in sight."""

    def __init__(self, port: ShiftPort, commands: TicketCommands, focus: CaseFocus, appearance: Appearance) -> None:
        super().__init__()
        self._port, self._commands, self._focus, self._appearance = port, commands, focus, appearance
        self._tickets: dict[str, Ticket] = {}
        self._picture: Picture | None = None
        self._read_seq = -1
        self._looked_at: tuple[Ticket, ...] = ()
        self._repeats: dict[str, int] = {}
        self._tasks = BackgroundTasks("tickets", self)
        self._title = ElidedLabel("", "heading")
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * _SEARCH_LETTERS)
        self.search.textChanged.connect(lambda _: self._show())
        self.shown = QComboBox()
        self.shown.currentIndexChanged.connect(lambda _: self._show())
        self.take = button("", "primary")
        self.take.clicked.connect(lambda _=False: commands.open())
        needs(TakeCall, self.take)
        model = self.model = TicketModel(appearance.theme, appearance.words, self)
        self.table = plain_table(model)
        self.table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setResizeContentsPrecision(0)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._offer)
        self.table.activated.connect(lambda index: commands.show_on_map(model.item(index.row())))
        top = row(self._title, self.search, self.shown, self.take)
        top.setStretch(0, 2)
        top.setStretch(1, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 4, 6, 4)
        box.setSpacing(3)
        box.addLayout(top)
        box.addWidget(self.table, 1)
        model.settled.connect(self._fit)
        FontWatcher(self.table).changed.connect(self._fit)
        focus.changed.connect(self._show)
        self.set_appearance(appearance)

    def show_picture(self, picture: Picture) -> None:
        """The open tickets; closed ones are read again when there are newer changes."""
        before, self._picture = self._picture, picture
        self.model.show_now(moment(picture.now_us))
        if before is None or before.of(TICKET) != picture.of(TICKET):
            newer = {one.ticket_id: one for one in picture.of(TICKET)}
            closed = {key: one for key, one in self._tickets.items() if not one.is_open and key not in newer}
            self._tickets = {**closed, **newer}
            self._show()
        if self.isVisible() and picture.seq != self._read_seq:
            self.read()

    def showEvent(self, event: QShowEvent) -> None:
        """In sight: read what was closed."""
        super().showEvent(event)
        if self._picture is not None:
            self.show_picture(self._picture)

    def read(self) -> None:
        """Read the tickets of the last days in the background."""
        if self._picture is None:
            return
        self._read_seq = self._picture.seq
        now, port = moment(self._picture.now_us), self._port
        since, until = micros(now - timedelta(days=_DAYS)), micros(now + timedelta(days=1))
        self._tasks.request("tickets", lambda: port.records_of((TICKET,), since, until), self._take)

    def _take(self, found: tuple[Ticket, ...]) -> None:
        for one in found:
            known = self._tickets.get(one.ticket_id)
            if known is None or known.version <= one.version:
                self._tickets[one.ticket_id] = one
        self._show()

    def settle(self) -> None:
        """Wait for what is being read (screenshots, tests)."""
        self._tasks.finish()
        self._show()

    def close_tasks(self) -> None:
        """End the thread that reads."""
        self._tasks.close()

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        self.model.set_appearance(appearance.theme, appearance.words)
        self.search.setPlaceholderText(self._t("list.search"))
        self.take.setText(self._t("list.take"))
        chosen = self.shown.currentData() or Shown.OPEN
        self.shown.blockSignals(True)
        self.shown.clear()
        for one in Shown:
            self.shown.addItem(self._t(f"list.{one}"), one)
        self.shown.setCurrentIndex(list(Shown).index(Shown(chosen)))
        self.shown.blockSignals(False)
        self._show()
        self._fit()

    def show_only(self, shown: Shown) -> None:
        """List these."""
        self.shown.setCurrentIndex(list(Shown).index(shown))

    def _show(self) -> None:
        wanted = [word for word in folded(self.search.text()).split() if word]
        words = self._appearance.words

        def fits(one: Ticket) -> bool:
            text = folded(" ".join((one.ticket_id, one.phone, one.address, one.community, one.text, one.incident_id)))
            return all(word in text for word in wanted)

        listed = [one for one in self._tickets.values() if self._is_shown(one) and fits(one)]
        self.model.apply(sorted(listed, key=lambda one: (one.called_at, one.ticket_id), reverse=True))
        every = tuple(self._tickets.values())
        self.model.show_repeats(self._repeats_of(every))
        due = sum(one.is_due_back for one in every)
        rated = {one.aspect: one for one in satisfaction(every) if one.stage is None}
        title = self._t("list.title", n=sum(one.is_open for one in every), due=due)
        for aspect in Aspect:
            figure = rated[aspect]
            if figure.interval is not None:
                low, high = figure.interval
                title += self._t(
                    "list.rated", aspect=words.of("aspect", aspect.value), share=f"{figure.satisfied / figure.answered:.0%}",
                    low=f"{low:.0%}", high=f"{high:.0%}", asked=figure.asked, answered=figure.answered,
                )  # fmt: skip
        self._title.setText(title)
        self._title.setToolTip(title)

    def _repeats_of(self, every: tuple[Ticket, ...]) -> dict[str, int]:
        """Looked for again only when a ticket has changed, not at each letter of a search."""
        if every != self._looked_at:
            self._looked_at, self._repeats = every, suspected_repeats(every)
        return self._repeats

    def _is_shown(self, one: Ticket) -> bool:
        match Shown(self.shown.currentData() or Shown.OPEN):
            case Shown.OPEN:
                return one.is_open
            case Shown.DUE:
                return one.is_due_back
            case Shown.CASE:
                case = self._focus.incident
                return case is not None and one.incident_id == case.incident_id
            case _:
                return True

    def _offer(self, at: QPoint) -> None:
        index = self.table.indexAt(at)
        if index.isValid():
            self._commands.offer(self.model.item(index.row()), self.table.viewport().mapToGlobal(at))

    def _fit(self) -> None:
        fit_column(self.table, 0, (TIME_SAMPLE, STAMP_SAMPLE))
        header, whole = self.table.horizontalHeader(), self.table.viewport().width()
        self.table.setColumnHidden(_CASE, whole < _ROOMY_PX)  # the phone and what is reported come first
        left = whole - header.sectionSize(0)
        for column, share in ((1, 0.2), (3, 0.22), (4, 0.16), (_CASE, 0.14), (_CALLBACK, 0.14)):
            needed = max(self.table.sizeHintForColumn(column), header.sectionSizeHint(column))
            width = min(needed, max(int(whole * share), 56))
            left -= width if column != _CASE else 0
            header.resizeSection(column, width)
        # Where the call is from comes before who waits for a call back: those have a list of their own.
        self.table.setColumnHidden(_CALLBACK, whole < _ROOMY_PX and left < whole * _PLACE_SHARE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _t(self, key: str, **params: object) -> str:
        return tickets_text(self._appearance.words, key, **params)


def make(context: PanelContext) -> TicketList:
    """The tickets of this store."""
    return TicketList(context.port, context.tickets, context.focus, context.appearance)
