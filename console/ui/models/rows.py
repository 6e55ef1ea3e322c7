"""RowsModel: a table over frozen items with an identity; it emits only what differs from the last list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from console.ui.widgets import tip
from console.ui.words import one_line

Item = TypeVar("Item")
Index = QModelIndex | QPersistentModelIndex

_FEW = 12
"""Up to so many separate places rows come and go where they are; beyond, one block at the end and one new order cost less."""


@dataclass(frozen=True, eq=False)
class Column(Generic[Item]):
    """A column. ``title``: heading; ``text``: what a cell reads; ``figures``: aligned right."""

    title: str
    text: Callable[[Item], str]
    figures: bool = False

    @property
    def alignment(self) -> Qt.AlignmentFlag:
        """Of the cells and their heading."""
        side = Qt.AlignmentFlag.AlignRight if self.figures else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter


class RowsModel(QAbstractTableModel, Generic[Item]):
    """Items in the order given. ``apply`` compares by key and value: insert, remove, new order, change — no reset."""

    settled = Signal()
    """``apply`` has finished and changed something; whoever counts or measures rows listens to it."""

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

    def set_columns(self, columns: Sequence[Column[Item]]) -> None:
        """Other headings and texts (another language); as many as before."""
        self._columns = tuple(columns)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)
        self._changed(0, len(self._items) - 1)

    def apply(self, items: Sequence[Item]) -> None:
        """Show these items. A flood of changes (thousands of stations turn stale) costs the view a few steps, not thousands."""
        wanted = {self._key(item): row for row, item in enumerate(items)}
        differs = self._drop(wanted)
        kept = {self._key(item) for item in self._items}
        differs |= self._arrange([key for key in wanted if key in kept])
        differs |= self._add([item for item in items if self._key(item) not in kept], wanted)
        differs |= self._revise(items)
        if differs:
            self.settled.emit()

    def _drop(self, wanted: Mapping[object, int]) -> bool:
        gone = [row for row, item in enumerate(self._items) if self._key(item) not in wanted]
        if len(runs := _runs(gone)) > _FEW:
            keys = [self._key(item) for item in self._items]
            self._arrange([key for key in keys if key in wanted] + [key for key in keys if key not in wanted])
            runs = [(len(self._items) - len(gone), len(self._items) - 1)]
        for first, last in reversed(runs):
            self.beginRemoveRows(QModelIndex(), first, last)
            del self._items[first : last + 1]
            self.endRemoveRows()
        return bool(gone)

    def _arrange(self, keys: Sequence[object]) -> bool:
        """Bring what there is into the order of ``keys``; selected and current rows go with their items."""
        before = [self._key(item) for item in self._items]
        if before == list(keys):
            return False
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        by_key, row_of = dict(zip(before, self._items, strict=True)), {key: row for row, key in enumerate(keys)}
        moved = [self.index(row_of[before[index.row()]], index.column()) for index in held]
        self._items = [by_key[key] for key in keys]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()
        return True

    def _add(self, new: Sequence[Item], wanted: Mapping[object, int]) -> bool:
        """The items that are there stand in their order already."""
        runs = _runs([wanted[self._key(item)] for item in new])
        if len(runs) > _FEW:
            self._insert(len(self._items), new)
            self._arrange(list(wanted))
            return True
        taken = 0
        for first, last in runs:
            self._insert(first, new[taken : taken + last - first + 1])
            taken += last - first + 1
        return bool(new)

    def _insert(self, row: int, items: Sequence[Item]) -> None:
        self.beginInsertRows(QModelIndex(), row, row + len(items) - 1)
        self._items[row:row] = items
        self.endInsertRows()

    def _revise(self, items: Sequence[Item]) -> bool:
        """The same items in the same order: those that differ in value."""
        differing = [row for row, item in enumerate(items) if self._items[row] != item]
        for row in differing:
            self._items[row] = items[row]
        for first, last in _runs(differing):
            self._changed(first, last)
        return bool(differing)

    def _changed(self, first: int, last: int) -> None:
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self._columns) - 1))

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Number of rows; none below a row."""
        return 0 if parent.isValid() else len(self._items)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Number of columns; none below a row."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's value for a role of Qt."""
        if not index.isValid():
            return None
        column, item = self._columns[index.column()], self._items[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return one_line(column.text(item))
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(one_line(column.text(item)))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return column.alignment
        return self.decoration(item, index.column(), role)

    def decoration(self, item: Item, column: int, role: int) -> Any:
        """Colours and symbols of a cell; None for the usual."""
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A column's heading for a role of Qt."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return column.alignment
        return column.title if role == Qt.ItemDataRole.DisplayRole else None


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending rows as (first, last) of each unbroken run."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
