"""The plans of all segments, and the valves they need, as sortable tables over columns: a hundred thousand rows are arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from console.ui.models.rows import Index
from maps.city import City
from maps.isolation import SegmentPlans


@dataclass(frozen=True, eq=False)
class Figures:
    """A column. ``values``: (n,) what it is sorted by; ``text``: what the cell of an original row reads."""

    title: str
    values: NDArray[Any]
    text: Callable[[int], str]


class FiguresModel(QAbstractTableModel):
    """Rows of columns that never change, in the order last sorted by."""

    def __init__(self, columns: Sequence[Figures], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._order = np.arange(len(columns[0].values))

    def original(self, row: int) -> int:
        """Which row of the columns a shown row is."""
        return int(self._order[row])

    def order(self) -> NDArray[np.int64]:
        """Original rows as they are shown."""
        return self._order

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Stable, so that what was sorted before stays sorted among equals."""
        self.layoutAboutToBeChanged.emit()
        before = [(index, self.original(index.row())) for index in self.persistentIndexList()]
        values = self._columns[column].values[self._order]
        place = np.argsort(values, kind="stable")
        if order is Qt.SortOrder.DescendingOrder:
            place = len(place) - 1 - np.argsort(values[::-1], kind="stable")[::-1]
        self._order = self._order[place]
        shown = np.empty(len(self._order), dtype=np.int64)
        shown[self._order] = np.arange(len(self._order))
        for index, original in before:
            self.changePersistentIndex(index, self.index(int(shown[original]), index.column()))
        self.layoutChanged.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Number of rows; none below a row."""
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Number of columns; none below a row."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's value for a role of Qt."""
        if not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._columns[index.column()].text(self.original(index.row()))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            numbers = self._columns[index.column()].values.dtype.kind in "iuf"
            side = Qt.AlignmentFlag.AlignRight if numbers else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A column's heading for a role of Qt."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        return None


Text = Callable[..., str]
"""Word of the tools by key."""


def segment_columns(city: City, plans: SegmentPlans, text: Text) -> list[Figures]:
    """A segment by one of its pipes, with what its plan costs and whether it isolates."""
    pipes = city.network.pipes
    # 0 isolated, 1 a source inside, 2 no valve that could be closed at all: sorted, the worst stand together.
    state = np.where(plans.isolatable, 0, np.where(plans.closable == 0, 2, 1))
    words = [text("segments.isolated"), text("segments.source_inside"), text("segments.no_boundary")]
    return [
        Figures(text("segments.pipe"), pipes.asset_id[plans.pipe].astype(str), lambda row: str(pipes.asset_id[plans.pipe[row]])),
        _number(text("segments.households"), plans.households),
        _number(text("segments.valves"), plans.valves),
        _number(text("segments.pipes"), plans.pipes),
        _number(text("segments.dry"), plans.dry_pipes),
        Figures(text("segments.state"), state.astype(str), lambda row: words[int(state[row])]),
    ]


def valve_columns(city: City, plans: SegmentPlans, text: Text) -> list[Figures]:
    """Valves that some plan needs, by how many do and by their households."""
    rows = np.flatnonzero(plans.valve_plans > 0)
    valves = city.network.valves
    checked = valves.last_checked[rows].astype(str)
    return [
        Figures(text("segments.valve"), valves.asset_id[rows].astype(str), lambda row: str(valves.asset_id[rows[row]])),
        _number(text("segments.plans"), plans.valve_plans[rows]),
        _number(text("segments.households"), plans.valve_households[rows]),
        Figures(text("segments.checked"), checked, lambda row: str(checked[row]) or "–"),
    ]


def _number(title: str, values: NDArray[Any]) -> Figures:
    return Figures(title, values, lambda row: f"{int(values[row]):,}")
