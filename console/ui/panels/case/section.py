"""Section: one card of the case column. It is filled anew only when the case (or its look) differs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from PySide6.QtWidgets import QWidget

from console.domain.clock import moment
from console.domain.delivery import Undelivered
from console.domain.incidents import Incident
from console.domain.outages import OUTAGE, Outage
from console.domain.picture import Picture
from console.domain.targets import Targets
from console.domain.tickets import TICKET, Ticket
from console.ui.appearance import Appearance
from console.ui.widgets import Card
from maps.city import City


@dataclass(frozen=True, eq=False)
class CaseView:
    """The case in focus as of one picture."""

    city: City
    incident: Incident
    picture: Picture
    appearance: Appearance
    targets: Targets = field(default_factory=Targets)

    @property
    def undelivered(self) -> tuple[Undelivered, ...]:
        """Messages of this case that are not delivered."""
        return tuple(one for one in self.picture.undelivered if one.incident_id == self.incident.incident_id)

    @cached_property
    def tickets(self) -> tuple[Ticket, ...]:
        """Open tickets of this case, oldest first."""
        return tuple(one for one in self.picture.of(TICKET) if one.incident_id == self.incident.incident_id)

    @cached_property
    def outages(self) -> tuple[Outage, ...]:
        """Planned outages that conflict with this case."""
        case = self.incident.incident_id
        return tuple(one for one in self.picture.of(OUTAGE) if any(case in found.with_incidents for found in one.conflicts))

    @property
    def now(self) -> datetime:
        """The picture's time."""
        return moment(self.picture.now_us)


def _shown(view: CaseView) -> tuple[object, ...]:
    """Of another day a time has its date, so what is shown changes at midnight too."""
    return view.incident, view.undelivered, view.tickets, view.outages, view.appearance.words.local(view.now).date()


class Section(Card):
    """A card about the case in focus. Subclasses fill in ``_fill`` (on change) and ``_tick`` (every picture).

    One that offers intents is given ``submit`` and calls it; it calls no service that changes state.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view: CaseView | None = None

    def show_case(self, view: CaseView) -> None:
        """The case as it stands."""
        before, self.view = self.view, view
        if before is None or before.appearance is not view.appearance or _shown(before) != _shown(view):
            self._fill(view)
        self._tick(view)

    def _fill(self, view: CaseView) -> None:
        raise NotImplementedError

    def _tick(self, view: CaseView) -> None:
        """Ages and clocks; nothing by default."""
