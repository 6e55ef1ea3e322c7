"""PastCase: the figures of an earlier case for comparison; part of a package, so that no store is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.incidents import Incident
from console.services.review.notes import Findings

KEPT = 2_000
"""Earlier cases that go with a package, the newest."""


@dataclass(frozen=True, slots=True)
class PastCase:
    """An incident in figures; None: not reached or unknown. ``satisfaction``: 1 to 5, with the result."""

    incident_id: str
    opened_at: datetime
    title: str
    is_drill: bool
    road: str
    burst_pipes: tuple[str, ...]
    notice_minutes: float | None
    households: int | None
    satisfaction: float | None = None

    @classmethod
    def of(cls, incident: Incident, findings: Findings | None = None) -> PastCase:
        """The figures of an incident, with its reviewer's findings."""
        took = notice_time(incident)
        return cls(
            incident.incident_id,
            incident.opened_at,
            incident.title,
            incident.is_drill,
            incident.place.road if incident.place else "",
            incident.burst_pipes,
            None if took is None else took.total_seconds() / 60.0,
            incident.plan.households_without_water if incident.plan else None,
            findings.satisfaction_result if findings else None,
        )

    @property
    def to_notice(self) -> timedelta | None:
        """Time from the first abnormal reading to the issued notice."""
        return None if self.notice_minutes is None else timedelta(minutes=self.notice_minutes)


def notice_time(incident: Incident) -> timedelta | None:
    """Time from the first abnormal reading to the issued notice."""
    return None if incident.issued_at is None else incident.issued_at - incident.first_abnormal_at


def past_of(incidents: Iterable[Incident], case: Incident) -> tuple[PastCase, ...]:
    """The newest ``KEPT`` earlier cases of ``incidents``, oldest first."""
    earlier = sorted(
        (one for one in incidents if one.incident_id != case.incident_id and one.opened_at < case.opened_at),
        key=lambda one: (one.opened_at, one.incident_id),
    )
    return tuple(PastCase.of(one) for one in earlier[-KEPT:])


def together(kept: Sequence[PastCase], given: Sequence[PastCase], case: Incident) -> tuple[PastCase, ...]:
    """Earlier cases of two sources without duplicates (the given one wins), oldest first; drills only for a drill."""
    known = {one.incident_id: one for one in (*kept, *given)}
    like = (one for one in known.values() if one.is_drill == case.is_drill and one.incident_id != case.incident_id)
    return tuple(
        sorted((one for one in like if one.opened_at < case.opened_at), key=lambda one: (one.opened_at, one.incident_id))
    )
