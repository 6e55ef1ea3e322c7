"""The questions reviewers ask, on one page of the window."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime

from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from console.documents.report.words import ReportWords
from console.services.review.answers import Answer, Fact, Rows, Value, Verdict
from console.ui.appearance import Appearance

_ROLES = {Verdict.GOOD: "state.ok", Verdict.BAD: "state.critical", Verdict.UNKNOWN: "text.muted", Verdict.PLAIN: "text.normal"}
_ROWS_MOST = 15


class AnswersPanel(QWidget):
    """One page: each question with its facts and its table; every text is escaped, nothing is a link."""

    def __init__(self, answers: Sequence[Answer], time_zone: str, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._answers, self._zone = answers, time_zone
        self.page = QTextBrowser()
        self.page.setOpenLinks(False)
        self.page.setOpenExternalLinks(False)
        self.page.setWordWrapMode(QTextOption.WrapMode.WordWrap)  # a wide table scrolls; a time broken in four is no time
        self.page.setFrameShape(QTextBrowser.Shape.NoFrame)
        box = QVBoxLayout(self)
        box.setContentsMargins(4, 4, 4, 4)
        box.addWidget(self.page)
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language: all of it anew."""
        words = ReportWords(appearance.words.language, self._zone)
        self.page.setHtml("".join(self._answer(answer, words, appearance) for answer in self._answers))

    def show_answers(self, answers: Sequence[Answer], appearance: Appearance) -> None:
        """Answers that the reviewer's findings have changed; the page stays where it was scrolled to."""
        at = self.page.verticalScrollBar().value()
        self._answers = answers
        self.set_appearance(appearance)
        self.page.verticalScrollBar().setValue(at)

    def _answer(self, answer: Answer, words: ReportWords, appearance: Appearance) -> str:
        strong = appearance.theme.colours["text.strong"]
        facts = "".join(_fact(fact, words, appearance) for fact in answer.facts)
        table = _table(answer.table, words, appearance) if answer.table is not None and answer.table.rows else ""
        head = f'<p style="margin:12px 0 2px 0"><b style="color:{strong}">{html.escape(words.question(answer))}</b></p>'
        return f'{head}<table width="100%" cellpadding="1">{facts}</table>{table}'


def _fact(fact: Fact, words: ReportWords, appearance: Appearance) -> str:
    colours = appearance.theme.colours
    text = f"{words.fact(fact)} {words.verdict(fact)}".strip()
    return (
        f'<tr><td width="46%" style="color:{colours["text.muted"]}">{html.escape(words.label(fact))}</td>'
        f'<td style="color:{colours[_ROLES[fact.verdict]]}">{html.escape(text)}</td></tr>'
    )


def _table(table: Rows, report: ReportWords, appearance: Appearance) -> str:
    muted = appearance.theme.colours["text.muted"]
    head = "".join(f'<td style="color:{muted}">{html.escape(report(f"column.{column}"))}</td>' for column in table.columns)
    rows = []
    first = next((value for row in table.rows for value in row if isinstance(value, datetime)), None)
    for row in table.rows[:_ROWS_MOST]:
        cells = (_cell(value, unit, report, first) for value, unit in zip(row, table.units, strict=True))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    more = len(table.rows) - len(rows)
    left = f'<p style="color:{muted}">{html.escape(report("page.more_rows", count=more))}</p>' if more > 0 else ""
    return f'<table width="100%" cellpadding="2"><tr>{head}</tr>{"".join(rows)}</table>{left}'


def _cell(value: Value, unit: str, words: ReportWords, first: datetime | None) -> str:
    """Narrower than on paper: the date only where it is another than that of the table's first time; only texts are broken."""
    if isinstance(value, datetime) and first is not None:
        local = value.astimezone(words.zone)
        same = local.date() == first.astimezone(words.zone).date()
        text = f"{local:%H:%M:%S}" if same else f"{local:%m-%d %H:%M:%S}"
    else:
        text = words.cell(value, unit)
    kept = "" if isinstance(value, str) else ' style="white-space:nowrap"'
    return f"<td{kept}>{html.escape(text)}</td>"
