"""Beside a notice stands its public sketch; after its issue the window is a receipt; the outage begins with the first valve."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication

from console.domain.delivery import Delivery, DeliveryState, SentMessage
from console.domain.health import ChannelHealth
from console.domain.notices import StartBasis
from console.domain.outgoing import MessageKind
from console.services.crews.valve_reports import MarkValveClosed
from console.services.notices.contradictions import contradictions
from console.services.notices.facts import start_of
from console.services.notices.lifecycle import DraftNotice
from console.ui.dialogs.notice import NoticeDialog
from console.ui.window import MainWindow
from tests.console.ui.scripted import CASE, ScriptedPort
from tests.console.ui.test_notice_dialog import approved, asked_about, dialog

pytestmark = pytest.mark.gui
__all__ = ["dialog"]


def test_the_sketch_stands_beside_the_text_and_channels_with_their_state(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort
) -> None:
    page = dialog.side.sketch._page
    assert page is not None
    assert {area.name for area in page.drawn.areas} == set(port.case.notices[-1].facts.no_water_communities)
    assert any(street.name and street.is_told for street in page.drawn.streets)
    assert dialog.side.channels.text() == "✓ mqtt · 已连接"
    assert dialog.side.receipt.isHidden()
    port.channels = (ChannelHealth("mqtt", "down", message="connection refused"),)
    port.publish()
    window.settle()
    dialog.side.show_notice(CASE, port.case.notices[-1])
    assert dialog.side.channels.text().startswith("! mqtt · 未连接")


def test_after_its_issue_it_is_a_receipt_with_its_files(
    dialog: NoticeDialog, window: MainWindow, port: ScriptedPort, tmp_path: Path
) -> None:
    approved(dialog, window)
    dialog.ask_issue()
    asked_about(dialog).ok.click()
    window.settle()
    receipt, notice = dialog.side.receipt, port.case.notices[-1]
    assert notice.issued_at is not None
    assert not receipt.isHidden()
    assert "回执" in receipt._head.text()
    assert "批准人 李" in receipt._head.text()
    assert receipt._ways.text() == "尚无送达记录"  # nothing is claimed that is not recorded
    way = Delivery("mqtt", DeliveryState.SENT)
    port.messages = (
        SentMessage(1, MessageKind.NOTICE, notice.notice_id, "application/json", port.now(), deliveries=((way, port.now()),)),
    )
    dialog.side.read()
    window.settle()
    assert receipt._ways.text().startswith("✓ mqtt")
    starts = {"pdf": b"%PDF", "zh": notice.text_zh.split("\n")[0].encode(), "cap": b"<?xml"}
    for name, begin in starts.items():
        receipt.form.setCurrentIndex(receipt.form.findData(name))
        file, content = receipt.content()
        assert begin in content[:4000]
        assert receipt.save_to(tmp_path / file)
        assert (tmp_path / file).read_bytes()[:200] == content[:200]
    receipt.form.setCurrentIndex(receipt.form.findData("zh"))
    receipt.copy_file()
    assert notice.text_zh.split("\n")[0] in QApplication.clipboard().text()
    printer = QPrinter()
    printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    receipt.form.setCurrentIndex(0)
    receipt.print_on(printer)
    assert (tmp_path / "printed.pdf").read_bytes()[:4] == b"%PDF"
    assert not receipt.save_to(tmp_path / "none" / "file.pdf")
    assert not dialog.side.fault.isHidden()


def test_the_begin_of_the_outage_is_the_first_valve_closed(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    assert start_of(port.case, port.now())[1] is StartBasis.EXPECTED
    window.dispatcher.submit(DraftNotice(CASE))
    window.settle()
    assert port.case.notices[-1].facts.starts_by is StartBasis.EXPECTED
    plan = port.case.plan
    assert plan is not None
    window.dispatcher.submit(MarkValveClosed(CASE, plan.valves_to_close[0].asset_id))
    window.settle()
    closed_at = port.case.valve_marks[0].at
    assert start_of(port.case, port.now()) == (closed_at, StartBasis.VALVE_CLOSED)
    assert not [one for one in contradictions(port.city, port.case, port.case.notices[-1]) if one.code == "starts_at"]
    window.dispatcher.submit(DraftNotice(CASE))
    window.settle()
    facts = port.case.notices[-1].facts
    assert (facts.starts_at, facts.starts_by) == (closed_at, StartBasis.VALVE_CLOSED)
