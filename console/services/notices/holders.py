"""What a notice belongs to: a case, or a planned outage that does not run yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from console.domain.incidents import Incident, Phase, PlannedWork
from console.domain.notices import Notice, NoticeStatus
from console.domain.outages import OUTAGE, Outage, OutageState
from console.services.changesets import Refused, incident_of
from console.services.state import DeskState

NoticeHolder = Incident | Outage


def holder_of(state: DeskState, holder_id: str) -> NoticeHolder:
    """The open case, or the outage ahead, with this id. Raises Refused."""
    outage = state.of(OUTAGE).get(holder_id)
    if outage is None:
        return incident_of(state, holder_id)
    if outage.state is OutageState.RUNNING:
        return incident_of(state, outage.case_id)
    if not outage.is_open():
        raise Refused("outage_over", outage=holder_id, outage_state=outage.state)
    return outage


def case_of(holder: NoticeHolder) -> Incident:
    """The case itself, or the outage as a case that is not stored: what a notice's facts are read from."""
    if isinstance(holder, Incident):
        return holder
    return Incident(
        incident_id=holder.outage_id,
        title="",
        opened_at=holder.starts_at,
        first_abnormal_at=holder.starts_at,
        phase=Phase.VERIFIED,
        place=holder.place,
        burst_pipes=holder.pipe_ids,
        plan=holder.plan,
        impact=holder.impact,
        notices=holder.notices,
        restoration_at=holder.ends_at,
        verified_at=holder.starts_at,
        is_drill=holder.is_drill,
        conflicts=holder.conflicts,
        work=work_of_outage(holder),
    )


def work_of_outage(outage: Outage) -> PlannedWork:
    """What a case has of the outage it is."""
    return PlannedWork(outage.outage_id, outage.purpose.value, outage.reason, outage.starts_at)


def with_notices(holder: NoticeHolder, notices: tuple[Notice, ...]) -> NoticeHolder:
    """The holder with other notices; an outage with a notice in force is announced."""
    if isinstance(holder, Incident):
        return replace(holder, notices=notices)
    public = any(one.status is NoticeStatus.ISSUED for one in notices)
    state = holder.state
    if public and holder.is_ahead():
        state = OutageState.ANNOUNCED
    elif state is OutageState.ANNOUNCED:
        state = OutageState.PLANNED
    return replace(holder, notices=notices, state=state)


def with_notice(holder: NoticeHolder, notice: Notice) -> NoticeHolder:
    """The holder with this notice in the place of its earlier state, or behind the others."""
    known = any(one.notice_id == notice.notice_id for one in holder.notices)
    same = tuple(notice if one.notice_id == notice.notice_id else one for one in holder.notices)
    return with_notices(holder, same if known else (*holder.notices, notice))


def drafted(holder: NoticeHolder, now: datetime) -> NoticeHolder:
    """The holder once a notice was drafted; the first time counts."""
    return replace(holder, drafted_at=holder.drafted_at or now) if isinstance(holder, Incident) else holder


def with_end(holder: NoticeHolder, ends_at: datetime, by: str) -> NoticeHolder:
    """The holder with another estimate of when water comes back, by somebody's hand."""
    if isinstance(holder, Incident):
        return replace(holder, restoration_at=ends_at, restoration_by=by)
    return replace(holder, ends_at=ends_at)
