"""TicketCommands: opens the quick ticket, offers what can be done with a ticket, and carries it out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from console.domain.actors import Actor
from console.domain.intents import Intent
from console.domain.picture import Picture
from console.domain.shift import MapPlace
from console.domain.tickets import TICKET, Answer, Aspect, CallbackResult, Stage, Ticket, TicketState
from console.services.tickets.answers import NEWS_MINUTES
from console.services.tickets.changing import JoinTicket, LogCallback, RateTicket, SetTicketState, UndoTicket
from console.services.tickets.hearing import CallMatcher
from console.services.tickets.matching import duplicates
from console.services.tickets.taking import TakeCall
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.ticket import QuickTicket
from console.ui.dialogs.ticket_correction import TicketCorrection
from console.ui.dialogs.ticket_duplicate import TicketDuplicate
from console.ui.focus import CaseFocus
from console.ui.models.tickets import tickets_text, web_address
from console.ui.permitted import over_recording
from console.ui.port import ConsolePort
from console.ui.search import Hit
from console.ui.widgets import menu_over
from console.ui.words import one_line
from maps.errors import QuanmaiError

_STATES = (
    TicketState.CONFIRMED,
    TicketState.IN_PROGRESS,
    TicketState.PLANNED,
    TicketState.ACTION_SCHEDULED,
    TicketState.FIXED,
    TicketState.NO_FURTHER_ACTION,
    TicketState.NOT_RESPONSIBLE,
    TicketState.DUPLICATE,
    TicketState.CLOSED,
)
_REASONS = frozenset({TicketState.NO_FURTHER_ACTION, TicketState.NOT_RESPONSIBLE, TicketState.CLOSED})


class TicketCommands(QObject):
    """The quick ticket stands over the window without blocking it: pictures and alarms go on behind it."""

    place_asked = Signal(object)
    """MapPlace to show on the map."""
    case_asked = Signal(str)

    def __init__(
        self,
        port: ConsolePort,
        submit: Submit,
        find: Callable[[str], list[Hit]],
        focus: CaseFocus,
        appearance: Appearance,
        window: QWidget,
        news_minutes: float = NEWS_MINUTES,
    ) -> None:
        super().__init__(window)
        self._port, self._submit, self._find, self._focus = port, submit, find, focus
        self._appearance, self._window = appearance, window
        self._matcher = CallMatcher(port.city, news_minutes)
        self._quick: QuickTicket | None = None
        self._tasks = BackgroundTasks("caller-places", self)
        self.chosen_place: Callable[[], MapPlace | None] = lambda: None
        """What is selected on the map."""

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language: the quick ticket is made anew, unless a call is being taken."""
        self._appearance = appearance
        if self._quick is not None and not self._quick.isVisible():
            self._forget()

    def show_picture(self, picture: Picture) -> None:
        """The open quick ticket follows."""
        if self._quick is not None:
            self._quick.show_picture(picture)

    def open(self, place: tuple[float, float] | None = None) -> QuickTicket:
        """The quick ticket, at a place of the map (the network's CRS) where one is given."""
        if self._quick is None:
            # At the first call: a console that takes none needs no indexes.
            self._tasks.request("places", self._matcher.prepare, lambda _: None)
            quick = self._quick = QuickTicket(
                self._find, self._matcher, self._port.now, self._appearance, self._port.latest(), self._window
            )
            quick.save_asked.connect(self._submit)
            quick.place_asked.connect(lambda x, y: self.place_asked.emit(MapPlace("", x, y)))
        quick = self._quick
        quick.show_picture(self._port.latest())
        quick.show()
        quick.raise_()
        quick.activateWindow()
        if place is not None:
            quick.choose_point(*place)
        quick.phone.setFocus()
        return quick

    def on_map_click(self, place: tuple[float, float] | None) -> None:
        """The map was clicked: the place of the call that is being taken, unless one was found by name."""
        if place is not None and self._quick is not None and self._quick.wants_place:
            self._quick.choose_point(*place)

    def done(self, intent: Intent) -> None:
        """An intent of this window is on disk."""
        if isinstance(intent, TakeCall) and self._quick is not None:
            self._quick.saved(intent)

    def refused(self, intent: Intent, _actor: Actor, fault: QuanmaiError) -> None:
        """Refused: said beside what was entered, which stays."""
        if isinstance(intent, TakeCall) and self._quick is not None:
            self._quick.say(self._appearance.words.fault(fault), warning=True)

    def show_on_map(self, ticket: Ticket) -> None:
        """The map on a ticket's place, else its case."""
        if ticket.x is not None and ticket.y is not None:
            self.place_asked.emit(MapPlace(ticket.pipe_id, ticket.x, ticket.y))
        elif ticket.incident_id:
            self.case_asked.emit(ticket.incident_id)

    def offer(self, ticket: Ticket, at: QPoint) -> QMenu:
        """What can be done with a ticket."""
        menu = menu_over(self._window)
        if ticket.x is not None:
            menu.addAction(self._t("menu.show"), lambda: self.show_on_map(ticket))
        if ticket.incident_id:
            menu.addAction(self._t("menu.case", case=ticket.incident_id), lambda: self.case_asked.emit(ticket.incident_id))
        if not over_recording(self._window):
            self._offer_acts(menu, ticket)
        menu.popup(at)
        return menu

    def _offer_acts(self, menu: QMenu, ticket: Ticket) -> None:
        words, name = self._appearance.words, ticket.ticket_id
        back = menu.addMenu(self._t("menu.called_back"))
        for result in CallbackResult:
            back.addAction(words.of("callback", result.value), partial(self._send, LogCallback(name, result)))
        for one in ticket.callbacks[-8:]:
            line = f"{words.stamp(one.at, self._port.now())} {one.by}: {words.of('callback', one.result.value)} {one.said}"
            back.addAction(one_line(line).replace("&", "&&")).setEnabled(False)
        for aspect in Aspect:
            self._rating(menu, ticket, aspect)
        self._picture_link(menu, ticket)
        self._states(menu, ticket)
        case = self._focus.incident
        if case is not None and case.incident_id != ticket.incident_id:
            menu.addAction(self._t("menu.join", case=case.incident_id), partial(self._send, JoinTicket(name, case.incident_id)))
        if ticket.incident_id:
            menu.addAction(self._t("menu.part"), partial(self._send, JoinTicket(name, "")))
        menu.addAction(self._t("menu.correct"), lambda: self.correct(ticket))
        menu.addAction(self._t("menu.undo"), partial(self._send, UndoTicket(name)))

    def correct(self, ticket: Ticket) -> TicketCorrection:
        """Ask what is to be corrected."""
        question = TicketCorrection(self._appearance, ticket, self.chosen_place(), self._window)
        question.accepted.connect(lambda: self._submit(question.intent()))
        question.finished.connect(question.deleteLater)
        question.open()
        return question

    def duplicate(self, ticket: Ticket) -> TicketDuplicate:
        """Ask which ticket it repeats."""
        others = [one for one in self._port.latest().of(TICKET) if one.ticket_id != ticket.ticket_id]
        same = duplicates(others, ticket.kind, ticket.source, ticket.x, ticket.y, ticket.phone)
        question = TicketDuplicate(self._appearance, self._port.city, ticket, same, self._port.now(), self._window)
        question.place_asked.connect(self.show_on_map)
        question.accepted.connect(lambda: self._submit(question.intent()))
        question.finished.connect(question.deleteLater)
        question.open()
        return question

    def close(self) -> None:
        """End the threads."""
        self._forget()
        self._tasks.close()

    def settle(self) -> None:
        """Wait for what runs in the background (screenshots, tests)."""
        self._tasks.finish()
        if self._quick is not None:
            self._quick.settle()

    def _picture_link(self, menu: QMenu, ticket: Ticket) -> None:
        address = web_address(ticket.media_url)
        if address is not None:
            # Only the person's click fetches it, in the person's own browser: it is an address that somebody else wrote.
            host = one_line(address.host(QUrl.ComponentFormattingOption.EncodeUnicode)).replace("&", "&&")
            menu.addAction(self._t("menu.media", host=host), partial(QDesktopServices.openUrl, address))

    def _states(self, menu: QMenu, ticket: Ticket) -> None:
        if ticket.duplicate_of:
            menu.addAction(self._t("menu.duplicate_of", ticket=ticket.duplicate_of)).setEnabled(False)
        states = menu.addMenu(self._t("menu.state"))
        for state in _STATES:
            if state is TicketState.DUPLICATE and state is not ticket.state:
                states.addAction(self._t("menu.duplicate"), lambda: self.duplicate(ticket))
            elif state is not ticket.state:
                states.addAction(
                    self._appearance.words.of("ticket_state", state.value), partial(self._set_state, ticket.ticket_id, state)
                )

    def _rating(self, menu: QMenu, ticket: Ticket, aspect: Aspect) -> None:
        words = self._appearance.words
        asked = menu.addMenu(self._t("menu.rate", aspect=words.of("aspect", aspect.value)))
        for stage in Stage:
            given = next((one.answer for one in ticket.ratings if (one.aspect, one.stage) == (aspect, stage)), None)
            shown = f" · {words.of('satisfaction', given.value)}" if given is not None else ""
            below = asked.addMenu(words.of("stage", stage.value) + shown)
            for answer in Answer:
                below.addAction(
                    words.of("satisfaction", answer.value),
                    partial(self._send, RateTicket(ticket.ticket_id, aspect, stage, answer)),
                )

    def _set_state(self, ticket_id: str, state: TicketState) -> None:
        reason = ""
        if state in _REASONS:
            words = self._appearance.words
            title = words.of("ticket_state", state.value)
            reason, ok = QInputDialog.getText(self._window, title, self._t("menu.reason"))
            if not ok or not reason.strip():
                return
        self._send(SetTicketState(ticket_id, state, reason))

    def _send(self, intent: Intent) -> None:
        self._submit(intent)

    def _forget(self) -> None:
        if self._quick is not None:
            self._quick.shut()
            self._quick.close()
            self._quick.deleteLater()
            self._quick = None

    def _t(self, key: str, **params: object) -> str:
        return tickets_text(self._appearance.words, key, **params)
