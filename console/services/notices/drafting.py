"""A notice's draft from the facts as they stand; the edits of the draft before it are kept where they still fit.

Three texts meet, line by line (a line of a notice is one sentence or one field): the old draft as the facts made it, the text as
people left it, and the new draft. A line that nobody edited follows the facts; an edited line stays while the line that it
replaced is unchanged in the new draft; else it is dropped and named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor
from console.domain.notes import NO_NOTE, Note
from console.domain.notices import Notice, NoticeChange, NoticeStatus, NoticeStep
from console.services.notices.contradictions import basis_of
from console.services.notices.facts import facts_of
from console.services.notices.holders import NoticeHolder, case_of
from console.services.notices.redrafting import redrafted
from console.services.tools import Tools

IN_PREPARATION = (NoticeStatus.DRAFT, NoticeStatus.SUBMITTED, NoticeStatus.APPROVED)
OUT = (NoticeStatus.ISSUED, NoticeStatus.UPDATED, NoticeStatus.LIFTED)
"""Notices that have left the house."""


@dataclass(frozen=True, slots=True)
class Draft:
    """``kept``, ``lost``: words on the edits that were kept, and on those that were not."""

    notice: Notice
    kept: Note = NO_NOTE
    lost: Note = NO_NOTE


def drafted_notice(
    tools: Tools,
    holder: NoticeHolder,
    actor: Actor,
    now: datetime,
    change: NoticeChange = NoticeChange.NONE,
    reason: str = "",
) -> Draft:
    """The draft from the present facts: of the waiting version, with its edits, or of the next one."""
    incident = case_of(holder)
    waiting = next((n for n in holder.notices if n.status in IN_PREPARATION), None)
    earlier = references(tools, holder.notices)
    kept_change = waiting is not None and waiting.change is not NoticeChange.NONE and change is NoticeChange.NONE
    if kept_change and waiting is not None:
        change, reason = waiting.change, waiting.change_reason
    elif change is NoticeChange.NONE and earlier:
        change = NoticeChange.UPDATE
    facts = facts_of(tools, incident, now)
    text_zh, text_en = tools.documents.texts(facts)
    number = waiting.version if waiting is not None else len(holder.notices) + 1
    notice = Notice(
        notice_id=f"{incident.incident_id}-N{number}" if waiting is None else waiting.notice_id,
        incident_id=incident.incident_id,
        version=number,
        status=NoticeStatus.DRAFT,
        facts=facts,
        text_zh=text_zh,
        text_en=text_en,
        drafted_at=now,
        drafted_by=actor.name,
        references=earlier,
        basis=basis_of(incident),
        people=((actor.name, actor.actor_id),),
        change=change,
        change_reason=reason,
    )
    if waiting is None:
        public = next((one for one in reversed(holder.notices) if one.status is NoticeStatus.ISSUED), None)
        if public is None:
            return Draft(notice.after(NoticeStep.DRAFTED, now, actor.name))
        # What people wrote into the version in force stays in the next one; only those lines' authors count as its editors.
        carried, kept, lost = _with_edits(tools, public, notice)
        lost_lines = carried.dropped_edits[len(public.dropped_edits) :]
        demands = public.demands_done
        carried = replace(carried, people=notice.people, dropped_edits=lost_lines, demands_done=demands)
        return Draft(carried.after(NoticeStep.DRAFTED, now, actor.name), kept, lost)
    notice, kept, lost = _with_edits(tools, waiting, notice)
    notice = replace(notice, history=waiting.history, demands_done=waiting.demands_done)
    return Draft(notice.after(NoticeStep.REDRAFTED, now, actor.name), kept, lost)


def references(tools: Tools, notices: Iterable[Notice]) -> tuple[str, ...]:
    """CAP references to every earlier message that went out, the oldest first; the next message updates them all."""
    return tuple(tools.documents.reference(notice) for notice in notices if notice.status in OUT and notice.issued_at is not None)


def _with_edits(tools: Tools, before: Notice, notice: Notice) -> tuple[Notice, Note, Note]:
    """The new draft with manual edits of the old one where they still fit; notes on the edits kept and on those dropped."""
    old_zh, old_en = tools.documents.texts(before.facts)
    zh, en = redrafted(old_zh, before.text_zh, notice.text_zh), redrafted(old_en, before.text_en, notice.text_en)
    dropped = (*zh.dropped, *en.dropped)
    new = replace(
        notice,
        text_zh=zh.text,
        text_en=en.text,
        edited_by=before.edited_by if zh.kept or en.kept else (),
        dropped_edits=tuple(dict.fromkeys((*before.dropped_edits, *dropped))),
        people=tuple(dict.fromkeys((*before.people, *notice.people))),
    )
    kept = Note("notice.kept") if zh.kept or en.kept else NO_NOTE
    return new, kept, Note("notice.dropped", lines=dropped) if dropped else NO_NOTE
