"""Records that the search finds: cases, notices, planned outages, crews, contacts, tickets, dispatch orders."""

from __future__ import annotations

from collections.abc import Iterator

from console.domain.contacts import CONTACT
from console.domain.dispatch_orders import DISPATCH_ORDER
from console.domain.notices import Notice
from console.domain.outages import OUTAGE
from console.domain.picture import Picture
from console.domain.record_ids import shown_id
from console.domain.tickets import TICKET
from console.services.shift.contacts import matching
from console.ui.panels.case.clock import short_title
from console.ui.search.hits import Hit
from console.ui.words import Words

PART = "\n"
"""Between the parts of a key that names a case and something of it."""


def cases(needle: str, picture: Picture, words: Words) -> Iterator[Hit]:
    """Running cases by id and place; all of them without a needle."""
    for incident in picture.incidents:
        title = f"{shown_id(incident.incident_id)} {short_title(incident, words)}"
        if needle in title.casefold() or needle in incident.title.casefold():
            yield Hit("incident", incident.incident_id, title, words.of("phase", incident.phase.value))


def notices(needle: str, picture: Picture, words: Words) -> Iterator[Hit]:
    """Notices of running cases and planned outages, by id, roads, communities and text; the newest version of each.

    The key is the case's or the outage's id and the notice's.
    """
    held = [(one.incident_id, one.notices) for one in picture.incidents]
    held += [(one.outage_id, one.notices) for one in picture.of(OUTAGE) if not one.case_id]
    for holder, every in held if needle else ():
        newest: dict[str, Notice] = {}
        for notice in every:
            newest[notice.notice_id] = notice
        for notice in newest.values():
            named = (notice.notice_id, *notice.facts.roads, notice.text_zh, notice.text_en)
            if any(needle in text.casefold() for text in named):
                where = words.listed(notice.facts.roads[:2])
                title = f"{shown_id(notice.notice_id)} {words.of('notice_kind', notice.facts.kind.value)}".strip()
                detail = " · ".join(part for part in (where, words.of("notice_status", notice.status.value)) if part)
                yield Hit("notice", f"{holder}{PART}{notice.notice_id}", title, detail)


def outages(needle: str, picture: Picture, words: Words) -> Iterator[Hit]:
    """Planned outages by id, reason, place and pipe."""
    for one in picture.of(OUTAGE) if needle else ():
        place = one.place
        where = (place.community or place.road or place.pipe_id) if place is not None else ""
        if any(needle in text.casefold() for text in (one.outage_id, one.reason, where, *one.pipe_ids)):
            day = f"{words.local(one.starts_at):%m-%d %H:%M}"
            title = f"{shown_id(one.outage_id)} {where}".strip()
            yield Hit("outage", one.outage_id, title, f"{day} · {words.of('outage_state', one.state.value)}")


def crews(needle: str, picture: Picture, _: Words) -> Iterator[Hit]:
    """Crews by name and id, where they are."""
    for fix in picture.crews:
        if needle and (needle in fix.name.casefold() or needle in fix.crew_id.casefold()):
            yield Hit("crew", fix.crew_id, fix.name or fix.crew_id, "", fix.x, fix.y)


def contacts(needle: str, picture: Picture, _: Words) -> Iterator[Hit]:
    """The contact book."""
    for one in matching(picture.of(CONTACT), needle) if needle else ():
        title = f"{one.name} {one.organisation}".strip()
        yield Hit("contact", one.contact_id, title, " / ".join(one.phones))


def tickets(needle: str, picture: Picture, words: Words) -> Iterator[Hit]:
    """Callers' tickets by id, phone and address."""
    for one in picture.of(TICKET) if len(needle) > 1 else ():
        if any(needle in text.casefold() for text in (one.ticket_id, one.phone, one.address)):
            x, y = (one.x, one.y) if one.x is not None and one.y is not None else (float("nan"), float("nan"))
            title = f"{one.ticket_id} {words.of('ticket_kind', one.kind.value)}"
            yield Hit("ticket", one.ticket_id, title, one.address or one.phone, x, y)


def orders(needle: str, picture: Picture, _: Words) -> Iterator[Hit]:
    """Dispatch orders by id, to whom, and text."""
    for one in picture.of(DISPATCH_ORDER) if needle else ():
        if any(needle in text.casefold() for text in (one.order_id, one.target_name, one.target_id, one.text)):
            yield Hit("order", one.order_id, f"{shown_id(one.order_id)} {one.target_name or one.target_id}", one.text)
