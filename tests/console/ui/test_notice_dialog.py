"""The notice dialog: a repeated key takes no second step, nothing is sent unseen, no typed text is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from console.domain.actors import Actor
from console.domain.health import ChannelHealth
from console.domain.notices import NoticeStatus
from console.services.incidents.judging import JudgeBurst
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, EditNotice, IssueNotice, LiftNotice, SubmitNotice
from console.ui.dialogs.confirm import Confirmation
from console.ui.dialogs.notice import NoticeDialog
from console.ui.dialogs.notice_parts import Leave
from console.ui.window import MainWindow
from tests.console.ui.approvers import PASSWORD
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui
N1, N2 = f"{CASE}-N1", f"{CASE}-N2"
ELSEWHERE = "P-104030"
"""A pipe far from the middle of the city."""


def said(widget: QWidget) -> str:
    """Everything that can be read in a widget's labels now."""
    return "\n".join(found.text() for found in widget.findChildren(QLabel) if found.isVisibleTo(widget))


def status(port: ScriptedPort) -> NoticeStatus:
    """Of the newest notice."""
    return port.case.notices[-1].status


@pytest.fixture
def dialog(window: MainWindow, port: ScriptedPort) -> NoticeDialog:
    """The dialog on a draft of a judged case; another user drafted it, so this console's user may approve."""
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    window.dispatcher.submit(DraftNotice(CASE), Actor.named("赵"))
    window.settle()
    window.case.notice.next_step()
    opened = window.questions.open_notice
    assert opened is not None
    window.activateWindow()
    opened.activateWindow()
    return opened


def asked_about(dialog: NoticeDialog) -> Confirmation:
    """The open question above the dialog."""
    (question,) = [one for one in dialog.findChildren(Confirmation) if one.isVisible()]
    return question


def press(key: Qt.Key, times: int, window: MainWindow) -> None:
    """A key pressed again and again, wherever the focus goes."""
    for _ in range(times):
        top = next((one for one in window.findChildren(Confirmation) if one.isVisible()), window.questions.open_notice)
        if top is None:
            return
        QTest.keyClick(top.focusWidget() or top, key)
        window.settle()


def approved(dialog: NoticeDialog, window: MainWindow) -> None:
    """Ready to be issued."""
    dialog.submit()
    window.settle()
    dialog.approve_as("李", PASSWORD)
    window.settle()


def issued(dialog: NoticeDialog, window: MainWindow) -> None:
    """Public."""
    approved(dialog, window)
    dialog.ask_issue()
    asked_about(dialog).ok.click()
    window.settle()


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_keys_pressed_again_take_one_step_at_most(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort, key: Qt.Key
) -> None:
    dialog.steps.submit.setFocus()
    press(key, 6, window)
    assert status(port) is (NoticeStatus.SUBMITTED if key == Qt.Key.Key_Space else NoticeStatus.DRAFT)
    assert dialog.steps.approver.text() == dialog.steps.override.text() == ""
    assert {type(intent) for intent, user in port.asked if user == "王"} <= {JudgeBurst, SubmitNotice}


def test_three_presses_of_space_do_not_issue(dialog: NoticeDialog, window: MainWindow, port: ScriptedPort) -> None:
    approved(dialog, window)
    dialog.steps.issue.setFocus()
    press(Qt.Key.Key_Space, 3, window)
    assert status(port) is NoticeStatus.APPROVED
    assert not [intent for intent, _ in port.asked if isinstance(intent, IssueNotice)]


def test_keys_pressed_again_do_not_lift(dialog: NoticeDialog, window: MainWindow, port: ScriptedPort) -> None:
    issued(dialog, window)
    dialog.steps.lift.setFocus()
    press(Qt.Key.Key_Space, 1, window)
    press(Qt.Key.Key_Return, 4, window)
    assert status(port) is NoticeStatus.ISSUED


def test_a_held_key_confirms_nothing(dialog: NoticeDialog, window: MainWindow, port: ScriptedPort) -> None:
    approved(dialog, window)
    dialog.ask_issue()
    question = asked_about(dialog)
    question.ok.setFocus()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        QApplication.sendEvent(question.ok, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, "", True))
    window.settle()
    assert question.isVisible()
    assert status(port) is NoticeStatus.APPROVED


def test_each_step_has_a_place_of_its_own_and_only_the_next_one_works(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort
) -> None:
    steps = (dialog.steps.submit, dialog.steps.approve, dialog.steps.issue, dialog.steps.lift)
    boxes = [step.geometry() for step in steps]
    assert not any(one.intersects(other) for n, one in enumerate(boxes) for other in boxes[n + 1 :])
    assert [step.isEnabled() for step in steps] == [True, False, False, False]
    dialog.submit()
    window.settle()
    assert [step.isEnabled() for step in steps] == [False, True, False, False]


