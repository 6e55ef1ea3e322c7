"""Accidental input: a double click or a repeated key takes one step; texts are not cut off and times have their date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QPushButton, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor
from console.domain.health import FeedHealth
from console.domain.incidents import Phase, Unable
from console.domain.intents import Intent
from console.services.crews.orders import SendCrew
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, MarkValveUnable
from console.services.incidents.judging import AdvancePhase, JudgeBurst
from console.services.incidents.undo import UndoLast
from console.services.notices.contradictions import Contradiction
from console.services.notices.lifecycle import DraftNotice
from console.ui.dialogs.confirm import Confirmation
from console.ui.dialogs.notice_parts import issue_confirmation
from console.ui.panels.case.valve_rows import ValveRow
from console.ui.settings import WindowSettings
from console.ui.theme import Theme, apply_theme
from console.ui.widgets import button
from console.ui.window import MainWindow
from maps.isolation import Isolator
from tests.console.ui.approvers import PASSWORD
from tests.console.ui.scripted import CASE, ScriptedPort
from tests.console.ui.test_finds import foresee
from tests.resources.test_theme import contrast

pytestmark = pytest.mark.gui
SMALL_SCREEN_PX = 1366
A_DAY_S = 24 * 3600.0


@pytest.fixture
def judged(window: MainWindow, port: ScriptedPort) -> MainWindow:
    """A judged case."""
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    window.activateWindow()
    return window


@pytest.fixture(params=["zh_CN", "en"])
def small(request: pytest.FixtureRequest, qtbot: QtBot, port: ScriptedPort) -> Iterator[MainWindow]:
    """The window on the smallest usual screen, in each language."""
    made = MainWindow(port, WindowSettings("王建国", None, request.param, "dark"))
    qtbot.addWidget(made)
    made.resize(SMALL_SCREEN_PX, 768)
    made.show()
    yield made
    made.close()


class Slow(ScriptedPort):
    """A port that has not answered yet."""

    def submit(self, intent: Intent, actor: Actor) -> Future[Any]:
        self.asked.append((intent, actor.name))
        self.answers.append(Future())
        return self.answers[-1]

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Future[Any]] = []


def asked(port: ScriptedPort, kind: type[Intent]) -> list[Intent]:
    """The intents of a kind that reached the engine."""
    return [intent for intent, _ in port.asked if isinstance(intent, kind)]


def double_click(one: QPushButton) -> None:
    """Both presses as Qt delivers them."""
    QTest.mouseClick(one, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(one, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(one, Qt.MouseButton.LeftButton)


def said(window: MainWindow) -> str:
    """Everything that the case column's labels say."""
    return "\n".join(one.text() for one in window.case.findChildren(QLabel) if one.isVisibleTo(window))


def test_a_double_click_orders_one_crew_and_undoes_one_step(judged: MainWindow, port: ScriptedPort) -> None:
    response = judged.case.response
    double_click(response._send)
    judged.settle()
    assert len(asked(port, SendCrew)) == 1
    double_click(response._undo)
    judged.settle()
    assert len(asked(port, UndoLast)) == 1


def test_the_same_step_asked_again_before_its_answer_is_taken_once(qtbot: QtBot) -> None:
    port = Slow()
    window = MainWindow(port, WindowSettings("王", None, "zh_CN", "dark"))
    qtbot.addWidget(window)
    window.show()
    for _ in range(3):
        window.dispatcher.submit(SendCrew(CASE))
    assert len(port.asked) == 1
    port.answers[0].set_result(None)
    qtbot.waitUntil(lambda: window.dispatcher.waiting == 0, timeout=60_000)
    window.dispatcher.submit(SendCrew(CASE))
    assert len(port.asked) == 2
    port.answers[1].set_result(None)
    qtbot.waitUntil(lambda: window.dispatcher.waiting == 0, timeout=60_000)
    window.close()


def test_a_button_that_disappears_passes_its_focus_to_no_other_button(judged: MainWindow, port: ScriptedPort) -> None:
    judged.case.response._send.setFocus()
    for _ in range(4):
        QTest.keyClick(judged.focusWidget() or judged, Qt.Key.Key_Space)
        judged.settle()
    assert len(asked(port, SendCrew)) == 1
    assert not isinstance(judged.focusWidget(), QPushButton)
    assert {type(intent) for intent, _ in port.asked} == {JudgeBurst, SendCrew}


