"""Notice: where it stands, its first lines, what contradicts it, what is not delivered; the dialog takes the steps."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from console.domain.incidents import Incident
from console.domain.notices import Notice, NoticeStatus
from console.domain.picture import Picture
from console.services.notices.contradictions import contradictions
from console.services.notices.lifecycle import DraftNotice
from console.ui.commands.dispatch import Submit
from console.ui.commands.key_bindings import KEYS
from console.ui.panels.case.location import undelivered_words
from console.ui.panels.case.section import CaseView, Section
from console.ui.permitted import needs, over_recording
from console.ui.widgets import button, label, width_for, with_key
from console.ui.words import Words, one_line

_EXCERPT = 56


class NoticeSection(Section):
    """The notice of the case."""

    notice_opened = Signal(str, str)
    """(incident id, notice id): preview, edit, submit, approve, issue, lift."""

    def __init__(self, submit: Submit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._submit = submit
        self._text, self._state = label(name="muted", wrap=True), label(wrap=True)
        self.step = with_key(button("", "primary"), KEYS["notice"])
        """The next step; the column keeps it in sight below, at one place in every state."""
        self.step.clicked.connect(self.next_step)
        self.box.addWidget(self._state)
        self.box.addWidget(self._text)
        self._warning = label(name="warning", wrap=True)
        self.box.addWidget(self._warning)

    def _fill(self, view: CaseView) -> None:
        words, notice = view.appearance.words, latest_notice(view.incident)
        self.heading.setText(words("notice.title"))
        needs(DraftNotice if notice is None else None, self.step)  # else the dialog opens, whose buttons are marked
        if notice is None:
            self._state.setText(words("notice.none" if view.incident.burst_pipes else "notice.none_yet"))
            self._text.setText("")
            self.step.setText(words("notice.draft"))
            self.step.setEnabled(bool(view.incident.burst_pipes) and view.incident.plan is not None)
        else:
            self._state.setText(state_words(view, notice))
            body = notice.text_zh if words.language == "zh_CN" else notice.text_en
            flat = " ".join(body.split())
            self._text.setText(flat[:_EXCERPT] + ("…" if len(flat) > _EXCERPT else ""))
            self.step.setText(words(f"notice.step_{notice.status.value}"))
            self.step.setEnabled(True)
        texts = [words("notice.draft"), *(words(f"notice.step_{status.value}") for status in NoticeStatus)]
        self.step.setMinimumWidth(width_for(self.step, texts))  # one place and size from step to step
        self._text.setVisible(bool(self._text.text()))
        self._show_contradictions(view, notice)

    def _show_contradictions(self, view: CaseView, notice: Notice | None) -> None:
        """The first difference between the notice and its case; the dialog holds them all."""
        words = view.appearance.words
        wanted = notice is not None and notice.status not in (NoticeStatus.UPDATED, NoticeStatus.LIFTED)
        found = contradictions(view.city, view.incident, notice) if wanted and notice is not None else ()
        self._warning.setVisible(bool(found))
        if found:
            more = words("notice.more_differences", n=len(found) - 1) if len(found) > 1 else ""
            self._warning.setText(words("notice.differs", difference=found[0].text(words.language)) + more)

    def next_step(self) -> None:
        """Draft it, or open it for what comes next."""
        if self.view is None:
            return
        notice = latest_notice(self.view.incident)
        if notice is None:
            if not over_recording(self):
                self._submit(DraftNotice(self.view.incident.incident_id))
        else:
            self.notice_opened.emit(self.view.incident.incident_id, notice.notice_id)


def latest_notice(incident: Incident) -> Notice | None:
    """The newest notice that is not lifted, else the newest."""
    open_ones = [notice for notice in incident.notices if notice.status is not NoticeStatus.LIFTED]
    return (open_ones or list(incident.notices))[-1] if incident.notices else None


def state_words(view: CaseView, notice: Notice) -> str:
    """The notice's state: drafted and approved by whom, issued when; and why it is not delivered."""
    words = view.appearance.words
    parts = [
        f"{notice.notice_id} · {words('notice.version', n=notice.version)} · {words.of('notice_status', notice.status.value)}"
    ]
    if notice.change:
        parts.append(words.of("notice_change", notice.change.value))
    if notice.approved_by and notice.approved_at is not None:
        parts.append(words("notice.approved_by", user=notice.approved_by, time=words.stamp(notice.approved_at, view.now)))
    if notice.override_reason:
        parts.append(words("notice.override", reason=notice.override_reason))
    if notice.issued_at is not None:
        parts.append(words("notice.issued_at", time=words.stamp(notice.issued_at, view.now)))
    failed = next((one for one in view.undelivered if one.subject == notice.notice_id), None)
    if failed is not None:
        parts.append(undelivered_words(failed, words))
    if notice.facts.is_drill:
        parts.append(words("notice.drill"))
    return " · ".join(parts)


def channel_states(words: Words, picture: Picture) -> tuple[str, ...]:
    """Each channel with its state, one line each; that there is none is said, too."""
    shown = [channel for channel in picture.channels if channel.state != "off"]
    lines = []
    for channel in shown:
        advice = words.feed_advice(channel) if channel.state != "up" else ""
        mark = "✓" if channel.state == "up" else "!"
        state = words("notice.channel_connected" if channel.state == "up" else "notice.channel_lost")
        lines.append(f"{mark} {channel.name} · {state}" + (f" · {one_line(advice)}" if advice else ""))
    return tuple(lines) or (words("notice.channel_none"),)


def channel_words(words: Words, picture: Picture) -> str:
    """By which channels a notice leaves, as things stand; those that are not connected first."""
    channels = [channel for channel in picture.channels if channel.state != "off"]
    if not channels:
        return words("notice.channel_none")
    down = [channel for channel in channels if channel.state != "up"]
    key = "notice.channel_down" if down else "notice.channel_up"
    return words(key, name=words.listed(channel.name for channel in down or channels))
