"""Parts of the notice dialog: what contradicts the case, what changed while somebody typed, and its questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import ndiff

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialogButtonBox, QFrame, QLineEdit, QVBoxLayout, QWidget

from console.documents.wording import Wording, title_of
from console.domain.notices import Notice, StartBasis
from console.services.notices.contradictions import Contradiction
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import LONGEST_REASON
from console.ui.dialogs.confirm import Confirmation
from console.ui.widgets import button, label, row

_LINES_SHOWN = 8
_BEGINS = {StartBasis.EXPECTED: "_expected", StartBasis.VALVE_CLOSED: "_valve_closed"}
"""What the begin of an outage is, where it is said: endings of the texts ``notice.from_to``."""


class Difference(QFrame):
    """How the notice differs from its case, with a button to redraft and a field for the reason to continue."""

    redraft_asked = Signal()
    reason_changed = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._appearance = appearance
        self._open = False
        self._title, self._lines = label(name="warning", wrap=True), label(wrap=True, selectable=True)
        self.redraft, self._field = button(appearance.words("notice.redraft"), "primary"), QLineEdit()
        self.redraft.clicked.connect(self.redraft_asked)
        self._field.setMaxLength(LONGEST_REASON)
        self._field.setPlaceholderText(appearance.words("notice.despite"))
        self._field.textChanged.connect(lambda _: self.reason_changed.emit())
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 10, 6)
        line = row(self.redraft, self._field)
        line.setStretch(1, 1)
        for widget in (self._title, self._lines):
            box.addWidget(widget)
        box.addLayout(line)
        self.hide()

    def show_found(self, found: Iterable[Contradiction], *, open_: bool) -> None:
        """``open_``: the notice is still in preparation; else it is public and wants a new version."""
        words, self._open = self._appearance.words, open_
        found = tuple(found)
        lines = [f"· {one.text(words.language)}" for one in found]
        to_correct = any(one.code == "crew_found" for one in found)  # a redraft does not settle that, judging does
        more = len(lines) - _LINES_SHOWN
        shown = [*lines[:_LINES_SHOWN], words("notice.more_differences", n=more)] if more > 0 else lines
        self._title.setText(words("notice.contradicts" if open_ else "notice.public_contradicts"))
        self._lines.setText("\n".join([*shown, words("notice.correct_first")] if to_correct else shown))
        self.redraft.setText(words("notice.redraft" if open_ else "notice.renew"))
        self._field.setVisible(open_)
        self.setVisible(bool(lines))

    @property
    def reason(self) -> str:
        """Why to go on although the notice contradicts its case; "" where nothing does."""
        return self._field.text().strip() if self._open and not self.isHidden() else ""

    @property
    def field(self) -> QLineEdit:
        """Where the reason is typed."""
        return self._field


class Underneath(QFrame):
    """The notice changed while somebody typed: what changed, and the new text at a click."""

    taken = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._appearance, self.pending = appearance, False
        self._title, self._lines = label(name="warning", wrap=True), label(wrap=True, selectable=True)
        self._take = button(appearance.words("notice.take_new"))
        self._take.clicked.connect(self.taken)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 10, 6)
        box.addWidget(self._title)
        box.addWidget(self._lines)
        box.addLayout(row(self._take, 1))
        self.hide()

    def show_change(self, before: tuple[str, str], after: tuple[str, str], *, editable: bool) -> None:
        """Lines that went and came, in both languages."""
        words, self.pending = self._appearance.words, True
        changed = [
            line
            for old, new in zip(before, after, strict=True)
            for line in ndiff(old.split("\n"), new.split("\n"))
            if line[:2] in ("- ", "+ ") and line[2:].strip()
        ]
        self._title.setText(words("notice.changed_underneath" if editable else "notice.closed_underneath"))
        shown = [line.replace("- ", "− ", 1) for line in changed[:_LINES_SHOWN]]
        if len(changed) > _LINES_SHOWN:
            shown.append(words("notice.more_differences", n=len(changed) - _LINES_SHOWN))
        self._lines.setText("\n".join(shown))
        self.show()

    def settled(self) -> None:
        """The new text was taken over."""
        self.pending = False
        self.hide()


class VersionChoice(QComboBox):
    """Every version of a case's notices is kept and can be read again."""

    chosen = Signal(str)
    """Id of the notice to read."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = appearance.words
        self.activated.connect(lambda index: self.chosen.emit(str(self.itemData(index))))

    def show_versions(self, notices: Sequence[Notice], shown: Notice) -> None:
        """Hidden while there is one only."""
        self.clear()
        for notice in notices:
            status = self._words.of("notice_status", notice.status.value)
            self.addItem(f"{self._words('notice.version', n=notice.version)} · {status}", notice.notice_id)
        self.setCurrentIndex(self.findData(shown.notice_id))
        self.setVisible(len(notices) > 1)


class Leave(Confirmation):
    """Edits that are not saved: keep editing (the default), save, or drop them."""

    saved = Signal()
    dropped = Signal()

    def __init__(self, appearance: Appearance, *, can_save: bool, parent: QWidget | None = None, text: str = "") -> None:
        """``text``: what has edits; the text of a notice by default."""
        words = appearance.words
        said = text or words("notice.leave_text")
        super().__init__(appearance, words("notice.leave"), said, words("notice.leave_drop"), parent=parent)
        self.cancel.setText(words("notice.leave_stay"))
        self.accepted.connect(self.dropped)
        self.save = button(words("notice.leave_save"), "primary")
        self.save.setVisible(can_save)
        self.save.clicked.connect(self._on_save)
        self._buttons.addButton(self.save, QDialogButtonBox.ButtonRole.ActionRole)

    def _on_save(self) -> None:
        self.saved.emit()
        self.done(self.DialogCode.Rejected)


def issue_confirmation(
    appearance: Appearance, notice: Notice, channels: str, found: Iterable[Contradiction], reason: str, parent: QWidget
) -> Confirmation:
    """What goes out, to whom, by which way, from when."""
    words, facts = appearance.words, notice.facts
    wording = Wording(words.language)
    start, end = (wording.minute(at, facts.time_zone) for at in (facts.starts_at, facts.expected_end))
    what = "issue_drill" if facts.is_drill else "issue_update" if notice.references else "issue_first"
    told = [
        (words("notice.to_what"), f"{title_of(facts, words.language)} · {words('notice.version', n=notice.version)}"),
        (words("notice.to_kind"), words(f"notice.{what}")),
        *_touched(appearance, notice),
        (words("notice.to_roads"), wording.roads(facts)),
        (words("notice.to_when"), words(f"notice.from_to{_BEGINS.get(facts.starts_by, '')}", start=start, end=end)),
        (words("notice.to_channels"), channels),
    ]
    if lines := [one.text(words.language) for one in found]:
        more = len(lines) - _LINES_SHOWN
        shown = [*lines[:_LINES_SHOWN], words("notice.more_differences", n=more)] if more > 0 else lines
        differences = "\n".join(shown)
        told.append((words("notice.to_despite"), f"{differences}\n{words('notice.reason_given', reason=reason)}"))
    title = words("notice.issue_title", notice=notice.notice_id)
    return Confirmation(appearance, title, words("notice.issue_text"), words("notice.issue_do"), _said(told), parent=parent)


def lift_confirmation(
    appearance: Appearance, notice: Notice, channels: str, parent: QWidget, *, is_undo: bool = False
) -> Confirmation:
    """What is lifted, for whom; why has to be said. ``is_undo``: its issue is undone, water need not be back."""
    words = appearance.words
    told = [
        (words("notice.to_what"), f"{title_of(notice.facts, words.language)} · {words('notice.version', n=notice.version)}"),
        *_touched(appearance, notice),
        (words("notice.to_channels"), channels),
    ]
    usual = words.catalogue.section("notice.lift_reason")
    reasons = [usual[key] for key in ("restored", "wrong", "not_needed") if not (is_undo and key == "restored")]
    what = "withdraw" if is_undo else "lift"
    title = words(f"notice.{what}_title", notice=notice.notice_id)
    return Confirmation(appearance, title, words(f"notice.{what}_text"), words(f"notice.{what}_do"), _said(told), reasons, parent)


def _touched(appearance: Appearance, notice: Notice) -> list[tuple[str, str]]:
    words, facts = appearance.words, notice.facts
    wording = Wording(words.language)
    told = []
    for what, count, names in (
        ("to_no_water", facts.households_no_water, facts.no_water_communities),
        ("to_low_pressure", facts.households_low_pressure, facts.low_pressure_communities),
    ):
        if count or names:
            people = (words("notice.to_people", n=f"{count:,}"), wording.communities(names))
            told.append((words(f"notice.{what}"), " · ".join(part for part in people if part)))
    return told


def _said(told: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(what, value) for what, value in told if value]
