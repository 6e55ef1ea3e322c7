"""What an operating area was told of a case, when it acknowledged, and what it reported back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AreaReport:
    """What the people of an area report of a case, in their own words."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class AreaAlert:
    """A case as far as it concerns one operating area.

    ``acknowledged_by`` names who did it; ``by_phone``: the centre recorded it for the area. ``escalated_at``: the area had not
    acknowledged in time and the centre was alarmed; once per case and area.
    """

    area_id: str
    area_name: str
    alerted_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    by_phone: bool = False
    escalated_at: datetime | None = None
    reports: tuple[AreaReport, ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Neither acknowledged nor escalated."""
        return self.acknowledged_at is None and self.escalated_at is None
