"""Deadlines of a running case that its record can prove kept or not: area's acknowledgement, public notice, restoration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from console.domain.incidents import Incident


class DeadlineKind(StrEnum):
    """What is due."""

    AREA = "area"
    NOTICE = "notice"
    RESTORATION = "restoration"


@dataclass(frozen=True, slots=True)
class Deadline:
    """What is due when; ``who``: the area's name, "" otherwise."""

    kind: DeadlineKind
    at: datetime
    who: str = ""

    def left_s(self, now: datetime) -> float:
        """Seconds left, negative when it is over."""
        return (self.at - now).total_seconds()


def next_deadline(incident: Incident, *, notice_s: float, area_minutes: float) -> Deadline | None:
    """The earliest deadline that is not kept yet, also when it is over; None when there is none.

    ``notice_s``: from the alert to the public notice. ``area_minutes``: to an area's acknowledgement. 0: no such deadline.
    """
    found = []
    if incident.issued_at is None and incident.work is None and notice_s > 0:
        start = incident.alerted_at or incident.opened_at
        found.append(Deadline(DeadlineKind.NOTICE, start + timedelta(seconds=notice_s)))
    for alert in incident.area_alerts if area_minutes > 0 else ():
        if alert.acknowledged_at is None:
            found.append(Deadline(DeadlineKind.AREA, alert.alerted_at + timedelta(minutes=area_minutes), alert.area_name))
    if incident.restoration_at is not None:
        found.append(Deadline(DeadlineKind.RESTORATION, incident.restoration_at))
    return min(found, key=lambda one: one.at) if found else None
