"""The shift in the window: log, entries, handover, contacts and calls."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor
from console.domain.contacts import CALL, CONTACT, ContactKind, Outcome
from console.domain.shift import DUTY, HANDOVER, LOG_ENTRY, Level, MapPlace, Signature
from console.services.changesets import Refused
from console.services.crews.valve_reports import MarkValveClosed
from console.services.incidents.judging import JudgeBurst
from console.services.shift.contacts import AddContacts, ContactFields
from console.services.shift.duty import EndShift
from console.services.shift.entries import WriteEntry
from console.services.shift.handover import SignHandover
from console.ui.dialogs.shift_entry import About, EntryQuestion, picture_bytes
from console.ui.map.view.picking import Asset
from console.ui.models.shift_log import line_text
from console.ui.window import MainWindow
from console.ui.words import Words
from tests.console.ui.scripted import CASE, ScriptedPort
from tests.disks import full_disk

pytestmark = pytest.mark.gui

ZH = Words("zh_CN", "Asia/Shanghai")
WANG = Actor.named("王")


def judged(port: ScriptedPort) -> None:
    port.burst()
    port.submit(JudgeBurst(CASE, (port.case.target_pipes()[0],)), WANG)


def shown(window: MainWindow) -> list[str]:
    window.show_shift_log()
    window.settle()
    window.shift_log.settle()
    return [line_text(line, ZH) for line in window.shift_log.lines()]


def test_what_is_written_with_the_key_stands_in_the_log_with_its_case(window: MainWindow, port: ScriptedPort) -> None:
    judged(port)
    window.settle()
    window.run_command("shift_entry")
    question = window.subjects.shift.write()
    question.field.setPlainText("围挡完成")
    question.tags.setText("现场 #安全")
    question.level.setCurrentIndex(1)
    question.accept()
    assert f"{CASE} · 【重要】围挡完成 #现场 #安全" in shown(window)
    (entry,) = port.chair.state.of(LOG_ENTRY).values()
    assert (entry.incident_id, entry.level, entry.author) == (CASE, Level.IMPORTANT, "王")


def test_an_entry_of_another_seat_appears_with_the_next_picture(window: MainWindow, port: ScriptedPort) -> None:
    assert shown(window) == []
    port.submit(WriteEntry("泵房巡检"), Actor.named("赵"))
    window.settle()
    window.shift_log.settle()
    assert [line_text(line, ZH) for line in window.shift_log.lines()] == ["泵房巡检"]


def test_the_search_takes_words_a_tag_and_a_case(window: MainWindow, port: ScriptedPort) -> None:
    port.submit(WriteEntry("井盖松动", tags=("井盖",)), WANG)
    port.burst()
    port.submit(WriteEntry("围挡", incident_id=CASE), WANG)
    everything = shown(window)
    assert len(everything) == 3
    for text, found in (("松动", 1), ("#井盖", 1), (CASE, 2), (f"{CASE} 围挡", 1), ("没有", 0), ("", 3)):
        window.shift_log.search.setText(text)
        window.shift_log.settle()
        assert window.shift_log.model.rowCount() == found, text
    window.shift_log.toggle_people()
    assert window.shift_log.model.rowCount() == 2


def test_a_correction_starts_from_the_text_as_it_stands_and_must_differ(window: MainWindow, port: ScriptedPort) -> None:
    port.submit(WriteEntry("压力 0.12"), WANG)
    shown(window)
    (line,) = window.shift_log.lines()
    question = window.subjects.shift.correct(line)
    assert question is not None
    assert (question.field.toPlainText(), question.ok.isEnabled()) == ("压力 0.12", False)
    question.field.setPlainText("压力 0.21")
    question.accept()
    first, second = shown(window)
    assert first == "压力 0.21（已更正）"
    assert second == "更正 L-000001：压力 0.21（原文：压力 0.12）"


def test_a_picture_is_read_and_written_anew_and_what_is_none_is_refused(
    window: MainWindow, port: ScriptedPort, tmp_path: Path
) -> None:
    image = QImage(3200, 1000, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    image.setText("Comment", "taken at home")
    image.save(str(tmp_path / "leak.png"))
    (tmp_path / "leak.jpg").write_text("<svg/>")
    question = window.subjects.shift.write(About())
    question.attach(tmp_path / "leak.jpg")
    assert not question.ok.isEnabled()
    question.attach(tmp_path / "leak.png")
    question.accept()
    (entry,) = port.chair.state.of(LOG_ENTRY).values()
    assert entry.picture is not None
    kept = port.pictures[entry.picture.sha256]
    back = QImage.fromData(kept.content)
    assert (back.width(), back.height(), kept.media_type) == (1600, 500, "image/jpeg")
    assert b"taken at home" not in kept.content
    assert picture_bytes(tmp_path / "nothing.png") == b""


def test_both_sign_the_list_that_is_shown_and_the_document_has_the_head(
    window: MainWindow, port: ScriptedPort, tmp_path: Path
) -> None:
    judged(port)
    dialog = window.subjects.shift.handover()
    valve = port.case.plan.valves_to_close[0].asset_id if port.case.plan is not None else ""
    port.submit(MarkValveClosed(CASE, valve), WANG)
    window.settle()
    assert any(f"【新增】阀门 {valve} 已关" in dialog.list.item(row).text() for row in range(dialog.list.count()))
    assert not dialog.sign.isEnabled()
    dialog.names[1].setText("赵")
    dialog.begin_signing()
    for _ in range(2):
        dialog.settle()
        window.settle()
    (handover,) = port.chair.state.of(HANDOVER).values()
    assert dialog.signed == handover
    assert f"{CASE}/{valve}" in {one.after.key for one in handover.changes if one.after is not None}
    assert [duty.name for duty in port.chair.state.of(DUTY).values()] == ["赵"]
    dialog.write(tmp_path / "handover.pdf")
    dialog.settle()
    (change,) = (one for one in port.chair.log if one.kind == "handover_signed")
    head = json.loads((tmp_path / "handover.head.jsonl").read_text())
    assert head == {"seq": change.seq, "hash": change.hash}
    page = (tmp_path / "handover.html").read_text("utf-8")
    assert "王（姓名手填，未验证）" in page
    assert (tmp_path / "handover.pdf").read_bytes().startswith(b"%PDF")


def test_a_full_disk_while_a_handover_is_printed_is_said_and_leaves_no_file(
    window: MainWindow, port: ScriptedPort, tmp_path: Path
) -> None:
    dialog = window.subjects.shift.handover()
    dialog.names[1].setText("赵")
    dialog.begin_signing()
    for _ in range(2):
        dialog.settle()
        window.settle()
    with full_disk(3_000):
        dialog.write(tmp_path / "h.pdf")
        dialog.settle()
    assert "h.pdf: cannot be written" in dialog.message.text()
    assert "free the disk" in dialog.message.text()
    assert list(tmp_path.iterdir()) == []
    dialog.write(tmp_path / "h.pdf")
    dialog.settle()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.head.jsonl", "h.html", "h.pdf"]


class WithPasswords:
    """Signers of a store with users."""

    need_password = True

    def signature(self, name: str, password: str) -> Signature:
        """Each person's password is the name twice."""
        if password != name * 2:
            raise Refused("handover_unverified")
        return Signature(f"u-{name}", name, is_verified=True)


