"""SegmentsWindow: the plan of every segment, ranked; computed in the background with progress, exported as CSV."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QDialog, QFileDialog, QProgressBar, QTableView, QTabWidget, QVBoxLayout, QWidget

from console.services.network.segment_list import segment_row, write_segments_csv
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.models.segments import FiguresModel, segment_columns, valve_columns
from console.ui.widgets import button, label, row
from maps.city import City
from maps.errors import InputFault
from maps.isolation import Isolator, SegmentPlans, city_plans


class SegmentsWindow(QDialog):
    """Opened over the window without blocking it. Closing it cancels the calculation."""

    pipe_chosen = Signal(str)
    """A pipe of the chosen segment."""
    valve_chosen = Signal(str)
    told = Signal(str)
    _progressed = Signal(float)

    def __init__(self, city: City, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._city, self._appearance = city, appearance
        self._tasks, self._cancelled = BackgroundTasks("segments", self), False
        self.plans: SegmentPlans | None = None
        self.setWindowTitle(self.text("title"))
        self.resize(820, 560)
        self.summary = label(self.text("working"), wrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.segments, self.valves = _table(), _table()
        self._tabs = QTabWidget()
        self.segments.setAccessibleName(self.text("by_segment"))
        self.valves.setAccessibleName(self.text("by_valve"))
        self._tabs.addTab(self.segments, self.text("by_segment"))
        self._tabs.addTab(self.valves, self.text("by_valve"))
        self.stop, self.export = button(self.text("stop")), button(self.text("export"))
        self.stop.clicked.connect(self.cancel)
        self.export.clicked.connect(self._on_export)
        self.export.setEnabled(False)
        box = QVBoxLayout(self)
        box.addWidget(self.summary)
        box.addWidget(self.bar)
        box.addWidget(self._tabs, 1)
        box.addLayout(row(1, self.stop, self.export))
        self._progressed.connect(self._on_progress, Qt.ConnectionType.QueuedConnection)

    def text(self, key: str, **params: object) -> str:
        """A word of this window."""
        return self._appearance.words.catalogue.text(f"tools.segments.{key}", **params)

    def begin(self, planner: Isolator | None = None) -> None:
        """Compute every plan in the background; ``planner``: the segments, if they are built already."""

        def work() -> SegmentPlans:
            return city_plans(planner or Isolator(self._city), self._told)

        self._tasks.request("plans", work, self._take)

    @property
    def busy(self) -> bool:
        """Whether plans are being computed."""
        return self._tasks.busy

    def cancel(self) -> None:
        """Stop; the plans computed so far are shown."""
        self._cancelled = True

    def write(self, path: Path) -> None:
        """Write the segments as CSV in the order shown; a fault is reported."""
        model, plans = self.segments.model(), self.plans
        if plans is None or not isinstance(model, FiguresModel):
            return
        rows = (segment_row(self._city, plans, int(at), rank) for rank, at in enumerate(model.order(), start=1))
        try:
            write_segments_csv(rows, path)
        except InputFault as fault:
            self.told.emit(str(fault))

    def _told(self, share: float) -> bool:
        """Called on the worker's thread, a hundred times in all."""
        self._progressed.emit(share)
        return not self._cancelled

    @Slot(float)
    def _on_progress(self, share: float) -> None:
        self.bar.setValue(round(share * 100))

    def _take(self, plans: SegmentPlans) -> None:
        self.plans = plans
        self.bar.hide()
        self.stop.hide()
        self.export.setEnabled(True)
        stuck, bare = int((~plans.isolatable).sum()), len(plans.without_boundary())
        key = "partly" if self._cancelled else "found"
        self.summary.setText(self.text(key, n=f"{len(plans):,}", stuck=f"{stuck:,}", bare=f"{bare:,}"))
        self._show(self.segments, FiguresModel(segment_columns(self._city, plans, self.text_of), self), self._on_segment)
        self._show(self.valves, FiguresModel(valve_columns(self._city, plans, self.text_of), self), self._on_valve)

    def text_of(self, key: str) -> str:
        """Words for the columns, ``segments.<key>``."""
        return self._appearance.words.catalogue.text(f"tools.{key}")

    def _show(self, table: QTableView, model: FiguresModel, chosen: object) -> None:
        table.setModel(model)
        table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
        table.setSortingEnabled(True)
        table.resizeColumnsToContents()
        table.selectionModel().currentRowChanged.connect(chosen)

    def _on_segment(self, current: QModelIndex, _: QModelIndex) -> None:
        model = self.segments.model()
        if current.isValid() and self.plans is not None and isinstance(model, FiguresModel):
            at = model.original(current.row())
            self.pipe_chosen.emit(str(self._city.network.pipes.asset_id[self.plans.pipe[at]]))

    def _on_valve(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid():
            self.valve_chosen.emit(str(current.siblingAtColumn(0).data()))

    def _on_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self.text("export"), "segments.csv", "CSV (*.csv)")
        if name:
            self.write(Path(name).with_suffix(".csv"))

    def done(self, result: int) -> None:
        """Cancel the calculation and close."""
        self.cancel()
        self._tasks.close()
        super().done(result)


def _table() -> QTableView:
    made = QTableView()
    made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.verticalHeader().hide()
    made.horizontalHeader().setStretchLastSection(True)
    made.setShowGrid(False)
    made.setAlternatingRowColors(True)
    return made
