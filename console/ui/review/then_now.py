"""What was known then, and beside it what is known now."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from console.documents.report.words import ReportWords
from console.domain.incidents import Incident
from console.services.review.decisions import excavated
from console.services.review.record import CaseRecord
from console.ui.appearance import Appearance
from console.ui.widgets import label

_ROWS = (
    "phase", "candidate", "burst_pipe", "found", "valves", "closed", "unable", "households", "low", "critical", "restoration",
    "notice", "sample",
)  # fmt: skip


class ThenNow(QWidget):
    """A line for each thing: then, now; what was otherwise then is set apart by weight and a sign, not by colour alone."""

    def __init__(self, record: CaseRecord, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._record, self._appearance = record, appearance
        self._incident: Incident | None = None
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self._heads = (label(name="heading"), label(name="heading"))
        for column, head in enumerate(self._heads, start=1):
            grid.addWidget(head, 0, column)
        self.cells: dict[str, tuple[QLabel, QLabel, QLabel]] = {}
        for line, key in enumerate(_ROWS, start=1):
            cells = (label(name="muted", wrap=True), label(wrap=True, selectable=True), label(wrap=True, selectable=True))
            for column, cell in enumerate(cells):
                grid.addWidget(cell, line, column, Qt.AlignmentFlag.AlignTop)
            self.cells[key] = cells
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 10)
        box.addLayout(grid)
        box.addStretch(1)
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        text = appearance.words.catalogue.text
        self._heads[0].setText(text("review.replay.then"))
        self._heads[1].setText(text("review.replay.now"))
        for key, (head, _, now) in self.cells.items():
            head.setText(text(f"review.replay.{key}"))
            now.setText(self._known(key, self._record.incident, at_end=True))
        self.show_then(self._incident)

    def show_record(self, record: CaseRecord) -> None:
        """The reviewer's findings changed what is known now."""
        self._record = record
        self.set_appearance(self._appearance)

    def show_then(self, incident: Incident | None) -> None:
        """The case as it was known at the moment, None before it was opened."""
        self._incident = incident
        none = self._appearance.words.catalogue.text("review.replay.not_opened")
        for key, (_, then, now) in self.cells.items():
            value = self._known(key, incident, at_end=False) if incident is not None else none if key == "phase" else "–"
            differs = value != now.text()
            text = f"≠ {value}" if differs else value
            if then.text() != text:
                then.setText(text)
                then.setObjectName("strong" if differs else "")
                then.style().polish(then)

    def _known(self, key: str, case: Incident, *, at_end: bool) -> str:
        report = ReportWords(self._appearance.words.language, self._record.city.info.time_zone)
        plan = case.plan
        found = excavated(self._record) if at_end else next((o.found_pipe for o in reversed(case.orders) if o.found_pipe), "")
        notice = case.notices[-1] if case.notices else None
        texts = {
            "phase": report.domain("phase", case.phase.value),
            "candidate": case.location.candidates[0].pipe_id if case.location and case.location.candidates else "",
            "burst_pipe": ", ".join(case.burst_pipes),
            "found": found,
            "valves": ", ".join(step.asset_id for step in plan.valves_to_close) if plan else "",
            "closed": ", ".join(case.closed_valves()),
            "unable": ", ".join(case.unable_valves()),
            "households": f"{plan.households_without_water:,}" if plan else "",
            "low": f"{case.impact.low_pressure_households:,}" if case.impact else "",
            "critical": ", ".join(item.name for item in plan.critical_customers) if plan else "",
            "restoration": report.time(case.restoration_at) if case.restoration_at else "",
            "notice": report.domain("notice_status", notice.status.value) if notice else "",
            "sample": report("sample.passed" if case.sample.passed else "sample.failed") if case.sample else "",
        }
        return texts[key] or "–"
