"""Delivery of a case's messages: logged once when one cannot be sent, and once when it is delivered later."""

from __future__ import annotations

from collections.abc import Sequence

from console.domain.changes import ChangeSet, Draft
from console.domain.delivery import MessageKind, Obsolete, Reason, Undelivered
from console.services.state import DeskState

_KIND_ZH = {
    MessageKind.ORDER: "工单",
    MessageKind.VALVE_CARDS: "关阀卡",
    MessageKind.ALERT: "片区预警",
    MessageKind.NOTICE: "公告",
    MessageKind.FIRE_BRIGADE: "消防通报",
    MessageKind.OTHER: "消息",
}
_REASON_ZH = {Reason.NO_CHANNEL: "无通道", Reason.DISCONNECTED: "通道中断", Reason.REFUSED: "服务器拒收"}
_OBSOLETE_ZH = {
    Obsolete.COUNTERMANDED: "工单已撤销",
    Obsolete.DONE: "工单已完成",
    Obsolete.REFUSED: "工单已拒接",
    Obsolete.RESTORING: "已在恢复供水",
    Obsolete.CASE_CLOSED: "已销案",
    Obsolete.NOTICE_LIFTED: "公告已解除",
}


def on_deliveries(
    state: DeskState,
    waiting: Sequence[Undelivered],
    arrived: Sequence[Undelivered],
    withdrawn: Sequence[tuple[Undelivered, Obsolete]] = (),
) -> ChangeSet:
    """Entries in the log of actions about delivery.

    ``waiting``: messages not delivered. ``arrived``: messages delivered that were logged as not delivered. ``withdrawn``:
    messages not known to have been sent, which will not be sent any more.

    An entry that is already in the log is not repeated, also not after a restart.
    """
    told = {(change.subject, change.note) for changes in state.history.values() for change in changes}
    failed = [_draft(one, "not_delivered", f"未送达（{_REASON_ZH[one.reason]}）") for one in waiting]
    missed = [one for one in arrived if any(_entry(one, reason) in told for reason in Reason)]
    given_up = [_draft(one, "withdrawn", f"未确认送达，已作废（{_OBSOLETE_ZH[why]}）") for one, why in withdrawn]
    drafts = [*failed, *given_up, *(_draft(one, "delivered", "已送达") for one in missed)]
    cases = {f"incident/{incident_id}" for incident_id in state.incidents}
    return ChangeSet(tuple(d for d in drafts if d.subject in cases and (d.subject, d.note) not in told))


def _entry(one: Undelivered, reason: Reason) -> tuple[str, str]:
    draft = _draft(one, "not_delivered", f"未送达（{_REASON_ZH[reason]}）")
    return draft.subject, draft.note


def _draft(one: Undelivered, kind: str, what: str) -> Draft:
    note = f"{what}：{_KIND_ZH[one.kind]} {one.subject}（第 {one.outgoing_id} 号）"
    return Draft(kind, f"incident/{one.incident_id}", None, None, note)
