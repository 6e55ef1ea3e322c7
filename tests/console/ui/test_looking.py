"""Selecting a pipe by any means neither judges it nor enables its judgement."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from console.services.incidents.judging import JudgeBurst
from console.ui.dialogs.confirm import Confirmation
from console.ui.map.view.picking import Asset
from console.ui.search import Hit
from console.ui.window import MainWindow
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui
FAR = "P-104003"


def clicked(window: MainWindow, pipe_id: str) -> None:
    """A click on the map."""
    window.pick(asset(window, pipe_id))


def found(window: MainWindow, pipe_id: str) -> None:
    """A hit of Ctrl+K."""
    window.open_hit(Hit("pipe", pipe_id, pipe_id))


def listed(window: MainWindow, pipe_id: str) -> None:
    """A click in the list of candidates."""
    window.case.location._on_choose(pipe_id)


def right_clicked(window: MainWindow, pipe_id: str) -> None:
    """A context menu that is dismissed."""
    window.locator.on_menu(asset(window, pipe_id), QPoint(10, 10))
    window.findChildren(QMenu)[-1].close()


LOOKS = pytest.mark.parametrize("look", [clicked, found, listed, right_clicked])


def asset(window: MainWindow, pipe_id: str) -> Asset:
    """A pipe as the map picks it."""
    pipes = window._port.city.network.pipes
    row = pipes.row(pipe_id)
    x, y = map(float, pipes.points(row)[1])
    return Asset("pipe", pipe_id, row, x, y)


def said(widget: QWidget) -> str:
    """Everything that can be read in a widget's labels now."""
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.isVisibleTo(widget))


def question(window: MainWindow) -> Confirmation:
    """The open question."""
    (asked,) = [one for one in window.findChildren(Confirmation) if one.isVisible()]
    return asked


def first(port: ScriptedPort) -> str:
    """The first candidate."""
    assert port.case.location is not None
    return port.case.location.candidates[0].pipe_id


@LOOKS
def test_selecting_a_pipe_enables_no_judgement(
    window: MainWindow, port: ScriptedPort, look: Callable[[MainWindow, str], None]
) -> None:
    port.burst()
    window.settle()
    before = window.case.location._judge.text()
    look(window, FAR)
    assert window.case.location._judge.text() == before == f"判定 {first(port)} 爆管"
    window.commands.run("judge")
    assert port.asked == []
    shown = said(question(window))
    assert first(port) in shown, "the key names its pipe before it judges with another one in sight"
    assert FAR in shown


@LOOKS
def test_selecting_a_pipe_enables_no_judgement_in_a_judged_case(
    window: MainWindow, port: ScriptedPort, look: Callable[[MainWindow, str], None]
) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    done = list(port.asked)
    look(window, FAR)
    for _ in range(3):
        window.commands.run("judge")
    window.settle()
    assert port.asked == done
    assert not window.case.location._judge.isVisibleTo(window)


def test_outside_the_candidates_it_is_asked_with_the_distance_and_cancel_is_the_default(
    window: MainWindow, port: ScriptedPort
) -> None:
    port.burst()
    window.settle()
    window.locator.select_pipe(FAR)
    assert "不在 90% 范围内" in said(window.case.location)
    window.case.location._judge_seen.click()
    assert port.asked == []
    asked = question(window)
    assert "km" in said(asked)
    assert asked.cancel.isDefault()
    asked.ok.click()
    window.settle()
    assert port.asked[-1][0] == JudgeBurst(CASE, (FAR,))


def test_a_candidate_is_judged_at_one_press_of_the_button_that_names_it(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    assert port.case.location is not None
    second = port.case.location.candidates[1].pipe_id
    window.locator.select_pipe(second)
    assert second in window.case.location._judge_seen.text()
    window.case.location._judge_seen.click()
    window.settle()
    assert port.asked[-1][0] == JudgeBurst(CASE, (second,))


def test_a_judged_case_is_corrected_only_when_that_is_confirmed(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    done = list(port.asked)
    window.locator.select_pipe(FAR)
    assert window.case.location._judge_seen.text() == f"改判为 {FAR}…"
    window.case.location._judge_seen.click()
    asked = question(window)
    assert first(port) in said(asked)
    asked.cancel.click()
    assert port.asked == done
    window.case.location._judge_seen.click()
    question(window).ok.click()
    window.settle()
    assert port.case.burst_pipes == (FAR,)


def test_without_a_selected_pipe_there_is_no_judge_button(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.locator.select_pipe(FAR)
    window.pick(None)
    assert not window.case.location._judge_seen.isVisibleTo(window)
    assert FAR not in said(window.case.location)
