"""Tables of the bottom panels: a plain table, and columns that fit their texts."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QStyle, QTableView, QWidget

from console.ui.theme import Letters

ROW_PX, _COMPACT_ROW_PX = 27, 22
_CELL_PADDING_PX = 6
"""``QTableView::item`` in window.qss."""
TIME_SAMPLE, STAMP_SAMPLE = "00:00:00", "00-00 00:00"
"""A time of today, and one of another day; figures are all of one width."""
_LETTERS_CHANGED = (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange, QEvent.Type.StyleChange)


class FontWatcher(QObject):
    """Watches a table's font: its columns have to be fitted again when it changes."""

    changed = Signal()

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        table.installEventFilter(self)
        table.horizontalHeader().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Emit ``changed`` when the font may have changed."""
        shown = isinstance(watched, QWidget) and watched.isVisible()
        if event.type() in _LETTERS_CHANGED and isinstance(watched, QTableView):
            fit_rows(watched)
        if event.type() is QEvent.Type.Show or (shown and event.type() in _LETTERS_CHANGED):
            self.changed.emit()
        return super().eventFilter(watched, event)


def fit_rows(table: QTableView) -> None:
    """Rows as high as the letters and the density need."""
    letters = Letters.now()
    least = _COMPACT_ROW_PX if letters.compact else ROW_PX
    table.verticalHeader().setDefaultSectionSize(round(least * max(letters.scale, 1.0)))


def fit_column(table: QTableView, column: int, samples: Iterable[str], least: int = 0) -> None:
    """Make a column as wide as its heading and the widest of these texts, in the letters the table has now."""
    wanted = max(cell_width(table, text) for text in samples)
    header = table.horizontalHeader()
    header.resizeSection(column, max(wanted, header.sectionSizeHint(column), least))


def cell_width(table: QTableView, text: str) -> int:
    """Pixels that a cell takes for a text without a symbol."""
    margin = table.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, table) + 1
    return table.fontMetrics().horizontalAdvance(text) + 2 * (margin + _CELL_PADDING_PX) + 1


def plain_table(model: QAbstractItemModel) -> QTableView:
    """A table without a grid: whole rows, one line each, no way sideways."""
    table = QTableView()
    table.setModel(model)
    table.setShowGrid(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setTabKeyNavigation(False)
    table.setIconSize(QSize(16, 16))
    table.setWordWrap(False)
    table.verticalHeader().hide()
    fit_rows(table)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    return table
