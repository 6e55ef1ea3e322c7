"""Undo: appends the inverse of the case's last undoable step. What was sent is countermanded, never undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from console.domain.actors import Actor, Permission
from console.domain.alarms import AlarmState
from console.domain.changes import Change, ChangeSet
from console.domain.incidents import Incident, Phase, WorkOrder
from console.domain.intents import Intent
from console.domain.notes import Note, joined
from console.domain.notices import Notice, NoticeStatus
from console.domain.outgoing import Outgoing
from console.domain.records import subject_of
from console.domain.values import from_json
from console.services.changesets import AlarmChange, Refused, recorded, reverted
from console.services.crews.orders import LIVE, countermanded, live_orders
from console.services.handling import Handler
from console.services.incidents.case_plan import replanned
from console.services.incidents.judging import redirected
from console.services.incidents.messages import area_alert, order_message
from console.services.note_texts import as_written
from console.services.notices.drafting import OUT
from console.services.notices.lifecycle import lifted
from console.services.state import DeskState
from console.services.tools import Tools
from resources.texts import LANGUAGES, Catalogue


@dataclass(frozen=True, slots=True)
class UndoLast(Intent):
    """Undo the incident's last undoable change. ``reason``: why, where that withdraws a public notice."""

    incident_id: str
    reason: str = ""


_NEVER_RESTORED = ("orders", "notices", "drafted_at", "issued_at", "alerted_at", "area_alerts", "field_reports")


def withdraws_notice(history: Sequence[Change], undoable: frozenset[str]) -> bool:
    """Whether undoing the last step would withdraw a public notice.

    ``history``: a case's changes, oldest first. ``undoable``: kinds of changes that users can undo.
    """
    undone = {change.undoes for change in history if change.undoes is not None}
    last = next((change for change in reversed(history) if change.kind in undoable and change.seq not in undone), None)
    return last is not None and last.kind == "notice_issued"


def undo_last(tools: Tools, state: DeskState, intent: UndoLast, actor: Actor, now: datetime) -> ChangeSet:
    """The inverse of the last step that can still be undone. Raises Refused when there is none."""
    incident_id = intent.incident_id
    incident = state.incidents.get(incident_id)
    if incident is None:
        raise Refused("no_incident", incident=incident_id)
    history = state.history.get(subject_of(incident), ())
    undone = {change.undoes for change in history if change.undoes is not None}
    for change in reversed(history):
        if change.kind in tools.undoable and change.seq not in undone:
            after, outgoing, called = _inverse(tools, state, incident, change, now, intent.reason, actor.name)
            if after != incident:
                note = joined(Note("case.undone", step=change.note), *called)
                alarms = _alarms(state, incident, after)
                told = _told_again(tools, incident, after, change, now)
                return recorded(incident, after, "undo", note, alarms=alarms, outgoing=(*outgoing, *told), undoes=change.seq)
    raise Refused("nothing_to_undo", incident=incident_id)


def _inverse(
    tools: Tools, state: DeskState, incident: Incident, change: Change, now: datetime, reason: str, by: str
) -> tuple[Incident, tuple[Outgoing, ...], tuple[Note, ...]]:
    after = reverted(incident, change, keeping=_NEVER_RESTORED)
    after, outgoing, called = _orders_called_back(tools, after, change, now, by)
    after, more, lifted_notes = _notices_taken_back(tools, after, change, now, reason)
    outgoing, notes = (*outgoing, *more), (*called, *lifted_notes)
    if change.kind == "burst_judged":
        after, more, note = redirected(tools, after, now)
        outgoing, notes = (*outgoing, *more), (*notes, note) if more else notes
    return replanned(tools, state, after), outgoing, notes