def test_where_people_have_passwords_each_signs_with_the_own_one(window: MainWindow, port: ScriptedPort) -> None:
    window.subjects.shift.signers = WithPasswords()
    dialog = window.subjects.shift.handover()
    for name, field, password, secret in zip(("王", "赵"), dialog.names, dialog.passwords, ("王王", "wrong"), strict=True):
        field.setText(name)
        assert not dialog.sign.isEnabled()
        password.setText(secret)
    dialog.begin_signing()
    dialog.settle()
    assert not port.chair.state.of(HANDOVER)
    assert dialog.sign.isEnabled()
    dialog.passwords[1].setText("赵赵")
    dialog.begin_signing()
    for _ in range(2):
        dialog.settle()
        window.settle()
    assert port.chair.state.of(HANDOVER)["H-00001"].is_verified
    assert [password.text() for password in dialog.passwords] == ["", ""]
    assert not any("王王" in repr(intent) for intent, _ in port.asked)


def test_what_changes_while_passwords_are_checked_is_not_signed_unseen(window: MainWindow, port: ScriptedPort) -> None:
    judged(port)
    window.settle()
    dialog = window.subjects.shift.handover()
    for field, name in zip(dialog.names, ("王", "赵"), strict=True):
        field.setText(name)
    dialog.begin_signing()
    dialog.remarks.setPlainText("typed after the click")
    assert not dialog.sign.isEnabled(), "typing meanwhile allows no second signing"
    port.submit(MarkValveClosed(CASE, port.case.plan.valves_to_close[0].asset_id if port.case.plan is not None else ""), WANG)
    dialog.show_picture(port.latest())
    dialog.settle()
    window.settle()
    assert not port.chair.state.of(HANDOVER)
    assert dialog.changes()
    dialog.begin_signing()
    dialog.settle()
    window.settle()
    assert len(port.chair.state.of(HANDOVER)) == 1