def test_a_click_where_the_last_step_was_takes_no_other(dialog: NoticeDialog, window: MainWindow, port: ScriptedPort) -> None:
    place = dialog.steps.submit.mapTo(dialog, dialog.steps.submit.rect().center())
    for _ in range(4):
        QTest.mouseClick(dialog.childAt(place) or dialog, Qt.MouseButton.LeftButton)
        window.settle()
    assert status(port) is NoticeStatus.SUBMITTED


def test_before_issue_it_is_shown_what_goes_to_whom_by_which_way_and_when(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort
) -> None:
    approved(dialog, window)
    dialog.ask_issue()
    question, facts = asked_about(dialog), port.case.notices[-1].facts
    shown = said(question)
    assert f"{facts.households_no_water:,} 户" in shown
    assert facts.no_water_communities[0] in shown
    assert "预计 2024年1月3日23:10 起关阀停水" in shown
    assert "mqtt" in shown
    assert question.cancel.isDefault()
    assert question.focusWidget() is question.cancel
    question.ok.click()
    window.settle()
    assert status(port) is NoticeStatus.ISSUED


@pytest.mark.parametrize("channels", [(), (ChannelHealth("mqtt", "off"),)])
def test_without_a_channel_the_issue_question_states_that_nothing_is_delivered(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort, channels: tuple[ChannelHealth, ...]
) -> None:
    approved(dialog, window)
    port.channels = channels
    port.publish()
    window.settle()
    dialog.ask_issue()
    assert "没有发送渠道" in said(asked_about(dialog))


def test_with_the_channel_down_the_issue_question_states_that_delivery_waits(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort
) -> None:
    approved(dialog, window)
    port.channels = (ChannelHealth("folder", "up"), ChannelHealth("mqtt", "down", "broker refused"))
    port.publish()
    window.settle()
    dialog.ask_issue()
    assert "mqtt 未连接" in said(asked_about(dialog))


def test_a_lift_needs_a_reason_and_passes_it_on(dialog: NoticeDialog, window: MainWindow, port: ScriptedPort) -> None:
    issued(dialog, window)
    dialog.ask_lift()
    question = asked_about(dialog)
    assert not question.ok.isEnabled()
    question.usual[1].click()
    question.ok.click()
    window.settle()
    assert port.asked[-1][0] == LiftNotice(CASE, N1, "公告内容有误，以新公告为准")
    assert "公告内容有误" in said(dialog)


@pytest.mark.parametrize("is_lifted", [False, True])
def test_after_an_issue_or_a_lift_a_new_version_is_drafted_and_the_old_one_can_be_read(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort, is_lifted: bool
) -> None:
    issued(dialog, window)
    if is_lifted:
        window.dispatcher.submit(LiftNotice(CASE, N1, "公告内容有误"))
        window.settle()
    dialog.steps.renew.click()
    window.settle()
    assert [notice.notice_id for notice in port.case.notices] == [N1, N2]
    assert f"{N2} · 第 2 版 · 草稿" in said(dialog)
    dialog._version.activated.emit(0)
    assert f"{N1} · 第 1 版" in said(dialog)
    assert not dialog.steps.submit.isEnabled()


def contradicted(window: MainWindow, port: ScriptedPort) -> None:
    """The crew finds another pipe, and it is judged."""
    port.reply("on_site", found=ELSEWHERE)
    window.settle()
    window.dispatcher.submit(JudgeBurst(CASE, (ELSEWHERE,), "on_site"))
    window.settle()


@pytest.mark.parametrize("done", [0, 1, 2])
def test_a_contradiction_blocks_every_step_and_is_shown_until_redrafted(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort, done: int
) -> None:
    steps: list[Callable[[], object]] = [dialog.submit, lambda: dialog.approve_as("李", PASSWORD)]
    for step in steps[:done]:
        step()
        window.settle()
    before = port.case.notices[-1].facts.households_no_water
    contradicted(window, port)
    buttons = (dialog.steps.submit, dialog.steps.approve, dialog.steps.issue)
    assert not any(button.isEnabled() for button in buttons)
    plan = port.case.plan
    assert plan is not None
    assert f"停水户数：公告为 {before}，现为 {plan.households_without_water}" in said(dialog)
    assert "与案件现状不符" in said(window.case.notice)
    dialog.difference.redraft.click()
    window.settle()
    assert port.case.notices[-1].facts.households_no_water == plan.households_without_water
    assert "不符" not in said(dialog)
    assert dialog.steps.submit.isEnabled()


