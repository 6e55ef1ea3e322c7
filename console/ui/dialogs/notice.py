"""The notice dialog: both texts to read and correct, who approves, then out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QPlainTextEdit, QTabWidget, QVBoxLayout, QWidget

from console.documents.remarks import left_out, remarks
from console.domain.incidents import Incident
from console.domain.intents import ApproveNotice, EditNotice, IssueNotice, LiftNotice, SubmitNotice
from console.domain.notices import Notice, NoticeStatus
from console.ui.looks import Looks, button, label, row

_EDITABLE = (NoticeStatus.DRAFT, NoticeStatus.SUBMITTED)


class NoticeDialog(QDialog):
    """Follows the notice while it is open: each picture may bring its next state."""

    asked = Signal(object, str)
    """(intent, in whose name; "" for this console's user)."""

    def __init__(
        self,
        looks: Looks,
        user: str,
        now: Callable[[], datetime],
        incident_id: str,
        notice: Notice,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._looks, self._user, self._incident_id, self._notice = looks, user, incident_id, notice
        self._now = now
        words = looks.words
        self.setWindowTitle(words("notice.window", notice=notice.notice_id))
        self.resize(760, 640)
        self._state = label(name="strong", wrap=True)
        self._zh, self._en = QPlainTextEdit(notice.text_zh), QPlainTextEdit(notice.text_en)
        tabs = QTabWidget()
        tabs.addTab(self._zh, "中文")
        tabs.addTab(self._en, "English")
        tabs.setCurrentIndex(0 if words.language == "zh_CN" else 1)
        self._approver, self._reason = QLineEdit(), QLineEdit()
        self._approver.setPlaceholderText(words("notice.approver"))
        self._reason.setPlaceholderText(words("notice.override_reason"))
        self._warning, self._remarks = label(name="warning", wrap=True), label(name="warning", wrap=True)
        self._save, self._close = button(words("notice.save")), button(words("notice.close"))
        self._step = button("", "primary")
        self._save.clicked.connect(self._on_save)
        self._close.clicked.connect(self.close)
        self._step.clicked.connect(self.step)
        for field in (self._zh, self._en):
            field.textChanged.connect(self._show_state)
        box = QVBoxLayout(self)
        box.addWidget(self._state)
        box.addWidget(tabs, 1)
        box.addWidget(self._remarks)
        box.addLayout(row(self._approver, self._reason))
        box.addWidget(self._warning)
        box.addLayout(row(self._save, 1, self._close, self._step))
        self._show_state()

    def follow(self, incident: Incident) -> None:
        """The case as it stands; texts being edited are not touched."""
        new = next((n for n in incident.notices if n.notice_id == self._notice.notice_id), None)
        if new is None or new == self._notice:
            return
        untouched = not self._edited()
        self._notice = new
        if untouched:
            self._zh.setPlainText(new.text_zh)
            self._en.setPlainText(new.text_en)
        self._show_state()

    def _edited(self) -> bool:
        return (self._zh.toPlainText(), self._en.toPlainText()) != (self._notice.text_zh, self._notice.text_en)

    def _show_state(self) -> None:
        words, status = self._looks.words, self._notice.status
        version = words("notice.version", n=self._notice.version)
        state = f"{self._notice.notice_id} · {version} · {words.of('notice_status', status.value)}"
        self._state.setText(state + (" · " + words("notice.drill") if self._notice.facts.is_drill else ""))
        editable, approving = status in _EDITABLE, status is NoticeStatus.SUBMITTED
        for field in (self._zh, self._en):
            field.setReadOnly(not editable)
        self._save.setEnabled(editable and self._edited())
        self._approver.setVisible(approving)
        self._reason.setVisible(approving)
        self._warning.setText(words("notice.second_person", user=self._user) if approving else "")
        self._warning.setVisible(approving)
        self._show_remarks(editable)
        self._step.setText(words(f"notice.do_{status.value}"))
        self._step.setVisible(status is not NoticeStatus.LIFTED)
        self._step.setEnabled(not self._edited())
        self._step.setToolTip(words("notice.save_first") if self._edited() else "")

    def _show_remarks(self, before_signing: bool) -> None:
        """What a signer should know, until it is signed."""
        facts, language = self._notice.facts, self._looks.words.language
        lines = [
            *remarks(facts, self._now(), language),
            *left_out(facts, self._zh.toPlainText(), "zh_CN", language),
            *left_out(facts, self._en.toPlainText(), "en", language),
        ]
        self._remarks.setText("\n".join(f"· {line}" for line in lines))
        self._remarks.setVisible(before_signing and bool(lines))

    def _on_save(self) -> None:
        edit = EditNotice(self._incident_id, self._notice.notice_id, self._zh.toPlainText(), self._en.toPlainText())
        self.asked.emit(edit, "")

    def approve_as(self, person: str, override_reason: str = "") -> None:
        """Approve in somebody's name, as if typed into the fields."""
        self._approver.setText(person)
        self._reason.setText(override_reason)
        self.step()

    def step(self) -> None:
        """The one next step: submit, approve, issue, lift."""
        case, notice_id = self._incident_id, self._notice.notice_id
        match self._notice.status:
            case NoticeStatus.DRAFT:
                self.asked.emit(SubmitNotice(case, notice_id), "")
            case NoticeStatus.SUBMITTED:
                self.asked.emit(ApproveNotice(case, notice_id, self._reason.text().strip()), self._approver.text().strip())
            case NoticeStatus.APPROVED:
                self.asked.emit(IssueNotice(case, notice_id), "")
            case _:
                self.asked.emit(LiftNotice(case, notice_id), "")
