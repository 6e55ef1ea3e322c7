"""NoticeTexts: both texts of a notice to read and correct, their lines marked, and the history of the notice beside them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QTabWidget, QVBoxLayout, QWidget

from console.documents.outdated import outdated_lines
from console.documents.wording import draft_text
from console.domain.notices import Notice
from console.services.notices.contradictions import Contradiction
from console.ui.appearance import Appearance
from console.ui.dialogs.notice_life import LifeList, marks_of, show_marks
from console.ui.widgets import label

_LEAST_PX = 110


class NoticeTexts(QWidget):
    """``zh``, ``en``: the fields; ``life``: what was done to each version."""

    typed = Signal()
    """A text has changed, by hand or by the program."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self.zh, self.en, self.life = QPlainTextEdit(), QPlainTextEdit(), LifeList(appearance)
        tabs, words = QTabWidget(), appearance.words
        tabs.addTab(self.zh, "中文")
        tabs.addTab(self.en, "English")
        tabs.setCurrentIndex(0 if words.language == "zh_CN" else 1)
        tabs.addTab(self.life, words("notice.history"))
        for field, name in ((self.zh, "中文"), (self.en, "English")):
            field.setTabChangesFocus(True)
            field.setMinimumHeight(_LEAST_PX)
            field.setAccessibleName(name)
            field.textChanged.connect(self.typed)
        self._legend = label(name="muted", wrap=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(tabs, 1)
        box.addWidget(self._legend)

    @property
    def texts(self) -> tuple[str, str]:
        """As they stand in the fields: Chinese, English."""
        return self.zh.toPlainText(), self.en.toPlainText()

    def show_texts(self, zh: str, en: str) -> None:
        """Put texts into the fields; one that is there already keeps its cursor."""
        for field, text in ((self.zh, zh), (self.en, en)):
            if field.toPlainText() != text:
                field.setPlainText(text)

    def set_editable(self, editable: bool) -> None:
        """Whether they can be changed."""
        for field in (self.zh, self.en):
            field.setReadOnly(not editable)

    def mark(self, notice: Notice, notices: Sequence[Notice], found: Sequence[Contradiction]) -> None:
        """Mark lines by hand, those that differ from what went out before, and those whose facts have changed since."""
        facts, words = notice.facts, self._appearance.words
        languages = ("zh_CN", "en")
        both = marks_of(notice, notices, self.texts, (draft_text(facts, "zh_CN"), draft_text(facts, "en")))
        old = [outdated_lines(text, facts, found, language) for text, language in zip(self.texts, languages, strict=True)]
        for field, marks, outdated in zip((self.zh, self.en), both, old, strict=True):
            show_marks(field, marks, self._appearance, outdated)
        at = languages.index(words.language)
        counts = (("outdated", old[at]), ("edited", both[at].edited), ("changed", both[at].changed))
        self._legend.setText(" · ".join(words(f"notice.marks_{name}", n=len(lines)) for name, lines in counts if lines))
        self._legend.setVisible(bool(self._legend.text()))
