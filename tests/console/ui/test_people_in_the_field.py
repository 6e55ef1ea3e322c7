"""Crews in the window: unanswered orders, further crews, what they report, and corrections that the data clerk decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from console.domain.corrections import CORRECTION, Fault
from console.domain.crews import CrewKind
from console.domain.field_reports import FieldReport, Reported, ReportKind
from console.domain.incidents import OrderKind, OrderState
from console.services.crews.orders import SendCrew
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.ui.panels.corrections import CorrectionsPanel
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort
from tests.console.ui.small_city import build_small_city

pytestmark = pytest.mark.gui
CASE = "2024-0001"


def a_case(port: ScriptedPort) -> None:
    pipe = "P-104040"
    port.chair.does(OpenIncident(pipe))
    port.chair.does(JudgeBurst(CASE, (pipe,), "on_site"))
    port.chair.does(SendCrew(CASE))  # the site check
    port.chair.does(SendCrew(CASE))
    port.publish()


def reports(port: ScriptedPort, kind: ReportKind, number: int, **more: object) -> None:
    order = port.chair.state.incidents[CASE].orders[-1]
    report = FieldReport(f"r{number}", order.crew_id, kind, port.now(), order.order_id, **more)  # type: ignore[arg-type]
    port.chair.take(port.chair.desk.on_report(port.chair.state, Reported(report), port.now()), order.crew_id)
    port.publish()


def test_an_unanswered_order_says_how_often_it_was_sent_and_another_crew_is_chosen_from_a_list(
    window: MainWindow, port: ScriptedPort, qtbot: QtBot
) -> None:
    a_case(port)
    order = port.chair.state.incidents[CASE].orders[-1]
    for _ in range(2):
        port.chair.now += timedelta(minutes=9)
        due = port.chair.desk.unanswered(port.chair.state, port.now())
        port.chair.take(port.chair.desk.on_no_answer(port.chair.state, due, port.now()))
    port.publish()
    window.settle()
    response = window.case.response
    assert "已发 3 次" in response._crew.text()
    assert response._choose.text() == "加派抢修队…"
    response._choose.click()
    (menu,) = (one for one in window.findChildren(QMenu) if one.actions() and one.actions()[0].data())
    texts = {str(one.data()): (one.text(), one.isEnabled()) for one in menu.actions()}
    assert texts[order.crew_id][1] is False
    first = menu.actions()[0]
    assert "待命" in first.text() or "失联" in first.text()
    menu.triggered.emit(first)
    menu.close()
    repairs = [one for one in port.chair.state.incidents[CASE].orders if one.kind is OrderKind.REPAIR]
    live = [one for one in repairs if one.state is OrderState.SENT]
    assert [one.crew_id for one in live] == [order.crew_id, str(first.data())]
    window.settle()
    assert len(response._crew.text().splitlines()) == 2


def test_a_proposed_correction_is_accepted_in_its_panel_and_the_plan_follows(
    window: MainWindow, port: ScriptedPort, qtbot: QtBot
) -> None:
    a_case(port)
    plan = port.chair.state.incidents[CASE].plan
    assert plan is not None
    valve = plan.valves_to_close[0].asset_id
    reports(port, ReportKind.CORRECTION, 1, asset_id=valve, layer="valve", fault=Fault.SEIZED, text="锈死")
    window.settle()
    panel = window.panel(CorrectionsPanel)
    assert "1 条待定" in panel._title.text()
    assert panel._accept.isEnabled() is False
    panel.table.selectRow(0)
    panel._accept.click()
    window.settle()
    after = port.chair.state.incidents[CASE].plan
    assert after is not None
    assert valve not in {step.asset_id for step in after.valves_to_close}
    assert [one.decided_by for one in port.chair.state.of(CORRECTION).values()] == ["王"]
    panel.table.selectRow(0)
    assert (panel._accept.isEnabled(), panel._end.isEnabled()) == (False, True)
    window.choice.toggle_language()
    assert panel._accept.text() == "Accept"


def test_kinds_of_crews_have_marks_of_their_own_and_a_legend(qtbot: QtBot) -> None:
    from console.ui.map.live.crew_marks import _symbol_of
    from console.ui.panels.map.legend import crew_pixmap
    from console.ui.theme import Theme

    city = build_small_city()
    fix = next(iter(ScriptedPort(city).latest().crews))
    symbols = {_symbol_of(replace(fix, kind=kind), fix.at_us) for kind in CrewKind}
    old = {_symbol_of(replace(fix, kind=kind), fix.at_us + 10**9) for kind in CrewKind}
    assert len(symbols | old) == 2 * len(CrewKind)
    marks = [crew_pixmap(Theme.load("dark"), kind).toImage() for kind in CrewKind]
    assert all(one != other for n, one in enumerate(marks) for other in marks[:n])
