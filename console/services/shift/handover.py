"""Handover of a shift: what is open, and two people who sign the same list.

The list is made from the state when they sign. It must be the one they saw: otherwise it is refused, shown with what
changed, and signed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import GRANTED, Actor, Permission
from console.domain.alarms import Alarm, AlarmKind, AlarmState
from console.domain.changes import ChangeSet
from console.domain.health import FAULT_NAMES, FeedHealth
from console.domain.incidents import Incident, Phase
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.notices import NoticeStatus
from console.domain.picture import Picture
from console.domain.record_ids import provisional_id
from console.domain.shift import DUTY, HANDOVER, Duty, Handover, HandoverItem, ItemChange, Part, Signature
from console.domain.targets import Targets
from console.services.changesets import Refused, recorded
from console.services.crews.orders import LIVE
from console.services.handling import Handler
from console.services.incidents.escalations import deadlines
from console.services.incidents.joint_plans import merged
from console.services.location.place_note import title_note
from console.services.shift.duty import begun_note, ended_note, on_duty
from console.services.shift.words import LONGEST_TEXT, folded, line
from console.services.state import DeskState
from console.services.tools import Tools

OBSERVED = (Part.UNSENT, Part.FAULTS)
"""Sections that come from the running program (its outbox, its feeds), not from records."""

Items = tuple[HandoverItem, ...]


@dataclass(frozen=True, slots=True)
class SignHandover(Intent):
    """Both sign. ``preview``: the list as it was first shown, at ``previewed_at``; ``seen``: as it stood when they signed."""

    outgoing: Signature
    incoming: Signature
    preview: Items
    previewed_at: datetime
    seen: Items
    remarks: str = ""


class HandoverChanged(Refused):
    """The list is another one than both saw; nothing was written. ``changes``: the differences."""

    def __init__(self, changes: tuple[ItemChange, ...]) -> None:
        self.changes = changes
        super().__init__("handover_changed", n=str(len(changes)))


def sign(tools: Tools, state: DeskState, intent: SignHandover, actor: Actor, now: datetime) -> ChangeSet:
    """Keep the handover with its exact content; the one goes off duty, the other on."""
    outgoing, incoming = _signer(intent.outgoing), _signer(intent.incoming)
    if _same_person(outgoing, incoming):
        raise Refused("handover_one_person", name=incoming.name)
    if tools.settings.signs_in and not (outgoing.is_verified and incoming.is_verified):
        raise Refused("handover_unverified")
    for one in (outgoing, incoming):
        if one.is_verified and Permission.SHIFT not in GRANTED[one.role]:
            raise Refused("not_permitted", user=one.name, role=one.role, intent="sign_handover")
    observed = tuple(item for item in intent.seen if item.part in OBSERVED)
    items = (*kept_items(tools.settings.targets, state), *observed)
    if changed := differences(intent.seen, items):
        raise HandoverChanged(changed)
    going = [duty for duty in on_duty(state) if duty.seat == actor.seat and _is(duty, outgoing)]
    handover = Handover(
        provisional_id(HANDOVER),
        now,
        intent.previewed_at,
        outgoing,
        incoming,
        items,
        differences(intent.preview, items),
        intent.remarks.strip()[:LONGEST_TEXT],
        actor.seat,
        min((duty.began_at for duty in going), default=None),
        tools.is_drill,
        actor.area,
    )
    steps = [recorded(None, handover, "handover_signed", handover_note(handover))]
    steps += [_ended(duty, handover, now) for duty in going]
    if not any(duty.seat == actor.seat and _is(duty, incoming) for duty in on_duty(state)):
        steps.append(_begun(incoming, handover, now))
    return merged(*steps)


def handover_note(one: Handover) -> Note:
    """The handover in one line, and whether passwords prove who signed."""
    return Note(
        "shift.handed_over" if one.is_verified else "shift.handed_over_typed",
        handover=one.handover_id,
        outgoing=one.outgoing.name,
        incoming=one.incoming.name,
        n=len(one.items),
    )


def kept_items(targets: Targets, state: DeskState) -> Items:
    """What is open by the records, by section; the same state gives the same list."""
    cases = sorted((one for one in state.incidents.values() if one.is_open()), key=lambda one: one.incident_id)
    alarms = sorted(state.alarms.values(), key=lambda one: one.alarm_id)
    return (
        *(_case_item(targets, one) for one in cases),
        *(item for one in cases for item in _valve_items(one)),
        *(item for one in cases for item in _crew_items(state, one)),
        *(_shelved_item(one) for one in alarms if one.state is AlarmState.SHELVED),
        *(_aside_item(one) for one in alarms if one.state is AlarmState.OUT_OF_SERVICE),
        *(_works_item(one) for one in alarms if one.kind is AlarmKind.OPERATION and one.state is not AlarmState.CLEARED),
    )


def observed_items(picture: Picture) -> Items:
    """What the running program shows: messages that have not left, feeds and parts that do not work."""
    unsent = [
        HandoverItem(
            Part.UNSENT,
            f"{one.outgoing_id}/{one.channel}",
            Note(
                "handover.unsent",
                kind=Code("message_kind", one.kind),
                subject=one.subject,
                case=one.incident_id,
                reason=Code("undelivered", one.reason),
            ),
        )
        for one in sorted(picture.undelivered, key=lambda one: (one.outgoing_id, one.channel))
    ]
    ill = [one for one in picture.feeds if one.state == "down"] + [one for one in picture.channels if one.state == "down"]
    faults = {f"{'fault' if one.name in FAULT_NAMES else type(one).__name__}/{one.name}": one for one in ill}
    return (
        *unsent,
        *(
            HandoverItem(
                Part.FAULTS, key, Note("handover.feed" if isinstance(one, FeedHealth) else "handover.channel", name=one.name)
            )
            for key, one in sorted(faults.items())
        ),
    )


def picture_items(targets: Targets, picture: Picture) -> Items:
    """The whole list as a picture shows it."""
    state = DeskState(crews={crew.crew_id: crew for crew in picture.crews}).with_records((*picture.incidents, *picture.alarms))
    return (*kept_items(targets, state), *observed_items(picture))


def differences(before: Sequence[HandoverItem], after: Sequence[HandoverItem]) -> tuple[ItemChange, ...]:
    """What came, went or changed between two lists, in the order of the later one, what went last."""
    old, new = ({(item.part, item.key): item for item in items} for items in (before, after))
    changed = [ItemChange(old.get(key), item) for key, item in new.items() if old.get(key) != item]
    return (*changed, *(ItemChange(item, None) for key, item in old.items() if key not in new))


def next_steps(incident: Incident) -> tuple[str, ...]:
    """What the case needs next: codes of ``next_step``, one for the work and one for its notice."""
    if not incident.is_open():
        return ()
    if incident.phase is Phase.SUSPECTED:
        return ("judge",)
    notice = _notice_step(incident)
    return (_work_step(incident), *((notice,) if notice else ()))


def _work_step(incident: Incident) -> str:
    match incident.phase:
        case Phase.VERIFIED | Phase.ISOLATING:
            return "isolate"
        case Phase.ISOLATED | Phase.REPAIRING:
            return "repair"
    if incident.closed_valves():
        return "valves_back"
    sample = incident.sample
    return "close" if sample is not None and (sample.passed or sample.waived_by) else "sample"


def _notice_step(incident: Incident) -> str:
    if not incident.notices:
        return "draft_notice"
    steps = {
        NoticeStatus.DRAFT: "submit_notice",
        NoticeStatus.SUBMITTED: "approve_notice",
        NoticeStatus.APPROVED: "issue_notice",
        NoticeStatus.ISSUED: "lift_notice",
    }
    return steps.get(incident.notices[-1].status, "")


def _case_item(targets: Targets, incident: Incident) -> HandoverItem:
    nearest = deadlines(targets, incident)
    note = Note(
        "handover.case",
        case=incident.incident_id,
        place=title_note(incident),
        phase=Code("phase", incident.phase),
        steps=[Code("next_step", step) for step in next_steps(incident)],
        goal=Note("handover.goal", goal=Code("goal", nearest[0].goal), due=nearest[0].due_at) if nearest else NO_NOTE,
    )
    return HandoverItem(Part.CASES, incident.incident_id, note, nearest[0].due_at if nearest else None)


def _valve_items(incident: Incident) -> Items:
    return tuple(
        HandoverItem(
            Part.VALVES,
            f"{incident.incident_id}/{mark.valve_id}",
            Note("handover.valve_closed", valve=mark.valve_id, case=incident.incident_id, at=mark.at, user=mark.by)
            if mark.operated
            else Note(
                "handover.valve_unable",
                valve=mark.valve_id,
                case=incident.incident_id,
                why=Code("unable", mark.unable) if mark.unable is not None else "",
            ),
        )
        for mark in incident.valve_marks
        if mark.operated or mark.unable is not None
    )


def _crew_items(state: DeskState, incident: Incident) -> Items:
    live = [order for order in incident.orders if order.state in LIVE]
    names = {order.crew_id: state.crews[order.crew_id].name for order in live if order.crew_id in state.crews}
    return tuple(
        HandoverItem(
            Part.CREWS,
            order.order_id,
            Note(
                "handover.crew",
                crew=names.get(order.crew_id) or order.crew_id,
                case=incident.incident_id,
                kind=Code("order_kind", order.kind),
                state=Code("order_state", order.state),
                at=order.sent_at,
            ),
        )
        for order in live
    )


def _shelved_item(alarm: Alarm) -> HandoverItem:
    until = Note("handover.until", at=alarm.shelved_until) if alarm.shelved_until is not None else NO_NOTE
    note = Note("handover.shelved", alarm=_alarm(alarm), until=until, reason=alarm.shelved_reason)
    return HandoverItem(Part.SHELVED, alarm.alarm_id, note, alarm.shelved_until)


def _aside_item(alarm: Alarm) -> HandoverItem:
    note = Note("handover.out_of_service", alarm=_alarm(alarm), reason=alarm.shelved_reason)
    return HandoverItem(Part.OUT_OF_SERVICE, alarm.alarm_id, note)


def _works_item(alarm: Alarm) -> HandoverItem:
    ends = Note("handover.until", at=alarm.ends_at) if alarm.ends_at is not None else NO_NOTE
    note = Note(
        "handover.works",
        what=Code("operation", alarm.code),
        place=alarm.subject,
        at=alarm.raised_at,
        until=ends,
        more=alarm.detail,
    )
    return HandoverItem(Part.WORKS, alarm.alarm_id, note, alarm.ends_at)


def _alarm(alarm: Alarm) -> Note:
    return Note("handover.alarm", alarm=alarm.alarm_id, kind=Code("alarm_kind", alarm.kind), subject=alarm.subject)


def _signer(given: Signature) -> Signature:
    name = line(given.name)
    if not name:
        raise Refused("handover_name")
    return replace(given, name=name)


def _same_person(one: Signature, other: Signature) -> bool:
    return folded(one.name) == folded(other.name) or one.actor_id == other.actor_id


def _is(duty: Duty, signer: Signature) -> bool:
    return duty.actor_id == signer.actor_id or folded(duty.name) == folded(signer.name)


def _ended(duty: Duty, handover: Handover, now: datetime) -> ChangeSet:
    after = replace(duty, ended_at=now, handover_id=handover.handover_id)
    return recorded(duty, after, "shift_ended", ended_note(duty, duty.name))


def _begun(signer: Signature, handover: Handover, now: datetime) -> ChangeSet:
    duty = Duty(
        provisional_id(DUTY),
        signer.actor_id,
        signer.name,
        handover.seat,
        now,
        signer.is_verified,
        signer.role,
        area=handover.area,
    )
    return recorded(None, duty, "shift_begun", begun_note(duty))


HANDLERS = (Handler(SignHandover, sign, Permission.SHIFT),)
