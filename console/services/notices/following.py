"""Waiting drafts follow the facts: filled anew by themselves when their case or planned outage has changed under them.

Only a draft that nobody has submitted yet, and only where every edit by hand still fits: else the differences are shown and a
person decides. Who drafted it stays who drafted it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from console.domain.actors import SYSTEM
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident
from console.domain.notes import Note
from console.domain.notices import Notice, NoticeStatus
from console.domain.outages import OUTAGE
from console.services.changesets import recorded
from console.services.incidents.joint_plans import merged
from console.services.notices.contradictions import basis_of, contradictions, of_times
from console.services.notices.drafting import drafted_notice
from console.services.notices.holders import NoticeHolder, case_of, with_notice
from console.services.state import DeskState
from console.services.tools import Tools


def on_time(tools: Tools, state: DeskState, now: datetime) -> ChangeSet:
    """Fill the drafts anew that no longer agree with what they are about; call it every few seconds."""
    return merged(*(step for holder in _holders(state) for step in _followed(tools, holder, now)))


def _holders(state: DeskState) -> Iterator[NoticeHolder]:
    yield from (one for one in state.incidents.values() if one.is_open())
    yield from (one for one in state.of(OUTAGE).values() if one.is_ahead())


def _followed(tools: Tools, holder: NoticeHolder, now: datetime) -> Iterable[ChangeSet]:
    draft = next((one for one in holder.notices if one.status is NoticeStatus.DRAFT), None)
    case = case_of(holder)
    if draft is None or case.plan is None or not _may_differ(case, draft):
        return
    if not contradictions(tools.city, case, draft):
        return
    made = drafted_notice(tools, holder, SYSTEM, now)
    after = replace(made.notice, drafted_by=draft.drafted_by, people=draft.people)
    if made.lost or contradictions(tools.city, case, after):
        return
    note = Note("notice.followed", notice=draft.notice_id, kept=made.kept)
    yield recorded(holder, with_notice(holder, after), "notice_followed", note)


def _may_differ(case: Incident, draft: Notice) -> bool:
    """A quick look at what notices are made from, for the whole comparison reads the city."""
    low = case.impact.low_pressure_households if case.impact is not None else draft.facts.households_low_pressure
    return basis_of(case) != draft.basis or low != draft.facts.households_low_pressure or any(of_times(case, draft))
