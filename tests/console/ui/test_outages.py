"""The window of planned outages, the case's level and its reports, by the window's own buttons."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMenu

from console.domain.actors import Actor
from console.domain.incidents import PlanConflict, Unable
from console.domain.notices import NoticeStatus
from console.domain.outages import OUTAGE, Outage, OutagePurpose, OutageState
from console.domain.reports import REPORT, ReportKind
from console.services.crews.valve_reports import MarkValveUnable
from console.services.incidents.judging import JudgeBurst
from console.services.network.what_if import WhatIf
from console.services.notices.lifecycle import DraftNotice
from console.services.outages.planning import PlanOutage
from console.services.reports.authority import EditReport
from console.ui.dialogs.notice import NoticeDialog
from console.ui.dialogs.notice_parts import Leave
from console.ui.dialogs.report import ReportDialog
from console.ui.map.view.picking import Asset
from console.ui.outages.questions import OutageQuestion, ToldQuestion
from console.ui.outages.window import OutagesWindow
from console.ui.window import MainWindow
from maps.errors import QuanmaiError
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui


def only(port: ScriptedPort) -> Outage:
    """The one outage."""
    (found,) = port.chair.state.of(OUTAGE).values()
    return found


def opened(window: MainWindow) -> OutagesWindow:
    """The window of outages."""
    assert window.subjects.outages.opened is not None
    return window.subjects.outages.opened


@pytest.fixture
def pipe(port: ScriptedPort) -> str:
    """A pipe with a hospital on it."""
    customers = port.city.customers
    row = next(row for row in range(len(customers)) if customers.critical[row])
    return str(port.city.network.pipes.asset_id[customers.pipe[row]])


def test_a_what_if_becomes_an_outage_that_is_drawn_confirmed_told_and_announced(
    window: MainWindow, port: ScriptedPort, pipe: str
) -> None:
    window.tools.what_if.outage_asked.emit(WhatIf((pipe,)))
    question = next(iter(window.findChildren(OutageQuestion)))
    question.reason.setText("更换老旧管道")
    question.accept()
    window.settle()
    shown = opened(window)
    assert (shown.outage_id, only(port).pipe_ids) == ("O2024-0001", (pipe,))
    assert window.map.marks().what_if is not None
    shown.detail.next.click()
    window.settle()
    assert only(port).state is OutageState.PLANNED
    contact = only(port).contacts[0]
    shown.detail.told_asked.emit(only(port), contact)
    told = next(iter(shown.findChildren(ToldQuestion)))
    assert not told.ok.isEnabled()
    told.how.setText("电话，赵主任")
    told.accept()
    window.settle()
    assert only(port).contacts[0].told_by == "王"
    shown.detail.next.click()
    window.settle()
    assert only(port).notices[0].status is NoticeStatus.DRAFT
    shown.detail.next.click()
    window.settle()
    dialog = window.questions.open_notice
    assert dialog is not None
    assert "消防" in "".join(one.text() for one in dialog.demands.findChildren(QLabel))
    dialog.close()
    shown.close()
    window.settle()
    assert window.map.marks().what_if is None
    assert not port.chair.state.alarms


def test_a_repair_and_an_accepted_connection_become_an_outage_with_one_click(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    port.submit(JudgeBurst(CASE, (port.case.target_pipes()[0],)), window.session.person)
    plan = port.case.plan
    assert plan is not None
    stuck = plan.valves_to_close[0].asset_id
    port.submit(MarkValveUnable(CASE, stuck, Unable.SEIZED), window.session.person)
    window.settle()
    window.case.response._later.click()
    question = next(iter(window.findChildren(OutageQuestion)))
    question.accept()
    window.settle()
    made = only(port)
    assert (made.purpose, made.pipe_ids, made.unable, made.from_case) == (
        OutagePurpose.REPAIR, port.case.burst_pipes, (stuck,), CASE,
    )  # fmt: skip
    opened(window).close()
    customers = port.city.customers
    on_pipe = str(port.city.network.pipes.asset_id[customers.pipe[7]])
    asset = Asset("customer", str(customers.asset_id[7]), 7, float(customers.x[7]), float(customers.y[7]))
    window.locator.on_menu(asset, QPoint(5, 5))
    menu = next(one for one in window.findChildren(QMenu) if one.isVisible())
    next(one for one in menu.actions() if one.text() == window.words("map.plan_connection", pipe=on_pipe)).trigger()
    menu.close()
    question = next(one for one in window.findChildren(OutageQuestion) if one.isVisible())
    question.accept()
    window.settle()
    made = next(one for one in port.chair.state.of(OUTAGE).values() if one.purpose is OutagePurpose.CONNECTION)
    assert (made.pipe_ids, made.from_case, made.reason) == ((on_pipe,), "", "新用户接水")


def test_a_refused_step_is_said_in_the_window_of_outages(window: MainWindow, port: ScriptedPort, pipe: str) -> None:
    question = window.subjects.outages.plan((pipe,))
    question.accept()
    window.settle()
    shown = opened(window)
    shown.detail.next.click()  # no reason is stated yet
    window.settle()
    assert "原因" in shown.refused.text()
    assert only(port).state is OutageState.DRAFT


def test_the_report_that_is_due_is_edited_and_recorded_as_sent_from_the_case(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    port.chair.take(port.chair.desk.on_report_clocks(port.chair.state, port.chair.now))
    port.publish()
    window.settle()
    window.case.level.open_report()
    (dialog,) = window.findChildren(ReportDialog)
    dialog._zh.setPlainText(dialog._zh.toPlainText() + "\n附：现场照片")
    assert not dialog.sent.isEnabled()
    dialog.save.click()
    window.settle()
    dialog.how.setText("传真，李科")
    dialog.sent.click()
    window.settle()
    (report,) = port.chair.state.of(REPORT).values()
    assert report.kind is ReportKind.FIRST
    assert report.sent is not None
    assert (report.sent.by, report.sent.how, "附：现场照片" in report.text_zh) == ("王", "传真，李科", True)
    port.chair.take(port.chair.desk.on_report_clocks(port.chair.state, port.chair.now))
    port.wait(25 * 3600.0)
    window.settle()
    assert "逾期" in window.messages.text
    assert "续报" in window.messages.text


def test_edits_of_a_report_outlive_esc_a_refusal_and_the_edits_of_another_person(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    port.chair.take(port.chair.desk.on_report_clocks(port.chair.state, port.chair.now))
    port.publish()
    window.settle()
    window.case.level.open_report()
    (dialog,) = window.findChildren(ReportDialog)
    dialog.how.setText("传真，李科")
    assert dialog.sent.isEnabled()
    dialog._zh.setPlainText("我的内容")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    (question,) = dialog.findChildren(Leave)
    assert dialog.isVisible()
    port.fault = QuanmaiError("the store is away")
    question.save.click()
    window.settle()
    assert (dialog.isVisible(), dialog.save.isEnabled(), dialog.sent.isEnabled()) == (True, True, False)
    port.fault = None
    held = dialog.report
    port.submit(EditReport(held.report_id, "李的内容", held.text_en, (held.text_zh, held.text_en)), Actor.named("李"))
    window.settle()
    assert "李 已保存了另一份内容" in dialog._refused.text()
    assert (dialog._zh.toPlainText(), dialog.save.isEnabled()) == ("我的内容", True)
    assert window.questions.authority_report(dialog.report) is dialog
    dialog.findChildren(Leave)[-1].save.click()
    window.settle()
    assert not dialog.isVisible()
    assert [one.text_zh for one in port.chair.state.of(REPORT).values()] == ["我的内容"]


def test_the_preview_has_the_texts_page_and_message_of_the_issue(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    window.dispatcher.submit(DraftNotice(CASE))
    window.settle()
    window.case.notice.next_step()
    dialog = window.questions.open_notice
    assert isinstance(dialog, NoticeDialog)
    dialog._zh.setPlainText("停水公告\n\n手改的一行\n\n水务集团")
    shown = dialog.show_preview()
    assert "手改的一行" in shown.texts[0].toPlainText()
    assert "<msgType>Alert</msgType>" in shown.cap.toPlainText()
    assert "手改的一行" in shown.cap.toPlainText()
    assert len(shown.pages) == 2
    assert shown.pages[0].width() * 297 == pytest.approx(shown.pages[0].height() * 210, rel=0.01)
    shown.close()
    assert port.case.notices[0].status is NoticeStatus.DRAFT
    question = dialog.ask_other_end(later=True)
    assert question.moment - port.case.notices[0].facts.expected_end == timedelta(hours=2)
    question.reject()


def test_the_week_is_marked_on_the_map_and_a_case_in_conflict_says_so_in_its_plan(
    window: MainWindow, port: ScriptedPort, pipe: str
) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    begin = port.now() + timedelta(hours=1)
    other = str(port.city.network.pipes.asset_id[0])
    port.chair.does(PlanOutage((other,), OutagePurpose.REPAIR, begin, begin + timedelta(hours=4), "换阀"))
    outage = only(port)
    conflict = PlanConflict((CASE,), ("P",), ("C1", "C2"), 17, ("C1",))
    port.chair.state = port.chair.state.with_records([replace(outage, conflicts=(conflict,))])
    port.publish()
    window.settle()
    told = window.case.plan._around.text()
    assert f"{outage.outage_id}" in told
    assert "17 户" in told
    assert window.map._live.outages == frozenset()
    shown = window.subjects.outages.open()
    window.settle()
    assert window.map._live.outages == {outage.outage_id}
    assert shown.calendar.accessibleDescription().startswith(outage.outage_id)
    shown.show_week(shown.monday + timedelta(days=21))
    window.settle()
    assert window.map._live.outages == frozenset()
    empty = shown.calendar.accessibleDescription()
    assert "本周没有计划停水" in empty
    assert outage.outage_id in empty  # where the nearest one is
    assert shown.plan.text() in empty  # how to plan one
    shown.close()
