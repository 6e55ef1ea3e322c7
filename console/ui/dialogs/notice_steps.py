"""The steps of a notice, side by side: what was done, by whom, and one button each, which works only at its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLineEdit, QPushButton, QWidget

from console.domain.actors import Actor, Proof
from console.domain.intents import Intent
from console.domain.notices import Notice, NoticeStatus
from console.services.notices.lifecycle import DraftNotice, IssueNotice, LiftNotice, SubmitNotice
from console.services.notices.other_end import EndNoticeEarly, ExtendNotice
from console.ui.appearance import Appearance
from console.ui.permitted import live_only, needs
from console.ui.session import Session
from console.ui.widgets import button, fitted, label, row, tip
from maps.errors import QuanmaiError

_WIDEST_PX = 170
_ORDER = (NoticeStatus.DRAFT, NoticeStatus.SUBMITTED, NoticeStatus.APPROVED, NoticeStatus.ISSUED)


class NoticeSteps(QFrame):
    """Takes the focus after each step: a key pressed again presses no button."""

    def __init__(self, appearance: Appearance, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._appearance, self._session = appearance, session
        words = appearance.words
        self.submit, self.approve = button(words("notice.do_draft")), button(words("notice.do_submitted"))
        self.issue, self.lift = button(words("notice.do_approved")), button(words("notice.do_issued"))
        self.renew, self.preview = button(words("notice.renew")), button(words("notice.preview"))
        self.extend, self.early = button(words("notice.extend")), button(words("notice.early_end"))
        needs(SubmitNotice, self.submit)
        needs(IssueNotice, self.issue)
        needs(LiftNotice, self.lift)
        needs(DraftNotice, self.renew)
        needs(ExtendNotice, self.extend)
        needs(EndNoticeEarly, self.early)
        live_only(self.approve)
        self.approver, self.password, self.override = QLineEdit(), QLineEdit(), QLineEdit()
        self.approver.setPlaceholderText(words("notice.approver"))
        self.password.setPlaceholderText(words("notice.approver_password"))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.override.setPlaceholderText(words("notice.override_reason"))
        if session.drill_approver is not None:
            self.approver.setText(session.drill_approver[0])
        for field in (self.approver, self.password, self.override):
            field.textChanged.connect(self._show_approver)
        self._signing = QWidget()
        self._signing.setLayout(row(self.approver, self.password, self.override))
        self._told = [label(wrap=True) for _ in _ORDER]
        self._hint = label(name="warning", wrap=True)
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 6, 10, 6)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(4)
        buttons: tuple[tuple[QPushButton, ...], ...] = (
            (self.submit,), (self.approve,), (self.issue,), (self.lift,),
        )  # fmt: skip
        for column, (status, told, own) in enumerate(zip(_ORDER, self._told, buttons, strict=True)):
            grid.addWidget(label(f"{column + 1}  {words(f'notice.name_{status.value}')}", "strong"), 0, column)
            grid.addWidget(told, 1, column)
            grid.addLayout(row(*own, 1), 2, column)
            grid.setColumnStretch(column, 1)
        grid.addWidget(self._signing, 3, 0, 1, len(_ORDER))
        grid.addWidget(self._hint, 4, 0, 1, len(_ORDER))
        grid.addLayout(row(self.preview, 1, self.renew, self.extend, self.early), 5, 0, 1, len(_ORDER))

    def show_notice(self, notice: Notice, *, ready: bool, blocked: bool, can_renew: bool, now: datetime) -> None:
        """``now``: times of another day have their date. ``ready``: nothing stands against the next step.

        ``blocked``: the notice contradicts its case.
        """
        words, at = self._appearance.words, notice.status
        for status, told in zip(_ORDER, self._told, strict=True):
            told.setText(self._words(status, notice, now))
        for status, step in zip(_ORDER, (self.submit, self.approve, self.issue, self.lift), strict=True):
            free = status is NoticeStatus.ISSUED or ready
            step.setEnabled(at is status and free)
            step.setObjectName("primary" if at is status and status is not NoticeStatus.ISSUED else "")
            step.style().polish(step)
        self.renew.setEnabled(can_renew)
        self.renew.setVisible(can_renew)
        in_force = at is NoticeStatus.ISSUED and can_renew
        for one in (self.extend, self.early):
            one.setEnabled(in_force)
            one.setVisible(in_force)
        self._signing.setVisible(at is NoticeStatus.SUBMITTED)
        waits = at in _ORDER[:3] and not ready
        hint = self._second_person if at is NoticeStatus.SUBMITTED and not waits else ""
        if waits:
            hint = words("notice.blocked" if blocked else "notice.save_first")
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._show_approver()

    @property
    def _second_person(self) -> str:
        words, drill = self._appearance.words, self._session.drill_approver
        hint = words("notice.second_person_signs" if self._session.needs_sign_in else "notice.second_person", user=self._user)
        return hint if drill is None else hint + " " + words("notice.drill_approver", name=drill[0], password=drill[1])

    @property
    def _user(self) -> str:
        return self._session.person.name

    def sign(
        self, made: Callable[[str], Intent], ask: Callable[[Intent, Actor | None], None], failed: Callable[[QuanmaiError], None]
    ) -> None:
        """Ask for the approval of who gives name and password in the fields, else of who is at the seat.

        ``made``: the intent, from the reason of an override; given without a password it is of who is at the seat.
        """
        approver, intent = self._approver, made(self.override.text().strip())
        if approver == self._user:
            ask(intent, None)
        else:
            self._session.confirm_once(approver, self.taken_password(), lambda actor: ask(intent, actor), failed)

    @property
    def _approver(self) -> str:
        """In whose name the button approves."""
        is_override = bool(self.override.text().strip() and not self.password.text())
        return self._user if is_override else self.approver.text().strip() or self._user

    def taken_password(self) -> str:
        """The second person's password, taken out of its field."""
        password = self.password.text()
        self.password.clear()
        return password

    def _show_approver(self) -> None:
        """The button says in whose name."""
        text = self._appearance.words("notice.do_submitted_as", user=self._approver)
        self.approve.setText(fitted(self.approve, text, _WIDEST_PX))
        self.approve.setToolTip(tip(text))

    def _words(self, status: NoticeStatus, notice: Notice, now: datetime) -> str:
        """By whom and when a step was taken; "" before."""
        words = self._appearance.words
        match status:
            case NoticeStatus.DRAFT if notice.submitted_by:
                return words("notice.submitted_by", user=notice.submitted_by)
            case NoticeStatus.SUBMITTED if notice.approved_by and notice.approved_at is not None:
                told = words("notice.approved_by", user=notice.approved_by, time=words.stamp(notice.approved_at, now))
                if notice.approval is not Proof.UNRECORDED:
                    told += f" ({words(f'proof.{notice.approval}')})"
                return told + (" · " + words("notice.override", reason=notice.override_reason) if notice.override_reason else "")
            case NoticeStatus.APPROVED if notice.issued_at is not None:
                return words("notice.issued_at", time=words.stamp(notice.issued_at, now))
            case NoticeStatus.ISSUED if notice.status is NoticeStatus.LIFTED and notice.lifted_at is not None:
                return words("notice.lifted_at", time=words.stamp(notice.lifted_at, now), reason=notice.lift_reason or "–")
        return ""
