"""Nothing moves under the cursor, one button is the primary one, and the window folds what is quiet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QAbstractButton, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from console.domain.intents import Intent
from console.services.alarms.operations import EnterOperation
from console.services.crews.valve_reports import MarkValveClosed
from console.services.incidents.judging import DismissIncident
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, SubmitNotice
from console.ui.painted_marks import ProbabilityBar
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui


@pytest.fixture
def small(qtbot: QtBot, port: ScriptedPort) -> Iterator[MainWindow]:
    """A window on a small screen, in English."""
    made = MainWindow(port, WindowSettings("Wang", None, "en", "dark"))
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    yield made
    made.close()


def states(window: MainWindow, port: ScriptedPort) -> Iterator[str]:
    """A case from its suspicion to the issued notice, as this seat and another one take it there."""
    port.burst()
    window.settle()
    yield "suspected"
    window.case.location.judge()
    window.settle()
    yield "judged"
    port.pressures()
    window.settle()
    yield "pressures known"
    assert port.case.plan is not None
    for step in port.case.plan.valves_to_close[:3]:
        window.dispatcher.submit(MarkValveClosed(CASE, step.asset_id))
        window.settle()
        yield f"closed {step.order}"
    reason = "case seen on site"
    steps: tuple[tuple[str, Callable[[str], Intent]], ...] = (
        ("drafted", lambda _: DraftNotice(CASE)),
        ("submitted", lambda notice: SubmitNotice(CASE, notice, reason)),
        ("approved", lambda notice: ApproveNotice(CASE, notice, "nobody else is here", reason)),
        ("issued", lambda notice: IssueNotice(CASE, notice, reason)),
    )
    for name, intent in steps:
        notices = port.case.notices
        window.dispatcher.submit(intent(notices[-1].notice_id if notices else ""))
        window.settle()
        assert window.messages.text == "", name
        yield name


def places(window: MainWindow) -> dict[str, tuple[int, int]]:
    """Where each visible button begins, on the screen; by what it is, whatever its text says."""
    found = {}
    for number, one in enumerate(window.findChildren(QAbstractButton)):
        if one.isVisible() and not one.visibleRegion().isEmpty():
            corner = one.mapToGlobal(QPoint(0, 0))
            found[f"{number} {type(one.parentWidget()).__name__} {one.accessibleName() or one.text()}"] = (corner.x(), corner.y())
    return found


def outside_the_scrolled_part(window: MainWindow) -> dict[int, tuple[int, int]]:
    """Places of the buttons that are not part of the case's scrolled text, by identity."""
    inner = window.case._column
    shown = [one for one in window.findChildren(QAbstractButton) if one.isVisible() and not inner.isAncestorOf(one)]
    return {id(one): (one.mapToGlobal(QPoint(0, 0)).x(), one.mapToGlobal(QPoint(0, 0)).y()) for one in shown}


def test_buttons_keep_their_places_and_one_is_primary_in_every_state_of_a_case(small: MainWindow, port: ScriptedPort) -> None:
    before: dict[int, tuple[int, int]] = {}
    plan_before: tuple[int, int] | None = None
    steps_below = set()
    for state in states(small, port):
        now = outside_the_scrolled_part(small)
        moved = {key for key in now.keys() & before.keys() if now[key] != before[key]}
        assert not moved, (state, [one.text() for one in small.findChildren(QAbstractButton) if id(one) in moved])
        before |= now
        primary = [one for one in small.findChildren(QPushButton) if one.objectName() == "primary" and one.isVisible()]
        assert len([one for one in primary if one.isEnabled()]) == 1, state
        button = primary[0]
        assert button.visibleRegion().boundingRect().size() == button.size(), state
        bottom = button.mapToGlobal(QPoint(0, button.height())).y()
        steps_below.add(bottom)
        if state.startswith("closed"):
            closed = small.case.plan._closed.mapToGlobal(QPoint(0, 0))
            assert plan_before in (None, (closed.x(), closed.y())), state
            plan_before = closed.x(), closed.y()
    assert len(steps_below) == 1  # whatever is next to do is on one line of the screen


def test_a_message_moves_nothing(small: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    small.settle()
    before, map_before = places(small), small.map.geometry()
    small.messages.show_message("refused: " + "the plan has changed, " * 12)
    small.settle()
    assert small.messages.isVisible()
    text = small.messages._text
    assert text.height() >= text.heightForWidth(text.width())
    now = places(small)
    assert all(now[key] == place for key, place in before.items())
    assert small.map.geometry() == map_before
    assert not small.messages.visibleRegion().isEmpty()
    over = small.messages.mapTo(small, QPoint(0, 0))
    assert small.map.mapTo(small, QPoint(0, 0)).y() < over.y() < small.map.mapTo(small, QPoint(0, small.map.height())).y()
    small.messages.dismiss()
    small.settle()
    assert not small.messages.isVisible()
    assert places(small) == before


def test_the_bottom_folds_in_quiet_hours_and_grows_in_a_flood_but_not_against_the_user(
    small: MainWindow, port: ScriptedPort
) -> None:
    small.settle()
    quiet = small.alarms.height()
    port.station_event(0, "low_pressure", limit=200.0)
    small.settle()
    assert small.alarms.height() == quiet < 140
    for row in range(1, 12):
        port.station_event(row, "low_pressure", limit=200.0)
    small.settle()
    flood = small.alarms.height()
    assert flood > quiet + 150
    assert small.map.height() >= 240
    small._layout._left.setSizes([400, 250])
    small._layout._left.splitterMoved.emit(400, 1)
    chosen = small.alarms.height()
    port.wait(700)
    small.settle()
    assert small.alarms.height() == chosen
    small.reset_layout()
    small.show_picture(port.publish())
    assert small.alarms.height() < chosen


def test_a_probability_fills_its_share_of_the_bar(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    bars = window.case.location.findChildren(ProbabilityBar)
    assert port.case.location is not None
    shares = [one.probability for one in port.case.location.candidates][: len(bars)]
    for bar, share in zip(bars, shares, strict=True):
        image = bar.grab().toImage()
        middle = image.height() // 2
        filled = window._appearance.theme.colour("case.candidate").rgb()
        width = sum(image.pixel(x, middle) == filled for x in range(image.width())) / image.width()
        assert width == pytest.approx(share, abs=0.03)


def said(window: MainWindow) -> str:
    """All that the quiet page says."""
    page = window.case.quiet
    return "\n".join(one.text() for one in page.findChildren(QLabel)) if page.isVisible() else ""


def test_without_a_case_the_column_shows_feeds_works_what_comes_up_and_the_last_cases(
    small: MainWindow, port: ScriptedPort
) -> None:
    small.settle()
    assert "mqtt" in said(small)
    assert "35 of 35 stations normal" in said(small)
    station = str(port.city.stations.asset_id[0])
    port.chair.does(EnterOperation("works", station, port.now(), port.now() + timedelta(hours=2)))
    port.publish()
    small.settle()
    assert said(small).count(station) == 2  # the works, and when they end
    port.burst()
    small.settle()
    assert said(small) == ""
    small.dispatcher.submit(DismissIncident(CASE, "a fire hydrant was flushed"))
    small.settle()
    assert CASE in said(small)
