"""Messages that became obsolete while they waited for a channel are not sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.domain.actors import Actor
from console.domain.incidents import Phase
from console.domain.intents import Intent
from console.services.crews.orders import SendCrew
from console.services.incidents.judging import AdvancePhase, DismissIncident, JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, LiftNotice, SubmitNotice
from tests.console.engine.room import Room, done
from tests.console.notes import chinese

PIPE = "P-104040"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    opened = Room(tmp_path)
    opened.channel.listen()  # no channel
    yield opened
    opened.close()


def _does(room: Room, intent: Intent, user: str = "王") -> None:
    done(room.engine.submit(intent, Actor.named(user)))


def _case(room: Room) -> str:
    _does(room, OpenIncident(PIPE))
    case = room.sees(lambda p: len(p.incidents) == 1).incidents[0].incident_id
    _does(room, JudgeBurst(case, (PIPE,), "calls"))
    _does(room, SendCrew(case))
    return case


def _channel(room: Room) -> list[dict[str, Any]]:
    """A channel appears; what has left once nothing waits any more."""
    room.channel.listen(room.left.append)
    room.waits(lambda: not room.store.pending_outgoing())
    return [json.loads(m.payload) if m.content_type == "application/json" else {"xml": m.payload.decode()} for m in room.left]


def _orders(left: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(body["order_id"], body["action"]) for body in left if "order_id" in body]


def _told(room: Room, case: str) -> list[str]:
    return [chinese(change.note) for change in room.engine.timeline(case) if change.kind == "withdrawn"]


def test_an_order_called_back_and_an_alert_of_a_closed_case_do_not_go_out_when_a_channel_appears(room: Room) -> None:
    case = _case(room)
    _does(room, DismissIncident(case, "误报"))
    left = _channel(room)
    assert [body["status"] for body in left if "burst_pipes" in body] == ["cancelled"]
    assert {action for _, action in _orders(left)} == {"countermand"}
    room.waits(lambda: any("工单已撤销" in note for note in _told(room, case)) and any("已销案" in n for n in _told(room, case)))
    assert len(_told(room, case)) == len(set(_told(room, case)))


def test_orders_of_an_open_case_go_out_however_long_they_waited(room: Room) -> None:
    case = _case(room)
    room.clock.sleep(5 * 3600)
    left = _channel(room)
    orders = room.engine.latest().incidents[0].orders
    assert _orders(left) == [(order.order_id, "new") for order in orders]
    assert [body["status"] for body in left if "burst_pipes" in body] == ["suspected", "verified"]
    assert _told(room, case) == []


def test_an_order_that_was_done_meanwhile_does_not_go_out(room: Room) -> None:
    case = _case(room)
    first, *rest = room.sees(lambda p: bool(p.incidents[0].orders)).incidents[0].orders
    body = {"order_id": first.order_id, "state": "done", "text": "电话告知"}
    room.feed.offer(f"quanmai/v1/test/orders/{first.crew_id}/ack", json.dumps(body).encode())
    room.sees(lambda p: p.incidents[0].orders[0].state == "done")
    assert _orders(_channel(room)) == [(order.order_id, "new") for order in rest]
    room.waits(lambda: any("工单已完成" in note for note in _told(room, case)))


def test_live_orders_of_a_case_that_is_open_again_go_out(room: Room) -> None:
    case = _case(room)
    _does(room, AdvancePhase(case, Phase.CLOSED, "已修复"))
    room.waits(lambda: bool(_told(room, case)))
    _does(room, UndoLast(case))
    orders = room.sees(lambda p: p.incidents[0].is_open()).incidents[0].orders
    assert set(_orders(_channel(room))) == {(order.order_id, "revised") for order in orders}


def test_of_a_notice_lifted_before_it_was_sent_only_the_lifting_is_sent(room: Room) -> None:
    case = _case(room)
    _does(room, DraftNotice(case))
    notice = f"{case}-N1"
    for intent, user in (
        (SubmitNotice(case, notice), "王"),
        (ApproveNotice(case, notice), "李"),
        (IssueNotice(case, notice), "李"),
        (LiftNotice(case, notice, "误发"), "李"),
    ):
        _does(room, intent, user)
    left = _channel(room)
    assert [body["status"] for body in left if "notice_id" in body] == ["lifted"]
    caps = [body["xml"] for body in left if "xml" in body]
    assert len(caps) == 1
    assert "<msgType>Cancel</msgType>" in caps[0]


def test_a_message_that_was_withdrawn_counts_as_not_sent_in_a_package(room: Room) -> None:
    case = _case(room)
    _does(room, DismissIncident(case, "误报"))
    left = _channel(room)
    kept = room.store.sent_with(change.seq for change in room.engine.timeline(case))
    assert len(kept) == len(left)