def _orders_called_back(
    tools: Tools, incident: Incident, change: Change, now: datetime, by: str
) -> tuple[Incident, tuple[Outgoing, ...], tuple[Note, ...]]:
    """Countermand the orders that the step sent and that are still open."""
    if "orders" not in (change.after or {}) or change.kind == "incident_dismissed":
        return incident, (), ()
    had = {order["order_id"] for order in change.before["orders"]}
    sent = {order["order_id"] for order in change.after["orders"]} - had
    live: list[WorkOrder] = [order for order in incident.orders if order.order_id in sent and order.state in LIVE]
    called = countermanded(tools, incident, live, as_written(Note("order.undone"), tools.city.info.time_zone), now, by)
    return called.incident, called.outgoing, (called.note,)


def _notices_taken_back(
    tools: Tools, incident: Incident, change: Change, now: datetime, reason: str
) -> tuple[Incident, tuple[Outgoing, ...], tuple[Note, ...]]:
    """Restore drafts to their state before the step; a notice that the step issued is lifted instead."""
    if "notices" not in (change.after or {}):
        return incident, (), ()
    if change.kind == "notice_issued":
        made = {n["notice_id"] for n in change.after["notices"] if n["status"] == NoticeStatus.ISSUED}
        public = [n for n in incident.notices if n.status is NoticeStatus.ISSUED and n.notice_id in made]
        gone = {n.notice_id: lifted(tools, n, reason.strip() or _withdrawn(), now, withdrawn=True) for n in public}
        after = replace(incident, notices=tuple(gone.get(n.notice_id, n) for n in incident.notices))
        outgoing = tuple(message for n in gone.values() for message in tools.documents.payloads(n))
        return after, outgoing, tuple(Note("notice.withdrawn", notice=notice_id) for notice_id in gone)
    old = {n["notice_id"]: from_json(n, Notice) for n in change.before["notices"]}
    touched = {n["notice_id"] for n in change.after["notices"] if n != _raw(change.before["notices"], n["notice_id"])}
    kept = []
    for notice in incident.notices:
        if notice.notice_id not in touched or notice.status in OUT:
            kept.append(notice)
        elif notice.notice_id in old:
            kept.append(old[notice.notice_id])
    drafted_at = incident.drafted_at if kept else None
    return replace(incident, notices=tuple(kept), drafted_at=drafted_at), (), ()


def _withdrawn() -> str:
    """The reason in a public notice; its English text is found by this one."""
    return Catalogue.load(LANGUAGES[0]).text("notice.lift_reason.undone")


def _raw(notices: list[dict[str, Any]], notice_id: str) -> dict[str, Any] | None:
    return next((n for n in notices if n["notice_id"] == notice_id), None)


def _alarms(state: DeskState, before: Incident, after: Incident) -> tuple[AlarmChange, ...]:
    """The alarms of a reopened case become active again, acknowledged."""
    if before.is_open() or not after.is_open():
        return ()
    alarms = [state.alarms[alarm_id] for alarm_id in after.alarm_ids if alarm_id in state.alarms]
    return tuple(
        AlarmChange(
            alarm,
            replace(alarm, state=AlarmState.ACKNOWLEDGED, returned_at=None),
            "alarm_raised",
            Note("alarm.open_with_case", alarm=alarm.alarm_id),
        )
        for alarm in alarms
        if alarm.state is AlarmState.CLEARED
    )


def _told_again(tools: Tools, before: Incident, after: Incident, change: Change, now: datetime) -> tuple[Outgoing, ...]:
    """The area alert; for a reopened case also its open orders, which may have been withdrawn before they were sent."""
    if after.phase is before.phase or change.kind not in ("burst_judged", "incident_dismissed", "phase_closed"):
        return ()
    reopened = after.is_open() and not before.is_open()
    orders = [order_message(tools, after, o, now, action="revised") for o in live_orders(after)] if reopened else []
    return (*area_alert(tools, after, _status(after), now), *orders)


def _status(incident: Incident) -> str:
    return "suspected" if incident.phase is Phase.SUSPECTED else "verified"


HANDLERS = (Handler(UndoLast, undo_last, Permission.CASES),)
