"""Read model of the crew's page: a crew's own orders, and one of them with its valve cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from console.domain.attachments import Attachment
from console.domain.clock import micros
from console.domain.corrections import CORRECTION, Correction, Overlay, overlay
from console.domain.field_reports import CREW_DUTY, CrewDuty, FieldReport
from console.domain.incidents import CardsSent, Incident, OrderKind, OrderState, ValveMark, WorkOrder
from console.domain.records import Record, RecordKind
from console.domain.valve_photos import VALVE_PHOTO, ValvePhoto
from console.services.crews.valve_cards import ValveCard, valve_cards
from console.services.incidents.messages import order_note, water_note
from console.services.note_texts import NoteTexts, as_written
from console.web.choices import GaugePlace, PipeChoice, gauge_places, pipe_choices
from console.web.sketch import Sketch, sketch
from console.web.way import WayThere
from maps.city import City
from maps.errors import UnknownAsset
from resources.texts import LANGUAGES

KEPT = timedelta(hours=12)
"""For this long a closed case's orders stay on the page."""
_AHEAD = timedelta(minutes=1)
"""A phone's clock may be a little ahead of ours."""
OPEN = (OrderState.SENT, OrderState.ACKNOWLEDGED, OrderState.ON_SITE)


class Kept(Protocol):
    """What is read of the store."""

    def cases_since(self, closed_after_us: int) -> tuple[Incident, ...]:
        """As of the store."""
        ...

    def records_of(self, kinds: Sequence[RecordKind[Any]], since_us: int, until_us: int) -> tuple[Record, ...]:
        """As of the store."""
        ...

    def positions(self, crew_id: str, since_us: int, until_us: int) -> tuple[tuple[int, float, float], ...]:
        """As of the store."""
        ...

    def attachment(self, sha256: str) -> Attachment | None:
        """As of the store."""
        ...


@dataclass(frozen=True, slots=True)
class CrewOrder:
    """An order with its case. ``version``: of the case; a page of this version shows all of it."""

    order: WorkOrder
    incident: Incident

    @property
    def version(self) -> int:
        """Of the case."""
        return self.incident.version

    @property
    def is_open(self) -> bool:
        """Whether the order still binds the crew."""
        return self.order.state in OPEN and self.incident.is_open()


@dataclass(frozen=True, eq=False)
class ValveLine:
    """A valve's card with the last report on it and its last photo. ``state``: open, closed, unable or restored."""

    card: ValveCard | None
    valve_id: str
    number: int
    mark: ValveMark | None
    photo: ValvePhoto | None = None

    @property
    def state(self) -> str:
        """As the desk has it."""
        if self.mark is None:
            return "open"
        if self.mark.unable is not None:
            return "unable"
        return "closed" if self.mark.operated else "restored"

    @property
    def may_be_reopened(self) -> bool:
        """Whether it was operated for this case and is not back yet."""
        return self.mark is not None and self.mark.operated


@dataclass(frozen=True, eq=False)
class OrderPage:
    """What the page of one order shows. ``pipes``, ``gauges``: to choose from; ``reports``: of this order, the newest first.

    ``way``: from the crew to the order's pipe, None where none is known.
    """

    of: CrewOrder
    valves: tuple[ValveLine, ...]
    sketch: Sketch | None
    pipes: tuple[PipeChoice, ...] = ()
    gauges: tuple[GaugePlace, ...] = ()
    reports: tuple[FieldReport, ...] = ()
    way: WayThere | None = None

    def text_in(self, language: str) -> str:
        """What the crew is to do, in its language: where the case still has what the order was written from, else as written."""
        order, incident = self.of.order, self.of.incident
        if language == LANGUAGES[0]:
            return order.text
        if self.is_water:
            return NoteTexts(language).text(water_note(order, is_drill=incident.is_drill))
        if incident.place is None:
            return order.text
        note = order_note(order.kind, incident, incident.place, order.eta_minutes)
        return NoteTexts(language).text(note) if as_written(note) == order.text else order.text

    @property
    def is_water(self) -> bool:
        """Whether a tanker is to bring water: then there is nothing to close and nothing to find."""
        return self.of.order.kind is OrderKind.WATER

    @property
    def cards(self) -> CardsSent | None:
        """The valve cards that the crew was sent, None before."""
        mine = (one for one in self.of.incident.cards if one.crew_id == self.of.order.crew_id)
        return next(mine, None)


