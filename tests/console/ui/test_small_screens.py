"""On small screens nothing is cut: every visible text has the room it needs, and the judging button is in view."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QTableView, QWidget
from pytestqt.qtbot import QtBot

from console.ui.settings import WindowSettings
from console.ui.widgets import ElidedButton, ElidedLabel
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui

MAY_BE_CUT = (ElidedLabel, ElidedButton)
"""What comes from outside (names, a broker's error) may end in an ellipsis, with all of it in the tool tip."""


@pytest.fixture(params=[(1280, 720, "en"), (1366, 768, "en"), (1366, 768, "zh_CN")], ids=lambda size: "-".join(map(str, size)))
def small(qtbot: QtBot, port: ScriptedPort, request: pytest.FixtureRequest) -> Iterator[MainWindow]:
    """A window of a small screen with a running case."""
    width, height, language = request.param
    made = MainWindow(port, WindowSettings("王", None, language, "dark"))
    qtbot.addWidget(made)
    made.resize(width, height)
    made.show()
    port.burst()
    made.settle()
    assert (made.width(), made.height()) == (width, height)
    yield made
    made.close()


def cut(window: QWidget) -> list[str]:
    """Visible texts that have less room than they need."""
    labels = (one for one in window.findChildren(QLabel) if one.isVisible() and one.text() and not isinstance(one, MAY_BE_CUT))
    buttons = (one for one in window.findChildren(QPushButton) if one.isVisible() and not isinstance(one, MAY_BE_CUT))
    tables = (one for one in window.findChildren(QTableView) if one.isVisible())
    return [
        *(f"{one.text()!r} is cut" for one in labels if is_cut(one)),
        *(f"{one.text()!r} is cut" for one in buttons if one.fontMetrics().horizontalAdvance(one.text()) > one.width()),
        *(f"columns of {one.accessibleName()}" for one in tables if one.horizontalHeader().length() > one.viewport().width()),
    ]


def is_cut(one: QLabel) -> bool:
    """Whether a label's text is wider, or once wrapped higher, than the label."""
    if one.wordWrap():
        return one.heightForWidth(one.width()) > one.height() + 1
    return max(map(one.fontMetrics().horizontalAdvance, one.text().splitlines())) > one.contentsRect().width() + 1


def test_nothing_is_cut_and_the_judging_button_is_in_view(small: MainWindow, port: ScriptedPort) -> None:
    assert not cut(small)
    judge, dismiss = small.case.location.steps
    for button in (judge, dismiss):
        assert button.visibleRegion().boundingRect().size() == button.size()
    shortened = [one for one in small.strip.findChildren(ElidedLabel) if one.isVisible() and one.text().endswith("…")]
    assert not shortened
    judge.click()
    small.settle()
    assert not cut(small)
    assert small.case.notice.step.visibleRegion().boundingRect().size() == small.case.notice.step.size()