def test_the_key_that_reports_valves_pressed_once_too_often_opens_none_again(judged: MainWindow, port: ScriptedPort) -> None:
    plan = port.case.plan
    assert plan is not None
    for _ in range(len(plan.valves_to_close) + 3):
        QTest.keyClick(judged, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        judged.settle()
    assert set(port.case.closed_valves()) == {step.asset_id for step in plan.valves_to_close}
    judged.case.plan.choose(plan.valves_to_close[0].asset_id)
    QTest.keyClick(judged, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    judged.settle()
    assert not asked(port, MarkValveRestored)


def restoring(window: MainWindow, port: ScriptedPort) -> tuple[str, ...]:
    """All valves closed, repaired, water coming back; the valves of the plan."""
    assert port.case.plan is not None
    valves = tuple(step.asset_id for step in port.case.plan.valves_to_close)
    for valve in valves:
        window.dispatcher.submit(MarkValveClosed(CASE, valve))
    for phase, evidence in ((Phase.ISOLATED, "crew"), (Phase.REPAIRING, ""), (Phase.RESTORING, "")):
        window.dispatcher.submit(AdvancePhase(CASE, phase, evidence))
        window.settle()
    assert window.messages.text == ""
    return valves


def test_the_key_that_reports_valves_back_goes_on_to_the_next_and_closes_none_again(
    judged: MainWindow, port: ScriptedPort
) -> None:
    valves = restoring(judged, port)
    port.asked.clear()
    for _ in range(len(valves) + 2):
        QTest.keyClick(judged, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        judged.settle()
    back = [intent.valve_id for intent in asked(port, MarkValveRestored) if isinstance(intent, MarkValveRestored)]
    assert sorted(back) == sorted(valves)
    assert not asked(port, MarkValveClosed)
    assert port.case.closed_valves() == ()


def test_a_valve_picked_on_the_way_back_can_be_closed_again(judged: MainWindow, port: ScriptedPort) -> None:
    valves = restoring(judged, port)
    judged.case.plan.choose(valves[0])
    judged.case.plan.report_closed()
    judged.settle()
    judged.case.plan.choose(valves[0])
    judged.case.plan.report_closed()
    judged.settle()
    assert port.case.closed_valves()[-1] == valves[0]


def test_a_valve_closed_for_a_pipe_that_was_not_it_can_be_reported_back(judged: MainWindow, port: ScriptedPort) -> None:
    assert port.case.plan is not None
    valve = port.case.plan.valves_to_close[0].asset_id
    judged.dispatcher.submit(MarkValveClosed(CASE, valve))
    judged.settle()
    isolator = Isolator(port.city)
    plans = {str(pipe): isolator.plan((str(pipe),)) for pipe in port.city.network.pipes.asset_id[:40]}
    closing = {pipe: {step.asset_id for step in plan.valves_to_close} for pipe, plan in plans.items()}
    other = next(pipe for pipe, valves in closing.items() if valves and valve not in valves)
    judged.dispatcher.submit(JudgeBurst(CASE, (other,), "on_site"))
    judged.settle()
    assert valve not in {step.asset_id for step in port.case.plan.valves_to_close}
    (row,) = (one for one in judged.case.plan.findChildren(ValveRow) if one.accessibleName() == valve)
    QTest.mouseClick(row, Qt.MouseButton.LeftButton)
    judged.case.plan._closed.click()
    judged.settle()
    assert asked(port, MarkValveRestored) == [MarkValveRestored(CASE, valve)]
    assert port.case.closed_valves() == ()


def test_a_valve_that_is_not_tight_is_reported_back_with_the_others(judged: MainWindow, port: ScriptedPort) -> None:
    assert port.case.plan is not None
    leaking = port.case.plan.valves_to_close[0].asset_id
    judged.dispatcher.submit(MarkValveUnable(CASE, leaking, Unable.NOT_TIGHT))
    judged.settle()
    valves = restoring(judged, port)
    for _ in range(len(valves) + 2):
        QTest.keyClick(judged, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        judged.settle()
    assert leaking not in valves
    assert port.case.closed_valves() == ()


def test_a_quick_button_accepts_both_presses_of_a_double_click(qtbot: QtBot) -> None:
    quick, plain = button("↶", quick=True), button("x")
    for one, presses in ((quick, 2), (plain, 1)):
        qtbot.addWidget(one)
        pressed: list[QPushButton] = []
        one.clicked.connect(lambda _=False, one=one, pressed=pressed: pressed.append(one))
        double_click(one)
        assert len(pressed) == presses


def test_running_cases_never_widen_the_window_and_all_can_be_reached(small: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    small.settle()
    for number in range(1, 7):
        cases = tuple(replace(port.case, incident_id=f"2024-000{n + 1}") for n in range(number))
        small.show_picture(replace(port.latest(), version=100 + number, incidents=cases))
        assert small.width() == SMALL_SCREEN_PX
        line = small.strip.layout()
        assert line is not None
        assert line.minimumSize().width() <= SMALL_SCREEN_PX
    strip = small.strip
    shown = sum(not one.isHidden() for one in strip._cases)
    assert shown >= 1
    assert strip._more_cases.text() == f"+{6 - shown}"
    chosen: list[str] = []
    strip.case_chosen.connect(chosen.append)
    menu = strip.offer_hidden_cases()
    for action in menu.actions():
        action.trigger()
    menu.close()
    assert chosen == [case.incident_id for case in cases[: 6 - shown]]


def test_after_midnight_every_time_of_yesterday_has_its_date(judged: MainWindow, port: ScriptedPort) -> None:
    valve = port.case.plan.valves_to_close[0].asset_id if port.case.plan is not None else ""
    judged.dispatcher.submit(MarkValveClosed(CASE, valve))
    judged.dispatcher.submit(SendCrew(CASE))
    judged.dispatcher.submit(DraftNotice(CASE), Actor.named("赵"))
    judged.settle()
    port.reply("acknowledged")
    judged.case.notice.next_step()
    dialog = judged.questions.open_notice
    assert dialog is not None
    dialog.submit()
    judged.settle()
    dialog.approve_as("李", PASSWORD)
    judged.settle()
    log = judged.log.model
    assert log.index(0, 0).data() == "23:00:05"
    port.wait(A_DAY_S)
    judged.settle()
    dates = {log.index(row, 0).data()[:5] for row in range(log.rowCount())}
    assert dates == {"01-03"}
    assert judged.log.table.columnWidth(0) >= judged.log.table.sizeHintForColumn(0)
    after = said(judged)
    assert after.count("01-03 23:0") >= 3  # first abnormal, order accepted, notice approved
    assert re.findall(r"^.*(?<!\d\d-\d\d )\b23:0\d.*$", after, re.MULTILINE) == []
    told = "\n".join(one.text() for one in dialog.steps.findChildren(QLabel))
    assert "李 01-03 23:01" in told


def test_a_confirmation_shows_every_line_of_what_it_asks_about(small: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    small.settle()
    small.case.location.judge()
    small.dispatcher.submit(DraftNotice(CASE), Actor.named("赵"))
    small.settle()
    found = [Contradiction("crew_found", ("P-104148",), (f"P-10403{n}",)) for n in range(12)]
    question = issue_confirmation(small._appearance, port.case.notices[0], "mqtt", found, "现场看错了，" * 30, small)
    question.show()
    small.settle()
    cut = [one.text() for one in question.findChildren(QLabel) if one.height() < one.heightForWidth(one.width())]
    assert not cut
    assert question.height() <= 768
    question.close()


def test_on_a_low_screen_the_candidates_come_before_what_they_predict(small: MainWindow, port: ScriptedPort) -> None:
    foresee(port)
    small.settle()
    evidence = small.case.evidence
    assert evidence._deviations.isHidden()
    judge = small.case.location._judge
    if small._appearance.words.language == "zh_CN":
        assert judge.visibleRegion().boundingRect().height() == judge.height()
    small.resize(SMALL_SCREEN_PX, 1000)
    small.settle()
    assert not evidence._deviations.isHidden()


def test_a_fault_is_shown_in_the_windows_language_first(small: MainWindow, port: ScriptedPort) -> None:
    for name in ("store", "engine", "files", "impact", "outlook", "hydraulics"):
        port.feeds = (FeedHealth("mqtt", "up"), FeedHealth(name, "down", "disk full; free space"))
        port.publish()
        small.settle()
        known = small._appearance.words.of("fault_of", name)
        assert known != name
        assert f"{known}" in small.messages.text
        assert "disk full" in small.messages.text
        assert ("（disk" in small.messages.text) == (small._appearance.words.language == "zh_CN")


@pytest.mark.parametrize("name", ["dark", "light"])
def test_no_state_of_a_station_has_the_colour_of_a_what_if(name: str) -> None:
    theme = Theme.load(name)
    what_if = theme.colour("what_if.main")
    states = [theme.colour(key) for key in theme.colours if key.startswith("state.")]
    near = [one.name() for one in states if one.saturation() > 40 and abs(one.hue() - what_if.hue()) < 40]
    assert not near


def test_a_step_that_was_undone_is_named_once_in_the_log(judged: MainWindow, port: ScriptedPort) -> None:
    judged.undo()
    judged.settle()
    model = judged.log.table.model()
    told = [str(model.index(row, model.columnCount() - 1).data()) for row in range(model.rowCount())]
    (undone,) = (text for text in told if "撤销" in text)
    assert undone.startswith("#3 · 撤销：核实为爆管")


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_enter_and_space_press_the_focused_accept_button(judged: MainWindow, port: ScriptedPort, key: Qt.Key) -> None:
    pipes = [one.pipe_id for one in port.case.location.candidates] if port.case.location is not None else []
    judged.case.location.look_at(pipes[1])
    judged.case.location.judge_seen()
    (question,) = judged.findChildren(Confirmation)
    QTest.keyClick(question, Qt.Key.Key_Tab)
    assert question.focusWidget() is question.ok
    QTest.keyClick(question.ok, key)
    judged.settle()
    assert port.case.burst_pipes == (pipes[1],)


def test_the_only_alarm_is_acknowledged_by_keys_alone(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.activateWindow()
    for key, modifier in ((Qt.Key.Key_3, "Alt"), (Qt.Key.Key_Down, "No"), (Qt.Key.Key_A, "Control")):
        QTest.keyClick(window.focusWidget() or window, key, getattr(Qt.KeyboardModifier, f"{modifier}Modifier"))
    window.settle()
    assert [alarm.acknowledged_by for alarm in port.latest().alarms] == ["王"]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("kind", [QRadioButton, QCheckBox])
def test_the_mark_of_a_checked_button_has_enough_contrast(
    qtbot: QtBot, qapp: QApplication, theme: str, kind: type[QRadioButton] | type[QCheckBox]
) -> None:
    look = Theme.load(theme)
    apply_theme(qapp, look)
    one = kind("")
    qtbot.addWidget(one)
    one.resize(40, 24)
    one.show()
    image = one.grab().toImage()
    ground = look.colours["surface.panel"]
    seen = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert max(contrast(colour, ground) for colour in seen) >= 3.0


def test_an_alarm_of_yesterday_says_when_it_was_acknowledged(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.alarms.table.selectRow(0)
    window.alarms.acknowledge()
    window.settle()
    port.wait(A_DAY_S, measuring=False)
    window.settle()
    assert "01-03 23:0" in window.alarms._told.text()


def test_tab_goes_down_the_case_column_as_it_is_read(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    for section in (window.case.location, window.case.plan):
        passed: list[QWidget] = []
        one = window.map.nextInFocusChain()
        while one is not None and one is not window.map:
            if section.isAncestorOf(one) and one.isVisible() and one.focusPolicy() & Qt.FocusPolicy.TabFocus:
                passed.append(one)
            one = one.nextInFocusChain()
        assert len(passed) > 4
        tops = [one.mapTo(section, QPoint(0, one.height() // 2)).y() for one in passed]
        assert all(after >= before - 8 for before, after in pairwise(tops))
