"""The review window: the console's views at a chosen time; the case is read-only, notes go into a copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QMenu
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor
from console.domain.clock import micros
from console.domain.incidents import Phase
from console.package import read_package, verify_package, write_package
from console.services.incidents.undo import UndoLast
from console.services.review.record import CaseRecord
from console.ui.appearance import Appearance
from console.ui.map.view.picking import Asset
from console.ui.panels.case.head import PhaseStrip
from console.ui.review.pair import PairWindow
from console.ui.review.port import Recorded
from console.ui.review.window import ReviewWindow
from console.ui.settings import WindowSettings
from console.ui.theme import Theme
from console.ui.words import Words
from tests.console.package.cases import CASE, HOSTILE, a_case

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    """A case with hostile names."""
    return a_case(HOSTILE)


@pytest.fixture
def package(record: CaseRecord, tmp_path: Path) -> Path:
    """Its package."""
    path = tmp_path / f"{CASE}.incident"
    write_package(record, path)
    return path


@pytest.fixture
def window(qtbot: QtBot, package: Path) -> Iterator[ReviewWindow]:
    """The window over the package as read."""
    made = ReviewWindow(read_package(package), package, WindowSettings("王", None, "zh_CN", "dark"))
    qtbot.addWidget(made)
    made.resize(1600, 900)
    made.show()
    yield made
    made.close()


def at(record: CaseRecord, kind: str) -> int:
    """When the first change of a kind was made, µs."""
    return next(micros(change.at) for change in record.changes if change.kind == kind)


def test_every_view_shows_the_chosen_moment(window: ReviewWindow, record: CaseRecord) -> None:
    window.go(at(record, "burst_judged"))
    window.settle()
    assert window.focus.incident is not None
    assert window.focus.incident.burst_pipes == ("H10",)
    assert window.then_now.cells["burst_pipe"][1].text() == "≠ H10"
    assert window.then_now.cells["burst_pipe"][2].text() == "V10"
    assert window.log.model.rowCount() < len(record.case_changes)
    window.go(at(record, "notice_issued"))
    window.settle()
    assert window.focus.incident.issued_at is not None
    assert window.then_now.cells["burst_pipe"][1].text() == "V10"


def test_before_the_case_was_opened_there_is_none(window: ReviewWindow) -> None:
    window.go(window.replaying.replay.since_us)
    assert window.focus.incident is None
    assert "尚未立案" in window.then_now.cells["phase"][1].text()


def test_steps_and_the_slider_lead_through_time(window: ReviewWindow, record: CaseRecord, qtbot: QtBot) -> None:
    window.go(window.replaying.replay.since_us)
    window.bar.next()
    first = window.replaying.at_us
    assert first == at(record, "incident_opened")
    window.bar.next()
    assert window.replaying.at_us > first
    window.bar.previous()
    assert window.replaying.at_us == first
    axis = window.bar.axis
    QTest.mouseClick(axis, Qt.MouseButton.LeftButton, pos=QPoint(axis.width() - 9, axis.height() // 2))
    assert window.replaying.at_us > window.replaying.replay.until_us - 120_000_000
    axis.setFocus()
    before = window.replaying.at_us
    QTest.keyClick(axis, Qt.Key.Key_Left)
    assert window.replaying.at_us == before - 1_000_000
    QTest.keyClick(axis, Qt.Key.Key_Home)
    assert window.replaying.at_us == window.replaying.replay.since_us


def test_playing_moves_on_and_ends_at_the_end(window: ReviewWindow, qtbot: QtBot) -> None:
    window.bar.speed.setCurrentIndex(window.bar.speed.findData(600))
    window.go(window.replaying.replay.until_us - 20_000_000)
    window.bar.toggle()
    assert window.bar.playing
    qtbot.waitUntil(lambda: not window.bar.playing, timeout=60_000)
    assert window.replaying.at_us == window.replaying.replay.until_us


def test_the_review_window_offers_no_change_of_the_case(window: ReviewWindow, qtbot: QtBot) -> None:
    with pytest.raises(Recorded):
        window.replaying.submit(UndoLast(CASE), Actor.named("王")).result()
    offered = {one.key for one in window.commands.listed()}
    assert {"judge", "closed", "crew", "undo", "ticket", "shift_entry"}.isdisjoint(offered)
    assert {"search", "show_case", "trace", "fullscreen"} <= offered
    window.run_command("operation")
    window.run_command("notice")  # nothing is drafted in a recording
    QTest.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert window.findChildren(QDialog) == []  # neither a question nor a refusal
    sheet = window.help.show("map").keys.toPlainText()
    assert "Ctrl+J" not in sheet
    assert "播放、暂停" in sheet
    for asset in (Asset("pipe", str(window.record.city.network.pipes.asset_id[0]), 0, 0.0, 0.0), None):
        window.locator.on_menu(asset, QPoint(0, 0))
        menu = window.findChildren(QMenu)[-1]
        shown = " ".join(action.text() for action in menu.actions() if action.isVisible())
        assert not any(word in shown for word in ("判定", "计划停水", "报告爆管", "来电", "日志", "作业")), shown
        menu.close()
    window.dispatcher.submit(UndoLast(CASE))
    qtbot.waitUntil(lambda: window.dispatcher.waiting == 0, timeout=60_000)
    assert window.record.incident == read_package(window.path or Path()).incident


def test_history_holds_nothing_of_what_came_later(window: ReviewWindow, record: CaseRecord) -> None:
    from console.domain.readings import Channel

    window.go(at(record, "burst_judged"))
    times, _, _ = window.replaying.history(0, Channel.PRESSURE, 0)
    assert times.max() <= window.replaying.at_us


def test_notes_go_into_a_copy_and_never_into_the_package(window: ReviewWindow, package: Path, tmp_path: Path) -> None:
    before = package.read_bytes()
    window.go(window.replaying.replay.events_us[2])
    window.notes.text.setText(HOSTILE)
    window.notes.bookmark()
    window.notes.what.setText("换阀")
    window.notes.owner.setText("李")
    window.notes.due.setText("not a date")
    window.notes.add_action()
    assert not window.notes.notes.actions
    window.notes.due.setText("2024-02-01")
    window.notes.add_action()
    assert not window.save_copy(package)
    assert window.save_copy(tmp_path / "copy.incident")
    assert package.read_bytes() == before
    notes = read_package(tmp_path / "copy.incident").notes
    assert [remark.text for remark in notes.remarks] == [HOSTILE]
    assert notes.actions[0].owner == "李"
    assert verify_package(tmp_path / "copy.incident").manifest.incident_id == CASE
    window.go(window.replaying.replay.since_us)
    window.notes.list.itemActivated.emit(window.notes.list.item(0))
    assert window.replaying.at_us == micros(notes.remarks[0].at)


def test_what_the_reviewer_finds_out_changes_the_answers_at_once(window: ReviewWindow) -> None:
    form = window.notes.findings
    for name, text in (("excavated_pipe", "H20"), ("customers", "55"), ("frost", "是"), ("restored_at", "2024-01-04 09:30")):
        form.edits[name].setText(text)
        form.edits[name].editingFinished.emit()
    form.edits["satisfaction_result"].setText("9")
    form.edits["satisfaction_result"].editingFinished.emit()
    found = window.notes.notes.findings
    assert (found.excavated_pipe, found.customers, found.frost, found.satisfaction_result) == ("H20", 55, True, None)
    assert found.restored_at is not None
    assert found.restored_at.utcoffset() is not None
    assert window.then_now.cells["found"][2].text() == "H20"
    assert "55" in window.answers.page.toPlainText()


def test_another_decision_is_calculated_aside_and_shown(window: ReviewWindow, qtbot: QtBot) -> None:
    window.rerun.run.click()
    qtbot.waitUntil(lambda: window.rerun.outcome is not None, timeout=60_000)
    assert window.rerun.outcome is not None
    assert window.rerun.outcome.plan.valves_to_close[0].asset_id in window.rerun.result.text()
    window.rerun.valve.setEditText("no such valve")
    window.rerun.run.click()
    qtbot.waitUntil(lambda: not window.tasks.busy, timeout=60_000)


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh_CN", "dark"), ("en", "dark")])
def test_the_review_window_shows_both_languages_in_both_themes_and_no_markup(
    window: ReviewWindow, language: str, theme: str
) -> None:
    window.set_appearance(Appearance(Theme.load(theme), Words(language, "Asia/Shanghai")))
    window.settle()
    ground = window.grab().toImage().pixelColor(3, window.height() - 3)
    assert (ground.lightnessF() > 0.5) == (theme == "light")
    text = window._appearance.words.catalogue.text
    assert window.windowTitle() == text("review.replay.title", incident=CASE)
    assert text("review.question.plan_done") in window.answers.page.toPlainText()
    assert "<script>window.broken=1" in window.answers.page.toPlainText()
    assert [window.tabs.tabText(n) for n in range(4)] == [
        text(f"review.replay.{key}") for key in ("then_now", "questions", "what_if", "notes")
    ]


def test_two_cases_side_by_side_move_together_from_their_first_abnormal_reading(qtbot: QtBot, record: CaseRecord) -> None:
    pair = PairWindow((record, None), (a_case(), None), WindowSettings("王", None, "zh_CN", "dark"))
    qtbot.addWidget(pair)
    pair.show()
    pair.left.go(at(record, "crew_sent"))
    offset = pair.left.replaying.at_us - micros(record.incident.first_abnormal_at)
    assert pair.right.replaying.at_us - micros(pair.right.record.incident.first_abnormal_at) == offset
    pair.linked.setChecked(False)
    pair.right.go(pair.right.replaying.replay.since_us)
    assert pair.left.replaying.at_us == at(record, "crew_sent")
    pair.close()


@pytest.mark.parametrize("width", [392, 325, 260])
def test_every_phase_has_room_for_its_word_in_english_too(qtbot: QtBot, width: int) -> None:
    appearance = Appearance(Theme.load("dark"), Words("en", "Asia/Shanghai"))
    strip = PhaseStrip()
    qtbot.addWidget(strip)
    strip.resize(width, 30)
    strip.show_phase(Phase.REPAIRING, appearance)
    size, cells = strip._fitted()
    metrics = QFontMetricsF(appearance.theme.font(size, QFont.Weight.Bold))
    assert sum(cells) == pytest.approx(width)
    for phase, cell in zip(Phase, cells, strict=True):
        assert metrics.horizontalAdvance(appearance.words.of("phase", phase.value)) <= cell
