"""The whole window over the real desk: contents, questions, and refusals without a crash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from console.domain.health import FeedHealth
from console.domain.incidents import Phase, Unable
from console.domain.notices import NoticeStatus
from console.services.alarms.station_alarms import AcknowledgeAlarm
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, MarkValveUnable, RecordSample
from console.services.incidents.judging import AdvancePhase, JudgeBurst
from console.services.notices.lifecycle import DraftNotice, IssueNotice
from console.ui.dialogs.confirm import Confirmation
from console.ui.map.layers import MapLayer
from console.ui.screenshots import ScreenNotSaved, grab_stage
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from maps.errors import QuanmaiError
from tests.console.ui.approvers import PASSWORD
from tests.console.ui.scripted import CASE, ScriptedPort
from tests.console.ui.small_city import build_small_city

pytestmark = pytest.mark.gui


def texts(widget: QWidget) -> str:
    """Everything that can be read in a widget's labels now."""
    return "\n".join(found.text() for found in widget.findChildren(QLabel) if not found.isHidden())


def judged(window: MainWindow, port: ScriptedPort) -> None:
    """A burst was found and judged."""
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()


def test_without_events_the_window_is_grey_and_says_that_all_is_normal(window: MainWindow, port: ScriptedPort) -> None:
    window.settle()
    strip = texts(window.strip)
    assert "2024-01-03 23:00:05 UTC+8" in strip
    assert "35/35 测点正常" in strip
    assert "没有进行中的事件" in texts(window.case)
    assert window.messages.text == ""


def test_a_burst_fills_the_case_column_and_starts_the_clock(window: MainWindow, port: ScriptedPort) -> None:
    port.burst(first=1)
    port.wait(247 - 10)
    window.settle()
    column = texts(window.case)
    assert "已用 4分07秒" in column
    assert "7 个测点压力下降" in column
    assert "90% 在 4 段管道" in column
    assert CASE in column
    assert "首位是高概率管道的中心位置" in column  # the second likeliest pipe heads the list


def test_judging_takes_the_first_candidate_and_a_site_check_is_sent(window: MainWindow, port: ScriptedPort) -> None:
    judged(window, port)
    candidates = port.case.location.candidates if port.case.location else ()
    assert port.asked[-1] == (JudgeBurst(CASE, (candidates[0].pipe_id,)), "王")
    assert port.case.phase is Phase.VERIFIED
    assert "现场核实 →" in texts(window.case.location)
    assert "中心位置" not in texts(window.case.location)


