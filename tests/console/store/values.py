"""Small values to store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from console.domain.alarms import ALARM, Alarm, AlarmKind, Priority
from console.domain.changes import ChangeSet, Draft
from console.domain.incidents import INCIDENT, Incident, Phase
from console.domain.notes import Note
from console.domain.outgoing import MessageKind, Outgoing
from console.domain.readings import ReadingBatch
from console.domain.record_ids import provisional_id

NOW = datetime(2024, 1, 3, 15, 0, 5, 120000, tzinfo=UTC)


def an_incident(number: int = 1, version: int = 1, phase: Phase = Phase.SUSPECTED) -> Incident:
    """An incident of 2024."""
    return Incident(f"2024-{number:04d}", "经十路", NOW, NOW, phase=phase, version=version)


def an_alarm(number: int = 1, version: int = 1) -> Alarm:
    """A burst alarm."""
    return Alarm(f"A-{number:06d}", AlarmKind.BURST, Priority.HIGH, "network", NOW, version=version)


def opening(number: int = 1) -> ChangeSet:
    """A new incident with its alarm and one message."""
    incident, alarm = an_incident(number), an_alarm(number)
    return ChangeSet(
        (
            Draft("incident_opened", f"incident/{incident.incident_id}", None, {"phase": "suspected"}, Note.literal("立案")),
            Draft("alarm_raised", f"alarm/{alarm.alarm_id}", None, {"state": "active"}, Note.literal("报警")),
        ),
        (incident, alarm),
        (Outgoing(MessageKind.ALERT, "A1", "爆管".encode()),),
    )


def unnumbered() -> ChangeSet:
    """A new incident with its alarm and one message, as the desk gives them: the store has not numbered them yet."""
    incident = replace(an_incident(), incident_id=provisional_id(INCIDENT, "2024"))
    alarm = replace(an_alarm(), alarm_id=provisional_id(ALARM), incident_id=incident.incident_id)
    return ChangeSet(
        (
            Draft(
                "incident_opened",
                f"incident/{incident.incident_id}",
                None,
                {"alarm_ids": [alarm.alarm_id]},
                Note("x.opened", alarms=[alarm.alarm_id]),
            ),
            Draft(
                "alarm_raised",
                f"alarm/{alarm.alarm_id}",
                None,
                {"state": "active"},
                Note.literal(f"报警 {alarm.alarm_id}（爆管）"),
            ),
        ),
        (replace(incident, alarm_ids=(alarm.alarm_id,)), alarm),
        (
            Outgoing(
                MessageKind.OTHER,
                f"cases/{incident.incident_id}",
                f'{{"order_id":"{incident.incident_id}-W1"}}'.encode(),
            ),
        ),
    )


def step(number: int, version: int, phase: Phase) -> ChangeSet:
    """A later version of an incident."""
    incident = replace(an_incident(number, version), phase=phase)
    draft = Draft("phase", f"incident/{incident.incident_id}", {"phase": "?"}, {"phase": phase.value}, Note.literal("阶段"))
    return ChangeSet((draft,), (incident,))


def readings(station: int, *samples: tuple[int, float, int]) -> ReadingBatch:
    """Pressures of one station: (time µs, value, quality)."""
    at_us, value, quality = zip(*samples, strict=True)
    count = len(samples)
    return ReadingBatch(
        np.full(count, station, dtype=np.int32),
        np.zeros(count, dtype=np.uint8),
        np.array(at_us, dtype=np.int64),
        np.array(value, dtype=np.float64),
        np.array(quality, dtype=np.uint8),
    )
