"""The log of actions of the case in focus, and the kind of table the bottom of the window is made of."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QTableView, QVBoxLayout, QWidget

from console.ui.models.timeline import TimelineModel
from console.ui.style import Looks, label

_ROW_PX, _NAME_PX = 27, 84
_CELL_PADDING_PX = 6
"""``QTableView::item`` in window.qss."""
TIME_SAMPLE, STAMP_SAMPLE = "00:00:00", "00-00 00:00"
"""A time of today, and one of another day; figures are all of one width."""
_LETTERS_CHANGED = (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange, QEvent.Type.StyleChange)


class LogList(QWidget):
    """The log of actions, the newest in sight."""

    def __init__(self, model: TimelineModel, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = label(name="heading")
        self._incident_id = ""
        self._looks = looks
        self.table = plain_table(model)
        self.table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setResizeContentsPrecision(0)  # what is in sight
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 6, 6, 4)
        box.setSpacing(3)
        box.addWidget(self._title)
        box.addWidget(self.table, 1)
        model.rowsInserted.connect(self.table.scrollToBottom)
        model.rowsInserted.connect(self._fit)
        Letters(self.table).changed.connect(self._fit)
        self.set_looks(looks)

    def set_looks(self, looks: Looks) -> None:
        """Another theme or language."""
        self._looks = looks
        self.show_of(self._incident_id)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        """Times are never cut; names take what they need, up to a fifth of the list or a short name's width."""
        fit_column(self.table, 0, (TIME_SAMPLE, STAMP_SAMPLE))
        header = self.table.horizontalHeader()
        most = max(self.table.viewport().width() // 5, header.sectionSizeHint(1), _NAME_PX)
        header.resizeSection(1, min(max(self.table.sizeHintForColumn(1), header.sectionSizeHint(1)), most))

    def show_of(self, incident_id: str) -> None:
        """Whose log this is."""
        self._incident_id = incident_id
        words = self._looks.words
        self._title.setText(words("log.title_of", incident=incident_id) if incident_id else words("log.title"))


class Letters(QObject):
    """Watches a table's letters: its columns have to be fitted anew when their size or style changes."""

    changed = Signal()

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        table.installEventFilter(self)
        table.horizontalHeader().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        shown = isinstance(watched, QWidget) and watched.isVisible()
        if event.type() is QEvent.Type.Show or (shown and event.type() in _LETTERS_CHANGED):
            self.changed.emit()
        return super().eventFilter(watched, event)


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
    table.verticalHeader().setDefaultSectionSize(_ROW_PX)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    return table
