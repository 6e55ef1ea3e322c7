"""Requests of GeoReport v2 as tickets, and tickets as requests."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from console.domain.texts import storable
from console.domain.tickets import Ticket, TicketKind, TicketSource
from console.services.note_texts import NoteTexts
from console.services.tickets.hearing import CallFields
from console.services.tickets.taking import LONGEST_TEXT, TakeCall
from console.web.open311.formats import Row
from maps.city import City
from maps.crs import from_wgs84, is_engineering, to_wgs84
from resources.texts import Catalogue

MOST_LISTED, MOST_PAGES, MOST_DAYS = 1000, 1_000_000, 90
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Times outside are read as these: 90 days before the year 1 is no time."""
_FARTHEST_M = 30_000.0
"""A point farther from the network than this is no place of this city."""


class BadRequest(Exception):
    """One clear line for the client."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which requests are asked for. ``ids``: then nothing else counts."""

    since: datetime
    until: datetime
    ids: tuple[str, ...] = ()
    kinds: frozenset[TicketKind] = frozenset(TicketKind)
    statuses: frozenset[str] = frozenset(("open", "closed"))
    page: int = 1
    page_size: int = MOST_LISTED

    def takes(self, ticket: Ticket) -> bool:
        """Whether a ticket is one of them, where none is named."""
        return self.since <= ticket.called_at <= self.until and ticket.kind in self.kinds and ticket.open311 in self.statuses


def services(language: str) -> list[Row]:
    """What can be reported."""
    texts = Catalogue.load(language)
    return [
        {
            "service_code": kind.value,
            "service_name": texts.text(f"domain.ticket_kind.{kind.value}"),
            "description": texts.text(f"web.open311.{kind.value}"),
            "metadata": False,
            "type": "realtime",
            "keywords": "",
            "group": texts.text("web.open311.group"),
        }
        for kind in TicketKind
    ]


def call_of(form: Mapping[str, str], client: str, city: City) -> TakeCall:
    """A POST as an intent. Raises BadRequest with what is missing or wrong, and what would be right."""
    kind = kind_of(form.get("service_code", ""))
    x, y = _place(form, city)
    address = form.get("address_string", "") or form.get("address", "")
    if x is None and not address.strip():
        raise BadRequest("a place is missing: give lat and long (WGS84), or address_string")
    name = " ".join(part for part in (form.get("last_name", ""), form.get("first_name", "")) if part)
    fields = CallFields(
        kind,
        form.get("phone", ""),
        name[:LONGEST_TEXT],
        address[:LONGEST_TEXT],
        form.get("description", "")[:LONGEST_TEXT],
        x,
        y,
        wants_callback=form.get("callback", "").lower() in ("1", "true", "yes"),
    )
    return TakeCall(fields, TicketSource.OPEN311, client, form.get("request_key", ""), form.get("media_url", ""))


def query_of(asked: Mapping[str, str], now: datetime) -> Query:
    """The parameters of a GET. Raises BadRequest."""
    until = _moment(asked["end_date"], "end_date") if asked.get("end_date") else now + timedelta(days=1)
    since = _moment(asked["start_date"], "start_date") if asked.get("start_date") else until - timedelta(days=MOST_DAYS)
    if since > until:
        raise BadRequest("start_date lies after end_date")
    if until - since > timedelta(days=MOST_DAYS + 1):
        raise BadRequest(f"at most {MOST_DAYS} days at a time: give start_date and end_date")
    statuses = frozenset(_listed(asked.get("status", ""))) or frozenset(("open", "closed"))
    if statuses - {"open", "closed"}:
        raise BadRequest("status: expected open, closed or both, parted by a comma")
    kinds = frozenset(map(kind_of, _listed(asked.get("service_code", "")))) or frozenset(TicketKind)
    ids = tuple(storable(one) for one in _listed(asked.get("service_request_id", "")))
    page, size = _whole(asked, "page", 1, MOST_PAGES), _whole(asked, "page_size", MOST_LISTED, MOST_LISTED)
    return Query(since, until, ids, kinds, statuses, page, size)


def page_of(tickets: Iterable[Ticket], query: Query) -> tuple[list[Ticket], int]:
    """The tickets of the page that is asked for, newest first, and how many there are on all pages."""
    every = sorted(tickets, key=lambda one: (one.called_at, one.ticket_id), reverse=True)
    first = (query.page - 1) * query.page_size
    return every[first : first + query.page_size], len(every)