def test_a_seat_shows_the_handover_that_was_signed_there_when_another_seat_signs_the_same_list(
    window: MainWindow, port: ScriptedPort
) -> None:
    dialog = window.subjects.shift.handover()
    for field, name in zip(dialog.names, ("王", "赵"), strict=True):
        field.setText(name)
    dialog.begin_signing()
    seen = dialog._items
    dialog._tasks.finish()
    port.submit(SignHandover(Signature("孙", "孙"), Signature("周", "周"), seen, port.now(), seen), Actor.named("孙"))
    for _ in range(2):
        window.settle()
        dialog.settle()
    assert len(port.chair.state.of(HANDOVER)) == 2
    assert dialog.signed is not None
    assert (dialog.signed.outgoing.name, dialog.signed.incoming.name) == ("王", "赵")


def test_another_refused_act_of_the_seat_does_not_end_a_signing(window: MainWindow) -> None:
    dialog = window.subjects.shift.handover()
    for field, name in zip(dialog.names, ("王", "赵"), strict=True):
        field.setText(name)
    dialog.begin_signing()
    dialog._tasks.finish()
    begun, fault = dialog._signing_at, Refused("sample_reason")
    window.dispatcher.unsent.emit(EndShift("none"), "王", fault)
    assert begun is not None
    assert dialog._signing_at == begun
    window.dispatcher.unsent.emit(SignHandover(Signature("王", "王"), Signature("赵", "赵"), (), begun, ()), "王", fault)
    assert dialog._signing_at is None


def test_one_click_logs_a_call_about_the_case_in_focus(window: MainWindow, port: ScriptedPort) -> None:
    judged(port)
    port.submit(AddContacts((ContactFields("孙主任", ContactKind.PROPERTY, phones=("0531-1234567",)),)), WANG)
    window.settle()
    book = window.subjects.shift.contacts()
    book.search.setText("孙")
    book.table.selectRow(0)
    book.call.click()
    assert not port.chair.state.of(CALL)
    contact = book.chosen()
    assert contact is not None
    question = window.subjects.shift.call(contact)
    question.said.setText("三号楼没水")
    question.buttons[Outcome.REACHED].click()
    window.settle()
    (call,) = port.chair.state.of(CALL).values()
    assert (call.name, call.outcome, call.said, call.incident_id) == ("孙主任", Outcome.REACHED, "三号楼没水", CASE)
    assert any("王 登记通话：孙主任" in line for line in shown(window))


def test_a_call_dialog_that_is_closed_logs_no_call(window: MainWindow, port: ScriptedPort) -> None:
    port.submit(AddContacts((ContactFields("孙主任"),)), WANG)
    question = window.subjects.shift.call(port.chair.state.of(CONTACT)["K-00001"])
    question.reject()
    window.settle()
    assert not port.chair.state.of(CALL)


def test_a_faulty_file_of_contacts_names_its_cell_and_imports_nothing(
    window: MainWindow, port: ScriptedPort, tmp_path: Path
) -> None:
    book = window.subjects.shift.contacts()
    path = tmp_path / "book.csv"
    path.write_text("name,kind,phones\n孙,crew,abc\n", "utf-8")
    book.import_file(path)
    assert "row 2, phones: 'abc' is no phone number" in book.message.text()
    assert not port.chair.state.of(CONTACT)
    path.write_text("name,kind,phones\n孙,crew,0531-1\n李,物业,120\n", "utf-8")
    book.import_file(path)
    window.settle()
    assert [one.name for one in port.chair.state.of(CONTACT).values()] == ["孙", "李"]
    assert book.model.rowCount() == 2
    assert book.message.isHidden()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_dialog_of_the_shift_opens_in_both_languages(
    window: MainWindow, port: ScriptedPort, qtbot: QtBot, language: str
) -> None:
    judged(port)
    if language == "en":
        window.choice.toggle_language()
    window.settle()
    for dialog in (
        window.subjects.shift.write(),
        window.subjects.shift.handover(),
        window.subjects.shift.contacts(),
        window.subjects.shift.sign_on(),
    ):
        qtbot.waitExposed(dialog)
        dialog.close()
    menu = window.shift_log.offer_more()
    assert all(action.text() or action.isSeparator() for action in menu.actions())
    menu.close()


