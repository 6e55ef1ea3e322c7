"""What the rules demand around a notice (``resources/rules/cn.toml``): open or done, and by whose word."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
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
from console.domain.water_points import WATER_POINT, WaterPoint
from console.services.changesets import Refused, recorded
from console.services.handling import Handler
from console.services.notices.contradictions import Contradiction
from console.services.notices.holders import case_of, holder_of, with_notice
from console.services.public.affected import affected
from console.services.public.water_demand import served_of
from console.services.state import DeskState
from console.services.tools import Tools
from maps.city import City

_BY_WORD = (DemandCode.FIRE_BRIGADE, DemandCode.EMERGENCY_WATER)
"""Done by a person's word; the others are worked out. Emergency water is also done once open points are for everybody."""


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


@dataclass(frozen=True, slots=True)
class Around:
    """What a case has that demands are held against: its planned outage's critical customers, its emergency water.

    ``served``: people that its open points are for; ``people``: people without water.
    """

    contacts: tuple[CriticalContact, ...] = ()
    served: int = 0
    people: int = 0


def demands_of(notice: Notice, around: Around, now: datetime) -> tuple[Demand, ...]:
    """The demands on a notice at ``now`` or when it was issued."""
    contacts = around.contacts
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
        found.append(_water(_by_word(notice, DemandCode.EMERGENCY_WATER), around))
    return tuple(found)


def _water(said: Demand, around: Around) -> Demand:
    """With the points of the case: the supply is there by a word, or when open points are for everybody without water."""
    if not around.served:
        return said
    figures = f"{around.served:,}", f"{around.people:,}"
    return replace(said, is_done=said.is_done or around.served >= around.people > 0, figures=figures)


def demand_gaps(notice: Notice, around: Around, now: datetime) -> tuple[Contradiction, ...]:
    """What stands against issuing a planned notice without a reason; nothing ever stands against telling of an emergency."""
    if notice.facts.kind is not NoticeKind.PLANNED:
        return ()
    return tuple(
        Contradiction(f"demand_{one.code}", (one.figures[0],), (one.figures[1],))
        for one in demands_of(notice, around, now)
        if not one.is_done
    )


def around_of(tools: Tools, state: DeskState, case: Incident, notice: Notice) -> Around:
    """What the desk's state has around a notice of a case, or of the planned outage that the case is or is made from."""
    outage = state.of(OUTAGE).get(case.work.outage_id) if case.work is not None else None
    contacts = outage.contacts if outage is not None else ()
    return with_water(tools.city, Around(contacts), case, notice, state.of(WATER_POINT).values())


def with_water(city: City, around: Around, case: Incident, notice: Notice, points: Iterable[WaterPoint]) -> Around:
    """With the emergency water, where the notice demands one."""
    of_case = [one for one in points if one.incident_id == case.incident_id]
    if not notice.facts.emergency_supply or not of_case:
        return around
    served, people = served_of(case, affected(city, case), of_case)
    return replace(around, served=served, people=people)


def mark_done(tools: Tools, state: DeskState, intent: MarkDemandDone, actor: Actor, now: datetime) -> ChangeSet:
    """Record somebody's word. Raises Refused."""
    holder = holder_of(state, intent.incident_id)
    notice = next((one for one in holder.notices if one.notice_id == intent.notice_id), None)
    if notice is None:
        raise Refused("no_notice", incident=intent.incident_id, notice=intent.notice_id)
    asked = {one.code: one for one in demands_of(notice, around_of(tools, state, case_of(holder), notice), now)}
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
