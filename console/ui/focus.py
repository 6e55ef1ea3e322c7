"""The case in focus: which one, its marks on the map, and its history and log, read in the background."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from PySide6.QtCore import QObject, Signal

from console.domain.changes import Change
from console.domain.clock import micros
from console.domain.incidents import INCIDENT, Incident
from console.domain.picture import Picture
from console.ui.background_tasks import BackgroundTasks
from console.ui.map.live.case_marks import CaseMarks, case_marks
from console.ui.panels.case.evidence import BEFORE_S, SERIES_MOST, channel_of
from console.ui.panels.charts import Series
from console.ui.port import ConsolePort

_RECENT_US = 7 * 86_400_000_000


class CaseFocus(QObject):
    """Keeps one case in focus while it is open; a new case gets the focus only when there is none."""

    changed = Signal()
    """Another case, or the same one in a new version."""
    marks_ready = Signal(object)
    """CaseMarks of the case in focus."""
    log_ready = Signal(object)
    """tuple of Change."""
    series_ready = Signal(object)
    """tuple of Series."""

    recent_ready = Signal(object)
    """tuple of Incident: closed in the last days, newest first."""

    def __init__(self, port: ConsolePort, tasks: BackgroundTasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._port, self._tasks = port, tasks
        self._wanted = ""
        self.picture = port.latest()
        """The picture that was shown last."""
        self.incident: Incident | None = None
        self._last: Incident | None = None

    def choose(self, incident_id: str) -> None:
        """Bring another case into focus."""
        self._wanted = incident_id
        self.show_picture(self.picture)

    def next(self) -> None:
        """The next open case."""
        ids = [incident.incident_id for incident in self.picture.incidents]
        if ids:
            at = ids.index(self._wanted) if self._wanted in ids else -1
            self.choose(ids[(at + 1) % len(ids)])

    def with_incident(self, action: Callable[[Incident], object]) -> None:
        """Call ``action`` with the case in focus, else with the last one that was: its package is written after its closing."""
        incident = self.incident or self._last
        if incident is not None:
            action(incident)

    def show_picture(self, picture: Picture) -> None:
        """The newest cases."""
        self.picture = picture
        by_id = {incident.incident_id: incident for incident in picture.incidents}
        self._wanted = picture.given.get(self._wanted, self._wanted)
        incident = by_id.get(self._wanted) or (picture.incidents[-1] if picture.incidents else None)
        before, self.incident = self.incident, incident
        if incident is None:
            self._wanted = ""
            if before is not None:
                self.marks_ready.emit(CaseMarks())
                self.log_ready.emit(())
                self.changed.emit()
            return
        self._wanted, self._last = incident.incident_id, incident
        if incident != before:
            if before is None or _marked_parts(before) != _marked_parts(incident):
                self.marks_ready.emit(case_marks(self._port.city, incident))
            self.read_log()
            self.changed.emit()

    def read_log(self) -> None:
        """Read the log of actions."""
        if self.incident is not None:
            incident_id = self.incident.incident_id
            self._tasks.request("log", lambda: self._port.timeline(incident_id), self._on_log)

    def read_recent(self) -> None:
        """Read the cases that were closed in the last days."""
        until_us = self.picture.now_us
        self._tasks.request("recent", lambda: self._recent(until_us), self.recent_ready.emit)

    def _recent(self, until_us: int) -> tuple[Incident, ...]:
        found = self._port.records_of((INCIDENT,), until_us - _RECENT_US, until_us)
        closed = [one for one in found if isinstance(one, Incident) and not one.is_open()]
        return tuple(sorted(closed, key=lambda one: one.closed_at or one.opened_at, reverse=True))

    def read_series(self, incident: Incident) -> None:
        """Read the history of the evidence's stations."""

        def arrived(found: tuple[Series, ...]) -> None:
            if (
                self.incident is not None and self.incident.incident_id == incident.incident_id
            ):  # else another case is shown by now
                self.series_ready.emit(found)

        self._tasks.request("series", lambda: self._series(incident), arrived)

    def _on_log(self, changes: tuple[Change, ...]) -> None:
        self.log_ready.emit(changes)

    def _series(self, incident: Incident) -> tuple[Series, ...]:
        stations = self._port.city.stations
        since = micros(incident.first_abnormal_at - timedelta(seconds=BEFORE_S))
        found: list[Series] = []
        for evidence in incident.evidence:
            if len(found) < SERIES_MOST and stations.has(evidence.station_id):
                channel = channel_of(evidence.channel)
                row = stations.row(evidence.station_id)
                at_us, value, expected = self._port.history(row, channel, since)
                sigma = self._port.scatter(row, channel)
                name = str(stations.name[row])
                found.append(Series(evidence.station_id, channel, at_us, value, expected, sigma, name=name))
        return tuple(found)


def _marked_parts(incident: Incident) -> tuple[object, ...]:
    return (
        incident.incident_id,
        incident.location,
        incident.outlook,
        incident.plan,
        incident.impact,
        incident.valve_marks,
        incident.burst_pipes,
        incident.place,
    )
