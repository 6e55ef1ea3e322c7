"""A refusal stands beside its button, and what is under the pointer in the case column stays under it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from console.services.changesets import Refused
from console.services.incidents.judging import JudgeBurst
from console.services.ports import StoreUnavailable
from console.ui.fault_notes import FaultNote
from console.ui.window import MainWindow
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui


def note_of(window: MainWindow) -> FaultNote | None:
    """The note that is shown now."""
    return window.fault_notes.note


def test_a_refusal_stands_beside_the_button_and_moves_nothing(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.alarms.table.selectRow(0)
    window.settle()
    button = next(one for one in window.alarms.findChildren(QAbstractButton) if one.text().startswith("确认"))
    before = {
        one: (one.mapTo(window, QPoint(0, 0)), one.size()) for one in window.findChildren(QAbstractButton) if one.isVisible()
    }
    port.fault = StoreUnavailable("disk is full")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    window.settle()
    note = note_of(window)
    assert note is not None
    assert "disk is full" in note.text.text()
    place, corner = note.geometry(), button.mapTo(window, QPoint(0, 0))
    assert place.top() - (corner.y() + button.height()) <= 8
    assert corner.y() - place.bottom() <= 8
    assert window.rect().contains(place)
    assert not place.intersects(QRect(corner, button.size()))
    after = {one: (one.mapTo(window, QPoint(0, 0)), one.size()) for one in before if one.isVisible()}
    assert after == {one: before[one] for one in after}
    window.run_command("dismiss_message")
    assert note_of(window) is None


def test_an_act_by_key_has_no_note_and_the_next_press_takes_one_away(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    port.fault = StoreUnavailable("disk is full")
    window.dispatcher.submit(JudgeBurst(CASE, ("P-104148",)))
    window.settle()
    assert note_of(window) is None
    assert window.messages.text
    button = next(one for one in window.alarms.findChildren(QAbstractButton) if one.text().startswith("确认"))
    window.alarms.table.selectRow(0)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    window.settle()
    first = note_of(window)
    assert first is not None
    port.fault = None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    window.settle()
    assert note_of(window) is None
    assert isinstance(Refused, type)


def seen_at(window: MainWindow, button: QAbstractButton) -> int:
    return button.mapTo(window, QPoint(0, 0)).y()


def test_what_is_under_the_pointer_in_the_column_stays_there_when_things_above_it_grow(
    window: MainWindow, port: ScriptedPort
) -> None:
    window.resize(1366, 768)
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    QApplication.processEvents()
    scroll, bar, column = window.case._scroll, window.case._scroll.verticalScrollBar(), window.case._column
    assert bar.maximum() > 200
    bar.setValue(bar.maximum() // 2)
    QApplication.processEvents()
    buttons = [one for one in column.findChildren(QAbstractButton) if one.isVisible()]
    middle = scroll.viewport().mapTo(window, scroll.viewport().rect().center()).y()
    held = min(buttons, key=lambda one: abs(seen_at(window, one) - middle))
    before = seen_at(window, held)
    QCursor.setPos(held.mapToGlobal(held.rect().center()))
    QTest.mouseMove(held)
    port.pressures()
    grown = window.case.evidence
    grown.setMinimumHeight(grown.height() + 120)
    port.publish()
    window.settle()
    QApplication.processEvents()
    assert held.isVisible()
    assert seen_at(window, held) == before
    grown.setMinimumHeight(0)
    port.wait(20)
    port.publish()
    window.settle()
    QApplication.processEvents()
    assert seen_at(window, held) == before
