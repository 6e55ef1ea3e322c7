"""Escalation before a target is missed: a warning before the deadline and a line when it has passed, each once.

What was said is kept in the case or the alarm itself, so it is not said again after a restart, by another process, or when the
clock is set back. A clock that jumps forward, or a program that was off, gives the miss alone, with its deadline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from console.domain.alarms import Alarm, AlarmKind, AlarmState, Priority
from console.domain.changes import ChangeSet, canonical_json
from console.domain.incidents import Incident, OrderState, Phase
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.notices import NoticeStatus
from console.domain.outgoing import MessageKind, Outgoing
from console.domain.targets import Escalation, Goal, Step, Targets
from console.services.changesets import NOTHING, AlarmChange, recorded, recorded_alarms
from console.services.incidents.joint_plans import merged
from console.services.location.place_note import title_note
from console.services.note_texts import in_each_language
from console.services.state import DeskState
from console.services.tools import Tools

_ON_SITE = (OrderState.ON_SITE, OrderState.DONE)
_NO_ORDER = (OrderState.REFUSED, OrderState.COUNTERMANDED)
_KINDS = {Step.WARNED: "target_warned", Step.MISSED: "target_missed"}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A goal of an open case that is not reached, and until when it should be."""

    goal: Goal
    due_at: datetime


def deadlines(targets: Targets, incident: Incident) -> tuple[Deadline, ...]:
    """What an open case still has to reach, the nearest first; goals without a target or a beginning are left out."""
    if not incident.is_open():
        return ()
    found = [
        Deadline(goal, due)
        for goal, begin, is_reached in goals(incident)
        if not is_reached and (due := _due(targets, goal, begin)) is not None
    ]
    return tuple(sorted(found, key=lambda one: one.due_at))


def standing(targets: Targets, incident: Incident) -> tuple[Escalation, ...]:
    """Escalations of a case whose goal is still not reached, the last step of each."""
    due = {(one.goal, one.due_at) for one in deadlines(targets, incident)}
    last = {one.goal: one for one in incident.escalations if (one.goal, one.due_at) in due}
    return tuple(last.values())


def on_time(tools: Tools, state: DeskState, now: datetime) -> ChangeSet:
    """What has to be said now about the targets of open cases, and of alarms that nobody has acknowledged."""
    targets = tools.settings.targets
    steps = [_of_case(tools, targets, incident, now) for incident in state.incidents.values() if incident.is_open()]
    return merged(*steps, _of_alarms(tools, targets, state.alarms.values(), now))


def _of_case(tools: Tools, targets: Targets, incident: Incident, now: datetime) -> ChangeSet:
    new = [
        step
        for one in deadlines(targets, incident)
        if (step := _step(tools, targets, one, incident.escalations, now)) is not None
    ]
    if not new:
        return NOTHING
    kind = _KINDS[Step.MISSED if any(one.step is Step.MISSED for one in new) else Step.WARNED]
    after = replace(incident, escalations=(*incident.escalations, *new))
    note = Note("all", parts=[_note(one) for one in new]) if len(new) > 1 else _note(new[0])
    outgoing = [_message(tools, one, now, _about_case(incident)) for one in new if one.address]
    return recorded(incident, after, kind, note, outgoing=outgoing)


def _of_alarms(tools: Tools, targets: Targets, alarms: Iterable[Alarm], now: datetime) -> ChangeSet:
    """Alarms that call somebody: bursts and critical ones. A flood of station alarms escalates by its burst, not one by one."""
    target = targets.acknowledge
    if not target.minutes:
        return NOTHING
    changes, outgoing = list[AlarmChange](), list[Outgoing]()
    for alarm in alarms:
        if alarm.state is not AlarmState.ACTIVE or not (alarm.kind is AlarmKind.BURST or alarm.priority is Priority.CRITICAL):
            continue
        due = Deadline(Goal.ACKNOWLEDGE, alarm.raised_at + timedelta(minutes=target.minutes))
        step = _step(tools, targets, due, alarm.escalations, now)
        if step is not None:
            after = replace(alarm, escalations=(*alarm.escalations, step))
            changes.append(AlarmChange(alarm, after, _KINDS[step.step], _note(step)))
            outgoing += [_message(tools, step, now, {"alarm_id": alarm.alarm_id, "incident_id": alarm.incident_id})] * bool(
                step.address
            )
    if not changes:
        return NOTHING
    return replace(recorded_alarms(changes), outgoing=tuple(outgoing))


