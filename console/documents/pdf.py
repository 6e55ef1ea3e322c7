"""Sets a notice's PDF with Qt (A4). Run as a process: JSON of the page on stdin, PDF on stdout.

With ``report.pdf_setting`` the only Qt outside ui and app; imported only by its own process (``pdf_page.make_pdf``) and tests.
"""

from __future__ import annotations

import sys

import msgspec
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)

from console.documents.pdf_page import NoticePage, TextPage
from console.documents.pdf_sketch import INK, RED, SANS, draw_sketch, page_font

_SERIF = ["Noto Serif CJK SC", "Source Han Serif SC", "SimSun", "Songti SC", "serif"]
_DPI = 300
_MM = _DPI / 25.4
_MARGINS_MM = (25.0, 22.0, 25.0, 20.0)
_SCALED_MM = 96 / 25.4  # Qt scales vertical block margins to the device, but not horizontal ones
_SKETCH_MM, _SKETCH_LEAST_MM = 90.0, 50.0


def render(page: NoticePage) -> bytes:
    """The PDF's bytes. Needs a QGuiApplication."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DPI)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            QMarginsF(*_MARGINS_MM),
            QPageLayout.Unit.Millimeter,
        )
    )
    writer.setTitle(page.pages[0].title if page.pages else "")
    writer.setCreator("Quanmai")
    painter = QPainter(writer)
    for number, text in enumerate(page.pages):
        if number:
            writer.newPage()
        _print_text(painter, writer, text, page, page.has_sketch and number == 0)
    painter.end()
    buffer.close()
    return bytes(data.data())


def page_images(page: NoticePage) -> list[QImage]:
    """The same pages, set by the same code at the same resolution, as pictures at half of it. Needs a QGuiApplication."""
    paper = QPageSize(QPageSize.PageSizeId.A4).sizePixels(_DPI)
    image = QImage(paper, QImage.Format.Format_RGB32)
    for setter in (image.setDotsPerMeterX, image.setDotsPerMeterY):
        setter(round(_DPI / 0.0254))
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    left, top, right, bottom = (round(mm * _MM) for mm in _MARGINS_MM)
    painter.translate(left, top)
    pages = _Pictures(image, painter, paper.width() - left - right, paper.height() - top - bottom)
    for number, text in enumerate(page.pages):
        if number:
            pages.newPage()
        _print_text(painter, pages, text, page, page.has_sketch and number == 0)
    pages.newPage()
    painter.end()
    return pages.done


class _Pictures:
    """Pages painted one after the other on one picture, each kept when the next one begins."""

    def __init__(self, image: QImage, painter: QPainter, width: int, height: int) -> None:
        self.device, self._painter, self._width, self._height = image, painter, width, height
        self.done: list[QImage] = []

    def width(self) -> int:
        """Width between the margins, dots."""
        return self._width

    def height(self) -> int:
        """Height between the margins, dots."""
        return self._height

    def newPage(self) -> None:
        """Keep the page and begin an empty one."""
        size = self.device.size() / 2
        smooth = Qt.TransformationMode.SmoothTransformation
        self.done.append(self.device.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth))
        self._painter.save()
        self._painter.resetTransform()
        self._painter.fillRect(self.device.rect(), Qt.GlobalColor.white)
        self._painter.restore()


_Pages = QPdfWriter | _Pictures


def _print_text(painter: QPainter, writer: _Pages, text: TextPage, page: NoticePage, has_sketch: bool) -> None:
    """Print one language on as many pages as needed, then the sketch, on a new page if it does not fit."""
    width, height = float(writer.width()), float(writer.height())
    document = _document(text, writer, QSizeF(width, height))
    count = max(document.pageCount(), 1)
    for number in range(count):
        if number:
            writer.newPage()
        _watermark(painter, page.watermark, width, height)
        painter.save()
        painter.translate(0, -number * height)
        document.drawContents(painter, QRectF(0, number * height, width, height))
        painter.restore()
    if not has_sketch:
        return
    top = _body_height(document, count, height) + 6 * _MM
    if top + _SKETCH_LEAST_MM * _MM > height:
        writer.newPage()
        _watermark(painter, page.watermark, width, height)
        top = 0.0
    draw_sketch(painter, QRectF(0, top, width, min(_SKETCH_MM * _MM, height - top)), page, _MM)


def _body_height(document: QTextDocument, count: int, height: float) -> float:
    """Height at which the text ends on its last page; a document with a page size is a multiple of it."""
    layout = document.documentLayout()
    last = layout.blockBoundingRect(document.lastBlock())
    return last.bottom() - (count - 1) * height


def _document(text: TextPage, writer: _Pages, size: QSizeF) -> QTextDocument:
    document = QTextDocument()
    document.documentLayout().setPaintDevice(writer if isinstance(writer, QPdfWriter) else writer.device)
    document.setDocumentMargin(0)
    document.setPageSize(size)
    cursor = QTextCursor(document)
    left, centre, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight
    for banner in text.banners:
        _block(cursor, banner, centre, _chars(SANS, 11.5, bold=True, colour=RED), below_mm=1.5)
    _block(cursor, text.title, centre, _chars(SANS, 19, bold=True), above_mm=4, below_mm=6)
    body = 11.0 if text.language == "zh_CN" else 10.5
    for paragraph in text.paragraphs:
        sub = paragraph.startswith(("　", " "))
        _block(cursor, paragraph.strip("　 "), left, _chars(_SERIF, body), below_mm=1.6, indent_mm=8 if sub else 0)
    for line in text.signature:
        _block(cursor, line, right, _chars(_SERIF, body), above_mm=1.0)
    return document


def _block(
    cursor: QTextCursor,
    text: str,
    alignment: Qt.AlignmentFlag,
    chars: QTextCharFormat,
    *,
    above_mm: float = 0.0,
    below_mm: float = 0.0,
    indent_mm: float = 0.0,
) -> None:
    block = QTextBlockFormat()
    block.setAlignment(alignment)
    block.setTopMargin(above_mm * _SCALED_MM)
    block.setBottomMargin(below_mm * _SCALED_MM)
    block.setLeftMargin(indent_mm * _MM)
    block.setLineHeight(112.0, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    if cursor.atStart():
        cursor.setBlockFormat(block)
    else:
        cursor.insertBlock(block)
    cursor.insertText(text, chars)  # plain text: nothing in a notice is parsed as markup


def _chars(families: list[str], points: float, *, bold: bool = False, colour: QColor = INK) -> QTextCharFormat:
    chars = QTextCharFormat()
    chars.setFont(page_font(families, points, bold))
    chars.setForeground(QBrush(colour))
    return chars


def _watermark(painter: QPainter, words: str, width: float, height: float) -> None:
    if not words:
        return
    painter.save()
    painter.translate(width / 2, height / 2)
    painter.rotate(-35)
    painter.setFont(page_font(SANS, 96, bold=True))
    painter.setPen(QColor(179, 38, 30, 26))
    painter.drawText(QRectF(-width, -height / 4, 2 * width, height / 2), int(Qt.AlignmentFlag.AlignCenter), words)
    painter.restore()


def main() -> int:
    """JSON of a NoticePage on stdin, PDF on stdout."""
    page = msgspec.json.decode(sys.stdin.buffer.read(), type=NoticePage)
    app = QGuiApplication.instance() or QGuiApplication(["quanmai-pdf"])
    content = render(page)
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    del app
    return 0


if __name__ == "__main__":
    sys.exit(main())
