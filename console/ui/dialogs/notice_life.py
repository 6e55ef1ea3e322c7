"""Parts of the notice dialog about its life: demands of the rules, marks of lines, what was done to each version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListWidget, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from console.domain.notices import DemandCode, Notice, NoticeVersion
from console.services.notices.demands import Demand, MarkDemandDone
from console.services.notices.line_marks import LineMarks, line_marks
from console.ui.appearance import Appearance
from console.ui.permitted import needs
from console.ui.widgets import button, clear, label, row

_BY_WORD = (DemandCode.FIRE_BRIGADE, DemandCode.EMERGENCY_WATER)
_TINT = 70


class DemandList(QFrame):
    """One line a demand: done by whom, or open with a button where a person's word counts."""

    done_asked = Signal(object)
    """DemandCode."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._appearance = appearance
        self._shown: tuple[Demand, ...] | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(10, 4, 10, 4)
        self._box.setSpacing(2)
        self.hide()

    def show_demands(self, demands: Sequence[Demand], now: datetime, *, editable: bool) -> None:
        """``editable``: the notice is still open, so that a word can be given."""
        shown = tuple(demands)
        if shown == self._shown:
            return
        self._shown = shown
        clear(self._box)
        self.setVisible(bool(shown))
        for one in shown:
            line = label(self.words_of(one, now), "" if one.is_done else "warning", wrap=True)
            parts: list[QWidget | int] = [line]
            if editable and not one.is_done and one.code in _BY_WORD:
                say = button(self._appearance.words("notice.demand_done"), "flat")
                say.clicked.connect(lambda _=False, code=one.code: self.done_asked.emit(code))
                needs(MarkDemandDone, say)
                parts.append(say)
            made = row(*parts)
            made.setStretch(0, 1)
            self._box.addLayout(made)

    def words_of(self, one: Demand, now: datetime) -> str:
        """✓ or ○, what is demanded, how it stands; rules that could not be verified say so."""
        words = self._appearance.words
        text = ("✓ " if one.is_done else "○ ") + words.of("demand", one.code.value)
        there, wanted = one.figures
        if wanted:
            text += words("notice.demand_figures", there=there, wanted=wanted)
        if one.by and one.at is not None:
            text += words("notice.demand_by", user=one.by, time=words.stamp(one.at, now), how=one.how)
        return text + (words("notice.demand_unverified") if one.is_unverified else "")


class LifeList(QWidget):
    """Every step of every version; a click shows its text and what its facts were."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._steps: list[tuple[Notice, NoticeVersion]] = []
        self.list, self.text = QListWidget(), QPlainTextEdit()
        self.text.setReadOnly(True)
        self.list.currentRowChanged.connect(self._on_row)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.list, 2)
        box.addWidget(self.text, 3)

    def show_notices(self, notices: Sequence[Notice], now: datetime) -> None:
        """Of one case, the oldest version first."""
        words = self._appearance.words
        steps = [(notice, step) for notice in notices for step in notice.history]
        if steps == self._steps:
            return
        self._steps = steps
        self.list.clear()
        for notice, step in steps:
            name, version = words.of("notice_step", step.step.value), words("notice.version", n=notice.version)
            change = f" · {words.of('notice_change', notice.change.value)}" if notice.change else ""
            self.list.addItem(f"{words.stamp(step.at, now)}  {version}{change} · {name} · {step.by}")
        self.list.setCurrentRow(len(steps) - 1)

    def _on_row(self, at: int) -> None:
        if not 0 <= at < len(self._steps):
            self.text.clear()
            return
        notice, _ = self._steps[at]
        done = [step for held, step in self._steps[: at + 1] if held.notice_id == notice.notice_id]
        words, language = self._appearance.words, self._appearance.words.language
        texts = [step.text_zh if language == "zh_CN" else step.text_en for step in done]
        facts = next((step.facts for step in reversed(done) if step.facts is not None), notice.facts)
        text = next((one for one in reversed(texts) if one is not None), "")
        head = words(
            "notice.facts_then",
            start=words.local(facts.starts_at).strftime("%m-%d %H:%M"),
            end=words.local(facts.expected_end).strftime("%m-%d %H:%M"),
            dry=f"{facts.households_no_water:,}",
            low=f"{facts.households_low_pressure:,}",
        )
        self.text.setPlainText(f"{head}\n\n{text}")


def show_marks(field: QPlainTextEdit, marks: LineMarks, appearance: Appearance, outdated: frozenset[int] = frozenset()) -> None:
    """Lines by hand are tinted, those that differ from the issued version underlined, those ``outdated`` by a wavy line."""
    theme = appearance.theme
    tint = QColor(theme.colour("accent.focus"))
    tint.setAlpha(_TINT)
    selections = []
    for number in sorted(marks.edited | marks.changed | outdated):
        block = field.document().findBlockByNumber(number)
        if not block.isValid():
            continue
        chars = QTextCharFormat()
        if number in marks.edited:
            chars.setBackground(tint)
            chars.setProperty(QTextFormat.Property.FullWidthSelection, True)
        made = QTextEdit.ExtraSelection()
        made.cursor = QTextCursor(block)
        made.format = chars
        selections.append(made)
        if number in marks.changed or number in outdated:
            line = QTextCharFormat()
            styles = QTextCharFormat.UnderlineStyle
            line.setUnderlineStyle(styles.WaveUnderline if number in outdated else styles.DashUnderline)
            line.setUnderlineColor(theme.colour("state.high" if number in outdated else "text.strong"))
            under = QTextEdit.ExtraSelection()
            cursor = QTextCursor(block)
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            under.cursor, under.format = cursor, line
            selections.append(under)
    field.setExtraSelections(selections)


def marks_of(
    notice: Notice, notices: Sequence[Notice], texts: tuple[str, str], drafted: tuple[str, str]
) -> tuple[LineMarks, LineMarks]:
    """Marks of both texts. ``drafted``: what the facts make; compared with the version that went out before this one."""
    before = next((one for one in reversed(notices) if one.version < notice.version and one.issued_at is not None), None)
    issued = (before.text_zh, before.text_en) if before is not None else (None, None)
    zh, en = (line_marks(*each) for each in zip(texts, drafted, issued, strict=True))
    return zh, en
