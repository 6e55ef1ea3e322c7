"""Planning an outage: its pipes and window, who was told, cancelling it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.contacts import CONTACT
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.notices import NoticeStatus
from console.domain.outages import OUTAGE, CriticalContact, Outage, OutagePurpose, OutageState
from console.domain.outgoing import Outgoing
from console.domain.record_ids import provisional_id
from console.services.changesets import NOTHING, Refused, incident_of, recorded
from console.services.handling import Handler
from console.services.incidents.judging import FARTHEST
from console.services.notices.lifecycle import lifted
from console.services.shift.words import line
from console.services.state import DeskState
from console.services.tools import Tools
from maps.isolation import ValveOverride

LONGEST_REASON = 300
"""Letters of a reason, which goes into the notice in one line."""


@dataclass(frozen=True, slots=True)
class PlanOutage(Intent):
    """A draft of a planned outage. ``from_case``: of the case whose repair it is, "" for none. Times aware."""

    pipe_ids: tuple[str, ...]
    purpose: OutagePurpose
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    unable: tuple[str, ...] = ()
    from_case: str = ""


@dataclass(frozen=True, slots=True)
class ChangeOutage(Intent):
    """Another purpose, reason, window, crews or set of valves that do not close, before the outage runs."""

    outage_id: str
    purpose: OutagePurpose
    starts_at: datetime
    ends_at: datetime
    reason: str
    crews: tuple[str, ...] = ()
    unable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmOutage(Intent):
    """The draft is planned: it stands in the calendar as settled. ``conflict_reason``: why in spite of a conflict."""

    outage_id: str
    conflict_reason: str = ""


@dataclass(frozen=True, slots=True)
class TellCritical(Intent):
    """A critical customer was told: ``how`` (phone, visit, in whose person), on which ``phone``."""

    outage_id: str
    customer_id: str
    how: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class CancelOutage(Intent):
    """Call the outage off, with the reason; a notice in force is lifted with it."""

    outage_id: str
    reason: str


def plan(tools: Tools, state: DeskState, intent: PlanOutage, actor: Actor, now: datetime) -> ChangeSet:
    """A new draft with its plan. Raises Refused and UnknownAsset."""
    if not intent.pipe_ids:
        raise Refused("no_pipe")
    tools.city.network.pipes.rows(intent.pipe_ids)
    _valid_window(intent.starts_at, intent.ends_at, now)
    if intent.from_case:
        incident_of(state, intent.from_case)
    year = intent.starts_at.astimezone(ZoneInfo(tools.city.info.time_zone)).year
    outage = Outage(
        outage_id=provisional_id(OUTAGE, str(year)),
        purpose=intent.purpose,
        pipe_ids=tuple(dict.fromkeys(intent.pipe_ids)),
        starts_at=intent.starts_at.astimezone(UTC),
        ends_at=intent.ends_at.astimezone(UTC),
        created_at=now,
        created_by=actor.name,
        reason=line(intent.reason, LONGEST_REASON),
        unable=tuple(sorted(set(intent.unable))),
        from_case=intent.from_case,
        place=tools.places.place(intent.pipe_ids[0]),
        is_drill=tools.is_drill,
    )
    outage = with_plan(tools, state, outage)
    note = Note("outage.drafted", user=actor.name, purpose=Code("outage_purpose", outage.purpose), pipes=outage.pipe_ids)
    return recorded(None, outage, "outage_drafted", note)


def change(tools: Tools, state: DeskState, intent: ChangeOutage, actor: Actor, now: datetime) -> ChangeSet:
    """Change what is planned; a notice in force then contradicts it until it is updated. Raises Refused."""
    outage = ahead_of(state, intent.outage_id)
    _valid_window(intent.starts_at, intent.ends_at, now)
    for crew_id in intent.crews:
        if crew_id not in state.crews:
            raise Refused("no_crew", crew=crew_id)
    after = replace(
        outage,
        purpose=intent.purpose,
        starts_at=intent.starts_at.astimezone(UTC),
        ends_at=intent.ends_at.astimezone(UTC),
        reason=line(intent.reason, LONGEST_REASON),
        crews=tuple(dict.fromkeys(intent.crews)),
        unable=tuple(sorted(set(intent.unable))),
    )
    if after.unable != outage.unable:
        after = with_plan(tools, state, after)
    if after == outage:
        return NOTHING
    note = Note("outage.changed", outage=outage.outage_id, user=actor.name, start=after.starts_at, end=after.ends_at)
    return recorded(outage, after, "outage_changed", note)


def confirm(tools: Tools, state: DeskState, intent: ConfirmOutage, actor: Actor, now: datetime) -> ChangeSet:
    """Draft to planned. Raises Refused: without a reason for the notice, with a conflict that nobody answered for."""
    outage = ahead_of(state, intent.outage_id)
    if outage.state is not OutageState.DRAFT:
        raise Refused("outage_not_draft", outage=outage.outage_id, outage_state=outage.state)
    _valid_window(outage.starts_at, outage.ends_at, now)
    if not outage.reason:
        raise Refused("outage_reason", outage=outage.outage_id)
    despite, names = (
        line(intent.conflict_reason, LONGEST_REASON),
        sorted({one for c in outage.conflicts for one in c.with_incidents}),
    )
    if names and not despite:
        households = str(sum(one.households for one in outage.conflicts))
        raise Refused("outage_conflict", outage=outage.outage_id, others=", ".join(names), n=households)
    loud = Note("outage.despite", others=names, reason=despite) if names else NO_NOTE
    note = Note("outage.planned", outage=outage.outage_id, user=actor.name, despite=loud)
    return recorded(outage, replace(outage, state=OutageState.PLANNED), "outage_planned", note)


def tell(tools: Tools, state: DeskState, intent: TellCritical, actor: Actor, now: datetime) -> ChangeSet:
    """A critical customer was told, by this person, now. Raises Refused."""
    outage = open_of(state, intent.outage_id)
    known = next((one for one in outage.contacts if one.customer_id == intent.customer_id), None)
    if known is None:
        raise Refused("outage_no_contact", outage=outage.outage_id, customer=intent.customer_id)
    if not intent.how.strip():
        raise Refused("outage_told_how", customer=known.name)
    told = replace(known, phone=line(intent.phone) or known.phone, told_by=actor.name, told_at=now, how=line(intent.how))
    contacts = tuple(told if one is known else one for one in outage.contacts)
    note = Note("outage.told", outage=outage.outage_id, user=actor.name, customer=known.name, how=told.how)
    return recorded(outage, replace(outage, contacts=contacts), "outage_told", note)


def cancel(tools: Tools, state: DeskState, intent: CancelOutage, actor: Actor, now: datetime) -> ChangeSet:
    """Call it off: a notice in force is lifted (CAP Cancel). Raises Refused."""
    outage, reason = ahead_of(state, intent.outage_id), line(intent.reason, LONGEST_REASON)
    if not reason:
        raise Refused("outage_cancel_reason", outage=outage.outage_id)
    gone = {
        one.notice_id: lifted(tools, one, reason, now, withdrawn=True)
        for one in outage.notices
        if one.status is NoticeStatus.ISSUED
    }
    outgoing: list[Outgoing] = [message for one in gone.values() for message in tools.documents.payloads(one)]
    notices = tuple(gone.get(one.notice_id, one) for one in outage.notices)
    after = replace(outage, state=OutageState.CANCELLED, ended_at=now, cancel_reason=reason, notices=notices, conflicts=())
    note = Note("outage.cancelled", outage=outage.outage_id, user=actor.name, reason=reason)
    return recorded(outage, after, "outage_cancelled", note, outgoing=outgoing)


def with_plan(tools: Tools, state: DeskState, outage: Outage) -> Outage:
    """The outage with a plan on the network as the data have it: what other cases shut today is open again by then."""
    overrides = {valve: ValveOverride(operable=False) for valve in outage.unable}
    made = tools.planner.plan(outage.pipe_ids, valves=overrides, alternatives=tools.settings.alternatives)
    made = replace(made, basis=tools.planner.fingerprint)
    after = replace(outage, plan=made, impact=outage.impact if outage.plan == made else None)
    return with_contacts(tools, state, after)


def with_contacts(tools: Tools, state: DeskState, outage: Outage) -> Outage:
    """The outage with its critical customers as the plan and the pressures have them; what was said of those who stay is kept."""
    if outage.plan is None:
        return outage
    customers, known = tools.city.customers, {one.customer_id: one for one in outage.contacts}
    low = outage.impact.low_pressure_customers if outage.impact is not None else ()
    critical_low = [one for one in low if customers.has(one) and customers.critical[customers.row(one)]]
    ids = dict.fromkeys([*(one.asset_id for one in outage.plan.critical_customers), *critical_low])
    contacts = [known.get(one) or _contact(tools, state, one) for one in ids if customers.has(one)]
    return replace(outage, contacts=tuple(contacts))


def _contact(tools: Tools, state: DeskState, customer_id: str) -> CriticalContact:
    """A critical customer, with the phone of the contact that bears its name."""
    customers = tools.city.customers
    row = customers.row(customer_id)
    name = str(customers.name[row]) or customer_id
    book: Sequence[str] = next(
        (one.phones for one in state.of(CONTACT).values() if one.removed_at is None and name in (one.name, one.organisation)), ()
    )
    return CriticalContact(customer_id, name, str(customers.critical[row]), book[0] if book else "")


def open_of(state: DeskState, outage_id: str) -> Outage:
    """An outage that is neither done nor cancelled. Raises Refused."""
    outage = state.of(OUTAGE).get(outage_id)
    if outage is None:
        raise Refused("no_outage", outage=outage_id)
    if not outage.is_open():
        raise Refused("outage_over", outage=outage_id, outage_state=outage.state)
    return outage


def ahead_of(state: DeskState, outage_id: str) -> Outage:
    """An open outage that does not run yet. Raises Refused."""
    outage = open_of(state, outage_id)
    if not outage.is_ahead():
        raise Refused("outage_runs", outage=outage_id, incident=outage.case_id)
    return outage


def _valid_window(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if starts_at.tzinfo is None or ends_at.tzinfo is None or ends_at <= starts_at:
        raise Refused("outage_window")
    if ends_at <= now:
        raise Refused("outage_window_past")
    if ends_at > now + FARTHEST or starts_at < now - FARTHEST:
        raise Refused("outage_window_far", years=f"{FARTHEST.days / 365:.0f}")


HANDLERS = (
    Handler(PlanOutage, plan, Permission.OPERATIONS),
    Handler(ChangeOutage, change, Permission.OPERATIONS, undoable=("outage_changed",)),
    Handler(ConfirmOutage, confirm, Permission.OPERATIONS, undoable=("outage_planned",)),
    Handler(TellCritical, tell, Permission.OPERATIONS, undoable=("outage_told",)),
    Handler(CancelOutage, cancel, Permission.OPERATIONS),
)
