"""From the alarm to the issued notice by keyboard alone and by mouse alone: at most six decisions, at most 60 s.

The time is the processor's for the window (measured; a wall clock would time the other programs of the machine, too), and what a
person needs for each key, click and decision by the keystroke-level model of Card, Moran and Newell (1980): K 0.28 s a key,
P 1.1 s to point, B 0.1 s a press or release, M 1.35 s to make up one's mind.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from time import process_time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from console.domain.notices import NoticeStatus
from console.ui.dialogs.confirm import Confirmation
from console.ui.dialogs.notice import NoticeDialog
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from tests.console.ui.approvers import PASSWORD, OnePassword
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui
K_S, P_S, B_S, M_S = 0.28, 1.1, 0.1, 1.35
MOST_DECISIONS, MOST_S, MOST_TABS = 6, 60.0, 4
CTRL = Qt.KeyboardModifier.ControlModifier


@dataclass
class Hand:
    """One person at one window, who uses keys or the mouse alone, and counts."""

    window: MainWindow
    decisions: int = 0
    keys: int = 0
    clicks: int = 0
    system_s: float = field(default=0.0)

    def _answered(self, started: float) -> None:
        self.window.settle()
        self.system_s += process_time() - started

    def key(self, widget: QWidget, key: Qt.Key, *, ctrl: bool = False) -> None:
        """One key, where the focus is."""
        started = process_time()
        QTest.keyClick(widget, key, CTRL if ctrl else Qt.KeyboardModifier.NoModifier)
        self.keys += 2 if ctrl else 1
        self._answered(started)

    def tab_to(self, top: QWidget, wanted: QPushButton | QWidget) -> int:
        """Tab until ``wanted`` has the focus; how many presses."""
        for pressed in range(1, 40):
            self.key(top.focusWidget() or top, Qt.Key.Key_Tab)
            if wanted.hasFocus() or top.focusWidget() is wanted:
                return pressed
        raise AssertionError(f"Tab never reaches {wanted}")

    def press(self, top: QWidget, wanted: QPushButton) -> None:
        """Reach a button by Tab and press it with Space: one decision."""
        self.tab_to(top, wanted)
        self.decisions += 1
        self.key(wanted, Qt.Key.Key_Space)

    def click(self, wanted: QPushButton, *, is_decision: bool = True) -> None:
        """Click a button that is in sight."""
        assert wanted.isVisible()
        assert wanted.isEnabled(), wanted.text()
        assert wanted.window().rect().contains(wanted.mapTo(wanted.window(), wanted.rect().center()))
        started = process_time()
        QTest.mouseClick(wanted, Qt.MouseButton.LeftButton)
        self.clicks += 1
        self.decisions += is_decision
        self._answered(started)

    @property
    def seconds(self) -> float:
        """With the person's time."""
        return self.system_s + self.keys * K_S + self.clicks * (P_S + 2 * B_S) + self.decisions * M_S


def seat(qtbot: QtBot, port: ScriptedPort, name: str) -> Hand:
    """Somebody at a window of their own."""
    window = MainWindow(port, WindowSettings(name, None, "zh_CN", "dark", approvers=OnePassword()))
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    window.activateWindow()
    window.settle()
    return Hand(window)


def opened(hand: Hand) -> NoticeDialog:
    """The notice window."""
    dialog = hand.window.questions.open_notice
    assert dialog is not None
    dialog.activateWindow()
    QApplication.processEvents()
    return dialog


def confirmation(dialog: NoticeDialog) -> Confirmation:
    """The question above it."""
    (question,) = [one for one in dialog.findChildren(Confirmation) if one.isVisible()]
    return question


def tell(capsys: pytest.CaptureFixture[str], how: str, decisions: int, hands: list[Hand]) -> float:
    """Print the figures; the whole time, s."""
    whole = sum(hand.seconds for hand in hands)
    with capsys.disabled():
        keys, clicks = sum(hand.keys for hand in hands), sum(hand.clicks for hand in hands)
        system = sum(hand.system_s for hand in hands)
        sys.stdout.write(
            f"\n{how}: {decisions} decisions, {keys} keys, {clicks} clicks, window {system:.1f} s, whole {whole:.0f} s\n"
        )
    return whole


def test_by_keyboard_alone(qtbot: QtBot, port: ScriptedPort, capsys: pytest.CaptureFixture[str]) -> None:
    hand = seat(qtbot, port, "王")
    window = hand.window
    window.map.setFocus()
    port.burst()
    window.settle()
    judge, _ = window.case.location.steps
    assert hand.tab_to(window, judge) <= MOST_TABS
    hand.decisions += 1
    hand.key(judge, Qt.Key.Key_Space)
    assert port.case.burst_pipes
    window.map.setFocus()
    assert hand.tab_to(window, window.case.notice.step) <= MOST_TABS
    hand.decisions += 1
    hand.key(window.case.notice.step, Qt.Key.Key_Space)  # drafts it
    hand.key(window, Qt.Key.Key_N, ctrl=True)  # opens it: looking is no decision
    dialog = opened(hand)
    hand.press(dialog, dialog.steps.submit)
    hand.tab_to(dialog, dialog.steps.approver)
    QTest.keyClicks(dialog.steps.approver, "Li")
    hand.tab_to(dialog, dialog.steps.password)
    QTest.keyClicks(dialog.steps.password, PASSWORD)
    hand.keys += 2 + len(PASSWORD)
    hand.press(dialog, dialog.steps.approve)
    hand.press(dialog, dialog.steps.issue)
    question = confirmation(dialog)
    hand.press(question, question.ok)
    assert port.case.notices[-1].status is NoticeStatus.ISSUED
    whole = tell(capsys, "keyboard", hand.decisions, [hand])
    assert hand.clicks == 0
    assert hand.decisions <= MOST_DECISIONS
    assert whole <= MOST_S
    window.close()


def test_by_mouse_alone_with_the_second_person_at_a_seat_of_their_own(
    qtbot: QtBot, port: ScriptedPort, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = seat(qtbot, port, "王"), seat(qtbot, port, "李")
    hands: list[Hand] = [first, second]

    def everybody() -> None:
        for hand in hands:
            hand.window.settle()

    port.burst()
    everybody()
    steps: list[Callable[[], object]] = [
        lambda: first.click(first.window.case.location.steps[0]),
        lambda: first.click(first.window.case.notice.step),
        lambda: first.click(first.window.case.notice.step, is_decision=False),
        lambda: first.click(opened(first).steps.submit),
        lambda: second.click(second.window.case.notice.step, is_decision=False),
        lambda: second.click(opened(second).steps.approve),
        lambda: first.click(opened(first).steps.issue),
        lambda: first.click(confirmation(opened(first)).ok),
    ]
    for step in steps:
        step()
        everybody()
    assert port.case.notices[-1].status is NoticeStatus.ISSUED
    assert port.case.notices[-1].approved_by == "李"
    decisions = sum(hand.decisions for hand in hands)
    whole = tell(capsys, "mouse", decisions, hands)
    assert all(hand.keys == 0 for hand in hands)
    assert decisions <= MOST_DECISIONS
    assert whole <= MOST_S
    for hand in hands:
        hand.window.close()
