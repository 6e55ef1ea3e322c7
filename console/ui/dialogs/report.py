"""A report to the authorities: both texts to correct, its PDF, and the word that it was sent, to whom and how."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from console.documents.pdf_page import PdfFault, make_pdf
from console.documents.report_page import report_page
from console.domain.reports import Report
from console.services.incidents.event_level import LevelTable
from console.services.notices.line_marks import line_marks
from console.services.reports.authority import DraftReport, EditReport, RecordReportSent
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import LONGEST_REASON
from console.ui.dialogs.notice_life import show_marks
from console.ui.dialogs.notice_parts import Leave
from console.ui.permitted import Permitted, needs
from console.ui.session import Session
from console.ui.widgets import button, label, row


class ReportDialog(QDialog):
    """Follows the record; what is being typed is kept."""

    asked = Signal(object)
    """An intent."""

    def __init__(
        self,
        appearance: Appearance,
        session: Session,
        now: Callable[[], datetime],
        report: Report,
        tell: tuple[str, ...],
        parent: QWidget | None = None,
    ) -> None:
        """``tell``: codes of the bodies that the level says are told."""
        super().__init__(parent)
        self._appearance, self._now, self.report = appearance, now, report
        self._base, self._leaving = (report.text_zh, report.text_en), False
        self._saving: tuple[str, str] | None = None
        words, self._table = appearance.words, LevelTable.load()
        kind = words.of("report_kind", report.kind.value)
        self.setWindowTitle(words("report.window", kind=kind, report=report.report_id, case=report.incident_id))
        room = self.screen().availableSize()
        self.resize(min(820, room.width() - 40), min(720, room.height() - 60))
        self._state, self._refused = label(name="strong", wrap=True), label(name="warning", wrap=True)
        self._legend, self._dropped = label(name="muted", wrap=True), label(name="warning", wrap=True)
        self._refused.hide()
        self._zh, self._en = QPlainTextEdit(report.text_zh), QPlainTextEdit(report.text_en)
        tabs = QTabWidget()
        tabs.addTab(self._zh, "中文")
        tabs.addTab(self._en, "English")
        tabs.setCurrentIndex(0 if words.language == "zh_CN" else 1)
        self.save, self.renew, self.pdf = button(words("notice.save")), button(words("report.renew")), button(words("report.pdf"))
        self.save.clicked.connect(self._on_save)
        self.renew.clicked.connect(self._on_renew)
        self.pdf.clicked.connect(self._on_pdf)
        close = button(words("notice.close"))
        close.clicked.connect(self.close)
        needs(EditReport, self.save)
        needs(DraftReport, self.renew)
        box = QVBoxLayout(self)
        box.addWidget(self._state)
        box.addWidget(tabs, 1)
        for widget in (self._legend, self._dropped, self._refused, self._sending(tell)):
            box.addWidget(widget)
        box.addLayout(row(self.save, self.renew, self.pdf, 1, close))
        for field in (self._zh, self._en):
            field.setTabChangesFocus(True)
            field.textChanged.connect(self._show)
        Permitted(self, session, appearance)
        self._show()

    def _sending(self, tell: tuple[str, ...]) -> QFrame:
        """Whom it went to, how, and the button that records it: nothing is sent by this program."""
        words = self._appearance.words
        frame = QFrame()
        frame.setObjectName("card")
        grid = QGridLayout(frame)
        grid.setContentsMargins(10, 6, 10, 6)
        self.to = {code: QCheckBox(self._table.recipient(code, words.language)) for code in tell}
        for at, box in enumerate(self.to.values()):
            box.setChecked(True)
            box.toggled.connect(lambda _: self._show())
            grid.addWidget(box, at // 3, at % 3)
        self.others, self.how = QLineEdit(), QLineEdit()
        for field, key in ((self.others, "others"), (self.how, "how")):
            field.setMaxLength(LONGEST_REASON)
            field.setPlaceholderText(words(f"report.{key}"))
            field.textChanged.connect(lambda _: self._show())
        self.sent = button(words("report.record"), "primary")
        self.sent.setToolTip(words("report.record_tip"))
        self.sent.clicked.connect(self._on_sent)
        needs(RecordReportSent, self.sent)
        below = len(self.to) // 3 + 1
        line = row(self.others, self.how, self.sent)
        line.setStretch(0, 1)
        line.setStretch(1, 2)
        grid.addLayout(line, below, 0, 1, 3)
        return frame

    def follow(self, report: Report) -> None:
        """The record as it stands now."""
        if report == self.report:
            return
        typed, before, self._saving = self._edited(), self.report, None
        self.report = report
        if not typed or self._texts() == (report.text_zh, report.text_en):
            self._base = (report.text_zh, report.text_en)
            for field, text in zip((self._zh, self._en), self._base, strict=True):
                if field.toPlainText() != text:
                    field.setPlainText(text)
        elif (report.text_zh, report.text_en) != (before.text_zh, before.text_en):
            by = ", ".join(report.edited_by[-1:]) or "–"
            self.show_refused(self._appearance.words("report.changed_underneath", user=by))
        self._show()
        if self._leaving and not self._edited():
            super().reject()

    def reject(self) -> None:
        """Esc, Close and the window's button: edits that are not saved are asked about first."""
        if not self._edited() or self.report.closed_at is not None:
            super().reject()
            return
        question = Leave(self._appearance, can_save=True, parent=self, text=self._appearance.words("report.leave_text"))
        question.saved.connect(self._save_and_leave)
        question.dropped.connect(lambda: QDialog.reject(self))
        question.finished.connect(question.deleteLater)
        question.open()

    def _save_and_leave(self) -> None:
        """Closed once the record has the edits; refused ones stay on the screen."""
        self._leaving = True
        self._on_save()

    def show_refused(self, text: str) -> None:
        """Why the last step was not taken: what is in the fields and not in the record is not saved."""
        self._base, self._leaving, self._saving = (self.report.text_zh, self.report.text_en), False, None
        self._refused.setText(text)
        self._refused.show()
        self._show()

    def _texts(self) -> tuple[str, str]:
        return self._zh.toPlainText(), self._en.toPlainText()

    def _edited(self) -> bool:
        return self._texts() != self._base

    def _show(self) -> None:
        words, one = self._appearance.words, self.report
        at = words.stamp(one.due_at, self._now())
        kind = words.of("report_kind", one.kind.value)
        self._state.setText(words("report.state", kind=kind, n=one.number, level=one.level, at=at))
        marks = [line_marks(text, made, None) for text, made in zip(self._texts(), (one.drafted_zh, one.drafted_en), strict=True)]
        for field, each in zip((self._zh, self._en), marks, strict=True):
            show_marks(field, each, self._appearance)
        shown = marks[0 if words.language == "zh_CN" else 1]
        self._legend.setText(words("notice.marks_edited", n=len(shown.edited)))
        self._legend.setVisible(bool(shown.edited))
        lost = "\n".join(f"· {line}" for line in one.dropped_edits)
        self._dropped.setText(words("notice.dropped") + "\n" + lost)
        self._dropped.setVisible(bool(lost))
        edited = self._edited()
        self.save.setEnabled(edited)
        self.renew.setEnabled(not edited)
        self.sent.setEnabled(not edited and bool(self.how.text().strip()) and bool(self._to()))

    def _to(self) -> tuple[str, ...]:
        typed = self.others.text().replace("，", ",").replace("、", ",").split(",")
        return (*(code for code, box in self.to.items() if box.isChecked()), *(name.strip() for name in typed if name.strip()))

    def _ask(self, intent: object) -> None:
        self._refused.hide()
        self.asked.emit(intent)

    def _on_save(self) -> None:
        seen = self._saving or (self.report.text_zh, self.report.text_en)
        self._base = self._saving = self._texts()
        self._ask(EditReport(self.report.report_id, *self._base, base=seen))

    def _on_renew(self) -> None:
        self._ask(DraftReport(self.report.report_id))

    def _on_sent(self) -> None:
        self._ask(RecordReportSent(self.report.report_id, self._to(), self.how.text().strip()))

    def _on_pdf(self) -> None:
        words = self._appearance.words
        name, _ = QFileDialog.getSaveFileName(self, words("report.pdf"), f"{self.report.report_id}.pdf", "PDF (*.pdf)")
        if name:
            self.write_pdf(Path(name).with_suffix(".pdf"))

    def write_pdf(self, path: Path) -> None:
        """Write the texts as they are in the fields; a fault is said in the dialog."""
        zh, en = self._texts()
        try:
            path.write_bytes(make_pdf(report_page(zh, en, is_drill=self.report.is_drill)))
        except (OSError, PdfFault) as fault:
            self.show_refused(str(fault))
