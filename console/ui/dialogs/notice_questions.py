"""Questions of the notice window: preview, another end, a demand that is met, issue and lift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from PySide6.QtWidgets import QDialog, QWidget

from console.documents.preview import NoticePreview
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.notices import DemandCode, Notice
from console.services.notices.contradictions import Contradiction
from console.services.notices.demands import Demand, MarkDemandDone
from console.services.notices.lifecycle import IssueNotice, LiftNotice
from console.services.notices.other_end import EndNoticeEarly, ExtendNotice
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import ReasonQuestion
from console.ui.dialogs.notice_parts import issue_confirmation, lift_confirmation
from console.ui.dialogs.notice_preview import NoticePreviewDialog
from console.ui.dialogs.other_end import OtherEndQuestion
from console.ui.dialogs.public.deliveries import Way

TakeWays = Callable[[Sequence[Way]], None]


@dataclass(frozen=True, eq=False)
class NoticeSources:
    """What the notice window reads.

    ``contradicted``: how a notice differs from its case; ``channels``: in words, by which way a notice leaves, and each channel
    with its state; ``preview``: a notice as it would leave now or as it went out; ``demands``: what the rules demand around it;
    ``read_ways``: reads what is recorded of a case's messages and passes it on, later.
    """

    now: Callable[[], datetime]
    contradicted: Callable[[Incident, Notice], tuple[Contradiction, ...]]
    channels: Callable[[], str]
    channel_states: Callable[[], Sequence[str]]
    preview: Callable[[Notice], NoticePreview]
    demands: Callable[[Incident, Notice], tuple[Demand, ...]]
    read_ways: Callable[[str, TakeWays], None]


class NoticeQuestions:
    """``shown``: case and notice in the window at present; ``ask`` submits an intent, ``to_newest`` follows a new version."""

    def __init__(
        self,
        appearance: Appearance,
        sources: NoticeSources,
        shown: Callable[[], tuple[Incident, Notice]],
        ask: Callable[[Intent], None],
        to_newest: Callable[[], None],
        window: QWidget,
    ) -> None:
        self._appearance, self._sources, self._shown = appearance, sources, shown
        self._ask, self._to_newest, self._window = ask, to_newest, window

    def preview(self, zh: str, en: str) -> NoticePreviewDialog:
        """The notice with these texts as it would leave now."""
        _, notice = self._shown()
        shown = self._sources.preview(replace(notice, text_zh=zh, text_en=en))
        dialog = NoticePreviewDialog(self._appearance, shown, notice.notice_id, self._window)
        self.open(dialog)
        return dialog

    def other_end(self, *, later: bool) -> OtherEndQuestion:
        """An extension, or an early end: until when, and why."""
        (incident, notice), words, now = self._shown(), self._appearance.words, self._sources.now()
        key, said = ("extend" if later else "early_end"), notice.facts.expected_end
        moment = said + timedelta(hours=2) if later else min(now + timedelta(minutes=30), said - timedelta(minutes=1))
        text = words(f"notice.{key}_text", end=words.stamp(said, now))
        title = words(f"notice.{key}_title", notice=notice.notice_id)
        question = OtherEndQuestion(self._appearance, title, text, moment, words("notice.other_end_do"), self._window)
        intent = ExtendNotice if later else EndNoticeEarly

        def ask() -> None:
            self._to_newest()
            self._ask(intent(incident.incident_id, question.moment, question.reason))

        question.accepted.connect(ask)
        self.open(question)
        return question

    def demand(self, code: DemandCode) -> ReasonQuestion:
        """Who was told, or which plan there is: it is recorded with the person's name."""
        (incident, notice), words = self._shown(), self._appearance.words
        case, notice_id = incident.incident_id, notice.notice_id
        text = words("notice.demand_how", demand=words.of("demand", code.value))
        question = ReasonQuestion(self._appearance, words("notice.demand_title"), text, parent=self._window)
        question.accepted.connect(lambda: self._ask(MarkDemandDone(case, notice_id, code, question.reason)))
        self.open(question)
        return question

    def issue(self, found: Sequence[Contradiction], reason: str) -> None:
        """Shows what goes out, to whom, by which way, from when; nothing leaves before that is confirmed."""
        incident, shown = self._shown()
        intent = IssueNotice(incident.incident_id, shown.notice_id, reason)
        question = issue_confirmation(self._appearance, shown, self._sources.channels(), found, reason, self._window)
        question.accepted.connect(lambda: self._if_same(shown, intent))
        self.open(question)

    def lift(self) -> None:
        """Asks for the reason and shows what is withdrawn."""
        incident, shown = self._shown()
        case, notice_id = incident.incident_id, shown.notice_id
        question = lift_confirmation(self._appearance, shown, self._sources.channels(), self._window)
        question.accepted.connect(lambda: self._if_same(shown, LiftNotice(case, notice_id, question.reason)))
        self.open(question)

    def _if_same(self, shown: Notice, intent: Intent) -> None:
        """Confirm only what was shown: a text that changed meanwhile has to be shown again."""
        _, now = self._shown()
        if (shown.status, shown.text_zh, shown.text_en) == (now.status, now.text_zh, now.text_en):
            self._ask(intent)

    @staticmethod
    def open(question: QDialog) -> None:
        """Over the notice window, without blocking what is behind it."""
        question.finished.connect(question.deleteLater)
        question.open()
