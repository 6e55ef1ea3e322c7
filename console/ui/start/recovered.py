"""The window that offers, at the next start, what a session left that did not end properly."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from console.ui.appearance import Appearance
from console.ui.start.drafts import Draft, LeftOver
from console.ui.widgets import button, label, row
from console.ui.words import one_line

_TEXT_PX = 84


class RecoveredDialog(QDialog):
    """Texts with *Copy*, the fault report with *Open folder*. ``dropped``: the texts are not wanted."""

    dropped = Signal()

    def __init__(self, left: LeftOver, report: Path | None, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = appearance.words
        self._text = words.catalogue.text
        self.setWindowTitle(self._text("start.recovered.title"))
        self.setMinimumWidth(620)
        box = QVBoxLayout(self)
        box.setSpacing(8)
        box.addWidget(label(self._text("start.recovered.text" if left.drafts else "start.recovered.text_none"), wrap=True))
        box.addWidget(label(self._text("start.recovered.at", time=words.full_time(left.at)), "muted"))
        self.copies: list[QPushButton] = []
        if left.drafts:
            box.addWidget(self._drafts(left.drafts), 1)
        if report is not None:
            box.addWidget(label(self._text("start.recovered.report", path=str(report)), "muted", wrap=True, selectable=True))
        box.addLayout(self._buttons(bool(left.drafts), report))

    def _drafts(self, drafts: tuple[Draft, ...]) -> QWidget:
        inner = QFrame()
        column = QVBoxLayout(inner)
        for one in drafts:
            copy = button(self._text("start.recovered.copy"))
            copy.clicked.connect(lambda _=False, one=one, copy=copy: self._copy(one, copy))
            self.copies.append(copy)
            line = row(label(one_line(" · ".join(part for part in (one.window, one.field) if part)), "strong", wrap=True), copy)
            line.setStretch(0, 1)
            column.addLayout(line)
            shown = QPlainTextEdit(one.text)
            shown.setReadOnly(True)
            shown.setFixedHeight(_TEXT_PX)
            column.addWidget(shown)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        area.setMinimumHeight(min(400, 140 * len(drafts)))
        return area

    def _buttons(self, has_drafts: bool, report: Path | None) -> QHBoxLayout:
        parts: list[QWidget | int] = []
        if report is not None:
            folder = button(self._text("start.recovered.open_folder"))
            folder.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(report.parent))))
            parts.append(folder)
        parts.append(1)
        if has_drafts:
            self.drop = button(self._text("start.recovered.drop"))
            self.drop.clicked.connect(self._drop)
            parts.append(self.drop)
        later = button(self._text("start.recovered.later") if has_drafts else self._text("start.recovered.ok"), "primary")
        later.clicked.connect(self.reject)
        parts.append(later)
        return row(*parts)

    def _copy(self, draft: Draft, copy: QPushButton) -> None:
        QGuiApplication.clipboard().setText(draft.text)
        copy.setText(self._text("start.recovered.copied"))

    def _drop(self) -> None:
        self.dropped.emit()
        self.accept()
