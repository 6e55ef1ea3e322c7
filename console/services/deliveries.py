"""What became of the messages of a case: told once when one cannot go out, and once when it arrived after all."""

from __future__ import annotations

from collections.abc import Sequence

from console.domain.changes import ChangeSet, Draft
from console.domain.delivery import MessageKind, Reason, Undelivered
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


def on_deliveries(state: DeskState, waiting: Sequence[Undelivered], arrived: Sequence[Undelivered]) -> ChangeSet:
    """Entries in the log of actions: ``waiting`` messages are not delivered, ``arrived`` ones were and are now.

    What the log says already is not said again, also not after a restart.
    """
    drafts = [_draft(one, "not_delivered", f"未送达（{_REASON_ZH[one.reason]}）") for one in waiting]
    drafts += [_draft(one, "delivered", "已送达") for one in arrived]
    told = {(change.subject, change.note) for changes in state.history.values() for change in changes}
    kept = {
        (draft.subject, draft.note): draft
        for one, draft in zip((*waiting, *arrived), drafts, strict=True)
        if one.incident_id in state.incidents and (draft.subject, draft.note) not in told
    }
    return ChangeSet(tuple(kept.values()))


def _draft(one: Undelivered, kind: str, what: str) -> Draft:
    number = f"（第 {one.outgoing_id} 号）"
    return Draft(kind, f"incident/{one.incident_id}", None, None, f"{what}：{_KIND_ZH[one.kind]} {one.subject}{number}")
