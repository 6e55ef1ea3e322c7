"""HelpWindow (F1): what the panel in use shows and how to read it, beside the sheet of keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QDialog, QLayout, QLineEdit, QSplitter, QTextBrowser, QVBoxLayout, QWidget

from console.ui.appearance import Appearance
from console.ui.help.key_sheet import key_sheet
from console.ui.help.pages import PAGES, page, title
from console.ui.permitted import over_recording
from console.ui.widgets import button, label, row

_SIZE_PX = (1080, 680)


class HelpWindow(QDialog):
    """Beside the window, not over it: work goes on while it is open. Esc closes it."""

    def __init__(self, appearance: Appearance, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._appearance = appearance
        words, language = appearance.words, appearance.words.language
        text = words.catalogue.text
        self.setWindowTitle(text("help.title"))
        room = self.screen().availableSize()
        self.resize(min(_SIZE_PX[0], room.width() - 60), min(_SIZE_PX[1], room.height() - 80))
        self.pages, self.page, self.keys = QComboBox(), QTextBrowser(), QTextBrowser()
        for one in PAGES:
            self.pages.addItem(title(one, language), one)
        self.pages.setAccessibleName(text("help.pages"))
        self.pages.currentIndexChanged.connect(self._show_page)
        self.sought = QLineEdit()
        self.sought.setPlaceholderText(text("help.sought"))
        self.sought.setAccessibleName(text("help.sought"))
        self.sought.setClearButtonEnabled(True)
        self.sought.textChanged.connect(self._show_keys)
        self.page.setAccessibleName(text("help.pages"))
        self.keys.setAccessibleName(text("help.sheet"))
        for browser in (self.page, self.keys):
            browser.setOpenLinks(False)
        close = button(words("notice.close"))
        close.clicked.connect(self.close)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.addWidget(_column(row(self.pages), self.page))
        split.addWidget(_column(row(label(text("help.sheet"), "strong"), self.sought), self.keys))
        split.setStretchFactor(0, 5)
        split.setStretchFactor(1, 4)
        box = QVBoxLayout(self)
        box.addWidget(split, 1)
        box.addLayout(row(label(text("help.more"), "muted"), 1, close))
        self._show_keys()
        self.show_page(name)
        self.page.setFocus()

    def show_page(self, name: str) -> None:
        """Another panel's page; an unknown name shows the first one."""
        self.pages.setCurrentIndex(max(self.pages.findData(name), 0))
        self._show_page()

    def _show_page(self) -> None:
        self.page.setMarkdown(page(str(self.pages.currentData()), self._appearance.words.language))

    def _show_keys(self) -> None:
        replay = over_recording(self.parentWidget())
        self.keys.setHtml(key_sheet(self._appearance.words, self.sought.text(), replay=replay))


def help_key(dialog: QDialog, name: str, appearance: Appearance) -> None:
    """F1 in a dialog opens its page."""

    def show() -> None:
        HelpWindow(appearance, name, dialog).show()

    QShortcut(QKeySequence(Qt.Key.Key_F1), dialog).activated.connect(show)


def _column(head: QLayout, body: QWidget) -> QWidget:
    made = QWidget()
    box = QVBoxLayout(made)
    box.setContentsMargins(0, 0, 0, 0)
    box.addLayout(head)
    box.addWidget(body, 1)
    return made
