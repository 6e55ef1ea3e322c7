"""Stations as a table: state by shape and word, value, age. Columns are compared as arrays; only differing rows are emitted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractProxyModel, QAbstractTableModel, QModelIndex, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPixmap

from console.domain.picture import Picture, StationState
from console.domain.readings import Channel
from console.ui.map.drawing.symbols import STATION_ROLE, paint_station
from console.ui.models.rows import Index
from console.ui.theme import Theme
from console.ui.words import Words
from maps.city import City

_NAME, _VALUE, _AGE = range(3)
_RUNS_MOST = 32
"""Runs of changed rows that are emitted one by one: a feed of thousands of stations changes hundreds in each picture."""

_INK = {StationState.IN_CASE: "text.normal"}
"""Part of a case is no alarm: its symbol alone has the case's colour."""


class StationModel(QAbstractTableModel):
    """One row per station of the city, in its order."""

    states_changed = Signal()
    """A list sorted by state has to be sorted again; new ages alone leave the order as it is."""

    def __init__(
        self,
        city: City,
        main_channel: NDArray[np.int64],
        picture: Picture,
        theme: Theme,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._city, self._channel, self._picture, self._theme, self._words = city, main_channel, picture, theme, words
        self._age = self._ages(picture)
        self._waiting: Picture | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._after_pause)

    @property
    def states(self) -> NDArray[np.uint8]:
        """(stations,) StationState shown."""
        return self._picture.station_state

    def slow_down(self, least_ms: int) -> None:
        """Emit changes at most this often: a recording at ×600 changes every value in every frame, and lists sort each time."""
        self._pause.setInterval(least_ms)

    def set_appearance(self, theme: Theme, words: Words) -> None:
        """Another theme or language."""
        self._theme, self._words = theme, words
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, 2)
        self._tell(np.arange(self.rowCount()))

    def show_picture(self, picture: Picture) -> None:
        """The newest values; emits only the runs of rows whose value, state or displayed age differ; of many, the span."""
        if self._pause.isActive():
            self._waiting = picture
            return
        if self._pause.interval():
            self._pause.start()
        self._take(picture)

    @Slot()
    def _after_pause(self) -> None:
        picture, self._waiting = self._waiting, None
        if picture is not None:
            self.show_picture(picture)

    def _take(self, picture: Picture) -> None:
        rows = np.arange(len(self._channel))
        before, age = self._picture, self._ages(picture)
        old, new = before.value[rows, self._channel], picture.value[rows, self._channel]
        same = (old == new) | (np.isnan(old) & np.isnan(new))
        other_state = before.station_state != picture.station_state
        changed = ~same | other_state | (age != self._age)
        self._picture, self._age = picture, age
        self._tell(np.flatnonzero(changed))
        if other_state.any():
            self.states_changed.emit()

    def _tell(self, rows: NDArray[np.int64]) -> None:
        if not len(rows):
            return
        cuts = np.flatnonzero(np.diff(rows) > 1) + 1
        # A view looks at each signal, and paints only what is in sight.
        for run in np.split(rows, cuts) if len(cuts) < _RUNS_MOST else (rows,):
            self.dataChanged.emit(self.index(int(run[0]), 0), self.index(int(run[-1]), _AGE))

    def _ages(self, picture: Picture) -> NDArray[np.int64]:
        """Ages as fine as they are shown: seconds to two minutes, minutes beyond; -1 never seen, (stations,)."""
        at_us = picture.at_us[np.arange(len(self._channel)), self._channel]
        seconds = np.maximum((picture.now_us - at_us) // 1_000_000, 0)
        shown = np.where(seconds < 120, seconds, seconds // 60 * 60)
        return np.where(at_us == 0, -1, shown)

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Number of rows; none below a row."""
        return 0 if parent.isValid() else len(self._channel)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Number of columns; none below a row."""
        return 0 if parent.isValid() else 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell's value for a role of Qt."""
        if not index.isValid():
            return None
        row, state = index.row(), StationState(int(self._picture.station_state[index.row()]))
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, index.column())
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                asset_id, word = self._city.stations.asset_id[row], self._words.of("station_state", state.name.lower())
                return f"{asset_id} · {self._text(row, _NAME)} · {word}"
            case Qt.ItemDataRole.TextAlignmentRole if index.column() != _NAME:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case Qt.ItemDataRole.DecorationRole if index.column() == _NAME:
                return station_pixmap(self._theme, state)
            case Qt.ItemDataRole.ForegroundRole if state >= StationState.MISSING or index.column() == _AGE:
                return self._theme.colour(_INK.get(state, STATION_ROLE[state]) if state >= StationState.MISSING else "text.muted")
        return None

    def _text(self, row: int, column: int) -> str:
        stations, channel = self._city.stations, Channel(int(self._channel[row]))
        if column == _NAME:
            return str(stations.name[row]) or str(stations.asset_id[row])
        if column == _VALUE:
            return self._words.value(channel, float(self._picture.value[row, channel]))
        age = int(self._age[row])
        return self._words.age(float(age) if age >= 0 else float("nan"))

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A column's heading for a role of Qt."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self._words("stations.name"), self._words("stations.value"), self._words("stations.age"))[section]
        return None


class WorstFirst(QAbstractProxyModel):
    """The stations with those out of order first, else in the city's order.

    The order is worked out on the column of states: Qt's own sorting proxy asks for a hundred thousand values, a quarter of a
    second with 6,500 stations.
    """

    def __init__(self, stations: StationModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stations = stations
        self._order, self._place = _worst_first(stations.states)
        self.setSourceModel(stations)
        stations.states_changed.connect(self._sort)
        stations.dataChanged.connect(self._changed)
        stations.headerDataChanged.connect(self.headerDataChanged)

    @Slot()
    def _sort(self) -> None:
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        rows = [int(self._order[index.row()]) for index in held]
        self._order, self._place = _worst_first(self._stations.states)
        now = [self.index(int(self._place[row]), index.column()) for row, index in zip(rows, held, strict=True)]
        self.changePersistentIndexList(held, now)
        self.layoutChanged.emit()

    @Slot(QModelIndex, QModelIndex)
    def _changed(self, first: QModelIndex, last: QModelIndex) -> None:
        places = self._place[first.row() : last.row() + 1]
        self.dataChanged.emit(self.index(int(places.min()), first.column()), self.index(int(places.max()), last.column()))

    # Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Number of rows; none below a row."""
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        """Number of columns; none below a row."""
        return self._stations.columnCount(parent)

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008  # Qt's own signature
        """Index of a cell."""
        return self.createIndex(row, column) if self.hasIndex(row, column, parent) else QModelIndex()

    def parent(self, child: Index) -> QModelIndex:  # type: ignore[override]  # QObject.parent() shares the name
        """Index of the row above."""
        return QModelIndex()

    def mapToSource(self, index: Index) -> QModelIndex:
        """The row of the model for a row of the sorted table."""
        return self._stations.index(int(self._order[index.row()]), index.column()) if index.isValid() else QModelIndex()

    def mapFromSource(self, index: Index) -> QModelIndex:
        """The row of the sorted table for a row of the model."""
        return self.index(int(self._place[index.row()]), index.column()) if index.isValid() else QModelIndex()


def _worst_first(states: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(rows in the order shown, place of each row), (stations,) each."""
    order = np.argsort(-states.astype(np.int64), kind="stable")
    return order, np.argsort(order, kind="stable")


def station_pixmap(theme: Theme, state: StationState, size: int = 16) -> QPixmap:
    """A station state's symbol."""
    pixmap = QPixmap(size * 2, size * 2)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_station(painter, theme, state, size / 2, size / 2, 3.8)
    painter.end()
    return pixmap
