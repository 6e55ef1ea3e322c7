"""The clock of a case: elapsed time against ten minutes, and the case's short title."""

from __future__ import annotations

from datetime import datetime

from console.domain.incidents import Incident, Phase
from console.domain.targets import Targets
from console.services.incidents.escalations import standing
from console.ui.words import Words


def elapsed_s(incident: Incident, now: datetime) -> float:
    """Seconds since the alert, stopped when the notice went out; of planned work since its begin."""
    if incident.work is not None:  # its notice went out before it began
        return max((now - incident.opened_at).total_seconds(), 0.0)
    start = incident.alerted_at or incident.opened_at
    return max(((incident.issued_at or now) - start).total_seconds(), 0.0)


def is_late(incident: Incident, now: datetime, targets: Targets) -> bool:
    """Over the target from alert to notice, and the notice not out; never without a target."""
    target_s = targets.issue.minutes * 60
    return incident.work is None and incident.issued_at is None and 0 < target_s < elapsed_s(incident, now)


def escalated_words(incident: Incident, now: datetime, targets: Targets, words: Words) -> str:
    """Targets that are near or missed and still not reached, a line each: deadline and who must be told."""
    return "\n".join(
        words(
            f"case.target_{one.step.value}",
            goal=words.of("goal", one.goal.value),
            due=words.stamp(one.due_at, now),
            role=words.of("role", one.tell.value),
        )
        for one in standing(targets, incident)
    )


def short_title(incident: Incident, words: Words) -> str:
    """Where and what: 美林苑 爆管."""
    place = incident.place
    where = (place.community or place.road or place.pipe_id) if place is not None else incident.incident_id
    if incident.work is not None:
        return f"{where} {words('case.work')}"
    what = words("case.burst") if incident.phase is not Phase.SUSPECTED else words("case.suspected")
    return f"{where} {what}"
