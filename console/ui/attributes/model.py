"""Model of an attribute table: rows by number, texts made when a cell is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from console.ui.attributes.columns import AttributeTable, Rows
from console.ui.widgets import tip
from console.ui.words import one_line

Index = QModelIndex | QPersistentModelIndex


class AttributeModel(QAbstractTableModel):
    """Rows of one table in an order. Its data never changes while it is open; another filter or order is another set of rows."""

    def __init__(self, table: AttributeTable, rows: Rows) -> None:
        super().__init__()
        self.table, self.rows = table, rows

    def show_rows(self, rows: Rows) -> None:
        """Other rows, or another order."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def show_table(self, table: AttributeTable) -> None:
        """The same rows in another language."""
        self.table = table
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(table.columns) - 1)
        if len(self.rows):
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(table.columns) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Number of rows; none below a row."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Number of columns; none below a row."""
        return 0 if parent.isValid() else len(self.table.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's value for a role of Qt."""
        if not index.isValid():
            return None
        column = self.table.columns[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return one_line(column.shown(int(self.rows[index.row()])))
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(one_line(column.shown(int(self.rows[index.row()]))))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column.is_number)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A column's heading for a role of Qt."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.table.columns):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(self.table.columns[section].is_number)
        return self.table.columns[section].title if role == Qt.ItemDataRole.DisplayRole else None


def _alignment(figures: bool) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if figures else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def no_rows() -> Rows:
    """None."""
    return np.empty(0, dtype=np.int64)
