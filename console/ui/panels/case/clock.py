"""The clock of a case: elapsed time against ten minutes, and the case's short title."""

from __future__ import annotations

from datetime import datetime

from console.domain.incidents import Incident, Phase
from console.ui.words import Words

TARGET_S = 600.0
"""Alert to verified on site and notice public: the ten minutes of the article."""


def elapsed_s(incident: Incident, now: datetime) -> float:
    """Seconds since the alert, stopped when the notice went out."""
    start = incident.alerted_at or incident.opened_at
    return max(((incident.issued_at or now) - start).total_seconds(), 0.0)


def is_late(incident: Incident, now: datetime) -> bool:
    """Over the target and the notice not out."""
    return incident.issued_at is None and elapsed_s(incident, now) > TARGET_S


def short_title(incident: Incident, words: Words) -> str:
    """Where and what: 美林苑 爆管."""
    place = incident.place
    where = (place.community or place.road or place.pipe_id) if place is not None else incident.incident_id
    what = words("case.burst") if incident.phase is not Phase.SUSPECTED else words("case.suspected")
    return f"{where} {what}"
