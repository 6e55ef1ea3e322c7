"""Outage notices 停水公告: facts, texts in both languages, and their life."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from console.domain.actors import Proof


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
    ``affected_wgs84``: rings (lat, lon) of communities or blocks, empty with ``no_geometry_reason``. ``…_zones``: ids of the
    communities' outlines in the city's zones (two communities may bear one name).
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
    no_water_zones: tuple[str, ...] = ()
    low_pressure_zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeBasis:
    """What a draft was made from; internal, never in what leaves the house.

    ``burst_pipes``: taken as burst; ``valves``: the plan closes; ``unable``: reported as impossible to close; ``customers``:
    mark of the customers and pipes without water.
    """

    burst_pipes: tuple[str, ...]
    valves: tuple[str, ...]
    unable: tuple[str, ...]
    customers: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of one notice. ``references``: CAP references of earlier messages this one updates or cancels.

    ``basis``: None for notices of earlier versions of the program. ``contradiction_reason``: why it went on although it
    contradicted the case. ``dropped_edits``: lines written by hand that a redraft could not keep. ``files`` of a lifted notice
    begin with those of its issue. ``withdrawn``: lifted because it should not have gone out, not because water is back.
    ``people``: (name, id) of those who worked on it; ``approval``: what shows who approved it, not recorded by earlier versions.
    """

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
    basis: NoticeBasis | None = None
    contradiction_reason: str = ""
    lift_reason: str = ""
    lifted_at: datetime | None = None
    withdrawn: bool = False
    dropped_edits: tuple[str, ...] = ()
    people: tuple[tuple[str, str], ...] = ()
    approval: Proof = Proof.UNRECORDED

    def with_person(self, name: str, person_id: str) -> Notice:
        """The notice with somebody among those who worked on it."""
        return replace(self, people=tuple(dict.fromkeys((*self.people, (name, person_id)))))

    def was_made_by(self, name: str, person_id: str) -> bool:
        """Whether this person drafted, edited or submitted it as it stands, under this or an earlier name."""
        names = {self.drafted_by, self.submitted_by, *self.edited_by}
        return name in names or any(known in names and one_id == person_id for known, one_id in self.people)
