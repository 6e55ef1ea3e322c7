"""The notice window: texts to read and correct, the sketch beside them, what contradicts the case, each step in its place."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QLayout, QSplitter, QVBoxLayout, QWidget

from console.documents.remarks import left_out, remarks
from console.domain.actors import Actor
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.notices import DemandCode, Notice, NoticeStatus
from console.services.notices.contradictions import Contradiction
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, EditNotice, SubmitNotice
from console.services.notices.redrafting import redrafted
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import ReasonQuestion
from console.ui.dialogs.confirm import ENTER
from console.ui.dialogs.notice_life import DemandList
from console.ui.dialogs.notice_parts import Difference, Leave, Underneath, VersionChoice
from console.ui.dialogs.notice_preview import NoticePreviewDialog
from console.ui.dialogs.notice_questions import NoticeQuestions, NoticeSources
from console.ui.dialogs.notice_side import NoticeSide
from console.ui.dialogs.notice_steps import NoticeSteps
from console.ui.dialogs.notice_texts import NoticeTexts
from console.ui.dialogs.other_end import OtherEndQuestion
from console.ui.help.window import help_key
from console.ui.permitted import needs
from console.ui.session import Session
from console.ui.widgets import button, label, row

_EDITABLE = (NoticeStatus.DRAFT, NoticeStatus.SUBMITTED)
_OPEN = (*_EDITABLE, NoticeStatus.APPROVED)
_SIZE_PX, _SIDE_PX = (1260, 800), 400


class NoticeDialog(QDialog):
    """Shows one notice. It follows the case: each picture may bring the notice's next state."""

    asked = Signal(object, object)
    """(intent, the actor; None for this seat's)."""

    def __init__(
        self,
        appearance: Appearance,
        session: Session,
        incident: Incident,
        notice: Notice,
        sources: NoticeSources,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._appearance, self._session, self._sources, self._now = appearance, session, sources, sources.now
        self._incident, self._notice = incident, notice
        self._base = (notice.text_zh, notice.text_en)
        self._to_newest, self._leaving = False, False
        self._saving: tuple[str, str] | None = None  # texts on their way to the disk
        self._began_from = self._base  # the record's texts that these began from
        self._sent: tuple[str, str] | None = None  # texts that went into the last redraft: its answer replaces them
        self._found_for: tuple[Incident, Notice] | None = None
        self._found: tuple[Contradiction, ...] = ()
        self.questions = NoticeQuestions(
            appearance, sources, lambda: (self._incident, self._notice), self._ask, self._follow_newest, self
        )
        self._build()
        room = self.screen().availableSize()
        self.resize(min(_SIZE_PX[0], room.width() - 40), min(_SIZE_PX[1], room.height() - 60))
        self._version.show_versions(self._incident.notices, self._notice)
        self._show_notice()

    def _build(self) -> None:
        words = self._appearance.words
        self._state, self._version = label(name="strong", wrap=True), VersionChoice(self._appearance)
        self._version.chosen.connect(self._on_version)
        self.difference, self.underneath = Difference(self._appearance), Underneath(self._appearance)
        self.difference.redraft_asked.connect(self.redraft)
        self.difference.reason_changed.connect(self._show_steps)
        self.underneath.taken.connect(self._take_new_text)
        self.texts, self.side = NoticeTexts(self._appearance), NoticeSide(self._appearance, self._sources)
        self._zh, self._en, self.life = self.texts.zh, self.texts.en, self.texts.life
        self.texts.typed.connect(self._on_typed)
        self.demands = DemandList(self._appearance)
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
        box = QVBoxLayout(self)
        box.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # long warnings must not push it over the screen's edge
        head = row(self._state, self._version)
        head.setStretch(0, 1)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.addWidget(self.texts)
        split.addWidget(self.side)
        split.setSizes([_SIZE_PX[0] - _SIDE_PX, _SIDE_PX])
        split.setStretchFactor(0, 1)
        box.addLayout(head)
        box.addWidget(self.difference)
        box.addWidget(self.underneath)
        box.addWidget(split, 1)
        for widget in (self.demands, self._dropped, self._remarks, self._refused, self.steps):
            box.addWidget(widget)
        box.addLayout(row(self._save, 1, self._close))
        help_key(self, "notice", self._appearance)

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
            self.texts.show_texts(*self._base)
        self._version.show_versions(self._incident.notices, self._notice)
        if new is None:
            self._show_steps()
            return
        self._settle_save(new)
        moved_on = new.status is not self._notice.status
        redrafted_now = self._sent == self._texts() and new.drafted_at != self._notice.drafted_at
        typed = self._edited() and not redrafted_now
        self._notice = new
        self._version.show_versions(self._incident.notices, self._notice)
        if typed and (new.text_zh, new.text_en) != self._base:
            self.underneath.show_change(self._base, (new.text_zh, new.text_en), editable=new.status in _EDITABLE)
        elif not typed:
            self._base = (new.text_zh, new.text_en)
            self.texts.show_texts(*self._base)
        self._show_notice(fill=False)
        if moved_on:
            self.steps.setFocus()
        if self._leaving and not self._edited():
            super().reject()

    def _settle_save(self, new: Notice) -> None:
        """The save is on disk, or somebody else's text is there instead: then what was typed began from the text before."""
        texts = (new.text_zh, new.text_en)
        if self._saving is None or (texts != self._saving and texts == (self._notice.text_zh, self._notice.text_en)):
            return
        if texts != self._saving:
            self._base = self._began_from
        self._saving = None

    def _edited(self) -> bool:
        return self._texts() != (self._notice.text_zh, self._notice.text_en)

    def _texts(self) -> tuple[str, str]:
        return self.texts.texts

    def _follow_newest(self) -> None:
        self._to_newest = True

    def show_refused(self, text: str) -> None:
        """Why the last step was not taken. Of a save: what is typed stays, beside what somebody else has saved."""
        self._leaving = False
        if self._saving is not None:
            self._base, self._saving = self._began_from, None
            texts = (self._notice.text_zh, self._notice.text_en)
            if texts != self._base:
                self.underneath.show_change(self._base, texts, editable=self._notice.status in _EDITABLE)
            self._show_text_state()
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
            self.texts.show_texts(*self._base)
        version = words("notice.version", n=notice.version)
        state = f"{notice.notice_id} · {version} · {words.of('notice_status', notice.status.value)}"
        if notice.change:
            state += f" · {words.of('notice_change', notice.change.value)}"
        self._state.setText(state + (" · " + words("notice.drill") if notice.facts.is_drill else ""))
        self.texts.set_editable(notice.status in _EDITABLE)
        lost = "\n".join(f"· {line}" for line in notice.dropped_edits)
        self._dropped.setText(words("notice.dropped") + "\n" + lost)
        self._dropped.setVisible(bool(lost) and notice.status in _OPEN)
        self._show_text_state()

    def _on_version(self, notice_id: str) -> None:
        """Another version is to be read."""
        chosen = next((n for n in self._incident.notices if n.notice_id == notice_id), None)
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
        self._find()
        self.texts.mark(self._notice, self._incident.notices, self._found)
        self._show_steps()

    def _show_day(self) -> None:
        """After midnight the times of the steps have their date."""
        if self._day != self._appearance.words.local(self._now()).date():
            self._show_steps()

    def _show_steps(self) -> None:
        self._day = self._appearance.words.local(self._now()).date()
        notice, incident = self._notice, self._incident
        self._find()
        self.side.show_notice(incident.incident_id, notice)
        self.life.show_notices(incident.notices, self._now())
        shown = self._sources.demands(incident, notice) if notice.status is not NoticeStatus.LIFTED else ()
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
            self._found = self._sources.contradicted(incident, notice) if in_force else ()
            self._found_for = (incident, notice)

    # What is asked

    def show_preview(self) -> NoticePreviewDialog:
        """The notice with its texts as they are in the fields, as it would leave now."""
        return self.questions.preview(*self._texts())

    def ask_other_end(self, *, later: bool) -> OtherEndQuestion:
        """An extension, or an early end: until when, and why."""
        return self.questions.other_end(later=later)

    def ask_demand(self, code: DemandCode) -> ReasonQuestion:
        """Who was told, or which plan there is: it is recorded with the person's name."""
        return self.questions.demand(code)

    def save(self) -> None:
        """Save the edited texts: over what this window shows as saved, and over nothing that it has not shown yet."""
        seen = self._saving or (self._notice.text_zh, self._notice.text_en)
        if self._saving is None:
            self._began_from = self._base
        self._base = self._saving = self._texts()
        self._ask(EditNotice(self._incident.incident_id, self._notice.notice_id, *self._base, base=seen))

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
        """Approve as who is at the seat, or as the second person who gives name and password beside the button."""
        case, notice_id, despite = self._incident.incident_id, self._notice.notice_id, self.difference.reason
        self.steps.sign(
            lambda override: ApproveNotice(case, notice_id, override, despite),
            self._ask,
            lambda fault: self.show_refused(self._appearance.words.fault(fault)),
        )

    def approve_as(self, person: str, password: str = "", override_reason: str = "") -> None:
        """Approve as if this was typed into the fields."""
        self.steps.approver.setText(person)
        self.steps.password.setText(password)
        self.steps.override.setText(override_reason)
        self.approve()

    def ask_issue(self) -> None:
        """Shows what goes out, to whom, by which way, from when; nothing leaves before that is confirmed."""
        self.questions.issue(self._found, self.difference.reason)

    def ask_lift(self) -> None:
        """Ask for the reason and show what is withdrawn."""
        self.questions.lift()

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
        self.texts.show_texts(*(one.text for one in made))
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
        self.questions.open(question)

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
