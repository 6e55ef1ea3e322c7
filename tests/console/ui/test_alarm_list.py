"""The alarm list: important texts are never cut off, unread alarms are not acknowledged, any text is shown safely."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from console.domain.alarms import Alarm, AlarmKind, AlarmState, Evidence, Priority
from console.domain.notes import Note
from console.services.alarms.station_alarms import AcknowledgeAlarm, AcknowledgeAlarms, ShelveAlarm
from console.ui.dialogs.station import StationDialog
from console.ui.window import MainWindow
from tests.console.services.town import NOW
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui
HOSTILE = "<img src='file:///etc/hostname'><b>北园</b>\n第二行\u202eabc\u2066 " + "很长的测点名" * 60


def an_alarm(number: int, **parts: object) -> Alarm:
    """A frozen station's alarm."""
    seen = Evidence(f"Q-{number % 35:03d}", "pressure", 200.0, 352.0, NOW)
    made = Alarm(f"A{number}", AlarmKind.STATION_FAULT, Priority.LOW, seen.station_id, NOW, (seen,), code="frozen")
    return replace(made, **parts)  # type: ignore[arg-type]  # any field


def show(window: MainWindow, port: ScriptedPort, *alarms: Alarm) -> None:
    """A picture with these alarms."""
    picture = port.latest()
    window.show_picture(replace(picture, version=window._picture.version + 1, alarms=alarms))
    QApplication.processEvents()


def told(window: MainWindow) -> str:
    """All labels of the list."""
    return "\n".join(found.text() for found in window.alarms.findChildren(QLabel) if not found.isHidden())


def test_a_doubtful_low_pressure_is_named_where_a_narrow_row_still_shows_it(window: MainWindow, port: ScriptedPort) -> None:
    port.station_event(4, "low_pressure", observed=121.0, limit=140.0, elevation_error_m=-3.0)
    window.settle()
    content = window.alarms.table.model().index(0, 3).data()
    assert content.startswith("存疑 · 压力 0.121 MPa，低于 0.14 MPa · 标高误差 −3.0 m")
    window.choice.toggle_language()
    assert window.alarms.table.model().index(0, 3).data().startswith("Doubtful · ")


def test_the_chosen_alarm_is_shown_in_full_with_acknowledgement_and_shelving(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    alarm = port.latest().alarms[0]
    window.dispatcher.submit(AcknowledgeAlarm(alarm.alarm_id))
    window.dispatcher.submit(ShelveAlarm(alarm.alarm_id, port.now() + timedelta(minutes=30), "冲洗消火栓，片区已知"))
    window.alarms.table.selectRow(0)
    window.settle()
    line = told(window)
    assert "另 6 个测点" in line
    assert "已搁置至 23:30（冲洗消火栓，片区已知）" in line
    assert CASE in line
    assert "王 23:00:15 确认" in line
    assert "搁置或停用 1" in line


def test_when_the_chosen_alarm_disappears_no_other_is_chosen(window: MainWindow, port: ScriptedPort, qtbot: QtBot) -> None:
    show(window, port, *(an_alarm(number) for number in range(5)))
    window.alarms.table.selectRow(2)
    with qtbot.assertNotEmitted(window.alarms.alarm_chosen):
        show(window, port, *(an_alarm(number) for number in range(5) if number != 2))
    assert window.alarms.chosen() is None
    window.alarms.table.selectRow(2)
    show(window, port, *(an_alarm(number) for number in (9, 3, 1)))
    chosen = window.alarms.chosen()
    assert chosen is not None
    assert chosen.alarm_id == "A3"


def test_an_alarm_of_another_day_shows_its_date(window: MainWindow, port: ScriptedPort) -> None:
    show(window, port, an_alarm(1), an_alarm(2, raised_at=NOW - timedelta(days=1)))
    times = [window.alarms.table.model().index(row, 1).data() for row in range(2)]
    assert times == ["23:00:05", "01-02 23:00"]


def test_text_from_outside_stays_one_plain_line_and_widens_nothing(window: MainWindow, port: ScriptedPort) -> None:
    window.settle()
    before = window.width(), window.alarms.width()
    show(
        window,
        port,
        an_alarm(1, subject=HOSTILE, evidence=(), detail=Note.literal(HOSTILE), shelved_reason=HOSTILE, state=AlarmState.SHELVED),
    )
    window.alarms.table.selectRow(0)
    QApplication.processEvents()
    model = window.alarms.table.model()
    for column in range(model.columnCount()):
        text, tip = model.index(0, column).data(), str(model.index(0, column).data(Qt.ItemDataRole.ToolTipRole))
        assert not {"\n", "\u202e", "\u2066"} & set(text)
        assert "<img" not in tip
        assert "<b>" not in tip
    assert (window.width(), window.alarms.width()) == before
    assert window.alarms.table.rowHeight(0) == 27


def test_columns_take_what_their_words_need_and_leave_the_content_the_largest_share(
    window: MainWindow, port: ScriptedPort
) -> None:
    show(window, port, an_alarm(1), an_alarm(2, incident_id=CASE), an_alarm(3, subject=HOSTILE, evidence=()))
    header = window.alarms.table.horizontalHeader()
    widths = [header.sectionSize(column) for column in range(header.count())]
    assert max(widths) == widths[3]
    assert sum(widths) == window.alarms.table.viewport().width()
    assert widths[5] >= window.alarms.table.fontMetrics().horizontalAdvance(f"未确认 · {CASE}")


def test_a_double_click_opens_the_card_of_the_alarms_station(window: MainWindow, port: ScriptedPort) -> None:
    port.station_event(12, "frozen")
    window.settle()
    table = window.alarms.table
    at = table.visualRect(table.model().index(0, 3)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at))
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at))
    (card,) = [found for found in window.findChildren(StationDialog) if found.isVisible()]
    assert "P-312" in card.windowTitle()


def test_several_chosen_alarms_are_acknowledged_together_and_shelved_one_by_one(window: MainWindow, port: ScriptedPort) -> None:
    for row in (4, 8, 12):
        port.station_event(row, "frozen")
    window.settle()
    first, *_ = alarms = port.latest().alarms
    window.dispatcher.submit(AcknowledgeAlarm(first.alarm_id))
    window.settle()
    window.alarms.table.selectAll()
    buttons = {button.text(): button for button in window.alarms.findChildren(QPushButton)}
    assert not buttons["搁置…"].isEnabled()
    buttons["确认 2 条"].click()
    window.settle()
    asked = port.asked[-1][0]
    assert isinstance(asked, AcknowledgeAlarms)
    assert set(asked.alarm_ids) == {alarm.alarm_id for alarm in alarms[1:]}
    assert "未确认 0" in told(window)
    assert window.alarms.waiting() == []
