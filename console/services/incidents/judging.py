"""Judging a case and advancing its phase: verified, isolated with evidence, restored, closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from console.domain.actors import Actor, Permission
from console.domain.alarms import Alarm, AlarmState
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident, OrderKind, Phase
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Code, Note, joined
from console.domain.notices import NoticeStatus
from console.domain.outgoing import Outgoing
from console.services.changesets import AlarmChange, Refused, incident_of, recorded
from console.services.crews.orders import countermanded, free_crews, live_orders, live_work, send
from console.services.handling import Handler
from console.services.incidents.case_plan import planned
from console.services.incidents.messages import area_alert, order_message, order_text
from console.services.location.place_note import place_note
from console.services.note_texts import as_written
from console.services.state import DeskState
from console.services.tools import Tools

FARTHEST = timedelta(days=3 * 365)
"""A planned time farther away is a slip of the keyboard, and the year 9999 has no time in the city's zone."""


@dataclass(frozen=True, slots=True)
class JudgeBurst(Intent):
    """The dispatcher judges it a burst on these pipes (first candidate or selected by hand); a site check is sent."""

    incident_id: str
    pipe_ids: tuple[str, ...]
    ground: str = "judgement"


@dataclass(frozen=True, slots=True)
class DismissIncident(Intent):
    """Not a burst, with the reason."""

    incident_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SetRestoration(Intent):
    """Correct the estimated time of restoration by hand (aware UTC)."""

    incident_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AdvancePhase(Intent):
    """Move the case to a later phase, with the evidence for it ("isolated" needs some)."""

    incident_id: str
    phase: Phase
    evidence: str = ""


_ORDER = tuple(Phase)


def judge(tools: Tools, state: DeskState, intent: JudgeBurst, actor: Actor, now: datetime) -> ChangeSet:
    """Judge a burst on these pipes: new plan, site check to the nearest free crew, restoration estimate, area alert."""
    incident = incident_of(state, intent.incident_id)
    pipes = _existing(tools, intent.pipe_ids)
    if incident.work is not None:
        raise Refused("case_is_outage", incident=incident.incident_id, outage=incident.work.outage_id)
    if incident.phase not in (Phase.SUSPECTED, Phase.VERIFIED, Phase.ISOLATING):
        raise Refused("past_judging", incident=incident.incident_id, phase=incident.phase)
    if incident.burst_pipes == pipes and incident.ground == intent.ground and incident.phase is not Phase.SUSPECTED:
        raise Refused("already_judged", incident=incident.incident_id, pipes=", ".join(pipes))
    phase = Phase.VERIFIED if incident.phase is Phase.SUSPECTED else incident.phase
    after = replace(incident, burst_pipes=pipes, ground=intent.ground, phase=phase, verified_at=incident.verified_at or now)
    after = planned(tools, state, after)
    place = incident.place if incident.place is not None and incident.place.pipe_id == pipes[0] else tools.places.place(pipes[0])
    after = replace(after, place=place, title=as_written(place_note(place), tools.city.info.time_zone))
    after, outgoing, order_note = _checked_on_site(tools, state, after, now)
    after = _estimated(tools, after, now)
    note = Note("case.judged", ground=Code("ground", intent.ground), pipes=pipes, order=order_note)
    return recorded(
        incident,
        after,
        "burst_judged",
        note,
        alarms=_acknowledged(state, incident, actor.name, now),
        outgoing=(*area_alert(tools, after, "verified", now), *outgoing),
    )


def dismiss(tools: Tools, state: DeskState, intent: DismissIncident, actor: Actor, now: datetime) -> ChangeSet:
    """Dismiss as no burst: close the case with its reason; countermand what was sent."""
    incident = incident_of(state, intent.incident_id)
    if incident.work is not None:
        raise Refused("case_is_outage", incident=incident.incident_id, outage=incident.work.outage_id)
    if not intent.reason.strip():
        raise Refused("dismiss_reason")
    issued = [n.notice_id for n in incident.notices if n.status is NoticeStatus.ISSUED]
    if issued:
        raise Refused("notice_public", notice=issued[0])
    _valves_back(incident)
    called = countermanded(tools, incident, live_orders(incident), intent.reason, now, actor.name)
    after = replace(
        called.incident, phase=Phase.CLOSED, closed_at=now, closed_by=actor.name, close_reason=intent.reason, dismissed=True
    )
    return recorded(
        incident,
        after,
        "incident_dismissed",
        joined(Note("case.dismissed", reason=intent.reason), called.note),
        alarms=_cleared(state, incident, actor.name, now),
        outgoing=(*area_alert(tools, after, "cancelled", now), *called.outgoing),
    )


