"""A what-if is marked by a frame, a text and its own colour; the real plan stays visible beneath it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor
from console.services.incidents.judging import JudgeBurst
from console.ui.map.view.picking import Asset
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui


def share_of(image: QImage, colour: QColor, near: int = 24) -> float:
    """Share of the pixels that have nearly this colour."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(plain.constBits(), dtype=np.uint8).reshape(plain.height(), -1, 4)[:, :, 2::-1].astype(int)
    apart = np.abs(pixels - np.array([colour.red(), colour.green(), colour.blue()])).max(axis=2)
    return float((apart <= near).mean())


def a_case(window: MainWindow, port: ScriptedPort) -> None:
    """A judged burst with its plan."""
    port.burst()
    window.settle()
    location = port.case.location
    assert location is not None
    port.submit(JudgeBurst(CASE, (location.candidates[0].pipe_id,), "judgement"), Actor.named("王"))
    window.settle()


def tried(window: MainWindow, pipe_id: str) -> None:
    """A what-if on a pipe."""
    if not window.tools.what_if.active:
        window.tools.toggle_what_if()
    window.settle()
    window.map.input.picked.emit(Asset("pipe", pipe_id, 0, 0.0, 0.0))
    window.settle()


def a_pipe_nearby(port: ScriptedPort) -> str:
    location = port.case.location
    assert location is not None
    return location.candidates[6].pipe_id


def test_the_frame_and_the_word_are_there_as_long_as_the_what_if_is_on(window: MainWindow, port: ScriptedPort) -> None:
    colour = window._appearance.theme.colour("what_if.main")
    a_case(window, port)
    assert window.map.margin().what_if == ()
    window.tools.toggle_what_if()
    assert "试算" in window.map.margin().what_if  # before anything is tried
    tried(window, a_pipe_nearby(port))
    assert "试算" in window.map.margin().what_if
    image = window.map.picture_now()
    wide, high = image.width(), image.height()
    upper, lower = image.copy(0, 0, wide, 4), image.copy(0, high - 4, wide, 4)
    left, right = image.copy(0, 0, 4, high), image.copy(wide - 4, 0, 4, high)
    for edge in (upper, lower, left, right):
        assert share_of(edge, colour) > 0.98
    window.commands.run("dismiss_message")
    assert window.map.margin().what_if == ()
    assert share_of(window.map.picture_now().copy(0, 0, wide, 4), colour) == 0.0


def test_the_real_plan_stays_as_it_was_beneath_the_what_if(window: MainWindow, port: ScriptedPort) -> None:
    a_case(window, port)
    real = window.map.marks().case
    assert real.steps
    assert real.zone is not None
    tried(window, a_pipe_nearby(port))
    marks = window.map.marks()
    assert marks.case is real
    assert marks.what_if is not None
    assert {step.valve_id for step in marks.what_if.look.steps} != {step.valve_id for step in real.steps}
    port.wait(5)  # the case goes on under the what-if
    window.settle()
    assert window.map.marks().case.steps == real.steps
    assert window.map.marks().what_if is not None
    window.commands.run("dismiss_message")
    assert window.map.marks().what_if is None
    assert window.map.marks().case.steps == real.steps


def test_what_if_and_real_plan_have_no_colour_in_common(window: MainWindow) -> None:
    for theme in ("dark", "light"):
        if window._appearance.theme.name != theme:
            window.choice.toggle_theme()
        appearance = window._appearance.theme
        what_if = appearance.colour("what_if.main")
        for role in ("case.zone", "case.pocket", "case.low_pressure", "case.candidate", "case.route", "state.critical"):
            real = appearance.colour(role)
            apart = min(abs(what_if.hue() - real.hue()), 360 - abs(what_if.hue() - real.hue()))
            assert apart > 30, (theme, role)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)])
def test_what_is_tried_is_seen_beside_the_panel(qtbot: QtBot, port: ScriptedPort, language: str, width: int, height: int) -> None:
    window = MainWindow(port, WindowSettings("王", None, language, "dark"))
    qtbot.addWidget(window)
    window.resize(width, height)
    window.show()
    a_case(window, port)
    pipes = port.city.network.pipes
    for pipe_id in (a_pipe_nearby(port), *(str(pipes.asset_id[row]) for row in (3, 90, 250, len(pipes) - 1))):
        tried(window, pipe_id)
        incident = window.tools.what_if.incident
        what_if = window.map.marks().what_if
        assert incident is not None
        assert what_if is not None
        panel, points = window.tools.what_if.panel.geometry(), what_if.look.points()
        assert len(points)
        px, py = window.map.camera.project(points[:, 0], points[:, 1])
        assert px.min() > panel.right(), pipe_id
        assert px.max() < window.map.width(), pipe_id
        assert py.min() > 0 and py.max() < window.map.height() - 60, pipe_id  # noqa: PT018
    window.close()


def test_a_second_map_window_shows_the_what_if_as_a_what_if_too(window: MainWindow, port: ScriptedPort) -> None:
    a_case(window, port)
    tried(window, a_pipe_nearby(port))
    twin = window.map.twin(window._appearance.theme, window._appearance.words)
    assert "试算" in twin.margin().what_if
    window.commands.run("dismiss_message")
    twin.mirror(window.map)
    assert twin.margin().what_if == ()
    twin.shut()
