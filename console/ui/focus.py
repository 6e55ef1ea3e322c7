"""The case in focus: which one, its marks on the map, its history and log (read aside)."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QObject, Signal

from console.domain.changes import Change
from console.domain.clock import micros
from console.domain.incidents import Incident
from console.domain.picture import Picture
from console.ui.bridge import Errands
from console.ui.map.live.case_marks import CaseLook, look_of
from console.ui.panels.case.evidence import BEFORE_S, SERIES_MOST, channel_of
from console.ui.panels.trend import Series
from console.ui.port import ConsolePort


class CaseFocus(QObject):
    """Keeps to one case while it is open; a new one takes over only when there is none."""

    changed = Signal()
    """Another case, or the same one in a new version."""
    marks_ready = Signal(object)
    """CaseLook of the case in focus."""
    log_ready = Signal(object)
    """tuple of Change."""
    series_ready = Signal(object)
    """tuple of Series."""

    def __init__(self, port: ConsolePort, errands: Errands, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._port, self._errands = port, errands
        self._wanted = ""
        self.incident: Incident | None = None

    def choose(self, incident_id: str, picture: Picture) -> None:
        """Look at another case."""
        self._wanted = incident_id
        self.show_picture(picture)

    def next(self, picture: Picture) -> None:
        """The next open case."""
        ids = [incident.incident_id for incident in picture.incidents]
        if ids:
            at = ids.index(self._wanted) if self._wanted in ids else -1
            self.choose(ids[(at + 1) % len(ids)], picture)

    def show_picture(self, picture: Picture) -> None:
        """The newest cases."""
        by_id = {incident.incident_id: incident for incident in picture.incidents}
        self._wanted = picture.given.get(self._wanted, self._wanted)
        incident = by_id.get(self._wanted) or (picture.incidents[-1] if picture.incidents else None)
        before, self.incident = self.incident, incident
        if incident is None:
            self._wanted = ""
            if before is not None:
                self.marks_ready.emit(CaseLook())
                self.log_ready.emit(())
                self.changed.emit()
            return
        self._wanted = incident.incident_id
        if incident != before:
            if before is None or _look_parts(before) != _look_parts(incident):
                self.marks_ready.emit(look_of(self._port.city, incident))
            self.read_log()
            self.changed.emit()

    def read_log(self) -> None:
        """Ask for the log of actions."""
        if self.incident is not None:
            incident_id = self.incident.incident_id
            self._errands.ask("log", lambda: self._port.timeline(incident_id), self._on_log)

    def read_series(self, incident: Incident) -> None:
        """Ask for the history of the evidence's stations."""
        self._errands.ask("series", lambda: self._series(incident), self.series_ready.emit)

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
                found.append(Series(evidence.station_id, channel, at_us, value, expected, sigma))
        return tuple(found)


def _look_parts(incident: Incident) -> tuple[object, ...]:
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