def test_a_pipe_found_on_site_must_be_corrected_before_the_redraft(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort
) -> None:
    port.reply("on_site", found=ELSEWHERE)
    window.settle()
    assert ELSEWHERE in said(dialog)
    assert "先在“位置”中改判" in said(dialog)
    assert not dialog.steps.submit.isEnabled()


def test_proceeding_despite_a_contradiction_needs_a_typed_reason(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort
) -> None:
    contradicted(window, port)
    dialog.difference.field.setText("   ")
    assert not dialog.steps.submit.isEnabled()
    dialog.difference.field.setText("值班长电话同意")
    dialog.steps.submit.click()
    window.settle()
    assert port.asked[-1][0] == SubmitNotice(CASE, N1, "值班长电话同意")
    assert port.case.notices[-1].contradiction_reason == "值班长电话同意"


def test_tab_in_the_text_moves_on_and_writes_nothing(dialog: NoticeDialog, window: MainWindow) -> None:
    before = dialog._zh.toPlainText()
    dialog._zh.setFocus()
    QTest.keyClick(dialog._zh, Qt.Key.Key_Tab)
    assert dialog._zh.toPlainText() == before
    assert not dialog._zh.hasFocus()


def leave_by_escape(dialog: NoticeDialog) -> None:
    """Esc."""
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


def leave_by_button(dialog: NoticeDialog) -> None:
    """The dialog's own button."""
    dialog._close.click()


def leave_by_window(dialog: NoticeDialog) -> None:
    """The window's button."""
    dialog.close()


LEAVING = pytest.mark.parametrize("leave", [leave_by_escape, leave_by_button, leave_by_window])