def _step(tools: Tools, targets: Targets, deadline: Deadline, said: Sequence[Escalation], now: datetime) -> Escalation | None:
    """The step that is due now and was not said yet; once a miss was said, no warning for it comes."""
    done = {one.step for one in said if (one.goal, one.due_at) == (deadline.goal, deadline.due_at)}
    target = targets.of(deadline.goal)
    if now >= deadline.due_at:
        step = Step.MISSED
    elif target.warn_minutes and now >= deadline.due_at - timedelta(minutes=target.warn_minutes):
        step = Step.WARNED
    else:
        return None
    if step in done or Step.MISSED in done:
        return None
    return Escalation(deadline.goal, step, deadline.due_at, now, target.tell, tools.settings.supervisor_address)


def goals(incident: Incident) -> tuple[tuple[Goal, datetime | None, bool], ...]:
    """(goal, its beginning or for the restoration its deadline, whether it is reached); of planned work the restoration alone."""
    alert = incident.alerted_at or incident.opened_at
    orders = [order for order in incident.work_orders() if order.state not in _NO_ORDER]
    lifted = bool(incident.notices) and all(one.status is NoticeStatus.LIFTED for one in incident.notices)
    restore = (Goal.RESTORE, incident.restoration_at, lifted)
    if incident.work is not None:
        return (restore,)
    is_past = incident.phase in (Phase.ISOLATED, Phase.REPAIRING, Phase.RESTORING)
    return (
        (Goal.JUDGE, alert, incident.verified_at is not None),
        (Goal.ISSUE, alert, incident.issued_at is not None),
        (Goal.CREW_ARRIVAL, min((order.sent_at for order in orders), default=None), any(o.state in _ON_SITE for o in orders)),
        (Goal.ISOLATE, incident.verified_at, incident.isolated_at is not None or is_past),
        restore,
    )


def _due(targets: Targets, goal: Goal, begin: datetime | None) -> datetime | None:
    target = targets.of(goal)
    if begin is None or (goal is not Goal.RESTORE and not target.minutes):
        return None
    return begin if goal is Goal.RESTORE else begin + timedelta(minutes=target.minutes)


def _note(one: Escalation) -> Note:
    sent = Note("escalation.message", address=one.address) if one.address else Note("escalation.no_address")
    late = Note("escalation.noticed", at=one.at) if one.step is Step.MISSED and one.at - one.due_at > _LATE else NO_NOTE
    return Note(
        "escalation.missed" if one.step is Step.MISSED else "escalation.warned",
        goal=Code("goal", one.goal),
        due=one.due_at,
        role=Code("role", one.tell),
        late=late,
        sent=sent,
    )


_LATE = timedelta(minutes=1)
"""Noticed later than this after the deadline: the program was off or the clock was set."""


def _about_case(incident: Incident) -> dict[str, object]:
    title = in_each_language(title_note(incident)) if incident.place is not None else {}
    return {"incident_id": incident.incident_id, "title": title, "exercise": incident.is_drill}


def _message(tools: Tools, one: Escalation, now: datetime, about: dict[str, object]) -> Outgoing:
    zone = tools.city.info.time_zone
    body = {
        "exercise": tools.is_drill,
        **about,
        "goal": one.goal.value,
        "step": one.step.value,
        "due": one.due_at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds"),
        "t": now.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds"),
        "tell": one.tell.value,
        "text": in_each_language(_note(one), zone),
    }
    return Outgoing(MessageKind.ESCALATION, one.address, canonical_json(body))
