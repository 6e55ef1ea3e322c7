"""The window of planned outages: a week's calendar above the list, and the one chosen beside them. Closing it clears the map."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from console.domain.outages import Outage
from console.services.outages.calendar import monday_of, span_of, week_of
from console.services.outages.planning import PlanOutage
from console.ui.appearance import Appearance
from console.ui.outages.calendar import WeekCalendar
from console.ui.outages.detail import OutageDetail
from console.ui.permitted import Permitted, needs, over_recording
from console.ui.session import Session
from console.ui.widgets import button, label, row

_COLUMNS = ("window", "state", "what", "households")


class OutagesWindow(QDialog):
    """Stands beside the console's window and does not block it."""

    chosen = Signal(object)
    """Outage, or None."""
    plan_asked = Signal()
    week_asked = Signal()
    """Another week is shown: its past outages may have to be read."""

    def __init__(
        self, appearance: Appearance, session: Session, now: Callable[[], datetime], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._appearance, self._now = appearance, now
        self._outages: tuple[Outage, ...] = ()
        self.outage_id = ""
        words = appearance.words
        self.zone = str(words.zone)
        self.monday: date = monday_of(now(), self.zone)
        self.setWindowTitle(words("outages.title"))
        room = self.screen().availableSize()
        self.resize(min(1240, room.width() - 60), min(680, room.height() - 80))
        self.before, self.today, self.after = button("◀"), button(words("outages.today")), button("▶")
        self.before.setAccessibleName(words("outages.week_before"))
        self.after.setAccessibleName(words("outages.week_after"))
        self.before.clicked.connect(lambda: self.show_week(self.monday - timedelta(days=7)))
        self.after.clicked.connect(lambda: self.show_week(self.monday + timedelta(days=7)))
        self.today.clicked.connect(lambda: self.show_week(monday_of(self._now(), self.zone)))
        self._week = label(name="strong")
        self.plan = button(words("outages.plan"))
        self.plan.clicked.connect(self.plan_asked)
        needs(PlanOutage, self.plan)
        self.refused = label(name="warning", wrap=True)
        self.refused.hide()
        self.calendar, self.detail = WeekCalendar(appearance), OutageDetail(appearance)
        self.calendar.chosen.connect(self.choose)
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setAccessibleName(words("commands.outages"))
        self._set_up_table()
        left = QWidget()
        box = QVBoxLayout(left)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(row(self.before, self.today, self.after, self._week, 1, self.plan))
        box.addWidget(self.calendar)
        box.addWidget(self.table, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self.detail)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([720, 500])
        outer = QVBoxLayout(self)
        outer.addWidget(split, 1)
        outer.addWidget(self.refused)
        self._permitted = Permitted(self, session, appearance)

    def _set_up_table(self) -> None:
        words, table = self._appearance.words, self.table
        table.setHorizontalHeaderLabels([words(f"outages.column_{name}") for name in _COLUMNS])
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        table.itemSelectionChanged.connect(self._on_row)

    def show_outages(self, outages: Iterable[Outage]) -> None:
        """All that are known: open ones, and past ones of the week."""
        found = tuple(sorted(outages, key=lambda one: (one.starts_at, one.outage_id)))
        if found != self._outages:
            self._outages = found
            self._fill_table()
        self._show()

    def show_week(self, monday: date) -> None:
        """Another week."""
        self.monday = monday
        self._show()
        self.week_asked.emit()

    def choose(self, outage_id: str) -> None:
        """Choose an outage; the week is that of its begin when it is not in the one shown."""
        self.outage_id = outage_id
        outage = self.outage
        begin, end = span_of(self.monday, self.zone)
        if outage is not None and (outage.ends_at <= begin or outage.starts_at >= end):
            self.monday = monday_of(outage.starts_at, self.zone)
        self.refused.hide()
        self._show()
        self.chosen.emit(outage)

    @property
    def outage(self) -> Outage | None:
        """The one chosen, as it stands."""
        return next((one for one in self._outages if one.outage_id == self.outage_id), None)

    def show_refused(self, text: str) -> None:
        """Why a step was not taken."""
        self.refused.setText(text)
        self.refused.show()

    def _show(self) -> None:
        words = self._appearance.words
        self._week.setText(words("outages.week", n=self.monday.isocalendar().week, first=f"{self.monday:%Y-%m-%d}"))
        present = words.local(self._now())
        begin = datetime(self.monday.year, self.monday.month, self.monday.day, tzinfo=present.tzinfo)
        now_day = (present.replace(tzinfo=None) - begin.replace(tzinfo=None)) / timedelta(days=1)
        self.calendar.show_week(week_of(self._outages, self.monday, self.zone), self.outage_id, now_day, self._empty_week())
        self.detail.show_outage(self.outage)
        at = next((number for number, one in enumerate(self._outages) if one.outage_id == self.outage_id), -1)
        if at != self.table.currentRow():
            self.table.blockSignals(True)
            self.table.clearSelection() if at < 0 else self.table.selectRow(at)
            self.table.blockSignals(False)

    def _empty_week(self) -> str:
        """What to do in a week without an outage: look at the nearest one, or plan one."""
        words = self._appearance.words
        begin, end = span_of(self.monday, self.zone)
        later = [one for one in self._outages if one.starts_at >= end]
        earlier = [one for one in self._outages if one.ends_at <= begin]
        lines = [words("outages.empty_week")]
        if later or earlier:
            near = later[0] if later else earlier[-1]
            day = f"{words.local(near.starts_at):%m-%d}"
            lines.append(words("outages.nearest_later" if later else "outages.nearest_earlier", id=near.outage_id, day=day))
        if not over_recording(self):
            lines.append(words("outages.how_to_plan", button=words("outages.plan")))
        return "\n".join(lines)

    def _fill_table(self) -> None:
        words = self._appearance.words
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._outages))
        for number, one in enumerate(self._outages):
            start, end = words.local(one.starts_at), words.local(one.ends_at)
            last = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%m-%d %H:%M}"
            road = one.place.road if one.place is not None else ""
            mark = "⚠ " if one.conflicts else ""
            households = f"{one.plan.households_without_water:,}" if one.plan is not None else "–"
            state = words.of("outage_state", one.state.value)
            cells = (
                f"{start:%m-%d %H:%M} – {last}",
                state,
                f"{mark}{one.outage_id} {road} {words.of('outage_purpose', one.purpose.value)}",
                households,
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                if column == len(cells) - 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(number, column, item)
        self.table.blockSignals(False)

    def _on_row(self) -> None:
        at = self.table.currentRow()
        if 0 <= at < len(self._outages) and self._outages[at].outage_id != self.outage_id:
            self.choose(self._outages[at].outage_id)
