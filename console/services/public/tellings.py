"""Customers of a case were told: entered for one or many at once, or read from a file with the results of others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet, Draft
from console.domain.incidents import INCIDENT
from console.domain.intents import Intent
from console.domain.notes import Code, Note
from console.domain.outreach import TELLING, Telling, Way
from console.domain.record_ids import provisional_id
from console.services.changesets import Refused, incident_of, recorded
from console.services.handling import Handler
from console.services.incidents.joint_plans import merged
from console.services.shift.words import LONGEST_LINE, line
from console.services.state import DeskState
from console.services.tools import Tools

MOST_CUSTOMERS = 100_000
_AHEAD = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TellCustomers(Intent):
    """Customers (asset ids) were told. ``at``, ``by``: when and by whom, None and "" for now and the person at the seat."""

    incident_id: str
    customers: tuple[str, ...]
    way: Way
    asked_first: bool = False
    remark: str = ""
    at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class TellResults(Intent):
    """Results that others have brought as a file: several tellings at once, all or none."""

    results: tuple[TellCustomers, ...]


@dataclass(frozen=True, slots=True)
class WithdrawTelling(Intent):
    """A telling was entered by mistake; it stays in the log."""

    telling_id: str


def tell(tools: Tools, state: DeskState, intent: TellCustomers, actor: Actor, now: datetime) -> ChangeSet:
    """Record it. Raises Refused for nobody, for a time ahead, and for customers that the dataset does not have."""
    incident_of(state, intent.incident_id)
    customers = tuple(dict.fromkeys(intent.customers))
    unknown = [one for one in customers if not tools.city.customers.has(one)]
    if unknown:
        raise Refused("unknown_customer", customer=unknown[0], n=str(len(unknown)))
    if not customers or len(customers) > MOST_CUSTOMERS:
        raise Refused("nobody_told")
    at = intent.at or now
    if at > now + _AHEAD:
        raise Refused("told_ahead")
    telling = Telling(
        provisional_id(TELLING), intent.incident_id, customers, intent.way, at, line(intent.by) or actor.name,
        actor.actor_id, intent.asked_first, line(intent.remark, LONGEST_LINE),
    )  # fmt: skip
    note = Note("public.told", **_facts(telling))
    return _with_case(recorded(None, telling, "customers_told", note), intent.incident_id, "customers_told", note)


def tell_results(tools: Tools, state: DeskState, intent: TellResults, actor: Actor, now: datetime) -> ChangeSet:
    """Record them all. Raises Refused."""
    if not intent.results:
        raise Refused("nobody_told")
    return merged(*(tell(tools, state, one, actor, now) for one in intent.results))


def withdraw(_tools: Tools, state: DeskState, intent: WithdrawTelling, _actor: Actor, now: datetime) -> ChangeSet:
    """Take it back. Raises Refused for an unknown one."""
    before = state.of(TELLING).get(intent.telling_id)
    if before is None or before.withdrawn_at is not None:
        raise Refused("no_telling", telling=intent.telling_id)
    note = Note("public.telling_withdrawn", **_facts(before))
    step = recorded(before, replace(before, withdrawn_at=now), "telling_withdrawn", note)
    return _with_case(step, before.incident_id, "telling_withdrawn", note)


def _facts(telling: Telling) -> dict[str, Any]:
    return {"n": len(telling.customers), "way": Code("told_way", telling.way), "by": telling.by, "at": telling.at}


def _with_case(step: ChangeSet, incident_id: str, kind: str, note: Note) -> ChangeSet:
    """The step, with a line in the case's log of actions."""
    return replace(step, drafts=(*step.drafts, Draft(kind, INCIDENT.subject(incident_id), None, None, note)))


HANDLERS = (
    Handler(TellCustomers, tell, Permission.PUBLIC),
    Handler(TellResults, tell_results, Permission.PUBLIC),
    Handler(WithdrawTelling, withdraw, Permission.PUBLIC),
)
