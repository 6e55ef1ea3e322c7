"""Incidents and alarms on disk: a JSON document each, with the columns that queries need."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from console.domain.alarms import Alarm, AlarmState
from console.domain.changes import ChangeSet, canonical_json
from console.domain.clock import micros
from console.domain.incidents import Incident, Phase
from console.domain.values import from_json, parsed_json, to_json
from console.services.ports import StaleState
from console.store.faults import Damaged
from console.store.tables import alarms, incidents

T = TypeVar("T")


def write(connection: Connection, change_set: ChangeSet) -> None:
    """Write the new values. Raises StaleState when another process has changed them."""
    new = {draft.subject for draft in change_set.drafts if draft.before is None}
    for incident in change_set.incidents:
        _write_incident(connection, incident)
    for alarm in change_set.alarms:
        _write_alarm(connection, alarm, is_new=f"alarm/{alarm.alarm_id}" in new)


def incidents_since(connection: Connection, closed_after_us: int) -> dict[str, Incident]:
    """Open incidents, and those closed after a time."""
    of = incidents.c
    query = select(of.document).where(or_(of.phase != Phase.CLOSED.value, of.closed_us > closed_after_us))
    found = [_value(text, Incident) for text in connection.execute(query.order_by(of.incident_id)).scalars()]
    return {incident.incident_id: incident for incident in found}


def alarms_since(connection: Connection, raised_after_us: int) -> dict[str, Alarm]:
    """Living alarms, and cleared ones raised after a time."""
    of = alarms.c
    query = select(of.document).where(or_(of.state != AlarmState.CLEARED.value, of.raised_us > raised_after_us))
    found = [_value(text, Alarm) for text in connection.execute(query.order_by(of.alarm_id)).scalars()]
    return {alarm.alarm_id: alarm for alarm in found}


def incident(connection: Connection, incident_id: str) -> Incident | None:
    """One incident, open or closed."""
    text = connection.execute(select(incidents.c.document).where(incidents.c.incident_id == incident_id)).scalar()
    return None if text is None else _value(text, Incident)


def incident_of(text: str) -> Incident:
    """The incident in a stored document."""
    return _value(text, Incident)


def alarm_of(text: str) -> Alarm:
    """The alarm in a stored document."""
    return _value(text, Alarm)


def _write_incident(connection: Connection, value: Incident) -> None:
    row = {
        "incident_id": value.incident_id,
        "version": value.version,
        "phase": value.phase.value,
        "title": value.title,
        "opened_us": micros(value.opened_at),
        "closed_us": None if value.closed_at is None else micros(value.closed_at),
        "is_drill": value.is_drill,
        "document": _text(value),
    }
    if value.version == 1:
        _insert(connection, incidents, row, f"incident {value.incident_id}")
        return
    of = incidents.c
    done = connection.execute(
        update(incidents).where(of.incident_id == value.incident_id, of.version == value.version - 1).values(**row)
    )
    if done.rowcount != 1:
        raise StaleState(f"incident {value.incident_id} was changed elsewhere meanwhile; look at it again, nothing was written")


def _write_alarm(connection: Connection, value: Alarm, *, is_new: bool) -> None:
    row = {
        "alarm_id": value.alarm_id,
        "kind": value.kind.value,
        "priority": int(value.priority),
        "subject": value.subject,
        "state": value.state.value,
        "raised_us": micros(value.raised_at),
        "incident_id": value.incident_id,
        "document": _text(value),
    }
    if is_new:
        _insert(connection, alarms, row, f"alarm {value.alarm_id}")
        return
    done = connection.execute(update(alarms).where(alarms.c.alarm_id == value.alarm_id).values(**row))
    if done.rowcount != 1:
        raise StaleState(f"alarm {value.alarm_id} is not in the store; look again, nothing was written")


def _insert(connection: Connection, table: Any, row: dict[str, Any], what: str) -> None:
    try:
        connection.execute(insert(table).values(**row))
    except IntegrityError as fault:
        raise StaleState(f"{what} was opened elsewhere meanwhile; look again, nothing was written") from fault


def _text(value: object) -> str:
    return canonical_json(to_json(value)).decode()


def _value(text: str, kind: type[T]) -> T:
    try:
        return from_json(parsed_json(text), kind)
    except (ValueError, TypeError, msgspec.ValidationError) as fault:
        raise Damaged(f"an {kind.__name__.lower()} cannot be understood ({fault})") from fault
