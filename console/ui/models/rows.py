"""RowsModel: a table over frozen items with an identity; it emits only what differs from the last list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Item = TypeVar("Item")
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, eq=False)
class Column(Generic[Item]):
    """A column. ``title``: heading; ``text``: what a cell reads; ``figures``: aligned right."""

    title: str
    text: Callable[[Item], str]
    figures: bool = False


class RowsModel(QAbstractTableModel, Generic[Item]):
    """Items in the order given. ``apply`` compares by key and value: insert, remove, move, change — no reset."""

    def __init__(self, key: Callable[[Item], object], columns: Sequence[Column[Item]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._key, self._columns = key, tuple(columns)
        self._items: list[Item] = []

    def item(self, row: int) -> Item:
        """The item of a row."""
        return self._items[row]

    def items(self) -> tuple[Item, ...]:
        """All items."""
        return tuple(self._items)

    def row_of(self, key: object) -> int:
        """Row of a key, -1 when it is not there."""
        return next((row for row, item in enumerate(self._items) if self._key(item) == key), -1)

    def set_columns(self, columns: Sequence[Column[Item]]) -> None:
        """Other headings and texts (another language); as many as before."""
        self._columns = tuple(columns)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)
        self._changed(0, len(self._items) - 1)

    def apply(self, items: Sequence[Item]) -> None:
        """Show these items."""
        wanted = {self._key(item) for item in items}
        for row in range(len(self._items) - 1, -1, -1):
            if self._key(self._items[row]) not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._items[row]
                self.endRemoveRows()
        for row, item in enumerate(items):
            self._settle(row, item)

    def _settle(self, row: int, item: Item) -> None:
        """Bring ``item`` to ``row``; all rows before it are settled."""
        if row < len(self._items) and self._key(self._items[row]) == self._key(item):
            if self._items[row] != item:
                self._items[row] = item
                self._changed(row, row)
            return
        found = self.row_of(self._key(item))
        if found < 0:
            self.beginInsertRows(QModelIndex(), row, row)
            self._items.insert(row, item)
            self.endInsertRows()
            return
        self.beginMoveRows(QModelIndex(), found, found, QModelIndex(), row)
        self._items.insert(row, self._items.pop(found))
        self.endMoveRows()
        if self._items[row] != item:
            self._items[row] = item
            self._changed(row, row)

    def _changed(self, first: int, last: int) -> None:
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self._columns) - 1))

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self._items)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column, item = self._columns[index.column()], self._items[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return column.text(item)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.figures else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return self.decoration(item, index.column(), role)

    def decoration(self, item: Item, column: int, role: int) -> Any:
        """Colours and symbols of a cell; None for the usual."""
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        return None
