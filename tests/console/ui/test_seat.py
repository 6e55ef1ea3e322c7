"""Signing in at a seat, locking it, changing the person, and a second person who signs for one act."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor, Proof, Role
from console.domain.alarms import AlarmState
from console.domain.notices import NoticeStatus
from console.services.access.sign_in import disabled
from console.services.ports import StoreUnavailable
from console.store import SqlStore, open_store
from console.ui.dialogs.ask import SampleQuestion
from console.ui.panels.lock_bar import LockBar
from console.ui.panels.shift_log import ShiftLogPanel
from console.ui.panels.top_strip import TopStrip
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = [pytest.mark.gui, pytest.mark.usefixtures("quick_passwords")]
NOW = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)
GOOD = "spring-of-72"
N1 = f"{CASE}-N1"


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with users of each role that the tests need."""
    path = tmp_path_factory.mktemp("users") / "store.sqlite"
    opened = open_store(path)
    for name, role in (("王", Role.DISPATCHER), ("李", Role.SUPERVISOR), ("赵", Role.DISPATCHER), ("admin", Role.ADMIN)):
        opened.users.add(name, role, (), GOOD, Actor.named("root"), NOW)
    opened.close()
    return path


@pytest.fixture
def store(users: Path, tmp_path: Path) -> Iterator[SqlStore]:
    """A copy of it."""
    opened = open_store(shutil.copy(users, tmp_path / "store.sqlite"))
    yield opened
    opened.close()


@pytest.fixture
def seat(qtbot: QtBot, port: ScriptedPort, store: SqlStore) -> Iterator[MainWindow]:
    """A window at which 王 is signed in."""
    actor = store.users.authenticate("王", GOOD, seat="D1")
    made = MainWindow(port, WindowSettings("王", None, "zh_CN", "dark", actor=actor, access=store.users, lock_minutes=10.0))
    qtbot.addWidget(made)
    made.resize(1600, 900)
    made.show()
    yield made
    made.close()


def answer(seat: MainWindow, name: str, password: str = GOOD) -> None:
    """Fill in the open dialog and wait for the answer."""
    dialog = seat.seat.open_dialog
    assert dialog is not None
    dialog.name.setText(name)
    dialog.password.setText(password)
    dialog.accept()
    seat.settle(10.0)


def is_locked(seat: MainWindow) -> bool:
    """Asked anew each time."""
    return seat.session.is_locked


def kinds(store: SqlStore) -> list[str]:
    return [change.kind for change in store.changes() if change.kind != "user_added"]


