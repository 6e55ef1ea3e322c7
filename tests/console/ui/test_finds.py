"""Findings in the window: the next gauge reading, a gauge entered, operations that may explain them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from console.domain.alarms import AlarmKind, Priority
from console.domain.incidents import Outlook, Prediction
from console.services.alarms.operations import EndOperation, EnterOperation
from console.services.incidents.judging import DismissIncident, JudgeBurst
from console.services.location.gauge_readings import EnterReading
from console.ui.dialogs.ask import OperationQuestion, PressureQuestion
from console.ui.dialogs.confirm import Confirmation
from console.ui.map.live.case_marks import case_marks
from console.ui.panels.case.deviations import groups_of
from console.ui.window import MainWindow
from maps.locate.next_reading import ReadingPlace
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui


def said(widget: QWidget) -> str:
    """Everything that can be read in a part of the window."""
    labels = [one.text() for one in widget.findChildren(QLabel) if not one.isHidden()]
    return "\n".join([*labels, *(one.text() for one in widget.findChildren(QPushButton) if not one.isHidden())])


def foresee(port: ScriptedPort, bits: float = 1.2) -> ReadingPlace:
    """A burst with a proposed hydrant at which the first two candidates differ."""
    port.burst()
    location = port.case.location
    assert location is not None
    first, second = (candidate.pipe_id for candidate in location.candidates[:2])
    hydrants = port.city.hydrants
    falls = ((first, 10.0), (second, 60.0))
    place = ReadingPlace(
        str(hydrants.asset_id[4]), "hydrant", float(hydrants.x[4]), float(hydrants.y[4]), 350.0, 5.0, falls, bits, 4, 1.6
    )
    moved = tuple(one.station_id for one in port.case.evidence)
    outlook = Outlook(moved, (Prediction(first, tuple(-50.0 - k for k in range(len(moved)))),), (place,))
    port.chair.take(port.chair.desk.on_outlook(port.chair.state, CASE, outlook, port.chair.now))
    port.publish()
    return place


def test_the_next_gauge_reading_is_listed_and_marked_on_the_map(window: MainWindow, port: ScriptedPort) -> None:
    place = foresee(port)
    window.settle()
    assert f"建议复测点：消火栓 {place.asset_id} · 4 → 约 2 条" in said(window.case.location)
    (mark,) = case_marks(port.city, port.case).reads
    assert (mark.asset_id, mark.x, mark.y) == (place.asset_id, place.x, place.y)


def test_a_place_of_little_information_is_marked_as_such(window: MainWindow, port: ScriptedPort) -> None:
    foresee(port, bits=0.04)
    window.settle()
    assert "作用有限" in said(window.case.location)


def test_a_gauge_entered_moves_the_candidates(window: MainWindow, port: ScriptedPort) -> None:
    place = foresee(port)
    window.settle()
    window.case.location.reading_asked.emit(port.case, place)
    (question,) = window.findChildren(PressureQuestion)
    assert not question.ok.isEnabled()
    question.field.setValue(0.291)
    question.accept()
    window.settle()
    asked = port.asked[-1][0]
    assert isinstance(asked, EnterReading)
    assert (asked.incident_id, asked.place_id) == (CASE, place.asset_id)
    assert asked.pressure_kpa == pytest.approx(291.0)
    assert port.case.location is not None
    assert port.case.location.candidates[0].pipe_id == place.falls_kpa[1][0]
    assert "实测 0.291 MPa" in said(window.case.location)


def test_the_chart_holds_measured_beside_predicted(port: ScriptedPort) -> None:
    foresee(port)
    groups = groups_of(port.case)
    measured = {one.station_id: one.deviation for one in port.case.evidence}
    assert [(one.station_id, one.measured_kpa) for one in groups] == list(measured.items())[:7]
    assert [one.predicted_kpa for one in groups] == [(-50.0 - k,) for k in range(len(groups))]


def test_an_operation_entered_is_listed_explains_a_finding_and_can_be_ended(window: MainWindow, port: ScriptedPort) -> None:
    window.questions.operation(str(port.city.hydrants.asset_id[0]), "hydrant")
    (question,) = window.findChildren(OperationQuestion)
    question.asset.setText("")
    question.accept()
    window.settle()
    asked = port.asked[-1][0]
    assert isinstance(asked, EnterOperation)
    assert (asked.code, asked.asset_id) == ("hydrant", "")
    assert asked.ends_at - asked.starts_at == timedelta(hours=2)
    port.chair.now += timedelta(minutes=1)
    port.burst()
    window.settle()
    assert "可能的原因：消火栓用水或冲洗" in said(window.case.evidence)
    alarms = window.alarms.table.model()
    texts = [alarms.index(row, 3).data() for row in range(alarms.rowCount())]
    assert [text for text in texts if "可能的原因" in text]
    (operation,) = (alarm for alarm in port.latest().alarms if alarm.kind is AlarmKind.OPERATION)
    assert operation.priority is Priority.LOW
    assert port.latest().alarms_per_10_min == 1
    window.alarms.table.selectRow(port.latest().alarms.index(operation))
    assert "结束操作" in said(window.alarms)
    window.alarms._on_shelve()
    assert port.asked[-1][0] == EndOperation(operation.alarm_id)


def test_what_was_dismissed_is_named_beside_a_like_find_in_both_languages(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    port.chair.does(DismissIncident(CASE, "消火栓用水"))
    port.chair.now += timedelta(days=1)
    port.burst()
    window.settle()
    seen = said(window.case.evidence)
    assert f"可能的原因：与 01-03 的疑似（{CASE}）相似，当时排除为：消火栓用水" in seen
    assert "不隐藏" in seen
    texts = [window.alarms.table.model().index(0, 3).data()]
    assert "当时排除为：消火栓用水" in texts[0]
    window.choice.toggle_language()
    window.settle()
    assert f"May be due to the same as on 01-03 ({CASE}, dismissed as: 消火栓用水)" in said(window.case.evidence)


def test_a_zone_with_risen_inflow_is_named_in_the_evidence(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    case = port.case
    inflow = replace(case.evidence[0], channel="flow", observed=-140.0, expected=-120.0, zone="DMA-3")
    after = replace(case, evidence=(*case.evidence, inflow), version=case.version + 1)
    port.chair.state = port.chair.state.with_records([after])
    port.publish()
    window.settle()
    assert "1 个流量上升，DMA-3 进水上升" in said(window.case.evidence)


def test_a_reading_that_excludes_no_pipe_is_not_announced_as_excluding_some(window: MainWindow, port: ScriptedPort) -> None:
    foresee(port)
    case = port.case
    assert case.outlook is not None
    place = case.outlook.next_readings[0]
    for after, fewer in ((place.set_before - 0.6, True), (place.set_before - 0.4, False)):
        outlook = replace(case.outlook, next_readings=(replace(place, set_after=after),))
        window.show_picture(replace(port.latest(), incidents=(replace(case, outlook=outlook),)))
        assert ("→" in said(window.case.location)) is fewer


def test_every_candidate_can_be_listed_and_none_is_said_to_be_impossible(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    location = window.case.location
    assert "另有 8 个" in location._more.text()
    location._more.click()
    window.settle()
    shown = said(location).splitlines()
    assert "<1%" in shown
    assert "0%" not in shown
    location._more.click()
    assert "另有 8 个" in location._more.text()


def test_a_pipe_found_on_site_beside_the_judged_one_is_warned_of_and_corrected_once_confirmed(
    window: MainWindow, port: ScriptedPort
) -> None:
    port.burst()
    window.settle()
    assert port.case.location is not None
    first, other = (candidate.pipe_id for candidate in port.case.location.candidates[:2])
    window.case.location.judge()
    window.settle()
    assert "现场找到" not in said(window.case.location)
    port.reply("on_site", found=other)
    window.settle()
    assert f"现场找到 {other}，与已判定的 {first} 不符" in said(window.case.location)
    assert f"改判为 {other} 爆管" in said(window.case)
    window.case.location.judge()
    assert port.asked[-1][0] == JudgeBurst(CASE, (first,))
    (question,) = window.findChildren(Confirmation)
    question.ok.click()
    window.settle()
    assert port.asked[-1][0] == JudgeBurst(CASE, (other,), "on_site")
    assert "不符" not in said(window.case.location)
    assert f"{other} 爆管" not in said(window.case.location)


def test_selecting_a_pipe_does_not_change_the_next_judgement_of_any_case(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    case = port.case
    assert case.location is not None
    first, other = (candidate.pipe_id for candidate in case.location.candidates[:2])
    picture = replace(port.latest(), incidents=(case, replace(case, incident_id="2024-0002")))
    window.show_picture(picture)
    window.locator.select_pipe(other)
    for incident_id in (CASE, "2024-0002"):
        window.locator.choose_case(incident_id)
        window.show_picture(picture)
        assert window.case.location._judge.text() == f"判定 {first} 爆管"