def test_another_pipe_clicked_on_the_map_is_judged_by_the_button_that_names_it(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    pipes = port.city.network.pipes
    row = pipes.row(port.case.location.candidates[2].pipe_id if port.case.location else "")
    window.layers.set_visible(frozenset({MapLayer.PIPES}))
    x, y = pipes.points(row)[1]
    window.map.navigation.look_at(float(x), float(y), 1.0)
    middle = QPoint(window.map.width() // 2, window.map.height() // 2)
    QTest.mouseClick(window.map, Qt.MouseButton.LeftButton, pos=middle)
    assert port.asked == []
    (button,) = [b for b in window.case.findChildren(QPushButton) if f"判定 {pipes.asset_id[row]} 爆管" in b.text()]
    button.click()
    window.settle()
    assert port.asked[-1][0] == JudgeBurst(CASE, (str(pipes.asset_id[row]),))
    assert port.case.burst_pipes == (str(pipes.asset_id[row]),)


def test_a_refused_intent_is_one_clear_line_and_nothing_breaks(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.dispatcher.submit(IssueNotice(CASE, "none"))
    window.settle()
    assert "none" in window.messages.text
    assert "\n" not in window.messages.text
    port.fault = QuanmaiError("store: the disk is full;\nmake room")
    window.dispatcher.submit(JudgeBurst(CASE, ("P-104000",)))
    window.settle()
    assert window.messages.text == "store: the disk is full; make room"
    window.messages.dismiss()
    assert window.messages.text == ""


def test_a_valve_that_cannot_be_closed_changes_the_plan_at_once(window: MainWindow, port: ScriptedPort) -> None:
    judged(window, port)
    plan = port.case.plan
    assert plan is not None
    first, second = (step.asset_id for step in plan.valves_to_close[:2])
    window.case.plan.choose(first)
    window.case.plan.report_closed()
    window.dispatcher.submit(MarkValveUnable(CASE, second, Unable.SEIZED))
    window.settle()
    assert (MarkValveClosed(CASE, first), "王") in port.asked
    assert f"✕ {second} · 关不动" in texts(window.case.plan)
    assert "已关 · 王" in texts(window.case.plan)


def test_why_names_the_source_held_back_and_what_if(window: MainWindow, port: ScriptedPort) -> None:
    judged(window, port)
    window.case.plan.choose(port.case.plan.valves_to_close[0].asset_id if port.case.plan else "")
    window.case.plan._ask_why.click()
    why = texts(window.case.plan)
    assert "另一侧有水源" in why
    assert "若关不动" in why


def test_the_notice_goes_from_draft_to_public_by_a_second_person(window: MainWindow, port: ScriptedPort) -> None:
    judged(window, port)
    window.case.notice.next_step()
    window.settle()
    assert port.asked[-1] == (DraftNotice(CASE), "王")
    window.case.notice.next_step()
    dialog = window.questions.open_notice
    assert dialog is not None
    dialog.submit()
    window.settle()
    dialog.approve_as("")
    window.settle()
    assert "第二人" in window.messages.text
    dialog.approve_as("李", PASSWORD)
    window.settle()
    dialog.ask_issue()
    assert port.case.notices[-1].issued_at is None
    (question,) = dialog.findChildren(Confirmation)
    question.ok.click()
    window.settle()
    assert port.case.notices[-1].status is NoticeStatus.ISSUED
    assert port.case.notices[-1].approved_by == "李"
    assert "用时" in texts(window.case.head)
    dialog.close()


def test_an_alarm_is_acknowledged_from_the_list(window: MainWindow, port: ScriptedPort) -> None:
    port.station_event(12, "frozen")
    window.settle()
    window.alarms.acknowledge()
    window.settle()
    assert isinstance(port.asked[-1][0], AcknowledgeAlarm)
    assert "未确认 0" in texts(window.alarms)


def test_a_feed_that_is_down_is_shown_with_advice(window: MainWindow, port: ScriptedPort) -> None:
    port.feeds = (FeedHealth("mqtt", "down", "broker refused; check the password"),)
    port.publish()
    window.settle()
    assert "broker refused; check the password" in window.messages.text
    assert "✕ mqtt" in texts(window.strip)


def test_failed_hydraulics_are_shown(window: MainWindow, port: ScriptedPort) -> None:
    judged(window, port)
    port.pressures(converged=False)
    window.settle()
    assert "no convergence after 200 trials" in window.messages.text
    assert "降压未知" in texts(window.case.people)


def test_a_city_without_coordinates_says_so(qtbot: QtBot) -> None:
    window = MainWindow(ScriptedPort(build_small_city(crs="local", synthetic=False), is_drill=False), WindowSettings("王"))
    qtbot.addWidget(window)
    words = [badge.text for badge in window.map.badges]
    assert words == ["未配准坐标（工程坐标）", "无水力模型"]
    window.close()


def test_language_and_theme_change_everywhere_at_once(window: MainWindow, port: ScriptedPort) -> None:
    judged(window, port)
    window.choice.toggle_language()
    window.settle()
    assert "Valves to close" in texts(window.case)
    assert "Stations (worst first)" in texts(window.layers)
    window.choice.toggle_theme()
    window.settle()
    assert "Alarms 1" in texts(window.alarms)


def test_the_layout_and_language_are_remembered(qtbot: QtBot, port: ScriptedPort, tmp_path: Path) -> None:
    first = MainWindow(port, WindowSettings("王", tmp_path))
    qtbot.addWidget(first)
    first.choice.toggle_language()
    first.layers.set_visible(frozenset(MapLayer) - {MapLayer.ROADS})
    first.close()
    second = MainWindow(port, WindowSettings("王", tmp_path))
    qtbot.addWidget(second)
    assert MapLayer.ROADS not in second.map.visible_layers
    assert "Layers" in texts(second.layers)
    second.close()


def test_search_finds_every_kind_of_thing(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    kinds = {
        text: [hit.kind for hit in window.search(text)]
        for text in ("P-104100", "V-5500", "北园大街", "美林苑", "Q-003", "大桥水厂", "抢修3队", CASE, "全屏")
    }
    wanted = ["pipe", "valve", "road", "zone", "station", "facility", "crew", "incident", "command"]
    assert [found[0] for found in kinds.values()] == wanted
    assert window.search("no such thing") == []


def test_a_screenshot_is_written_completely_or_not_at_all(window: MainWindow, tmp_path: Path) -> None:
    grab_stage(window, tmp_path / "stage.png")
    assert QImage(str(tmp_path / "stage.png")).size().width() == 1600
    with pytest.raises(ScreenNotSaved, match="writable"):
        grab_stage(window, tmp_path / "none" / "stage.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stage.png"]


def test_a_newer_picture_never_shows_an_older_case(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.show_picture(replace(port.latest(), incidents=()))
    assert "没有进行中的事件" in texts(window.case)


def test_a_case_can_be_closed_from_the_window_once_sampled_and_restored(window: MainWindow, port: ScriptedPort) -> None:
    judged(window, port)
    valve = port.case.plan.valves_to_close[0].asset_id if port.case.plan else ""
    window.dispatcher.submit(MarkValveClosed(CASE, valve))
    for phase, evidence in ((Phase.ISOLATED, "crew"), (Phase.REPAIRING, ""), (Phase.RESTORING, "")):
        window.dispatcher.submit(AdvancePhase(CASE, phase, evidence))
        window.settle()
        assert window.messages.text == ""
    assert "水样未检" in texts(window.case.response)
    window.dispatcher.submit(AdvancePhase(CASE, Phase.CLOSED, ""))
    window.settle()
    assert valve in window.messages.text
    assert "1 个阀门尚未复位" in texts(window.case.response)
    window.case.plan.choose(valve)
    window.case.plan.report_closed()
    window.settle()
    assert (MarkValveRestored(CASE, valve), "王") in port.asked
    window.messages.dismiss()
    window.dispatcher.submit(RecordSample(CASE, 0.4, 0.2))
    window.settle()
    assert "水样合格" in texts(window.case.response)
    window.dispatcher.submit(AdvancePhase(CASE, Phase.CLOSED, ""))
    window.settle()
    assert "没有进行中的事件" in texts(window.case)


def test_a_stored_choice_that_no_longer_exists_is_replaced_by_the_default(
    qtbot: QtBot, port: ScriptedPort, tmp_path: Path
) -> None:
    (tmp_path / "window.ini").write_text("[General]\nlanguage=fr\ntheme=pink\n")
    made = MainWindow(port, WindowSettings("王", tmp_path, usual_language="en", usual_theme="light"))
    qtbot.addWidget(made)
    assert (made._appearance.words.language, made._appearance.theme.name) == ("en", "light")
    made.close()


def test_language_and_theme_given_for_one_start_are_not_stored(qtbot: QtBot, port: ScriptedPort, tmp_path: Path) -> None:
    for given, seen in ((("en", "light"), ("en", "light")), (("", ""), ("zh_CN", "dark"))):
        made = MainWindow(port, WindowSettings("王", tmp_path, *given))
        qtbot.addWidget(made)
        assert (made._appearance.words.language, made._appearance.theme.name) == seen
        made.close()
