"""Area: which operating areas the case concerns, when each acknowledged, what it reported; at its terminal also the buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from console.domain.area_alerts import AreaAlert
from console.services.areas.answers import AcknowledgeAreaAlert, ReportFromArea
from console.services.areas.sight import AreaSight
from console.ui.commands.dispatch import Submit
from console.ui.panels.case.section import CaseView, Section
from console.ui.permitted import needs
from console.ui.widgets import button, clear, label, row

_REPORTS = 3


class AreaSection(Section):
    """Hidden while the case concerns no area. ``sight``: of an area's terminal, None at the centre."""

    report_asked = Signal(str, str)
    """Incident and area id ("" at the area's terminal)."""
    phone_asked = Signal(str, object)
    """Incident and AreaAlert: somebody of the area acknowledged by phone."""

    def __init__(self, submit: Submit, sight: AreaSight | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._submit, self._sight = submit, sight
        self.by_phone: list[QPushButton] = []
        """At the centre: for each area that has not acknowledged."""
        self._lines = QVBoxLayout()
        self._lines.setSpacing(3)
        self.box.addLayout(self._lines)
        self.acknowledge, self.report = button(""), button("")
        self.acknowledge.clicked.connect(self._on_acknowledge)
        self.report.clicked.connect(self._on_report)
        needs(AcknowledgeAreaAlert, self.acknowledge)
        needs(ReportFromArea, self.report)
        if sight is not None:
            self.box.addLayout(row(self.acknowledge, self.report))
        else:
            self.acknowledge.hide()
            self.report.hide()

    def _fill(self, view: CaseView) -> None:
        incident, words = view.incident, view.appearance.words
        alerts = sorted(incident.area_alerts, key=lambda one: incident.place is None or one.area_id != incident.place.area_id)
        self.setVisible(bool(alerts))
        self.heading.setText(words("area.title"))
        clear(self._lines)
        self.by_phone.clear()
        for alert in alerts:
            if self._sight is None or alert.area_id in self._sight.areas:
                self._show(view, alert)
        self.acknowledge.setText(words("area.acknowledge"))
        self.report.setText(words("area.report"))
        own = [one for one in alerts if self._sight is not None and one.area_id in self._sight.areas]
        self.acknowledge.setEnabled(any(one.acknowledged_at is None for one in own))
        self.report.setEnabled(bool(own))

    def _show(self, view: CaseView, alert: AreaAlert) -> None:
        line = label(alert_words(view, alert), "warning" if alert.acknowledged_at is None else "", wrap=True)
        if self._sight is None and alert.acknowledged_at is None:
            phone = button(view.appearance.words("area.by_phone"))
            needs(AcknowledgeAreaAlert, phone)
            phone.clicked.connect(lambda _=False: self.phone_asked.emit(view.incident.incident_id, alert))
            self.by_phone.append(phone)
            beside = row(line, phone)
            beside.setStretch(0, 1)
            beside.setAlignment(phone, Qt.AlignmentFlag.AlignTop)
            self._lines.addLayout(beside)
        else:
            self._lines.addWidget(line)
        for report in alert.reports[-_REPORTS:]:
            words = view.appearance.words
            said = words("area.said", time=words.stamp(report.at, view.now), by=report.by, text=report.text)
            self._lines.addWidget(label(said, "muted", wrap=True, selectable=True))

    def _on_acknowledge(self) -> None:
        if self.view is not None:
            self._submit(AcknowledgeAreaAlert(self.view.incident.incident_id))

    def _on_report(self) -> None:
        if self.view is not None:
            self.report_asked.emit(self.view.incident.incident_id, "")


def alert_words(view: CaseView, alert: AreaAlert) -> str:
    """An area's state in one line: told when, acknowledged when and by whom, or not, and escalated when."""
    words, now = view.appearance.words, view.now
    told = words("area.alerted", area=alert.area_name, time=words.stamp(alert.alerted_at, now))
    if alert.acknowledged_at is not None:
        key = "area.acknowledged_by_phone" if alert.by_phone else "area.acknowledged"
        return told + words(key, time=words.stamp(alert.acknowledged_at, now), by=alert.acknowledged_by)
    if alert.escalated_at is not None:
        return told + words("area.escalated", time=words.stamp(alert.escalated_at, now))
    return told + words("area.waiting")
