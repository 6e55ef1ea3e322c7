"""The user guide inside the program: chapters at the left, the chosen one at the right."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QListWidget, QSplitter, QTextBrowser, QVBoxLayout, QWidget

from console.documents.guide import chapters, folder_of
from console.ui.appearance import Appearance

_SIZE, _LIST_PX = (1180, 760), 240


class GuideWindow(QDialog):
    """Beside the console, which stays usable. Nothing is read before it is opened."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._shown = ""
        self.list = QListWidget()
        self.page = QTextBrowser()
        self.page.setOpenLinks(False)
        self.page.anchorClicked.connect(self._follow)
        self.list.currentRowChanged.connect(self._show_row)
        splitter = QSplitter()
        splitter.addWidget(self.list)
        splitter.addWidget(self.page)
        splitter.setSizes([_LIST_PX, _SIZE[0] - _LIST_PX])
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 8, 8, 8)
        box.addWidget(splitter)
        self.resize(*_SIZE)

    def open(self, chapter: str = "") -> None:
        """Show the guide at a chapter (name of its file), else where it was."""
        self._fill()
        names = [one.name for one in chapters(self._appearance.words.language)]
        if chapter in names:
            self.list.setCurrentRow(names.index(chapter))
        self.show()
        self.raise_()
        self.activateWindow()
        self.list.setFocus()

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        self._shown = ""
        if self.isVisible():
            self._fill()

    def _fill(self) -> None:
        language = self._appearance.words.language
        if self._shown == language:
            return
        row, self._shown = max(self.list.currentRow(), 0), language
        self.setWindowTitle(self._appearance.words("commands.guide"))
        self.page.setSearchPaths([str(Path(str(folder_of(language))))])
        theme = self._appearance.theme
        self.page.document().setDefaultStyleSheet(
            f"a {{color: {theme.colours['accent.link'] if 'accent.link' in theme.colours else theme.colours['text.normal']}}}"
        )
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems([one.title for one in chapters(language)])
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        self._show_row(row)

    @Slot(int)
    def _show_row(self, row: int) -> None:
        parts = chapters(self._appearance.words.language)
        if 0 <= row < len(parts):
            self.page.setHtml(parts[row].html)

    @Slot(QUrl)
    def _follow(self, link: QUrl) -> None:
        """A link to another chapter (``02-night.md``) or outside."""
        name = link.path().removesuffix(".md")
        names = [one.name for one in chapters(self._appearance.words.language)]
        if name in names:
            self.list.setCurrentRow(names.index(name))
        elif link.scheme() in ("http", "https"):
            QDesktopServices.openUrl(link)
