"""Commands of what stands beside the case: shift, tickets, the public, planned outages. Built, connected and refreshed alike."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtWidgets import QWidget

from console.domain.actors import Actor
from console.domain.intents import Intent
from console.domain.picture import Picture
from console.services.shift.signatures import PasswordSigners
from console.ui.appearance import Appearance
from console.ui.commands.asset_locator import AssetLocator
from console.ui.commands.dispatch import Dispatcher
from console.ui.commands.network_tools import NetworkTools
from console.ui.commands.outages import OutageCommands
from console.ui.commands.public import PublicCommands
from console.ui.commands.questions import Questions
from console.ui.commands.shift import ShiftCommands
from console.ui.commands.tickets import TicketCommands
from console.ui.focus import CaseFocus
from console.ui.map.canvas import MapCanvas
from console.ui.port import ConsolePort
from console.ui.search import Search
from console.ui.session import Session
from console.ui.settings import WindowSettings
from maps.errors import QuanmaiError


class Subject(Protocol):
    """What the window does with each of them."""

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""

    def show_picture(self, picture: Picture) -> None:
        """The newest picture."""

    def done(self, intent: Intent, /) -> None:
        """An intent was committed."""

    def refused(self, intent: Intent, actor: Actor, fault: QuanmaiError, /) -> None:
        """An intent was not committed; what was typed stays."""

    def close(self) -> None:
        """Close its windows and end its reads."""


class Subjects:
    """One of each; ``all`` lists them. ``connect`` once the locator's and the tools' signals exist."""

    shift: ShiftCommands
    public: PublicCommands
    tickets: TicketCommands
    outages: OutageCommands

    def __init__(
        self,
        port: ConsolePort,
        dispatcher: Dispatcher,
        session: Session,
        focus: CaseFocus,
        questions: Questions,
        search: Search,
        map_: MapCanvas,
        settings: WindowSettings,
        appearance: Appearance,
        window: QWidget,
    ) -> None:
        submit, area = dispatcher.submit, settings.area
        self.shift = ShiftCommands(port, submit, lambda: session.person.name, focus, appearance, window)
        if settings.access is not None:
            self.shift.signers = PasswordSigners(settings.access, session.person.seat, () if area is None else area.areas)
        self.public = PublicCommands(port, submit, session, focus, appearance, window)
        self.public.sees_needs = area is None
        self.tickets = TicketCommands(port, submit, search.places, focus, appearance, window, settings.news_minutes)
        self.outages = OutageCommands(port, submit, session, questions, map_, appearance, window)
        self.all: tuple[Subject, ...] = (self.shift, self.tickets, self.public, self.outages)
        for one in self.all:
            dispatcher.unsent.connect(one.refused)
            dispatcher.done.connect(one.done)

    def connect(self, locator: AssetLocator, tools: NetworkTools) -> None:
        """Places and cases that they ask for are shown; the map and its tools open them."""
        for asks_place in (self.shift, self.tickets):
            asks_place.place_asked.connect(locator.show_place)
        for asks_case in (self.shift, self.tickets, self.outages):
            asks_case.case_asked.connect(locator.choose_case)
        locator.entry_asked.connect(self.shift.write_about_place)
        locator.ticket_asked.connect(lambda x, y: self.tickets.open((x, y)))
        locator.outage_asked.connect(lambda pipe: self.outages.plan((pipe,)))
        locator.connection_asked.connect(self.outages.plan_connection)
        tools.outage_asked.connect(self.outages.plan_what_if)
        self.shift.place = self.public.place = self.tickets.chosen_place = locator.chosen_place
        self.outages.chosen_pipe = locator.chosen_pipe
