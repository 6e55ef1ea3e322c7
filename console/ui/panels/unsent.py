"""Decisions of this seat that were not carried out: the store was away, or another person changed the same records.

Each stays with all that was typed until the user carries it out or drops it. Nothing is sent by itself: meanwhile the case may
have changed. What the store did not confirm cannot be carried out again before the log has shown what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from console.domain.actors import Actor
from console.domain.intents import Intent
from console.domain.picture import Picture
from console.services.conflicts import ChangedElsewhere
from console.services.desk import HANDLERS
from console.services.ports import OutcomeUnknown, StoreUnavailable
from console.ui.appearance import Appearance
from console.ui.widgets import button, label, row
from console.ui.words import one_line
from maps.errors import QuanmaiError

_SHOWN = 3


@dataclass(frozen=True)
class Unsent:
    """A decision, who took it, and why it was not carried out."""

    intent: Intent
    actor: Actor
    fault: QuanmaiError


class _Row(QWidget):
    """One decision with its two buttons."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text: QLabel = label(name="strong", wrap=True, selectable=True)
        self.do: QPushButton = button("", "primary")
        self.drop: QPushButton = button("", "flat")
        line = row(self.text, self.do, self.drop)
        line.setStretch(0, 1)
        self.setLayout(line)


class UnsentBar(QFrame):
    """A row for each decision, under the messages; hidden when there is none."""

    submit_asked = Signal(object)
    """An intent, to be carried out in the name of the person at the seat."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._appearance = appearance
        self._held: list[Unsent] = []
        self._is_away = False
        self._known = 0
        self.rows = [_Row() for _ in range(_SHOWN)]
        self._more = label(name="muted")
        box = QVBoxLayout(self)
        box.setContentsMargins(14, 5, 10, 5)
        box.setSpacing(4)
        for number, one in enumerate(self.rows):
            box.addWidget(one)
            one.do.clicked.connect(lambda _=False, n=number: self._carry_out(n))
            one.drop.clicked.connect(lambda _=False, n=number: self._drop(n))
        box.addWidget(self._more)
        self._show()

    @property
    def held(self) -> tuple[Unsent, ...]:
        """What is shown, oldest first."""
        return tuple(self._held)

    def described(self) -> tuple[tuple[Unsent, str], ...]:
        """What is shown, each with all that it says, for the drafts on disk."""
        return tuple((one, f"{self._named(one.intent)}\n{one.actor.name}\n{one.intent}") for one in self._held)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another language."""
        self._appearance = appearance
        self._show()

    def hold(self, intent: Intent, actor: Actor, fault: QuanmaiError) -> None:
        """Keep a refused decision if it can be carried out later: the store was away, or others changed its records."""
        if isinstance(fault, ChangedElsewhere | StoreUnavailable):
            self._held = [one for one in self._held if (one.intent, one.actor) != (intent, actor)]
            self._held.append(Unsent(intent, actor, fault))
            self._show()

    def done(self, intent: Intent) -> None:
        """The same decision has been carried out, here or from its own place."""
        if any(one.intent == intent for one in self._held):
            self._held = [one for one in self._held if one.intent != intent]
            self._show()

    def show_picture(self, picture: Picture) -> None:
        """Whether the store can be written, and what became of decisions that it had not confirmed."""
        is_away = any(feed.name == "store" and feed.state == "down" for feed in picture.feeds)
        known = sum(isinstance(one.fault, OutcomeUnknown) and one.fault.written is not None for one in self._held)
        if (is_away, known) != (self._is_away, self._known):
            self._is_away, self._known = is_away, known
            self._show()

    def _carry_out(self, number: int) -> None:
        one = self._held[number]
        self._drop(number)
        self.submit_asked.emit(one.intent)  # as of the person at the seat now, whose decision it is then

    def _drop(self, number: int) -> None:
        del self._held[number]
        self._show()

    def _show(self) -> None:
        words = self._appearance.words
        for number, shown in enumerate(self.rows):
            shown.setVisible(number < len(self._held))
            if number >= len(self._held):
                continue
            self._show_row(shown, self._held[number])
        hidden = len(self._held) - _SHOWN
        self._more.setText(words("unsent.more", n=hidden) if hidden > 0 else "")
        self._more.setVisible(hidden > 0)
        self.setVisible(bool(self._held))

    def _show_row(self, shown: _Row, one: Unsent) -> None:
        words, fault = self._appearance.words, one.fault
        is_conflict, unknown = isinstance(fault, ChangedElsewhere), fault if isinstance(fault, OutcomeUnknown) else None
        if unknown is not None:
            state = {None: "unknown", True: "written", False: "not_written"}[unknown.written]
            entries = [f"{words.time(one.at)} {one.user}: {words.note(one.note)}" for one in unknown.log]
            entry = words.clauses(entries) if entries else words("unsent.no_entry")
            shown.text.setText(words(f"unsent.{state}", what=self._named(one.intent), entry=one_line(entry)))
        else:
            why = words.fault(fault) if is_conflict or self._is_away else words("unsent.back")
            shown.text.setText(words("unsent.line", what=self._named(one.intent), why=one_line(why)))
        is_written = unknown is not None and unknown.written is True
        shown.do.setText(words("unsent.anyway" if is_conflict else "unsent.do"))
        shown.do.setVisible(not is_written)
        shown.do.setEnabled(not self._is_away and (unknown is None or unknown.written is False))
        shown.drop.setText(words("unsent.seen" if is_written else "unsent.drop"))

    def _named(self, intent: Intent) -> str:
        """What was decided, and about which case or alarm."""
        handler = HANDLERS.get(type(intent))
        what = self._appearance.words.of("intent", handler.wording) if handler is not None else type(intent).__name__
        about = str(getattr(intent, "incident_id", "") or getattr(intent, "alarm_id", "") or getattr(intent, "pipe_id", ""))
        return f"{what} · {about}" if about else what