def rows_of(tickets: Iterable[Ticket], city: City, language: str, expected: Callable[[str], datetime | None]) -> list[Row]:
    """Tickets as requests. ``expected``: when a case's water comes back; asked once for each case."""
    once = cache(expected)
    return [_row(one, city, language, once) for one in tickets]


def kind_of(code: str) -> TicketKind:
    """The kind of a service code. Raises BadRequest."""
    try:
        return TicketKind(code)
    except ValueError as fault:
        known = ", ".join(TicketKind)
        raise BadRequest(f"service_code {code[:40]!r} is unknown; expected one of {known}") from fault


def _row(one: Ticket, city: City, language: str, expected: Callable[[str], datetime | None]) -> Row:
    texts, zone = Catalogue.load(language), ZoneInfo(city.info.time_zone)
    word = texts.text(f"domain.ticket_state.{one.state.value}")
    ends = expected(one.incident_id) if one.incident_id and one.is_open else None
    lat, long = _degrees(one, city)
    return {
        "service_request_id": one.ticket_id,
        "status": one.open311,
        "status_notes": f"{word}: {one.reason}" if one.reason else word,
        "service_name": texts.text(f"domain.ticket_kind.{one.kind.value}"),
        "service_code": one.kind.value,
        "description": one.text,
        "agency_responsible": None,
        "service_notice": _notice(one, city, language),
        "requested_datetime": _stamp(one.called_at, zone),
        "updated_datetime": _stamp(one.updated_at or one.called_at, zone),
        "expected_datetime": None if ends is None else _stamp(ends, zone),
        "address": one.address or None,
        "address_id": None,
        "zipcode": None,
        "lat": lat,
        "long": long,
        "media_url": one.media_url or None,
    }


def _notice(one: Ticket, city: City, language: str) -> str:
    """The text to read out, and what is doubtful about the place that the client gave."""
    said = NoteTexts(language, city.info.time_zone).text(one.answer)
    doubt = Catalogue.load(language).text(f"domain.place_doubt.{one.place_doubt}") if one.place_doubt else ""
    return " ".join(part for part in (said, doubt) if part)


def _degrees(one: Ticket, city: City) -> tuple[float | None, float | None]:
    if one.x is None or one.y is None or is_engineering(city.network.crs):
        return None, None
    long, lat = to_wgs84([one.x], [one.y], city.network.crs)
    return round(float(lat[0]), 6), round(float(long[0]), 6)


def _place(form: Mapping[str, str], city: City) -> tuple[float | None, float | None]:
    """The point in the network's CRS; (None, None) without one. Raises BadRequest."""
    given = [form.get(name, "").strip() for name in ("lat", "long")]
    if not any(given):
        return None, None
    try:
        lat, long = (float(text) for text in given)
    except ValueError as fault:
        raise BadRequest("lat and long: expected two numbers, WGS84 degrees") from fault
    if not (math.isfinite(lat) and math.isfinite(long) and abs(lat) <= 90 and abs(long) <= 180):
        raise BadRequest("lat and long: expected WGS84 degrees, lat within ±90, long within ±180")
    if is_engineering(city.network.crs):
        raise BadRequest("this city has no coordinates on earth: give address_string instead of lat and long")
    x, y = (float(one[0]) for one in from_wgs84([long], [lat], city.network.crs))
    low_x, low_y, high_x, high_y = city.network.bounds
    away = math.hypot(max(low_x - x, 0.0, x - high_x), max(low_y - y, 0.0, y - high_y))
    if not away <= _FARTHEST_M:
        raise BadRequest("lat and long lie far from this city; are they swapped?")
    return x, y


def _moment(text: str, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return min(max(at, _EARLIEST), _LATEST)
    except (ValueError, OverflowError) as fault:
        raise BadRequest(f"{name}: expected a time such as 2024-01-03T23:00:00+08:00") from fault


def _whole(asked: Mapping[str, str], name: str, usual: int, most: int) -> int:
    """A whole number from 1 to ``most``. Raises BadRequest."""
    text = asked.get(name, "").strip()
    if not text:
        return usual
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        raise BadRequest(f"{name}: expected a whole number from 1 to {most}")
    return int(text)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in (one.strip() for one in text.split(",")[:100]) if part)


def _stamp(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")