def orders_of(store: Kept, crew_id: str, now: datetime) -> tuple[CrewOrder, ...]:
    """A crew's orders, open ones first, then the newest. Raises StoreUnavailable."""
    cases = store.cases_since(micros(now - KEPT))
    mine = [CrewOrder(order, case) for case in cases for order in case.orders if order.crew_id == crew_id]
    return tuple(sorted(mine, key=lambda one: (not one.is_open, -one.order.sent_at.timestamp())))


def order_of(store: Kept, crew_id: str, order_id: str, now: datetime) -> CrewOrder | None:
    """One order of a crew; None for another crew's and for an unknown one alike."""
    return next((one for one in orders_of(store, crew_id, now) if one.order.order_id == order_id), None)


def order_page(
    city: City,
    of: CrewOrder,
    over: Overlay | None = None,
    photos: Mapping[str, ValvePhoto] | None = None,
    way: WayThere | None = None,
) -> OrderPage:
    """The order with the valves of its case's plan, and those operated for the case beside it. ``photos``: by valve."""
    if of.order.kind is OrderKind.WATER:
        return OrderPage(of, (), None, reports=_reports_of(of), way=way)
    incident, plan = of.incident, of.incident.plan
    marks = {mark.valve_id: mark for mark in incident.valve_marks}
    try:
        cards = valve_cards(city, plan, over=over) if plan is not None and incident.burst_pipes else ()
    except UnknownAsset:  # the dataset has changed since: the order's text is shown all the same
        cards = ()
    known = photos or {}
    lines = [ValveLine(card, card.valve_id, card.order, marks.get(card.valve_id), known.get(card.valve_id)) for card in cards]
    planned = {card.valve_id for card in cards}
    others = [mark for mark in incident.valve_marks if mark.valve_id not in planned]
    lines += [ValveLine(None, mark.valve_id, len(lines) + n, mark, known.get(mark.valve_id)) for n, mark in enumerate(others, 1)]
    places = [(*line.card.place, line.number, line.state) for line in lines if line.card is not None]
    try:
        drawn = sketch(city, incident.burst_pipes or (of.order.pipe_id,), places, None if way is None else way.points)
    except UnknownAsset:
        drawn = None
    pipes, gauges = pipe_choices(city, incident, of.order), gauge_places(city, incident, of.order)
    return OrderPage(of, tuple(lines), drawn, pipes, gauges, _reports_of(of), way)


def _reports_of(of: CrewOrder) -> tuple[FieldReport, ...]:
    """The order's reports, the newest first."""
    mine = (one for one in of.incident.field_reports if one.order_id == of.order.order_id)
    return tuple(sorted(mine, key=lambda one: one.at, reverse=True))


def photos_of(store: Kept, incident: Incident, now: datetime) -> dict[str, ValvePhoto]:
    """The last photos of the valves on a case's pages, by valve. Raises StoreUnavailable."""
    planned = () if incident.plan is None else (step.asset_id for step in incident.plan.valves_to_close)
    shown = {*planned, *(mark.valve_id for mark in incident.valve_marks)}
    every = store.records_of((VALVE_PHOTO,), 0, micros(now + _AHEAD)) if shown else ()
    return {one.valve_id: one for one in every if isinstance(one, ValvePhoto) and one.valve_id in shown}


def overlay_of(store: Kept, now: datetime) -> Overlay:
    """What accepted corrections say now. Raises StoreUnavailable."""
    until = micros(now + _AHEAD)
    return overlay(one for one in store.records_of((CORRECTION,), until, until) if isinstance(one, Correction))


def duty_of(store: Kept, crew_id: str, now: datetime) -> CrewDuty | None:
    """What a crew said of its duty; None while it said nothing. Raises StoreUnavailable."""
    every = (one for one in store.records_of((CREW_DUTY,), 0, micros(now + _AHEAD)) if isinstance(one, CrewDuty))
    return next((one for one in every if one.crew_id == crew_id), None)


def knows_valve(city: City, valve_id: str) -> bool:
    """Whether the network has a valve."""
    try:
        city.network.valves.row(valve_id)
    except UnknownAsset:
        return False
    return True
