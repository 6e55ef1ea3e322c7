"""Trace tool and what-if tool on the map: clicks, barriers, answers, undo; valve cards; no what-if reaches the case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from console.domain.incidents import PlanConflict, Unable
from console.services.crews.valve_reports import MarkValveClosed, MarkValveUnable
from console.services.incidents.opening import OpenIncident
from console.services.network.trace_requests import TraceRequest
from console.ui.dialogs.segments import SegmentsWindow
from console.ui.map.view.picking import Asset
from console.ui.models.segments import FiguresModel
from console.ui.panels.case.plan_words import around_words, crews_for, crews_words, trust_words, why_words
from console.ui.panels.case.reliance_words import tight_list, warning_words
from console.ui.panels.case.section import CaseView
from console.ui.window import MainWindow
from console.ui.words import Words
from maps.isolation.plan.result import CriticalCustomer, Reliance
from maps.isolation.plan.warnings import warnings_of
from maps.network import NodeKind
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui


def texts(widget: QWidget) -> str:
    """Everything that can be read in a widget now."""
    return "\n".join(found.text() for found in widget.findChildren(QLabel) if not found.isHidden())


NO_KEY = Qt.KeyboardModifier.NoModifier


def clicked(window: MainWindow, asset_id: str, kind: str = "pipe", keys: Qt.KeyboardModifier = NO_KEY) -> None:
    """A click on an asset of the map, with these keys held."""
    window.map.input.keys = keys
    window.map.input.picked.emit(Asset(kind, asset_id, 0, 0.0, 0.0))
    window.settle()


def a_pipe(port: ScriptedPort, at: int = 40) -> str:
    """Some pipe."""
    return str(port.city.network.pipes.asset_id[at])


def test_a_click_traces_and_the_panel_says_what_was_found_and_why_it_stopped(window: MainWindow, port: ScriptedPort) -> None:
    window.tools.toggle_trace()
    clicked(window, a_pipe(port))
    panel = texts(window.tools.trace.panel)
    assert window.tools.trace.answer is not None
    assert f"{len(window.tools.trace.answer.trace.pipes):,} 段" in panel
    assert "止于" in panel
    assert "水源" in panel
    assert window.map.marks().highlights


def test_a_barrier_by_click_cuts_the_trace_and_undo_and_redo_go_over_every_step(window: MainWindow, port: ScriptedPort) -> None:
    tool = window.tools.trace
    window.tools.toggle_trace()
    clicked(window, a_pipe(port))
    valve = str(port.city.network.valves.asset_id[3])
    clicked(window, valve, "valve")
    assert tool.request.barriers == (valve,)
    tool.panel.where.setText("DN < 1")
    tool.panel.where.editingFinished.emit()
    window.settle()
    tool.panel.kind.setCurrentIndex(tool.panel.kind.findData("upstream"))
    window.settle()
    assert "单向设备" in texts(tool.panel)
    seen = [tool.request]
    while tool.request.starts:
        window.commands.run("undo")
        seen.append(tool.request)
    assert len(seen) == 5
    assert seen[-1] == TraceRequest(())
    for wanted in reversed(seen[:-1]):
        window.commands.run("redo")
        assert tool.request == wanted
    assert port.asked == []


def test_a_path_needs_two_clicks_and_draws_its_profile(window: MainWindow, port: ScriptedPort, tmp_path: Path) -> None:
    tool = window.tools.trace
    window.tools.toggle_trace()
    tool.panel.kind.setCurrentIndex(tool.panel.kind.findData("path"))
    clicked(window, a_pipe(port, 10))
    assert tool.panel.chart.isHidden()
    clicked(window, a_pipe(port, 60))
    assert not tool.panel.chart.isHidden()
    tool.export_to(tmp_path / "path.geojson")
    assert (tmp_path / "path.geojson").exists()
    tool.export_to(tmp_path / "path.xls")
    assert "geojson" in window.messages.text


def test_a_condition_that_cannot_be_read_is_reported_in_the_panel(window: MainWindow, port: ScriptedPort) -> None:
    window.tools.toggle_trace()
    clicked(window, a_pipe(port))
    window.tools.trace.panel.where.setText("colour = red")
    window.tools.trace.panel.where.editingFinished.emit()
    window.settle()
    assert "colour" in texts(window.tools.trace.panel)


def test_a_what_if_shows_the_plan_of_a_click_and_submits_nothing(window: MainWindow, port: ScriptedPort) -> None:
    window.tools.toggle_what_if()
    window.settle()
    clicked(window, a_pipe(port))
    burst = window.tools.what_if
    assert burst.incident is not None
    assert burst.incident.plan is not None
    assert f"关阀 · {len(burst.incident.plan.valves_to_close)} 个" in texts(burst.panel)
    assert "若某一个关不动" in texts(burst.panel)
    assert window.map.marks().case.steps == () or window.map.marks().case.zone is not None
    assert port.asked == []


@pytest.mark.parametrize("unable", list(Unable))
def test_a_valve_supposed_stuck_changes_the_plan_and_undo_brings_it_back(
    window: MainWindow, port: ScriptedPort, unable: Unable
) -> None:
    window.tools.toggle_what_if()
    window.settle()
    clicked(window, a_pipe(port))
    burst = window.tools.what_if
    assert burst.incident is not None
    assert burst.incident.plan is not None
    before = burst.incident.plan.valves_to_close
    clicked(window, before[0].asset_id, "valve")
    burst.panel.suppose(unable)
    assert before[0].asset_id not in {step.asset_id for step in burst.incident.plan.valves_to_close}
    window.commands.run("undo")
    assert burst.incident.plan.valves_to_close == before
    assert port.asked == []


def test_closing_in_a_what_if_never_closes_in_the_case_behind_it(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    asked = len(port.asked)
    window.tools.toggle_what_if()
    window.settle()
    clicked(window, a_pipe(port))
    window.commands.run("closed")
    assert len(window.tools.what_if.current.shut) == 1
    assert len(port.asked) == asked
    window.commands.run("dismiss_message")
    assert not window.tools.what_if.active
    window.commands.run("closed")
    assert isinstance(port.asked[-1][0], MarkValveClosed)


def test_a_what_if_can_be_reported_as_a_burst(window: MainWindow, port: ScriptedPort) -> None:
    window.tools.toggle_what_if()
    window.settle()
    clicked(window, a_pipe(port))
    window.tools.what_if.panel.report.click()
    window.settle()
    assert port.asked[-1][0] == OpenIncident(a_pipe(port))


def test_one_tool_at_a_time_has_the_map_and_without_one_a_click_selects(window: MainWindow, port: ScriptedPort) -> None:
    window.tools.toggle_trace()
    window.tools.toggle_what_if()
    assert (window.tools.trace.active, window.tools.what_if.active) == (False, True)
    window.tools.toggle_what_if()
    clicked(window, a_pipe(port))
    assert len(window.map.marks()._selected)


def test_valve_cards_of_a_case_are_a_pdf_for_the_crews(window: MainWindow, port: ScriptedPort, tmp_path: Path) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    assert "止水" in texts(window.case.plan)
    view = window.case.plan.view
    assert isinstance(view, CaseView)
    window.tools.write_cards(view, tmp_path / "cards.pdf")
    assert (tmp_path / "cards.pdf").read_bytes().startswith(b"%PDF")
    window.tools.write_cards(view, tmp_path / "none" / "cards.pdf")
    assert "none" in window.messages.text
    assert port.case.incident_id == CASE


def test_tools_show_both_languages_in_both_themes(window: MainWindow, port: ScriptedPort) -> None:
    window.tools.toggle_trace()
    clicked(window, a_pipe(port))
    window.choice.toggle_language()
    window.choice.toggle_theme()
    window.settle()
    assert "Stopped at" in texts(window.tools.trace.panel)
    window.tools.toggle_what_if()
    window.settle()
    clicked(window, a_pipe(port))
    assert "If one cannot be closed" in texts(window.tools.what_if.panel)


def worked_out(window: MainWindow, qtbot: QtBot) -> SegmentsWindow:
    """Wait for the plans of the whole city."""
    opened = window.tools.open_segments()
    qtbot.waitUntil(lambda: opened.plans is not None, timeout=60_000)
    return opened


def test_the_plans_of_the_whole_city_are_ranked_and_a_chosen_one_is_tried_on_the_map(
    window: MainWindow, port: ScriptedPort, qtbot: QtBot, tmp_path: Path
) -> None:
    opened = worked_out(window, qtbot)
    model = opened.segments.model()
    assert isinstance(model, FiguresModel)
    plans = opened.plans
    assert plans is not None
    assert model.rowCount() == len(plans)
    assert plans.households[model.original(0)] == plans.households.max()
    opened.segments.selectRow(2)
    window.settle()
    pipe = str(port.city.network.pipes.asset_id[plans.pipe[model.original(2)]])
    assert window.tools.what_if.current.pipes == (pipe,)
    opened.write(tmp_path / "segments.csv")
    lines = (tmp_path / "segments.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == len(plans) + 1
    assert lines[3].split(",")[1] == pipe
    assert window.tools.open_segments() is opened
    opened.close()
    assert window.tools.segments is None


def test_the_table_of_segments_sorts_by_any_column_and_keeps_what_is_chosen(
    window: MainWindow, port: ScriptedPort, qtbot: QtBot
) -> None:
    opened = worked_out(window, qtbot)
    model = opened.segments.model()
    assert isinstance(model, FiguresModel)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    opened.segments.selectRow(4)
    chosen = opened.segments.currentIndex().data()
    for column in range(model.columnCount()):
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            model.sort(column, order)
            assert opened.segments.currentIndex().siblingAtColumn(0).data() == chosen
    model.sort(2, Qt.SortOrder.DescendingOrder)
    valves = [int(model.index(row, 2).data()) for row in range(model.rowCount())]
    assert valves == sorted(valves, reverse=True)
    assert tester.model() is model
    opened.close()


def test_closing_the_list_while_it_is_worked_out_ends_the_work(window: MainWindow, port: ScriptedPort) -> None:
    opened = window.tools.open_segments()
    opened.close()
    assert window.tools.segments is None


def test_overlaps_and_alternatives_are_listed_beside_the_plan(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    view = window.case.plan.view
    assert view is not None
    plan = view.incident.plan
    assert plan is not None
    critical = CriticalCustomer("C1", "一院", "hospital", "", "direct")
    conflict = PlanConflict(("2024-0002",), ("P1",), ("C1",), 120)
    incident = replace(view.incident, plan=replace(plan, critical_customers=(critical,)), conflicts=(conflict,))
    said = around_words(replace(view, incident=incident), plan=replace(plan, critical_customers=(critical,)))
    assert "2024-0002" in said
    assert "120" in said
    assert "保持正压" in said
    crews = crews_for(view, plan)
    assert crews is not None
    assert "霜冻" in crews_words(view, crews)
    assert "抢修" in texts(window.case.plan)
    assert "保持正压" not in around_words(view, replace(plan, critical_customers=()))


IN_DOUBT = {
    "zh_CN": (
        "位置存疑：离两条管道差不多近", "VX（关闭状态、与后面的阀门串联、位置存疑，", "2 段管道（7 户）", "1 个用户、1 个消火栓",
        "P9（标为关闭的管道）",
    ),
    "en": (
        "place in doubt: about as near to two pipes", "VX (closed, in series with another, place in doubt, ",
        "2 pipes of it (7 households)", "1 customer and 1 hydrant", "P9 (a pipe marked closed)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", IN_DOUBT)
def test_the_plan_panel_lists_its_doubts(window: MainWindow, port: ScriptedPort, language: str) -> None:
    port.burst()
    window.settle()
    view = window.case.plan.view
    assert view is not None
    assert view.incident.plan is not None
    step = replace(view.incident.plan.valves_to_close[0], placing="near_two_pipes")
    relied = Reliance("VX", "closed", "2023-01-02", ("VY",), in_series=True, placing="at_junction")
    plan = replace(
        view.incident.plan, valves_to_close=(step,), relies_on=(relied,), without_supply_before=("P1", "P2"),
        households_without_supply_before=7, customers_piece_unknown=("C1",), hydrants_piece_unknown=("H1",),
        reopen_candidates=("P9",), reopen_pipes=("P9",),
    )  # fmt: skip
    words = Words(language, port.city.info.time_zone)
    view = replace(view, appearance=replace(view.appearance, words=words), incident=replace(view.incident, plan=plan))
    text = "\n".join((trust_words(view, plan), why_words(view, plan, step.asset_id), around_words(view, plan)))
    for part in IN_DOUBT[language]:
        assert part in text
    assert "VY" in tight_list(view, plan)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_plans_warnings_are_in_the_language_of_the_window(window: MainWindow, port: ScriptedPort, language: str) -> None:
    port.burst()
    window.settle()
    view = window.case.plan.view
    assert view is not None
    planned = view.incident.plan
    assert planned is not None
    view = replace(view, appearance=replace(view.appearance, words=Words(language, port.city.info.time_zone)))
    step, node = planned.valves_to_close[0], str(port.city.network.nodes.asset_id[0])
    junction = str(port.city.network.nodes.asset_id[np.flatnonzero(port.city.network.nodes.kind == NodeKind.JUNCTION)[0]])
    nothing = replace(planned, valves_to_close=(), sources_inside=())
    plans = [
        (replace(nothing, sources_inside=(node,)), {node}),
        (replace(nothing, sources_inside=(junction,)), {junction}),
        (replace(nothing, relies_on=()), set()),
        (replace(nothing, relies_on=(Reliance("VX", "closed"), Reliance("PX", "closed_pipe"))), {"VX", "PX"}),
        (replace(planned, valves_to_close=(step,) * 101), {"101"}),
    ]
    seen = set[str]()
    for plan, named in plans:
        seen |= {warning.key for warning in warnings_of(plan, port.city.network)}
        sentences, shown = warning_words(view, plan), trust_words(view, plan)
        assert all(sentence in shown for sentence in sentences)
        said = " ".join(sentences)
        assert all(name in said for name in named)
        assert any("\u4e00" <= letter <= "\u9fff" for letter in said) == (language == "zh_CN")
        assert (" is " in said or " to close" in said or " inside" in said) == (language == "en")
    assert seen == {"sources_inside", "inflow_inside", "no_source", "no_valve", "many_valves"}


def test_the_keys_of_a_click_are_those_of_its_own_event(window: MainWindow) -> None:
    QTest.keyPress(window, Qt.Key.Key_Control, Qt.KeyboardModifier.ControlModifier)
    for keys in (Qt.KeyboardModifier.ControlModifier, NO_KEY, Qt.KeyboardModifier.AltModifier):
        QTest.mouseClick(window.map, Qt.MouseButton.LeftButton, keys, QPoint(200, 200))
        assert window.map.input.keys == keys
    QTest.keyRelease(window, Qt.Key.Key_Control)


def test_a_pipe_clicked_with_ctrl_is_a_barrier_and_with_shift_another_start(window: MainWindow, port: ScriptedPort) -> None:
    window.tools.toggle_trace()
    clicked(window, a_pipe(port, 1))
    for keys, pipe in ((Qt.KeyboardModifier.ControlModifier, 2), (Qt.KeyboardModifier.ShiftModifier, 3)):
        clicked(window, a_pipe(port, pipe), keys=keys)
    request = window.tools.trace.request
    assert request.barriers == (a_pipe(port, 2),)
    assert request.starts == (a_pipe(port, 1), a_pipe(port, 3))
    clicked(window, a_pipe(port, 3), keys=Qt.KeyboardModifier.ShiftModifier)
    assert window.tools.trace.request.starts == (a_pipe(port, 1),)


@pytest.mark.parametrize("kind", list(Unable))
def test_one_click_on_a_kind_says_that_a_picked_valve_cannot_be_closed(
    window: MainWindow, port: ScriptedPort, kind: Unable
) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    plan = port.case.plan
    assert plan is not None
    valve = plan.valves_to_close[0].asset_id
    word = window.tools.what_if.panel.text(f"what_if.{kind.value}")
    (made,) = [one for one in window.case.plan.findChildren(QPushButton) if one.text() == word]
    assert made.isHidden()
    window.case.plan.choose(valve)
    assert not made.isHidden()
    made.click()
    window.settle()
    assert port.asked[-1][0] == MarkValveUnable(CASE, valve, kind)
    assert valve not in {step.asset_id for step in port.case.plan.valves_to_close} if port.case.plan else False


def test_a_zone_is_barred_by_its_name_beside_conditions(window: MainWindow, port: ScriptedPort) -> None:
    tool, zone = window.tools.trace, str(port.city.zones.name[0])
    window.tools.toggle_trace()
    clicked(window, a_pipe(port))
    tool.panel.where.setText(f"DN < 1；zone：{zone}")
    tool.panel.where.editingFinished.emit()
    window.settle()
    assert (tool.request.where, tool.request.zones) == (("DN < 1",), (zone,))
    tool.panel.where.setText("zone:nowhere")
    tool.panel.where.editingFinished.emit()
    window.settle()
    assert "nowhere" in texts(tool.panel)
