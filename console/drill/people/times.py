"""Times of a case as its store has them: nothing here comes from what the drill meant to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from console.domain.actors import Role
from console.domain.alarms import ALARM, Alarm
from console.domain.changes import Change
from console.domain.clock import micros
from console.domain.delivery import ARRIVED, SentMessage
from console.domain.health import CREW_PAGE
from console.domain.incidents import INCIDENT, Incident
from console.domain.outgoing import MessageKind
from console.domain.outreach import TELLING, Telling
from console.domain.tickets import COVERED, TICKET, Answer, Ticket
from console.services.tickets.clusters import CLUSTER
from console.store import SqlStore

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
Times = dict[str, datetime | None]


def people_times(store: SqlStore, incident_id: str, drill_time: Callable[[datetime], datetime]) -> dict[str, Any]:
    """``times`` of each step (None: not in the store), its ``people``, and ``not_done``: a line for each step without a time.

    ``drill_time``: the drill's time of a moment of the machine's clock, by which deliveries are recorded.
    """
    records = store.records_of((TICKET, ALARM, TELLING), micros(_FIRST), micros(_LAST))
    tickets = [one for one in records if isinstance(one, Ticket)]
    incident = store.incident(incident_id) if incident_id else None
    times: Times = {
        "first_call": _first(one.called_at for one in tickets),
        "cluster": _first(one.raised_at for one in records if isinstance(one, Alarm) and one.code == CLUSTER),
    }
    if incident is not None:
        subject = INCIDENT.subject(incident.incident_id)
        mine = [one for one in tickets if one.incident_id == incident.incident_id]
        told = [one for one in records if isinstance(one, Telling) and one.incident_id == incident.incident_id]
        messages = store.messages_of(subject)
        times |= _of_case(incident, store.changes_of(subject))
        times |= _of_messages(messages, drill_time)
        times |= _of_people(mine, told, incident)
    times = {name: times.get(name) for name in ORDER}
    missing = [name for name, at in times.items() if at is None and name not in _OPTIONAL]
    return {
        "times": {name: None if at is None else at.isoformat() for name, at in times.items()},
        "people": _people(incident, tickets) if incident is not None else {},
        "not_done": [f"{name.replace('_', ' ')}: not in the store" for name in missing],
    }


ORDER = (
    "first_call", "cluster", "finding", "case_opened", "judged", "planned", "matched_answer", "order_sent", "order_on_phone",
    "crew_on_site", "pipe_found", "crew_sent", "valves_closed", "isolated", "notice_drafted", "notice_submitted",
    "notice_approved", "notice_issued", "notice_delivered", "customers_told", "valves_restored", "sample_passed",
    "notice_lifted", "case_closed", "callbacks_made", "satisfaction_asked", "satisfaction_answered",
)  # fmt: skip
_OPTIONAL = frozenset({"cluster"})
"""A finding of the stations and a cluster of calls are two ways to the same case."""


def _of_case(incident: Incident, changes: Iterable[Change]) -> Times:
    at = {kind: [one for one in changes if one.kind == kind] for kind in {one.kind for one in changes}}

    def last(kind: str) -> datetime | None:
        return at[kind][-1].at if kind in at else None

    by_crew = [one for one in at.get("valve_closed", ()) if one.actor is not None and one.actor.role is Role.CREW]
    steps = incident.plan.valves_to_close if incident.plan is not None else ()
    all_closed = {step.asset_id for step in steps} <= {mark.valve_id for mark in incident.valve_marks if mark.closed}
    restored = [mark.restored_at for mark in incident.valve_marks if mark.closed]
    orders = [order.sent_at for order in incident.orders]
    sample = incident.sample
    return {
        "finding": incident.alerted_at if incident.location is not None else None,
        "case_opened": incident.opened_at,
        "judged": incident.verified_at,
        "planned": last("burst_judged") if incident.plan is not None else None,
        "order_sent": _first(orders),
        "crew_sent": last("crew_sent"),
        "crew_on_site": at["order_on_site"][0].at if "order_on_site" in at else None,
        "pipe_found": last("crew_found_pipe"),
        "valves_closed": by_crew[-1].at if by_crew and all_closed else None,
        "isolated": incident.isolated_at,
        "notice_drafted": incident.drafted_at,
        "notice_submitted": last("notice_submitted"),
        "notice_approved": last("notice_approved"),
        "notice_issued": incident.issued_at,
        "valves_restored": None if not restored or None in restored else _last(one for one in restored if one is not None),
        "sample_passed": sample.at if sample is not None and sample.passed else None,
        "notice_lifted": last("notice_lifted"),
        "case_closed": incident.closed_at,
    }


def _of_messages(messages: Iterable[SentMessage], drill_time: Callable[[datetime], datetime]) -> Times:
    """``messages``: newest first."""
    on_phone, notice = list[datetime](), list[datetime]()
    for message in messages:
        arrived = [(one.channel, at) for one, at in message.deliveries if one.state in ARRIVED]
        if message.kind is MessageKind.ORDER:
            on_phone += [at for channel, at in arrived if channel == CREW_PAGE]
        if message.kind is MessageKind.NOTICE:
            notice += [at for _, at in arrived]
    first, issued = _first(on_phone), _first(notice)
    return {
        "order_on_phone": None if first is None else drill_time(first),
        "notice_delivered": None if issued is None else drill_time(issued),
    }


def _of_people(tickets: list[Ticket], told: list[Telling], incident: Incident) -> Times:
    ratings = [one for ticket in tickets for one in ticket.ratings]
    judged = incident.verified_at
    # Tickets that came after the judgement were answered by the case's area at once.
    matched = [one.called_at for one in tickets if one.cover in COVERED and judged is not None and one.called_at >= judged]
    return {
        "matched_answer": _first(matched),
        "customers_told": _last(one.at for one in told if one.withdrawn_at is None),
        "callbacks_made": _last(one.at for ticket in tickets for one in ticket.callbacks),
        "satisfaction_asked": _first(one.at for one in ratings),
        "satisfaction_answered": _last(one.at for one in ratings if one.answer is not Answer.NONE),
    }


def _people(incident: Incident, tickets: list[Ticket]) -> dict[str, Any]:
    notice = incident.notices[-1] if incident.notices else None
    ratings = [one.answer for ticket in tickets for one in ticket.ratings]
    return {
        "tickets": len(tickets),
        "tickets_of_case": sum(one.incident_id == incident.incident_id for one in tickets),
        "callbacks": sum(len(one.callbacks) for one in tickets),
        "satisfaction": {"asked": len(ratings), "answered": sum(one is not Answer.NONE for one in ratings)},
        "crews": sorted({mark.by for mark in incident.valve_marks if mark.closed}),
        "notice_submitted_by": notice.submitted_by if notice else "",
        "notice_approved_by": notice.approved_by if notice else "",
        "approval": notice.approval.value if notice else "",
    }


def _first(at: Iterable[datetime]) -> datetime | None:
    return min(at, default=None)


def _last(at: Iterable[datetime]) -> datetime | None:
    return max(at, default=None)
