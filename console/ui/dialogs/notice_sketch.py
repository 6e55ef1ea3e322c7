"""NoticeSketch: the sketch of a notice as it is published, drawn beside its text."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.documents.pdf_page import NoticePage
from console.documents.pdf_sketch import draw_sketch
from console.ui.appearance import Appearance

_MARGIN_PX = 6
_WRAPPED = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
_WIDTH_MM = 105.0
"""So wide the frame is taken to be: lines and letters then suit a column beside the text."""


class NoticeSketch(QWidget):
    """On white whatever the theme: it is the public's picture. Streets and communities; never pipes or valves."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words, self._page = appearance.words, None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(170)
        self.setAccessibleName(appearance.words("notice.sketch"))

    _page: NoticePage | None

    def sizeHint(self) -> QSize:
        """The preferred size."""
        return QSize(400, 320)

    def show_page(self, page: NoticePage) -> None:
        """The sketch of this page."""
        if page != self._page:
            self._page = page
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the sketch, or why there is none."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.fillRect(self.rect(), "#ffffff")
        frame = QRectF(self.rect()).adjusted(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_MARGIN_PX)
        if self._page is not None and self._page.has_sketch:
            draw_sketch(painter, frame, self._page, frame.width() / _WIDTH_MM)
        else:
            painter.setPen("#666666")
            painter.drawText(frame, int(_WRAPPED), self._words("notice.no_sketch"))
        painter.end()
