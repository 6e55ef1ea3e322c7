"""Notices: drafted from the facts, checked by a second person, issued, updated, lifted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from console.domain.changes import ChangeSet
from console.domain.incidents import Incident, Phase
from console.domain.intents import ApproveNotice, DraftNotice, EditNotice, IssueNotice, LiftNotice, SubmitNotice
from console.domain.notices import Notice, NoticeFacts, NoticeStatus
from console.services.case import NOTHING, Refused, incident_of, recorded
from console.services.facts import facts_of
from console.services.judging import require_restored
from console.services.ports import Documents
from console.services.state import DeskState
from console.services.tools import Tools

_OPEN = (NoticeStatus.DRAFT, NoticeStatus.SUBMITTED, NoticeStatus.APPROVED)
OUT = (NoticeStatus.ISSUED, NoticeStatus.UPDATED, NoticeStatus.LIFTED)
"""Notices that have left the house."""


def draft(tools: Tools, state: DeskState, intent: DraftNotice, user: str, now: datetime) -> ChangeSet:
    """A draft from the facts as they are; one still in preparation is filled anew; after an issued notice, its update."""
    incident = incident_of(state, intent.incident_id)
    if incident.phase is Phase.SUSPECTED or incident.plan is None:
        raise Refused("notice_needs_burst", incident=incident.incident_id)
    facts = facts_of(tools, incident, now)
    text_zh, text_en = tools.documents.texts(facts)
    waiting = next((n for n in incident.notices if n.status in _OPEN), None)
    number = waiting.version if waiting is not None else len(incident.notices) + 1
    notice = Notice(
        notice_id=f"{incident.incident_id}-N{number}",
        incident_id=incident.incident_id,
        version=number,
        status=NoticeStatus.DRAFT,
        facts=facts,
        text_zh=text_zh,
        text_en=text_en,
        drafted_at=now,
        drafted_by=user,
        references=tuple(tools.documents.reference(n) for n in incident.notices if n.status is NoticeStatus.ISSUED),
    )
    if waiting is not None:
        note = f"停水公告 {notice.notice_id} 按最新情况重新起草"
        return recorded(incident, _with(incident, notice), "notice_redrafted", note)
    after = replace(incident, notices=(*incident.notices, notice), drafted_at=incident.drafted_at or now)
    return recorded(incident, after, "notice_drafted", f"停水公告 {notice.notice_id} 已起草（第 {number} 版）")


def edit(state: DeskState, intent: EditNotice, user: str) -> ChangeSet:
    """Correct the texts; what was submitted or approved has to be checked again."""
    incident, notice = _notice_of(state, intent.incident_id, intent.notice_id)
    if notice.status not in _OPEN:
        raise Refused("notice_update", notice=notice.notice_id, notice_status=notice.status)
    if not (intent.text_zh.strip() and intent.text_en.strip()):
        raise Refused("notice_texts")
    if (intent.text_zh, intent.text_en) == (notice.text_zh, notice.text_en):
        return NOTHING
    edited_by = notice.edited_by if user in notice.edited_by else (*notice.edited_by, user)
    new = replace(_unchecked(notice), text_zh=intent.text_zh, text_en=intent.text_en, edited_by=edited_by)
    return recorded(incident, _with(incident, new), "notice_edited", f"停水公告 {notice.notice_id} 由 {user} 修改")


def submit(state: DeskState, intent: SubmitNotice, user: str) -> ChangeSet:
    """Hand it to the supervisor."""
    incident, notice = _notice_of(state, intent.incident_id, intent.notice_id)
    _require(notice, NoticeStatus.DRAFT)
    new = replace(notice, status=NoticeStatus.SUBMITTED, submitted_by=user)
    return recorded(incident, _with(incident, new), "notice_submitted", f"停水公告 {notice.notice_id} 已提交审批")


def approve(state: DeskState, intent: ApproveNotice, user: str, now: datetime) -> ChangeSet:
    """By a second person, who neither drafted nor edited nor submitted it; alone only with a reason, recorded loudly."""
    incident, notice = _notice_of(state, intent.incident_id, intent.notice_id)
    reason = intent.override_reason.strip()
    if notice.status is not NoticeStatus.SUBMITTED and not (reason and notice.status is NoticeStatus.DRAFT):
        raise Refused("notice_not_submitted", notice=notice.notice_id, notice_status=notice.status)
    own = user in {notice.drafted_by, notice.submitted_by, *notice.edited_by}
    if own and not reason:
        raise Refused("notice_second_person", user=user, notice=notice.notice_id)
    new = replace(notice, status=NoticeStatus.APPROVED, approved_by=user, approved_at=now, override_reason=reason)
    after = _with(incident, new)
    if reason:
        note = f"【紧急越权签发】停水公告 {notice.notice_id} 由 {user} 单人批准，理由：{reason}"
        return recorded(incident, after, "notice_override", note)
    return recorded(incident, after, "notice_approved", f"停水公告 {notice.notice_id} 由 {user} 批准")


def issue(tools: Tools, state: DeskState, intent: IssueNotice, user: str, now: datetime) -> ChangeSet:
    """Out: JSON and CAP to the topic; an earlier issued notice becomes updated."""
    incident, notice = _notice_of(state, intent.incident_id, intent.notice_id)
    _require(notice, NoticeStatus.APPROVED)
    new = replace(notice, status=NoticeStatus.ISSUED, issued_at=now)
    notices = tuple(
        replace(n, status=NoticeStatus.UPDATED) if n.status is NoticeStatus.ISSUED else new if n.notice_id == new.notice_id else n
        for n in incident.notices
    )
    after = replace(incident, notices=notices, issued_at=incident.issued_at or now)
    note = f"停水公告 {notice.notice_id} 由 {user} 发布"
    if _outdated(notice.facts, facts_of(tools, incident, now)):
        note += "（注意：起草后方案已变，公告内容与现方案不一致，请尽快更新）"
    return recorded(incident, after, "notice_issued", note, outgoing=tools.documents.payloads(new))


def lift(tools: Tools, state: DeskState, intent: LiftNotice, user: str) -> ChangeSet:
    """Water is back: the notice ends (CAP Cancel)."""
    incident, notice = _notice_of(state, intent.incident_id, intent.notice_id)
    _require(notice, NoticeStatus.ISSUED)
    require_restored(incident)
    new = lifted(tools, notice)
    note = f"停水公告 {notice.notice_id} 由 {user} 解除"
    return recorded(incident, _with(incident, new), "notice_lifted", note, outgoing=tools.documents.payloads(new))


def lifted(tools: Tools, notice: Notice) -> Notice:
    """The notice withdrawn, with the reference to the message that this cancels."""
    return replace(notice, status=NoticeStatus.LIFTED, references=(*notice.references, tools.documents.reference(notice)))


def lacks_files(notice: Notice, documents: Documents) -> bool:
    """Whether a notice that has left the house has no files of what it says now: of its issue, or of its end."""
    stem = documents.stem(notice)
    return notice.status in OUT and not any(name.startswith(f"{stem}.") for name in notice.files)


def on_files(state: DeskState, incident_id: str, notice_id: str, files: tuple[str, ...]) -> ChangeSet:
    """Which files of a notice were written."""
    incident = state.incidents.get(incident_id)
    notice = next((n for n in incident.notices if n.notice_id == notice_id), None) if incident else None
    if incident is None or notice is None or set(files) <= set(notice.files):
        return NOTHING
    after = _with(incident, replace(notice, files=tuple(dict.fromkeys((*notice.files, *files)))))
    return recorded(incident, after, "notice_files", f"停水公告 {notice_id} 文件已生成：{len(files)} 个")


def _outdated(said: NoticeFacts, now: NoticeFacts) -> bool:
    """Whether somebody without water is not told so any more, or the other way round."""
    return (said.roads, said.no_water_communities, said.units) != (now.roads, now.no_water_communities, now.units)


def _unchecked(notice: Notice) -> Notice:
    return replace(notice, status=NoticeStatus.DRAFT, submitted_by="", approved_by="", approved_at=None, override_reason="")


def _require(notice: Notice, status: NoticeStatus) -> None:
    if notice.status is not status:
        raise Refused(f"notice_not_{status.value}", notice=notice.notice_id, notice_status=notice.status)


def _notice_of(state: DeskState, incident_id: str, notice_id: str) -> tuple[Incident, Notice]:
    incident = incident_of(state, incident_id)
    notice = next((n for n in incident.notices if n.notice_id == notice_id), None)
    if notice is None:
        raise Refused("no_notice", incident=incident_id, notice=notice_id)
    return incident, notice


def _with(incident: Incident, notice: Notice) -> Incident:
    return replace(incident, notices=tuple(notice if n.notice_id == notice.notice_id else n for n in incident.notices))
