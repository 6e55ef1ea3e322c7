"""The notice exactly as it would be issued now: both texts, the printed page, the CAP message."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from console.documents.pdf import page_images
from console.documents.preview import NoticePreview
from console.ui.appearance import Appearance
from console.ui.widgets import button, label, row

_PAGE_PX, _EDGES_PX = 780, 80


class NoticePreviewDialog(QDialog):
    """Read only. Nothing leaves the house from here."""

    def __init__(self, appearance: Appearance, shown: NoticePreview, notice_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = appearance.words
        self.setWindowTitle(words("notice.preview_title", notice=notice_id))
        room = self.screen().availableSize()
        self.resize(min(900, room.width() - 60), min(820, room.height() - 80))
        self.tabs = QTabWidget()
        self.pages = page_images(shown.page)
        self.tabs.addTab(self._paper(), words("notice.preview_page"))
        self.texts = [self._plain(shown.text_zh), self._plain(shown.text_en)]
        self.tabs.addTab(self.texts[0], "中文")
        self.tabs.addTab(self.texts[1], "English")
        self.cap = self._plain(shown.cap_xml or words("notice.preview_cap_fault", fault=shown.cap_fault), wrap=False)
        self.tabs.addTab(self.cap, words("notice.preview_cap"))
        valid = words("notice.preview_cap_valid") if not shown.cap_fault else words("notice.preview_cap_refused")
        self.remark = label(f"{words('notice.preview_note')} {valid}", "warning" if shown.cap_fault else "muted", wrap=True)
        close = button(words("notice.close"))
        close.clicked.connect(self.close)
        box = QVBoxLayout(self)
        box.addWidget(self.tabs, 1)
        box.addWidget(self.remark)
        box.addLayout(row(1, close))

    def _paper(self) -> QScrollArea:
        """The pages of the PDF one below the other, on white whatever the theme."""
        inside = QWidget()
        box = QVBoxLayout(inside)
        box.setSpacing(10)
        wide = min(_PAGE_PX, self.width() - _EDGES_PX)
        ratio = self.devicePixelRatioF()
        for image in self.pages:
            page = label()
            picture = QPixmap.fromImage(image).scaledToWidth(round(wide * ratio), Qt.TransformationMode.SmoothTransformation)
            picture.setDevicePixelRatio(ratio)
            page.setPixmap(picture)
            page.setAccessibleName(self.windowTitle())
            box.addWidget(page, 0, Qt.AlignmentFlag.AlignHCenter)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        return area

    @staticmethod
    def _plain(text: str, *, wrap: bool = True) -> QPlainTextEdit:
        field = QPlainTextEdit(text)
        field.setReadOnly(True)
        if not wrap:
            field.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        return field
