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


class StartBasis(StrEnum):
    """What the begin of an outage in a notice is."""

    UNSTATED = ""
    """Of notices of earlier versions of the program."""
    PLANNED = "planned"
    EXPECTED = "expected"
    """No valve is closed yet: when the first one is expected to be."""
    VALVE_CLOSED = "valve_closed"
    """The first valve was closed then: since then water is off."""


class NoticeStatus(StrEnum):
    """Life of a notice; approval is by a second person unless overridden, recorded and loud."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    ISSUED = "issued"
    UPDATED = "updated"
    LIFTED = "lifted"


class NoticeChange(StrEnum):
    """What a later message does to the earlier ones: 更新 延长 提前恢复."""

    NONE = ""
    UPDATE = "update"
    EXTENSION = "extension"
    EARLY_END = "early_end"


class NoticeStep(StrEnum):
    """One thing somebody did to one version of a notice."""

    DRAFTED = "drafted"
    REDRAFTED = "redrafted"
    EDITED = "edited"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    ISSUED = "issued"
    LIFTED = "lifted"


class DemandCode(StrEnum):
    """What the rules demand around a notice."""

    USERS = "users_ahead"
    """Users are told 24 h ahead (planned)."""
    FIRE_BRIGADE = "fire_brigade"
    """The fire brigade is told (planned: unverified rule)."""
    REASON = "reason"
    EMERGENCY_WATER = "emergency_water"
    """Over 24 h without water: a plan for emergency water."""
    CRITICAL_CUSTOMERS = "critical_customers"
    """Critical customers are told one by one (planned)."""


@dataclass(frozen=True, slots=True)
class DemandDone:
    """Somebody's word that a demand is met: ``by`` a person, ``how`` in that person's words (who was told, which plan)."""

    code: DemandCode
    by: str
    at: datetime
    how: str = ""


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What a notice says. No pipe or valve ids: the network is internal. Times aware UTC.

    ``households_without_supply_before``: those of ``households_no_water`` that had no supply before by the data;
    ``customers_piece_unknown``: customers counted although their piece of a cut pipe is unknown.
    ``affected_wgs84``: rings (lat, lon) of communities or blocks, empty with ``no_geometry_reason``. ``…_zones``: ids of the
    communities' outlines in the city's zones; ``purpose``: of planned work (two communities may bear one name).
    ``starts_by``: what ``starts_at`` is.
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
    purpose: str = ""
    starts_by: StartBasis = StartBasis.UNSTATED


@dataclass(frozen=True, slots=True)
class NoticeVersion:
    """One state of a notice's texts and facts, kept when it was made; ``by`` whom.

    Texts and facts are None where the step left them as they were.
    The rings of ``facts`` are left out: they follow from the communities.
    """

    step: NoticeStep
    at: datetime
    by: str
    text_zh: str | None = None
    text_en: str | None = None
    facts: NoticeFacts | None = None


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
    ``change``: what it does to the earlier messages, ``change_reason`` why (of an extension or an early end). ``history``: what
    was done to this version, oldest first; empty for notices of earlier versions of the program.
    ``demands_done``: by people's word.
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
    change: NoticeChange = NoticeChange.NONE
    change_reason: str = ""
    history: tuple[NoticeVersion, ...] = ()
    demands_done: tuple[DemandDone, ...] = ()

    def after(self, step: NoticeStep, at: datetime, by: str) -> Notice:
        """The notice with a step in its history; texts and facts are kept with the step where they differ from the last ones."""
        texts = self._kept("text_zh") != self.text_zh or self._kept("text_en") != self.text_en
        facts = replace(self.facts, affected_wgs84=())
        kept = NoticeVersion(
            step,
            at,
            by,
            self.text_zh if texts else None,
            self.text_en if texts else None,
            facts if self._kept("facts") != facts else None,
        )
        return replace(self, history=(*self.history, kept))

    def _kept(self, name: str) -> object:
        return next((value for one in reversed(self.history) if (value := getattr(one, name)) is not None), None)

    def with_person(self, name: str, person_id: str) -> Notice:
        """The notice with somebody among those who worked on it."""
        return replace(self, people=tuple(dict.fromkeys((*self.people, (name, person_id)))))

    def was_made_by(self, name: str, person_id: str) -> bool:
        """Whether this person drafted, edited or submitted it as it stands, under this or an earlier name."""
        names = {self.drafted_by, self.submitted_by, *self.edited_by}
        return name in names or any(known in names and one_id == person_id for known, one_id in self.people)
