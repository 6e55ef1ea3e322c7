"""What the rules demand around a notice (``resources/rules/cn.toml``): open or done, and by whose word."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib import resources

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.notes import Code, Note
from console.domain.notices import DemandCode, DemandDone, Notice, NoticeKind, NoticeStatus
from console.domain.outages import OUTAGE, CriticalContact
from console.services.changesets import Refused, recorded
from console.services.handling import Handler
from console.services.notices.contradictions import Contradiction
from console.services.notices.holders import case_of, holder_of, with_notice
from console.services.state import DeskState
from console.services.tools import Tools

_BY_WORD = (DemandCode.FIRE_BRIGADE, DemandCode.EMERGENCY_WATER)
"""Done by a person's word; the others are worked out. The plan for emergency water may say it in that person's name."""


@dataclass(frozen=True, slots=True)
class MarkDemandDone(Intent):
    """Somebody's word that a demand is met, and ``how``."""

    incident_id: str
    notice_id: str
    code: DemandCode
    how: str


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand. ``is_unverified``: the rule could not be verified. ``figures``: (how much there is, how much is wanted)."""

    code: DemandCode
    is_done: bool
    by: str = ""
    at: datetime | None = None
    how: str = ""
    is_unverified: bool = False
    figures: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """The figures of the rules. ``unverified``: codes of demands whose article could not be verified."""

    hours_ahead: float
    tell: tuple[str, ...]
    long_hours: float
    unverified: frozenset[str]


@cache
def rules() -> NoticeRules:
    """The rules in the resources, read once."""
    table = tomllib.loads(resources.files("resources").joinpath("rules", "cn.toml").read_text("utf-8"))
    planned = table["planned"]
    return NoticeRules(
        float(planned["notice_hours_ahead"]),
        tuple(planned["tell"]),
        float(table["long_outage"]["hours"]),
        frozenset(planned.get("unverified", ())),
    )


def demands_of(notice: Notice, contacts: Sequence[CriticalContact], now: datetime) -> tuple[Demand, ...]:
    """The demands on a notice, of a planned outage with its critical customers, at ``now`` or when it was issued."""
    found: list[Demand] = []
    facts = notice.facts
    if facts.kind is NoticeKind.PLANNED:
        ahead = facts.starts_at - _first_issued(notice, now)
        wanted = timedelta(hours=rules().hours_ahead)
        hours = f"{ahead.total_seconds() / 3600.0:.1f}", f"{rules().hours_ahead:g}"
        found.append(Demand(DemandCode.USERS, ahead >= wanted, figures=hours))
        found.append(Demand(DemandCode.REASON, bool(facts.cause.strip())))
        if "fire_brigade" in rules().tell:
            found.append(_by_word(notice, DemandCode.FIRE_BRIGADE))
        if contacts:
            told = sum(one.is_told for one in contacts)
            found.append(Demand(DemandCode.CRITICAL_CUSTOMERS, told == len(contacts), figures=(str(told), str(len(contacts)))))
    if facts.emergency_supply:
        found.append(_by_word(notice, DemandCode.EMERGENCY_WATER))
    return tuple(found)


def demand_gaps(notice: Notice, contacts: Sequence[CriticalContact], now: datetime) -> tuple[Contradiction, ...]:
    """What stands against issuing a planned notice without a reason; nothing ever stands against telling of an emergency."""
    if notice.facts.kind is not NoticeKind.PLANNED:
        return ()
    return tuple(
        Contradiction(f"demand_{one.code}", (one.figures[0],), (one.figures[1],))
        for one in demands_of(notice, contacts, now)
        if not one.is_done
    )


def contacts_of(state: DeskState, case: Incident) -> tuple[CriticalContact, ...]:
    """The critical customers of the planned outage that a case is, or is made from."""
    outage = state.of(OUTAGE).get(case.work.outage_id) if case.work is not None else None
    return outage.contacts if outage is not None else ()


def mark_done(tools: Tools, state: DeskState, intent: MarkDemandDone, actor: Actor, now: datetime) -> ChangeSet:
    """Record somebody's word. Raises Refused."""
    holder = holder_of(state, intent.incident_id)
    notice = next((one for one in holder.notices if one.notice_id == intent.notice_id), None)
    if notice is None:
        raise Refused("no_notice", incident=intent.incident_id, notice=intent.notice_id)
    asked = {one.code: one for one in demands_of(notice, contacts_of(state, case_of(holder)), now)}
    if intent.code not in asked or intent.code not in _BY_WORD:
        raise Refused("demand_not_by_word", notice=notice.notice_id, demand=intent.code)
    if not intent.how.strip():
        raise Refused("demand_how", notice=notice.notice_id)
    done = DemandDone(intent.code, actor.name, now, intent.how.strip())
    others = tuple(one for one in notice.demands_done if one.code is not intent.code)
    note = Note("notice.demand", notice=notice.notice_id, user=actor.name, demand=Code("demand", intent.code), how=done.how)
    after = with_notice(holder, replace(notice, demands_done=(*others, done)))
    return recorded(holder, after, "notice_demand", note)


def _by_word(notice: Notice, code: DemandCode) -> Demand:
    done = next((one for one in notice.demands_done if one.code is code), None)
    unverified = code.value in rules().unverified
    if done is None:
        return Demand(code, False, is_unverified=unverified)
    return Demand(code, True, done.by, done.at, done.how, unverified)


def _first_issued(notice: Notice, now: datetime) -> datetime:
    return notice.issued_at if notice.issued_at is not None and notice.status is not NoticeStatus.DRAFT else now


HANDLERS = (Handler(MarkDemandDone, mark_done, Permission.DRAFT_NOTICES),)
