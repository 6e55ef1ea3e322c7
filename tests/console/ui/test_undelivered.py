"""Messages not delivered and payloads refused by feeds are shown in the window in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from console.domain.delivery import Reason, Undelivered
from console.domain.health import ChannelHealth, FeedHealth
from console.domain.outgoing import MessageKind
from console.ui.map.live.crew_marks import crew_words
from console.ui.window import MainWindow
from console.ui.words import Words
from tests.console.ui.scripted import CASE, ScriptedPort
from tests.console.ui.test_window import judged, texts

pytestmark = pytest.mark.gui


def test_an_order_without_a_channel_is_not_delivered_in_the_case_and_in_its_row(window: MainWindow, port: ScriptedPort) -> None:
    judged(window, port)
    order = port.latest().incidents[0].orders[0]
    port.undelivered = (
        Undelivered(1, MessageKind.ORDER, order.order_id, CASE, Reason.NO_CHANNEL),
        Undelivered(2, MessageKind.ALERT, "A1", CASE, Reason.NO_CHANNEL),
    )
    port.publish()
    window.settle()
    assert "未送达（无通道）：工单 × 1、片区预警 × 1" in texts(window.case)
    row = next(text for text in texts(window.case.location).splitlines() if "现场核实" in text)
    assert "✕ 未送达：无通道" in row
    assert "已下达" not in row
    window.choice.toggle_language()
    window.settle()
    assert "Not delivered (no channel): order × 1" in texts(window.case)
    port.undelivered = ()
    port.publish()
    window.settle()
    assert "ot delivered" not in texts(window.case)


def test_a_delivery_that_failed_says_when_it_is_tried_again(window: MainWindow, port: ScriptedPort) -> None:
    judged(window, port)
    order = port.latest().incidents[0].orders[0]
    again_at = datetime(2024, 1, 3, 15, 7, 30, tzinfo=UTC)
    failed = Undelivered(1, MessageKind.ORDER, order.order_id, CASE, Reason.REFUSED, "mqtt", 2, again_at, "Not authorized")
    port.undelivered = (failed, replace(failed, channel="sms"))
    port.publish()
    window.settle()
    assert "✕ 未送达：服务器拒收，第 2 次未成，23:07:30 再试" in texts(window.case.location)
    assert "未送达（服务器拒收）：工单 × 1" in texts(window.case)


def test_each_feed_and_each_channel_has_a_line_of_its_own(window: MainWindow, port: ScriptedPort) -> None:
    port.feeds = (FeedHealth("mqtt", "up", received=1000), FeedHealth("simulator", "down", "it ended", code="simulator_ended"))
    port.channels = (ChannelHealth("mqtt", "up"), ChannelHealth("folder", "up", "disk full", "not_delivered"))
    port.publish()
    window.settle()
    assert "✕ simulator" in texts(window.strip)
    lines = window.strip._feed.toolTip()
    assert all(part in lines for part in ("mqtt · 已连接 · 已收 1,000", "simulator · 中断", "发送通道 folder · 已连接"))
    assert "disk full" in lines


def test_gaps_and_refused_parts_of_a_feed_are_counted_in_the_strip_by_kind(window: MainWindow, port: ScriptedPort) -> None:
    port.feeds = (
        FeedHealth(
            "mqtt",
            "up",
            received=1000,
            invalid=7,
            refused=(("station", 4), ("bounds", 3)),
            lost=12,
            restarts=1,
            others=(("ping", 5),),
        ),
    )
    port.publish()
    window.settle()
    assert "丢失 12" in texts(window.strip)
    told = window.strip._feed.toolTip()
    assert all(
        part in told for part in ("未知测点: 4", "超出物理范围: 3", "按序号丢失的报文: 12", "序号重新开始: 1", "不更新）: 5")
    )
    window.choice.toggle_language()
    window.settle()
    assert "12 lost" in texts(window.strip)
    assert "Unknown station: 4" in window.strip._feed.toolTip()


@pytest.mark.parametrize(("state", "code"), [("down", "session_taken"), ("up", "session_contested")])
def test_a_seat_name_used_by_another_program_is_reported(window: MainWindow, port: ScriptedPort, state: str, code: str) -> None:
    port.feeds = (FeedHealth("mqtt", state, "quanmai-t-engine", code=code),)
    port.publish()
    window.settle()
    assert "--seat" in window.strip._feed.toolTip()
    assert "✕ mqtt" in texts(window.strip)


@pytest.mark.parametrize(("language", "told"), [("zh_CN", "位置已加密，无法读取"), ("en", "position encrypted, cannot be read")])
def test_the_reason_for_an_unreadable_crew_position_is_shown_beside_it(port: ScriptedPort, language: str, told: str) -> None:
    fix = next(iter(port.chair.state.crews.values()))
    label = crew_words(replace(fix, trouble="encrypted"), fix.at_us + 60_000_000, Words(language, "Asia/Shanghai"))
    assert f"✕ {told}" in label
    assert "✕" not in crew_words(fix, fix.at_us, Words(language, "Asia/Shanghai"))
