"""Reports of a case to the authorities 初报 续报 终报: one record each, due at a time, sent by a person's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.records import RecordKind


class ReportKind(StrEnum):
    """初报 续报 终报."""

    FIRST = "first"
    CONTINUED = "continued"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class ReportSent:
    """A person's word that the report went out: ``to`` codes or names of bodies, ``how`` (fax number, platform, who took it)."""

    to: tuple[str, ...]
    by: str
    at: datetime
    how: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One report. ``number``: of the case, from 1. ``level``: the one that its clock is for.

    ``drafted_…``: the texts as the facts made them, ``text_…`` with what people changed. ``late_at``: when its delay was
    told, once. ``closed_at``: sent, or not needed any more (``dropped``: why).
    """

    report_id: str
    incident_id: str
    kind: ReportKind
    number: int
    level: str
    due_at: datetime
    opened_at: datetime
    drafted_zh: str = ""
    drafted_en: str = ""
    text_zh: str = ""
    text_en: str = ""
    drafted_at: datetime | None = None
    edited_by: tuple[str, ...] = ()
    dropped_edits: tuple[str, ...] = ()
    sent: ReportSent | None = None
    late_at: datetime | None = None
    closed_at: datetime | None = None
    dropped: str = ""
    is_drill: bool = False
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[Report]:
        """Reports to the authorities."""
        return REPORT

    @property
    def is_edited(self) -> bool:
        """Whether somebody changed the texts."""
        return (self.text_zh, self.text_en) != (self.drafted_zh, self.drafted_en)


REPORT = RecordKind(
    "report",
    Report,
    "report_id",
    number=lambda year, serial: f"R{year}-{serial:04d}",
    state=lambda report: "sent" if report.sent is not None else "due" if report.closed_at is None else "dropped",
    opened_at=lambda report: report.opened_at,
    closed_at=lambda report: report.closed_at,
    in_package=lambda report, incident_id: report.incident_id == incident_id,
)
"""Series: years of the city's calendar."""
