"""The notice dialog: both texts to read and correct, what contradicts the case, and each step in its own place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QDialog, QLayout, QPlainTextEdit, QTabWidget, QVBoxLayout, QWidget

from console.documents.preview import NoticePreview
from console.documents.remarks import left_out, remarks
from console.documents.wording import draft_text
from console.domain.actors import Actor, Proof
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.notices import DemandCode, Notice, NoticeStatus
from console.services.notices.contradictions import Contradiction
from console.services.notices.demands import Demand, MarkDemandDone
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, EditNotice, IssueNotice, LiftNotice, SubmitNotice
from console.services.notices.other_end import EndNoticeEarly, ExtendNotice
from console.services.notices.redrafting import redrafted
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import ReasonQuestion
from console.ui.dialogs.confirm import ENTER
from console.ui.dialogs.notice_life import DemandList, LifeList, marks_of, show_marks
from console.ui.dialogs.notice_parts import Difference, Leave, Underneath, issue_confirmation, lift_confirmation
from console.ui.dialogs.notice_preview import NoticePreviewDialog
from console.ui.dialogs.notice_steps import NoticeSteps
from console.ui.dialogs.other_end import OtherEndQuestion
from console.ui.permitted import needs
from console.ui.session import Session
from console.ui.widgets import button, label, row
from maps.errors import QuanmaiError

_EDITABLE = (NoticeStatus.DRAFT, NoticeStatus.SUBMITTED)
_OPEN = (*_EDITABLE, NoticeStatus.APPROVED)


class NoticeDialog(QDialog):
    """Shows one notice. It follows the case: each picture may bring the notice's next state."""

    asked = Signal(object, object)
    """(intent, the actor; None for this seat's)."""

    def __init__(
        self,
        appearance: Appearance,
        session: Session,
        now: Callable[[], datetime],
        incident: Incident,
        notice: Notice,
        contradicted: Callable[[Incident, Notice], tuple[Contradiction, ...]],
        channels: Callable[[], str],
        preview: Callable[[Notice], NoticePreview],
        demands: Callable[[Incident, Notice], tuple[Demand, ...]],
        parent: QWidget | None = None,
    ) -> None:
        """``contradicted``: how a notice differs from its case; ``channels``: in words, by which way a notice leaves.

        ``preview``: a notice as it would leave now; ``demands``: what the rules demand around it.
        """
        super().__init__(parent)
        self._appearance, self._now, self._incident, self._notice = appearance, now, incident, notice
        self._contradicted, self._channels, self._preview, self._demands = contradicted, channels, preview, demands
        self._base = (notice.text_zh, notice.text_en)
        self._to_newest, self._leaving = False, False
        self._sent: tuple[str, str] | None = None  # texts that went into the last redraft: its answer replaces them
        self._found_for: tuple[Incident, Notice] | None = None
        self._found: tuple[Contradiction, ...] = ()
        self._session = session
        self._build()
        room = self.screen().availableSize()
        self.resize(min(900, room.width() - 40), min(760, room.height() - 60))
        self._show_versions()
        self._show_notice()

    def _build(self) -> None:
        words = self._appearance.words
        self._state, self._version = label(name="strong", wrap=True), QComboBox()
        self._version.activated.connect(self._on_version)
        self.difference, self.underneath = Difference(self._appearance), Underneath(self._appearance)
        self.difference.redraft_asked.connect(self.redraft)
        self.difference.reason_changed.connect(self._show_steps)
        self.underneath.taken.connect(self._take_new_text)
        self._zh, self._en = QPlainTextEdit(), QPlainTextEdit()
        tabs = QTabWidget()
        tabs.addTab(self._zh, "中文")
        tabs.addTab(self._en, "English")
        tabs.setCurrentIndex(0 if words.language == "zh_CN" else 1)
        self.life = LifeList(self._appearance)
        tabs.addTab(self.life, words("notice.history"))
        self.demands, self._legend = DemandList(self._appearance), label(name="muted", wrap=True)
        self.demands.done_asked.connect(self.ask_demand)
        self._dropped, self._remarks = label(name="warning", wrap=True), label(name="warning", wrap=True)
        self._refused = label(name="warning", wrap=True)
        self._refused.hide()
        self.steps = NoticeSteps(self._appearance, self._session)
        self.steps.submit.clicked.connect(self.submit)
        self.steps.approve.clicked.connect(self.approve)
        self.steps.issue.clicked.connect(self.ask_issue)
        self.steps.lift.clicked.connect(self.ask_lift)
        self.steps.renew.clicked.connect(self.renew)
        self.steps.preview.clicked.connect(self.show_preview)
        self.steps.extend.clicked.connect(lambda: self.ask_other_end(later=True))
        self.steps.early.clicked.connect(lambda: self.ask_other_end(later=False))
        self._save, self._close = button(words("notice.save")), button(words("notice.close"))
        self._save.clicked.connect(self.save)
        needs(EditNotice, self._save)
        self._close.clicked.connect(self.close)
        for field in (self._zh, self._en):
            field.setTabChangesFocus(True)
            field.setMinimumHeight(110)
            field.textChanged.connect(self._on_typed)
        box = QVBoxLayout(self)
        box.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # long warnings must not push it over the screen's edge
        head = row(self._state, self._version)
        head.setStretch(0, 1)
        box.addLayout(head)
        box.addWidget(self.difference)
        box.addWidget(self.underneath)
        box.addWidget(tabs, 1)
        for widget in (self._legend, self.demands, self._dropped, self._remarks, self._refused, self.steps):
            box.addWidget(widget)
        box.addLayout(row(self._save, 1, self._close))

    @property
    def incident_id(self) -> str:
        """The case whose notice this is."""
        return self._incident.incident_id

    # What arrives

    def follow(self, incident: Incident) -> None:
        """The case as it stands. What is being typed is kept; what changed underneath is shown beside it."""
        if incident == self._incident:
            self._show_day()
            return
        self._incident = incident
        new = next((n for n in incident.notices if n.notice_id == self._notice.notice_id), None)
        if (
            self._to_newest
            and incident.notices
            and incident.notices[-1].notice_id != self._notice.notice_id
            and not self._edited()
        ):
            new, self._to_newest = incident.notices[-1], False
            self._base = (new.text_zh, new.text_en)
            self._set_texts(*self._base)
        self._show_versions()
        if new is None:
            self._show_steps()
            return
        moved_on = new.status is not self._notice.status
        redrafted_now = self._sent == self._texts() and new.drafted_at != self._notice.drafted_at
        typed = self._edited() and not redrafted_now
        self._notice = new
        self._show_versions()
        if typed and (new.text_zh, new.text_en) != self._base:
            self.underneath.show_change(self._base, (new.text_zh, new.text_en), editable=new.status in _EDITABLE)
        elif not typed:
            self._base = (new.text_zh, new.text_en)
            self._set_texts(*self._base)
        self._show_notice(fill=False)
        if moved_on:
            self.steps.setFocus()
        if self._leaving and not self._edited():
            super().reject()

    def _edited(self) -> bool:
        return self._texts() != (self._notice.text_zh, self._notice.text_en)

    def _texts(self) -> tuple[str, str]:
        return self._zh.toPlainText(), self._en.toPlainText()

    def _set_texts(self, zh: str, en: str) -> None:
        for field, text in ((self._zh, zh), (self._en, en)):
            if field.toPlainText() != text:
                field.setPlainText(text)

    def show_refused(self, text: str) -> None:
        """Why the last step was not taken."""
        self._leaving = False
        self._refused.setText(text)
        self._refused.show()

    def _on_typed(self) -> None:
        self._leaving = False
        self._show_text_state()

    # What is shown

    def _show_notice(self, fill: bool = True) -> None:
        words, notice = self._appearance.words, self._notice
        self.setWindowTitle(words("notice.window", notice=notice.notice_id))
        if fill:
            self._set_texts(*self._base)
        version = words("notice.version", n=notice.version)
        state = f"{notice.notice_id} · {version} · {words.of('notice_status', notice.status.value)}"
        if notice.change:
            state += f" · {words.of('notice_change', notice.change.value)}"
        self._state.setText(state + (" · " + words("notice.drill") if notice.facts.is_drill else ""))
        for field in (self._zh, self._en):
            field.setReadOnly(notice.status not in _EDITABLE)
        lost = "\n".join(f"· {line}" for line in notice.dropped_edits)
        self._dropped.setText(words("notice.dropped") + "\n" + lost)
        self._dropped.setVisible(bool(lost) and notice.status in _OPEN)
        self._show_text_state()

    def _show_versions(self) -> None:
        """Every version is kept and can be read again."""
        words, notices = self._appearance.words, self._incident.notices
        self._version.clear()
        for notice in notices:
            status = words.of("notice_status", notice.status.value)
            self._version.addItem(f"{words('notice.version', n=notice.version)} · {status}", notice.notice_id)
        self._version.setCurrentIndex(self._version.findData(self._notice.notice_id))
        self._version.setVisible(len(notices) > 1)

    def _on_version(self, index: int) -> None:
        chosen = next((n for n in self._incident.notices if n.notice_id == self._version.itemData(index)), None)
        if chosen is not None and chosen.notice_id != self._notice.notice_id:
            self._notice, self._base = chosen, (chosen.text_zh, chosen.text_en)
            self._show_notice()

    def _show_text_state(self) -> None:
        editable, edited = self._notice.status in _EDITABLE, self._edited()
        self._save.setEnabled(editable and edited)
        self._version.setEnabled(not edited)
        self.underneath.setVisible(edited and self.underneath.pending)
        facts, language = self._notice.facts, self._appearance.words.language
        lines = [
            *remarks(facts, self._now(), language),
            *left_out(facts, self._zh.toPlainText(), "zh_CN", language),
            *left_out(facts, self._en.toPlainText(), "en", language),
        ]
        self._remarks.setText("\n".join(f"· {line}" for line in lines))
        self._remarks.setVisible(editable and bool(lines))
        self._show_marks()
        self._show_steps()

    def _show_day(self) -> None:
        """After midnight the times of the steps have their date."""
        if self._day != self._appearance.words.local(self._now()).date():
            self._show_steps()

    def _show_steps(self) -> None:
        self._day = self._appearance.words.local(self._now()).date()
        notice, incident = self._notice, self._incident
        self._find()
        self.life.show_notices(incident.notices, self._now())
        shown = self._demands(incident, notice) if notice.status is not NoticeStatus.LIFTED else ()
        self.demands.show_demands(shown, self._now(), editable=notice.status in _OPEN)
        waiting = any(other.status in _OPEN for other in incident.notices)
        can_renew = incident.is_open() and not waiting and bool(incident.burst_pipes)
        self.difference.show_found(self._found, open_=notice.status in _OPEN)
        blocked = bool(self._found) and not self.difference.reason
        self.steps.show_notice(
            notice, ready=not self._edited() and not blocked, blocked=blocked, can_renew=can_renew, now=self._now()
        )

    def _find(self) -> None:
        """How the notice differs from its case, looked for once for each of their states."""
        notice, incident = self._notice, self._incident
        if self._found_for != (incident, notice):
            in_force = notice.status in (*_OPEN, NoticeStatus.ISSUED) and incident.is_open()
            self._found = self._contradicted(incident, notice) if in_force else ()
            self._found_for = (incident, notice)

    def _show_marks(self) -> None:
        """Lines by hand, and what differs from the version that went out before."""
        notice, facts = self._notice, self._notice.facts
        drafted = (draft_text(facts, "zh_CN"), draft_text(facts, "en"))
        both = marks_of(notice, self._incident.notices, self._texts(), drafted)
        for field, marks in zip((self._zh, self._en), both, strict=True):
            show_marks(field, marks, self._appearance)
        words, shown = self._appearance.words, both[0 if self._appearance.words.language == "zh_CN" else 1]
        parts = [
            words("notice.marks_edited", n=len(shown.edited)) if shown.edited else "",
            words("notice.marks_changed", n=len(shown.changed)) if shown.changed else "",
        ]
        self._legend.setText(" · ".join(part for part in parts if part))
        self._legend.setVisible(bool(self._legend.text()))

    # What is asked

    def show_preview(self) -> NoticePreviewDialog:
        """The notice with its texts as they are in the fields, as it would leave now."""
        zh, en = self._texts()
        shown = self._preview(replace(self._notice, text_zh=zh, text_en=en))
        dialog = NoticePreviewDialog(self._appearance, shown, self._notice.notice_id, self)
        self._open(dialog)
        return dialog

    def ask_other_end(self, *, later: bool) -> OtherEndQuestion:
        """An extension, or an early end: until when, and why."""
        words, case = self._appearance.words, self._incident.incident_id
        key, said = ("extend" if later else "early_end"), self._notice.facts.expected_end
        moment = said + timedelta(hours=2) if later else min(self._now() + timedelta(minutes=30), said - timedelta(minutes=1))
        text = words(f"notice.{key}_text", end=words.stamp(said, self._now()))
        title = words(f"notice.{key}_title", notice=self._notice.notice_id)
        question = OtherEndQuestion(self._appearance, title, text, moment, words("notice.other_end_do"), self)
        intent = ExtendNotice if later else EndNoticeEarly

        def ask() -> None:
            self._to_newest = True
            self._ask(intent(case, question.moment, question.reason))

        question.accepted.connect(ask)
        self._open(question)
        return question

    def ask_demand(self, code: DemandCode) -> ReasonQuestion:
        """Who was told, or which plan there is: it is recorded with the person's name."""
        words, case, notice_id = self._appearance.words, self._incident.incident_id, self._notice.notice_id
        text = words("notice.demand_how", demand=words.of("demand", code.value))
        question = ReasonQuestion(self._appearance, words("notice.demand_title"), text, parent=self)
        question.accepted.connect(lambda: self._ask(MarkDemandDone(case, notice_id, code, question.reason)))
        self._open(question)
        return question

    def save(self) -> None:
        """Save the edited texts."""
        self._base = self._texts()
        self._ask(EditNotice(self._incident.incident_id, self._notice.notice_id, *self._base))

    def redraft(self) -> None:
        """Draft again from the present facts. Edits are saved first and kept where they still fit."""
        if self._edited():
            self.save()
        self._sent = self._texts()
        self._to_newest = self._notice.status not in _OPEN
        self._ask(DraftNotice(self._incident.incident_id))

    def renew(self) -> None:
        """The next version of a public notice."""
        self.redraft()

    def submit(self) -> None:
        """Submit to the supervisor."""
        self._ask(SubmitNotice(self._incident.incident_id, self._notice.notice_id, self.difference.reason))

    def approve(self) -> None:
        """Approve as who is signed in, or as the second person named beside the button.

        Where people sign in that person gives the password too; at a single seat the name alone is recorded as typed.
        """
        approver, override = self.steps.approver.text().strip(), self.steps.override.text().strip()
        intent = ApproveNotice(self._incident.incident_id, self._notice.notice_id, override, self.difference.reason)
        if not approver or approver == self._session.person.name:
            self._ask(intent)
        elif not self._session.needs_sign_in:
            self._ask(intent, Actor.named(approver, proof=Proof.TYPED_NAME))
        else:
            password = self.steps.taken_password()
            self._session.confirm_once(
                approver, password, lambda actor: self._ask(intent, actor), lambda fault: self.show_refused(self._fault(fault))
            )

    def _fault(self, fault: QuanmaiError) -> str:
        return self._appearance.words.fault(fault)

    def approve_as(self, person: str, override_reason: str = "") -> None:
        """Approve in somebody's name, as if typed into the fields."""
        self.steps.approver.setText(person)
        self.steps.override.setText(override_reason)
        self.approve()

    def ask_issue(self) -> None:
        """Shows what goes out, to whom, by which way, from when; nothing leaves before that is confirmed."""
        case, notice_id, reason = self._incident.incident_id, self._notice.notice_id, self.difference.reason
        shown = self._notice
        question = issue_confirmation(self._appearance, shown, self._channels(), self._found, reason, self)
        question.accepted.connect(lambda: self._if_same(shown, IssueNotice(case, notice_id, reason)))
        self._open(question)

    def ask_lift(self) -> None:
        """Ask for the reason and show what is withdrawn."""
        case, notice_id, shown = self._incident.incident_id, self._notice.notice_id, self._notice
        question = lift_confirmation(self._appearance, shown, self._channels(), self)
        question.accepted.connect(lambda: self._if_same(shown, LiftNotice(case, notice_id, question.reason)))
        self._open(question)

    def _if_same(self, shown: Notice, intent: Intent) -> None:
        """Confirm only what was shown: a text that changed meanwhile has to be shown again."""
        if (shown.status, shown.text_zh, shown.text_en) == (self._notice.status, self._notice.text_zh, self._notice.text_en):
            self._ask(intent)

    def _ask(self, intent: Intent, actor: Actor | None = None) -> None:
        """Submit an intent. The focus leaves the button, so a key pressed again takes no further step."""
        self.steps.setFocus()
        self._refused.hide()
        self.asked.emit(intent, actor)

    def _take_new_text(self) -> None:
        """The new text with what was typed, where it still fits; the rest stays in sight."""
        new = (self._notice.text_zh, self._notice.text_en)
        made = [redrafted(*texts) for texts in zip(self._base, self._texts(), new, strict=True)]
        self._base = new
        self.underneath.settled()
        self._set_texts(*(one.text for one in made))
        lost = [line for one in made for line in one.dropped]
        if lost:
            self._dropped.setText("\n".join([self._appearance.words("notice.dropped"), *(f"· {line}" for line in lost)]))
            self._dropped.show()
        self._show_text_state()

    # Leaving

    def reject(self) -> None:
        """Esc, Close and the window's button: edits that are not saved are asked about first."""
        if not self._edited():
            super().reject()
            return
        question = Leave(self._appearance, can_save=self._notice.status in _EDITABLE, parent=self)
        question.saved.connect(self._save_and_leave)
        question.dropped.connect(lambda: QDialog.reject(self))
        self._open(question)

    def _save_and_leave(self) -> None:
        """Closed once the edits are on disk; refused ones stay on the screen."""
        self._leaving = True
        self.save()

    def showEvent(self, event: QShowEvent) -> None:
        """Put the focus on no button: a key that is still down does nothing."""
        super().showEvent(event)
        self.steps.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """No button is the default one, and Esc that is held asks once."""
        if event.key() in ENTER or (event.key() == Qt.Key.Key_Escape and event.isAutoRepeat()):
            return
        super().keyPressEvent(event)

    @staticmethod
    def _open(question: QDialog) -> None:
        question.finished.connect(question.deleteLater)
        question.open()