def test_a_target_that_is_near_or_missed_stands_in_the_strip_and_in_the_case_until_it_is_reached(
    window: MainWindow, port: ScriptedPort
) -> None:
    port.burst()

    def looked(minutes: float) -> tuple[bool, str]:
        port.chair.now = port.case.opened_at + timedelta(minutes=minutes)
        port.chair.take(port.chair.desk.on_time(port.chair.state, port.chair.now))
        port.publish()
        window.settle()
        head = window.case.head._escalated
        return window.strip._cases[0].text().startswith("⚠"), "" if head.isHidden() else head.text()

    assert looked(1) == (False, "")
    marked, text = looked(6)
    assert (marked, text.splitlines()[0]) == (True, "⚠ 研判应于 23:08:05 前完成，须告知值班主任")
    assert looked(8)[1].splitlines()[0] == "⚠ 研判已过时限 23:08:05，须告知值班主任"
    port.submit(JudgeBurst(CASE, (port.case.target_pipes()[0],)), WANG)
    assert not any("研判" in line for line in looked(8.2)[1].splitlines())


def test_a_contact_is_found_with_the_search_of_the_window_and_opens_in_the_book(window: MainWindow, port: ScriptedPort) -> None:
    people = (ContactFields("孙主任", organisation="美林苑物业", phones=("0531-8888 1234",)), ContactFields("李"))
    port.submit(AddContacts(people), WANG)
    window.settle()
    for text in ("美林苑物业", "88881234", "孙主任"):
        (hit,) = (hit for hit in window.search(text) if hit.kind == "contact")
        assert (hit.key, hit.title, hit.detail) == ("K-00001", "孙主任 美林苑物业", "0531-8888 1234")
    assert not [hit for hit in window.search("") if hit.kind == "contact"]
    window.open_hit(hit)
    chosen = window.subjects.shift.contacts().chosen()
    assert chosen is not None
    assert chosen.contact_id == "K-00001"


def test_in_a_narrow_panel_the_text_has_two_lines_and_begins_with_its_author(window: MainWindow, port: ScriptedPort) -> None:
    port.submit(WriteEntry("压力 0.21"), WANG)
    window.resize(1366, 768)
    window.show_shift_log()
    window.settle()
    window.shift_log.settle()
    model, table = window.shift_log.model, window.shift_log.table

    def last() -> str:
        return str(model.index(model.rowCount() - 1, 2).data())

    assert last() == "王：压力 0.21"
    assert table.isColumnHidden(1)
    assert table.columnWidth(2) > table.viewport().width() / 2
    assert table.rowHeight(0) >= 2 * table.fontMetrics().lineSpacing()
    window.resize(2560, 1440)
    window.settle()
    assert last() == "压力 0.21"
    assert not table.isColumnHidden(1)


def test_at_1366_pixels_the_strip_names_the_person_whole(window: MainWindow) -> None:
    strip = window.strip
    strip.show_person("Margaret Thompson")
    window.resize(1366, 768)
    window.settle()
    assert strip._user.text() == "Margaret Thompson"
    assert strip._user.width() >= strip._user.fontMetrics().horizontalAdvance("Margaret Thompson")


def test_the_maps_menu_writes_an_entry_about_the_asset_that_was_clicked(window: MainWindow, port: ScriptedPort) -> None:
    valves = port.city.network.valves
    asset = Asset("valve", str(valves.asset_id[0]), 0, float(valves.x[0]), float(valves.y[0]))
    window.locator.on_menu(asset, QPoint(0, 0))
    (menu,) = [one for one in window.findChildren(QMenu) if one.actions()]
    (entry,) = [one for one in menu.actions() if one.text() == window.words("map.shift_entry")]
    entry.trigger()
    (question,) = window.findChildren(EntryQuestion)
    question.field.setPlainText("井盖松动")
    question.accept()
    (written,) = port.chair.state.of(LOG_ENTRY).values()
    assert written.place == MapPlace(asset.asset_id, asset.x, asset.y)
    menu.close()
