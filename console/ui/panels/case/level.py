"""Event level of the case and the next report to the authorities."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from console.domain.incidents import Phase
from console.domain.reports import REPORT, Report
from console.services.incidents.event_level import LevelTable
from console.services.reports.authority import SetEventLevel
from console.services.reports.report_text import level_reasons
from console.ui.panels.case.section import CaseView, Section
from console.ui.permitted import needs
from console.ui.widgets import button, label, row


class LevelSection(Section):
    """Level with its reasons, whom to tell, and the clock of the next report. None before the judgement, nor of planned work."""

    level_asked = Signal(object)
    """Incident: another level is to be set."""
    report_asked = Signal(object)
    """Report to open."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = LevelTable.load()
        self._level, self._tell, self._due = label(wrap=True), label(name="muted", wrap=True), label(wrap=True)
        self._set, self.open = button("", "flat"), button("")
        self._set.clicked.connect(self._on_set)
        self.open.clicked.connect(self.open_report)
        needs(SetEventLevel, self._set)
        self.box.removeWidget(self.heading)
        self.box.addLayout(row(self.heading, 1, self._set))
        self.box.addWidget(self._level)
        self.box.addWidget(self._tell)
        line = row(self._due, self.open)
        line.setStretch(0, 1)
        self.box.addLayout(line)
        self._report: Report | None = None

    def _fill(self, view: CaseView) -> None:
        words, incident = view.appearance.words, view.incident
        self.setVisible(incident.phase is not Phase.SUSPECTED and incident.work is None)
        self.heading.setText(words("level.title"))
        self._set.setText(words("level.set"))
        level = self._table.level_of(incident)
        reasons = words.listed(level_reasons(level, words.language)) or words("level.lowest")
        if level.is_by_hand:
            text = words(
                "level.by_hand", level=level.name, user=level.by, ground=level.ground, proposed=level.proposed, why=reasons
            )
        else:
            text = words("level.by_rules", level=level.name, why=reasons)
        self._level.setText(text)
        self._level.setToolTip(level.source)
        self._tell.setText(
            words("level.tell", names=words.listed(self._table.recipient(one, words.language) for one in level.tell))
        )

    def _tick(self, view: CaseView) -> None:
        """The clock of the report that is due next."""
        words = view.appearance.words
        mine = [one for one in view.picture.of(REPORT) if one.incident_id == view.incident.incident_id]
        self._report = min(mine, key=lambda one: one.due_at, default=None)
        self.open.setVisible(self._report is not None)
        if self._report is None:
            self._due.setText(words("level.no_report"))
            return
        left = (self._report.due_at - view.now).total_seconds()
        key = "level.late" if left <= 0 else "level.due"
        kind, at = words.of("report_kind", self._report.kind.value), words.stamp(self._report.due_at, view.now)
        self._due.setText(words(key, kind=kind, at=at, left=words.minutes(abs(left) / 60.0)))
        name = "warning" if left <= 0 else ""
        if self._due.objectName() != name:
            self._due.setObjectName(name)
            self._due.style().polish(self._due)
        self.open.setText(words("level.open", kind=kind))

    def open_report(self) -> None:
        """The report that is due next."""
        if self._report is not None:
            self.report_asked.emit(self._report)

    def _on_set(self) -> None:
        if self.view is not None:
            self.level_asked.emit(self.view.incident)
