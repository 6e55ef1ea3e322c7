"""The window of the public: marks, steps, orders and retries reach the desk; personal data is shown to those who may see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QDialog, QLineEdit

from console.domain.actors import Actor, Proof, Role
from console.domain.crews import CrewKind
from console.domain.delivery import Delivery, DeliveryState, Reason, SentMessage, Undelivered
from console.domain.dispatch_orders import DISPATCH_ORDER, DispatchState
from console.domain.incidents import Phase
from console.domain.outgoing import MessageKind
from console.domain.outreach import CARE_NEED, CARE_STEP, TELLING, Need
from console.domain.shift import MapPlace
from console.domain.water_points import WATER_POINT, PointState
from console.services.incidents.deliveries import RetryDelivery
from console.services.incidents.judging import JudgeBurst
from console.services.public.care import AddNeeds, NeedFields
from console.ui.dialogs.public.deliveries import ways_of
from console.ui.dialogs.public.page import FormQuestion
from console.ui.window import MainWindow
from tests.console.ui.scripted import CASE, ScriptedPort

pytestmark = pytest.mark.gui
WANG = Actor.named("王")
AT = datetime(2024, 1, 3, 15, 5, tzinfo=UTC)


def judged(port: ScriptedPort) -> tuple[str, ...]:
    """A judged case; ids of customers without water."""
    port.burst()
    port.submit(JudgeBurst(CASE, (port.case.target_pipes()[0],)), WANG)
    assert port.case.plan is not None
    return port.case.plan.customers_without_water


def test_customers_are_marked_as_told_and_the_case_counts_them(window: MainWindow, port: ScriptedPort, tmp_path: Path) -> None:
    ids = judged(port)
    window.settle()
    public = window.subjects.public.show()
    page = public.customers
    assert page.model.rowCount() == len(ids)
    page.table.selectRow(0)
    page.asked.setChecked(True)
    page.mark.click()
    page.mark.click()  # the second click of a double click
    window.settle()
    page.mark_all.click()
    window.settle()
    tellings = list(port.chair.state.of(TELLING).values())
    assert sorted({one for telling in tellings for one in telling.customers}) == sorted(ids)
    assert next(telling.asked_first for telling in tellings if len(telling.customers) == 1)
    assert f"{len(ids)}/{len(ids)}" in window.case.public._lines["customers"].text()
    page.state.setCurrentIndex(1)
    assert page.model.rowCount() == 0
    page.state.setCurrentIndex(0)
    page.export_file(tmp_path / "list.csv")
    before = len(port.asked)
    page.import_file(tmp_path / "list.csv")
    assert len(port.asked) == before  # nothing new
    assert not public.message.isHidden()
    public.close()


def test_names_of_people_in_need_are_shown_only_to_roles_that_may_see_them(window: MainWindow, port: ScriptedPort) -> None:
    ids = judged(port)
    port.submit(AddNeeds((NeedFields(ids[0], Need.DIALYSIS, "李某", ("13800000000",)),)), WANG)
    window.settle()
    public = window.subjects.public.show("needs")
    page = public.needs
    assert "李某" in [row.name for row in page.model.items()]
    page.table.selectRow([row.name for row in page.model.items()].index("李某"))
    page.ask_water().accept()
    window.settle()
    (step,) = port.chair.state.of(CARE_STEP).values()
    assert (step.litres, step.need_id) == (20.0, next(iter(port.chair.state.of(CARE_NEED))))
    session = window.session
    session._actor = replace(session.actor(), role=Role.GIS, proof=Proof.PASSWORD)
    session.changed.emit()
    assert page.model.rowCount() == 0
    assert "个人信息" in page.summary.text()
    assert not page.add.isEnabled()
    public.close()


def test_esc_in_a_form_with_entries_asks_once_and_without_leaves(window: MainWindow, port: ScriptedPort) -> None:
    judged(port)
    window.settle()
    page = window.subjects.public.show("orders").orders
    for typed, presses in (("", 1), ("关停2号泵", 2)):
        page.give.click()
        form = page.findChildren(FormQuestion)[-1]
        text = form.edits["text"]
        assert isinstance(text, QLineEdit)
        text.setText(typed)
        for left in range(presses, 0, -1):
            assert (form.isVisible(), left) == (True, left)
            QTest.keyClick(text, Qt.Key.Key_Escape)
        assert not form.isVisible()
    assert not port.chair.state.of(DISPATCH_ORDER)


def test_an_order_that_was_refused_need_not_be_typed_again(window: MainWindow, port: ScriptedPort) -> None:
    judged(port)
    window.settle()
    page = window.subjects.public.show("orders").orders
    for due, before, given in (("半小时", "", 0), ("30", "关停2号泵", 1), ("", "", 1)):
        form = page.ask_order()
        assert form.values()["text"] == before
        for name, text in (("to", "东郊水厂"), ("text", "关停2号泵"), ("due", due)):
            edit = form.edits[name]
            assert isinstance(edit, QLineEdit)
            edit.setText(text)
        if due:
            form.accept()
        window.settle()
        assert len(port.chair.state.of(DISPATCH_ORDER)) == given


def test_a_water_point_is_suggested_tested_opened_and_filled(window: MainWindow, port: ScriptedPort) -> None:
    judged(port)
    window.settle()
    public = window.subjects.public.show("water")
    page = public.water
    page.suggest.click()
    window.settle()
    page.table.selectRow(0)
    assert not page.result.isEnabled()
    page.test.click()
    window.settle()
    page.table.selectRow(0)
    question = page.ask_result()
    assert question is not None
    question.edits["turbidity"].setText("0.4")  # type: ignore[union-attr]
    question.edits["chlorine"].setText("0,3")  # type: ignore[union-attr]
    question.accept()
    window.settle()
    page.table.selectRow(0)
    page.open_it.click()
    window.settle()
    point = next(iter(port.chair.state.of(WATER_POINT).values()))
    assert (point.state, point.waived_by) == (PointState.OPEN, "")
    page.table.selectRow(0)
    trip = page.ask_trip()
    assert trip is not None
    trip.edits["driver"].setText("周师傅")  # type: ignore[union-attr]
    trip.accept()
    window.settle()
    assert next(iter(port.chair.state.of(WATER_POINT).values())).litres == 5000.0
    assert not page.tanker.isEnabled()  # no tanker is known
    crew = next(iter(port.chair.state.crews.values()))
    port.chair.state = port.chair.state.with_crews([replace(crew, kind=CrewKind.TANKER, name="水车1")])
    port.publish()
    window.settle()
    page.table.selectRow(0)
    asked = page.ask_tanker()
    assert asked is not None
    asked.accept()
    window.settle()
    order = port.case.orders[-1]
    assert (order.crew_id, order.litres, order.point_id) == (crew.crew_id, 5000.0, point.point_id)
    assert page.model.index(0, 6).data().startswith("水车1 已下达 5,000 L")
    public.close()


def test_an_order_is_given_and_read_back_word_by_word_and_a_close_of_the_case_names_what_is_open(
    window: MainWindow, port: ScriptedPort
) -> None:
    judged(port)
    window.settle()
    public = window.subjects.public.show("orders")
    page = public.orders
    assert port.city.plants.has("PS1")
    public.orders._place = lambda: MapPlace("V-no-such", 0.0, 0.0)  # what takes no orders is left out
    question = page.ask_order()
    asset, target = question.edits["asset"], question.edits["target"]
    assert isinstance(asset, QComboBox)
    assert [asset.itemData(row) for row in range(3)] == ["", "W1", "PS1"]
    asset.setCurrentIndex(2)
    assert not target.isEnabled()
    for name, text in (("to", "鹊华水厂"), ("text", "降压至 0.32 MPa"), ("due", "10")):
        question.edits[name].setText(text)  # type: ignore[union-attr]
    question.accept()
    window.settle()
    page.table.selectRow(0)
    repeat = page.ask_repeat()
    assert repeat is not None
    assert repeat.values()["words"] == ""  # nothing is claimed that was not said
    repeat.edits["who"].setText("张")  # type: ignore[union-attr]
    repeat.accept()
    window.settle()
    assert not public.message.isHidden()  # refused without words, said in this window
    page.table.selectRow(0)
    repeat = page.ask_repeat()
    assert repeat is not None
    for name, text in (("who", "张"), ("words", "降压至零点三二")):
        repeat.edits[name].setText(text)  # type: ignore[union-attr]
    repeat.accept()
    window.settle()
    (order,) = port.chair.state.of(DISPATCH_ORDER).values()
    assert (order.state, order.repeated_words) == (DispatchState.REPEATED, "降压至零点三二")
    window.questions.phase(CASE, Phase.CLOSED)
    asked = next(one for one in window.findChildren(QDialog) if one.isVisible() and one is not public)
    assert "1 条调度指令未完成" in "".join(label.text() for label in asked.findChildren(type(public.message)))
    asked.reject()
    public.close()


def messages() -> tuple[SentMessage, ...]:
    ways = (
        (Delivery("webhook:city", DeliveryState.REFUSED, 1, 0, "city.example.cn answers 403"), AT),
        (Delivery("mail:press@city.example.cn", DeliveryState.ACKNOWLEDGED, 2), AT),
        (Delivery("folder", DeliveryState.FAILED, 3, int((AT + timedelta(minutes=1)).timestamp() * 1e6), "disk full"), AT),
    )
    return (SentMessage(7, MessageKind.NOTICE, f"{CASE}-N1", "application/json", AT, deliveries=ways),)


def test_deliveries_are_listed_by_channel_and_the_failed_ones_can_be_tried_again_at_once(
    window: MainWindow, port: ScriptedPort
) -> None:
    judged(port)
    port.messages = messages()
    port.undelivered = (Undelivered(7, MessageKind.NOTICE, f"{CASE}-N1", CASE, Reason.DISCONNECTED, "mqtt"),)
    port.publish()
    window.settle()
    public = window.subjects.public.show("deliveries")
    public.settle()
    page = public.deliveries
    shown = {one.channel: (one.state, one.attempts, one.failure) for one in page.model.items()}
    assert shown == {
        "webhook:city": ("refused", 1, "city.example.cn answers 403"),
        "mail:press@city.example.cn": ("acknowledged", 2, ""),
        "folder": ("failed", 3, "disk full"),
        "mqtt": ("pending", 0, ""),
    }
    page.table.selectAll()
    page.retry.click()
    window.settle()
    again = [intent for intent, _ in port.asked if isinstance(intent, RetryDelivery)]
    assert again == [RetryDelivery(CASE, 7, "webhook:city"), RetryDelivery(CASE, 7, "folder")]
    public.close()


def test_a_message_that_no_channel_carries_and_a_withdrawn_one_say_so() -> None:
    bare = SentMessage(7, MessageKind.NOTICE, "N1", "application/json", AT)
    waiting = Undelivered(7, MessageKind.NOTICE, "N1", CASE, Reason.NO_CHANNEL)
    assert [one.state for one in ways_of([bare], [waiting])] == ["no_channel"]
    assert [one.state for one in ways_of([replace(bare, withdrawn=True)], [])] == ["withdrawn"]