def advance(tools: Tools, state: DeskState, intent: AdvancePhase, actor: Actor, now: datetime) -> ChangeSet:
    """Advance to a later phase, with the evidence it needs."""
    incident = incident_of(state, intent.incident_id)
    if incident.phase is Phase.SUSPECTED:
        raise Refused("not_judged", incident=incident.incident_id)
    if _ORDER.index(intent.phase) <= _ORDER.index(incident.phase):
        raise Refused("already_there", incident=incident.incident_id, phase=incident.phase)
    after = replace(incident, phase=intent.phase)
    alarms: tuple[AlarmChange, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    if intent.phase is Phase.ISOLATED:
        _evidence_of_isolation(incident, intent.evidence)
        after = replace(after, isolated_at=now)
    if intent.phase is Phase.CLOSED:
        require_restored(incident)
        issued = [n.notice_id for n in incident.notices if n.status is NoticeStatus.ISSUED]
        if issued:
            raise Refused("notice_public", notice=issued[0])
        after = replace(after, closed_at=now, closed_by=actor.name, close_reason=intent.evidence.strip())
        alarms = _cleared(state, incident, actor.name, now)
        outgoing = area_alert(tools, after, "cancelled", now)
    evidence = Note("case.evidence", evidence=intent.evidence.strip()) if intent.evidence.strip() else NO_NOTE
    note = Note("case.phase", before=Code("phase", incident.phase), after=Code("phase", intent.phase), evidence=evidence)
    return recorded(incident, after, f"phase_{intent.phase.value}", note, alarms=alarms, outgoing=outgoing)


def set_restoration(tools: Tools, state: DeskState, intent: SetRestoration, actor: Actor, now: datetime) -> ChangeSet:
    """Set the estimate by hand; later judgements do not change it."""
    incident = incident_of(state, intent.incident_id)
    if intent.at.tzinfo is None:
        raise Refused("restoration_zone")
    if intent.at <= now:
        raise Refused("restoration_past")
    if intent.at > now + FARTHEST:
        raise Refused("restoration_far", years=f"{FARTHEST.days / 365:.0f}")
    after = replace(incident, restoration_at=intent.at.astimezone(UTC), restoration_by=actor.name)
    note = Note("case.restoration", at=intent.at, user=actor.name)
    return recorded(incident, after, "restoration_set", note)


def require_restored(incident: Incident) -> None:
    """Raises Refused unless all valves are restored and the sample has passed or is waived by name."""
    _valves_back(incident)
    if incident.closed_valves() or not any(mark.closed for mark in incident.valve_marks):
        return
    sample = incident.sample
    if sample is None or not (sample.passed or sample.waived_by):
        raise Refused("sample_wanted")


def _valves_back(incident: Incident) -> None:
    out = incident.closed_valves()
    if out:
        raise Refused("valves_out", valves=", ".join(out))


def _existing(tools: Tools, pipe_ids: tuple[str, ...]) -> tuple[str, ...]:
    if not pipe_ids:
        raise Refused("no_pipe")
    tools.city.network.pipes.rows(pipe_ids)
    return tuple(dict.fromkeys(pipe_ids))


def _checked_on_site(
    tools: Tools, state: DeskState, incident: Incident, now: datetime
) -> tuple[Incident, tuple[Outgoing, ...], Note]:
    """Send a site check to the nearest free crew; a crew already sent gets the corrected pipe instead."""
    live = live_work(incident)
    if live:
        return redirected(tools, incident, now)
    if incident.ground == "on_site":
        return incident, (), Note("case.confirmed_on_site")
    crews = free_crews(tools, state, incident, now)
    if not crews:
        return incident, (), Note("case.no_free_crew")
    sent = send(tools, incident, crews[0], OrderKind.SITE_CHECK, now)
    return sent.incident, sent.outgoing, sent.note


def redirected(tools: Tools, incident: Incident, now: datetime) -> tuple[Incident, tuple[Outgoing, ...], Note]:
    """Open orders that name another pipe than the case's place are revised."""
    place = incident.place
    stale = {order.order_id for order in live_work(incident) if place is not None and order.pipe_id != place.pipe_id}
    if place is None or not stale:
        return incident, (), Note("case.crew_there")
    orders = tuple(
        replace(o, pipe_id=place.pipe_id, text=order_text(o.kind, incident, place, None), eta_minutes=None)
        if o.order_id in stale
        else o
        for o in incident.orders
    )
    after = replace(incident, orders=orders)
    messages = tuple(order_message(tools, after, o, now, action="revised") for o in orders if o.order_id in stale)
    return after, messages, Note("order.redirected", orders=sorted(stale))


def _estimated(tools: Tools, incident: Incident, now: datetime) -> Incident:
    if incident.restoration_by or incident.place is None:
        return incident
    travel = max((order.eta_minutes or 0.0 for order in live_work(incident)), default=0.0)
    at = tools.restoration.expected_end(
        incident.place.diameter_mm, incident.place.material, now, tools.city.info.time_zone, travel
    )
    return replace(incident, restoration_at=at)


def _evidence_of_isolation(incident: Incident, evidence: str) -> None:
    """Evidence for *isolated*. Raises Refused with the valves that may be passing, ranked."""
    if evidence.strip():
        return
    rank = {"unknown_state": 0, "assumed": 1, "closed": 2, "closed_pipe": 2, "one_way": 3}
    relied = sorted(incident.plan.relies_on if incident.plan else (), key=lambda r: (rank.get(r.why, 4), r.last_checked))
    passing = [*incident.unable_valves(), *(reliance.asset_id for reliance in relied)][:5]
    if passing:
        raise Refused("evidence_passing", valves=", ".join(passing))
    raise Refused("evidence")


def _acknowledged(state: DeskState, incident: Incident, user: str, now: datetime) -> tuple[AlarmChange, ...]:
    """Judging a case acknowledges its alarm."""
    return tuple(
        AlarmChange(
            alarm,
            replace(alarm, state=AlarmState.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=user),
            "alarm_acknowledged",
            Note("alarm.acknowledged_with_case", user=user, alarm=alarm.alarm_id),
        )
        for alarm in _alarms(state, incident)
        if alarm.state is AlarmState.ACTIVE
    )


def _cleared(state: DeskState, incident: Incident, user: str, now: datetime) -> tuple[AlarmChange, ...]:
    return tuple(
        AlarmChange(
            alarm,
            replace(
                alarm,
                state=AlarmState.CLEARED,
                returned_at=now,
                acknowledged_at=alarm.acknowledged_at or now,
                acknowledged_by=alarm.acknowledged_by or user,
                shelved_until=None,
            ),
            "alarm_cleared",
            Note("alarm.cleared_with_case", alarm=alarm.alarm_id, case=incident.incident_id),
        )
        for alarm in _alarms(state, incident)
        if alarm.state is not AlarmState.CLEARED
    )


def _alarms(state: DeskState, incident: Incident) -> list[Alarm]:
    return [state.alarms[alarm_id] for alarm_id in incident.alarm_ids if alarm_id in state.alarms]


HANDLERS = (
    Handler(JudgeBurst, judge, Permission.CASES, undoable=("burst_judged",)),
    Handler(DismissIncident, dismiss, Permission.CASES, undoable=("incident_dismissed",)),
    Handler(AdvancePhase, advance, Permission.CASES, undoable=tuple(f"phase_{phase.value}" for phase in Phase)),
    Handler(SetRestoration, set_restoration, Permission.CASES, undoable=("restoration_set",)),
)