def test_acts_are_recorded_for_who_is_signed_in(seat: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    seat.settle()
    seat.case.location.judge()
    seat.settle()
    assert port.actors[-1] == seat.session.person
    assert port.actors[-1].proof is Proof.PASSWORD
    assert port.actors[-1].seat == "D1"


def test_a_locked_seat_keeps_alarms_and_map_in_sight_and_lets_only_an_acknowledgement_through(
    seat: MainWindow, port: ScriptedPort, store: SqlStore
) -> None:
    port.burst()
    seat.settle()
    seat.commands.run("lock")
    seat.settle()
    assert seat.panel(LockBar).isVisible()
    assert seat.map.isVisible()
    assert seat.alarms.isVisible()
    seat.case.location.judge()
    seat.settle()
    assert port.case.burst_pipes == ()  # refused
    seat.commands.run("acknowledge")
    seat.settle()
    (alarm,) = port.latest().alarms
    assert alarm.state is AlarmState.ACKNOWLEDGED
    assert alarm.acknowledged_by == "D1"
    assert port.notes[-1].key == "alarm.acknowledged_on_locked_seat"
    assert kinds(store) == ["seat_locked"]


@pytest.mark.parametrize(("name", "kind"), [("王", "seat_unlocked"), ("李", "seat_unlocked_by_other")])
def test_the_same_person_or_a_supervisor_unlocks_and_is_who_acts_from_then_on(
    seat: MainWindow, store: SqlStore, name: str, kind: str
) -> None:
    seat.session.lock()
    seat.commands.run("lock")
    answer(seat, name)
    assert not seat.session.is_locked
    assert not seat.panel(LockBar).isVisible()
    assert seat.session.person.name == name
    assert kinds(store) == ["seat_locked", kind]


@pytest.mark.parametrize(("name", "password", "told"), [("赵", GOOD, "赵 无权解锁"), ("王", "wrong", "姓名或密码错误")])
def test_nobody_else_and_no_wrong_password_unlocks(seat: MainWindow, name: str, password: str, told: str) -> None:
    seat.session.lock()
    seat.seat.unlock()
    answer(seat, name, password)
    assert seat.session.is_locked
    dialog = seat.seat.open_dialog
    assert dialog is not None
    assert dialog.told.text().startswith(told)
    assert dialog.password.text() == ""


def test_a_user_who_is_disabled_meanwhile_loses_the_seat_and_cannot_unlock_it(seat: MainWindow, store: SqlStore) -> None:
    seat.session.check_standing()
    seat.settle()
    assert not is_locked(seat)
    store.users.change("王", Actor.named("root"), NOW, is_enabled=False)
    seat.session.check_standing()
    seat.settle()
    assert is_locked(seat)
    assert seat.panel(LockBar).isVisible()
    assert "停用" in seat.messages.text
    seat.seat.unlock()
    answer(seat, "王")
    assert is_locked(seat)
    dialog = seat.seat.open_dialog
    assert dialog is not None
    dialog.reject()
    assert kinds(store) == ["user_changed", "seat_revoked"]


def test_an_act_that_is_refused_because_its_user_is_disabled_locks_the_seat_at_once(
    seat: MainWindow, port: ScriptedPort, store: SqlStore
) -> None:
    port.burst()
    seat.settle()
    store.users.change("王", Actor.named("root"), NOW, is_enabled=False)
    port.fault = disabled("王")
    seat.case.location.judge()
    seat.settle()
    assert is_locked(seat)


def test_a_user_with_another_role_meanwhile_signs_in_again_with_it(seat: MainWindow, store: SqlStore) -> None:
    store.users.change("王", Actor.named("root"), NOW, role=Role.HOTLINE)
    seat.session.check_standing()
    seat.settle()
    assert is_locked(seat)
    seat.seat.unlock()
    answer(seat, "王")
    assert not is_locked(seat)
    assert seat.session.person.role is Role.HOTLINE


def test_an_unused_seat_is_locked_and_a_used_one_is_not(
    seat: MainWindow, monkeypatch: pytest.MonkeyPatch, store: SqlStore
) -> None:
    seconds = 1000.0
    monkeypatch.setattr("console.ui.session.monotonic", lambda: seconds)
    seat.session.used()
    for seconds, is_used, is_locked in ((1599.0, True, False), (2198.0, False, False), (2199.0, False, True)):  # noqa: B007
        seat.session.lock_when_idle(10.0)
        assert seat.session.is_locked is is_locked
        if is_used:
            seat.session.used()
    seat.settle()
    assert kinds(store) == ["seat_locked_idle"]


def test_the_next_shift_signs_in_and_the_last_one_is_signed_out(seat: MainWindow, store: SqlStore) -> None:
    seat.commands.run("change_person")
    answer(seat, "赵")
    assert seat.session.person.name == "赵"
    assert "赵" in seat.panel(TopStrip)._user.text()
    assert kinds(store) == ["seat_signed_out", "seat_signed_in"]


def test_while_the_store_is_away_who_signed_in_here_can_still_unlock(
    seat: MainWindow, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> Actor:
        raise StoreUnavailable("store: the server does not answer")

    seat.session.lock()
    seat.settle()
    monkeypatch.setattr(store.users, "authenticate", away)
    seat.seat.unlock()
    answer(seat, "王", "wrong")
    assert seat.session.is_locked
    answer(seat, "王")
    assert not seat.session.is_locked


@pytest.fixture
def submitted(seat: MainWindow, port: ScriptedPort) -> MainWindow:
    """A notice that 王 has drafted and submitted, in its dialog."""
    port.burst()
    seat.settle()
    for step in (seat.case.location.judge, seat.case.notice.next_step):
        step()
        seat.settle()
    seat.questions.notice(port.case)
    dialog = seat.questions.open_notice
    assert dialog is not None
    dialog.submit()
    seat.settle()
    return seat


def approve(seat: MainWindow, name: str, password: str) -> None:
    dialog = seat.questions.open_notice
    assert dialog is not None
    dialog.steps.approver.setText(name)
    dialog.steps.password.setText(password)
    dialog.steps.approve.click()
    seat.settle(10.0)


def test_a_second_person_approves_here_with_name_and_password_for_this_one_act(submitted: MainWindow, port: ScriptedPort) -> None:
    approve(submitted, "李", GOOD)
    (notice,) = port.case.notices
    assert (notice.status, notice.approved_by, notice.approval) == (NoticeStatus.APPROVED, "李", Proof.PASSWORD_ONCE)
    assert port.notes[-1].key == "notice.approved_once"
    assert submitted.session.person.name == "王"
    dialog = submitted.questions.open_notice
    assert dialog is not None
    assert dialog.steps.password.text() == ""


@pytest.mark.parametrize(
    ("name", "password", "told"), [("李", "", "姓名或密码错误"), ("李", "wrong", "姓名或密码错误"), ("", "", "王")]
)
def test_a_typed_name_or_the_drafter_alone_approves_nothing(
    submitted: MainWindow, port: ScriptedPort, name: str, password: str, told: str
) -> None:
    approve(submitted, name, password)
    assert port.case.notices[0].status is NoticeStatus.SUBMITTED
    dialog = submitted.questions.open_notice
    assert dialog is not None
    assert dialog._refused.text().startswith(told)


def test_the_emergency_override_stays_with_its_reason(submitted: MainWindow, port: ScriptedPort) -> None:
    dialog = submitted.questions.open_notice
    assert dialog is not None
    dialog.steps.override.setText("夜间只有一人")
    dialog.approve()
    submitted.settle()
    assert port.case.notices[0].override_reason == "夜间只有一人"
    assert port.notes[-1].key == "notice.override"


def test_at_a_single_seat_a_supervisor_approves_by_password_and_a_typed_name_is_no_approval(
    qtbot: QtBot, port: ScriptedPort, tmp_path: Path
) -> None:
    store = open_store(tmp_path / "s.sqlite")
    store.users.add("李", Role.SUPERVISOR, (), GOOD, Actor.named("root"), NOW)
    assert not store.users.are_needed  # nobody signs in at the seat
    window = MainWindow(port, WindowSettings("王", None, "zh_CN", "dark", approvers=store.users))
    qtbot.addWidget(window)
    window.show()
    port.burst()
    window.settle()
    steps: list[Callable[[], object]] = [window.case.location.judge, window.case.notice.next_step]
    for step in steps:
        step()
        window.settle()
    window.questions.notice(port.case)
    dialog = window.questions.open_notice
    assert dialog is not None
    dialog.submit()
    window.settle()
    for password in ("", "wrong"):
        dialog.approve_as("李", password)
        window.settle()
        assert port.case.notices[0].status is NoticeStatus.SUBMITTED
        assert dialog._refused.text() == "姓名或密码错误。"
    dialog.steps.override.setText("电话请示")
    assert "王" in dialog.steps.approve.text()  # an override is of who is at the seat
    dialog.approve_as("李", GOOD)
    window.settle()
    notice = port.case.notices[0]
    assert (notice.status, notice.approved_by, notice.approval) == (NoticeStatus.APPROVED, "李", Proof.PASSWORD_ONCE)
    assert window.session.person.name == "王"
    dialog.close()
    window.close()
    store.close()


def test_a_single_seat_has_no_lock(window: MainWindow) -> None:
    window.commands.run("lock")
    window.session.lock_when_idle(0.001)
    assert not window.session.is_locked


def buttons(window: MainWindow) -> dict[str, bool]:
    """Whether each marked button of the case column works now, by what it does."""
    found = window.case.findChildren(QPushButton) + window.alarms.findChildren(QPushButton)
    return {str(one.property("needs")): one.isEnabled() for one in found if one.property("needs") and not one.isHidden()}


def test_what_a_role_may_not_do_is_disabled_with_the_reason(qtbot: QtBot, port: ScriptedPort, store: SqlStore) -> None:
    store.users.add("孙", Role.HOTLINE, (), GOOD, Actor.named("root"), NOW)
    actor = store.users.authenticate("孙", GOOD, seat="D3")
    made = MainWindow(port, WindowSettings("孙", None, "zh_CN", "dark", actor=actor, access=store.users))
    qtbot.addWidget(made)
    made.show()
    port.burst()
    made.settle()
    made.alarms.table.selectRow(0)
    works = buttons(made)
    assert works["judge_burst"]
    assert works["acknowledge_alarm"]
    assert not works["shelve_alarm"]
    (shelve,) = [one for one in made.alarms.findChildren(QPushButton) if one.property("needs") == "shelve_alarm"]
    assert "孙（热线）无权搁置报警" in shelve.toolTip()
    made.session._actor = store.users.authenticate("王", GOOD, seat="D3")
    made.session.changed.emit()
    made.settle()
    assert buttons(made)["shelve_alarm"]
    assert "无权" not in shelve.toolTip()
    made.close()


def test_buttons_made_later_dialogs_and_menus_show_why_a_role_may_not_use_them(
    qtbot: QtBot, port: ScriptedPort, store: SqlStore
) -> None:
    store.users.add("周", Role.AUDITOR, (), GOOD, Actor.named("root"), NOW)
    actor = store.users.authenticate("周", GOOD, seat="D3")
    made = MainWindow(port, WindowSettings("周", None, "en", "dark", actor=actor, access=store.users))
    qtbot.addWidget(made)
    made.resize(1920, 1080)
    made.show()
    port.burst()  # the rows of the case's areas are made now, behind the window
    made.settle()
    (phone,) = made.case.area.by_phone
    assert not phone.isEnabled()
    assert "周 (auditor) may not" in phone.toolTip()
    made.questions.sample(CASE)
    made.subjects.shift.contacts()
    entry = made.subjects.shift.write()
    entry.field.setPlainText("a note")
    made.settle()
    (sample,) = made.findChildren(SampleQuestion)
    for field in sample._fields.values():
        field.setText("0.5")
    assert not sample.ok.isEnabled()
    assert "(auditor) may not" in sample.ok.toolTip()
    assert not entry.ok.isEnabled()
    menu = made.panel(ShiftLogPanel).offer_more()
    shut = {action.text(): action for action in menu.actions() if not action.isEnabled()}
    assert "(auditor) may not" in shut["Handover"].toolTip()
    made.session._actor = store.users.authenticate("王", GOOD, seat="D3")
    made.session.changed.emit()
    made.settle()
    assert made.case.area.by_phone[0].isEnabled()
    assert sample.ok.isEnabled()
    assert entry.ok.isEnabled()
    assert "may not" not in entry.ok.toolTip()
    made.close()


def test_on_a_locked_seat_only_acknowledging_is_enabled_and_all_comes_back(seat: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    seat.settle()
    seat.alarms.table.selectRow(0)
    before = buttons(seat)
    seat.session.lock()
    seat.settle()
    assert {name for name, works in buttons(seat).items() if works} == {"acknowledge_alarm"}
    port.wait(5)
    seat.settle()
    assert {name for name, works in buttons(seat).items() if works} == {"acknowledge_alarm"}
    seat.seat.unlock()
    answer(seat, "王")
    assert buttons(seat) == before
