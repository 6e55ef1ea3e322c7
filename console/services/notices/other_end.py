"""Another end than the notice in force announced: an extension, or an early end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.notes import Given, Note
from console.domain.notices import Notice, NoticeChange, NoticeStatus, StartBasis
from console.services.changesets import Refused, recorded
from console.services.handling import Handler
from console.services.incidents.judging import FARTHEST, require_restored
from console.services.notices.drafting import drafted_notice
from console.services.notices.holders import case_of, drafted, holder_of, with_end, with_notice
from console.services.shift.words import line
from console.services.state import DeskState
from console.services.tools import Tools

LONGEST_REASON = 300
"""Letters of a reason, which stands in the notice in one line."""


@dataclass(frozen=True, slots=True)
class ExtendNotice(Intent):
    """Water comes back later than announced: a draft that says so, with the reason; the case's estimate is this time (aware)."""

    incident_id: str
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class EndNoticeEarly(Intent):
    """Water comes back, or is back, earlier than announced: as ``ExtendNotice``."""

    incident_id: str
    ends_at: datetime
    reason: str


def extend(tools: Tools, state: DeskState, intent: ExtendNotice, actor: Actor, now: datetime) -> ChangeSet:
    """The draft of an extension; the case's estimate follows. Raises Refused."""
    return _other_end(tools, state, intent, NoticeChange.EXTENSION, actor, now)


def end_early(tools: Tools, state: DeskState, intent: EndNoticeEarly, actor: Actor, now: datetime) -> ChangeSet:
    """The draft of an early end; the case's estimate follows. One that has passed needs the water back. Raises Refused."""
    return _other_end(tools, state, intent, NoticeChange.EARLY_END, actor, now)


def _other_end(
    tools: Tools, state: DeskState, intent: ExtendNotice | EndNoticeEarly, change: NoticeChange, actor: Actor, now: datetime
) -> ChangeSet:
    """A draft that announces another end than the notice in force."""
    holder = holder_of(state, intent.incident_id)
    public = next((n for n in reversed(holder.notices) if n.status is NoticeStatus.ISSUED), None)
    if public is None:
        raise Refused("notice_none_in_force", incident=intent.incident_id)
    reason = line(intent.reason, LONGEST_REASON)
    if not reason:
        raise Refused("notice_change_reason", notice=public.notice_id)
    if intent.ends_at.tzinfo is None:
        raise Refused("restoration_zone")
    ends_at = intent.ends_at.astimezone(UTC)
    later, said = change is NoticeChange.EXTENSION, public.facts.expected_end
    if ends_at <= _began(case_of(holder), public) or ends_at == said or (ends_at < said) == later:
        raise Refused("notice_not_later" if later else "notice_not_earlier", notice=public.notice_id)
    if ends_at > now + FARTHEST:
        raise Refused("restoration_far", years=f"{FARTHEST.days / 365:.0f}")
    if later and ends_at <= now:
        raise Refused("restoration_past")
    if not later and ends_at <= now:
        require_restored(case_of(holder))
    moved = with_end(holder, ends_at, actor.name)
    made = drafted_notice(tools, moved, actor, now, change, reason)
    about: dict[str, Given] = {"notice": made.notice.notice_id, "user": actor.name, "at": ends_at, "reason": reason}
    note = Note("notice.extension" if later else "notice.early_end", dropped=made.lost, **about)
    return recorded(holder, drafted(with_notice(moved, made.notice), now), f"notice_{change.value}", note)


def _began(incident: Incident, public: Notice) -> datetime:
    """When the outage began: an expected begin may have been announced later than the first valve was closed."""
    known = incident.first_closed_at() or incident.verified_at
    said = public.facts.starts_at
    return min(said, known) if known is not None and public.facts.starts_by is StartBasis.EXPECTED else said


HANDLERS = (
    Handler(ExtendNotice, extend, Permission.DRAFT_NOTICES, undoable=("notice_extension",)),
    Handler(EndNoticeEarly, end_early, Permission.DRAFT_NOTICES, undoable=("notice_early_end",)),
)
