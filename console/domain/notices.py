"""Outage notices 停水公告: facts, texts in both languages, and their life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoticeKind(StrEnum):
    """计划停水 or 抢修停水."""

    PLANNED = "planned"
    EMERGENCY = "emergency"


class NoticeStatus(StrEnum):
    """Life of a notice; approval is by a second person unless overridden, recorded and loud."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    ISSUED = "issued"
    UPDATED = "updated"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What a notice says. No pipe or valve ids: the network is internal. Times aware UTC.

    ``households_without_supply_before``: those of ``households_no_water`` that had no supply before by the data;
    ``customers_piece_unknown``: customers counted although their piece of a cut pipe is unknown.
    ``affected_wgs84``: rings (lat, lon) of communities or blocks, empty with ``no_geometry_reason``.
    """

    kind: NoticeKind
    cause: str
    work: str
    starts_at: datetime
    expected_end: datetime
    time_zone: str
    roads: tuple[str, ...] = ()
    no_water_communities: tuple[str, ...] = ()
    low_pressure_communities: tuple[str, ...] = ()
    delayed_communities: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    households_no_water: int = 0
    households_low_pressure: int = 0
    estimated_customers: bool = False
    fire_brigade: bool = False
    emergency_supply: bool = False
    hotline: str = ""
    issuer: str = ""
    city_name: str = ""
    affected_wgs84: tuple[tuple[tuple[float, float], ...], ...] = ()
    no_geometry_reason: str = ""
    is_drill: bool = False
    synthetic: bool = False
    households_without_supply_before: int = 0
    customers_piece_unknown: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of one notice. ``references``: CAP references of earlier messages this one updates or cancels."""

    notice_id: str
    incident_id: str
    version: int
    status: NoticeStatus
    facts: NoticeFacts
    text_zh: str
    text_en: str
    drafted_at: datetime
    drafted_by: str
    submitted_by: str = ""
    approved_by: str = ""
    approved_at: datetime | None = None
    override_reason: str = ""
    issued_at: datetime | None = None
    files: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    edited_by: tuple[str, ...] = ()
