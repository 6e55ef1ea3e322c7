"""Window of an attribute table: filter, order by a click on a heading, a row shown on the map, copy and CSV."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from console.ui.appearance import Appearance
from console.ui.attributes.columns import AttributeTable, Rows, table_of
from console.ui.attributes.export import as_text, write_csv
from console.ui.attributes.filtering import TableView, View
from console.ui.attributes.model import AttributeModel, no_rows
from console.ui.background_tasks import BackgroundTasks
from console.ui.panels.tables import fit_rows, plain_table
from console.ui.search import Hit
from console.ui.widgets import button, label, row
from maps.city import City

_SAMPLE_ROWS = 60
_NARROW, _WIDE = 64, 260
_MOST_COPIED = 20_000


class AttributesWindow(QDialog):
    """Stays open beside the map. ``rows``: by kind, those that the table is about; the kinds in the order of the box.

    Filter and order are worked out on a thread: at 200,000 rows the window never waits.
    """

    place_asked = Signal(object)
    """Hit: show this asset on the map."""
    select_asked = Signal(object)
    """Rows of the pipes that are shown now: select them on the map."""
    told = Signal(str)
    noted = Signal(str)

    def __init__(self, city: City, rows: dict[str, Rows], appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._city, self._rows, self._appearance = city, rows, appearance
        self._tasks = BackgroundTasks("attributes", self)
        self._tasks.failed.connect(self._failed)
        self._view, self._order = View(), View()
        self._shown: TableView | None = None
        self.kind, self.column, self.filter = QComboBox(), QComboBox(), QLineEdit()
        self.filter.setClearButtonEnabled(True)
        self.count = label(name="muted")
        self.fault = label(name="critical", wrap=True)
        self.fault.hide()
        self.model = AttributeModel(self._table_of(next(iter(rows))), no_rows())
        self.table = plain_table(self.model)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        header = self.table.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSectionsMovable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(self._on_order)
        self.show_place, self.select, self.copy, self.export = button(""), button(""), button(""), button("")
        self._arrange()
        self._connect()
        self.resize(880, 520)
        self._name()
        self._on_kind()

    @property
    def busy(self) -> bool:
        """Whether a filter or an order is being worked out."""
        return self._tasks.busy

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language; rows, filter and order stay."""
        self._appearance = appearance
        self._name()
        self.model.show_table(self._table_of(self._kind))
        self._shown = TableView(self.model.table, self._rows[self._kind])
        self._refresh()

    def chosen_rows(self) -> Rows:
        """Rows of the table that are selected, in their order; none: all that are shown."""
        picked = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return self.model.rows[picked] if picked else self.model.rows

    def write(self, path: Path) -> None:
        """Write what is shown, on the thread; a refusal stands beside the button."""
        self.fault.hide()
        table, rows = self.model.table, self.model.rows
        words = self._appearance.words
        self._tasks.request(
            "write",
            lambda: write_csv(table, rows, path),
            lambda count: self.noted.emit(words("attributes.written", n=f"{count:,}", path=str(path))),
        )

    def copy_rows(self) -> None:
        """Copy the selected rows with headings; of a great many the first only, and it is said."""
        rows = self.chosen_rows()
        QApplication.clipboard().setText(as_text(self.model.table, rows[:_MOST_COPIED]))
        self.noted.emit(self._appearance.words("attributes.copied", n=f"{min(len(rows), _MOST_COPIED):,}", of=f"{len(rows):,}"))

    def show_on_map(self) -> None:
        """Show the current row's asset on the map."""
        current = self.table.currentIndex()
        if current.isValid():
            table, at = self.model.table, int(self.model.rows[current.row()])
            name = str(table.ids[at])
            self.place_asked.emit(Hit(table.kind, name, name, "", float(table.x[at]), float(table.y[at])))

    def done(self, result: int) -> None:
        """End the thread and close."""
        self._tasks.close()
        super().done(result)

    # Inside

    @property
    def _kind(self) -> str:
        return str(self.kind.currentData() or next(iter(self._rows)))

    def _table_of(self, kind: str) -> AttributeTable:
        return table_of(self._city, kind, self._appearance.words)

    def _arrange(self) -> None:
        box = QVBoxLayout(self)
        box.addLayout(row(self.kind, self.filter, self.column))
        box.addWidget(self.table, 1)
        box.addWidget(self.fault)
        box.addLayout(row(self.count, 1, self.show_place, self.select, self.copy, self.export))

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._on_kind)
        self.filter.textChanged.connect(self._on_filter)
        self.column.currentIndexChanged.connect(self._on_filter)
        self.table.doubleClicked.connect(self.show_on_map)
        self.show_place.clicked.connect(self.show_on_map)
        self.select.clicked.connect(lambda: self.select_asked.emit(self.model.rows))
        self.copy.clicked.connect(self.copy_rows)
        self.export.clicked.connect(self._on_export)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.table, context=Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_rows)
        enter = QShortcut(QKeySequence(Qt.Key.Key_Return), self.table, context=Qt.ShortcutContext.WidgetShortcut)
        enter.activated.connect(self.show_on_map)

    def _name(self) -> None:
        """Texts of the language in use."""
        words = self._appearance.words
        self.setWindowTitle(words("attributes.title"))
        chosen = self.kind.currentIndex()
        self.kind.blockSignals(True)
        self.kind.clear()
        for kind, rows in self._rows.items():
            self.kind.addItem(f"{words.of('kind', kind)} {len(rows):,}", kind)
        self.kind.setCurrentIndex(max(chosen, 0))
        self.kind.blockSignals(False)
        self.filter.setPlaceholderText(words("attributes.filter"))
        for widget, key in (
            (self.kind, "kind"), (self.filter, "filter_name"), (self.column, "column"), (self.table, "title"),
        ):  # fmt: skip
            widget.setAccessibleName(words(f"attributes.{key}"))
        for made, key in ((self.show_place, "show"), (self.select, "select"), (self.copy, "copy"), (self.export, "export")):
            made.setText(words(f"attributes.{key}"))
        self._name_columns()

    def _name_columns(self) -> None:
        chosen = self.column.currentData()
        self.column.blockSignals(True)
        self.column.clear()
        self.column.addItem(self._appearance.words("attributes.any_column"), -1)
        for number, column in enumerate(self._table_of(self._kind).columns):
            self.column.addItem(column.title, number)
        self.column.setCurrentIndex(max(self.column.findData(chosen), 0))
        self.column.blockSignals(False)

    def _on_kind(self) -> None:
        """Another kind: its own columns, without filter and order."""
        table = self._table_of(self._kind)
        self._shown = TableView(table, self._rows[self._kind])
        self.model.beginResetModel()
        self.model.table, self.model.rows = table, self._rows[self._kind]
        self.model.endResetModel()
        header = self.table.horizontalHeader()
        header.blockSignals(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.blockSignals(False)
        self._order = View()
        self._name_columns()
        self._fit_columns()
        self.select.setEnabled(table.kind == "pipe")
        self._refresh()

    def _on_filter(self) -> None:
        self._refresh()

    def _on_order(self, section: int, order: Qt.SortOrder) -> None:
        self._order = View(order=section, descending=order == Qt.SortOrder.DescendingOrder)
        self._refresh()

    def _refresh(self) -> None:
        """Filter and order anew; what is shown stays until the answer has come."""
        shown = self._shown
        if shown is None:
            return
        self._view = replace(self._order, text=self.filter.text(), column=int(self.column.currentData() or 0))
        if self.column.currentIndex() <= 0:
            self._view = replace(self._view, column=-1)
        view = self._view
        self._tasks.request("view", lambda: (shown, shown.apply(view)), self._take)

    def _take(self, found: tuple[TableView, Rows]) -> None:
        shown, rows = found
        if shown is not self._shown:
            return
        self.model.show_rows(rows)
        words = self._appearance.words
        self.count.setText(words("attributes.count", n=f"{len(rows):,}", of=f"{len(shown.rows):,}"))
        for made in (self.show_place, self.copy, self.export):
            made.setEnabled(len(rows) > 0)

    def _fit_columns(self) -> None:
        """Columns as wide as their headings and first texts."""
        header, metrics = self.table.horizontalHeader(), self.table.fontMetrics()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table, sample = self.model.table, self._rows[self._kind][:_SAMPLE_ROWS].tolist()
        for number, column in enumerate(table.columns):
            texts = [column.title, *(column.shown(at) for at in sample)]
            width = max(metrics.horizontalAdvance(text) for text in texts) + 34
            header.resizeSection(number, min(max(width, _NARROW), _WIDE))
        header.setStretchLastSection(True)
        fit_rows(self.table)

    def _on_export(self) -> None:
        words = self._appearance.words
        name, _ = QFileDialog.getSaveFileName(self, words("attributes.export"), f"{self._kind}.csv", "CSV (*.csv)")
        if name:
            self.write(Path(name).with_suffix(".csv"))

    def _failed(self, text: str) -> None:
        self.fault.setText(text)
        self.fault.show()
