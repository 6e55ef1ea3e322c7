"""Sets a report's PDF with Qt. Run as a process: JSON of a report on stdin, PDF on stdout."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import msgspec
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
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
    QTextFrameFormat,
    QTextImageFormat,
    QTextLength,
    QTextTable,
    QTextTableFormat,
)
from PySide6.QtSvg import QSvgRenderer

_SANS = ["Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "sans-serif"]
_DPI, _IMAGE_SCALE = 300, 3
_MM = _DPI / 25.4
_INK, _MUTED, _RED, _GREEN = "#1a1a1a", "#555555", "#b3261e", "#0b5a33"
_HEADINGS = {1: 18.0, 2: 14.0, 3: 11.5}
_FOOT_MM, _PHOTO_MM = 8.0, 80.0


class _Setter:
    """Builds the document block by block; every text is inserted as plain text."""

    def __init__(self, report: Mapping[str, Any], writer: QPdfWriter) -> None:
        self._report = report
        self.document = QTextDocument()
        self.document.documentLayout().setPaintDevice(writer)
        self.document.setDocumentMargin(0)
        self._width = float(writer.width())
        self._cursor = QTextCursor(self.document)
        self._images = 0

    def fill(self) -> None:
        """Insert all blocks of the report."""
        self._line(self._report["title"], _chars(18, bold=True), below=2)
        if self._report["badges"]:
            self._line(" · ".join(self._report["badges"]), _chars(9.5, bold=True, colour=_RED), below=2)
        for block in self._report["blocks"]:
            getattr(self, f"_{block['kind'].lower()}")(block)

    def _heading(self, block: Mapping[str, Any]) -> None:
        level = int(block["level"])
        self._line(block["text"], _chars(_HEADINGS.get(level, 11), bold=True), above=5 if level < 3 else 3, below=1)

    def _text(self, block: Mapping[str, Any]) -> None:
        for line in str(block["text"]).split("\n"):
            self._line(line, _chars(9.5, colour=_MUTED if block["tone"] == "muted" else _INK))

    def _facts(self, block: Mapping[str, Any]) -> None:
        lines = block["lines"]
        if not lines:
            return
        table = self._grid(len(lines), 2, (38, 62), border=False)
        for row, line in enumerate(lines):
            tone = {"bad": _RED, "good": _GREEN}.get(line["tone"], _INK)
            verdict = f"  {line['verdict']}" if line["verdict"] else ""
            self._cell(table, row, 0, line["label"], _chars(9, colour=_MUTED))
            self._cell(table, row, 1, line["value"] + verdict, _chars(9, bold=line["tone"] == "bad", colour=tone))
        self._cursor.movePosition(QTextCursor.MoveOperation.End)

    def _table(self, block: Mapping[str, Any]) -> None:
        columns, rows = block["columns"], block["rows"]
        longest = [max([len(str(name)) * 2, *(_wide(row[number]) for row in rows)]) for number, name in enumerate(columns)]
        shares = [min(max(length, 6), 60) for length in longest]
        table = self._grid(len(rows) + 1, len(columns), tuple(100 * share / sum(shares) for share in shares), border=True)
        for number, name in enumerate(columns):
            self._cell(table, 0, number, name, _chars(8, bold=True, colour=_MUTED))
        for row, cells in enumerate(rows, start=1):
            for number, text in enumerate(cells):
                self._cell(table, row, number, text, _chars(8))
        self._cursor.movePosition(QTextCursor.MoveOperation.End)

    def _figure(self, block: Mapping[str, Any]) -> None:
        renderer = QSvgRenderer(QByteArray(block["svg"].encode()))
        image = QImage(block["width"] * _IMAGE_SCALE, block["height"] * _IMAGE_SCALE, QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        # Qt scales the sizes of images to the device.
        self._insert(image, self._width * 96 / _DPI, self._width * 96 / _DPI * block["height"] / block["width"])

    def _photo(self, block: Mapping[str, Any]) -> None:
        image = QImage.fromData(QByteArray.fromBase64(str(block["uri"]).partition(",")[2].encode()))
        if not image.isNull():
            scale = min(_PHOTO_MM * 96 / 25.4 / max(image.width(), image.height()), 1.0)
            self._insert(image, image.width() * scale, image.height() * scale)
        self._line(block["caption"], _chars(8.5, colour=_MUTED), below=2)

    def _insert(self, image: QImage, width: float, height: float) -> None:
        self._images += 1
        name = f"figure{self._images}"
        self.document.addResource(QTextDocument.ResourceType.ImageResource.value, name, image)
        self._line("", _chars(6))
        placed = QTextImageFormat()
        placed.setName(name)
        placed.setWidth(width)
        placed.setHeight(height)
        self._cursor.insertImage(placed)

    def _line(self, text: str, chars: QTextCharFormat, *, above: float = 0, below: float = 0.6) -> None:
        form = QTextBlockFormat()
        form.setTopMargin(above * 96 / 25.4)
        form.setBottomMargin(below * 96 / 25.4)
        form.setLineHeight(110.0, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        if self._cursor.atStart():
            self._cursor.setBlockFormat(form)
        else:
            self._cursor.insertBlock(form)
        self._cursor.insertText(str(text), chars)

    def _grid(self, rows: int, columns: int, shares: tuple[float, ...], *, border: bool) -> QTextTable:
        form = QTextTableFormat()
        form.setColumnWidthConstraints([QTextLength(QTextLength.Type.PercentageLength, share) for share in shares])
        form.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        form.setCellPadding(1.2 * 96 / 25.4 if border else 0.4 * 96 / 25.4)
        form.setCellSpacing(0)
        form.setBorder(0.5 if border else 0)
        form.setBorderCollapse(True)
        form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        form.setBorderBrush(QBrush(QColor("#bbbbbb")))
        form.setHeaderRowCount(1 if border else 0)
        self._line("", _chars(3), below=0)
        return self._cursor.insertTable(rows, columns, form)

    def _cell(self, table: QTextTable, row: int, column: int, text: str, chars: QTextCharFormat) -> None:
        table.cellAt(row, column).firstCursorPosition().insertText(str(text), chars)


def render(report: Mapping[str, Any]) -> bytes:
    """The PDF's bytes. Needs a QGuiApplication."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DPI)
    margins = QMarginsF(18, 16, 18, 14)
    portrait, millimetres = QPageLayout.Orientation.Portrait, QPageLayout.Unit.Millimeter
    writer.setPageLayout(QPageLayout(QPageSize(QPageSize.PageSizeId.A4), portrait, margins, millimetres))
    writer.setTitle(report["title"])
    writer.setCreator("Quanmai")
    painter = QPainter(writer)
    setter = _Setter(report, writer)
    width, height = float(writer.width()), float(writer.height()) - _FOOT_MM * _MM
    setter.document.setPageSize(QSizeF(width, height))
    setter.fill()
    count = max(setter.document.pageCount(), 1)
    for number in range(count):
        if number:
            writer.newPage()
        painter.save()
        painter.translate(0, -number * height)
        setter.document.drawContents(painter, QRectF(0, number * height, width, height))
        painter.restore()
        painter.setFont(_font(7.5))
        painter.setPen(QColor(_MUTED))
        foot = QRectF(0, height + 2 * _MM, width, 5 * _MM)
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignLeft), report["foot"])
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignRight), f"{number + 1} / {count}")
    painter.end()
    buffer.close()
    return bytes(data.data())


def _wide(text: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in str(text)[:80])


def _chars(points: float, *, bold: bool = False, colour: str = _INK) -> QTextCharFormat:
    chars = QTextCharFormat()
    chars.setFont(_font(points, bold))
    chars.setForeground(QBrush(QColor(colour)))
    return chars


def _font(points: float, bold: bool = False) -> QFont:
    font = QFont(_SANS)
    font.setPointSizeF(points)
    font.setBold(bold)
    # Localised digits of the CJK fonts have no Unicode mapping: text copied from the PDF would lose its numbers.
    font.setFeature(QFont.Tag.fromString("locl"), 0)
    return font


def main() -> int:
    """JSON of a report on stdin, PDF on stdout."""
    report = msgspec.json.decode(sys.stdin.buffer.read())
    app = QGuiApplication.instance() or QGuiApplication(["quanmai-report"])
    sys.stdout.buffer.write(render(report))
    sys.stdout.buffer.flush()
    del app
    return 0


if __name__ == "__main__":
    sys.exit(main())
