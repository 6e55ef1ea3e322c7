"""Notices: drafted from the facts, checked by a second person, issued, updated, lifted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor, Permission, Proof
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident, Phase
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Given, Note
from console.domain.notices import Notice, NoticeStatus, NoticeStep
from console.domain.outages import OUTAGE
from console.services.changesets import NOTHING, Refused, recorded
from console.services.handling import Handler
from console.services.incidents.judging import require_restored
from console.services.notices.contradictions import Contradiction, NoticeContradicted, contradictions
from console.services.notices.demands import around_of, demand_gaps
from console.services.notices.drafting import IN_PREPARATION, OUT, drafted_notice, references
from console.services.notices.holders import NoticeHolder, case_of, drafted, holder_of, with_notice, with_notices
from console.services.ports import Documents
from console.services.state import DeskState
from console.services.tools import Tools


@dataclass(frozen=True, slots=True)
class DraftNotice(Intent):
    """Fill a notice from the facts."""

    incident_id: str


@dataclass(frozen=True, slots=True)
class EditNotice(Intent):
    """Correct a draft's texts by hand. ``base``: the record's texts that the edits began from, (Chinese, English); None: any."""

    incident_id: str
    notice_id: str
    text_zh: str
    text_en: str
    base: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SubmitNotice(Intent):
    """Hand a draft to the supervisor. ``contradiction_reason``: reason to go on although the notice contradicts the case."""

    incident_id: str
    notice_id: str
    contradiction_reason: str = ""


@dataclass(frozen=True, slots=True)
class ApproveNotice(Intent):
    """Approve as a second person, or override with a reason. ``contradiction_reason`` as in ``SubmitNotice``."""

    incident_id: str
    notice_id: str
    override_reason: str = ""
    contradiction_reason: str = ""


@dataclass(frozen=True, slots=True)
class IssueNotice(Intent):
    """Send the approved notice out: text, PDF, CAP, JSON. ``contradiction_reason`` as in ``SubmitNotice``."""

    incident_id: str
    notice_id: str
    contradiction_reason: str = ""


@dataclass(frozen=True, slots=True)
class LiftNotice(Intent):
    """Withdraw an issued notice (CAP Cancel), with the reason."""

    incident_id: str
    notice_id: str
    reason: str = ""


def draft(tools: Tools, state: DeskState, intent: DraftNotice, actor: Actor, now: datetime) -> ChangeSet:
    """A draft from the present facts; an existing draft is filled anew; after an issued notice, the next version."""
    holder = holder_of(state, intent.incident_id)
    incident = case_of(holder)
    if incident.phase is Phase.SUSPECTED or incident.plan is None:
        raise Refused("notice_needs_burst", incident=incident.incident_id)
    made = drafted_notice(tools, holder, actor, now)
    if made.notice.notice_id in {one.notice_id for one in holder.notices}:
        kind = "notice_redrafted"
        note = Note("notice.redrafted", notice=made.notice.notice_id, kept=made.kept, dropped=made.lost)
    else:
        kind = "notice_drafted"
        note = Note("notice.drafted", notice=made.notice.notice_id, version=made.notice.version)
    return recorded(holder, drafted(with_notice(holder, made.notice), now), kind, note)


def edit(tools: Tools, state: DeskState, intent: EditNotice, actor: Actor, now: datetime) -> ChangeSet:
    """Edit the texts; a submitted or approved notice must be checked again.

    Raises Refused, also when the texts are no longer those that the edits began from: nobody's save is lost.
    """
    holder, _, notice = _notice_of(state, intent.incident_id, intent.notice_id)
    if notice.status not in IN_PREPARATION:
        raise Refused("notice_update", notice=notice.notice_id, notice_status=notice.status)
    if not (intent.text_zh.strip() and intent.text_en.strip()):
        raise Refused("notice_texts")
    if (intent.text_zh, intent.text_en) == (notice.text_zh, notice.text_en):
        return NOTHING
    if intent.base is not None and intent.base != (notice.text_zh, notice.text_en):
        raise Refused("notice_edited_since", notice=notice.notice_id, user=_last_hand(notice))
    edited_by = notice.edited_by if actor.name in notice.edited_by else (*notice.edited_by, actor.name)
    new = replace(_unchecked(notice), text_zh=intent.text_zh, text_en=intent.text_en, edited_by=edited_by)
    new = new.with_person(actor.name, actor.actor_id).after(NoticeStep.EDITED, now, actor.name)
    note = Note("notice.edited", notice=notice.notice_id, user=actor.name)
    return recorded(holder, with_notice(holder, new), "notice_edited", note)


def submit(tools: Tools, state: DeskState, intent: SubmitNotice, actor: Actor, now: datetime) -> ChangeSet:
    """Submit to the supervisor. Raises NoticeContradicted."""
    holder, incident, notice = _notice_of(state, intent.incident_id, intent.notice_id)
    _require(notice, NoticeStatus.DRAFT)
    reason, loud = _contradicted(tools, incident, notice, intent.contradiction_reason)
    new = replace(notice, status=NoticeStatus.SUBMITTED, submitted_by=actor.name, contradiction_reason=reason)
    new = new.with_person(actor.name, actor.actor_id).after(NoticeStep.SUBMITTED, now, actor.name)
    note = Note("notice.submitted", notice=notice.notice_id, despite=loud)
    return recorded(holder, with_notice(holder, new), "notice_submitted", note)


def approve(tools: Tools, state: DeskState, intent: ApproveNotice, actor: Actor, now: datetime) -> ChangeSet:
    """Approval by a second person who neither drafted, edited nor submitted it; an override needs a reason and is recorded.

    The second person is signed in: by password, here or at another seat, or by the account of the operating system. A typed
    name is no evidence of a person. Raises NoticeContradicted.
    """
    holder, incident, notice = _notice_of(state, intent.incident_id, intent.notice_id)
    reason = intent.override_reason.strip()
    if notice.status is not NoticeStatus.SUBMITTED and not (reason and notice.status is NoticeStatus.DRAFT):
        raise Refused("notice_not_submitted", notice=notice.notice_id, notice_status=notice.status)
    if actor.proof is Proof.TYPED_NAME:
        raise Refused("notice_typed_name", user=actor.name, notice=notice.notice_id)
    if notice.was_made_by(actor.name, actor.actor_id) and not reason:
        raise Refused("notice_second_person", user=actor.name, notice=notice.notice_id)
    despite, loud = _contradicted(tools, incident, notice, intent.contradiction_reason)
    new = replace(
        notice,
        status=NoticeStatus.APPROVED,
        approved_by=actor.name,
        approved_at=now,
        approval=actor.proof,
        override_reason=reason,
        contradiction_reason=despite,
    ).after(NoticeStep.APPROVED, now, actor.name)
    after = with_notice(holder, new)
    if reason:
        note = Note("notice.override", notice=notice.notice_id, user=actor.name, reason=reason, despite=loud)
        return recorded(holder, after, "notice_override", note)
    return recorded(holder, after, "notice_approved", _approved(notice, actor, loud))


def _approved(notice: Notice, actor: Actor, loud: Note) -> Note:
    """The log says what shows who approved."""
    about: dict[str, Given] = {"notice": notice.notice_id, "user": actor.name, "despite": loud}
    match actor.proof:
        case Proof.PASSWORD:
            return Note("notice.approved_signed_in", seat=actor.seat or "–", **about)
        case Proof.PASSWORD_ONCE:
            return Note("notice.approved_once", seat=actor.seat or "–", **about)
    return Note("notice.approved", **about)


def issue(tools: Tools, state: DeskState, intent: IssueNotice, actor: Actor, now: datetime) -> ChangeSet:
    """Issue: JSON and CAP are sent; an earlier issued notice becomes updated. Raises NoticeContradicted."""
    holder, incident, notice = _notice_of(state, intent.incident_id, intent.notice_id)
    _require(notice, NoticeStatus.APPROVED)
    gaps = demand_gaps(notice, around_of(tools, state, incident, notice), now)
    reason, loud = _contradicted(tools, incident, notice, intent.contradiction_reason, gaps)
    earlier = tuple(n for n in holder.notices if n.notice_id != notice.notice_id)
    new = replace(
        notice,
        status=NoticeStatus.ISSUED,
        issued_at=now,
        contradiction_reason=reason,
        references=references(tools, earlier),
    ).after(NoticeStep.ISSUED, now, actor.name)
    notices = tuple(
        new if n.notice_id == new.notice_id else replace(n, status=NoticeStatus.UPDATED) if n.status is NoticeStatus.ISSUED else n
        for n in holder.notices
    )
    after = with_notices(holder, notices)
    if isinstance(after, Incident):
        after = replace(after, issued_at=after.issued_at or now)
    note = Note("notice.issued", notice=notice.notice_id, user=actor.name, despite=loud)
    return recorded(holder, after, "notice_issued", note, outgoing=tools.documents.payloads(new))


def lift(tools: Tools, state: DeskState, intent: LiftNotice, actor: Actor, now: datetime) -> ChangeSet:
    """Lift the notice (CAP Cancel), with the reason."""
    holder, incident, notice = _notice_of(state, intent.incident_id, intent.notice_id)
    _require(notice, NoticeStatus.ISSUED)
    require_restored(incident)
    reason = intent.reason.strip()
    if not reason:
        raise Refused("lift_reason", notice=notice.notice_id)
    new = lifted(tools, notice, reason, now, withdrawn=not _water_is_back(incident)).after(NoticeStep.LIFTED, now, actor.name)
    note = Note("notice.lifted", notice=notice.notice_id, user=actor.name, reason=reason)
    return recorded(holder, with_notice(holder, new), "notice_lifted", note, outgoing=tools.documents.payloads(new))


def _water_is_back(incident: Incident) -> bool:
    """Whether supply is restored: operated valves are back, or the case is restoring; else the notice is withdrawn."""
    return incident.phase is Phase.RESTORING or any(mark.closed for mark in incident.valve_marks)


def lifted(tools: Tools, notice: Notice, reason: str, now: datetime, *, withdrawn: bool = False) -> Notice:
    """The lifted notice, with the reference to the message that it cancels."""
    references = (*notice.references, tools.documents.reference(notice))
    ended = replace(notice, status=NoticeStatus.LIFTED, references=references, lift_reason=reason, lifted_at=now)
    return replace(ended, withdrawn=withdrawn)


def _contradicted(
    tools: Tools, incident: Incident, notice: Notice, reason: str, gaps: tuple[Contradiction, ...] = ()
) -> tuple[str, Note]:
    """(reason to go on, words for the log), both empty for a notice that fits its case. Raises NoticeContradicted.

    ``gaps``: what the rules demand of it and is not done.
    """
    found = (*contradictions(tools.city, incident, notice), *gaps)
    if not found:
        return "", NO_NOTE
    if not reason.strip():
        raise NoticeContradicted(notice, found)
    return reason.strip(), Note("notice.despite", reason=reason.strip(), differences=[one.note() for one in found])


def lacks_files(notice: Notice, documents: Documents) -> bool:
    """Whether an issued or lifted notice has no files of its present version."""
    stem = documents.stem(notice)
    return notice.status in OUT and not any(name.startswith(f"{stem}.") for name in notice.files)


def on_files(state: DeskState, incident_id: str, notice_id: str, files: tuple[str, ...]) -> ChangeSet:
    """Record the files written for a notice."""
    holder = state.incidents.get(incident_id) or state.of(OUTAGE).get(incident_id)
    notice = next((n for n in holder.notices if n.notice_id == notice_id), None) if holder else None
    if holder is None or notice is None or set(files) <= set(notice.files):
        return NOTHING
    after = with_notice(holder, replace(notice, files=tuple(dict.fromkeys((*notice.files, *files)))))
    return recorded(holder, after, "notice_files", Note("notice.files", notice=notice_id, n=len(files)))


def _unchecked(notice: Notice) -> Notice:
    return replace(
        notice,
        status=NoticeStatus.DRAFT,
        submitted_by="",
        approved_by="",
        approved_at=None,
        approval=Proof.UNRECORDED,
        override_reason="",
        contradiction_reason="",
    )


def _last_hand(notice: Notice) -> str:
    """Who changed the notice last."""
    return notice.history[-1].by if notice.history else notice.edited_by[-1] if notice.edited_by else notice.drafted_by


def _require(notice: Notice, status: NoticeStatus) -> None:
    if notice.status is not status:
        raise Refused(f"notice_not_{status.value}", notice=notice.notice_id, notice_status=notice.status)


def _notice_of(state: DeskState, holder_id: str, notice_id: str) -> tuple[NoticeHolder, Incident, Notice]:
    """What the notice belongs to, that as a case, and the notice. Raises Refused."""
    holder = holder_of(state, holder_id)
    notice = next((n for n in holder.notices if n.notice_id == notice_id), None)
    if notice is None:
        raise Refused("no_notice", incident=holder_id, notice=notice_id)
    return holder, case_of(holder), notice


HANDLERS = (
    Handler(
        DraftNotice,
        draft,
        Permission.DRAFT_NOTICES,
        undoable=(
            "notice_drafted",
            "notice_redrafted",
        ),
    ),
    Handler(EditNotice, edit, Permission.DRAFT_NOTICES, undoable=("notice_edited",)),
    Handler(SubmitNotice, submit, Permission.DRAFT_NOTICES, undoable=("notice_submitted",)),
    Handler(
        ApproveNotice,
        approve,
        Permission.APPROVE_NOTICES,
        undoable=(
            "notice_approved",
            "notice_override",
        ),
        emergency=lambda intent: bool(intent.override_reason.strip()),
    ),
    Handler(IssueNotice, issue, Permission.ISSUE_NOTICES, undoable=("notice_issued",)),
    Handler(LiftNotice, lift, Permission.ISSUE_NOTICES),
)