@LEAVING
def test_leaving_with_edits_asks_first_and_keeps_them_by_default(
    dialog: NoticeDialog, window: MainWindow, leave: Callable[[NoticeDialog], None]
) -> None:
    dialog._zh.appendPlainText("送水车在小区门口")
    leave(dialog)
    assert dialog.isVisible()
    question = asked_about(dialog)
    assert isinstance(question, Leave)
    QTest.keyClick(question, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert dialog._zh.toPlainText().endswith("送水车在小区门口")


@LEAVING
def test_leaving_without_edits_opens_no_question(
    dialog: NoticeDialog, window: MainWindow, leave: Callable[[NoticeDialog], None]
) -> None:
    leave(dialog)
    assert window.questions.open_notice is None


def test_edits_can_be_saved_or_dropped_on_leaving(dialog: NoticeDialog, window: MainWindow, port: ScriptedPort) -> None:
    dialog._zh.appendPlainText("送水车在小区门口")
    dialog.close()
    question = asked_about(dialog)
    assert isinstance(question, Leave)
    question.save.click()
    window.settle()
    assert isinstance(port.asked[-1][0], EditNotice)
    assert port.case.notices[-1].text_zh.endswith("送水车在小区门口")
    assert window.questions.open_notice is None
    window.case.notice.next_step()
    (again,) = [one for one in window.findChildren(NoticeDialog) if one.isVisible()]
    again._zh.appendPlainText("又一行")
    again.close()
    asked_about(again).ok.click()
    assert window.questions.open_notice is None
    assert "又一行" not in port.case.notices[-1].text_zh


def test_edits_that_are_refused_stay_on_the_screen(dialog: NoticeDialog, window: MainWindow, port: ScriptedPort) -> None:
    dialog._zh.setPlainText(" ")
    dialog.close()
    question = asked_about(dialog)
    assert isinstance(question, Leave)
    question.save.click()
    window.settle()
    assert dialog.isVisible()
    assert "须有中文和英文" in said(dialog)


def test_what_is_typed_is_kept_while_the_notice_changes_and_the_change_is_shown(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort
) -> None:
    notice = port.case.notices[-1]
    dialog._zh.appendPlainText("送水车在小区门口")
    window.dispatcher.submit(EditNotice(CASE, N1, "停水通知\n" + notice.text_zh, notice.text_en), Actor.named("赵"))
    window.settle()
    assert dialog._zh.toPlainText() == notice.text_zh + "\n送水车在小区门口"
    assert "文本已变" in said(dialog)
    assert "+ 停水通知" in said(dialog)
    assert not dialog.steps.submit.isEnabled()
    take = next(b for b in dialog.underneath.findChildren(QPushButton) if b.isVisible())
    take.click()
    assert dialog._zh.toPlainText() == "停水通知\n" + notice.text_zh + "\n送水车在小区门口"


def test_the_second_of_two_people_who_save_one_draft_keeps_what_was_typed_sees_the_change_and_chooses(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort
) -> None:
    notice = port.case.notices[-1]
    dialog._zh.appendPlainText("送水车在小区门口")
    typed = dialog._zh.toPlainText()
    # Saved at another desk, and this window has not heard of it yet.
    port.chair.does(EditNotice(CASE, N1, "停水通知\n" + notice.text_zh, notice.text_en), "赵")
    dialog.save()
    window.settle()
    assert port.case.notices[-1].text_zh == "停水通知\n" + notice.text_zh
    assert dialog._zh.toPlainText() == typed
    assert "由 赵 改为" in said(dialog)
    port.publish()
    window.settle()
    assert "+ 停水通知" in said(dialog)
    assert dialog._zh.toPlainText() == typed
    dialog.save()  # in the knowledge of it
    window.settle()
    assert port.case.notices[-1].text_zh == typed
    assert not dialog._edited()


def test_a_redraft_takes_what_is_typed_with_it(dialog: NoticeDialog, window: MainWindow, port: ScriptedPort) -> None:
    dialog._en.appendPlainText("Water cart at the gate")
    contradicted(window, port)
    dialog.difference.redraft.click()
    window.settle()
    notice = port.case.notices[-1]
    assert notice.text_en.endswith("Water cart at the gate")
    assert notice.text_zh == port.chair.desk._tools.documents.texts(notice.facts)[0]
    assert (dialog._zh.toPlainText(), dialog._en.toPlainText()) == (notice.text_zh, notice.text_en)
    assert "文本已变" not in said(dialog)
    assert dialog.steps.submit.isEnabled()


def test_the_notice_issued_is_the_one_shown_at_confirmation(dialog: NoticeDialog, window: MainWindow, port: ScriptedPort) -> None:
    approved(dialog, window)
    dialog.ask_issue()
    question = asked_about(dialog)
    notice = port.case.notices[-1]
    window.dispatcher.submit(EditNotice(CASE, N1, "另一种说法", notice.text_en), Actor.named("赵"))
    window.settle()
    question.ok.click()
    window.settle()
    assert not [intent for intent, _ in port.asked if isinstance(intent, IssueNotice)]
    assert status(port) is NoticeStatus.DRAFT


def test_the_approver_s_name_stands_on_the_button(dialog: NoticeDialog, window: MainWindow, port: ScriptedPort) -> None:
    dialog.submit()
    window.settle()
    dialog.steps.approver.setText("李")
    dialog.steps.password.setText(PASSWORD)
    assert "李" in dialog.steps.approve.text()
    dialog.steps.approve.click()
    window.settle()
    assert port.asked[-1] == (ApproveNotice(CASE, N1), "李")


def test_undoing_an_issue_is_asked_about_and_its_reason_is_kept(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort
) -> None:
    issued(dialog, window)
    dialog.close()
    window.commands.run("undo")
    (question,) = [one for one in window.findChildren(Confirmation) if one.isVisible()]
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Return):
        QTest.keyClick(question.focusWidget() or question, key)
    window.settle()
    assert status(port) is NoticeStatus.ISSUED
    window.commands.run("undo")
    (question,) = [one for one in window.findChildren(Confirmation) if one.isVisible()]
    question.usual[0].click()
    question.ok.click()
    window.settle()
    assert (status(port), port.case.notices[-1].lift_reason) == (NoticeStatus.LIFTED, "公告内容有误，以新公告为准")


def test_the_second_press_of_a_double_click_confirms_nothing(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort
) -> None:
    approved(dialog, window)
    dialog.ask_issue()
    ok = asked_about(dialog).ok
    at = QPointF(ok.rect().center())
    for kind in (QEvent.Type.MouseButtonDblClick, QEvent.Type.MouseButtonRelease):
        pressed = Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, at, QPointF(ok.mapToGlobal(at)), pressed, pressed, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(ok, event)
    window.settle()
    assert status(port) is NoticeStatus.APPROVED


def test_the_dialog_follows_its_own_case_whichever_is_in_focus(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort
) -> None:
    other = replace(port.case, incident_id="2024-0002", notices=())
    picture = replace(port.latest(), incidents=(port.case, other))
    window.show_picture(picture)
    window.locator.choose_case("2024-0002")
    dialog.submit()
    window.show_picture(replace(port.latest(), incidents=(port.case, other)))
    assert dialog.incident_id == CASE
    assert "等待审批" in said(dialog) or "王 已提交" in said(dialog)
