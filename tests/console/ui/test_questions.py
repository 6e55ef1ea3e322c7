"""The short questions: reasons are required, times are the city's, and no accidental key confirms."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from console.domain.alarms import AlarmState
from console.services.alarms.station_alarms import AcknowledgeAlarm, ShelveAlarm, TakeOutOfService
from console.services.incidents.judging import DismissIncident
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import MomentEdit, PressureQuestion, ReasonQuestion, SampleQuestion
from console.ui.dialogs.shelve import ShelveQuestion
from console.ui.theme import Theme
from console.ui.window import MainWindow
from console.ui.words import Words
from tests.console.services.town import NOW
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui


def said(widget: QWidget) -> str:
    """Everything that can be read in a widget's labels."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if not label.isHidden())


def shelving(window: MainWindow, port: ScriptedPort) -> ShelveQuestion:
    """The dialog for the burst's alarm."""
    port.burst()
    window.settle()
    window.alarms.table.selectRow(0)
    window.alarms.shelving_asked.emit(window.alarms.chosen())
    (question,) = window.findChildren(ShelveQuestion)
    return question


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Lima", "UTC"])
def test_a_time_is_shown_and_taken_in_the_citys_zone_whatever_the_machines(qapp: object, zone: str) -> None:
    edit = MomentEdit(Appearance(Theme.load("dark"), Words("zh_CN", zone)), NOW)
    assert edit.text() == f"{NOW.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    assert edit.moment == NOW
    edit.setDateTime(edit.dateTime().addSecs(3600))
    assert edit.moment == NOW + timedelta(hours=1)


def test_shelving_says_which_alarm_until_when_and_that_it_belongs_to_a_case(window: MainWindow, port: ScriptedPort) -> None:
    question = shelving(window, port)
    assert "北园小区 P-317 · 疑似爆管" in said(question)
    assert CASE in said(question)
    assert "23:15 自动恢复" in said(question)
    question.time.setCurrentIndex(question.time.count() - 2)
    assert "恢复正常时" in said(question)
    question.time.setCurrentIndex(question.time.count() - 1)
    assert "人工恢复" in said(question)


def test_shelving_needs_a_reason_and_runs_from_the_moment_it_is_confirmed(window: MainWindow, port: ScriptedPort) -> None:
    question = shelving(window, port)
    question.field.setText("  ")
    assert not question.ok.isEnabled()
    QTest.keyClick(question.field, Qt.Key.Key_Return)
    assert question.isVisible()
    question.field.setText("片区已知")
    port.wait(600)
    until = port.now() + timedelta(minutes=15)
    question.ok.click()
    window.settle()
    alarm = port.latest().alarms[0]
    assert port.asked[-1][0] == ShelveAlarm(alarm.alarm_id, until, "片区已知")
    assert alarm.state is AlarmState.SHELVED


def test_out_of_service_is_another_thing_than_shelving(window: MainWindow, port: ScriptedPort) -> None:
    question = shelving(window, port)
    question.time.setCurrentIndex(question.time.count() - 1)
    question.usual[1].click()
    question.ok.click()
    assert port.asked[-1][0] == TakeOutOfService(port.latest().alarms[0].alarm_id, "测点待修")


def test_an_alarm_that_is_over_before_the_answer_is_refused_in_one_line(window: MainWindow, port: ScriptedPort) -> None:
    question = shelving(window, port)
    window.dispatcher.submit(TakeOutOfService(port.latest().alarms[0].alarm_id, "检修"))
    question.field.setText("片区已知")
    question.ok.click()
    window.settle()
    assert window.messages.text
    assert "\n" not in window.messages.text


def test_not_a_burst_takes_a_usual_reason_at_a_click_and_none_without(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.case.location.dismissal_asked.emit(CASE)
    (question,) = window.findChildren(ReasonQuestion)
    assert not question.ok.isEnabled()
    question.usual[0].click()
    QTest.mouseClick(question.ok, Qt.MouseButton.LeftButton)
    QTest.mouseClick(question.ok, Qt.MouseButton.LeftButton)
    window.settle()
    assert [intent for intent, _ in port.asked] == [DismissIncident(CASE, "管网冲洗")]


def test_escape_submits_nothing_and_leaves_no_dialog(window: MainWindow, port: ScriptedPort) -> None:
    question = shelving(window, port)
    question.field.setText("片区已知")
    QTest.keyClick(question, Qt.Key.Key_Escape)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert port.asked == []
    assert window.findChildren(QDialog) == []


def test_an_open_question_outlives_a_change_of_language(window: MainWindow, port: ScriptedPort) -> None:
    question = shelving(window, port)
    question.field.setText("known")
    window.choice.toggle_language()
    window.choice.toggle_theme()
    window.settle()
    question.ok.click()
    assert isinstance(port.asked[-1][0], ShelveAlarm)


def test_a_gauge_starts_empty_and_zero_is_a_reading(qapp: object) -> None:
    question = PressureQuestion(Appearance(Theme.load("dark"), Words("en", "Asia/Shanghai")), "", "", do="Enter reading")
    assert question.field.text() == "–"
    assert question.ok.text() == "Enter reading"
    assert not question.ok.isEnabled()
    question.field.setValue(0.0)
    assert question.ok.isEnabled()
    assert question.pressure_kpa == 0.0


def test_a_gauge_is_typed_over_the_dash_and_entered_by_the_keyboard(qtbot: QtBot) -> None:
    question = PressureQuestion(Appearance(Theme.load("dark"), Words("zh_CN", "Asia/Shanghai")), "", "")
    qtbot.addWidget(question)
    question.open()
    QTest.keyClick(question.field, Qt.Key.Key_Return)
    assert question.isVisible()
    QTest.keyClicks(question.field, "0.412")
    QTest.keyClick(question.field, Qt.Key.Key_Return)
    assert not question.isVisible()
    assert question.pressure_kpa == pytest.approx(412.0)


@pytest.mark.parametrize("text", ["²", "1.2.3", "-1", "abc", ".", "１²"])
def test_a_sample_that_is_no_number_is_not_accepted(qapp: object, text: str) -> None:
    question = SampleQuestion(Appearance(Theme.load("dark"), Words("zh_CN", "Asia/Shanghai")))
    question._fields["chlorine"].setText("0,3")
    question._fields["turbidity"].setText("0.4")
    assert question.ok.isEnabled()
    question._fields["turbidity"].setText(text)
    assert not question.ok.isEnabled()


def test_an_acknowledgement_pressed_twice_is_one_line_at_most(window: MainWindow, port: ScriptedPort) -> None:
    port.station_event(12, "frozen")
    window.settle()
    window.alarms.table.selectRow(0)
    QTest.mouseClick(window.alarms._acknowledge, Qt.MouseButton.LeftButton)
    QTest.mouseClick(window.alarms._acknowledge, Qt.MouseButton.LeftButton)
    window.settle()
    assert {type(intent) for intent, _ in port.asked} == {AcknowledgeAlarm}
    assert "\n" not in window.messages.text
